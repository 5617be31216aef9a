-- +goose Up
create table log (id serial primary key, name text not null);
-- +goose StatementBegin
create function note(text) returns void language plpgsql as $$
begin
    insert into log (name) values ($1);
end
$$;
-- +goose StatementEnd
select note('up');

-- +goose Down
drop function note;
drop table log;
