//! `#[aiodal(json)]`: a column of JSON into whatever serde can make of it.

use aiodal::{FromRow, Transaction};
use serde::Deserialize;

#[derive(Debug, PartialEq, Default, Deserialize)]
struct Settings {
    theme: String,
    #[serde(default)]
    sizes: Vec<u8>,
}

#[derive(Debug, PartialEq, FromRow)]
struct User {
    #[aiodal(json)]
    settings: Settings,
    #[aiodal(json)]
    old: Option<Settings>,
    #[aiodal(json, default)]
    missing: Settings,
    raw: Option<serde_json::Value>,
}

#[aiodal::test]
async fn json_and_jsonb_are_deserialized(tx: &Transaction) -> aiodal::Result<()> {
    for kind in ["json", "jsonb"] {
        let sql = format!(
            r#"select '{{"theme": "dark", "sizes": [1, 2]}}'::{kind} as settings, null::{kind} as old, '[1]'::{kind} as raw"#
        );
        let user: User = tx.query_one_as(&sql, &[]).await?;
        let settings = Settings {
            theme: "dark".into(),
            sizes: vec![1, 2],
        };
        assert_eq!((user.settings, user.old), (settings, None));
        assert_eq!(user.missing, Settings::default());
        assert_eq!(user.raw, Some(serde_json::json!([1])));
    }
    Ok(())
}

#[aiodal::test]
async fn json_null_and_null_are_both_none(tx: &Transaction) -> aiodal::Result<()> {
    let sql = r#"select '{"theme": ""}'::json as settings, 'null'::json as old, null::json as raw"#;
    let user: User = tx.query_one_as(sql, &[]).await?;
    assert_eq!((user.old, user.raw), (None, None));
    Ok(())
}

#[aiodal::test]
async fn json_that_does_not_fit_says_where(tx: &Transaction) {
    let cases = [
        (
            r#"'{"thema": 1}'::jsonb"#,
            "cannot read User.settings from column \"settings\": the jsonb was refused by Settings\n  \
             caused by: missing field `theme` at line 1 column 12",
        ),
        (
            "null::jsonb",
            "cannot read User.settings from column \"settings\": it is null, which Settings cannot be; use \
             Option<Settings>",
        ),
        (
            "'{}'::text",
            "cannot read User.settings from column \"settings\": it is text, and Json<Settings> reads json, jsonb; \
             its Rust type is String",
        ),
    ];
    for (value, expected) in cases {
        let sql = format!("select {value} as settings, null::json as old, null::json as raw");
        let error = tx
            .query_one_as::<User>(&sql, &[])
            .await
            .expect_err("it does not fit");
        assert_eq!(format!("{error:#}"), expected);
    }
}
