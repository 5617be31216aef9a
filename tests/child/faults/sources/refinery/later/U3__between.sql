insert into log (name) values ('U3');
