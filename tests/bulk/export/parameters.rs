//! COPY takes no parameters, and an export does.

use std::error::Error;
use std::time::{Duration, SystemTime};

use aiodal::Transaction;
use aiodal::bulk::{Csv, Export, Header, JsonLines};
use aiodal::types::{IsNull, ToSql, Type, to_sql_checked};
use bytes::BytesMut;
use tokio_postgres::Column;

use super::exported_text;

/// Settings under which values are written in other ways than usual, and lose something.
const SETTINGS: &str = "set local datestyle = 'Postgres, DMY'; set local intervalstyle = 'sql_standard'; \
     set local timezone = 'Asia/Kolkata'; set local extra_float_digits = -10; set local bytea_output = 'escape'";

const SHOWN: &str = "select concat_ws('/', current_setting('datestyle'), current_setting('intervalstyle'), \
     current_setting('extra_float_digits'), current_setting('bytea_output'))";

/// A value as it is sent in binary, of whatever type.
#[derive(Debug)]
struct Sent(&'static [u8]);

impl ToSql for Sent {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn bare() -> Csv {
    Csv::new().header(Header::None)
}

/// Exports the row that has a value, found by the value.
async fn finds(tx: &mut Transaction, of: &str, value: &(dyn ToSql + Sync)) -> aiodal::Result<()> {
    tx.batch_execute(&format!(
        "drop table if exists kept; create table kept (id int, v {of}); insert into kept (id) values (0)"
    ))
    .await?;
    tx.execute("insert into kept values (1, $1)", &[value])
        .await?;
    // Compared as it is sent, so that `-0` and what only differs in blanks is told apart.
    let sql = "select id from kept where pg_catalog.record_image_eq(row(v), row($1::";
    let sql =
        format!("{sql}{of})) and v is not null or (v is null and $1::{of} is null and id = 1)");
    let params = [value];
    let export = Export::query(sql, &params).format(bare());
    assert_eq!(exported_text(export, tx).await?, "1\n", "{of}: {value:?}");
    Ok(())
}

#[aiodal::test]
async fn values_arrive_as_they_were_under_any_settings(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute("create type mood as enum ('it''s', '\\'); create domain positive as int check (value > 0); \
        create schema elsewhere; create type elsewhere.\"Odd Type\" as enum ('x')")
        .await?;
    tx.batch_execute(SETTINGS).await?;
    let before: String = tx.query_scalar(SHOWN, &[]).await?;
    for off in [false, true] {
        if off {
            tx.batch_execute("set local standard_conforming_strings = off")
                .await?;
        }
        let texts = [
            "",
            "it's",
            "\\",
            "\\'",
            "''",
            "$1 $2",
            "é☃\n\t\r",
            "--",
            "/*",
            "'; drop table kept; --",
            "E'\\n",
        ];
        for text in texts {
            finds(tx, "text", &text).await?;
            finds(tx, "varchar", &text).await?;
            finds(
                tx,
                "text[]",
                &vec![Some(text), None, Some("NULL"), Some("")],
            )
            .await?;
        }
        finds(tx, "char(4)", &"a").await?;
        finds(tx, "bpchar", &"a  ").await?;
        finds(tx, "name", &"A b").await?;
        for number in [0_i32, -1, i32::MIN, i32::MAX] {
            finds(tx, "int", &number).await?;
        }
        finds(tx, "int2", &i16::MIN).await?;
        finds(tx, "int8", &i64::MIN).await?;
        finds(tx, "oid", &u32::MAX).await?;
        for number in [
            0.0,
            -0.0,
            0.1,
            1e-310,
            f64::MAX,
            f64::INFINITY,
            f64::NAN,
            1.0 / 3.0,
        ] {
            finds(tx, "float8", &number).await?;
        }
        finds(tx, "float4", &0.1_f32).await?;
        finds(tx, "bool", &true).await?;
        finds(tx, "bytea", &b"\0\xff\\'".as_slice()).await?;
        finds(tx, "bytea[]", &vec![b"\0\xff\\'\"".as_slice()]).await?;
        finds(tx, "int[]", &vec![1, -2]).await?;
        finds(tx, "float8[]", &vec![Some(-0.1), None]).await?;
        let nothing: Option<i64> = None;
        finds(tx, "int8", &nothing).await?;
        let at = SystemTime::UNIX_EPOCH + Duration::from_micros(1_772_359_200_123_456);
        finds(tx, "timestamptz", &at).await?;
        finds(tx, "timestamp", &at).await?;
        finds(tx, "timestamptz[]", &vec![at]).await?;
        // Before the common era.
        finds(tx, "date", &Sent(b"\xff\xf4\x00\x00")).await?;
        // Microseconds, days and months, with different signs.
        finds(
            tx,
            "interval",
            &Sent(b"\0\0\0\0\0\0\0\x01\xff\xff\xff\xff\0\0\0\x0d"),
        )
        .await?;
        finds(
            tx,
            "interval",
            &Sent(b"\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\x01\xff\xff\xff\xf3"),
        )
        .await?;
        // NaN, and 0.0010 with its last zero.
        finds(tx, "numeric", &Sent(b"\0\0\0\0\xc0\0\0\0")).await?;
        finds(tx, "numeric", &Sent(b"\0\x01\xff\xff\0\0\0\x04\0\x0a")).await?;
        finds(tx, "uuid", &Sent(b"0123456789abcdef")).await?;
        finds(tx, "bit(5)", &Sent(b"\0\0\0\x05\xa8")).await?;
        finds(tx, "varbit", &Sent(b"\0\0\0\x05\xa8")).await?;
        finds(tx, "\"char\"", &Sent(b"'")).await?;
        finds(tx, "mood", &Sent(b"it's")).await?;
        finds(tx, "elsewhere.\"Odd Type\"", &Sent(b"x")).await?;
        finds(tx, "jsonb", &serde_json::json!({"a": ["it's", "\\", null]})).await?;
        finds(tx, "positive", &Sent(b"\0\0\0\x07")).await?;
    }
    let after: String = tx.query_scalar(SHOWN, &[]).await?;
    assert_eq!(after, before, "the settings are the caller's");
    Ok(())
}

#[aiodal::test]
async fn values_of_types_that_rust_has_not_are_cast(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create schema elsewhere; create type elsewhere.\"Odd Type\" as enum ('x', 'it''s')",
    )
    .await?;
    tx.batch_execute(SETTINGS).await?;
    let sql = "select $1::text::elsewhere.\"Odd Type\" as odd, ($2::text)::interval as span, $3::text::bit(3) as bits";
    let text = exported_text(Export::query(sql, &[&"it's", &"-1 day +02:03", &"101"]), tx).await?;
    assert_eq!(text, "odd,span,bits\nit's,+0-0 -1 +2:03:00,101\n");
    Ok(())
}

#[aiodal::test]
async fn only_parameters_are_replaced(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select $1::int as \"$1\", '$1' as a$1, $$ $1 $$ as b, -- $1\n /* $2 */ cardinality($2::text[]) || $2[$1] as c, e'\\'$1' as d;;  -- $1";
    let text = exported_text(Export::query(sql, &[&2, &vec!["x", "y,"]]), tx).await?;
    assert_eq!(text, "$1,a$1,b,c,d\n2,$1, $1 ,\"2y,\",'$1\n");
    tx.batch_execute("set local standard_conforming_strings = off")
        .await?;
    let sql = "select 'it\\'s $1' as a, $1::text as b, E'\\'' as c";
    let text = exported_text(Export::query(sql, &[&"\\"]), tx).await?;
    assert_eq!(text, "a,b,c\nit's $1,\\,'\n");
    tx.batch_execute("set local standard_conforming_strings = on")
        .await?;
    let sql = "select $10::int - $1::int, -$2::int, $3||$4||$5||$6||$7::text||$8||$9";
    let params: [&(dyn ToSql + Sync); 10] = [&1, &2, &"c", &"d", &"e", &"f", &"g", &"h", &"i", &10];
    let text = exported_text(Export::query(sql, &params).format(bare()), tx).await?;
    assert_eq!(text, "9,-2,cdefghi\n");
    let error = exported_text(Export::query(sql, &params[..9]), tx).await;
    assert_eq!(
        error.expect_err("one is missing").to_string(),
        "refused to export a query: it has 10 parameters, and 9 values are given"
    );
    Ok(())
}

#[aiodal::test]
async fn columns_are_called_as_the_query_calls_them(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select $1, $2::int, $1 as x, 1 + $2";
    let params: [&(dyn ToSql + Sync); 2] = [&"a", &1];
    let row = tx.query_one(sql, &params).await?;
    let names: Vec<&str> = row.columns().iter().map(Column::name).collect();
    let text = exported_text(Export::query(sql, &params), tx).await?;
    assert_eq!(text, format!("{}\na,1,a,2\n", names.join(",")));
    let sql = "select $1, $2::int as n";
    let text = exported_text(Export::query(sql, &params).format(JsonLines::new()), tx).await?;
    assert_eq!(text, "{\"?column?\":\"a\",\"n\":1}\n");
    Ok(())
}

#[aiodal::test]
async fn values_are_in_no_error(tx: &mut Transaction) -> aiodal::Result<()> {
    let sql = "select 1 / (n - 3), $1::text from generate_series(1, 5) n";
    let error = exported_text(Export::query(sql, &[&"s3cret"]), tx).await;
    let error = error.expect_err("a division by zero");
    assert_eq!(error.code().map(aiodal::SqlState::code), Some("22012"));
    let text = format!("{error:?}");
    assert!(text.contains("$1::text"), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    // And the transaction goes on.
    tx.query_one("select 1", &[]).await?;
    Ok(())
}

/// Pieces of SQL in which a parameter is one, or only looks like one.
const PIECES: [&str; 20] = [
    "$1::text",
    "$2::text",
    "($1::text)",
    "coalesce($2::text,'$1')",
    "'a$1'",
    "'it''s $2'",
    "'back\\'",
    "E'\\'$2'",
    "e'\\\\'",
    "$$ $1 $$",
    "$x$ $2 $$ ' $x$",
    "$é_1$ $x$ \" $é_1$",
    "U&'\\0061$1'",
    "N'$1'",
    "B'01'::text",
    "r.\"$1 \"\" '\"",
    "r.a$1",
    "r.a$b$c",
    "(array[$1::text,'$2'])[1]",
    "quote_literal($1::text)",
];

const BETWEEN: [&str; 6] = [
    " ",
    "\n",
    "",
    "/* $1 ' /* $2 \" */ $1 ' */",
    "-- $1 '\n",
    "--\r/**/",
];

const VALUES: [&str; 8] = ["", "'", "\\", "\\'; --", "$2", "$$", "/*", "é\n\"\\\\"];

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("it is a number"))
}

