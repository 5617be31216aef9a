//! `#[aiodal::session]`: the implementation, registered before `main` unless tests name it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, ImplItem, ItemImpl, Path, Type};

use crate::args::SessionArgs;
use crate::fallback;
use crate::fingerprint::fingerprint;
use crate::problems::Problems;

pub(crate) fn session(args: TokenStream, item: &TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = SessionArgs::parse(args, &mut problems);
    match Session::new(item, args, problems) {
        Ok(session) => session.expand(item),
        Err(problems) => fallback::item(&problems, item),
    }
}

/// A session that keeps all the rules.
struct Session {
    krate: Path,
    /// Whether it is only for tests that name it.
    named: bool,
    ty: Type,
    source_hash: u64,
    /// Whether it has a `seed` of its own: without one there is nothing to prepare.
    seeds: bool,
}

impl Session {
    fn new(item: &TokenStream, args: SessionArgs, mut problems: Problems) -> syn::Result<Self> {
        let implementation = match syn::parse2::<ItemImpl>(item.clone()) {
            Ok(implementation) => implementation,
            Err(problem) => {
                problems.add(Error::new(
                    problem.span(),
                    "`#[aiodal::session]` goes on `impl aiodal::Session for MySession { .. }`",
                ));
                return Err(problems.into_error());
            }
        };
        check(&implementation, &mut problems);
        let seeds = implementation.items.iter().any(is_seed);
        problems.or(Self {
            krate: args.krate,
            named: args.named,
            ty: *implementation.self_ty,
            source_hash: fingerprint(item.clone()),
            seeds,
        })
    }

    fn expand(&self, item: &TokenStream) -> TokenStream {
        let Self {
            krate,
            named,
            ty,
            source_hash,
            seeds,
        } = self;
        // The user's line, not the attribute's: `line!` goes by the span of the whole call.
        let line = quote_spanned!(ty.span()=> line!());
        let register = (!named).then(|| {
            quote! {
                #[#krate::__private::ctor::ctor(unsafe, crate_path = #krate::__private::ctor)]
                fn register() {
                    #krate::__private::register_session::<#ty>();
                }
            }
        });
        quote! {
            #item

            const _: () = {
                impl #krate::__private::NamedSession for #ty {
                    const SOURCE: #krate::__private::SessionSource = #krate::__private::SessionSource {
                        name: ::core::stringify!(#ty),
                        file: ::core::file!(),
                        line: #line,
                        manifest_dir: ::core::env!("CARGO_MANIFEST_DIR"),
                        source_hash: #source_hash,
                        seeds: #seeds,
                    };
                }

                #register
            };
        }
    }
}

fn check(implementation: &ItemImpl, problems: &mut Problems) {
    let ItemImpl {
        generics,
        trait_,
        self_ty,
        ..
    } = implementation;
    match trait_ {
        Some((path, _)) if path.segments.last().is_some_and(|s| s.ident == "Session") => {}
        Some((path, _)) => problems.at(
            path,
            "`#[aiodal::session]` registers an implementation of `aiodal::Session`, not of this trait",
        ),
        None => problems.at(
            self_ty,
            "`#[aiodal::session]` registers an implementation of a trait; write `impl aiodal::Session for` before the type",
        ),
    }
    if !generics.params.is_empty() {
        problems.at(
            generics,
            "a session cannot be generic; implement it for one concrete type",
        );
    }
    if let Some(clause) = &generics.where_clause {
        problems.at(clause, "a session cannot have a `where` clause; remove it");
    }
    if !is_named(self_ty) {
        problems.at(
            self_ty,
            "a session is a type of its own; declare one with `struct MySession;` and implement it for that",
        );
    }
}

fn is_named(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => path.qself.is_none(),
        Type::Group(group) => is_named(&group.elem),
        _ => false,
    }
}

fn is_seed(item: &ImplItem) -> bool {
    matches!(item, ImplItem::Fn(function) if function.sig.ident == "seed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(item: &TokenStream) -> Result<Session, Vec<String>> {
        let mut problems = Problems::default();
        let args = SessionArgs::parse(quote!(crate = db), &mut problems);
        Session::new(item, args, problems).map_err(|problems| {
            problems
                .into_iter()
                .map(|problem| problem.to_string())
                .collect()
        })
    }

    #[test]
    fn the_implementation_is_left_as_it_is() {
        let item = quote!(
            #[doc = "x"]
            impl db::Session for kit::Flights {
                fn configure() {}
            }
        );
        let expansion = session(quote!(crate = db), &item).to_string();
        assert!(expansion.starts_with(&item.to_string()), "{expansion}");
        assert!(
            expansion.contains("register_session :: < kit :: Flights >"),
            "{expansion}"
        );
        assert!(!expansion.contains("aiodal"), "{expansion}");
    }

    #[test]
    fn a_named_session_is_not_that_of_the_binary() {
        let item = quote!(impl Session for Library {});
        let expansion = session(quote!(named), &item).to_string();
        assert!(
            expansion.contains("NamedSession for Library"),
            "{expansion}"
        );
        assert!(!expansion.contains("register_session"), "{expansion}");
    }

    #[test]
    fn a_session_seeds_when_it_has_a_seed_of_its_own() {
        let seeds = |item| model(&item).ok().map(|session| session.seeds);
        assert_eq!(seeds(quote!(impl Session for S {})), Some(false));
        assert_eq!(
            seeds(quote!(impl Session for S { async fn seed() {} })),
            Some(true)
        );
    }

    #[test]
    fn an_edited_seed_changes_the_hash() {
        let hash = |item| model(&item).ok().map(|session| session.source_hash);
        let one = hash(quote!(impl Session for S { fn seed() { run("1") } }));
        assert_ne!(
            one,
            hash(quote!(impl Session for S { fn seed() { run("2") } }))
        );
    }

    #[test]
    fn all_problems_of_a_session_are_found_at_once() {
        let found = model(&quote!(
            impl<T> Default for &T where T: Copy {}
        ))
        .err()
        .unwrap();
        let expected = ["`aiodal::Session`", "generic", "`where`", "type of its own"];
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                found.contains(expected),
                "{found} should be about {expected}"
            );
        }
    }
}
