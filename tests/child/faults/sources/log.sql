create table log (id serial primary key, name text not null);
insert into log (name) values ('schema');
