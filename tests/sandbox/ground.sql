-- What every script begins with. Names are looked up in the schema of the run, which the session's search_path names.
create table author (id serial primary key, name text not null unique, born int check (born > 0));
create table book (
    id int primary key,
    author int references author,
    title text,
    unique (title, author)
);
create table review (
    id serial primary key,
    book int references book deferrable initially deferred,
    stars int check (stars between 1 and 5)
);
create table shelf (place int unique deferrable initially immediate, label text);
create table log (line text);

create function warn(what text) returns text language plpgsql as $$
begin
    raise notice 'you are warned of %', what using detail = 'It is only a notice.', hint = 'Go on.';
    return what;
end $$;

create function fail(what text) returns text language plpgsql as $$
begin
    raise exception 'failed: %', what using errcode = 'UE001', detail = 'It is meant to.', column = 'what';
end $$;

create function note() returns trigger language plpgsql as $$
begin
    raise notice 'a book is there: %', new.id;
    if new.title = 'b' and new.id = 4 then
        raise exception 'it may not stay';
    end if;
    return null;
end $$;

create constraint trigger noted after insert on book deferrable initially deferred for each row execute function note();

create procedure enter(line text) language sql as $$ insert into log values (line) $$;
