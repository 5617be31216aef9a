//! Rows that do not fit: an error that says which field, which column and what instead; never a panic.

use aiodal::row::Columns;
use aiodal::types::{FromSql, Type};
use aiodal::{FromRow, Transaction};

#[derive(Debug, FromRow)]
#[expect(dead_code, reason = "it is never read")]
struct Author {
    id: i32,
    full_name: String,
    born: i16,
}

async fn refused<T: FromRow>(tx: &Transaction, sql: &str) -> aiodal::Error {
    let error = tx
        .query_as::<T>(sql, &[])
        .await
        .err()
        .expect("the row does not fit");
    assert!(error.is_mapping_error());
    error
}

#[aiodal::test]
async fn a_missing_column_is_named_with_those_that_there_are(tx: &Transaction) {
    let sql = r#"select 1 as id, 'Hep' as "fullName", 1926::int2 as born"#;
    let error = refused::<Author>(tx, sql).await;
    assert_eq!(
        error.to_string(),
        "cannot read Author.full_name: there is no column \"full_name\" among \"id\", \"fullName\", \"born\"; did you \
         mean \"fullName\"?"
    );
    assert_eq!(error.column(), Some("full_name"));
}

#[aiodal::test]
async fn a_column_of_another_case_is_another_column(tx: &Transaction) {
    // PostgreSQL folds what is not quoted, so a column that has capitals is meant to.
    let sql = r#"select 1 as "ID", 'Hep' as full_name, 1926::int2 as born"#;
    let error = refused::<Author>(tx, sql).await;
    assert!(
        error.to_string().contains("did you mean \"ID\"?"),
        "{error}"
    );
}

#[aiodal::test]
async fn a_column_of_another_type_is_named_with_both_types(tx: &Transaction) {
    let sql = "select 1 as id, 5::int8 as full_name, 1926::int2 as born";
    let error = refused::<Author>(tx, sql).await;
    assert_eq!(
        error.to_string(),
        "cannot read Author.full_name from column \"full_name\": it is int8, and String reads text, varchar, bpchar, \
         name; its Rust type is i64"
    );
}

#[aiodal::test]
async fn a_type_without_a_rust_type_is_told_how_to_be_read(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(FromRow)]
    #[expect(dead_code, reason = "it is never read")]
    struct One {
        value: String,
    }
    tx.batch_execute("create type mood as enum ('sad', 'ok'); create domain cents as numeric; create type pair as (a int)")
        .await?;
    let cases = [
        (
            "1.5",
            "it is numeric, and String reads text, varchar, bpchar, name; cast it to text, float8 or an integer",
        ),
        ("1.5::cents", "it is numeric, and"),
        ("'ok'::mood", "it is the enum mood (sad, ok), and"),
        ("row(1)::pair", "it is the composite type pair, and"),
        ("array[1]", "it is int4[], and"),
        ("array['ok']::mood[]", "it is mood[], and"),
        ("'x'::\"char\"", "it is \"char\", and"),
        ("'{}'::jsonb", "read it with `#[aiodal(json)]`"),
        ("now()", "features `with-chrono-0_4`"),
        ("gen_random_uuid()", "uuid::Uuid (feature `with-uuid-1`)"),
    ];
    for (value, expected) in cases {
        let error = refused::<One>(tx, &format!("select {value} as value")).await;
        assert!(error.to_string().contains(expected), "{error}");
    }
    Ok(())
}

#[aiodal::test]
async fn a_null_is_told_to_be_an_option(tx: &Transaction) {
    let sql = "values (1, 'Hep', 1926::int2), (2, null, 1914::int2)";
    let sql = format!("select * from ({sql}) as author (id, full_name, born)");
    let error = refused::<Author>(tx, &sql).await;
    assert_eq!(
        error.to_string(),
        "cannot read Author.full_name from column \"full_name\": it is null, which String cannot be; use \
         Option<String> (row 2 of the result)"
    );
    assert_eq!(error.column(), Some("full_name"));
}

#[aiodal::test]
async fn two_columns_of_one_name_are_not_guessed_at(tx: &Transaction) {
    let sql = "select 1 as id, 'Hep' as full_name, 2 as id, 1926::int2 as born";
    let error = refused::<Author>(tx, sql).await;
    assert_eq!(
        error.to_string(),
        "cannot read Author.id: 2 columns are named \"id\" (numbers 1, 3); give them different names with AS"
    );
}

#[aiodal::test]
async fn all_that_does_not_fit_is_told_at_once(tx: &Transaction) {
    #[derive(FromRow)]
    #[expect(dead_code, reason = "it is never read")]
    struct Book {
        isbn: String,
        #[aiodal(flatten, prefix = "author_")]
        author: Author,
    }
    let sql = "select 1 as isbn, 1::int8 as author_id, 'Hep' as author_full_name";
    let error = refused::<Book>(tx, sql).await;
    let text = error.to_string();
    let each: Vec<&str> = text.split("; cannot read ").collect();
    assert_eq!(each.len(), 3, "{text}");
    assert!(each[0].starts_with("cannot read Book.isbn from column \"isbn\": it is int4"));
    assert!(each[1].starts_with("Author.id from column \"author_id\": it is int8"));
    assert!(each[2].starts_with("Author.born: there is no column \"author_born\""));
}

/// Reads even numbers only.
#[derive(Debug)]
struct Even(i32);

impl<'a> FromSql<'a> for Even {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, aiodal::BoxError> {
        match i32::from_sql(ty, raw)? {
            n if n % 2 == 0 => Ok(Even(n)),
            n => Err(format!("{n} is odd").into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        i32::accepts(ty)
    }
}

#[aiodal::test]
async fn a_value_that_is_refused_is_an_error_with_its_cause(tx: &Transaction) {
    let error =
        refused::<(i64, Even)>(tx, "select n, n::int4 from generate_series(2::int8, 9) n").await;
    assert_eq!(
        format!("{error:#}"),
        "cannot read (i64, Even).1 from column \"n\": the int4 was refused by Even (row 2 of the result)\n  \
         caused by: 3 is odd"
    );
    let even: Even = tx.query_scalar("select 4", &[]).await.expect("4 is even");
    assert_eq!(even.0, 4);
}

#[aiodal::test]
async fn a_plan_for_other_columns_is_an_error(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select 1 as id, 'Hep' as full_name, 1926::int2 as born";
    let row = tx.query_one(sql, &[]).await?;
    let plan = Author::resolve(&Columns::new(row.columns()))?;
    for other in [
        "select 1 as id",
        "select 'x' as id, 2 as full_name, 3 as born",
    ] {
        let row = tx.query_one(other, &[]).await?;
        let error = Author::decode(&row, &plan).expect_err("another row");
        assert!(error.is_mapping_error(), "{error:?}");
    }
    assert!(Size::decode(&row, &plan).is_err());
    Ok(())
}

#[derive(Debug, FromRow)]
#[expect(dead_code, reason = "it is never read")]
struct Size {
    #[aiodal(flatten)]
    inner: Author,
}

#[aiodal::test]
async fn the_transaction_survives_a_row_that_does_not_fit(tx: &Transaction) -> aiodal::Result<()> {
    refused::<Author>(tx, "select 1 as id").await;
    assert_eq!(tx.query_scalar::<i32>("select 1", &[]).await?, 1);
    Ok(())
}

#[aiodal::test]
async fn no_rows_are_no_mistake(tx: &Transaction) -> aiodal::Result<()> {
    let none = tx
        .query_as::<Author>("select 1 as id where false", &[])
        .await?;
    assert!(none.is_empty());
    Ok(())
}
