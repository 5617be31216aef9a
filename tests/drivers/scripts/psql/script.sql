-- What psql prints of this is in script.out.
\set ON_ERROR_STOP off
\pset format unaligned
\pset tuples_only on

\echo transactions
begin;
insert into item (name) values ('committed');
commit;
begin;
insert into item (name) values ('rolled back');
rollback;
begin;
insert into item (name) values ('outer');
savepoint inner_one;
insert into item (name) values ('inner');
rollback to inner_one;
select 1 / 0;
select 'not reached';
rollback to inner_one;
release inner_one;
commit;
select name from item order by id;

\echo errors
insert into item (id, name, price) values (-7, 'negative', -1);
\echo :SQLSTATE :LAST_ERROR_SQLSTATE
insert into item (name) values ('one string') \; select 1 / 0;
select count(*) from item where name = 'one string';
begin;
insert into line (item) values (-1);
commit;
insert into line (item) values (-1);

\echo errors within a transaction, rolled back one by one
\set ON_ERROR_ROLLBACK on
begin;
insert into item (name) values ('kept');
select 1 / 0;
insert into item (name) values ('kept');
commit;
select count(*) from item where name = 'kept';
\set ON_ERROR_ROLLBACK off

\echo without autocommit
\set AUTOCOMMIT off
insert into item (name) values ('implicit');
rollback;
insert into item (name) values ('explicit');
commit;
\set AUTOCOMMIT on
select name from item where name in ('implicit', 'explicit');

\echo copy
\copy item (name, price) from stdin
copied	1
copied	2
\.
\copy item (name, price) from stdin
bad	one
\.
copy item (name, price) from stdin with (format csv);
from csv,3
\.
\copy (select name, price from item where name in ('copied', 'bad', 'from csv') order by price) to stdout
copy (select 1, 2) to stdout;

\echo cursors
\set FETCH_COUNT 3
select generate_series(1, 7);
select 6 / (3 - generate_series(1, 7));
\unset FETCH_COUNT
begin;
declare numbers scroll cursor for select generate_series(1, 7);
fetch 2 from numbers;
move 2 in numbers;
fetch backward 1 from numbers;
close numbers;
commit;

\echo prepared
prepare doubled (int) as select $1 * 2;
execute doubled(21);
deallocate doubled;
execute doubled(21);

\echo variables and settings
select 7 as seven, 'text' as word \gset
\echo :seven :word
select format('select %s * 2', number) from generate_series(1, 3) as number \gexec
set time zone 'Asia/Tokyo';
show time zone;
begin;
set local time zone 'Europe/Rome';
show time zone;
commit;
show time zone;
set statement_timeout = '50ms';
select pg_sleep(600);
reset statement_timeout;

\echo what there is
\d line
\dT mood
\df nothing

\echo functions with statements in their bodies
begin;
create function added() returns bigint begin atomic insert into item (name) values ('a; commit; b') returning 1; end;
create function looped() returns int language plpgsql as $$ begin commit; return 1; end $$;
select added();
select looped();
rollback;
select count(*) from item where name = 'a; commit; b';
\q
