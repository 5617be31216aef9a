create view names as select name from log;
insert into log (name) values ('R');
