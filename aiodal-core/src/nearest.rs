//! Finds the name that was probably meant.

/// Returns the names that `wrong` may be a slip of the pen for: the nearest first, equally near ones by name, three at most.
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

/// Counts the insertions, removals, replacements and swaps of neighbours between two words (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut fewest = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                fewest = fewest.min(before[j - 1] + 1);
            }
            row.push(fewest);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("author", "author"), 0);
        assert_eq!(distance("author", "auhtro"), 2);
    }

    #[test]
    fn the_nearest_comes_first_and_a_stranger_not_at_all() {
        let names = ["books", "book", "author", "boo"];
        assert_eq!(nearest("bok", names), ["boo", "book"]);
        assert_eq!(nearest("Books", names), ["books", "book"]);
        assert!(nearest("invoice", names).is_empty());
    }
}
