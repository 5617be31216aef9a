//! Tables as applications have them, any number of them.

use std::fmt::Write;

use crate::Result;
use crate::server::Server;

/// How many tables one statement makes: a transaction keeps a lock for each of them and of their indexes.
const BATCH: usize = 100;

/// Makes a database with so many tables.
///
/// # Errors
///
/// The server refuses.
pub(super) fn create(server: &Server, database: &str, tables: usize) -> Result<()> {
    server.create_database(database, TYPES)?;
    for first in (0..tables).step_by(BATCH) {
        let mut sql = String::new();
        for number in first..tables.min(first + BATCH) {
            table(&mut sql, number)?;
        }
        server.run(database, &sql)?;
    }
    // Or the catalogs' plans would be those for empty ones.
    server.run(database, "vacuum analyze")
}

const TYPES: &str = "
create type status as enum ('new', 'paid', 'sent');
create domain amount as numeric(12,2) check (value >= 0);";

/// Ten columns; every fifth table has a second unique constraint; each but the first refers to one or two before it.
fn table(sql: &mut String, number: usize) -> Result<()> {
    writeln!(
        sql,
        "create table item_{number} (
            id bigint generated always as identity primary key,
            code text not null,
            name varchar(80) not null default 'unnamed',
            status status not null default 'new',
            price amount not null default 0,
            tags text[] not null default '{{}}',
            parent_id bigint,
            other_id bigint,
            created_at timestamptz not null default now(),
            note text,
            constraint item_{number}_code_key unique (code),
            constraint item_{number}_check check (length(code) > 0)
        );
        create index item_{number}_created_idx on item_{number} (created_at);
        create index item_{number}_name_idx on item_{number} (lower(name)) where note is not null;
        comment on table item_{number} is 'item number {number}';
        comment on column item_{number}.code is 'the code of item {number}';"
    )?;
    if number.is_multiple_of(5) {
        writeln!(
            sql,
            "alter table item_{number} add constraint item_{number}_name_key unique (name, created_at);"
        )?;
    }
    if number > 0 {
        let parent = number / 2;
        writeln!(
            sql,
            "alter table item_{number} add constraint item_{number}_parent_fkey
                foreign key (parent_id) references item_{parent} (id) on delete cascade;"
        )?;
    }
    if number % 2 == 1 {
        let other = number - 1;
        writeln!(
            sql,
            "alter table item_{number} add constraint item_{number}_other_fkey
                foreign key (other_id) references item_{other} (id);"
        )?;
    }
    Ok(())
}
