//! Pages, and the number of rows in all.

use aiodal::{Result, Transaction};

const HUNDRED: &str =
    "select i as id, 'n' || i as name from generate_series(1, 100) i order by i desc";

#[aiodal::test]
async fn page_has_its_rows_in_order_and_the_total(tx: &mut Transaction) -> Result<()> {
    let page = tx.query_page(HUNDRED, &[], 3, 10).await?;
    let ids: Vec<i32> = page.rows.iter().map(|row| row.get("id")).collect();
    assert_eq!(ids, [90, 89, 88]);
    assert_eq!((page.total, page.limit, page.offset), (100, 3, 10));
    assert_eq!(page.next_offset(), Some(13));
    Ok(())
}

#[aiodal::test]
async fn total_is_right_on_the_last_page_and_behind_it(tx: &mut Transaction) -> Result<()> {
    for (limit, offset, rows) in [(10, 95, 5), (10, 100, 0), (10, 1000, 0), (0, 0, 0)] {
        let page = tx.query_page(HUNDRED, &[], limit, offset).await?;
        assert_eq!(
            (page.rows.len(), page.total),
            (rows, 100),
            "{limit} {offset}"
        );
        assert_eq!(page.next_offset(), None);
    }
    let none = tx.query_page("select 1 where false", &[], 10, 0).await?;
    assert_eq!((none.rows.len(), none.total), (0, 0));
    Ok(())
}

#[aiodal::test]
async fn rows_of_nulls_are_rows(tx: &mut Transaction) -> Result<()> {
    let sql = "select null::int as a from generate_series(1, 3)";
    let page = tx.query_page(sql, &[], 2, 0).await?;
    assert_eq!((page.rows.len(), page.total), (2, 3));
    Ok(())
}

#[aiodal::test]
async fn parameters_semicolons_and_comments_do_no_harm(tx: &mut Transaction) -> Result<()> {
    let queries = [
        "select i from generate_series(1, $1::int) i where i % $2::int = 0 order by i;",
        "select i from generate_series(1, $1::int) i where i % $2::int = 0 order by i -- all of them",
        "select i from generate_series(1, $1::int) i /* ; */ where i % $2::int = 0 and ';' <> '' order by i;;\n-- done\n",
        "with s as (select i from generate_series(1, $1::int) i) select i from s where i % $2::int = 0 order by i",
    ];
    for sql in queries {
        let page = tx.query_page(sql, &[&100, &2], 2, 48).await?;
        let numbers: Vec<i32> = page.rows.iter().map(|row| row.get("i")).collect();
        assert_eq!((&*numbers, page.total), (&[98, 100][..], 50), "{sql}");
    }
    let error = tx
        .query_page("select 1; select 2", &[], 1, 0)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "refused to page a query: it is more than one statement"
    );
    Ok(())
}

#[aiodal::test]
async fn columns_of_one_name_and_values_lists_can_be_paged(tx: &mut Transaction) -> Result<()> {
    let page = tx.query_page("select 1 as a, 2 as a", &[], 1, 0).await?;
    assert_eq!(
        (page.rows[0].get::<_, i32>(0), page.rows[0].get::<_, i32>(1)),
        (1, 2)
    );
    let page = tx.query_page("values (1), (2), (3)", &[], 2, 2).await?;
    assert_eq!((page.rows[0].get::<_, i32>(0), page.total), (3, 3));
    Ok(())
}

#[aiodal::test]
async fn typed_rows_see_the_columns_of_the_query_only(tx: &mut Transaction) -> Result<()> {
    let page = tx
        .query_page_as::<(i32, String)>(HUNDRED, &[], 2, 98)
        .await?;
    assert_eq!(page.rows, [(2, "n2".to_owned()), (1, "n1".to_owned())]);
    assert_eq!(page.total, 100);
    let behind = tx
        .query_page_as::<(i32, String)>(HUNDRED, &[], 2, 100)
        .await?;
    assert_eq!((behind.rows.len(), behind.total), (0, 100));
    let error = tx
        .query_page_as::<(i32,)>(HUNDRED, &[], 2, 0)
        .await
        .unwrap_err();
    assert!(error.is_mapping_error(), "{error}");
    Ok(())
}

#[aiodal::test]
async fn rolled_back_savepoint_leaves_the_transaction_usable(tx: &mut Transaction) -> Result<()> {
    let savepoint = tx.savepoint().await?;
    let error = savepoint
        .query_page("select * from nowhere_to_be_found", &[], 1, 0)
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some(&aiodal::SqlState::UNDEFINED_TABLE));
    savepoint.rollback().await?;
    assert_eq!(tx.query_page("select 1", &[], 1, 0).await?.total, 1);
    Ok(())
}
