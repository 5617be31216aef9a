//! Expansions, read as text.

use syn::parse::{ParseStream, Parser};
use syn::{File, Item, ItemFn};

use super::*;
use crate::function::{Function, Kind};
use crate::problems::Problems;

fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut problems = Problems::default();
    let args = TestArgs::parse(args, &mut problems);
    let parse = |input: ParseStream<'_>| Function::parse(input, Kind::Test, &mut problems);
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
    let set_up = "let mut plan = context . plan () ; \
                  let argument0 = plan . own () ; \
                  let argument1 = plan . share () ; \
                  let argument2 = plan . own () ; \
                  context . prepare (plan) . await ? ; \
                  let argument0 = argument0 . set_up (& context) . await ? ; \
                  let argument1 = argument1 . set_up (& context) . await ? ; \
                  let mut argument2 = argument2 . set_up (& context) . await ? ; \
                  context . body (t (argument0 , argument1 . get () , & mut argument2)) . await";
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
        "TestCase :: new (:: core :: concat ! (:: core :: module_path ! () , \"::t\")",
        "flavor : db :: __private :: Flavor :: MultiThread",
        "worker_threads : :: core :: option :: Option :: Some (2usize)",
        "Some (:: core :: time :: Duration :: new (1u64 , 500000000u32))",
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
    assert!(text(&function.block).contains("t (argument0 , argument1 . get ())"));
}

#[test]
fn cases_get_a_module_of_tests_and_a_function_that_runs_them() {
    let items = items(expand(
        quote!(),
        quote! {
            #[ignore]
            #[case::one(1)]
            #[case(2)]
            #[should_panic]
            async fn t(#[case] n: u8, tx: &Transaction, #[values(3)] m: u8) {}
        },
    ));
    let [Item::Fn(function), Item::Mod(module), Item::Const(checked)] = &items[..] else {
        panic!("expected a function, a module and a constant");
    };
    let block = text(&function.block);
    assert!(text(&checked.expr).contains(&block));
    for data in [
        "0usize => :: aiodal :: __private :: run :: < _ , _ , () >",
        "_ => :: aiodal :: __private :: run",
        "\"::t::case_1_one::m_1_3\"",
        "should_panic : true",
        "context . body (async { t (1 , argument1 . get () , 3) . await }) . await",
        "context . body (async { t (2 , argument1 . get () , 3) . await }) . await",
    ] {
        assert!(block.contains(data), "{data} is not in {block}");
    }
    assert_eq!(
        text(module),
        "# [cfg (test)] # [allow (non_snake_case)] mod t { \
         mod case_1_one { # [:: core :: prelude :: v1 :: test] # [ignore] # [should_panic] \
         fn m_1_3 () { super :: super :: t (0usize) . into_unit () ; } } \
         mod case_2 { # [:: core :: prelude :: v1 :: test] # [should_panic] \
         fn m_1_3 () { super :: super :: t (1usize) . into_unit () ; } } }"
    );
}

#[test]
fn attributes_of_other_crates_are_found_in_the_module() {
    let module = text(
        items(expand(
            quote!(),
            quote! {
                #[serial]
                #[case(1)]
                #[case(2)]
                async fn t(#[case] n: u8) -> io::Result<()> {}
            },
        ))
        .swap_remove(1),
    );
    assert_eq!(
        module,
        "# [cfg (test)] # [allow (non_snake_case)] mod t { # [allow (unused_imports)] use super :: * ; \
         # [:: core :: prelude :: v1 :: test] # [serial] \
         fn case_1 () -> impl :: std :: process :: Termination { super :: t (0usize) } \
         # [:: core :: prelude :: v1 :: test] \
         fn case_2 () -> impl :: std :: process :: Termination { super :: t (1usize) } }"
    );
}

#[test]
fn sql_fixtures_are_compiled_in() {
    let function = the_test(
        quote!(fixtures("users", "../posts.sql")),
        quote!(
            async fn t(tx: &Transaction) {}
        ),
    );
    let data = "sql_fixtures : & [\
                :: aiodal :: __private :: SqlFixture { path : \"fixtures/users.sql\" , sql : :: core :: include_str ! (\"fixtures/users.sql\") } , \
                :: aiodal :: __private :: SqlFixture { path : \"../posts.sql\" , sql : :: core :: include_str ! (\"../posts.sql\") }]";
    let block = text(function.block);
    assert!(block.contains(data), "{block}");
}
