create table log (name text);
\connect other
