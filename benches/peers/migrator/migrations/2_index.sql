-- no-transaction
create index concurrently on item (name);
