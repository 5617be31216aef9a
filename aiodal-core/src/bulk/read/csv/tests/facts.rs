//! What holds of particular sources.

use tokio_postgres::types::Type;

use super::{Case, Fields, Read};
use crate::SqlState;
use crate::bulk::batch::{Batch, Form, Span};
use crate::bulk::format::{Csv, Header};
use crate::bulk::read::Limits;
use crate::bulk::read::csv::parser;
use crate::bulk::read::parse::{Head, Input};
use crate::error::Error;

fn fields(values: &[Option<&str>]) -> Fields {
    let values = values.iter().copied();
    values
        .map(|value| value.map(|text| text.as_bytes().to_vec()))
        .collect()
}

fn records(case: &Case) -> Vec<Fields> {
    let (_, batches, error) = case.run();
    assert!(error.is_none(), "{error:?}");
    let loaded = case.loaded(&batches).expect("as many as there are");
    let record = |read| match read {
        Read::Record(fields) => fields,
        Read::Refused => panic!("a record is refused"),
    };
    loaded.into_iter().map(record).collect()
}

/// What goes to the server as lines.
fn lines(batches: &[Batch]) -> String {
    assert!(batches.iter().all(|batch| batch.form == Form::Plain));
    let data = batches.iter().flat_map(|batch| batch.data.to_vec());
    String::from_utf8(data.collect()).expect("UTF-8")
}

fn plain(data: &str, width: usize) -> Case {
    Case {
        types: vec![None; width],
        ..Case::text(data, width)
    }
}

fn head(data: &[u8], csv: &Csv) -> Result<Option<Head>, Error> {
    let limits = Limits {
        batch: 1 << 16,
        record: 1 << 20,
    };
    let input = Input {
        name: "a.csv".to_owned(),
        offset: 0,
        limits,
    };
    parser(csv, input)?.head(data, true)
}

#[test]
fn quotes_begin_and_end_anywhere() {
    let data = "\"a\"\"b\",c\"d,\"e,\"x\ny\"\n";
    let expected = [Some("a\"b"), Some("cd,e"), Some("x\ny")];
    assert_eq!(records(&Case::text(data, 3)), [fields(&expected)]);
}

#[test]
fn null_is_what_has_no_quotes() {
    let mut case = Case::text(",\"\",NA,\"NA\"\n", 4);
    let expected = [None, Some(""), Some("NA"), Some("NA")];
    assert_eq!(records(&case), [fields(&expected)]);
    case.rules.null = b"NA".to_vec();
    let expected = [Some(""), Some(""), None, Some("NA")];
    assert_eq!(records(&case), [fields(&expected)]);
    case.rules.force_null = true;
    let expected = [Some(""), Some(""), None, None];
    assert_eq!(records(&case), [fields(&expected)]);
    case.rules.force_not_null = true;
    let expected = [Some(""), Some(""), Some("NA"), None];
    assert_eq!(records(&case), [fields(&expected)]);
}

#[test]
fn blank_line_is_a_record_with_one_empty_field() {
    assert_eq!(
        records(&Case::text("a\n\nb\n", 1)),
        [fields(&[Some("a")]), fields(&[None]), fields(&[Some("b")])]
    );
    let (_, batches, _) = Case::text("a,b\n\n", 2).run();
    // The server refuses it for its missing value.
    assert_eq!(lines(&batches[1..]), "\n");
}

#[test]
fn last_line_need_not_end() {
    for data in ["a\nb", "a\r\nb", "a\rb", "a\nb\n", "a\r\nb\r\n", "a\rb\r"] {
        let expected = [fields(&[Some("a")]), fields(&[Some("b")])];
        assert_eq!(records(&Case::text(data, 1)), expected, "{data:?}");
    }
}

#[test]
fn line_ends_may_be_mixed() {
    let data = "a\r\nb\n\"c\r\nd\ne\"\r\n";
    let expected = [[Some("a")], [Some("b")], [Some("c\r\nd\ne")]];
    assert_eq!(
        records(&Case::text(data, 1)),
        expected.map(|row| fields(&row))
    );
    let (_, batches, _) = plain(data, 1).run();
    assert_eq!(lines(&batches), "a\nb\n\"c\r\nd\ne\"\n");
}

#[test]
fn carriage_return_alone_is_refused_where_lines_end_otherwise() {
    let data = "a\nb\rc\nd\n";
    let mut case = Case::text(data, 1);
    let (_, _, error) = case.run();
    let error = error.expect("it is refused");
    assert_eq!(error.to_string(), "a.csv:2: unquoted carriage return");
    assert_eq!(error.code(), Some(&SqlState::BAD_COPY_FILE_FORMAT));
    case.keep = true;
    let (_, batches, error) = case.run();
    assert!(error.is_none());
    let refused = &batches[0].refused;
    assert_eq!((refused.len(), &refused[0].raw[..]), (1, &b"b\rc\n"[..]));
    assert_eq!(refused[0].row.offset, Some(2));
    assert_eq!((batches[1].first.line, batches[1].first.record), (3, 2));
}

#[test]
fn line_of_backslash_and_dot_is_a_value() {
    let (_, batches, _) = plain("a\n\\.\nb\n\\.x\n", 1).run();
    assert_eq!(lines(&batches), "a\n\"\\.\"\nb\n\\.x\n");
    // In two columns it is too little, and the server says so.
    let (_, batches, _) = Case::text("a,b\n\\.\n", 2).run();
    assert_eq!(lines(&batches[1..]), "\"\\.\"\n");
}

