//! Templates of statements, and the forms that one statement can be written in.

use crate::random::Random;

/// Fills a template: `#` becomes a small number, and `@` a short word.
///
/// There are few of them, so that they meet.
pub(super) fn filled(random: &mut Random, template: &str) -> String {
    let mut out = String::new();
    for c in template.chars() {
        match c {
            '#' => out.push_str(random.pick::<&str>(&["1", "2", "3", "4"])),
            '@' => out.push_str(random.pick::<&str>(&["a", "b", "c", "é", "d ; d"])),
            c => out.push(c),
        }
    }
    out
}

pub(super) fn one_of(random: &mut Random, templates: &[&str]) -> String {
    let template = *random.pick(templates);
    filled(random, template)
}

/// Gives temporary tables and cursors names of the client's own: in a sandbox there is one session that has them all.
pub(super) fn with_own_names(sql: &str, client: usize) -> String {
    let mine = format!("mine{client}");
    sql.replace("temp table log (line text)", "temp table mine (n int)")
        .replace("pg_temp.log", "pg_temp.mine")
        .replace(" mine", &format!(" {mine}"))
        .replace("pg_temp.mine", &format!("pg_temp.{mine}"))
        .replace("temp view seen", &format!("temp view seen{client}"))
        .replace("numbers", &format!("numbers{client}"))
        .replace("C d", &format!("C d{client}"))
        .split_inclusive(' ')
        .map(|word| own_cursor(word, client))
        .collect()
}

fn own_cursor(word: &str, client: usize) -> String {
    let name = word.trim_end_matches([' ', ';', '\n']);
    match name {
        "c" | "d" => format!("{name}{client}{}", &word[name.len()..]),
        _ => word.to_owned(),
    }
}

/// Writes a statement as somebody else would.
pub(super) fn disguised(random: &mut Random, sql: &str) -> String {
    match random.below(16) {
        0 => format!("/* ; commit; */ {sql}"),
        1 => format!("-- rollback;\n{sql}"),
        2 => format!("{sql};"),
        3 => format!("  {sql} ; ; "),
        4 => format!("/* é /* nested; */ */\n\t{sql} -- the end"),
        5 => first_word_in_capitals(sql),
        _ => sql.to_owned(),
    }
}

fn first_word_in_capitals(sql: &str) -> String {
    match sql.split_once(' ') {
        Some((word, rest)) => format!("{} {rest}", word.to_uppercase()),
        None => sql.to_uppercase(),
    }
}
