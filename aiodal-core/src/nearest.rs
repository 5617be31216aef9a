//! Finds the name that was probably meant.

/// Returns the names that `wrong` may be a slip of the pen for, the nearest first, three at most.
///
/// A third of the letters may differ; beyond that a suggestion is a guess. Case does not count.
///
/// ```
/// assert_eq!(aiodal_core::nearest("autor", ["book", "author"]), ["author"]);
/// ```
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    const MOST: usize = 3;
    let lower = wrong.to_lowercase();
    let length = lower.chars().count();
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let longest = length.max(name.chars().count());
            // The lengths alone can say that too much differs.
            if (2 * longest - length - name.chars().count()) * 3 > longest {
                return None;
            }
            let far = distance(&lower, &name.to_lowercase());
            (far * 3 <= longest).then_some((far, name))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST);
    found.into_iter().map(|(_, name)| name).collect()
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
        assert_eq!(distance("author", "author"), 0);
    }

    #[test]
    fn the_nearest_comes_first_and_a_stranger_not_at_all() {
        let names = ["books", "book", "author", "boo"];
        assert_eq!(nearest("bok", names), ["book", "boo"]);
        assert_eq!(nearest("Books", names), ["books", "book"]);
        assert!(nearest("invoice", names).is_empty());
    }
}
