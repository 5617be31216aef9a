begin;
insert into log (name) values ('11');
commit;
insert into log (name) values ('11');
