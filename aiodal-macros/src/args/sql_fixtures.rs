//! `fixtures("users", "posts", path = "..")`: which files, relative to the one that the test is in.

use std::ffi::OsStr;
use std::path::Path;

use proc_macro2::TokenStream;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitStr, Token};

use crate::problems::Problems;

/// Where the files are unless `path` says otherwise.
const DIRECTORY: &str = "fixtures";

/// A file of SQL that runs before a test.
pub(crate) struct SqlFixture {
    /// Its name as it is written, for errors to point at.
    pub(crate) name: LitStr,
    pub(crate) path: String,
}

/// What is between two commas.
enum Item {
    Name(LitStr),
    Path(LitStr),
}

pub(super) fn read(list: TokenStream, problems: &mut Problems) -> Vec<SqlFixture> {
    let (mut names, mut path) = (Vec::<LitStr>::new(), None);
    let items = match items.parse2(list.clone()) {
        Ok(items) => items,
        Err(problem) => {
            problems.add(problem);
            return Vec::new();
        }
    };
    for item in items {
        match item {
            Item::Name(name) if name.value().is_empty() => {
                problems.at(name, "this name is empty; write that of an SQL file");
            }
            Item::Name(name) if names.iter().any(|other| other.value() == name.value()) => {
                let twice = name.value();
                problems.at(
                    name,
                    format!("`{twice}` is named twice; remove one of the two"),
                );
            }
            Item::Name(name) => names.push(name),
            Item::Path(second) if path.is_some() => {
                problems.at(second, "`path` is set twice; remove one of the two");
            }
            Item::Path(given) => path = Some(given.value()),
        }
    }
    if names.is_empty() && problems.is_empty() {
        problems.at(
            list,
            "`fixtures` needs the names of SQL files, such as `fixtures(\"users\", path = \"../sql\")`",
        );
    }
    let files = names.into_iter().map(|name| SqlFixture {
        path: file(&name.value(), path.as_deref()),
        name,
    });
    files.collect()
}

fn items(input: ParseStream<'_>) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        items.push(item(input)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(items)
}

fn item(input: ParseStream<'_>) -> syn::Result<Item> {
    if input.peek(LitStr) {
        return input.parse().map(Item::Name);
    }
    let expected =
        "expected the name of an SQL file in quotes, such as `fixtures(\"users\", \"posts\")`";
    let Ok(key) = input.fork().parse::<Ident>() else {
        return Err(input.error(expected));
    };
    if key == "scripts" {
        return Err(input.error(
            "write the names themselves beside `path`, such as `fixtures(\"users\", path = \"../sql\")`",
        ));
    }
    if key != "path" {
        return Err(input.error(expected));
    }
    input.parse::<Ident>()?;
    let path = input
        .parse::<Token![=]>()
        .and_then(|_| input.parse::<LitStr>());
    path.map(Item::Path)
        .map_err(|_| syn::Error::new(key.span(), "`path` takes a directory: `path = \"../sql\"`"))
}

/// A bare name is that of a file in the directory; with `.sql`, it is a path from where the test is.
fn file(name: &str, directory: Option<&str>) -> String {
    let is_path = Path::new(name).extension() == Some(OsStr::new("sql"));
    match (directory, is_path) {
        (None, true) => name.to_owned(),
        (Some(directory), true) => format!("{directory}/{name}"),
        (directory, false) => format!("{}/{name}.sql", directory.unwrap_or(DIRECTORY)),
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn paths(list: TokenStream) -> Result<Vec<String>, Vec<String>> {
        let mut problems = Problems::default();
        let fixtures = read(list, &mut problems);
        let problems = problems.messages();
        if problems.is_empty() {
            Ok(fixtures.into_iter().map(|fixture| fixture.path).collect())
        } else {
            Err(problems)
        }
    }

    #[test]
    fn names_are_files_beside_the_test() {
        assert_eq!(
            paths(quote!("users", "posts",)).unwrap(),
            ["fixtures/users.sql", "fixtures/posts.sql"]
        );
        assert_eq!(
            paths(quote!("users", path = "../sql")).unwrap(),
            ["../sql/users.sql"]
        );
        assert_eq!(
            paths(quote!(path = "..", "users.sql")).unwrap(),
            ["../users.sql"]
        );
        assert_eq!(
            paths(quote!("../sql/users.sql", "posts")).unwrap(),
            ["../sql/users.sql", "fixtures/posts.sql"]
        );
    }

    #[test]
    fn mistakes_are_told() {
        for (list, problem) in [
            (quote!(path = ".."), "`fixtures` needs the names"),
            (quote!(users), "expected the name of an SQL file in quotes"),
            (quote!("users" "posts"), "expected `,`"),
            (quote!("users", "users"), "`users` is named twice"),
            (quote!("users", path = 1), "`path` takes a directory"),
            (
                quote!(path = "..", scripts("users")),
                "write the names themselves",
            ),
            (
                quote!("users", path = ".", path = ".."),
                "`path` is set twice",
            ),
            (quote!(""), "this name is empty"),
        ] {
            let found = paths(list).unwrap_err();
            assert_eq!(found.len(), 1, "{found:#?}");
            assert!(found[0].starts_with(problem), "{found:#?}");
        }
    }
}
