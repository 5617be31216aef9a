//! Random tables, stages and merges: what is there afterwards is what a few loops over vectors make of them.
//!
//! `PROPERTY_SEED` makes the merge of that seed again; `PROPERTY_ITERATIONS` says how many there are.

use std::collections::BTreeMap;

use aiodal::Transaction;
use aiodal::bulk::{Dedupe, Merge, Orphans};

use super::{rejecting, whole};

const ITERATIONS: u64 = 100;

/// Parents are 0 and 1.
const PARENTS: i32 = 2;

/// Key, parent, value.
type Row = (Option<i32>, Option<i32>, Option<i32>);

#[derive(Debug)]
struct Case {
    nulls_not_distinct: bool,
    existing: Vec<Row>,
    staged: Vec<Row>,
    how: How,
    orphans: Orphans,
}

#[derive(Debug)]
enum How {
    Insert,
    Upsert {
        nothing: bool,
        if_changed: bool,
        delete_missing: bool,
        dedupe: Option<Dedupe>,
    },
}

/// What a merge leaves: the rows in order, and inserted, updated, unchanged, deleted, duplicate and orphaned ones; or the
/// code of its error, none for what is never sent.
type Outcome = Result<(Vec<Row>, [u64; 6]), Option<String>>;

#[aiodal::test]
async fn merge_makes_what_a_few_loops_make(tx: &mut Transaction) -> aiodal::Result<()> {
    let (first, number) = match read("PROPERTY_SEED") {
        Some(seed) => (seed, 1),
        None => {
            let chance: i64 = tx
                .query_scalar("select (random() * 1e12)::bigint", &[])
                .await?;
            (
                chance.unsigned_abs(),
                read("PROPERTY_ITERATIONS").unwrap_or(ITERATIONS),
            )
        }
    };
    tx.batch_execute(
        "create table parent (id int primary key); insert into parent values (0), (1)",
    )
    .await?;
    for seed in first..first + number {
        let case = Case::of(&mut Random(seed));
        let found = run(tx, &case).await?;
        let expected = case.expected();
        assert_eq!(found, expected, "PROPERTY_SEED={seed} {case:#?}");
    }
    Ok(())
}

fn read(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number, not {text:?}")))
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }

    fn chance(&mut self) -> bool {
        self.below(2) == 0
    }

    fn maybe(&mut self, end: u64) -> Option<i32> {
        (self.below(6) > 0).then(|| i32::try_from(self.below(end)).expect("it is small"))
    }
}

impl Case {
    fn of(random: &mut Random) -> Case {
        let nulls_not_distinct = random.chance();
        let mut existing: Vec<Row> = Vec::new();
        for _ in 0..random.below(6) {
            let row = (random.maybe(6), random.maybe(2), random.maybe(3));
            if !existing
                .iter()
                .any(|other| same(*other, row, nulls_not_distinct))
            {
                existing.push(row);
            }
        }
        let orphans = [Orphans::Fail, Orphans::Skip, Orphans::Null, Orphans::Reject];
        let orphans = orphans[usize::try_from(random.below(4)).expect("it is small")];
        // Which orphans the server looks at depends on more than a model should know.
        let parents = if orphans == Orphans::Fail { 2 } else { 4 };
        let staged =
            (0..random.below(9)).map(|_| (random.maybe(9), random.maybe(parents), random.maybe(3)));
        let staged = staged.collect();
        let how = if random.below(6) == 0 {
            How::Insert
        } else {
            let nothing = random.below(3) == 0;
            How::Upsert {
                nothing,
                if_changed: !nothing && random.chance(),
                delete_missing: random.chance(),
                dedupe: [None, Some(Dedupe::First), Some(Dedupe::Last)]
                    [usize::try_from(random.below(3)).expect("it is small")],
            }
        };
        Case {
            nulls_not_distinct,
            existing,
            staged,
            how,
            orphans,
        }
    }

