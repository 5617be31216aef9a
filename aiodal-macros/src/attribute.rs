//! Recognises the attributes that stand beside ours.
//!
//! There is no `cfg` or `cfg_attr` among them: rustc decides those before it calls the macro.

use syn::Attribute;

/// The attribute's path as it is written, without spaces.
pub(crate) fn name(attr: &Attribute) -> String {
    let path = attr.path();
    let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
    let root = path.leading_colon.map_or("", |_| "::");
    format!("{root}{}", segments.join("::"))
}

/// `#[test]`, `#[tokio::test]` and everyone else's.
pub(crate) fn is_test(attr: &Attribute) -> bool {
    ends_with(attr, "test")
}

/// The standard `#[test]` by its full path, as macros write it.
pub(crate) fn is_left_by_a_test_macro(attr: &Attribute) -> bool {
    is_test(attr)
        && attr
            .path()
            .segments
            .iter()
            .any(|segment| segment.ident == "prelude")
}

pub(crate) fn is_rstest(attr: &Attribute) -> bool {
    ends_with(attr, "rstest")
}

/// `#[test_case]` and `#[test_matrix]` of the crate `test-case`.
pub(crate) fn is_test_case(attr: &Attribute) -> bool {
    ends_with(attr, "test_case") || ends_with(attr, "test_matrix")
}

/// `#[case(..)]` and `#[case::name(..)]`, the rows of a function with parameters.
pub(crate) fn is_case(attr: &Attribute) -> bool {
    let path = attr.path();
    path.leading_colon.is_none()
        && path
            .segments
            .first()
            .is_some_and(|segment| segment.ident == "case")
}

/// `#[case]` and `#[values(..)]` on an argument.
pub(crate) fn is_of_a_parameter(attr: &Attribute) -> bool {
    is_case(attr) || attr.path().is_ident("values")
}

/// Documentation and lints: what a function has whether it is a test or not.
pub(crate) fn is_of_any_function(attr: &Attribute) -> bool {
    let path = attr.path();
    ["doc", "allow", "expect", "warn", "deny", "forbid"]
        .iter()
        .any(|name| path.is_ident(name))
}

/// Whether the attribute is written before ours; rustc hands on both kinds alike.
pub(crate) fn stands_above_ours(attr: &Attribute) -> bool {
    // Not where the macro is tested as a function.
    proc_macro::is_available() && {
        let at = |span: proc_macro::Span| (span.line(), span.column());
        at(attr.pound_token.span.unwrap()) < at(proc_macro::Span::call_site())
    }
}

pub(crate) fn is_should_panic(attr: &Attribute) -> bool {
    attr.path().is_ident("should_panic")
}

/// An attribute that only the harness reads, and only on a function that is a test.
pub(crate) fn is_for_the_harness(attr: &Attribute) -> bool {
    is_should_panic(attr) || attr.path().is_ident("ignore")
}

/// Why an attribute on an argument is an error.
pub(crate) fn refusal_on_argument(attr: &Attribute) -> String {
    const RSTEST: [&str; 4] = ["context", "files", "future", "ignore"];
    let name = name(attr);
    if RSTEST.contains(&name.as_str()) {
        format!("`#[{name}]` belongs to `rstest`; write `#[rstest]` above `#[aiodal::test]`")
    } else {
        format!("an argument of a test takes no attributes; remove `#[{name}]`")
    }
}

fn ends_with(attr: &Attribute, word: &str) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|segment| segment.ident == word)
}
