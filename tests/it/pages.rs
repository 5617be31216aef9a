//! The pages under `docs/`: what they quote is what the code says.

use std::fs;
use std::path::{Path, PathBuf};

/// What stands for the parts of a message that differ.
const DIFFERS: char = '…';

#[test]
fn texts_of_the_faq_are_those_that_the_code_emits() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/faq.md")).expect("the page is there");
    let mut sources = Vec::new();
    for package in ["aiodal-core", "aiodal-macros", "aiodal-test"] {
        find_sources(&root.join(package).join("src"), &mut sources);
    }
    let code: Vec<_> = sources.iter().map(|path| messages(path)).collect();
    let headings: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .map(|key| match key.strip_prefix("``") {
            Some(quoting) => quoting.trim_end_matches("``").trim(),
            None => key.trim_matches('`'),
        })
        .collect();
    assert!(headings.len() > 20, "{headings:#?}");
    let unknown: Vec<_> = headings
        .iter()
        .filter(|heading| {
            !code
                .iter()
                .any(|code| code.contains(heading.trim_matches(DIFFERS).trim()))
        })
        .collect();
    assert!(unknown.is_empty(), "no code says {unknown:#?}");
}

fn find_sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory of sources") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            find_sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file without its comments and tests, its strings as they are at run time, but for what is filled in.
fn messages(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source is text");
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut said = String::new();
    let mut continued = false;
    for line in code.lines().map(str::trim_start) {
        if line.starts_with("//") && !continued {
            continue;
        }
        continued = line.ends_with('\\');
        said.push_str(line.trim_end_matches('\\'));
        if !continued {
            said.push('\n');
        }
    }
    filled_in(&said.replace("\\\"", "\""))
}

/// Replaces each `{argument}` of a format string.
fn filled_in(text: &str) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((argument, rest)) if is_argument(argument) => {
                filled.push(DIFFERS);
                filled.push_str(rest);
            }
            _ => {
                filled.push('{');
                filled.push_str(part);
            }
        }
    }
    filled
}

fn is_argument(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_ascii_alphanumeric() || "_:?.#$".contains(c))
}
