//! Prints what a database holds, as a reflection tells it.
//!
//! ```text
//! cargo run --example schema -- postgres://localhost/library --schema public --mermaid
//! ```

use std::error::Error;
use std::process::ExitCode;

use aiodal::{DataAccessLayer, Reflect};

const USAGE: &str = "\
usage: schema [options] <url>

  --schema <name>  reflects a schema; repeatable; without it, those of the search path
  --only <table>   reflects this table only; repeatable
  --partitions     shows partitions besides their tables
  --definitions    shows the queries of views
  --text           prints text in the manner of psql's \\d, which is the default
  --json           prints JSON
  --mermaid        prints an entity relationship diagram for Mermaid
  --dot            prints a graph for Graphviz: pipe it to dot -Tsvg";

enum Format {
    Text,
    Json,
    Mermaid,
    Dot,
}

struct Arguments {
    url: String,
    options: Reflect,
    format: Format,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = match arguments(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("schema: {problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match print(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("schema: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn print(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let options = arguments.options.clone();
    let dal = DataAccessLayer::builder().reflect(options);
    let schema = dal.connect(&arguments.url).await?.schema().await?;
    match arguments.format {
        Format::Text => println!("{schema:#}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&schema)?),
        Format::Mermaid => print!("{}", schema.mermaid()),
        Format::Dot => print!("{}", schema.dot()),
    }
    Ok(())
}

/// Reads the arguments; `None` is a cry for help.
fn arguments(mut given: impl Iterator<Item = String>) -> Result<Option<Arguments>, String> {
    let (mut url, mut format) = (None, None);
    let (mut schemas, mut only) = (Vec::new(), Vec::new());
    let mut options = Reflect::new();
    while let Some(argument) = given.next() {
        let chosen = match argument.as_str() {
            "-h" | "--help" => return Ok(None),
            "--schema" => {
                schemas.push(value(&argument, given.next())?);
                continue;
            }
            "--only" => {
                only.push(value(&argument, given.next())?);
                continue;
            }
            "--partitions" => {
                options = options.partitions(true);
                continue;
            }
            "--definitions" => {
                options = options.definitions(true);
                continue;
            }
            "--text" => Format::Text,
            "--json" => Format::Json,
            "--mermaid" => Format::Mermaid,
            "--dot" => Format::Dot,
            unknown if unknown.starts_with('-') => {
                return Err(format!("there is no option `{unknown}`"));
            }
            _ => {
                if url.replace(argument).is_some() {
                    return Err("there are two URLs; quote one with spaces in it".to_owned());
                }
                continue;
            }
        };
        if format.replace(chosen).is_some() {
            return Err("only one format can be printed".to_owned());
        }
    }
    let url = url.ok_or("the URL of a database is missing")?;
    if !schemas.is_empty() {
        options = options.search_path(false).schemas(schemas);
    }
    if !only.is_empty() {
        options = options.only(only);
    }
    let format = format.unwrap_or(Format::Text);
    Ok(Some(Arguments {
        url,
        options,
        format,
    }))
}

fn value(option: &str, given: Option<String>) -> Result<String, String> {
    given.ok_or_else(|| format!("`{option}` needs a name behind it"))
}
