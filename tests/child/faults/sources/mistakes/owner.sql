CREATE TABLE log (name text);
ALTER TABLE log OWNER TO aiodal_nobody_of_that_name;
