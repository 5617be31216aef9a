//! What a suite found: for people as a table, for machines as JSON.

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::stats::Samples;

/// What a suite found.
#[derive(Debug)]
pub(crate) struct Report {
    suite: &'static str,
    /// What was compared and how, a paragraph per entry.
    about: Vec<String>,
    figures: Vec<Figure>,
    ratios: Vec<Ratio>,
}

#[derive(Debug)]
struct Figure {
    name: String,
    unit: &'static str,
    samples: Samples,
    aim: Option<&'static str>,
}

#[derive(Debug)]
struct Ratio {
    name: String,
    value: f64,
    aim: Option<&'static str>,
}

impl Report {
    pub(crate) fn new(suite: &'static str, about: Vec<String>) -> Report {
        Report {
            suite,
            about,
            figures: Vec::new(),
            ratios: Vec::new(),
        }
    }

    /// Adds a figure.
    pub(crate) fn figure(&mut self, name: impl Into<String>, unit: &'static str, samples: Samples) {
        self.figure_with_aim(name, unit, samples, None);
    }

    /// Adds a figure that something is expected of.
    pub(crate) fn figure_with_aim(
        &mut self,
        name: impl Into<String>,
        unit: &'static str,
        samples: Samples,
        aim: Option<&'static str>,
    ) {
        let name = name.into();
        self.figures.push(Figure {
            name,
            unit,
            samples,
            aim,
        });
    }

    /// Adds the ratio of the medians of two figures that have been added.
    ///
    /// # Panics
    ///
    /// One of them has not.
    pub(crate) fn ratio(&mut self, above: &str, below: &str, aim: Option<&'static str>) {
        let value = self.median(above) / self.median(below);
        let name = format!("{above} / {below}");
        self.ratios.push(Ratio { name, value, aim });
    }

    fn median(&self, name: &str) -> f64 {
        let figure = self.figures.iter().find(|figure| figure.name == name);
        figure
            .unwrap_or_else(|| panic!("a ratio is of figures: there is no `{name}`"))
            .samples
            .median()
    }

    /// Writes the figures and the ratios as JSON.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        let text = format!("{:#}\n", self.json());
        std::fs::write(path, text)
            .map_err(|error| format!("failed to write {}: {error}", path.display()))?;
        Ok(())
    }

    fn json(&self) -> Value {
        let figure = |figure: &Figure| {
            let samples = &figure.samples;
            json!({
                "name": figure.name,
                "median": round(samples.median()),
                "min": round(samples.min()),
                "max": round(samples.max()),
                "unit": figure.unit,
                "n": samples.len(),
            })
        };
        let ratios: Map<_, _> = self
            .ratios
            .iter()
            .map(|ratio| (ratio.name.clone(), round(ratio.value).into()))
            .collect();
        json!({
            "suite": self.suite,
            "figures": self.figures.iter().map(figure).collect::<Vec<_>>(),
            "ratios": ratios,
        })
    }
}

/// A clock does not tell more than this.
fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// As many digits as say something: three, more or less.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\nsuite: {}", self.suite)?;
        for paragraph in &self.about {
            writeln!(f, "{paragraph}")?;
        }
        let figures = self.figures.iter().map(|figure| figure.name.len());
        let ratios = self.ratios.iter().map(|ratio| ratio.name.len());
        let width = figures.chain(ratios).max().unwrap_or(0);
        writeln!(
            f,
            "\n{:width$}  {:>9} {:>9} {:>9}  {:6} {:>2}  aim",
            "figure", "median", "min", "max", "unit", "n"
        )?;
        for Figure {
            name,
            unit,
            samples,
            aim,
        } in &self.figures
        {
            let [median, min, max] = [samples.median(), samples.min(), samples.max()].map(digits);
            let n = samples.len();
            let aim = aim.unwrap_or_default();
            writeln!(
                f,
                "{name:width$}  {median:>9} {min:>9} {max:>9}  {unit:6} {n:>2}  {aim}"
            )?;
        }
        writeln!(f, "\n{:width$}  {:>9}  aim", "ratio of medians", "")?;
        for Ratio { name, value, aim } in &self.ratios {
            let aim = aim.unwrap_or_default();
            writeln!(f, "{name:width$}  {:>9}  {aim}", digits(*value))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_figures_and_their_ratios() {
        let mut report = Report::new("sizes", vec!["feet".to_owned()]);
        report.figure("left", "mm", [260.0, 280.0].into_iter().collect());
        report.figure("right", "mm", [90.0].into_iter().collect());
        report.ratio("left", "right", Some("1"));
        let expected = json!({
            "suite": "sizes",
            "figures": [
                {"name": "left", "median": 270.0, "min": 260.0, "max": 280.0, "unit": "mm", "n": 2},
                {"name": "right", "median": 90.0, "min": 90.0, "max": 90.0, "unit": "mm", "n": 1},
            ],
            "ratios": {"left / right": 3.0},
        });
        assert_eq!(report.json(), expected);
    }
}
