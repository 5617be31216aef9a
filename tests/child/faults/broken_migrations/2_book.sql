-- A comment, so that lines are counted from the file's first.
create table book (
    id int primary key,
    author int references auhtor (id)
);
