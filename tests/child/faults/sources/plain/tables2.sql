insert into log (name) values ('tables2');
