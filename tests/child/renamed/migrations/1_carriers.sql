create table carriers (
    code text primary key check (length(code) = 2),
    name text not null
);
