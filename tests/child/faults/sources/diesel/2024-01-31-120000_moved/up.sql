create temporary table moved on commit drop as select 'moved' as name;
insert into log (name) select name from moved;
