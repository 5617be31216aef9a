//! Parameters as text, cut short: a statement may carry a megabyte.

use std::fmt::{self, Write};

use aiodal_core::Params;

/// How much of one parameter is kept, in bytes.
const LONGEST: usize = 80;

/// How much of all of them is kept.
const LONGEST_OF_ALL: usize = 400;

/// Writes them as `$1 = .., $2 = ..`.
pub(super) fn write(out: &mut String, params: Params<'_>) {
    for index in 0..params.len() {
        let Some(param) = params.get(index) else {
            return;
        };
        if out.len() >= LONGEST_OF_ALL {
            let left = params.len() - index;
            let _infallible = write!(out, ", and {left} more");
            return;
        }
        let comma = if index == 0 { "" } else { ", " };
        let _infallible = write!(out, "{comma}${} = ", index + 1);
        let mut cut = Cut {
            out: &mut *out,
            left: LONGEST,
        };
        // It refuses what is too long, which ends the formatting of even the longest value.
        if write!(cut, "{param:?}").is_err() {
            out.push('…');
        }
    }
}

/// Takes so many bytes, and refuses the rest.
struct Cut<'a> {
    out: &'a mut String,
    left: usize,
}

impl Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let taken = text.floor_char_boundary(self.left);
        self.out.push_str(&text[..taken]);
        if taken < text.len() {
            self.left = 0;
            return Err(fmt::Error);
        }
        self.left -= taken;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aiodal_core::types::ToSql;

    use super::*;

    fn written(params: &[&(dyn ToSql + Sync)]) -> String {
        let mut out = String::new();
        write(&mut out, params.into());
        out
    }

    #[test]
    fn each_has_its_number() {
        assert_eq!(written(&[]), "");
        assert_eq!(
            written(&[&1, &"Hep", &None::<i32>]),
            r#"$1 = 1, $2 = "Hep", $3 = None"#
        );
    }

    #[test]
    fn long_ones_are_cut_on_a_character_boundary() {
        let cut = written(&[&"é".repeat(1_000_000), &2]);
        assert_eq!(cut, format!("$1 = \"{}…, $2 = 2", "é".repeat(39)));
        let bytes = written(&[&vec![7_u8; 1_000_000]]);
        assert!(bytes.ends_with("…") && bytes.len() < 100, "{bytes}");
    }

    #[test]
    fn many_are_cut() {
        let one: &(dyn ToSql + Sync) = &1_000_000;
        let cut = written(&[one; 1000]);
        assert!(
            cut.ends_with(" more") && cut.len() < LONGEST_OF_ALL + 40,
            "{cut}"
        );
    }
}
