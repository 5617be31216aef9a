//! Which field of a source goes to which column.

use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::schema::Table;

/// What was said of names.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) columns: Option<Vec<String>>,
    /// From the field's name to the column's.
    pub(super) renamed: Vec<(String, String)>,
    pub(super) ignored: Vec<String>,
    pub(super) ignore_unknown: bool,
}

/// The columns that there are.
#[derive(Debug)]
pub(super) struct Known {
    columns: Vec<Column>,
    /// What they are of, and what is about to be done, for errors.
    table: String,
    operation: String,
}

#[derive(Debug)]
struct Column {
    name: String,
    /// Whether it is computed: COPY takes no value.
    generated: bool,
    /// Whether it is something else than null where there is no value.
    filled: bool,
}

/// Which field goes where.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mapping {
    /// For each field the place of its column; `None` is left out.
    pub(super) fields: Vec<Option<usize>>,
    /// The names of the fields, as the source has them; empty if they have none.
    pub(super) names: Vec<String>,
    /// The columns, in the order in which COPY lists them.
    pub(super) columns: Vec<String>,
}

impl Known {
    pub(super) fn of_table(table: &Table, operation: &str) -> Known {
        let columns = table.columns.iter().map(|column| Column {
            name: column.name.clone(),
            generated: column.generated.is_some(),
            filled: column.default.is_some() || column.identity.is_some(),
        });
        Known {
            columns: columns.collect(),
            table: table.name.to_string(),
            operation: operation.to_owned(),
        }
    }

    pub(super) fn of_names(names: Vec<String>, operation: &str) -> Known {
        let columns = names.into_iter().map(|name| Column {
            name,
            generated: false,
            filled: false,
        });
        Known {
            columns: columns.collect(),
            table: "the stage".to_owned(),
            operation: operation.to_owned(),
        }
    }

    /// Finds a column by its name; a name that misses, in lower case.
    fn find(&self, name: &str) -> Option<&Column> {
        let by = |name: &str| self.columns.iter().find(|column| column.name == name);
        by(name).or_else(|| by(&name.to_ascii_lowercase()))
    }

    pub(super) fn refuse(&self, reason: String) -> Error {
        Error::refused(&self.operation, reason)
    }

    fn loadable(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(|column| !column.generated)
    }

    fn near(&self, name: &str) -> String {
        let near = nearest(name, self.loadable().map(|column| column.name.as_str()));
        match near.as_slice() {
            [] => String::new(),
            near => format!(", did you mean `{}`?", near.join("` or `")),
        }
    }

    /// Finds a column that can be loaded.
    fn column(&self, name: &str) -> Result<&str> {
        match self.find(name) {
            Some(column) if column.generated => Err(self.refuse(format!(
                "`{}` of {} is generated, and takes no value; ignore it",
                column.name, self.table
            ))),
            Some(column) => Ok(&column.name),
            None => Err(self.refuse(format!(
                "{} has no column `{name}`{}",
                self.table,
                self.near(name)
            ))),
        }
    }

    fn no_fields(&self, unknown: &[&str]) -> Error {
        let told: Vec<String> = unknown
            .iter()
            .map(|name| format!("`{name}`{}", self.near(name)))
            .collect();
        self.refuse(format!(
            "{} has no column for {}; rename such a field, or ignore it",
            self.table,
            told.join("; for ")
        ))
    }
}

impl Names {
    /// Whether fields that are no columns are left out.
    pub(super) fn leaves_out_unknown(&self) -> bool {
        self.ignore_unknown || self.columns.is_some()
    }

    /// Returns the columns that were asked for, each of which exists.
    fn wanted(&self, known: &Known) -> Result<Option<Vec<String>>> {
        let Some(columns) = &self.columns else {
            return Ok(None);
        };
        let columns: Result<Vec<String>> = columns
            .iter()
            .map(|name| known.column(name).map(str::to_owned))
            .collect();
        let columns = columns?;
        for (i, column) in columns.iter().enumerate() {
            if columns[..i].contains(column) {
                return Err(known.refuse(format!("the column `{column}` is named twice")));
            }
        }
        Ok(Some(columns))
    }

    /// Fields have no names.
    pub(super) fn by_position(&self, known: &Known) -> Result<Mapping> {
        if let Some((field, _)) = self.renamed.first() {
            return Err(no_header(known, field));
        }
        if let Some(field) = self.ignored.first() {
            return Err(no_header(known, field));
        }
        let columns = match self.wanted(known)? {
            Some(columns) => columns,
            None => known.loadable().map(|column| column.name.clone()).collect(),
        };
        if columns.is_empty() {
            return Err(known.refuse(format!("{} has no column to load", known.table)));
        }
        Ok(Mapping {
            fields: (0..columns.len()).map(Some).collect(),
            names: Vec::new(),
            columns,
        })
    }

