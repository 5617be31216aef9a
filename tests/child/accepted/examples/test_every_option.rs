// As it is written, not as rustfmt would write it.
#![cfg_attr(rustfmt, rustfmt_skip)]

mod reexported {
    pub(crate) use aiodal;
}

#[aiodal::test()]
async fn none() {}

#[aiodal::test(flavor = "current_thread", start_paused = true, timeout = "250ms")]
async fn on_one_thread() {}

#[aiodal::test(flavor = "multi_thread")]
async fn on_many_threads() {}

#[aiodal::test(flavor = "multi_thread", worker_threads = 2, timeout = "1h",)]
async fn on_two_threads() {}

#[aiodal::test(ambient, sandbox_wait = "1m")]
async fn in_a_sandbox_that_is_found() {}

#[aiodal::test(ambient = false)]
async fn found_by_nobody() {}

#[aiodal::test(crate = aiodal)]
async fn with_a_path() {}

#[aiodal::test(crate = crate::reexported::aiodal)]
async fn with_a_longer_path() {}

#[aiodal::test(crate = "crate::reexported::aiodal")]
async fn with_a_path_in_quotes() {}

fn main() {}
