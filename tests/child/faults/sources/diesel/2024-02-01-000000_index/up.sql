create index concurrently log_name on log (name);
insert into log (name) values ('index');
