//! A session whose code has the last word on the configuration.

use aiodal::{Config, Transaction};

struct Opinionated;

#[aiodal::session]
impl aiodal::Session for Opinionated {
    fn configure(config: &mut Config) {
        config
            .settings
            .insert("work_mem".to_owned(), "7MB".to_owned());
    }
}

#[aiodal::test]
async fn work_mem_is_as_expected(tx: &Transaction) -> aiodal::Result<()> {
    let work_mem: String = tx
        .query_one("select current_setting('work_mem')", &[])
        .await?
        .get(0);
    assert_eq!(Some(work_mem), std::env::var("EXPECTED_WORK_MEM").ok());
    Ok(())
}
