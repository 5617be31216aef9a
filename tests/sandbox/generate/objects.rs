//! Tables and views that scripts make themselves, temporary ones among them, and what no transaction can do.

use super::text::one_of;
use crate::random::Random;

pub(super) fn statement(random: &mut Random) -> String {
    match random.below(10) {
        0..6 => one_of(random, TEMPORARY),
        _ => one_of(random, LASTING),
    }
}

const TEMPORARY: &[&str] = &[
    "create temp table mine (n int)",
    "create temporary table mine (n int primary key) on commit preserve rows",
    "create temp table mine (n int) on commit drop",
    "create temp table mine (n int) on commit delete rows",
    "create temp table if not exists mine (n int)",
    "create temp table mine as select n from generate_series(1, #) n",
    "create temp table mine on commit drop as select # n",
    "select # n into temp mine",
    "insert into mine values (#)",
    "insert into mine values (#)",
    "insert into mine values (#), (#) returning n",
    "select n from mine order by n",
    "select count(*) from mine",
    "update mine set n = n + 10 where n = #",
    "delete from mine",
    "drop table mine",
    "drop table if exists mine",
    "drop table pg_temp.mine",
    "create temp table log (line text)",
    "drop table pg_temp.log",
    "create temp view seen as select count(*) from log",
    "create temp sequence numbers",
    "select nextval('numbers')",
    "alter table mine add column other text",
    "discard temp",
];

const LASTING: &[&str] = &[
    "create table extra (n int primary key)",
    "create table extra (n int references author deferrable initially deferred)",
    "create table if not exists extra (n int)",
    "insert into extra values (#)",
    "select count(*) from extra",
    "select * from extra order by n",
    "alter table extra add column m int default #",
    "alter table extra rename to other",
    "create index extra_n on extra (n)",
    "drop index extra_n",
    "drop table extra",
    "drop table if exists extra, other",
    "create view seen as select name from author",
    "select * from seen order by 1",
    "drop view seen",
    "create table other as select # n",
    "insert into other values (#)",
    "alter table extra alter constraint extra_n_fkey deferrable initially immediate",
    "comment on table log is '@'",
    "analyze log",
];
