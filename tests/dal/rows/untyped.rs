//! Rows as JSON: the same as the server's own `to_json`, but where we say otherwise.

use aiodal::Transaction;
use serde_json::{Map, Value, json};

/// Types, and values of theirs that go to the edges.
const VALUES: [(&str, &[&str]); 41] = [
    ("bool", &["true", "false", "null"]),
    ("int2", &["-32768", "32767"]),
    ("int4", &["-2147483648", "0"]),
    ("int8", &["-9223372036854775808", "9223372036854775807"]),
    (
        "float4",
        &["0.1", "-1.5e-30", "3.4e38", "'NaN'", "'-Infinity'"],
    ),
    (
        "float8",
        &["0.1", "1e300", "-2.5e-300", "'NaN'", "'Infinity'", "7"],
    ),
    ("text", &["''", "'a\"\\ü💧'", "E'\\n'"]),
    ("varchar(5)", &["'abc'"]),
    ("char(5)", &["'abc'"]),
    ("name", &["'abc'"]),
    ("\"char\"", &["'x'", "''", "'\\200'"]),
    ("bytea", &["'\\x'", "'\\x00ff10'"]),
    ("uuid", &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"]),
    (
        "json",
        &["'{\"a\": [1, 2.5, null, \"x\"]}'", "'null'", "'3'"],
    ),
    (
        "jsonb",
        &["'{\"a\": [1, 2.5, null, \"x\"]}'", "'null'", "'\"s\"'"],
    ),
    (
        "date",
        &[
            "'2024-02-29'",
            "'0044-03-15 BC'",
            "'infinity'",
            "'-infinity'",
            "'4713-11-24 BC'",
            "'5874897-12-31'",
            "'1900-03-01'",
            "'2000-12-31'",
        ],
    ),
    (
        "time",
        &["'00:00'", "'23:59:59.999999'", "'24:00'", "'12:30:00.5'"],
    ),
    (
        "timetz",
        &[
            "'12:30+02'",
            "'12:30:00.25-05:30'",
            "'00:00+00'",
            "'12:00-00:00:01'",
        ],
    ),
    (
        "timestamp",
        &[
            "'2024-01-02 03:04:05.678'",
            "'0044-03-15 12:00 BC'",
            "'infinity'",
            "'-infinity'",
            "'1969-12-31 23:59:59.999999'",
            "'294276-12-31'",
            "'4714-11-24 BC'",
        ],
    ),
    (
        "timestamptz",
        &[
            "'2024-01-02 03:04:05.678+05'",
            "'0044-03-15 12:00+00 BC'",
            "'infinity'",
            "'2024-06-01 00:00+00'",
        ],
    ),
    (
        "interval",
        &[
            "'0'",
            "'1 year 2 mons 3 days 04:05:06.789'",
            "'-1 year -2 mons +3 days -04:05:06.5'",
            "'-0.000001 s'",
            "'14 mons'",
            "'1000:00:00'",
            "'3 days -1 s'",
        ],
    ),
    (
        "inet",
        &[
            "'192.168.0.1'",
            "'192.168.0.1/24'",
            "'::1'",
            "'2001:db8::1/64'",
            "'::ffff:1.2.3.4'",
            "'::1.2.3.4'",
            "'1:0:0:2::3'",
            "'::'",
        ],
    ),
    (
        "cidr",
        &["'192.168.0.0/24'", "'10.0.0.1/32'", "'2001:db8::/32'"],
    ),
    ("macaddr", &["'08:00:2b:01:02:03'"]),
    ("macaddr8", &["'08:00:2b:01:02:03:04:05'"]),
    ("bit(10)", &["B'1011001110'"]),
    ("varbit", &["B''", "B'1'", "B'101100111'"]),
    ("oid", &["0", "4294967295"]),
    ("xid8", &["'18446744073709551615'"]),
    ("pg_lsn", &["'16/B374D848'", "'0/0'"]),
    ("tid", &["'(7,3)'"]),
    ("int4range", &["'[1,5)'", "'(,5]'", "'empty'", "'(,)'"]),
    ("numrange", &["'[1.50,2.25]'", "'(-1,)'"]),
    ("daterange", &["'[2024-01-01,2024-02-01)'", "'[,infinity]'"]),
    ("tsrange", &["'[2024-01-01 12:00,2024-02-01)'"]),
    ("tstzrange", &["'[2024-01-01 12:00+00,)'"]),
    ("int8multirange", &["'{[1,3), [5,8)}'", "'{}'"]),
    ("mood", &["'sad'", "'it''s \"ok\"'"]),
    (
        "wordrange",
        &[
            "'[a,\"b c\"]'",
            "'[\"\",\"q\"\"q\")'",
            "'[\"x,y\",\"z\\\\z\"]'",
        ],
    ),
    (
        "person",
        &[
            "row('Hep', row(1, 'ok'), array['sad', null]::mood[], null, 5)",
            "null",
        ],
    ),
    ("positive", &["5"]),
];

const TYPES: &str = r#"
    create type mood as enum ('sad', 'ok', 'it''s "ok"');
    create type wordrange as range (subtype = text);
    create type inner_part as (a int, b mood);
    create domain positive as int check (value > 0);
    create type person as (name text, part inner_part, moods mood[], born timestamptz, "Age" positive);
    create table dropped (a int, b text, c bool);
    alter table dropped drop column b;
    set local timezone = 'UTC'; set local intervalstyle = 'iso_8601'; set local datestyle = 'ISO'
"#;

/// Floats are compared as floats: the server's have no point if they are whole.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) if ours.is_f64() => {
            let floats = ours.as_f64().zip(theirs.as_f64());
            // serde_json reads the server's `-1.5e-30` as its neighbour.
            floats
                .is_some_and(|(ours, theirs)| (ours - theirs).abs() <= f64::EPSILON * theirs.abs())
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(key, value)| theirs.get(key).is_some_and(|theirs| same(value, theirs)))
        }
        _ => ours == theirs,
    }
}

