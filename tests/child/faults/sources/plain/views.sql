-- By itself, as in psql: within a transaction this is refused.
create index concurrently log_name on log (name);
insert into log (name) values ('views');
