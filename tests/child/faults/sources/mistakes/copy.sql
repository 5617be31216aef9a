CREATE TABLE log (name text, born integer);

COPY log (name, born) FROM stdin;
Hep	1907
Lovelace	never
\.

select 1;