/// Reads a query as JSON, and has the server make JSON of it.
async fn both(tx: &Transaction, sql: &str) -> aiodal::Result<(Value, Value)> {
    let ours: Value = tx.query_one_as(sql, &[]).await?;
    let theirs: Value = tx
        .query_scalar(&format!("select to_json(t) from ({sql}) t"), &[])
        .await?;
    Ok((ours, theirs))
}

#[aiodal::test]
async fn json_of_a_row_is_the_server_s(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(TYPES).await?;
    let mut wrong = Vec::new();
    for (ty, values) in VALUES {
        for value in values {
            let sql = format!(
                "select ({value})::{ty} as v, null::{ty} as n, array[null, {value}]::{ty}[] as a"
            );
            let (ours, theirs) = both(tx, &sql).await?;
            if !same(&ours, &theirs) {
                wrong.push(format!("{ty} {value}\n  ours   {ours}\n  theirs {theirs}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[aiodal::test]
async fn arrays_and_rows_nest(tx: &Transaction) -> aiodal::Result<()> {
    tx.batch_execute(TYPES).await?;
    let values = [
        "array[[1, 2], [3, null]]",
        "'{}'::text[]",
        "'[0:1]={7,8}'::int[]",
        "array[array[array['x']]]",
        "row(1, 'x', null, array[true])",
        "array[row(1, 'a'), row(2, null)]",
        "row(1, row(2, row(3)))",
        "array[row(row(1, 'ok'))::inner_part]::inner_part[]",
        "row(1, true)::dropped",
    ];
    for value in values {
        let value = value.replace("row(row(1, 'ok'))", "row(1, 'ok')");
        let (ours, theirs) = both(tx, &format!("select {value} as v")).await?;
        assert_eq!(ours, theirs, "{value}");
    }
    Ok(())
}

#[aiodal::test]
async fn numerics_are_exact_strings(tx: &Transaction) -> aiodal::Result<()> {
    let values = [
        "0",
        "0.00",
        "1",
        "-1",
        "10",
        "9999",
        "10000",
        "10001",
        "123456789012345678901234567890.123456789",
        "0.1",
        "-0.05",
        "0.0001",
        "0.00001",
        "0.000000000000012",
        "100000000",
        "1e100",
        "-1e-30",
        "12.50",
        "1.0000",
        "99999999.99999999",
        "'NaN'",
        "'Infinity'",
        "'-Infinity'",
        "5000000000000.0005",
    ];
    for value in values {
        let sql = format!("select ({value})::numeric as v, ({value})::numeric::text as t");
        let row: Map<String, Value> = tx.query_one_as(&sql, &[]).await?;
        assert_eq!(row["v"], row["t"], "{value}");
    }
    let random = "select ((random() - 0.5) * power(10, (random() * 40 - 20)::int))::numeric(60, 25) as v from generate_series(1, 500)";
    let rows: Vec<Map<String, Value>> = tx
        .query_as(&format!("select v, v::text as t from ({random}) r"), &[])
        .await?;
    assert!(rows.iter().all(|row| row["v"] == row["t"]));
    Ok(())
}

#[aiodal::test]
async fn whole_days_of_all_times_are_the_server_s(tx: &Transaction) -> aiodal::Result<()> {
    let days = "select date '2000-01-01' + (random() * 5000000 - 2451545)::int as v from generate_series(1, 2000)";
    let rows: Vec<Map<String, Value>> = tx
        .query_as(&format!("select v, v::text as t from ({days}) r"), &[])
        .await?;
    let wrong: Vec<_> = rows.iter().filter(|row| row["v"] != row["t"]).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    Ok(())
}

#[aiodal::test]
async fn rows_come_as_values_and_as_maps(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select n, 'x' || n as name from generate_series(1, 2) n";
    let values: Vec<Value> = tx.query_as(sql, &[]).await?;
    assert_eq!(
        values,
        [json!({"n": 1, "name": "x1"}), json!({"n": 2, "name": "x2"})]
    );
    let none: Option<Map<String, Value>> = tx.query_opt_as("select 1 where false", &[]).await?;
    assert_eq!(none, None);
    Ok(())
}

#[aiodal::test]
async fn the_rest_of_a_row_may_be_json(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(aiodal::FromRow)]
    struct Book {
        id: i32,
        #[aiodal(flatten, prefix = "extra_")]
        extra: Option<Map<String, Value>>,
    }
    let sql = "select 1 as id, 'a' as extra_shelf, 2 as extra_row";
    let book: Book = tx.query_one_as(sql, &[]).await?;
    assert_eq!(book.id, 1);
    assert_eq!(
        book.extra.map(Value::Object),
        Some(json!({"shelf": "a", "row": 2}))
    );
    let sql = "select 1 as id, null as extra_shelf, null::int4 as extra_row";
    assert!(tx.query_one_as::<Book>(sql, &[]).await?.extra.is_none());
    Ok(())
}

#[aiodal::test]
async fn a_type_without_a_json_form_is_told_to_be_cast(tx: &Transaction) -> aiodal::Result<()> {
    let cases = [
        ("point(1, 2)", "point"),
        ("array[point(1, 2)]", "point"),
        ("'a'::tsvector", "tsvector"),
        ("1::money", "money"),
        ("'pg_class'::regclass", "regclass"),
    ];
    for (value, ty) in cases {
        let error = tx
            .query_one_as::<Value>(&format!("select 1 as id, {value} as v"), &[])
            .await
            .expect_err("it has no JSON form");
        assert_eq!(
            error.to_string(),
            format!(
                "cannot read Map<String, Value>.v from column \"v\": there is no JSON form for {ty}; cast the column \
                 to text or jsonb"
            )
        );
    }
    // What a row without a type has is known when it comes.
    let error = tx
        .query_one_as::<Value>("select row(point(1, 2)) as v", &[])
        .await
        .expect_err("its field has no JSON form");
    assert!(
        format!("{error:#}").contains("field 1 of the row, whose type has the OID 600"),
        "{error:#}"
    );
    Ok(())
}

#[aiodal::test]
async fn columns_of_one_name_do_not_hide_each_other(tx: &Transaction) {
    let error = tx
        .query_one_as::<Value>("select 1 as a, 2 as b, 3 as a", &[])
        .await
        .expect_err("two of one name");
    assert_eq!(
        error.to_string(),
        "cannot read Map<String, Value>: 2 columns are named \"a\" (numbers 1, 3); give them different names with AS"
    );
}
