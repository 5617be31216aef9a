//! Staged rows that refer to a row that is not there.

use std::collections::BTreeMap;

use aiodal::Transaction;
use aiodal::bulk::{Dedupe, Merge, Orphans};

use super::{counts, rejecting, rows, whole};

const PLANES: &str = "
    create table plane (tail text primary key);
    create table airport (code text, kind int, primary key (code, kind));
    create table flight (
        id int primary key,
        tail text constraint flight_tail references plane,
        origin text not null, kind int,
        parent int constraint flight_parent references flight,
        constraint flight_origin foreign key (origin, kind) references airport);
    insert into plane values ('N1'), ('N2');
    insert into airport values ('JFK', 1)";

/// By id: fine, no tail, no origin, half an origin, a parent that is staged, one that is not, one that is left out.
const FLIGHTS: &str = "1,N1,JFK,1,\n2,N9,JFK,1,\n3,N1,\"O,R\",1,\n4,N2,XXX,,\n5,N1,JFK,1,6\n6,N1,JFK,1,6\n7,N1,JFK,1,99\n\
                       8,N1,JFK,1,2\n9,N1,JFK,1,8\n";

fn found<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    let counts = counts.into_iter();
    counts
        .map(|(name, count)| (name.to_owned(), count))
        .collect()
}

#[aiodal::test]
async fn orphans_are_skipped_and_so_are_theirs(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PLANES).await?;
    let done = whole(
        tx,
        "flight",
        FLIGHTS,
        Merge::insert().orphans(Orphans::Skip),
    )
    .await?;
    assert_eq!(done.inserted, 4);
    assert_eq!(
        done.orphans,
        found([
            ("flight_origin", 1),
            ("flight_parent", 3),
            ("flight_tail", 1)
        ])
    );
    assert_eq!(
        rows(tx, "select id from flight order by 1").await?,
        "(1) (4) (5) (6)"
    );
    Ok(())
}

#[aiodal::test]
async fn orphans_may_refer_to_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PLANES).await?;
    let done = whole(
        tx,
        "flight",
        FLIGHTS,
        Merge::insert().orphans(Orphans::Null),
    )
    .await?;
    assert_eq!(done.inserted, 9);
    assert_eq!(
        done.orphans,
        found([
            ("flight_origin", 1),
            ("flight_parent", 1),
            ("flight_tail", 1)
        ])
    );
    assert_eq!(
        rows(
            tx,
            "select * from flight where id in (2, 3, 7, 9) order by 1"
        )
        .await?,
        "(2,,JFK,1,) (3,N1,\"O,R\",,) (7,N1,JFK,1,) (9,N1,JFK,1,8)"
    );
    Ok(())
}

#[aiodal::test]
async fn orphans_are_rejected_with_the_row_and_the_reason(
    tx: &mut Transaction,
) -> aiodal::Result<()> {
    tx.batch_execute(PLANES).await?;
    let merge = Merge::upsert()
        .orphans(Orphans::Reject)
        .orphans_of("flight_parent", Orphans::Null);
    let (done, rejected) = rejecting(tx, "flight", FLIGHTS, merge).await?;
    assert_eq!(counts(&done), (7, 0, 0, 0));
    assert_eq!(
        rejected,
        [
            [
                "flight_origin",
                "origin, kind",
                "O,R, 1",
                "key (origin, kind) is not present in public.airport",
                "3,N1,\"O,R\",1,",
            ],
            [
                "flight_tail",
                "tail",
                "N9",
                "key (tail) is not present in public.plane",
                "2,N9,JFK,1,",
            ],
        ]
    );
    assert_eq!(done.orphans.get("flight_parent"), Some(&2));
    Ok(())
}

#[aiodal::test]
async fn orphans_fail_unless_told_otherwise(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PLANES).await?;
    let merge = Merge::insert()
        .orphans(Orphans::Skip)
        .orphans_of("flight_tail", Orphans::Fail);
    let error = whole(tx, "flight", FLIGHTS, merge)
        .await
        .expect_err("N9 is no plane");
    assert_eq!(error.constraint(), Some("flight_tail"));
    Ok(())
}

