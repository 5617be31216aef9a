create table item (name text not null);
