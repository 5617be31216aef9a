//! What a script finds, and what it leaves.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::client::Client;
use crate::endpoint::Endpoint;
use crate::message::Message;
use crate::reply::Reply;

/// What the names of schemas begin with; a number follows.
pub(crate) const SCHEMA: &str = "ground_";

const TABLES: &str = include_str!("ground.sql");

/// What scripts make is dropped, and what they found is there again.
///
/// The tables are emptied instead of made anew: a transaction keeps the lock of every table it has ever dropped.
const AGAIN: &str = "\
discard temp; drop view if exists seen; drop table if exists extra; drop table if exists other;
truncate author, book, review, shelf, log restart identity;
insert into author (name, born) values ('a', 1), ('b', null);
insert into book values (1, 1, 'a');
insert into review (book, stars) values (1, 5);
insert into shelf values (1, 'a'), (2, 'b'), (3, 'c');
insert into log values ('began')";

/// Settings too: what one client has set is not another's.
const LEFT: &str = "\
select * from author order by id; select * from book order by id; select * from review order by id;
select * from shelf order by place; select line from log order by line;
select last_value, is_called from author_id_seq; select last_value, is_called from review_id_seq;
select relname::text from pg_class where relnamespace = current_schema()::regnamespace order by 1;
select n, current_setting(n) from unnest(array['work_mem', 'datestyle', 'intervalstyle', 'timezone',
    'bytea_output', 'search_path', 'role', 'session_authorization', 'standard_conforming_strings', 'backslash_quote',
    'client_min_messages', 'client_encoding', 'default_transaction_read_only', 'enable_seqscan', 'transaction_read_only']) n";

/// Returns the name of a schema that no test beside this one uses: of two that make the same, one would wait for the other.
pub(crate) fn schema() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{SCHEMA}{}{number:04}", std::process::id())
}

/// The tables of an endpoint, through a client of its own.
pub(crate) struct Ground(Client);

impl Ground {
    /// Makes the schema of the endpoint, and what is in it.
    ///
    /// # Panics
    ///
    /// It can't be made.
    pub(crate) async fn make(endpoint: &Endpoint) -> Ground {
        let quiet = ("client_min_messages".to_owned(), "warning".to_owned());
        let (client, replies) = Client::connect(endpoint, &[quiet]).await;
        assert!(is_well(&replies), "to connect: {replies:?}");
        let mut ground = Ground(client);
        let create = format!("create schema {}", endpoint.schema);
        for sql in [create.as_str(), TABLES, AGAIN] {
            let replies = ground.query(sql).await;
            assert!(is_well(&replies), "{sql}: {replies:?}");
        }
        ground
    }

    /// Makes it what it was; says whether that went well.
    pub(crate) async fn renew(&mut self) -> bool {
        is_well(&self.query(AGAIN).await)
    }

    pub(crate) async fn left(&mut self) -> Vec<Reply> {
        self.query(LEFT).await
    }

    async fn query(&mut self, sql: &str) -> Vec<Reply> {
        self.0.step(&Message::Query(sql.to_owned())).await
    }
}

fn is_well(replies: &[Reply]) -> bool {
    replies.last().is_some_and(|last| last.tag == Reply::READY)
        && replies.iter().all(|reply| reply.tag != Reply::ERROR)
}
