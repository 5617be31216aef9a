insert into log (name) values ('V2');
