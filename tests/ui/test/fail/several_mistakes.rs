use aiodal::Transaction;

#[aiodal::test(flavour = "multi_thread", worker_threads = 0, timeout = "soon")]
#[test]
#[should_panic]
unsafe fn counts_flights<T>(
    #[case] carrier: &str,
    first: &mut Transaction,
    second: &'static Transaction,
    name: impl AsRef<str>,
) -> aiodal::Result<()> {
    first.execute("select count(*) from flights", &[]).await?;
    let _ = (carrier, second, name.as_ref());
    Ok(())
}

async fn the_function_is_still_there(tx: &'static mut Transaction, other: &'static Transaction) {
    let _ = counts_flights::<()>("UA", tx, other, "x").await;
}

fn main() {}
