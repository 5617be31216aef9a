//! Cursors of SQL.

use super::text::one_of;
use crate::random::Random;

pub(super) fn statement(random: &mut Random) -> String {
    match random.below(8) {
        0..3 => one_of(random, DECLARE),
        3..7 => one_of(random, FETCH),
        _ => one_of(random, CLOSE),
    }
}

const DECLARE: &[&str] = &[
    "declare c cursor for select n from generate_series(1, 5) n",
    "declare c scroll cursor for select n from generate_series(1, 5) n",
    "declare c no scroll cursor for select name from author order by id",
    "declare c cursor with hold for select n from generate_series(1, 5) n",
    "declare \"C d\" binary cursor with hold for select n from generate_series(1, 5) n",
    "declare d cursor without hold for select 1/(3-n) from generate_series(1, 5) n",
    "declare d insensitive cursor for select * from nowhere",
    "declare c cursor for insert into log values ('@')",
];

const FETCH: &[&str] = &[
    "fetch c",
    "fetch # from c",
    "fetch all from c",
    "fetch backward # from c",
    "fetch first from c",
    "fetch relative 0 in c",
    "move # in c",
    "move forward all in c",
    "fetch # from \"C d\"",
    "fetch # from d",
    "fetch all from d",
    "fetch from p",
    "update author set born = # where current of c",
];

const CLOSE: &[&str] = &[
    "close c",
    "close d",
    "close \"C d\"",
    "close all",
    "close p",
];
