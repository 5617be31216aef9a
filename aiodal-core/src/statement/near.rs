//! What a mistyped name may have been.

/// Returns the names that a few slips of the keyboard away, the nearest first, quoted; at most three.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Vec<String> {
    const MOST: usize = 3;
    // A third of the letters may be wrong: less misses plurals and prefixes, more proposes anything.
    let limit = (name.chars().count() / 3).max(1);
    let mut near: Vec<(usize, &str)> = known
        .map(|other| (distance(&name.to_lowercase(), &other.to_lowercase()), other))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    near.sort_unstable();
    let names = near.into_iter().take(MOST);
    names.map(|(_, name)| format!("\"{name}\"")).collect()
}

/// Levenshtein's distance, with neighbours swapped counted as one slip.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let a: Vec<char> = a.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut current = vec![i + 1];
        for j in 0..b.len() {
            let substituted = previous[j] + usize::from(a[i] != b[j]);
            let mut least = substituted.min(previous[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before[j - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_other_names_are_not() {
        let known = ["name", "born", "Name2"];
        assert_eq!(nearest("nmae", known.into_iter()), ["\"name\""]);
        assert_eq!(nearest("names", known.into_iter()), ["\"name\"", "\"Name2\""]);
        assert!(nearest("price", known.into_iter()).is_empty());
        assert_eq!(distance("", "abc"), 3);
    }
}
