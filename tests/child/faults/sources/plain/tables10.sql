insert into log (name) values ('tables10');
