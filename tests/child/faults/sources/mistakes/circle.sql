\ir circle.sql
