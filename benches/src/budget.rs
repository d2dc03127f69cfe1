//! Figures and their limits.
use std::fmt;

/// A limit: a figure of its own, or a multiple of what C runit measured in the same run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Limit {
    /// So much and no more.
    Absolute(f64),
    /// So many times C runit's.
    Times(f64),
}

impl Limit {
    fn parse(text: &str) -> Option<Limit> {
        match text.strip_suffix('x') {
            Some(times) => times.parse().ok().map(Limit::Times),
            None => text.parse().ok().map(Limit::Absolute),
        }
    }

    fn figure(self, c: Option<f64>) -> Option<f64> {
        match self {
            Limit::Absolute(figure) => Some(figure),
            Limit::Times(times) => c.map(|figure| figure * times),
        }
    }
}

/// One line of the table of budgets.
#[derive(Clone, PartialEq, Debug)]
pub struct Budget {
    /// What is measured.
    pub name: String,
    /// What it must not exceed.
    pub limit: Limit,
    /// What we are after.
    pub goal: Limit,
    /// In what it is counted.
    pub unit: String,
}

impl Budget {
    /// Times of two programs that do the same differ by this much from run to run. Memory, sizes and
    /// counts do not, and no goal is given away.
    const SLACK: f64 = 1.05;

    fn limit(&self, c: Option<f64>) -> Option<f64> {
        let times =
            matches!(self.limit, Limit::Times(_)) && matches!(self.unit.as_str(), "ms" | "us" | "s/GB");
        Some(self.limit.figure(c)? * if times { Budget::SLACK } else { 1.0 })
    }
}

/// Reads the table: name, limit, goal, unit with tabs between them; `#` begins a remark.
///
/// # Errors
/// The line that is wrong.
pub fn parse(text: &str) -> Result<Vec<Budget>, String> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let budget = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [name, limit, goal, unit] = fields.try_into().ok()?;
        let (limit, goal) = (Limit::parse(limit)?, Limit::parse(goal)?);
        Some(Budget { name: name.into(), limit, goal, unit: unit.into() })
    };
    lines.map(|line| budget(line).ok_or_else(|| format!("not a budget: {line}"))).collect()
}

/// What was measured under a name.
#[derive(Clone, PartialEq, Debug)]
pub struct Figure {
    /// The name in the table.
    pub name: String,
    /// Ours.
    pub ours: f64,
    /// C runit's, where that was measured as well.
    pub c: Option<f64>,
}

/// How a figure stands to its budget.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Better than we hoped for.
    Goal,
    /// Good enough.
    Within,
    /// Too much.
    Over,
    /// There is no budget, or nothing to compare with.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Goal => "goal",
            Verdict::Within => "ok",
            Verdict::Over => "OVER",
            Verdict::Unknown => "-",
        })
    }
}

/// Judges a figure.
#[must_use]
pub fn judge(figure: &Figure, budgets: &[Budget]) -> Verdict {
    let Some(budget) = budgets.iter().find(|budget| budget.name == figure.name) else {
        return Verdict::Unknown;
    };
    let within = |limit: Option<f64>| limit.map(|limit| figure.ours <= limit);
    match (within(budget.limit(figure.c)), within(budget.goal.figure(figure.c))) {
        (Some(false), _) => Verdict::Over,
        (_, Some(true)) => Verdict::Goal,
        (Some(true), _) => Verdict::Within,
        (None, _) => Verdict::Unknown,
    }
}

/// One line for people: name, ours, C's, limit, goal, verdict.
#[must_use]
pub fn line(figure: &Figure, budgets: &[Budget]) -> String {
    let budget = budgets.iter().find(|budget| budget.name == figure.name);
    let unit = budget.map_or("", |budget| budget.unit.as_str());
    let number = |figure: f64| match figure {
        whole if whole.fract() == 0.0 => format!("{whole:.0}"),
        part => format!("{part:.3}"),
    };
    let c = figure.c.map_or("-".into(), number);
    let shown = |limit: Option<Limit>| match limit {
        Some(Limit::Absolute(limit)) => number(limit),
        Some(Limit::Times(times)) => format!("{times} x C"),
        None => "-".into(),
    };
    let (limit, goal) = (shown(budget.map(|budget| budget.limit)), shown(budget.map(|budget| budget.goal)));
    let (verdict, ours) = (judge(figure, budgets), number(figure.ours));
    format!("{:<34} {ours:>10} {c:>10} {limit:>10} {goal:>10} {unit:<12} {verdict}", figure.name)
}

/// The heading over such lines.
#[must_use]
pub fn heading() -> String {
    format!("{:<34} {:>10} {:>10} {:>10} {:>10}", "", "ours", "C", "limit", "goal")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(limits: &str, ours: f64, c: Option<f64>) -> Verdict {
        let budgets = parse(&format!("# remark\n\nfile\t{limits}\tbytes\n")).unwrap();
        judge(&Figure { name: "file".into(), ours, c }, &budgets)
    }

    #[test]
    fn verdicts() {
        assert_eq!(verdict("100\t50", 101.0, None), Verdict::Over);
        assert_eq!(verdict("100\t50", 100.0, None), Verdict::Within);
        assert_eq!(verdict("100\t50", 50.0, None), Verdict::Goal);
        assert_eq!(verdict("1.2x\t1.0x", 12.1, Some(10.0)), Verdict::Over);
        assert_eq!(verdict("1.2x\t1.0x", 11.0, Some(10.0)), Verdict::Within);
        assert_eq!(verdict("1.2x\t1.0x", 11.0, None), Verdict::Unknown);
        assert_eq!(verdict("0\t0", 1.0, None), Verdict::Over);
    }

    #[test]
    fn only_times_beside_others_have_slack() {
        let judged = |limit: &str, unit: &str, ours: f64| {
            let budgets = parse(&format!("a\t{limit}\t0\t{unit}\n")).unwrap();
            judge(&Figure { name: "a".into(), ours, c: Some(100.0) }, &budgets)
        };
        assert_eq!(judged("1.0x", "us", 104.0), Verdict::Within);
        assert_eq!(judged("1.0x", "us", 106.0), Verdict::Over);
        assert_eq!(judged("1.0x", "KiB", 101.0), Verdict::Over);
        assert_eq!(judged("100", "us", 101.0), Verdict::Over);
    }

    #[test]
    fn the_table_of_the_house() {
        assert!(parse(include_str!("../../ci/budgets.tsv")).unwrap().len() > 20);
        assert!(parse("a\tb\tc\td").is_err());
        assert!(parse("only a name").is_err());
    }
}
