//! Contestants of the suite `bulk`, one job a process: `peer-bulk <contestant> <job> <url> <table> <file>`.
//!
//! Prints the seconds that the job took, and the process's peak memory before and after it in KiB.

mod by_hand;
mod ours;
mod over_sqlx;

use std::time::Instant;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = BoxError> = std::result::Result<T, E>;

/// What there is to do.
struct Job {
    /// `csv`, `json`, `etl`, `upsert`, `changed` or `export`.
    what: String,
    url: String,
    table: String,
    file: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let mut word = |what: &str| words.next().ok_or_else(|| format!("{what} is missing"));
    let contestant = word("the contestant")?;
    let job = Job {
        what: word("the job")?,
        url: word("the URL")?,
        table: word("the table")?,
        file: word("the file")?,
    };
    let idle = peak()?;
    let begun = Instant::now();
    match contestant.as_str() {
        "aiodal" => ours::run(&job, ours::Parser::Ours, 1).await?,
        "aiodal-server" => ours::run(&job, ours::Parser::Servers, 1).await?,
        "aiodal-2" => ours::run(&job, ours::Parser::Ours, 2).await?,
        "tokio-postgres" => by_hand::run(&job).await?,
        "sqlx" => over_sqlx::run(&job).await?,
        other => return Err(format!("there is no contestant `{other}`").into()),
    }
    println!("{} {idle} {}", begun.elapsed().as_secs_f64(), peak()?);
    Ok(())
}

/// The most memory that this process has had, in KiB.
fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number
        .ok_or("the system does not tell the peak of memory")?
        .parse()?)
}
