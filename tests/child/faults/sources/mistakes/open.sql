create table log (name text);
begin;
insert into log values ('lost');
