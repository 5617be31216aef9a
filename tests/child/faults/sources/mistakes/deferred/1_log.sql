create table log (id int primary key, next int references log deferrable initially deferred);
insert into log values (1, 2);
