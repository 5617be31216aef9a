//! Names of tests, as `rstest` makes them: users know them from there, and filters are written against them.

use syn::Ident;

/// The longest label, in characters.
const LONGEST: usize = 64;

/// How many digits the numbers of so many tests have.
pub(super) fn width(count: usize) -> usize {
    count.to_string().len()
}

/// `case_07`: numbers have leading zeros, so that names sort.
pub(super) fn numbered(name: &str, index: usize, width: usize) -> String {
    format!("{name}_{:0width$}", index + 1)
}

/// Makes a part of a name of source text: `"UA"` becomes `__UA__`, `-1.5` becomes `_1_5`.
pub(super) fn label(source: &str) -> String {
    let mut label = String::new();
    for letter in source.chars() {
        match letter {
            '"' | '\'' => label.push_str("__"),
            ':' | '(' | ')' | '{' | '}' | '[' | ']' | ',' | '.' | '*' | '+' | '/' | '-' | '%'
            | '^' | '!' | '&' | '|' => label.push('_'),
            letter if may_continue_a_name(letter) => label.push(letter),
            _ => {}
        }
    }
    label.chars().take(LONGEST).collect()
}

fn may_continue_a_name(letter: char) -> bool {
    if letter.is_ascii() {
        letter.is_ascii_alphanumeric() || letter == '_'
    } else {
        syn::parse_str::<Ident>(&format!("a{letter}")).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_made_as_rstest_makes_it() {
        let of = |source: &str| {
            let tokens: proc_macro2::TokenStream = source.parse().unwrap();
            label(&tokens.to_string())
        };
        assert_eq!(of("\"UA\""), "__UA__");
        assert_eq!(of("-1.5"), "_1_5");
        assert_eq!(of("Some(\"a b\")"), "Some___ab___");
        assert_eq!(of("Carrier::United"), "Carrier__United");
        assert_eq!(of("vec![1, 2]"), "vec__1_2_");
        assert_eq!(of("\"Zürich ½ 😀 $\""), "__Zürich__");
        assert_eq!(of("a == b"), "ab");
    }

    #[test]
    fn a_label_is_short() {
        assert_eq!(label(&"é".repeat(100)), "é".repeat(64));
    }

    #[test]
    fn numbers_sort_as_text() {
        assert_eq!(numbered("case", 6, width(9)), "case_7");
        assert_eq!(numbered("case", 6, width(10)), "case_07");
        assert_eq!(numbered("n", 99, width(100)), "n_100");
    }
}
