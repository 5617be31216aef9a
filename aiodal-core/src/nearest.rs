//! Finds the name that was probably meant.

/// Returns the nearest of `names` if `wrong` looks like a slip of the pen.
pub(crate) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .min()
        // A third of the letters may differ; beyond that a suggestion is a guess.
        .filter(|(distance, name)| distance * 3 <= name.len().max(wrong.len()))
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
    fn nearest_is_a_slip_of_the_pen_away_or_nothing() {
        let names = ["author", "book", "publisher"];
        assert_eq!(nearest("autor", names), Some("author"));
        assert_eq!(nearest("shelf", names), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
