//! What `#[derive(FromRow)]` reads, option by option.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::rc::Rc;

use aiodal::row::{Columns, Plan};
use aiodal::{FromRow, Row, Transaction};

#[derive(Debug, PartialEq, FromRow)]
struct Author {
    id: i32,
    name: String,
    born: Option<i16>,
}

#[aiodal::test]
async fn fields_find_their_columns_by_name(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select 'Hep' as name, 1.5::float8 as unread, null::int2 as born, 1 as id";
    let author: Author = tx.query_one_as(sql, &[]).await?;
    let expected = Author {
        id: 1,
        name: "Hep".into(),
        born: None,
    };
    assert_eq!(author, expected);
    Ok(())
}

#[aiodal::test]
async fn columns_of_other_names_are_renamed(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(FromRow)]
    #[aiodal(rename_all = "camelCase")]
    struct Book {
        isbn_13: String,
        r#type: String,
        #[aiodal(rename = "Page count")]
        pages: i32,
    }
    let sql = r#"select 'x' as "isbn13", 'novel' as "type", 300 as "Page count""#;
    let book: Book = tx.query_one_as(sql, &[]).await?;
    assert_eq!(
        (&*book.isbn_13, &*book.r#type, book.pages),
        ("x", "novel", 300)
    );
    Ok(())
}

#[aiodal::test]
async fn a_missing_column_leaves_the_default(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(FromRow)]
    struct Book {
        #[aiodal(default)]
        pages: i32,
        #[aiodal(default)]
        tags: Vec<String>,
        #[aiodal(skip)]
        cache: BTreeMap<String, Rc<str>>,
    }
    let book: Book = tx
        .query_one_as("select array['a', 'b'] as tags, 5 as cache", &[])
        .await?;
    assert_eq!((book.pages, book.tags.len()), (0, 2));
    assert!(book.cache.is_empty());

    // A null is there.
    let error = tx
        .query_one_as::<Book>("select null::int4 as pages", &[])
        .await
        .err()
        .expect("a null");
    assert_eq!(
        error.to_string(),
        "cannot read Book.pages from column \"pages\": it is null, which i32 cannot be; use Option<i32>"
    );
    Ok(())
}

#[aiodal::test]
async fn a_flattened_field_reads_columns_of_its_own(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(Debug, PartialEq, FromRow)]
    struct Book {
        id: i32,
        #[aiodal(flatten, prefix = "author_")]
        author: Author,
        #[aiodal(flatten, prefix = "editor_")]
        editor: Option<Author>,
        #[aiodal(flatten)]
        size: Size,
    }
    #[derive(Debug, PartialEq, FromRow)]
    struct Size {
        pages: i32,
    }
    let columns = "select 9 as id, 1 as author_id, 'Hep' as author_name, null::int2 as author_born, 300 as pages";
    let without = format!(
        "{columns}, null::int4 as editor_id, null::text as editor_name, null::int2 as editor_born"
    );
    let book: Book = tx.query_one_as(&without, &[]).await?;
    assert_eq!(
        (book.id, book.author.id, &book.size),
        (9, 1, &Size { pages: 300 })
    );
    assert_eq!(book.editor, None);

    let with =
        format!("{columns}, 2 as editor_id, 'Jansson' as editor_name, 1914::int2 as editor_born");
    let book: Book = tx.query_one_as(&with, &[]).await?;
    assert_eq!(
        book.editor.map(|editor| (editor.id, editor.born)),
        Some((2, Some(1914)))
    );

    // Half an editor is a mistake, not none.
    let half =
        format!("{columns}, 2 as editor_id, null::text as editor_name, null::int2 as editor_born");
    let error = tx
        .query_one_as::<Book>(&half, &[])
        .await
        .expect_err("a name is missing");
    assert_eq!(error.column(), Some("editor_name"));
    Ok(())
}

#[aiodal::test]
async fn prefixes_add_up(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(FromRow)]
    struct Loan {
        #[aiodal(flatten, prefix = "book_")]
        book: Book,
    }
    #[derive(FromRow)]
    struct Book {
        #[aiodal(flatten, prefix = "author_")]
        author: Author,
        #[aiodal(flatten, prefix = "spot_")]
        spot: (String, i32),
    }
    let sql = "select 1 as book_author_id, 'Hep' as book_author_name, null::int2 as book_author_born, \
               'A' as book_spot_shelf, 4 as book_spot_row";
    let loan: Loan = tx.query_one_as(sql, &[]).await?;
    assert_eq!(
        (loan.book.author.id, loan.book.spot),
        (1, ("A".to_owned(), 4))
    );
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Isbn(String);

impl TryFrom<String> for Isbn {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() == 13 {
            Ok(Isbn(text))
        } else {
            Err(format!("an ISBN has 13 digits, not {}", text.len()))
        }
    }
}

#[derive(Debug, PartialEq)]
struct Cents(i64);

impl From<i64> for Cents {
    fn from(cents: i64) -> Self {
        Cents(cents)
    }
}

#[derive(Debug, PartialEq, FromRow)]
struct Priced {
    #[aiodal(try_from = "String")]
    isbn: Isbn,
    #[aiodal(try_from = String)]
    reprint: Option<Isbn>,
    #[aiodal(from = "i64")]
    price: Cents,
    #[aiodal(from = i64, default)]
    discount: Option<Cents>,
}