    /// There is a name for each field.
    pub(super) fn by_header(&self, header: &[String], known: &Known) -> Result<Mapping> {
        self.check_renamed(header, known)?;
        let wanted = self.wanted(known)?;
        let mut mapping = Mapping::default();
        let mut unknown = Vec::new();
        for field in header {
            let place = match self.column_of(field, wanted.as_deref(), known)? {
                Found::Column(column) => {
                    if let Some(twice) = mapping.columns.iter().position(|one| one == column) {
                        let first = mapping.fields.iter().position(|at| *at == Some(twice));
                        let first = first.map_or("", |at| header[at].as_str());
                        return Err(known.refuse(format!(
                            "the fields `{first}` and `{field}` are both for the column `{column}`; ignore one of them"
                        )));
                    }
                    mapping.columns.push(column.to_owned());
                    Some(mapping.columns.len() - 1)
                }
                Found::LeftOut => None,
                Found::Unknown => {
                    unknown.push(field.as_str());
                    None
                }
            };
            mapping.fields.push(place);
        }
        if !unknown.is_empty() {
            return Err(known.no_fields(&unknown));
        }
        for column in wanted.iter().flatten() {
            if !mapping.columns.contains(column) {
                let near = nearest(column, header.iter().map(String::as_str)).join("` or `");
                let near = if near.is_empty() {
                    String::new()
                } else {
                    format!("; did you mean `{near}`? rename it")
                };
                return Err(known.refuse(format!(
                    "the header has no field for the column `{column}`{near}"
                )));
            }
        }
        if mapping.columns.is_empty() {
            return Err(known.refuse(format!("no field is for a column of {}", known.table)));
        }
        mapping.names = header.to_vec();
        Ok(mapping)
    }

    /// Each record names its fields; `seen` are the names of the first ones.
    pub(super) fn by_keys(&self, seen: &[String], known: &Known) -> Result<Mapping> {
        let wanted = self.wanted(known)?;
        let mut mapping = Mapping::default();
        let mut unknown = Vec::new();
        for key in seen {
            match self.column_of(key, wanted.as_deref(), known)? {
                Found::Column(column) => {
                    // Two keys that differ in case only: the first has it.
                    if !mapping.columns.iter().any(|one| one == column) {
                        mapping.add(key, Some(column));
                    }
                }
                Found::LeftOut => mapping.add(key, None),
                Found::Unknown => unknown.push(key.as_str()),
            }
        }
        if !unknown.is_empty() {
            return Err(known.no_fields(&unknown));
        }
        // A column that no record has a value for would be null in any case, unless it has a default.
        let rest: Vec<&str> = match &wanted {
            Some(columns) => columns.iter().map(String::as_str).collect(),
            None => {
                let unfilled = known.loadable().filter(|column| !column.filled);
                unfilled.map(|column| column.name.as_str()).collect()
            }
        };
        for column in rest {
            if !mapping.columns.iter().any(|one| one == column) {
                let renamed = self.renamed.iter().find(|(_, to)| to == column);
                let key = renamed.map_or(column, |(field, _)| field);
                mapping.add(key, Some(column));
            }
        }
        for key in &self.ignored {
            if !mapping.names.contains(key) {
                mapping.add(key, None);
            }
        }
        if mapping.columns.is_empty() {
            return Err(known.refuse(format!("no key is a column of {}", known.table)));
        }
        Ok(mapping)
    }

    /// Everything goes into one column.
    pub(super) fn into_one(column: &str, known: &Known) -> Result<Mapping> {
        Ok(Mapping {
            fields: vec![Some(0)],
            names: Vec::new(),
            columns: vec![known.column(column)?.to_owned()],
        })
    }

    fn column_of<'k>(
        &self,
        field: &str,
        wanted: Option<&[String]>,
        known: &'k Known,
    ) -> Result<Found<'k>> {
        if self.ignored.iter().any(|ignored| ignored == field) {
            return Ok(Found::LeftOut);
        }
        let renamed = self.renamed.iter().find(|(from, _)| from == field);
        let column = match renamed {
            Some((_, to)) => known.column(to)?,
            None => match known.find(field) {
                Some(column) if wanted.is_some_and(|wanted| !wanted.contains(&column.name)) => {
                    return Ok(Found::LeftOut);
                }
                Some(_) => known.column(field)?,
                None if self.leaves_out_unknown() => return Ok(Found::LeftOut),
                None => return Ok(Found::Unknown),
            },
        };
        Ok(Found::Column(column))
    }

    fn check_renamed(&self, header: &[String], known: &Known) -> Result<()> {
        for (field, _) in &self.renamed {
            if !header.contains(field) {
                let near = nearest(field, header.iter().map(String::as_str)).join("` or `");
                let near = if near.is_empty() {
                    format!("the fields are `{}`", header.join("`, `"))
                } else {
                    format!("did you mean `{near}`?")
                };
                return Err(known.refuse(format!("the header has no field `{field}`; {near}")));
            }
        }
        Ok(())
    }
}

enum Found<'k> {
    Column(&'k str),
    LeftOut,
    Unknown,
}

impl Mapping {
    /// Returns the first field that goes nowhere.
    pub(super) fn left_out(&self) -> Option<&str> {
        let at = self.fields.iter().position(Option::is_none)?;
        Some(self.names.get(at).map_or("", String::as_str))
    }

    fn add(&mut self, name: &str, column: Option<&str>) {
        self.names.push(name.to_owned());
        self.fields.push(column.map(|column| {
            self.columns.push(column.to_owned());
            self.columns.len() - 1
        }));
    }
}

fn no_header(known: &Known, field: &str) -> Error {
    known.refuse(format!(
        "the field `{field}` cannot be told from others: the source has no header to go by; name the columns in the \
         order of the fields"
    ))
}
