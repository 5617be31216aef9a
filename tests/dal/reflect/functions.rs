//! Functions that return rows: what they take, and the columns to select from.

use aiodal::Transaction;
use aiodal::schema::{ArgumentMode, Function};

use super::sink;

fn columns(function: &Function) -> Vec<(&str, &str)> {
    let columns = function.columns.iter();
    columns
        .map(|column| (&*column.name, &*column.data_type.sql))
        .collect()
}

#[aiodal::test]
async fn overloads_are_kept_apart(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let signatures: Vec<String> = schema
        .overloads("series")?
        .iter()
        .map(|function| function.signature())
        .collect();
    assert_eq!(
        signatures,
        ["sink.series(integer, integer, text[])", "sink.series(text)"]
    );
    assert_eq!(
        schema.overloads("series")?[1].comment.as_deref(),
        Some("of text")
    );
    let error = schema.function("series").unwrap_err();
    assert!(error.is_ambiguous());
    let message = error.to_string();
    for signature in signatures {
        assert!(message.contains(&signature), "{message}");
    }
    Ok(())
}

#[aiodal::test]
async fn arguments_have_names_modes_and_defaults(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let series = &schema.overloads("series")?[0];
    let arguments: Vec<(Option<&str>, ArgumentMode, bool)> = series
        .arguments
        .iter()
        .map(|one| (one.name.as_deref(), one.mode, one.has_default))
        .collect();
    assert_eq!(
        arguments,
        [
            (Some("first"), ArgumentMode::In, false),
            (Some("last"), ArgumentMode::In, true),
            (Some("others"), ArgumentMode::Variadic, true),
        ]
    );
    let unnamed = &schema.function("tabular")?.arguments;
    assert_eq!(unnamed.len(), 1);
    assert_eq!(unnamed[0].name, None);
    Ok(())
}

#[aiodal::test]
async fn columns_are_out_and_table_arguments(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let pairs = schema.function("pairs")?;
    assert_eq!(columns(pairs), [("a", "integer"), ("b", "sink.mood")]);
    let modes: Vec<ArgumentMode> = pairs.arguments.iter().map(|one| one.mode).collect();
    assert_eq!(modes, [ArgumentMode::InOut, ArgumentMode::In]);
    assert_eq!(
        columns(schema.function("tabular")?),
        [("id", "integer"), ("The Name", "character varying")]
    );
    assert_eq!(columns(schema.function("one_out")?), [("lone", "integer")]);
    Ok(())
}

#[aiodal::test]
async fn columns_are_else_those_of_the_result(tx: &mut Transaction) -> aiodal::Result<()> {
    let schema = sink(tx).await?;
    let rows_of = columns(schema.function("rows_of")?);
    assert_eq!(rows_of.len(), 7);
    assert_eq!(rows_of[0], ("Id", "integer"));
    assert_eq!(
        columns(&schema.overloads("series")?[1]),
        [("series", "text")]
    );
    assert!(columns(schema.function("anything")?).is_empty());
    assert!(schema.function("scalar").is_err(), "it returns no set");
    Ok(())
}

/// The names of columns are those that a query gets.
#[aiodal::test]
async fn columns_are_called_as_in_a_query(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema f; set local search_path = f;
        create function unnamed(out int, out text) returns setof record language sql as 'select 1, ''x''';
        create function half(out int, out b text) returns setof record language sql as 'select 1, ''x''';
        create function lone(out int) returns setof int language sql as 'select 1';
        create type pair as (x int, y text);
        create domain checked_pair as pair check ((value).x > 0);
        create function pairs() returns setof pair language sql as 'select 1, ''x''';
        create function checked() returns setof checked_pair language sql as 'select row(1, ''x'')::checked_pair'",
    )
    .await?;
    let schema = aiodal::Schema::reflect(tx, &aiodal::Reflect::new()).await?;
    assert_eq!(schema.functions.len(), 5);
    for function in &schema.functions {
        let sql = format!("select * from {}()", function.name);
        let row = tx.query_one(&sql, &[]).await?;
        let expected: Vec<&str> = row
            .columns()
            .iter()
            .map(tokio_postgres::Column::name)
            .collect();
        let names: Vec<&str> = function
            .columns
            .iter()
            .map(|column| &*column.name)
            .collect();
        assert_eq!(names, expected, "{}", function.name);
    }
    Ok(())
}
