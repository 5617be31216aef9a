//! Expansions, read as text.

use syn::parse::{ParseStream, Parser};
use syn::{File, Item, ItemFn};

use super::*;
use crate::function::Function;
use crate::problems::Problems;

fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = TestArgs::parse(args, &mut problems);
    let parse = |input: ParseStream<'_>| Function::parse(input, &mut problems);
    let function = parse.parse2(item).unwrap();
    let model = TestFn::new(&function, args, problems);
    test(&model.unwrap_or_else(|problems| panic!("{problems}")))
}

/// The items of an expansion, which must be syntactically right.
fn items(expansion: TokenStream) -> Vec<Item> {
    syn::parse2::<File>(expansion).unwrap().items
}

#[track_caller]
fn the_test(args: TokenStream, item: TokenStream) -> ItemFn {
    match items(expand(args, item)).swap_remove(0) {
        Item::Fn(function) => function,
        _ => panic!("the first item is not a function"),
    }
}

fn text(tokens: impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

#[test]
fn attributes_and_visibility_are_kept_in_order() {
    let function = the_test(
        quote!(),
        quote! {
            /// Documented.
            #[ignore = "slow"]
            #[allow(unused)]
            pub(super) async fn t() {}
        },
    );
    let attrs: Vec<String> = function.attrs.iter().map(text).collect();
    assert_eq!(
        attrs,
        [
            "# [cfg (test)]",
            "# [:: core :: prelude :: v1 :: test]",
            "# [doc = r\" Documented.\"]",
            "# [ignore = \"slow\"]",
            "# [allow (unused)]",
        ]
    );
    assert_eq!(text(&function.vis), "pub (super)");
    assert_eq!(
        text(&function.sig),
        "fn t () -> :: aiodal :: __private :: Verdict"
    );
}

#[test]
fn the_body_is_checked_outside_of_tests_too() {
    let items = items(expand(
        quote!(),
        quote!(
            #[ignore]
            async fn t(tx: Transaction) {
                body()
            }
        ),
    ));
    let [Item::Fn(tested), Item::Const(checked)] = &items[..] else {
        panic!("expected a function and a constant");
    };
    assert_eq!(text(&checked.attrs[0]), "# [cfg (not (test))]");
    let block = text(&tested.block);
    assert!(text(&checked.expr).contains(&block));
    assert!(!text(&checked.expr).contains("ignore"));
}

#[test]
fn arguments_are_set_up_in_order_and_passed_as_asked() {
    let body = text(
        the_test(
            quote!(),
            quote!(
                async fn t(a: A, b: &B, c: &mut C) {}
            ),
        )
        .block,
    );
    let set_up = "let argument0 = { let context = & context ; context . fixture () . await ? } ; \
                  let argument1 = { let context = & context ; context . fixture () . await ? } ; \
                  let mut argument2 = { let context = & context ; context . fixture () . await ? } ; \
                  context . body (t (argument0 , & argument1 , & mut argument2)) . await";
    assert!(body.contains(set_up), "{body}");
}

#[test]
fn options_become_data() {
    let function = the_test(
        quote!(
            flavor = "multi_thread",
            worker_threads = 2,
            timeout = "1500ms",
            crate = db
        ),
        quote!(
            async fn t() {}
        ),
    );
    let body = text(function.block);
    for data in [
        "name : :: core :: concat ! (:: core :: module_path ! () , \"::t\")",
        "flavor : db :: __private :: Flavor :: MultiThread",
        "worker_threads : :: core :: option :: Option :: Some (2usize)",
        "start_paused : false",
        "Some (:: core :: time :: Duration :: new (1u64 , 500000000u32))",
        "should_panic : false",
    ] {
        assert!(body.contains(data), "{data} is not in {body}");
    }
    assert!(!body.contains("aiodal"), "{body}");
}

#[test]
fn the_return_type_is_named_where_it_can_be() {
    let run = |item| text(the_test(quote!(), item).block);
    assert!(
        run(quote!(
            async fn t() {}
        ))
        .contains("run :: < _ , _ , () >")
    );
    assert!(
        run(quote!(
            async fn t() -> io::Result<()> {}
        ))
        .contains("run :: < _ , _ , io :: Result < () > >")
    );
    assert!(
        run(quote!(
            async fn t() -> Result<(), impl Error> {}
        ))
        .contains("run :: < _ , _ , _ >")
    );
    assert!(
        run(quote!(
            async fn t() -> ! {}
        ))
        .contains("run :: < _ , _ , _ >")
    );
}

#[test]
fn a_should_panic_test_returns_nothing() {
    let function = the_test(
        quote!(),
        quote!(
            #[should_panic]
            async fn t() {}
        ),
    );
    assert_eq!(text(&function.sig), "fn t ()");
    assert!(text(&function.block).ends_with(". into_unit () ; }"));
}

#[test]
fn cases_get_a_function_that_takes_their_values() {
    let function = the_test(
        quote!(),
        quote! {
            #[test_case((1, 2))]
            async fn t((a, b): (i32, i32), tx: &Transaction) {}
        },
    );
    let attrs: Vec<String> = function.attrs.iter().map(text).collect();
    assert_eq!(attrs, ["# [test_case ((1 , 2))]", "# [allow (dead_code)]"]);
    assert_eq!(
        text(&function.sig),
        "fn t (argument0 : (i32 , i32)) -> :: aiodal :: __private :: Verdict"
    );
    assert!(text(&function.block).contains("t (argument0 , & argument1)"));
}
