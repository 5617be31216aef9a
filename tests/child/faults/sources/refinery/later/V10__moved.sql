create temporary table moved on commit drop as select 'V10' as name;
insert into log (name) select name from moved;
