//! How small and how fast, ours beside other programs of the same names, in turns.
//!
//! `benches [--ours DIR] [--against DIR]... [--json FILE] [--limits FILE] [--quick] [--list] [METRIC...]`
//!
//! A metric is chosen by a part of its name, or by `=NAME`; without any all are measured but those
//! of 10,000 services, which must be named, and `linear`, a table of costs at 100, 1,000 and 10,000
//! services. Each set of programs has its turn, then each again (A B A B): what else the machine does
//! is in all of them. The limits in ci/budgets.tsv are for the first directory of `--against`. The exit
//! code is 1 if one is exceeded even after more turns, 100 for a wrong call, 111 if a file cannot be
//! read or written.
//!
//! No process and no file is left, however this ends: a second process waits for the end of this one.
use benches::budget::{self, Budget, Figure, Verdict};
use benches::metrics::{self, Metric};
use benches::report::{self, Row, number};
use benches::tree::Set;
use runit_tests::place;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitCode, Stdio};

const USAGE: &str = "usage: benches [--ours DIR] [--against DIR]... [--json FILE] [--limits FILE] [--quick] [--list] [METRIC...]";
/// The word for the process that cleans up.
const CLEANER: &str = "--clean-after";
const SIZES: [usize; 3] = [100, 1000, 10_000];

struct Wanted {
    ours: String,
    against: Vec<String>,
    json: Option<String>,
    limits: String,
    quick: bool,
    list: bool,
    words: Vec<String>,
}

impl Wanted {
    fn read() -> Option<Wanted> {
        let mut wanted = Wanted {
            ours: "target/release".into(),
            against: Vec::new(),
            json: None,
            limits: "ci/budgets.tsv".into(),
            quick: false,
            list: false,
            words: Vec::new(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--ours" => wanted.ours = words.next()?,
                "--against" => wanted.against.push(words.next()?),
                "--json" => wanted.json = Some(words.next()?),
                "--limits" => wanted.limits = words.next()?,
                "--quick" => wanted.quick = true,
                "--list" => wanted.list = true,
                option if option.starts_with('-') => return None,
                _ => wanted.words.push(word),
            }
        }
        Some(wanted)
    }

    fn has(&self, name: &str) -> bool {
        if self.words.is_empty() {
            return !name.contains("10000");
        }
        self.words.iter().any(|word| match word.strip_prefix('=') {
            Some(whole) => name == whole,
            None => name.contains(word.as_str()),
        })
    }
}

/// Waits for the end of who started it, which shows as the end of its input, and removes what is left.
fn clean_after(owner: &str) -> ExitCode {
    let mut nothing = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut nothing);
    match owner.parse() {
        Ok(owner) => place::sweep(owner),
        Err(_) => return ExitCode::from(100),
    }
    ExitCode::SUCCESS
}

/// In a process group of its own, out of reach of a terminal's keys.
fn cleaner() -> std::io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(CLEANER).arg(std::process::id().to_string()).process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()
}

/// So many turns of each set, added to a row.
fn turns(metric: &Metric, sets: &[Set], count: usize, row: &mut Row) {
    for _ in 0..metric.turns {
        for (number, column) in row.columns.iter_mut().enumerate() {
            if column.missing.is_some() {
                continue;
            }
            let taken = match (metric.beside, sets.get(number)) {
                (Some(beside), _) if number > 0 => beside(count),
                (_, Some(set)) => (metric.take)(set, count),
                (_, None) => continue,
            };
            column.add(taken);
        }
    }
}

/// A figure is judged by its own limit and by one beside C runit's.
fn verdicts(row: &Row, budgets: &[Budget]) -> Vec<(Figure, Verdict)> {
    let Some(ours) = row.figure(0) else { return Vec::new() };
    let names = [row.name.clone(), format!("{} against C", row.name)];
    let judged = names.into_iter().map(|name| {
        let figure = Figure { name, ours, c: row.figure(1) };
        let verdict = budget::judge(&figure, budgets);
        (figure, verdict)
    });
    judged.filter(|(_, verdict)| *verdict != Verdict::Unknown).collect()
}

