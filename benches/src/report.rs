//! Rows of figures: for people, and as JSON for programs.
use crate::metrics::{Metric, Of, Taken};
use crate::times::median;
use std::fmt::Write;

/// What one set of programs showed in all its turns.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Column {
    /// All samples.
    pub samples: Vec<f64>,
    /// Why there are none, or no more.
    pub missing: Option<String>,
}

impl Column {
    /// Adds a turn.
    pub fn add(&mut self, taken: Taken) {
        match taken {
            Ok(samples) => self.samples.extend(samples),
            Err(why) => self.missing = Some(why),
        }
    }

    /// The result.
    #[must_use]
    pub fn figure(&self, of: Of) -> Option<f64> {
        if self.samples.is_empty() {
            return None;
        }
        Some(match of {
            Of::Middle => median(&self.samples),
            Of::Least => self.samples.iter().copied().fold(f64::INFINITY, f64::min),
        })
    }
}

/// One metric of all sets; ours is the first.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// In what.
    pub unit: String,
    /// Which of the samples counts.
    pub of: Of,
    /// A column for each set.
    pub columns: Vec<Column>,
}

impl Row {
    /// An empty one.
    #[must_use]
    pub fn new(metric: &Metric, sets: usize) -> Row {
        Row {
            name: metric.name.into(),
            unit: metric.unit.into(),
            of: metric.of,
            columns: vec![Column::default(); sets],
        }
    }

    /// The result of a set.
    #[must_use]
    pub fn figure(&self, set: usize) -> Option<f64> {
        self.columns.get(set)?.figure(self.of)
    }

    /// How many times ours is another's.
    #[must_use]
    pub fn ratio(&self, set: usize) -> Option<f64> {
        let other = self.figure(set).filter(|figure| *figure != 0.0)?;
        Some(self.figure(0)? / other)
    }

    /// For people: each figure, and the ratio of ours to it.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = format!("{:<28}", self.name);
        for set in 0..self.columns.len() {
            let figure = self.figure(set).map_or("-".into(), number);
            let _ = write!(line, " {figure:>11}");
            if set > 0 {
                let ratio = self.ratio(set).map_or("-".into(), |ratio| format!("{ratio:.2}x"));
                let _ = write!(line, " {ratio:>8}");
            }
        }
        let _ = write!(line, " {}", self.unit);
        line
    }

    /// Why figures are missing, one line for each set and reason.
    pub fn missing(&self) -> impl Iterator<Item = String> + '_ {
        let missing = |(set, column): (usize, &Column)| {
            Some(format!("  {} of set {}: {}", self.name, set + 1, column.missing.as_ref()?))
        };
        self.columns.iter().enumerate().filter_map(missing)
    }

    fn json(&self) -> String {
        let columns: Vec<String> = (0..self.columns.len())
            .map(|set| {
                let samples: Vec<String> =
                    self.columns[set].samples.iter().map(|figure| plain(*figure)).collect();
                format!(
                    "{{\"figure\": {}, \"ours_is_times\": {}, \"missing\": {}, \"samples\": [{}]}}",
                    self.figure(set).map_or("null".into(), plain),
                    self.ratio(set).map_or("null".into(), plain),
                    self.columns[set].missing.as_deref().map_or("null".into(), quoted),
                    samples.join(", ")
                )
            })
            .collect();
        format!(
            "{{\"name\": {}, \"unit\": {}, \"sets\": [{}]}}",
            quoted(&self.name),
            quoted(&self.unit),
            columns.join(", ")
        )
    }
}

/// A figure with as many digits as mean something.
#[must_use]
pub fn number(figure: f64) -> String {
    match figure {
        whole if whole.fract() == 0.0 => format!("{whole:.0}"),
        large if large.abs() >= 100.0 => format!("{large:.0}"),
        part => format!("{part:.3}"),
    }
}

/// JSON knows no infinity and no NaN.
fn plain(figure: f64) -> String {
    if figure.is_finite() { format!("{figure}") } else { "null".into() }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if u32::from(control) < 0x20 => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// The whole report as JSON: the directories, then a row per metric with a column per directory.
#[must_use]
pub fn json(sets: &[String], rows: &[Row]) -> String {
    let sets: Vec<String> = sets.iter().map(|set| quoted(set)).collect();
    let rows: Vec<String> = rows.iter().map(Row::json).collect();
    format!("{{\"sets\": [{}],\n\"rows\": [\n{}\n]}}\n", sets.join(", "), rows.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let mut row = Row { name: "a \"b\"".into(), unit: "ms".into(), of: Of::Middle, columns: Vec::new() };
        row.columns.resize(3, Column::default());
        row.columns[0].add(Ok(vec![1.0, 9.0]));
        row.columns[0].add(Ok(vec![2.0]));
        row.columns[1].add(Ok(vec![4.0]));
        row.columns[2].add(Err("no\nsuch".into()));
        row
    }

    #[test]
    fn the_ratio_is_of_the_medians() {
        assert_eq!((row().figure(0), row().ratio(1), row().ratio(2)), (Some(2.0), Some(0.5), None));
        assert_eq!(row().missing().count(), 1);
        let least = Row { of: Of::Least, ..row() };
        assert_eq!(least.figure(0), Some(1.0));
    }

    #[test]
    fn as_json() {
        let expected = "{\"sets\": [\"x\\\\\"],\n\"rows\": [\n{\"name\": \"a \\\"b\\\"\", \"unit\": \"ms\", \"sets\": [\
            {\"figure\": 2, \"ours_is_times\": 1, \"missing\": null, \"samples\": [1, 9, 2]}, \
            {\"figure\": 4, \"ours_is_times\": 0.5, \"missing\": null, \"samples\": [4]}, \
            {\"figure\": null, \"ours_is_times\": null, \"missing\": \"no\\u000asuch\", \"samples\": []}]}\n]}\n";
        assert_eq!(json(&["x\\".into()], &[row()]), expected);
    }
}
