create table log (name text);

create index concurrently on log (name);