fn is_over(row: &Row, budgets: &[Budget]) -> bool {
    verdicts(row, budgets).iter().any(|(_, verdict)| *verdict == Verdict::Over)
}

fn linear(sets: &[(String, Set)]) {
    println!("\nlinear: what a number of services costs");
    println!(
        "{:<28} {:>9} {:>10} {:>10} {:>10} {:>13} {:>11}",
        "", "services", "up, ms", "CPU, ms", "status, ms", "runsvdir, KiB", "runsv, KiB"
    );
    for size in SIZES {
        for (name, set) in sets {
            match metrics::costs(set, size) {
                Ok(costs) => println!(
                    "{name:<28} {size:>9} {:>10} {:>10} {:>10} {:>13} {:>11}",
                    number(costs.wall),
                    number(costs.cpu),
                    number(costs.status),
                    costs.runsvdir,
                    costs.runsv
                ),
                Err(why) => println!("{name:<28} {size:>9} {why}"),
            }
        }
    }
}

fn measure(wanted: &Wanted) -> Result<bool, String> {
    let text = std::fs::read_to_string(&wanted.limits).map_err(|why| format!("{}: {why}", wanted.limits))?;
    let budgets = budget::parse(&text)?;
    let names: Vec<String> = std::iter::once(&wanted.ours).chain(&wanted.against).cloned().collect();
    let sets: Vec<Set> = names.iter().map(|name| Set::new(name)).collect();
    for (name, set) in names.iter().zip(&sets) {
        if let Some(missing) = set.lacks() {
            return Err(format!("there is no {missing} in {name}"));
        }
    }
    println!("sets: {}", names.join(", "));
    let (mut passed, mut failed, mut rows) = (0, 0, Vec::new());
    for metric in metrics::all().filter(|metric| wanted.has(metric.name)) {
        let columns = if metric.beside.is_some() { 2 } else { sets.len() };
        let count = if wanted.quick { metric.count.div_ceil(5) } else { metric.count };
        let mut row = Row::new(metric, columns);
        turns(metric, &sets, count, &mut row);
        // Another process may have had the processor: then more turns show it. Sizes stay.
        for _ in 0..2 {
            if metric.turns > 1 && is_over(&row, &budgets) {
                turns(metric, &sets, count, &mut row);
            }
        }
        println!("{}", row.line());
        row.missing().for_each(|line| println!("{line}"));
        for (figure, verdict) in verdicts(&row, &budgets) {
            if verdict == Verdict::Over {
                failed += 1;
                println!("  {}", budget::line(&figure, &budgets));
            } else {
                passed += 1;
            }
        }
        rows.push(row);
    }
    if wanted.words.iter().any(|word| word == "linear") {
        linear(&names.iter().cloned().zip(sets).collect::<Vec<_>>());
    }
    if let Some(file) = &wanted.json {
        std::fs::write(file, report::json(&names, &rows)).map_err(|why| format!("{file}: {why}"))?;
    }
    println!("benches: {passed} passed, {failed} failed");
    Ok(failed == 0)
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some(CLEANER) {
        return clean_after(&words.next().unwrap_or_default());
    }
    let Some(wanted) = Wanted::read() else {
        eprintln!("{USAGE}");
        return ExitCode::from(100);
    };
    if wanted.list {
        metrics::all().for_each(|metric| println!("{:<28} {}", metric.name, metric.unit));
        println!("{:<28} costs at {SIZES:?} services", "linear");
        return ExitCode::SUCCESS;
    }
    let cleaner = match cleaner() {
        Ok(cleaner) => cleaner,
        Err(why) => {
            eprintln!("benches: nobody to clean up: {why}");
            return ExitCode::from(111);
        }
    };
    let result = measure(&wanted);
    drop(cleaner);
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("benches: {why}");
            ExitCode::from(111)
        }
    }
}
