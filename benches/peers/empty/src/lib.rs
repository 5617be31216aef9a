//! Contestant: three hundred tests that do nothing, which is what libtest and a runtime per test cost.
#![cfg(test)]

peer_cases::three_hundred! {
    #[tokio::test]
    async fn does_nothing() {}
}
