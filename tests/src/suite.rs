//! Cases, which of them to run, and what came of them.
use crate::programs::Programs;
use crate::{tools, wait};
use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How many cases run at the same time unless `COMPAT_JOBS` says otherwise.
const JOBS: usize = 6;
/// How long C runit gets for what it is expected not to do. It looks at some things every five
/// seconds.
const IN_VAIN: Duration = Duration::from_secs(8);
/// A case that takes longer than this hangs.
const STUCK: Duration = Duration::from_secs(180);

/// One thing to find out about the programs.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    name: &'static str,
    run: fn(),
    dev: Option<&'static str>,
    since: Option<&'static str>,
    ours: bool,
}

/// A case that holds for ours and for C runit. It fails by panicking.
#[must_use]
pub const fn case(name: &'static str, run: fn()) -> Case {
    Case { name, run, dev: None, since: None, ours: false }
}

impl Case {
    /// Every C runit must fail: it shows a deviation on purpose.
    #[must_use]
    pub const fn dev(mut self, number: &'static str) -> Case {
        self.dev = Some(number);
        self
    }

    /// Older C runit must fail: the releases differ.
    #[must_use]
    pub const fn since(mut self, release: &'static str) -> Case {
        self.since = Some(release);
        self
    }

    /// C runit does not have it.
    #[must_use]
    pub const fn ours(mut self) -> Case {
        self.ours = true;
        self
    }

    /// Why these programs must fail; `None` if they must not.
    fn must_fail(&self, c: Option<&str>) -> Option<String> {
        let c = c?;
        match (self.dev, self.since) {
            (Some(number), _) => Some(number.to_owned()),
            (None, Some(release)) if older(c, release) => Some(format!("since {release}")),
            (None, _) => None,
        }
    }
}

fn older(one: &str, other: &str) -> bool {
    let parts = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    parts(one) < parts(other)
}

/// The panic that says that something is missing here.
struct Skip(String);

/// Leaves the case: it cannot be run here.
pub fn skip(why: impl Into<String>) -> ! {
    panic::panic_any(Skip(why.into()))
}

/// Leaves the case on other systems, and where the programs were built as for those, which tells the
/// environment: nothing but inotify tells that one of several readers of a FIFO went away.
pub fn needs_inotify() {
    if cfg!(not(target_os = "linux")) || std::env::var_os("RUNIT_PORTABLE").is_some() {
        skip("no inotify");
    }
}

/// Leaves the case where /proc does not tell of processes as Linux's does.
pub fn needs_proc() {
    if !Path::new("/proc/self/stat").exists() {
        skip("no /proc as on Linux");
    }
}

/// Leaves the case where there is no such program.
pub fn needs_tool(name: &str) {
    if Command::new(name).arg("--version").output().is_err() {
        skip(format!("no {name}"));
    }
}

enum Outcome {
    Passed,
    Differs(String),
    Failed(String),
    Skipped(String),
}

thread_local! {
    static SAID: RefCell<String> = const { RefCell::new(String::new()) };
}

/// A case that fails on C runit gets a second chance, which is told: C has races of its own, and what
/// is asked is whether it ever does what the case says. Ours has one chance.
fn outcome(case: &Case, c: Option<&str>) -> Outcome {
    match try_case(case, c) {
        Outcome::Failed(why) if c.is_some() => {
            println!("again    {}: {}", case.name, line(&why));
            try_case(case, c)
        }
        outcome => outcome,
    }
}

/// What a panic says, on one line: `ci/check` shows lines.
fn line(said: &str) -> String {
    said.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}

fn try_case(case: &Case, c: Option<&str>) -> Outcome {
    if case.ours && c.is_some() {
        return Outcome::Skipped("an extension".into());
    }
    let must_fail = case.must_fail(c);
    wait::set_patience(if must_fail.is_some() { IN_VAIN } else { wait::LONG });
    SAID.take();
    match (panic::catch_unwind(case.run), must_fail) {
        (Ok(()), None) => Outcome::Passed,
        (Ok(()), Some(why)) => Outcome::Failed(format!("case passes on C ({why})")),
        (Err(payload), must_fail) => match (payload.downcast::<Skip>(), must_fail) {
            (Ok(skip), _) => Outcome::Skipped(skip.0),
            (Err(_), Some(why)) => Outcome::Differs(format!("{why}: {}", SAID.take())),
            (Err(_), None) => Outcome::Failed(SAID.take()),
        },
    }
}

/// Notes what a panic says instead of printing it among the words of other threads.
fn quietly() {
    panic::set_hook(Box::new(|info| {
        let payload: &dyn Any = info.payload();
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("?");
        let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
        SAID.set(format!("{text}{}", place.unwrap_or_default()));
    }));
}

/// What the command line asks for.
#[derive(Debug, Default)]
struct Wanted {
    list: bool,
    why: bool,
    filters: Vec<String>,
}

impl Wanted {
    /// Words are parts of names; `--list` names the cases; `--why` shows how C runit fails where
    /// it must. Other options are for other harnesses.
    fn of(words: impl Iterator<Item = String>) -> Wanted {
        let mut wanted = Wanted::default();
        for word in words {
            match word.as_str() {
                "--list" => wanted.list = true,
                "--why" => wanted.why = true,
                option if option.starts_with("--") => {}
                _ => wanted.filters.push(word),
            }
        }
        wanted
    }

    fn has(&self, case: &Case) -> bool {
        let has = |word: &String| {
            case.name.contains(word.as_str()) || case.dev.is_some_and(|dev| dev.contains(word.as_str()))
        };
        self.filters.is_empty() || self.filters.iter().any(has)
    }
}

