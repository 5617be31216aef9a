use aiodal::Transaction;

macro_rules! tests {
    ($($vis:vis $name:ident($ty:ty) $body:block)*) => {$(
        #[aiodal::test]
        $vis async fn $name(tx: $ty) {
            let _: $ty = tx;
            $body
        }
    )*};
}

tests! {
    borrows(&Transaction) {}
    pub borrows_mutably(&mut Transaction) {}
    owns(Transaction) {}
}

fn main() {}
