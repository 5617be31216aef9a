//! The types whose values are compared, and the settings under which they are.

use super::values::Family;

/// A type as a column has it.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) family: Family,
    /// An expression of `n`, a number from 1 on, whose values are as various as those of the type; none if the server
    /// writes some that are left to it.
    pub(super) written: Option<&'static str>,
}

const fn column(name: &'static str, family: Family, written: Option<&'static str>) -> Column {
    Column {
        name,
        family,
        written,
    }
}

pub(super) const TYPES: &[Column] = &[
    column("bool", Family::Bool, Some("n % 3 = 0")),
    column(
        "int2",
        Family::Integer,
        Some("(random() * 65535 - 32768)::int2"),
    ),
    column(
        "int4",
        Family::Integer,
        Some("(random() * 4294967295 - 2147483648)::int4"),
    ),
    column(
        "int8",
        Family::Integer,
        Some("(random() * 1.8e19 - 9e18)::int8"),
    ),
    column(
        "oid",
        Family::Integer,
        Some("(random() * 4294967295)::int8::oid"),
    ),
    column(
        "float4",
        Family::Float,
        Some("((random() - 0.5) * 10 ^ (random() * 70 - 35))::float4"),
    ),
    column(
        "float8",
        Family::Float,
        Some("(random() - 0.5) * 10 ^ (random() * 600 - 300)"),
    ),
    column(
        "numeric",
        Family::Numeric,
        Some("((random() - 0.5) * 10 ^ (random() * 20 - 5))::numeric / 7"),
    ),
    column(
        "numeric(10,2)",
        Family::Numeric,
        Some("((random() - 0.5) * 1e8)::numeric(10,2)"),
    ),
    column(
        "numeric(5,-2)",
        Family::Numeric,
        Some("((random() - 0.5) * 1e7)::numeric(5,-2)"),
    ),
    column(
        "numeric(3,5)",
        Family::Numeric,
        Some("(random() * 0.009)::numeric(3,5)"),
    ),
    column(
        "text",
        Family::Text,
        Some("chr(n * 2) || E'\\\\ \"' || chr(n + 8000)"),
    ),
    column("varchar", Family::Text, Some("repeat(chr(n + 64), n % 20)")),
    column(
        "varchar(5)",
        Family::Text,
        Some("repeat(chr(n + 64), n % 6)"),
    ),
    column("char(5)", Family::Text, Some("repeat(chr(n + 64), n % 6)")),
    column("bpchar", Family::Text, Some("repeat(chr(n + 64), n % 20)")),
    column(
        "name",
        Family::Text,
        Some("repeat(chr(n % 60 + 33), n % 63)"),
    ),
    column("\"char\"", Family::Text, Some("chr(n % 60 + 32)")),
    column(
        "bytea",
        Family::Bytea,
        Some("decode(repeat(md5(n::text), n % 5), 'hex')"),
    ),
    column("date", Family::Date, Some("'0001-01-01'::date + n * 3000")),
    column(
        "time",
        Family::Time,
        Some("'0:0'::time + random() * interval '1 day'"),
    ),
    column(
        "time(2)",
        Family::Time,
        Some("'0:0'::time + random() * interval '1 day'"),
    ),
    column(
        "timestamp",
        Family::Timestamp,
        Some("'0001-01-01'::timestamp + random() * interval '9998 years'"),
    ),
    column(
        "timestamp(3)",
        Family::Timestamp,
        Some("'0001-01-01'::timestamp + random() * interval '9998 years'"),
    ),
    column(
        "timestamptz",
        Family::Timestamp,
        Some("'1901-01-01'::timestamptz + random() * interval '1000 years'"),
    ),
    column(
        "timestamptz(0)",
        Family::Timestamp,
        Some("'1901-01-01'::timestamptz + random() * interval '1000 years'"),
    ),
    column(
        "interval",
        Family::Interval,
        Some(
            "make_interval((random() * 9 - 4)::int, (random() * 9 - 4)::int, 0, (random() * 9 - 4)::int, 0, 0, (random() - 0.5) * 1e5)",
        ),
    ),
    column("interval(3)", Family::Interval, None),
    column("uuid", Family::Uuid, Some("md5(n::text)::uuid")),
    column(
        "json",
        Family::Json,
        Some("json_build_object(chr(n + 64), n, '\\', array[n])"),
    ),
    column(
        "jsonb",
        Family::Json,
        Some("jsonb_build_object(chr(n + 64), n, '\\', array[n])"),
    ),
    column(
        "pg_temp.mood",
        Family::Enum,
        Some("('{happy,\"so, so\",\"\\\"\",é}'::pg_temp.mood[])[n % 4 + 1]"),
    ),
    column(
        "pg_temp.code",
        Family::Text,
        Some("repeat(chr(n + 64), n % 5)"),
    ),
    column("pg_temp.positive", Family::Integer, Some("n")),
    column(
        "pg_temp.word",
        Family::Text,
        Some("repeat(chr(n + 64), n % 20)"),
    ),
    column(
        "bool[]",
        Family::Array(&Family::Bool),
        Some("array[n % 2 = 0, null]"),
    ),
    column(
        "int2[]",
        Family::Array(&Family::Integer),
        Some("array[n, -n]"),
    ),
    column(
        "int4[]",
        Family::Array(&Family::Integer),
        Some("array[n, -n]"),
    ),
    column(
        "int8[]",
        Family::Array(&Family::Integer),
        Some("array[n, null, -n]"),
    ),
    column(
        "float8[]",
        Family::Array(&Family::Float),
        Some("array[random(), -n]"),
    ),
    column(
        "numeric(10,2)[]",
        Family::Array(&Family::Numeric),
        Some("array[n / 7.0]"),
    ),
    column(
        "text[]",
        Family::Array(&Family::Text),
        Some("array[chr(n), '', 'null', null, 'a \"b', E'\\\\', chr(n + 8000)]"),
    ),
    column(
        "varchar(3)[]",
        Family::Array(&Family::Text),
        Some("array[chr(n), '', 'b c']"),
    ),
    column(
        "name[]",
        Family::Array(&Family::Text),
        Some("array[chr(n)]"),
    ),
    column(
        "\"char\"[]",
        Family::Array(&Family::Text),
        Some("array[chr(n % 26 + 97)]"),
    ),
    column(
        "bytea[]",
        Family::Array(&Family::Bytea),
        Some("array[decode(md5(n::text), 'hex')]"),
    ),
    column(
        "date[]",
        Family::Array(&Family::Date),
        Some("array['2000-01-01'::date + n, null]"),
    ),
    column(
        "timestamp(3)[]",
        Family::Array(&Family::Timestamp),
        Some("array['2000-01-01'::timestamp + n * interval '1.5 hours']"),
    ),
    column(
        "timestamptz[]",
        Family::Array(&Family::Timestamp),
        Some("array['2000-01-01'::timestamptz + n * interval '1.5 hours']"),
    ),
    column(
        "interval[]",
        Family::Array(&Family::Interval),
        Some("array[n * interval '1.5 hours']"),
    ),
    column(
        "uuid[]",
        Family::Array(&Family::Uuid),
        Some("array[md5(n::text)::uuid]"),
    ),
    column(
        "jsonb[]",
        Family::Array(&Family::Json),
        Some("array[jsonb_build_object(chr(n), n)]"),
    ),
    column(
        "pg_temp.mood[]",
        Family::Array(&Family::Enum),
        Some("'{happy,\"so, so\",\"\\\"\",é}'::pg_temp.mood[]"),
    ),
    column(
        "pg_temp.code[]",
        Family::Array(&Family::Text),
        Some("array[repeat(chr(n), n % 5)]"),
    ),
    column(
        "pg_temp.several",
        Family::Array(&Family::Integer),
        Some("array[n, -n]"),
    ),
    // Each is left to the server.
    column("int2vector", Family::Integer, None),
    column("int4range", Family::Array(&Family::Integer), None),
];

/// Of the types above.
pub(super) const CREATE: &str = "
    create type pg_temp.mood as enum ('happy', 'so, so', '\"', 'é');
    create domain pg_temp.code as varchar(4);
    create domain pg_temp.word as text not null check (value <> 'x');
    create domain pg_temp.positive as int check (value > 0);
    create domain pg_temp.several as int[];";

pub(super) const SETTINGS: &[&str] = &[
    "set datestyle = 'ISO, MDY'; set intervalstyle = postgres; set timezone = 'UTC'; set array_nulls = on",
    "set datestyle = 'ISO, DMY'; set intervalstyle = postgres; set timezone = 'Europe/Berlin'; set array_nulls = on",
    "set datestyle = 'SQL, YMD'; set intervalstyle = sql_standard; set timezone = 'GMT'; set array_nulls = off",
    "set datestyle = 'German, DMY'; set intervalstyle = iso_8601; set timezone = '<+07>-7'; set array_nulls = on",
    "set datestyle = 'Postgres, YMD'; set intervalstyle = postgres_verbose; set timezone = 'Etc/UTC'; set array_nulls = on",
];
