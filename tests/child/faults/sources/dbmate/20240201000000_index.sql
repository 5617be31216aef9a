-- migrate:up transaction:false
create index concurrently log_name on log (name);
insert into log (name) values ('index');

-- migrate:down
drop index log_name;