#[aiodal::test]
async fn a_value_is_converted_from_another_type(tx: &Transaction) -> aiodal::Result<()> {
    let sql = "select '9780000000002' as isbn, null::text as reprint, 1999::int8 as price, 100::int8 as discount";
    let priced: Priced = tx.query_one_as(sql, &[]).await?;
    let expected = Priced {
        isbn: Isbn("9780000000002".into()),
        reprint: None,
        price: Cents(1999),
        discount: Some(Cents(100)),
    };
    assert_eq!(priced, expected);
    Ok(())
}

#[aiodal::test]
async fn a_conversion_that_fails_says_why(tx: &Transaction) {
    let sql = "select '9780000000002' as isbn, '42' as reprint, 1999::int8 as price";
    let error = tx
        .query_one_as::<Priced>(sql, &[])
        .await
        .expect_err("two digits");
    assert_eq!(error.column(), Some("reprint"));
    assert_eq!(
        format!("{error:#}"),
        "cannot read Priced.reprint from column \"reprint\": the text was refused by Isbn\n  \
         caused by: an ISBN has 13 digits, not 2"
    );
}

#[aiodal::test]
async fn tuple_structs_read_by_order(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(Debug, PartialEq, FromRow)]
    struct Count(i64);
    #[derive(Debug, PartialEq, FromRow)]
    struct Pair(String, #[aiodal(skip)] u8, #[aiodal(from = "i64")] Cents);

    let count: Count = tx.query_one_as("select count(*)", &[]).await?;
    assert_eq!(count, Count(1));
    let pair: Pair = tx.query_one_as("select 'x', 5::int8", &[]).await?;
    assert_eq!(pair, Pair("x".into(), 0, Cents(5)));

    let error = tx
        .query_one_as::<Pair>("select 'x' as a", &[])
        .await
        .expect_err("one column");
    assert_eq!(
        error.to_string(),
        "cannot read Pair: it takes 2 columns, and the row has 1: \"a\""
    );
    Ok(())
}

#[aiodal::test]
async fn generic_structs_read_what_they_are_given(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(Debug, FromRow)]
    struct Page<T, U: Copy = i64, const N: usize = 2>
    where
        T: std::fmt::Debug,
    {
        #[aiodal(flatten)]
        item: T,
        total: U,
        #[aiodal(skip)]
        _marker: PhantomData<[u8; N]>,
    }
    let sql = "select 1 as id, 'Hep' as name, null::int2 as born, 12::int8 as total";
    let page: Page<Author> = tx.query_one_as(sql, &[]).await?;
    assert_eq!((page.item.id, page.total), (1, 12));

    let error = tx
        .query_one_as::<Page<Author, i32>>(sql, &[])
        .await
        .expect_err("an int8");
    assert!(
        error
            .to_string()
            .starts_with("cannot read Page<Author, i32>.total from column \"total\": it is int8"),
        "{error}"
    );
    Ok(())
}

#[aiodal::test]
async fn options_may_be_spread_over_attributes(tx: &Transaction) -> aiodal::Result<()> {
    use aiodal as db;

    #[derive(FromRow)]
    #[aiodal(crate = db)]
    #[aiodal(rename_all = "SCREAMING_SNAKE_CASE")]
    struct Shout {
        #[aiodal(default)]
        #[aiodal(from = "String")]
        loud_name: PathBuf,
    }
    let shout: Shout = tx.query_one_as(r#"select 'x' as "LOUD_NAME""#, &[]).await?;
    assert_eq!(shout.loud_name, PathBuf::from("x"));
    Ok(())
}

#[aiodal::test]
async fn a_field_may_be_called_as_what_the_derive_uses(tx: &Transaction) -> aiodal::Result<()> {
    #[derive(FromRow)]
    struct Awkward {
        row: i32,
        plan: i32,
        columns: i32,
        error: i32,
        #[aiodal(from = "i32")]
        self_: i64,
    }
    let sql = r#"select 1 as "row", 2 as plan, 3 as columns, 4 as error, 5 as self_"#;
    let it: Awkward = tx.query_one_as(sql, &[]).await?;
    assert_eq!(it.row + it.plan + it.columns + it.error, 10);
    assert_eq!(it.self_, 5);
    Ok(())
}

#[aiodal::test]
async fn columns_are_resolved_once_for_all_rows(tx: &Transaction) -> aiodal::Result<()> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static RESOLVED: AtomicUsize = AtomicUsize::new(0);

    struct Counted(#[expect(dead_code, reason = "only counted")] i32);
    impl FromRow for Counted {
        fn resolve(columns: &Columns<'_>) -> aiodal::Result<Plan> {
            RESOLVED.fetch_add(1, Ordering::Relaxed);
            columns.plan::<Self>().column::<i32>("n", "n").finish()
        }

        fn decode(row: &Row, plan: &Plan) -> aiodal::Result<Self> {
            plan.get(row, 0).map(Counted)
        }
    }
    let all = tx
        .query_as::<Counted>("select n from generate_series(1, 1000) n", &[])
        .await?;
    assert_eq!((all.len(), RESOLVED.load(Ordering::Relaxed)), (1000, 1));
    Ok(())
}
