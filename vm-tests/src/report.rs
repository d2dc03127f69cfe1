//! What came of the scenarios: a table, a file for CI, the last line.
use std::fmt::Write as _;
use std::time::Duration;

/// What came of a scenario on a system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// C runit failed, as it must.
    Differs(String),
    /// Why not, with the last screen.
    Failed(String),
    /// Why it was not tried.
    Skipped(String),
}

/// One line of the results.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The system.
    pub system: String,
    /// The scenario.
    pub scenario: String,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// All results.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// In the order in which they came.
    pub entries: Vec<Entry>,
}

impl Report {
    /// How many passed, failed and were skipped.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for entry in &self.entries {
            match entry.outcome {
                Outcome::Passed | Outcome::Differs(_) => counts.0 += 1,
                Outcome::Failed(_) => counts.1 += 1,
                Outcome::Skipped(_) => counts.2 += 1,
            }
        }
        counts
    }

    fn systems(&self) -> Vec<&str> {
        let mut systems: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !systems.contains(&entry.system.as_str()) {
                systems.push(&entry.system);
            }
        }
        systems
    }

    /// Scenarios downwards, systems across, and below it why some were skipped.
    #[must_use]
    pub fn table(&self) -> String {
        let systems = self.systems();
        let mut scenarios: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !scenarios.contains(&entry.scenario.as_str()) {
                scenarios.push(&entry.scenario);
            }
        }
        let width = scenarios.iter().map(|name| name.len()).max().unwrap_or(0).max(8);
        let mut text = format!("{:width$}", "scenario");
        for system in &systems {
            let _ = write!(text, "  {system:>15}");
        }
        text.push('\n');
        let mut reasons = String::new();
        for scenario in scenarios {
            let _ = write!(text, "{scenario:width$}");
            for system in &systems {
                let found = self.entries.iter().find(|e| e.scenario == scenario && e.system == *system);
                let cell = match found {
                    None => "-".to_owned(),
                    Some(entry) => {
                        let seconds = entry.time.as_secs_f64();
                        match &entry.outcome {
                            Outcome::Passed => format!("ok {seconds:6.1} s"),
                            Outcome::Differs(why) => format!("{why} {seconds:6.1} s"),
                            Outcome::Failed(_) => format!("FAILED {seconds:6.1} s"),
                            Outcome::Skipped(why) => {
                                let _ = writeln!(reasons, "skipped  {system} {scenario}: {why}");
                                "skipped".to_owned()
                            }
                        }
                    }
                };
                let _ = write!(text, "  {cell:>15}");
            }
            text.push('\n');
        }
        for system in systems {
            // One reason for all of a system is told once.
            let own: Vec<&Entry> = self.entries.iter().filter(|entry| entry.system == system).collect();
            let first = own.first().map(|entry| &entry.outcome);
            if let (Some(Outcome::Skipped(why)), true) =
                (first, own.iter().all(|e| Some(&e.outcome) == first))
            {
                let start = format!("skipped  {system} ");
                let others = reasons.lines().filter(|line| !line.starts_with(&start));
                reasons = others.map(|line| format!("{line}\n")).collect();
                let _ = writeln!(reasons, "skipped  {system}: {why}");
            }
        }
        text + &reasons
    }

    /// The file that CI systems read.
    #[must_use]
    pub fn junit(&self) -> String {
        let mut text =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vm-tests\">\n".to_owned();
        for system in self.systems() {
            let entries: Vec<&Entry> = self.entries.iter().filter(|entry| entry.system == system).collect();
            let part = Report { entries: entries.iter().map(|entry| (*entry).clone()).collect() };
            let (_, failed, skipped) = part.counts();
            let time: f64 = entries.iter().map(|entry| entry.time.as_secs_f64()).sum();
            let _ = writeln!(
                text,
                " <testsuite name=\"{system}\" tests=\"{}\" failures=\"{failed}\" skipped=\"{skipped}\" time=\"{time:.3}\">",
                entries.len()
            );
            for entry in entries {
                let name = escape(&entry.scenario);
                let _ = write!(
                    text,
                    "  <testcase classname=\"{system}\" name=\"{name}\" time=\"{:.3}\"",
                    entry.time.as_secs_f64()
                );
                match &entry.outcome {
                    Outcome::Passed | Outcome::Differs(_) => text.push_str("/>\n"),
                    Outcome::Failed(why) => {
                        let first = escape(why.lines().next().unwrap_or(""));
                        let _ = writeln!(
                            text,
                            "><failure message=\"{first}\">{}</failure></testcase>",
                            escape(why)
                        );
                    }
                    Outcome::Skipped(why) => {
                        let _ = writeln!(text, "><skipped message=\"{}\"/></testcase>", escape(why));
                    }
                }
            }
            text.push_str(" </testsuite>\n");
        }
        text + "</testsuites>\n"
    }

    /// The last line.
    #[must_use]
    pub fn line(&self) -> String {
        let (passed, failed, skipped) = self.counts();
        format!("vm-tests: {passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// For XML, which has no word for most control characters.
fn escape(text: &str) -> String {
    let mut plain = String::new();
    for sign in text.chars() {
        match sign {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '"' => plain.push_str("&quot;"),
            '\n' | '\t' => plain.push(sign),
            sign if sign.is_control() => plain.push('?'),
            sign => plain.push(sign),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let entry = |system: &str, scenario: &str, outcome| Entry {
            system: system.into(),
            scenario: scenario.into(),
            outcome,
            time: Duration::from_millis(1500),
        };
        Report {
            entries: vec![
                entry("one", "boot", Outcome::Passed),
                entry("one", "panic", Outcome::Failed("\"a\" <b>\nscreen\u{1}".into())),
                entry("two", "boot", Outcome::Skipped("no image".into())),
                entry("two", "late", Outcome::Differs("DEV-07".into())),
            ],
        }
    }

    #[test]
    fn table_and_line() {
        let table = report().table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0].ends_with("two") && lines[1].starts_with("boot") && lines[1].ends_with("skipped"));
        assert!(lines[2].contains("FAILED    1.5 s") && lines[2].ends_with(" -"), "{table}");
        assert!(lines[3].ends_with("DEV-07    1.5 s"));
        assert_eq!(lines[4], "skipped  two boot: no image");
        let mut all = report();
        all.entries.pop();
        assert!(all.table().ends_with("skipped  two: no image\n"));
        assert_eq!(report().line(), "vm-tests: 2 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn junit() {
        let text = report().junit();
        assert!(
            text.contains("<testsuite name=\"one\" tests=\"2\" failures=\"1\" skipped=\"0\" time=\"3.000\">")
        );
        assert!(text.contains(
            "<failure message=\"&quot;a&quot; &lt;b&gt;\">&quot;a&quot; &lt;b&gt;\nscreen?</failure>"
        ));
        assert!(text.contains("<skipped message=\"no image\"/>"));
        assert_eq!(text.matches("<testcase").count(), 4);
    }
}
