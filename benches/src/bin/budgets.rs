//! Size, memory, system calls and wakes against their limits.
//!
//! `budgets --static DIR --dynamic DIR [--c DIR] [--limits FILE] [--rest SECONDS] [TOPIC...]`;
//! the topics are `file`, `memory`, `calls`, `rest`. The exit code is 1 if a limit is exceeded, 3
//! if something cannot be measured here.
use benches::budget::{self, Figure, Verdict};
use benches::loggers;
use benches::process;
use benches::tree::{self, Set, System};
use runit_tests::place::Place;
use runit_tests::{programs, wait};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

struct Wanted {
    linked: Set,
    dynamic: Set,
    c: Option<Set>,
    limits: String,
    rest: Duration,
    topics: Vec<String>,
}

impl Wanted {
    fn read() -> Option<Wanted> {
        let mut wanted = Wanted {
            linked: Set { dir: "target/static".into() },
            dynamic: Set { dir: "target/release".into() },
            c: None,
            limits: "ci/budgets.tsv".into(),
            rest: Duration::from_secs(60),
            topics: Vec::new(),
        };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--static" => wanted.linked = Set::new(&words.next()?),
                "--dynamic" => wanted.dynamic = Set::new(&words.next()?),
                "--c" => wanted.c = Some(Set::new(&words.next()?)),
                "--limits" => wanted.limits = words.next()?,
                "--rest" => wanted.rest = Duration::from_secs(words.next()?.parse().ok()?),
                _ => wanted.topics.push(word),
            }
        }
        Some(wanted)
    }

    fn has(&self, topic: &str) -> bool {
        self.topics.is_empty() || self.topics.iter().any(|word| word == topic)
    }
}

/// The figures, and what could not be measured.
#[derive(Default)]
struct Found {
    figures: Vec<Figure>,
    missing: Vec<String>,
}

impl Found {
    fn add(&mut self, name: &str, ours: Option<u64>, c: Option<u64>) {
        match ours {
            Some(ours) => self.figures.push(Figure {
                name: name.into(),
                ours: ours as f64,
                c: c.map(|figure| figure as f64),
            }),
            None => self.missing.push(name.into()),
        }
    }
}

fn length(set: &Set, name: &str) -> Option<u64> {
    Some(std::fs::metadata(set.dir.join(name)).ok()?.len())
}

fn file_sizes(wanted: &Wanted, found: &mut Found) {
    let mut sum = Some(0);
    for name in programs::names(Some("resident")) {
        let ours = length(&wanted.linked, name);
        let c = wanted.c.as_ref().and_then(|set| length(set, name));
        found.add(&format!("file {name} static"), ours, c);
        sum = sum.zip(ours).map(|(sum, ours)| sum + ours);
    }
    found.add("file residents static", sum, None);
    // Three times as much if the code for backtraces is back.
    for name in programs::names(Some("command")) {
        let c = wanted.c.as_ref().and_then(|set| length(set, name));
        found.add(&format!("file {name} dynamic"), length(&wanted.dynamic, name), c);
    }
}

fn memory(wanted: &Wanted, found: &mut Found) {
    // Pages of a file that was just written count as dirty until they are on disk.
    let _ = Command::new("sync").status();
    let runit = |look: fn(i32) -> Option<u64>| {
        least(|| {
            let place = Place::new();
            look(System::boot(&wanted.linked, &place)?.pid)
        })
    };
    found.add("runit static size", runit(process::size), None);
    found.add("runit static resident", runit(process::resident), None);
    found.add("runit static private", runit(process::private), None);

    let runsv = |set: &Set, look: fn(i32) -> Option<u64>| {
        least(|| {
            let place = Place::new();
            look(tree::runsv(set, &place).pid())
        })
    };
    found.add("runsv static private", runsv(&wanted.linked, process::private), None);
    found.add("runsv static page tables", runsv(&wanted.linked, process::page_tables), None);
    found.add("runsv static files", runsv(&wanted.linked, process::files), None);
    let c = wanted.c.as_ref().and_then(|set| runsv(set, process::private));
    found.add("runsv dynamic private", runsv(&wanted.dynamic, process::private), c);

    let many = least(|| {
        let place = Place::new();
        let many = tree::runsvdir(&wanted.linked, &place, 1000, true);
        tree::at_rest(many.pid());
        process::private(many.pid())
    });
    found.add("runsvdir of 1000 static private", many, None);

    // Dynamic C: there is no other here.
    let c = wanted.c.as_ref().and_then(|set| least(|| loggers::memory(set)));
    found.add("svlogd static private", least(|| loggers::memory(&wanted.linked)), c);
}

