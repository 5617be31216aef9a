//! Fixtures: what is shared, what is alone, in which order, and how often.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aiodal::{Config, DataAccessLayer, Finalizers, Transaction};

/// What has happened in a test, in order. Each test has its own.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<&'static str>>>);

impl Log {
    fn note(&self, what: &'static str) {
        self.0.borrow_mut().push(what);
    }

    #[track_caller]
    fn assert(&self, expected: &[&str]) {
        assert_eq!(*self.0.borrow(), expected);
    }
}

#[aiodal::fixture]
async fn log() -> Log {
    Log::default()
}

#[derive(Debug, PartialEq)]
struct Author {
    id: i32,
}

struct Book {
    author: i32,
}

#[aiodal::fixture]
async fn author(log: &Log, tx: &mut Transaction) -> aiodal::Result<Author> {
    log.note("author");
    tx.batch_execute("create table author (id serial primary key, name text)")
        .await?;
    let sql = "insert into author (name) values ('Hep') returning id";
    Ok(Author {
        id: tx.query_one(sql, &[]).await?.get(0),
    })
}

#[aiodal::fixture]
async fn book(author: &Author, log: &Log) -> Book {
    log.note("book");
    Book { author: author.id }
}

#[aiodal::test]
async fn fixture_is_set_up_before_who_asks_and_once(
    book: &Book,
    author: &Author,
    log: &Log,
    tx: &Transaction,
) -> aiodal::Result<()> {
    log.assert(&["author", "book"]);
    assert_eq!(book.author, author.id);
    let count: i64 = tx
        .query_one("select count(*) from author", &[])
        .await?
        .get(0);
    assert_eq!(count, 1);
    Ok(())
}

#[aiodal::test]
async fn rows_of_a_fixture_are_rolled_back_with_its_test(tx: &Transaction) -> aiodal::Result<()> {
    let there: bool = tx
        .query_one("select to_regclass('author') is not null", &[])
        .await?
        .get(0);
    assert!(!there);
    Ok(())
}

#[aiodal::test]
async fn fixture_that_nobody_else_asks_for_is_taken(mut author: Author, log: &Log) {
    author.id += 1;
    assert_eq!(author, Author { id: 2 });
    log.assert(&["author"]);
}

/// A local type in a box of std's is asked for by name; so is everything of std's.
#[aiodal::fixture(named)]
async fn alice() -> &'static str {
    "Alice"
}

#[aiodal::fixture]
async fn numbers(#[from(alice)] name: &&'static str) -> Vec<usize> {
    vec![name.len()]
}

#[aiodal::test]
async fn foreign_type_is_asked_for_by_name(
    #[from(numbers)] numbers: Vec<usize>,
    #[from(alice)] name: &&str,
) {
    assert_eq!((numbers, *name), (vec![5], "Alice"));
}

#[aiodal::test]
async fn reference_to_a_static_is_taken_as_it_is(#[from(alice)] name: &'static str) {
    assert_eq!(name, "Alice");
}

