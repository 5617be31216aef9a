insert into log (name) values ('V1.1');