/// The least of a few starts: where the kernel puts the stack is drawn by lot, and with it how many
/// pages the same depth touches.
fn least(measure: impl FnMut() -> Option<u64>) -> Option<u64> {
    std::iter::repeat_with(measure).take(5).collect::<Option<Vec<_>>>()?.into_iter().min()
}

/// System calls before the first that waits, the start of the program included.
fn calls(set: &Set) -> Option<u64> {
    let place = Place::new();
    place.script("one/run", tree::LIVES);
    let trace = place.path("trace");
    let mut command = place.command("strace");
    command.arg("-o").arg(&trace).arg(set.dir.join("runsv")).arg("one");
    // What is made once for ever in the service directory is not counted.
    drop(tree::runsv(set, &place));
    std::fs::remove_file(place.path("one/supervise/status")).ok()?;
    let allowed = place.command("strace").args(["-o", "/dev/null", "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        return None;
    }
    let _running = place.start(&mut command);
    let waits = |line: &&str| ["poll(", "ppoll(", "pselect6("].iter().any(|call| line.starts_with(call));
    Some(wait::until("the first wait", || {
        let text = std::fs::read_to_string(&trace).ok()?;
        text.lines().position(|line| waits(&line)).map(|count| count as u64)
    }))
}

/// Wakes of an idle system of process 1, runsvdir and a few services.
fn rest(wanted: &Wanted, found: &mut Found) {
    let (upper, lower) = (Place::new(), Place::new());
    let system = System::boot(&wanted.linked, &upper);
    let scan = tree::runsvdir(&wanted.linked, &lower, 3, false);
    let supervisors = process::children(scan.pid());
    let logger = loggers::idle(&wanted.linked);
    let mut who: Vec<(&str, i32)> = supervisors.iter().map(|pid| ("runsv", *pid)).collect();
    who.push(("runsvdir", scan.pid()));
    who.push(("svlogd", logger.pid()));
    who.extend(system.as_ref().map(|system| ("runit", system.pid)));
    who.iter().for_each(|(_, pid)| tree::settled(*pid));
    let before: Vec<_> = who.iter().map(|(_, pid)| process::sleeps(*pid)).collect();
    // What is measured is that nothing happens, so there is nothing to wait for but the time.
    let end = Instant::now() + wanted.rest;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
    for name in ["runit", "runsvdir", "runsv", "svlogd"] {
        let wakes = who.iter().zip(&before).filter(|((who, _), _)| *who == name);
        let wakes: Vec<_> =
            wakes.map(|((_, pid), before)| Some(process::sleeps(*pid)? - (*before)?)).collect();
        let most = if wakes.is_empty() { None } else { wakes.into_iter().collect::<Option<Vec<_>>>() };
        found.add(&format!("{name} wakes in a minute"), most.and_then(|all| all.into_iter().max()), None);
    }
}

fn main() -> ExitCode {
    let Some(wanted) = Wanted::read() else {
        eprintln!(
            "usage: budgets --static DIR --dynamic DIR [--c DIR] [--limits FILE] [--rest SECONDS] [TOPIC...]"
        );
        return ExitCode::from(100);
    };
    let limits = std::fs::read_to_string(&wanted.limits).map_err(|why| why.to_string());
    let limits = match limits.and_then(|text| budget::parse(&text)) {
        Ok(limits) => limits,
        Err(why) => {
            eprintln!("budgets: {}: {why}", wanted.limits);
            return ExitCode::from(111);
        }
    };
    let mut found = Found::default();
    if wanted.has("file") {
        file_sizes(&wanted, &mut found);
    }
    if wanted.has("memory") {
        memory(&wanted, &mut found);
    }
    if wanted.has("calls") {
        let c = wanted.c.as_ref().and_then(calls);
        found.add("runsv static calls to first wait", calls(&wanted.linked), c);
    }
    if wanted.has("rest") {
        rest(&wanted, &mut found);
    }
    println!("{}", budget::heading());
    let mut over = 0;
    for figure in &found.figures {
        println!("{}", budget::line(figure, &limits));
        // A figure without a budget is a mistake in the table.
        over += u32::from(matches!(budget::judge(figure, &limits), Verdict::Over | Verdict::Unknown));
    }
    let passed = found.figures.len() as u32 - over;
    println!("budgets: {passed} passed, {over} failed, {} skipped", found.missing.len());
    if over > 0 {
        return ExitCode::FAILURE;
    }
    if !found.missing.is_empty() {
        println!("not to be measured here: {}", found.missing.join(", "));
        return ExitCode::from(3);
    }
    ExitCode::SUCCESS
}
