create table item (
    id integer generated always as identity primary key,
    name text not null
);
create table known (id integer primary key, name text not null);
insert into known select n, 'known ' || n from generate_series(1, 1000) n;
create table narrow (a integer not null, b integer not null, c text not null);
create table narrow_full (like narrow);
insert into narrow_full select n, n * 7, 'row ' || n from generate_series(1, 100000) n;
