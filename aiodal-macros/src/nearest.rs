//! Finds the name that was probably meant, and words the list of the right ones.

/// Words the right names, the nearest one first when `wrong` looks like a slip of the pen.
pub(crate) fn expected_one_of(wrong: &str, names: &[&str]) -> String {
    let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let list = list.join(", ");
    match nearest(wrong, names) {
        Some(name) => format!("did you mean `{name}`? expected one of: {list}"),
        None => format!("expected one of: {list}"),
    }
}

fn nearest<'a>(wrong: &str, names: &[&'a str]) -> Option<&'a str> {
    names
        .iter()
        .map(|name| (distance(wrong, name), *name))
        .min()
        // A third of the letters may differ; beyond that a suggestion is a guess.
        .filter(|(distance, name)| *distance * 3 <= name.len().max(wrong.len()))
        .map(|(_, name)| name)
}

/// Counts the insertions, removals and replacements between two words (Levenshtein distance).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("flavor", "flavor"), 0);
    }

    #[test]
    fn a_slip_of_the_pen_gets_a_suggestion() {
        assert_eq!(
            expected_one_of("flavour", &["flavor", "timeout"]),
            "did you mean `flavor`? expected one of: `flavor`, `timeout`"
        );
    }

    #[test]
    fn an_unrelated_word_gets_only_the_list() {
        assert_eq!(
            expected_one_of("schema", &["flavor", "timeout"]),
            "expected one of: `flavor`, `timeout`"
        );
    }
}
