//! Drivers and programs that know nothing of tests, each through an exercise that knows nothing of them either.
//!
//! Every exercise is run twice: on a database of its own, which shows that it is right, and in a sandbox, which shows
//! that the driver can't tell the difference.

use aiodal::Migrations;

mod asyncpg;
mod bb8;
mod deadpool;
#[cfg(feature = "diesel")]
mod diesel;
mod node;
mod psql;
mod psycopg;
mod python;
mod sea_orm;
mod sqlx;
mod tokio_postgres;

struct Items;

#[aiodal::session]
impl aiodal::Session for Items {
    fn migrations() -> Migrations {
        Migrations::dir("migrations")
    }
}