#[test]
fn fields_are_left_out_and_reordered() {
    let case = Case {
        fields: vec![Some(1), None, Some(0)],
        types: vec![None; 2],
        ..Case::text("1,x,a\n\"2\",\"\n\",\"b,\"\n", 3)
    };
    let (_, batches, _) = case.run();
    assert_eq!(lines(&batches), "a,1\n\"b,\",\"2\"\n");
    let case = Case {
        types: vec![Some(Type::TEXT); 2],
        ..case
    };
    let expected = [[Some("a"), Some("1")], [Some("b,"), Some("2")]];
    assert_eq!(records(&case), expected.map(|row| fields(&row)));
}

#[test]
fn missing_and_extra_fields_are_not_hidden_by_those_left_out() {
    for data in ["1,x,y\n2,x\n", "1,x,y\n2,x,y,z\n"] {
        let case = Case {
            fields: vec![Some(0), None, None],
            types: vec![Some(Type::TEXT)],
            ..Case::text(data, 3)
        };
        let (_, _, error) = case.run();
        let error = error.expect("it is refused");
        let reason = error.to_string();
        assert!(reason.starts_with("a.csv:2: it has "), "{reason}");
        assert!(
            reason.ends_with(" values where there are 3 columns"),
            "{reason}"
        );
    }
}

#[test]
fn value_for_the_server_takes_its_neighbours_along() {
    let mut data = "1\n".repeat(100);
    data.push_str("0x2A\n");
    data.push_str(&"2\n".repeat(1 << 16));
    let case = Case {
        types: vec![Some(Type::INT4)],
        ..Case::text(data, 1)
    };
    let (_, batches, error) = case.run();
    assert!(error.is_none());
    let forms: Vec<(Form, u32)> = batches
        .chunk_by(|one, next| one.form == next.form)
        .map(|of| (of[0].form, of.iter().map(|batch| batch.records).sum()))
        .collect();
    assert_eq!(forms[0], (Form::Binary, 100));
    assert_eq!(forms[1].0, Form::Plain);
    assert!(forms[1].1 > 1 << 14, "{forms:?}");
    assert_eq!(forms[2].0, Form::Binary);
    assert_eq!(forms.len(), 3);
}

#[test]
fn records_of_several_lines_are_told() {
    let (_, batches, _) = Case::text("a\n\"b\n\nc\"\nd\n", 1).run();
    let span = Span {
        record: 1,
        skipped: 0,
        more: 2,
    };
    assert_eq!(batches[0].spans, [span]);
    assert_eq!(batches[0].place_of(2).line, 5);
}

#[test]
fn quote_that_is_not_closed_is_for_the_server_to_refuse() {
    let (_, batches, error) = Case::text("a,b\nc,\"d\ne,f\n", 2).run();
    assert!(error.is_none());
    assert_eq!(lines(&batches[1..]), "c,\"d\ne,f\n");
}

#[test]
fn names_in_the_header_are_as_they_are() {
    let head = head(b"\"a\"\"b\", c ,,\"x\ny\"\n1,2,3\n", &Csv::new());
    let head = head.expect("it is legal").expect("it is whole");
    assert_eq!(head.names.expect("names"), ["a\"b", " c ", "", "x\ny"]);
    assert_eq!((head.width, head.taken), (Some(3), 18));
}

#[test]
fn source_without_records_has_no_width() {
    for (data, names) in [
        ("", None),
        ("a,b\n", Some(2)),
        ("a,b", Some(2)),
        ("\n", Some(1)),
    ] {
        let head = head(data.as_bytes(), &Csv::new());
        let head = head.expect("it is legal").expect("it is whole");
        assert_eq!(head.names.map(|names| names.len()), names, "{data:?}");
        assert_eq!((head.width, head.taken), (None, data.len()));
    }
}

#[test]
fn header_is_counted_with_its_lines() {
    let case = Case {
        header: Header::Skip,
        ..Case::text("\"a\nb\"\n1\n", 1)
    };
    let (head, batches, _) = case.run();
    assert_eq!((head.names, head.width), (None, Some(1)));
    let place = batches[0].first;
    assert_eq!((place.record, place.line, place.offset), (0, 3, 6));
}

#[test]
fn latin_1_is_for_the_server_and_its_header_is_read() {
    let csv = Csv::new().encoding("ISO-8859-1");
    let found = head(b"caf\xE9\n\xE9\n", &csv).expect("it is legal");
    assert_eq!(
        found.expect("it is whole").names,
        Some(vec!["café".to_owned()])
    );
    let error = head(b"caf\xE9\n", &Csv::new().encoding("WIN1251"));
    let error = error.expect_err("who knows").to_string();
    assert!(
        error.contains("name 1 in the header is not ASCII"),
        "{error}"
    );
    let error = head(b"caf\xE9\n", &Csv::new()).expect_err("it is not UTF-8");
    assert!(
        error.to_string().contains("what is its encoding?"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_told_apart_is_refused() {
    let refused = [
        (Csv::new().delimiter(b'"'), "have to be different"),
        (Csv::new().delimiter(b'\n'), "its delimiter cannot be `\\n`"),
        (Csv::new().quote(0xE9), "its quote cannot be `\\xe9`"),
        (Csv::new().escape(0), "its escape cannot be `\\x00`"),
        (Csv::new().null("a,b"), "its NULL text cannot contain"),
        (Csv::new().null("\\."), "a line of `\\.` alone"),
        (Csv::new().encoding("Shift-JIS"), "half a character"),
    ];
    for (csv, reason) in refused {
        let error = head(b"a\n", &csv).expect_err("it is refused").to_string();
        assert!(error.starts_with("refused to read a.csv: "), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}
