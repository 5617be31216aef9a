create table author (id int generated always as identity primary key, name text not null unique);
