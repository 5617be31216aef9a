-- In a transaction: outside of one the table would be gone before it is read.
create temporary table moved on commit drop as select '2' as name;
insert into log (name) select name from moved;
