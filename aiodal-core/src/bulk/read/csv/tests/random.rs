//! Random sources: in whatever pieces they come, the server is given what they say.
//!
//! `PROPERTY_SEED` makes the source of that seed again; `PROPERTY_ITERATIONS` says how many there are.

use std::hash::{BuildHasher, RandomState};

use tokio_postgres::types::Type;

use super::model::Read;
use super::source::{Random, number, rules, source};
use super::{Case, model};
use crate::SqlState;
use crate::bulk::batch::Batch;
use crate::bulk::format::Header;
use crate::bulk::read::parse::Head;

const ITERATIONS: u64 = 3_000;

#[test]
fn whatever_the_pieces_the_server_is_given_what_the_source_says() {
    let (first, number) = match number("PROPERTY_SEED") {
        Some(seed) => (seed, 1),
        None => (
            RandomState::new().hash_one(0) >> 1,
            number("PROPERTY_ITERATIONS").unwrap_or(ITERATIONS),
        ),
    };
    for seed in first..first + number {
        let case = case(&mut Random(seed));
        if let Some(problem) = problem(&case) {
            panic!(
                "PROPERTY_SEED={seed}: {problem}\nof {}\n{:?}",
                case.data.escape_ascii(),
                Case {
                    data: Vec::new(),
                    ..case
                }
            );
        }
    }
}

fn case(random: &mut Random) -> Case {
    let rules = rules(random);
    let width = 1 + random.below(4);
    let data = source(random, &rules, &vec![false; width]);
    let types = [
        Some(Type::TEXT),
        Some(Type::TEXT),
        Some(Type::BYTEA),
        Some(Type::XML),
    ];
    let mut places: Vec<usize> = (0..width).collect();
    let mut fields: Vec<Option<usize>> = (0..width).map(Some).collect();
    if random.one_in(3) {
        // Others are left out, in another order.
        let kept = 1 + random.below(width);
        fields = vec![None; width];
        for column in 0..kept {
            let place = places.swap_remove(random.below(places.len()));
            fields[place] = Some(column);
        }
    }
    let columns = fields.iter().flatten().count();
    let plain = random.one_in(4);
    let types = (0..columns).map(|_| {
        let of = types[random.below(if plain { 4 } else { 2 })].clone();
        of.filter(|of| *of != Type::XML)
    });
    let types: Vec<_> = types.collect();
    if fields.iter().copied().eq((0..width).map(Some)) && random.one_in(4) {
        fields = Vec::new();
    }
    Case {
        data,
        rules,
        header: if random.one_in(3) {
            Header::Skip
        } else {
            Header::None
        },
        types,
        fields,
        keep: random.one_in(2),
        pieces: (0..=random.below(4))
            .map(|_| 1 + random.below(100))
            .collect(),
        batch: random.of(&[1, 50, 1000]),
    }
}

/// What the source says, and whether each record is refused.
fn expected(case: &Case) -> Vec<Read> {
    let mut all = model::read(&case.data, &case.rules);
    if case.header == Header::Skip && !all.is_empty() {
        all.remove(0);
    }
    for read in &mut all {
        let Read::Record(fields) = read else { continue };
        if case.fields.is_empty() {
            continue;
        }
        let reordered = !case
            .fields
            .iter()
            .copied()
            .eq((0..case.types.len()).map(Some));
        if fields.len() != case.fields.len() {
            if reordered {
                *read = Read::Refused;
            }
            continue;
        }
        let mut chosen = vec![None; case.types.len()];
        for (value, column) in fields.drain(..).zip(&case.fields) {
            if let Some(column) = column {
                chosen[*column] = value;
            }
        }
        *fields = chosen;
    }
    all
}

fn problem(case: &Case) -> Option<String> {
    let expected = expected(case);
    let (head, batches, error) = case.run();
    let loaded = match case.loaded(&batches) {
        Ok(loaded) => loaded,
        Err(problem) => return Some(problem),
    };
    if let Some(problem) = misplaced(&head, case, &batches) {
        return Some(problem);
    }
    let Some(error) = error else {
        let same = loaded == expected;
        return (!same).then(|| difference(&expected, &loaded));
    };
    if case.keep {
        return Some(format!("{error:?}"));
    }
    if error.code() != Some(&SqlState::BAD_COPY_FILE_FORMAT) {
        return Some(format!("not the server's code: {error:?}"));
    }
    let refused = expected.iter().position(|read| *read == Read::Refused);
    let Some(refused) = refused else {
        return Some(format!("nothing was to be refused: {error:?}"));
    };
    let good = expected.starts_with(&loaded) && loaded.len() <= refused;
    (!good).then(|| format!("{}, then {error:?}", difference(&expected, &loaded)))
}

fn difference(expected: &[Read], loaded: &[Read]) -> String {
    let pairs = expected.iter().zip(loaded);
    let alike = pairs.take_while(|(one, other)| one == other).count();
    format!(
        "of {} records {} were loaded; the one at {alike} was to be {:?}, and is {:?}",
        expected.len(),
        loaded.len(),
        expected.get(alike),
        loaded.get(alike)
    )
}

/// Whether each batch is where it says it is, and nothing is missing.
fn misplaced(head: &Head, case: &Case, batches: &[Batch]) -> Option<String> {
    let mut raw = Vec::new();
    let mut records = 0;
    for batch in batches {
        let place = batch.first;
        if place.record != records {
            return Some(format!("{place:?} is not behind {records} records"));
        }
        records += u64::from(batch.records) + batch.refused.len() as u64;
        let Some(kept) = &batch.kept else { continue };
        let before = &case.data[..head.taken + raw.len()];
        if usize::try_from(place.offset) != Ok(before.len()) {
            return Some(format!("{place:?} is not behind {} bytes", before.len()));
        }
        let whole = kept.raw_ends.len() == batch.records as usize
            && kept.raw_ends.last().copied().unwrap_or(0) as usize == kept.raw.len()
            && kept.data_ends.len() == batch.records as usize
            && kept.data_ends.last().copied().unwrap_or(0) as usize == batch.data.len();
        if !whole {
            return Some(format!("{kept:?}"));
        }
        if let Some(line) = line_of(case, before)
            && line != place.line
        {
            return Some(format!("{place:?} is not in line {line}"));
        }
        raw.extend_from_slice(&kept.raw);
        for refused in &batch.refused {
            raw.extend_from_slice(&refused.raw);
        }
    }
    (case.keep && case.data[head.taken..] != raw)
        .then(|| "what was kept is not the source".to_owned())
}

/// The line of a record, as an editor counts; unclear where there are both LF and CR alone.
fn line_of(case: &Case, before: &[u8]) -> Option<u64> {
    let count = |end: u8| memchr::memchr_iter(end, before).count();
    let next = case.data[1.min(case.data.len())..].iter().chain(b" ");
    let mut pairs = case.data.iter().zip(next);
    let lines = if !case.data.contains(&b'\n') {
        count(b'\r')
    } else if pairs.any(|(byte, next)| *byte == b'\r' && *next != b'\n') {
        return None;
    } else {
        count(b'\n')
    };
    Some(lines as u64 + 1)
}
