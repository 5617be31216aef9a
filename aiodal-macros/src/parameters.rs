//! Reads `#[case(..)]` above a function and `#[case]`, `#[values(..)]` on its arguments: which tests it stands for.

mod names;
mod row;
mod values;

use proc_macro2::Span;
use syn::{Attribute, Expr, PatType, Signature};

use self::names::{numbered, width};
use self::row::Row;
use self::values::Values;
use crate::attribute;
use crate::function::Function;
use crate::problems::Problems;

/// The parameters of a function that has some.
pub(crate) struct Parameters<'a> {
    rows: Vec<Row<'a>>,
    columns: Vec<Column>,
    /// Attributes of the function itself, whatever its tests are: documentation and lints.
    pub(crate) of_function: Vec<&'a Attribute>,
    /// Attributes of all its tests.
    of_tests: Vec<&'a Attribute>,
    /// Whether there is a `#[case(..)]`, read or not.
    has_rows: bool,
}

/// An argument that is a parameter.
struct Column {
    position: usize,
    source: Source,
}

enum Source {
    /// The next value of each row.
    Rows,
    /// Each of these.
    Values(Values),
    /// Said wrongly: the problem is told.
    Unclear,
}

/// One of the tests that a function with parameters stands for.
#[derive(Clone)]
pub(crate) struct Case<'a> {
    /// Its name, and those of the modules that it is in, from the outermost.
    pub(crate) path: Vec<String>,
    pub(crate) attrs: Vec<&'a Attribute>,
    /// What it passes, and as which argument.
    values: Vec<(usize, &'a Expr)>,
    /// Where it is written.
    pub(crate) span: Span,
}

impl<'a> Parameters<'a> {
    /// Reads the parameters of a function; `None` if it has none.
    pub(crate) fn read(function: &'a Function, problems: &mut Problems) -> Option<Self> {
        let mut parameters = Self {
            rows: Vec::new(),
            columns: Vec::new(),
            of_function: Vec::new(),
            of_tests: Vec::new(),
            has_rows: false,
        };
        parameters.read_attributes(&function.attrs, problems);
        let mut marked = Vec::new();
        for (position, argument) in function.arguments().enumerate() {
            if let Some((attr, source)) = source(argument, problems) {
                if matches!(source, Source::Rows) {
                    marked.push(attr);
                }
                parameters.columns.push(Column { position, source });
            }
        }
        parameters.check_rows(&function.sig, &marked, problems);
        (parameters.has_rows || !parameters.columns.is_empty()).then_some(parameters)
    }

    /// Hands out the attributes: those between two cases belong to the second.
    fn read_attributes(&mut self, attrs: &'a [Attribute], problems: &mut Problems) {
        let mut of_next = Vec::new();
        for attr in attrs {
            if attribute::is_case(attr) {
                self.has_rows = true;
                let attrs = std::mem::take(&mut of_next);
                match Row::read(attr, attrs) {
                    Ok(row) => self.rows.push(row),
                    Err(problem) => problems.add(problem),
                }
            } else if attr.path().is_ident("values") {
                problems.at(
                    attr,
                    "`#[values]` stands before an argument, not above the function; move it there",
                );
            } else if attribute::is_of_any_function(attr) {
                self.of_function.push(attr);
            } else if attribute::stands_above_ours(attr) {
                self.of_tests.push(attr);
            } else {
                of_next.push(attr);
            }
        }
        self.of_tests.append(&mut of_next);
    }

    fn check_rows(&self, sig: &Signature, marked: &[&Attribute], problems: &mut Problems) {
        let name = &sig.ident;
        if !self.has_rows {
            for attr in marked {
                problems.at(
                    attr,
                    "`#[case]` takes its value from a case, and there is none; write one below `#[aiodal::test]`, such as `#[case(1)]`",
                );
            }
        }
        let is_unclear = |column: &Column| matches!(column.source, Source::Unclear);
        if self.columns.iter().any(is_unclear) {
            return;
        }
        let takes = marked.len();
        for row in &self.rows {
            let problem = match row.values.len() {
                _ if takes == 0 => format!(
                    "no argument of `{name}` takes the values of a case; write `#[case]` before each that does"
                ),
                values if values == takes => continue,
                values => format!(
                    "this case has {}, but `{name}` has {} with `#[case]`",
                    counted(values, "value"),
                    counted(takes, "argument"),
                ),
            };
            problems.at(row.attr, problem);
        }
    }

    /// Whether the argument at this position is a parameter.
    pub(crate) fn takes(&self, position: usize) -> bool {
        self.columns
            .iter()
            .any(|column| column.position == position)
    }

    /// All tests, in the order in which they are written: each row with each combination of values.
    pub(crate) fn cases(&'a self, sig: &Signature) -> Vec<Case<'a>> {
        let marked = |column: &&Column| matches!(column.source, Source::Rows);
        let mut cases: Vec<Case<'a>> = Vec::new();
        for (index, row) in self.rows.iter().enumerate() {
            let positions = self.columns.iter().filter(marked);
            cases.push(Case {
                path: vec![row.test_name(index, width(self.rows.len()))],
                attrs: row.attrs.iter().chain(&self.of_tests).copied().collect(),
                values: positions
                    .map(|column| column.position)
                    .zip(&row.values)
                    .collect(),
                span: row.span(),
            });
        }
        if self.rows.is_empty() {
            cases.push(Case {
                path: Vec::new(),
                attrs: self.of_tests.clone(),
                values: Vec::new(),
                span: sig.ident.span(),
            });
        }
        for column in &self.columns {
            if let Source::Values(values) = &column.source {
                cases = cases
                    .iter()
                    .flat_map(|case| with_each(case, column.position, values))
                    .collect();
            }
        }
        cases
    }
}

/// The case once for each of the values.
fn with_each<'a>(
    case: &Case<'a>,
    position: usize,
    values: &'a Values,
) -> impl Iterator<Item = Case<'a>> {
    let width = width(values.values.len());
    values.values.iter().enumerate().map(move |(index, value)| {
        let mut case = case.clone();
        let number = numbered(&values.argument, index, width);
        case.path.push(format!("{number}_{}", value.label));
        case.values.push((position, &value.expr));
        case
    })
}

impl Case<'_> {
    /// What it passes as the argument at this position.
    pub(crate) fn value(&self, position: usize) -> Option<&Expr> {
        let mut values = self.values.iter();
        values
            .find(|(at, _)| *at == position)
            .map(|(_, value)| *value)
    }

    pub(crate) fn should_panic(&self) -> bool {
        self.attrs
            .iter()
            .any(|attr| attribute::is_should_panic(attr))
    }
}

/// Where the argument's value comes from, if it is a parameter, and the attribute that says so.
fn source<'a>(argument: &'a PatType, problems: &mut Problems) -> Option<(&'a Attribute, Source)> {
    let mut attrs = argument
        .attrs
        .iter()
        .filter(|attr| attribute::is_of_a_parameter(attr));
    let attr = attrs.next()?;
    for second in attrs {
        problems.at(
            second,
            format!(
                "this argument takes its value from `#[{}]`; remove one of the two",
                attribute::name(attr)
            ),
        );
    }
    let source = if attr.path().is_ident("values") {
        Values::read(attr, &argument.pat).map(Source::Values)
    } else {
        row::check_mark(attr).map(|()| Source::Rows)
    };
    match source {
        Ok(source) => Some((attr, source)),
        Err(problem) => {
            problems.add(problem);
            Some((attr, Source::Unclear))
        }
    }
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests;