#[aiodal::test]
async fn any_query_returns_what_it_returns_with_parameters(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = number("EXPORT_SEED")
        .unwrap_or_else(|| now.map_or(1, |since| since.as_secs()))
        .max(1);
    println!("seed {seed}");
    let mut state = seed;
    // Marsaglia's xorshift.
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % end as u64).expect("it is below a usize")
    };
    let mut any = |of: &[&'static str]| of[below(of.len())];
    for _ in 0..number("EXPORT_ROUNDS").unwrap_or(25) {
        let mut sql = "select ".to_owned();
        for column in 0..8 {
            let comma = if column == 0 { "" } else { "," };
            sql.push_str(comma);
            for piece in 0..5 {
                sql.push_str(if piece == 0 { "" } else { "||" });
                for text in [any(&BETWEEN), any(&PIECES), any(&BETWEEN)] {
                    sql.push_str(text);
                }
            }
            let name = format!(" as c{column}");
            sql.push_str(&name);
        }
        sql.push_str(" from (values ('x$1', $1::text, $2::text)) r(\"$1 \"\" '\", a$1, a$b$c)");
        let values = [any(&VALUES), any(&VALUES)];
        let params: [&(dyn ToSql + Sync); 2] = [&values[0], &values[1]];
        let row = tx.query_one(&sql, &params).await?;
        let mut expected = serde_json::Map::new();
        for column in 0..8 {
            let value: String = row.get(column);
            expected.insert(format!("c{column}"), value.into());
        }
        let export = Export::query(sql.as_str(), &params).format(JsonLines::new());
        let exported = exported_text(export, tx).await?;
        let exported: serde_json::Value = serde_json::from_str(&exported).expect("it is JSON");
        assert_eq!(
            exported,
            serde_json::Value::from(expected),
            "{sql} with {values:?}"
        );
    }
    Ok(())
}
