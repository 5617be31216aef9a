use aiodal::Transaction;

#[aiodal::test]
async fn counts_flights(tx: &mut Transaction)
where
    u8: Copy,
{
    let _ = tx;
}

fn main() {}
