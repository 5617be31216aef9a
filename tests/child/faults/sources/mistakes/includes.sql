select 1;
\ir connect.sql