    fn merge(&self) -> Merge<'static> {
        let merge = match self.how {
            How::Insert => Merge::insert(),
            How::Upsert {
                nothing,
                if_changed,
                delete_missing,
                dedupe,
            } => {
                let mut merge = Merge::upsert().on(["k"]);
                if nothing {
                    merge = merge.do_nothing();
                }
                if if_changed {
                    merge = merge.if_changed();
                }
                if delete_missing {
                    merge = merge.delete_missing();
                }
                match dedupe {
                    Some(which) => merge.dedupe(which),
                    None => merge,
                }
            }
        };
        merge.orphans(self.orphans)
    }

    fn expected(&self) -> Outcome {
        let same = |one: Row, other: Row| same(one, other, self.nulls_not_distinct);
        let mut staged = self.staged.clone();
        let mut deleted = 0;
        let mut rows: Vec<Row> = self.existing.clone();
        if let How::Upsert {
            delete_missing: true,
            ..
        } = self.how
        {
            if staged.is_empty() && !rows.is_empty() {
                return Err(None);
            }
            rows.retain(|row| staged.iter().any(|other| same(*row, *other)));
            deleted = self.existing.len() - rows.len();
        }
        let is_orphan = |row: &Row| row.1.is_some_and(|parent| parent >= PARENTS);
        let all = staged.len();
        if matches!(self.orphans, Orphans::Skip | Orphans::Reject) {
            staged.retain(|row| !is_orphan(row));
        }
        let mut orphans = all - staged.len();
        let all = staged.len();
        if let How::Upsert {
            dedupe: Some(which),
            ..
        } = self.how
        {
            let mut kept: Vec<Row> = Vec::new();
            if which == Dedupe::Last {
                staged.reverse();
            }
            for row in staged {
                if !kept.iter().any(|other| same(*other, row)) {
                    kept.push(row);
                }
            }
            staged = kept;
        }
        let duplicates = all - staged.len();
        for row in &mut staged {
            if is_orphan(row) {
                row.1 = None;
                orphans += 1;
            }
        }
        // With whether this merge has written it.
        let mut rows: Vec<(Row, bool)> = rows.into_iter().map(|row| (row, false)).collect();
        let (mut inserted, mut updated, mut unchanged) = (0, 0, 0);
        for row in staged {
            let Some((there, written)) = rows.iter_mut().find(|(there, _)| same(*there, row))
            else {
                rows.push((row, true));
                inserted += 1;
                continue;
            };
            match self.how {
                How::Insert => return Err(Some("23505".to_owned())),
                How::Upsert { nothing: true, .. } => unchanged += 1,
                How::Upsert { .. } if *written => return Err(Some("21000".to_owned())),
                How::Upsert {
                    if_changed: true, ..
                } if *there == row => unchanged += 1,
                How::Upsert { .. } => {
                    (*there, *written) = (row, true);
                    updated += 1;
                }
            }
        }
        let mut rows: Vec<Row> = rows.into_iter().map(|(row, _)| row).collect();
        rows.sort_unstable();
        let numbers = [inserted, updated, unchanged, deleted, duplicates, orphans];
        Ok((
            rows,
            numbers.map(|number| u64::try_from(number).expect("it is small")),
        ))
    }
}

/// Whether a unique key forbids two rows.
fn same(one: Row, other: Row, nulls_not_distinct: bool) -> bool {
    one.0 == other.0 && (nulls_not_distinct || one.0.is_some())
}

async fn run(tx: &mut Transaction, case: &Case) -> aiodal::Result<Outcome> {
    let nulls = if case.nulls_not_distinct {
        "nulls not distinct"
    } else {
        ""
    };
    tx.batch_execute(&format!(
        "drop table if exists t; create table t (k int unique {nulls}, p int constraint up references parent, v int)"
    ))
    .await?;
    for (key, parent, value) in &case.existing {
        tx.execute("insert into t values ($1, $2, $3)", &[key, parent, value])
            .await?;
    }
    let shown = |value: Option<i32>| value.map(|value| value.to_string()).unwrap_or_default();
    let mut csv = String::new();
    for row in &case.staged {
        let row = [row.0, row.1, row.2].map(shown).join(",");
        csv.push_str(&row);
        csv.push('\n');
    }
    let done = if case.orphans == Orphans::Reject {
        rejecting(tx, "t", &csv, case.merge())
            .await
            .map(|(done, _)| done)
    } else {
        whole(tx, "t", &csv, case.merge()).await
    };
    let done = match done {
        Ok(done) => done,
        Err(error) => return Ok(Err(error.code().map(|code| code.code().to_owned()))),
    };
    if case.orphans == Orphans::Reject {
        assert_eq!(done.rejected, done.orphans.values().sum::<u64>());
    }
    let rows = tx.query_as::<Row>("select k, p, v from t", &[]).await?;
    let mut rows: Vec<Row> = rows;
    rows.sort_unstable();
    let orphans: BTreeMap<String, u64> = done.orphans;
    Ok(Ok((
        rows,
        [
            done.inserted,
            done.updated,
            done.unchanged,
            done.deleted,
            done.duplicates,
            orphans.values().sum(),
        ],
    )))
}
