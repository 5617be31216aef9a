insert into log (name) values ('directory');
