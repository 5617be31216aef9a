//! What a session sets, shows and throws away.

use super::text::one_of;
use crate::random::Random;

pub(super) fn statement(random: &mut Random) -> String {
    match random.below(20) {
        0..7 => one_of(random, SET),
        7..12 => one_of(random, SHOW),
        12..14 => one_of(random, RESET),
        14..17 => one_of(random, LISTEN),
        17..19 => one_of(random, DISCARD),
        _ => one_of(random, WRONG),
    }
}

/// What a client says on arrival.
pub(super) fn startup(random: &mut Random) -> Vec<(String, String)> {
    let pairs = random.some(STARTUP, 3);
    let pairs = pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.collect()
}

const STARTUP: &[(&str, &str)] = &[
    ("application_name", "one"),
    ("work_mem", "1MB"),
    ("DateStyle", "German"),
    ("timezone", "Asia/Tokyo"),
    ("client_encoding", "UTF8"),
    ("extra_float_digits", "3"),
    ("my.own", "at first"),
    ("options", "-c work_mem=2MB -c intervalstyle=iso_8601"),
    ("default_transaction_read_only", "on"),
    ("bytea_output", "nothing"),
    ("nowhere", "1"),
];

const SET: &[&str] = &[
    "set work_mem = '#MB'",
    "set work_mem to 512",
    "set session work_mem = '#MB'",
    "set local work_mem = '#MB'",
    "SET DateStyle = German",
    "set datestyle to 'SQL, DMY'",
    "set local datestyle = 'Postgres'",
    "set time zone 'Asia/Tokyo'",
    "set time zone interval '-0#:00' hour to minute",
    "set local timezone = 'UTC'",
    "set application_name = '@'",
    "set application_name to one",
    "set extra_float_digits = -#",
    "set intervalstyle = iso_8601",
    "set bytea_output = escape",
    "set standard_conforming_strings = off",
    "set standard_conforming_strings = on",
    "set backslash_quote = on",
    "set client_min_messages = warning",
    "set client_min_messages = notice",
    "set client_encoding = 'LATIN1'",
    "set names 'UTF8'",
    "set my.own = '@'",
    "set local my.own = '@'",
    "set search_path = nowhere",
    "set local search_path = pg_catalog",
    "set schema 'pg_catalog'",
    "set default_transaction_read_only = on",
    "set default_transaction_read_only = off",
    "set default_transaction_isolation = 'serializable'",
    "set session characteristics as transaction isolation level read committed",
    "set session characteristics as transaction read only",
    "set session characteristics as transaction read write",
    "set enable_seqscan = off",
    "set role pg_monitor",
    "set local role pg_monitor",
    "set role none",
    "set session authorization default",
    "select set_config('work_mem', '#MB', false)",
    "select set_config('work_mem', '#MB', true)",
    "select set_config('my.own', '@', false)",
];

const SHOW: &[&str] = &[
    "show work_mem",
    "show datestyle",
    "show time zone",
    "show application_name",
    "show search_path",
    "show standard_conforming_strings",
    "show client_encoding",
    "show default_transaction_read_only",
    "select current_setting('work_mem'), current_setting('datestyle'), current_setting('my.own', true)",
    "select current_setting('my.own')",
    "select current_setting('role'), current_setting('intervalstyle'), current_setting('bytea_output')",
    "select current_user = session_user",
    "select '\\x41', '2020-02-03'::date, '\\x41'::bytea, '1 hour'::interval, 1 / 3::float4",
    "show nowhere",
    "show my.own",
];

const RESET: &[&str] = &[
    "reset work_mem",
    "reset datestyle",
    "set work_mem to default",
    "set time zone default",
    "set time zone local",
    "reset my.own",
    "reset application_name",
    "reset search_path",
    "reset role",
    "reset session authorization",
    "reset client_encoding",
    "reset client_min_messages",
    "reset all",
    "set local work_mem to default",
];

const LISTEN: &[&str] = &[
    "listen one",
    "listen one",
    "listen \"Two ;\"",
    "unlisten one",
    "unlisten *",
    "notify one",
    "notify one, '@'",
    "notify one, 'a'; notify one, 'a'; notify \"Two ;\", 'b'",
    "notify \"Two ;\"",
    "select pg_notify('one', '@')",
    "select * from pg_listening_channels() order by 1",
    "notify one, 5",
];

const DISCARD: &[&str] = &[
    "discard all",
    "discard plans",
    "discard temp",
    "discard sequences",
    "deallocate all",
    "close all",
    "unlisten *",
    "discard nothing",
];

const WRONG: &[&str] = &[
    "set work_mem = 'much'",
    "set work_mem = 1",
    "set nowhere = 1",
    "set datestyle = 'nonsense'",
    "set time zone 'Nowhere'",
    "set server_version = 1",
    "set max_connections = 1",
    "set local nowhere = 1",
    "set role nobody_here",
    "set client_encoding = 'nothing'",
    "reset nowhere",
    "select set_config('nowhere', '1', false)",
    "set",
    "set work_mem",
];