mod kit {
    /// Two of one type.
    #[derive(Debug, PartialEq)]
    pub(super) struct Team(pub(super) &'static str);

    #[aiodal::fixture]
    pub(super) async fn home() -> Team {
        Team("home")
    }

    #[aiodal::fixture(named)]
    pub(super) async fn away() -> Team {
        Team("away")
    }
}

#[aiodal::test]
async fn named_fixture_is_not_the_one_of_its_type(
    team: &kit::Team,
    #[from(kit::away)] away: &mut kit::Team,
    #[from(kit::home)] home: &kit::Team,
) {
    assert_eq!((team.0, away.0), ("home", "away"));
    assert!(
        std::ptr::eq(team, home),
        "by type and by name it is one instance"
    );
}

struct Post {
    title: String,
    words: usize,
}

#[aiodal::fixture]
async fn post(
    #[default("Untitled")] title: &str,
    log: &Log,
    #[default(90 + 10)] words: usize,
) -> Post {
    log.note("post");
    Post {
        title: title.to_owned(),
        words,
    }
}

#[aiodal::test]
async fn values_make_an_instance_of_its_own(
    post: &Post,
    #[with("Long", 5_000)] lengthy: &Post,
    #[with("Short")] mut short: Post,
    #[with()] other: &Post,
    #[from(post)]
    #[with("Named")]
    named: Post,
    log: &Log,
) {
    short.words -= 1;
    let told = [post, lengthy, &short, other, &named].map(|post| (post.title.as_str(), post.words));
    let expected = [
        ("Untitled", 100),
        ("Long", 5_000),
        ("Short", 99),
        ("Untitled", 100),
        ("Named", 100),
    ];
    assert_eq!(told, expected);
    assert!(!std::ptr::eq(post, other));
    log.assert(&["post"; 5]);
}

#[aiodal::fixture]
async fn pair(#[with("A")] a: Post, #[with("B")] b: &Post) -> (String, String) {
    (a.title, b.title.clone())
}

#[aiodal::test]
async fn fixture_sets_the_parameters_of_what_it_asks_for(#[from(pair)] pair: (String, String)) {
    assert_eq!(pair, ("A".to_owned(), "B".to_owned()));
}

#[aiodal::test]
async fn fixture_can_be_called_as_a_function() {
    let log = Log::default();
    assert_eq!(post("Called", &log, 1).await.title, "Called");
}

struct Through(i64);

#[aiodal::fixture]
async fn through(dal: &DataAccessLayer) -> aiodal::Result<Through> {
    let sql = "create table through (n int); insert into through values (1)";
    dal.with_transaction(async |tx| tx.batch_execute(sql).await)
        .await?;
    Ok(Through(1))
}

#[aiodal::test]
async fn commit_of_a_fixture_is_seen_by_its_test_and_rolled_back(
    through: &Through,
    tx: &Transaction,
) -> aiodal::Result<()> {
    let count: i64 = tx
        .query_one("select count(*) from through", &[])
        .await?
        .get(0);
    assert_eq!(count, through.0);
    Ok(())
}

#[aiodal::test]
async fn configuration_can_be_asked_for(config: &Config) {
    assert!(!config.allow_production);
}

static CATALOGS: AtomicUsize = AtomicUsize::new(0);

struct Catalog {
    pool_size: Option<u32>,
    set_up_on: std::thread::ThreadId,
}

struct Index(usize);

#[aiodal::fixture(scope = "session")]
async fn catalog(config: &Config) -> std::io::Result<Catalog> {
    CATALOGS.fetch_add(1, Ordering::Relaxed);
    // Others come meanwhile.
    tokio::task::yield_now().await;
    Ok(Catalog {
        pool_size: config.pool.max_size,
        set_up_on: std::thread::current().id(),
    })
}

#[aiodal::fixture(scope = "session")]
async fn index(catalog: &Catalog, #[from(catalog)] same: &Catalog) -> Index {
    assert!(std::ptr::eq(catalog, same));
    Index(std::ptr::from_ref(catalog).addr())
}

#[aiodal::fixture(named)]
async fn of_test_and_session(catalog: &Catalog, log: &Log) -> Through {
    log.note("of_test_and_session");
    Through(i64::from(catalog.pool_size.unwrap_or(0)))
}

#[aiodal::test]
async fn session_fixture_is_set_up_once_one(catalog: &Catalog, index: &Index) {
    once(catalog, index);
}

#[aiodal::test(flavor = "multi_thread")]
async fn session_fixture_is_set_up_once_two(index: &Index, catalog: &Catalog) {
    once(catalog, index);
}

#[aiodal::test(start_paused = true)]
async fn session_fixture_is_asked_for_by_fixtures_of_tests(
    #[from(of_test_and_session)] through: &Through,
    #[from(catalog)] catalog: &Catalog,
    index: &Index,
) {
    assert_eq!(through.0, i64::from(catalog.pool_size.unwrap_or(0)));
    once(catalog, index);
}

/// Fails in whichever test comes second, if it is given another.
fn once(catalog: &Catalog, index: &Index) {
    assert_eq!(CATALOGS.load(Ordering::Relaxed), 1);
    assert_eq!(std::ptr::from_ref(catalog).addr(), index.0);
    assert_ne!(catalog.set_up_on, std::thread::current().id());
}

/// Notes when it is dropped.
struct Dropped(Log, &'static str);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note(self.1);
    }
}

#[aiodal::fixture]
async fn first(log: &Log, finalizers: &Finalizers) -> Dropped {
    finalize(log, finalizers, "first is finalized");
    Dropped(log.clone(), "first is dropped")
}

struct Second(#[expect(dead_code, reason = "dropped")] Dropped);

#[aiodal::fixture]
async fn second(first: &Dropped, log: &Log, finalizers: &Finalizers) -> Second {
    assert_eq!(first.1, "first is dropped");
    finalize(log, finalizers, "second is finalized");
    Second(Dropped(log.clone(), "second is dropped"))
}

fn finalize(log: &Log, finalizers: &Finalizers, what: &'static str) {
    let log = log.clone();
    finalizers.add(async move {
        tokio::task::yield_now().await;
        log.note(what);
    });
}

/// The last value that is dropped: it was set up before the others.
struct Witness(Log);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.assert(&[
            "body",
            "test is finalized",
            "second is finalized",
            "first is finalized",
            "second is dropped",
            "first is dropped",
        ]);
    }
}

#[aiodal::fixture]
async fn witness(log: &Log) -> Witness {
    Witness(log.clone())
}

#[aiodal::test]
async fn tear_down_is_in_reverse(
    _witness: &Witness,
    second: &Second,
    finalizers: &Finalizers,
    log: &Log,
) {
    let Second(_) = second;
    finalize(log, finalizers, "test is finalized");
    log.note("body");
}

#[aiodal::fixture(named)]
async fn announced(dal: &DataAccessLayer, finalizers: &Finalizers) -> Through {
    let dal = dal.clone();
    finalizers.add(async move {
        let tx = dal.transaction().await?;
        let said: String = tx
            .query_one("select said from announcement", &[])
            .await?
            .get(0);
        assert_eq!(said, "by the body");
        Ok::<_, aiodal::Error>(())
    });
    Through(0)
}

#[aiodal::test]
async fn finalizer_comes_before_the_rollback(
    #[from(announced)] through: &Through,
    tx: &Transaction,
) -> aiodal::Result<()> {
    assert_eq!(through.0, 0);
    tx.batch_execute("create table announcement as select 'by the body' as said")
        .await
}
