//! What becomes of single values. That it is what the server makes of them is tested beside a server.

use super::*;

/// A session of a new database in a new cluster.
fn session() -> Session {
    Session {
        date_style: "ISO, MDY".to_owned(),
        interval_style: "postgres".to_owned(),
        time_zone: "UTC".to_owned(),
        array_nulls: "on".to_owned(),
        server_encoding: "UTF8".to_owned(),
        server_version: 150_000,
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 0xF)];
    bytes.iter().flat_map(pair).collect()
}

/// Returns what a text becomes, in hexadecimal digits.
fn converted(of: &Type, modifier: i32, text: &str) -> Option<String> {
    let converter = Converter::of(of, modifier, &session()).expect("a known type");
    let mut out = Vec::new();
    converter.convert(text.as_bytes(), &mut out).ok()?;
    Some(hex(&out))
}

#[test]
fn text_becomes_what_the_server_sends() {
    let cases = [
        (Type::BOOL, "t", "01"),
        (Type::BYTEA, r"\xC0ffee", "c0ffee"),
        (Type::BYTEA, "abc", "616263"),
        (Type::DATE, "2000-02-29", "0000003b"),
        (Type::DATE, "1999-12-31", "ffffffff"),
        (Type::DATE, "infinity", "7fffffff"),
        (Type::FLOAT4, "1.5", "3fc00000"),
        (Type::FLOAT8, "-0", "8000000000000000"),
        (Type::INT2, "-32768", "8000"),
        (Type::INT4, "+42", "0000002a"),
        (Type::INT8, "-9223372036854775808", "8000000000000000"),
        (
            Type::INTERVAL,
            "1 year -2 days +00:00:01",
            "00000000000f4240fffffffe0000000c",
        ),
        (Type::JSONB, "[]", "015b5d"),
        (Type::NUMERIC, "0", "0000000000000000"),
        (Type::NUMERIC, "12345.670", "0003000100000003000109291a2c"),
        (Type::NUMERIC, "-0.00001", "0001fffe4000000503e8"),
        (Type::NUMERIC, "NaN", "00000000c0000000"),
        (Type::OID, "4294967295", "ffffffff"),
        (Type::TEXT, "é", "c3a9"),
        (Type::TIME, "00:00:00.5", "000000000007a120"),
        (
            Type::TIMESTAMP,
            "2000-01-01 00:00:00.000001",
            "0000000000000001",
        ),
        (Type::TIMESTAMPTZ, "2000-01-01T01:00Z", "00000000d693a400"),
        (
            Type::TIMESTAMPTZ,
            "2000-01-01 01:00:00+01",
            "0000000000000000",
        ),
        (
            Type::UUID,
            "00112233-4455-6677-8899-AABBccddeeff",
            "00112233445566778899aabbccddeeff",
        ),
        (Type::INT4_ARRAY, "{}", "000000000000000000000017"),
        (
            Type::INT4_ARRAY,
            "{1,NULL}",
            "00000001000000010000001700000002000000010000000400000001ffffffff",
        ),
        (
            Type::TEXT_ARRAY,
            r#"{"a\"b"}"#,
            "000000010000000000000019000000010000000100000003612262",
        ),
    ];
    for (of, text, hex) in cases {
        let found = converted(&of, -1, text);
        assert_eq!(found.as_deref(), Some(hex), "{of} {text:?}");
    }
}

#[test]
fn what_is_not_certain_is_left_to_the_server() {
    let cases = [
        (Type::BOOL, -1, "tr"),
        (Type::DATE, -1, "2001-02-29"),
        (Type::DATE, -1, "0000-01-01"),
        (Type::DATE, -1, "01/02/03"),
        (Type::FLOAT4, -1, "1e39"),
        (Type::FLOAT8, -1, "1e-400"),
        (Type::FLOAT8, -1, "0x1p3"),
        (Type::INT2, -1, "32768"),
        (Type::INT4, -1, "1_000"),
        (Type::INT4, -1, ""),
        (Type::INT8, -1, "9223372036854775808"),
        (Type::NUMERIC, -1, "."),
        (Type::NUMERIC, -1, "1e5"),
        (Type::NUMERIC, (3 << 16) + 2 + 4, "10.00"),
        (Type::OID, -1, "-1"),
        (Type::TEXT, -1, "a\0b"),
        (Type::TIME, -1, "24:00:00"),
        (Type::TIMESTAMP, -1, "2000-01-01 23:59:60"),
        (Type::TIMESTAMP, -1, "2000-01-01 00:00:00.0000005"),
        (Type::UUID, -1, "{00112233-4455-6677-8899-aabbccddeeff}"),
        (Type::VARCHAR, 5 + 4, "sixsix"),
        (Type::INT4_ARRAY, -1, "{{1}}"),
        (Type::INT4_ARRAY, -1, "{1,}"),
        (Type::INT4_ARRAY, -1, "[0:0]={1}"),
    ];
    for (of, modifier, text) in cases {
        assert_eq!(converted(&of, modifier, text), None, "{of} {text:?}");
    }
}

#[test]
fn timestamp_without_an_offset_is_left_to_the_server_unless_the_session_is_in_utc() {
    let mut session = session();
    session.time_zone = "Europe/Berlin".to_owned();
    let converter = Converter::of(&Type::TIMESTAMPTZ, -1, &session).expect("a known type");
    let mut out = Vec::new();
    assert_eq!(
        converter.convert(b"2000-01-01 00:00:00", &mut out),
        Err(Defer)
    );
    assert_eq!(
        converter.convert(b"2000-01-01 00:00:00+01", &mut out),
        Ok(())
    );
}

#[test]
fn types_with_a_text_of_their_own_have_no_converter() {
    for of in [
        Type::INT2_VECTOR,
        Type::MONEY,
        Type::POINT,
        Type::BOX_ARRAY,
        Type::INT4_RANGE,
    ] {
        assert!(Converter::of(&of, -1, &session()).is_none(), "{of}");
    }
    assert!(Converter::of(&Type::INTERVAL, 5, &session()).is_none());
}

#[test]
fn year_at_the_end_goes_with_the_order_of_the_session() {
    let orders = [
        ("ISO, MDY", Ok(31)),
        ("German, DMY", Ok(1)),
        ("ISO, YMD", Err(Defer)),
    ];
    for (style, days) in orders {
        let mut session = session();
        session.date_style = style.to_owned();
        let converter = Converter::of(&Type::DATE, -1, &session).expect("a known type");
        let mut out = Vec::new();
        let read = converter.convert(b"2/1/2000", &mut out);
        assert_eq!(
            read.map(|()| out),
            days.map(|days: i32| days.to_be_bytes().to_vec())
        );
    }
}

#[test]
fn what_is_not_ascii_is_left_to_a_server_of_another_encoding() {
    let mut session = session();
    session.server_encoding = "LATIN1".to_owned();
    for of in [
        Type::TEXT,
        Type::VARCHAR,
        Type::NAME,
        Type::JSON,
        Type::JSONB,
    ] {
        let converter = Converter::of(&of, -1, &session).expect("a known type");
        let mut out = Vec::new();
        assert_eq!(
            converter.convert("é".as_bytes(), &mut out),
            Err(Defer),
            "{of}"
        );
        assert_eq!(converter.convert(b"e", &mut out), Ok(()), "{of}");
    }
}
