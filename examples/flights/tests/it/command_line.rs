//! The command line, run in a transaction that is rolled back.

use std::path::{Path, PathBuf};
use std::{fs, process};

use aiodal::bulk::{Csv, Load};
use aiodal::{BoxError, Transaction};
use clap::{CommandFactory, Parser};
use flights::cli::Flights;

use crate::common::count;

/// Runs a command and returns what it prints.
async fn run(tx: &mut Transaction, args: &[&str]) -> Result<String, BoxError> {
    let flights = Flights::try_parse_from(["flights"].iter().chain(args))?;
    let mut out = Vec::new();
    flights.command.run(tx, &mut out).await?;
    Ok(String::from_utf8(out)?)
}

/// A directory that goes when its test ends.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("flights-{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("the directory for temporary files can be written");
        Directory(path)
    }

    fn path(&self, file: &str) -> String {
        self.0.join(file).display().to_string()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays behind: {error}", self.0.display());
        }
    }
}

#[test]
fn the_options_do_not_contradict_each_other() {
    Flights::command().debug_assert();
}

const AIRLINES: &str = "carrier,name\nUA,United Air Lines Inc.\nZZ,Zero\n";
const AIRPORTS: &str = "faa,name,lat,lon,alt,tz,dst,tzone\nZZZ,\"Nowhere, Intl\",0,0,0,0,U,NA\n";
const PLANES: &str = "tailnum,year,type,manufacturer,model,engines,seats,speed,engine\n\
    N0ZZ0,NA,Fixed wing single engine,ZERO,Z-1,1,1,NA,Turbo-prop\n";
const FLIGHTS: &str = "year,month,day,dep_time,sched_dep_time,dep_delay,sched_arr_time,arr_delay,carrier,flight,tailnum,\
    origin,dest,air_time,distance\n\
    2013,2,1,517,515,2,819,11,ZZ,1,N0ZZ0,JFK,ZZZ,60,100\n\
    2013,2,1,NA,515,NA,819,NA,ZZ,2,NA,EWR,ZZZ,NA,100\n\
    2013,2,1,520,515,5,819,NA,UA,3,N0ZZ1,LGA,ZZZ,NA,100\n";

#[aiodal::test]
async fn files_are_loaded_once_and_brought_up_to_date(
    tx: &mut Transaction,
) -> Result<(), BoxError> {
    let directory = Directory::new("load");
    fs::write(directory.path("airlines.csv"), AIRLINES)?;
    fs::write(directory.path("airports.csv"), AIRPORTS)?;
    fs::write(directory.path("planes.csv"), PLANES)?;
    // Whether a file is compressed is asked of its first bytes.
    fs::write(directory.path("flights.csv.gz"), FLIGHTS)?;
    let load = ["load", "--quiet", &directory.path("")];
    let said = |said: String| -> String {
        let lines = said.lines().map(|line| line.split(", in ").next());
        lines.flatten().collect::<Vec<_>>().join("\n")
    };
    assert_eq!(
        said(run(tx, &load).await?),
        "airlines        2 read, 1 new, 0 updated\n\
         airports        1 read, 1 new, 0 updated\n\
         planes          1 read, 1 new, 0 updated\n\
         flights         3 read, 3 new, 0 updated"
    );
    let sql =
        "select string_agg(status::text, ' ' order by number) from flights where dest = 'ZZZ'";
    let status: String = tx.query_scalar(sql, &[]).await?;
    assert_eq!(status, "landed cancelled diverted");
    fs::write(directory.path("planes.csv"), PLANES.replace("ZERO", "ONE"))?;
    assert_eq!(
        said(run(tx, &load).await?),
        "airlines        2 read, 0 new, 0 updated\n\
         airports        1 read, 0 new, 0 updated\n\
         planes          1 read, 0 new, 1 updated\n\
         flights         3 read, 0 new, 0 updated"
    );
    Ok(())
}

#[aiodal::test]
async fn a_value_that_is_none_is_named_with_its_line_and_column(
    tx: &mut Transaction,
) -> Result<(), BoxError> {
    let directory = Directory::new("rule");
    fs::write(directory.path("airlines.csv"), AIRLINES)?;
    fs::write(directory.path("airports.csv"), AIRPORTS)?;
    fs::write(
        directory.path("planes.csv"),
        PLANES.replace("NA,Fixed", "19x3,Fixed"),
    )?;
    let error = run(tx, &["load", &directory.path("")])
        .await
        .expect_err("19x3 is no year");
    let said = error.to_string();
    assert!(
        said.contains("planes.csv:2, column built, value `19x3`: "),
        "{said}"
    );
    let sql = "select count(*) from planes where tailnum = 'N0ZZ0'";
    assert_eq!(count(tx, sql).await?, 0);
    Ok(())
}

#[aiodal::test]
async fn what_is_exported_can_be_loaded_again(tx: &mut Transaction) -> Result<(), BoxError> {
    let directory = Directory::new("again");
    let file = directory.path("planes.csv.gz");
    let said = run(tx, &["export", "planes", "--output", &file]).await?;
    assert!(said.starts_with("2048 rows, "), "{said}");
    tx.batch_execute("create temp table kept (like planes)")
        .await?;
    Load::new(Path::new(&file), Csv::new())
        .into_table("kept")
        .run(tx)
        .await?;
    assert_eq!(count(tx, "select count(*) from kept").await?, 2048);
    let sql = "select count(*) from (table kept except table planes) as changed";
    assert_eq!(count(tx, sql).await?, 0);
    Ok(())
}

#[aiodal::test]
async fn a_query_is_exported_in_the_format_that_the_name_says(
    tx: &mut Transaction,
) -> Result<(), BoxError> {
    let directory = Directory::new("query");
    let file = directory.path("airlines.jsonl");
    let query = "select carrier, name from airlines where carrier = 'UA'";
    run(tx, &["export", "--query", query, "-o", &file]).await?;
    let written = fs::read_to_string(&file)?;
    assert_eq!(
        written,
        "{\"carrier\":\"UA\",\"name\":\"United Air Lines Inc.\"}\n"
    );
    Ok(())
}

#[aiodal::test]
async fn a_refused_export_leaves_no_file(tx: &mut Transaction) -> Result<(), BoxError> {
    let directory = Directory::new("refused");
    let file = directory.path("x.csv");
    let error = run(tx, &["export", "airlines_of_mars", "-o", &file]).await;
    let said = error.expect_err("there is no such table").to_string();
    assert!(said.contains("airlines_of_mars"), "{said}");
    assert_eq!(fs::read_dir(&directory.0)?.count(), 0);
    Ok(())
}

#[aiodal::test]
async fn the_week_of_the_seed_has_its_stats(tx: &mut Transaction) -> Result<(), BoxError> {
    let said = run(tx, &["stats", "--routes", "1"]).await?;
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(
        lines[0],
        "route     flights  cancelled  mean delay on arrival"
    );
    assert_eq!(lines[2], "");
    assert_eq!(lines.len(), 4 + 16, "{said}");
    Ok(())
}