#[aiodal::test]
async fn orphan_is_not_missing(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PLANES).await?;
    tx.batch_execute(
        "insert into flight values (1, 'N1', 'JFK'), (2, 'N1', 'JFK'), (3, 'N1', 'JFK')",
    )
    .await?;
    let merge = Merge::upsert()
        .orphans(Orphans::Skip)
        .delete_missing()
        .dedupe(Dedupe::Last);
    // The last row of 3 is an orphan: the one before is the last.
    let done = whole(
        tx,
        "flight",
        "2,N9,JFK,,\n3,N1,LGA,,\n3,N2,LGA,,\n3,N9,LGA,,\n",
        merge,
    )
    .await?;
    assert_eq!((counts(&done), done.duplicates), ((0, 1, 0, 1), 1));
    assert_eq!(
        rows(tx, "select id, tail, origin from flight order by 1").await?,
        "(2,N1,JFK) (3,N2,LGA)"
    );
    Ok(())
}

#[aiodal::test]
async fn full_match_takes_all_or_nothing(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create table a (x int, y int, primary key (x, y)); insert into a values (1, 1);
         create table b (id int, x int, y int, constraint b_a foreign key (x, y) references a match full)",
    )
    .await?;
    let csv = "1,1,1\n2,,\n3,1,\n4,2,2\n";
    let merge = Merge::insert().orphans(Orphans::Reject);
    let (done, rejected) = rejecting(tx, "b", csv, merge).await?;
    assert_eq!((done.inserted, done.orphans), (2, found([("b_a", 2)])));
    let reasons: Vec<&str> = rejected.iter().map(|reject| &*reject[3]).collect();
    assert_eq!(
        reasons,
        [
            "key (x, y) is null in part, and its foreign key is MATCH FULL",
            "key (x, y) is not present in public.a",
        ]
    );
    let done = whole(tx, "b", csv, Merge::insert().orphans(Orphans::Null)).await?;
    assert_eq!(done.inserted, 4);
    Ok(())
}

#[aiodal::test]
async fn keys_are_compared_as_the_server_compares_them(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(
        "create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         create table a (k text collate blind primary key); insert into a values ('Ann');
         create table n (k bigint primary key); insert into n values (1);
         create table p (k int primary key) partition by range (k);
         create table p1 partition of p for values from (0) to (10); insert into p values (1);
         create table b (a text references a, n int references n, p int references p)",
    )
    .await?;
    let done = whole(
        tx,
        "b",
        "ANN,1,1\nBob,1,1\nann,2,1\nann,1,2\n",
        Merge::insert().orphans(Orphans::Skip),
    )
    .await?;
    assert_eq!(done.inserted, 1);
    assert_eq!(
        done.orphans,
        found([("b_a_fkey", 1), ("b_n_fkey", 1), ("b_p_fkey", 1)])
    );
    Ok(())
}

#[aiodal::test]
async fn what_cannot_be_done_about_orphans_is_refused(tx: &mut Transaction) -> aiodal::Result<()> {
    tx.batch_execute(PLANES).await?;
    tx.batch_execute("alter table flight alter tail set not null")
        .await?;
    let cases = [
        (
            Merge::insert().orphans(Orphans::Null),
            "because (tail) must not be null: skip or reject them",
        ),
        (
            Merge::insert().orphans_of("flight_tial", Orphans::Skip),
            "did you mean \"flight_tail\"?",
        ),
        (
            Merge::insert()
                .columns(["id"])
                .orphans_of("flight_tail", Orphans::Skip),
            "which is not merged",
        ),
    ];
    for (merge, reason) in cases {
        let error = whole(tx, "flight", FLIGHTS, merge)
            .await
            .expect_err("it is refused")
            .to_string();
        assert!(error.contains(reason), "{error}");
    }
    Ok(())
}
