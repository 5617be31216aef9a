//! COPY, as diesel writes it.

use std::io::{Read as _, Write};

use diesel::pg::{CopyFormat, PgConnection};
use diesel::prelude::*;
use diesel::result::Error;
use drivers::Outcome;

use super::{add, count, item};

#[derive(Insertable)]
#[diesel(table_name = item, treat_none_as_default_value = false)]
struct NewItem {
    name: &'static str,
    price: i32,
}

fn write(copy: &mut dyn Write, lines: &[u8]) -> Result<(), Error> {
    let written = copy.write_all(lines);
    written.map_err(|error| Error::SerializationError(Box::new(error)))
}

pub(super) fn exercise(url: &str, connection: &mut PgConnection) -> Outcome {
    let rows: Vec<NewItem> = (0..2000)
        .map(|price| NewItem {
            name: "copied",
            price,
        })
        .collect();
    let copied = diesel::copy_from(item::table)
        .from_insertable(rows)
        .execute(connection)?;
    assert_eq!(copied, 2000);

    let mut text = String::new();
    diesel::copy_to(item::table)
        .with_format(CopyFormat::Csv)
        .load_raw(connection)?
        .read_to_string(&mut text)?;
    let lines = text.lines().filter(|line| line.contains("copied"));
    assert_eq!(lines.count(), 2000);

    let rolled_back = connection.transaction(|connection| {
        diesel::copy_from(item::table)
            .from_raw_data((item::name, item::price), |copy| {
                write(copy, b"copied and rolled back\t1\n")
            })
            .execute(connection)?;
        Err::<(), _>(Error::RollbackTransaction)
    });
    assert!(rolled_back.is_err());

    // diesel reads no further than the error, and so the connection is of no more use; it breaks off in a transaction, too.
    let mut unlucky = PgConnection::establish(url)?;
    let failed = unlucky.transaction(|connection| {
        add(connection, "before a bad copy")?;
        diesel::copy_from(item::table)
            .from_raw_data((item::name, item::price), |copy| write(copy, b"bad\tone\n"))
            .execute(connection)
    });
    assert!(failed.is_err(), "that is no price");
    drop(unlucky);

    for (name, expected) in [
        ("copied", 2000),
        ("bad", 0),
        ("before a bad copy", 0),
        ("copied and rolled back", 0),
    ] {
        assert_eq!(count(connection, name)?, expected, "{name}");
    }
    Ok(())
}