/// Runs the cases that the command line names, or all; the result is the exit code.
///
/// # Panics
/// If two cases have the same name.
#[must_use]
pub fn main(suite: &str, cases: &[Case]) -> u8 {
    main_with(suite, cases, JOBS)
}

/// The same with so many cases at the same time.
///
/// # Panics
/// If two cases have the same name.
#[must_use]
pub fn main_with(suite: &str, cases: &[Case], jobs: usize) -> u8 {
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have the same name");
    let _tools = match tools::main() {
        Ok(tools) => tools,
        Err(code) => return code,
    };
    let wanted = Wanted::of(std::env::args().skip(1));
    let chosen: Vec<&Case> = cases.iter().filter(|case| wanted.has(case)).collect();
    if wanted.list {
        chosen.iter().for_each(|case| println!("{}: test", case.name));
        return 0;
    }
    let programs = Programs::get();
    match &programs.c {
        Some(version) => println!("{suite}: {} cases on C runit {version}", chosen.len()),
        None => println!("{suite}: {} cases", chosen.len()),
    }
    quietly();
    let [mut passed, mut failed, mut skipped] = [0; 3];
    let mut failures = Vec::new();
    each(&chosen, programs.c.as_deref(), jobs, |case, outcome, time| {
        let name = case.name;
        match outcome {
            Outcome::Passed => {
                passed += 1;
                println!("ok       {name} ({} ms)", time.as_millis());
            }
            Outcome::Differs(why) => {
                passed += 1;
                let why = if wanted.why { &why } else { why.split(':').next().unwrap_or("") };
                println!("differs  {name}: {why}");
            }
            Outcome::Failed(why) => {
                failed += 1;
                println!("FAILED   {name}: {}", line(&why));
                failures.push(name);
            }
            Outcome::Skipped(why) => {
                skipped += 1;
                println!("skipped  {name}: {why}");
            }
        }
    });
    if !failures.is_empty() {
        println!("failed: {}", failures.join(", "));
    }
    println!("{suite}: {passed} passed, {failed} failed, {skipped} skipped");
    u8::from(failed > 0)
}

/// Runs the cases on several threads and tells of each as it ends.
fn each(cases: &[&Case], c: Option<&str>, jobs: usize, mut tell: impl FnMut(&Case, Outcome, Duration)) {
    let jobs = std::env::var("COMPAT_JOBS").ok().and_then(|text| text.parse().ok()).unwrap_or(jobs);
    let next = AtomicUsize::new(0);
    let running: Mutex<BTreeSet<usize>> = Mutex::default();
    let note = |at, runs| {
        let mut running = running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if runs { running.insert(at) } else { running.remove(&at) }
    };
    thread::scope(|scope| {
        let (done, ends) = channel();
        for _ in 0..jobs.min(cases.len()) {
            let done = done.clone();
            scope.spawn({
                let (next, note) = (&next, &note);
                move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(case) = cases.get(at) else { break };
                        note(at, true);
                        let start = Instant::now();
                        let outcome = outcome(case, c);
                        note(at, false);
                        let _ = done.send((at, outcome, start.elapsed()));
                    }
                }
            });
        }
        drop(done);
        loop {
            match ends.recv_timeout(STUCK) {
                Ok((at, outcome, time)) => tell(cases[at], outcome, time),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let stuck = running.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let names: Vec<&str> = stuck.iter().map(|at| cases[*at].name).collect();
                    println!("FAILED   stuck: {}", names.join(", "));
                    std::process::exit(1);
                }
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks() {
        let plain = case("plain", || {});
        assert_eq!(plain.must_fail(None), None);
        assert_eq!(plain.must_fail(Some("2.3.1")), None);
        let dev = plain.dev("DEV-00");
        assert_eq!(dev.must_fail(None), None);
        assert!(dev.must_fail(Some("2.3.1")).is_some());
        let since = plain.since("2.3.1");
        assert!(since.must_fail(Some("2.1.2")).is_some());
        assert_eq!(since.must_fail(Some("2.3.1")), None);
        assert!(since.since("2.3.10").must_fail(Some("2.3.9")).is_some());
    }

    #[test]
    fn outcomes() {
        let bad = case("bad", || panic!("on purpose"));
        assert!(matches!(try_case(&bad, None), Outcome::Failed(_)));
        assert!(matches!(try_case(&bad.dev("DEV-00"), Some("2.3.1")), Outcome::Differs(_)));
        let second = case("second", || {
            static TRIES: AtomicUsize = AtomicUsize::new(0);
            assert!(TRIES.fetch_add(1, Ordering::Relaxed) % 2 == 1, "every first time");
        });
        assert!(matches!(outcome(&second, Some("2.3.1")), Outcome::Passed));
        assert!(matches!(outcome(&second, None), Outcome::Failed(_)));
        assert_eq!(line("one\n  two"), "one two");
        let good = case("good", || {});
        assert!(matches!(try_case(&good, None), Outcome::Passed));
        assert!(matches!(try_case(&good.dev("DEV-00"), Some("2.3.1")), Outcome::Failed(_)));
        assert!(matches!(try_case(&good.ours(), Some("2.3.1")), Outcome::Skipped(_)));
        let missing = case("missing", || skip("why"));
        assert!(matches!(try_case(&missing, Some("2.1.2")), Outcome::Skipped(_)));
    }

    #[test]
    fn command_lines() {
        let wanted = Wanted::of(["--test-threads=2", "sv", "--why", "DEV-30"].map(String::from).into_iter());
        assert!(wanted.why && !wanted.list);
        assert!(wanted.has(&case("sv_up", || {})) && !wanted.has(&case("other", || {})));
        assert!(wanted.has(&case("other", || {}).dev("DEV-30")));
    }
}
