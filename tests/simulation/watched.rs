//! Who watches a program under test, and what is kept of a schedule.
use crate::flood::Bounds;
use platform::Args;
use platform_sim::{End, Exec, Fact, Kernel, Life, Outcome, Sim, World, together};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The latest that anything was done in any schedule so far.
pub(crate) static LATEST: AtomicU64 = AtomicU64::new(0);

/// What is wrong, if something is.
pub(crate) type Check = Result<(), String>;

/// The rules of one program and the lives of its children.
pub(crate) trait Rules {
    /// The life of a program.
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life;
    /// Checks what just happened.
    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check;
    /// Checks how it all ended.
    fn end(&mut self, kernel: &mut Kernel, outcome: &Outcome) -> Check;
}

/// What a schedule comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// What is wrong.
    pub(crate) wrong: Option<String>,
    /// What happened, if that was asked for.
    pub(crate) trace: Vec<String>,
    /// A number that any difference between two runs changes.
    pub(crate) print: u64,
}

struct Watched<R> {
    rules: R,
    /// Of a single program.
    bounds: Option<Bounds>,
    trace: Option<Vec<String>>,
    print: u64,
}

struct Shared<R>(Arc<Mutex<Watched<R>>>);

/// What is shared with the world of a kernel, which may have several threads; one at a time has it.
pub(crate) fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<R: Rules + Send> World for Shared<R> {
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life {
        self.0.try_lock().map_or_else(|_| Life::default(), |mut watched| watched.rules.life(kernel, exec))
    }
    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        // At the end the rules look at what goes on without the program, and need not be told.
        let Ok(mut watched) = self.0.try_lock() else { return Ok(()) };
        watched.print = watched.print.rotate_left(5) ^ kernel.now().0;
        let several = watched.bounds.is_none();
        if let Some(trace) = &mut watched.trace {
            let whose = if several { format!("{:>4} ", kernel.own().0) } else { String::new() };
            trace.push(whose + &line(kernel, fact));
        }
        if let Some(bounds) = &mut watched.bounds {
            bounds.fact(kernel, fact)?;
        }
        watched.rules.fact(kernel, fact)
    }
}

/// Runs a program under rules. `make` prepares the kernel.
pub(crate) fn watch<R: Rules + Send + 'static>(
    rules: R,
    trace: bool,
    make: impl FnOnce(Box<dyn World>) -> Sim,
    program: impl FnOnce(&mut Sim) -> u8,
) -> Report {
    let watched = Arc::new(Mutex::new(Watched {
        rules,
        bounds: Some(Bounds::default()),
        trace: trace.then(Vec::new),
        print: 0,
    }));
    let mut sim = make(Box::new(Shared(Arc::clone(&watched))));
    let outcome = sim.run(program);
    let mut watched = locked(&watched);
    let wrong = match &outcome {
        Outcome::Over(platform_sim::End::Wrong(text)) => Some(text.clone()),
        Outcome::Panicked(text) => Some(format!("it panicked: {text}")),
        Outcome::Over(platform_sim::End::Endless) => Some("it never ends".into()),
        outcome => watched.rules.end(&mut sim.kernel, outcome).err(),
    };
    let mut trace = watched.trace.take().unwrap_or_default();
    if !trace.is_empty() {
        trace.push(format!("{:>12.6} {outcome:?}", seconds(&sim.kernel)));
    }
    let latest = watched.bounds.as_ref().map_or(0, |bounds| bounds.latest);
    LATEST.fetch_max(latest, Ordering::Relaxed);
    Report { wrong, trace, print: watched.print }
}

/// The same for several programs at once. `make` prepares the kernel.
pub(crate) fn watch_several<R: Rules + Send + 'static>(
    rules: R,
    trace: bool,
    make: impl FnOnce(Box<dyn World>) -> Kernel,
    program: impl Fn(&mut Sim, Args) -> u8 + Send + Sync + 'static,
) -> Report {
    let trace = trace.then(Vec::new);
    let watched = Arc::new(Mutex::new(Watched { rules, bounds: None, trace, print: 0 }));
    let kernel = make(Box::new(Shared(Arc::clone(&watched))));
    let (mut kernel, end) = together(kernel, program);
    let mut watched = locked(&watched);
    let wrong = match end {
        End::Wrong(text) => Some(text),
        End::Endless => Some("it never ends".into()),
        end => watched.rules.end(&mut kernel, &Outcome::Over(end)).err(),
    };
    let trace = watched.trace.take().unwrap_or_default();
    Report { wrong, trace, print: watched.print }
}

/// Seconds of the schedule, which begins at 5.
pub(crate) fn seconds(kernel: &Kernel) -> f64 {
    kernel.now().0 as f64 / 1e9
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

pub(crate) fn line(kernel: &Kernel, fact: &Fact<'_>) -> String {
    let text = match fact {
        Fact::Spawned { pid, child } => {
            format!("spawn {} {:?} -> {}", text(child.path.to_bytes()), child.argv, pid.0)
        }
        Fact::NotSpawned { child, errno } => {
            format!("spawn {} fails: {}", text(child.path.to_bytes()), errno.0)
        }
        Fact::Executed { pid, path, argv } => {
            let argv: Vec<String> = argv.iter().map(|word| text(word)).collect();
            format!("    {} becomes {} {argv:?}", pid.0, text(path))
        }
        Fact::NotExecuted { pid, path, errno } => {
            format!("    {} cannot become {}: {}", pid.0, text(path), errno.0)
        }
        Fact::Died { pid, ended } => format!("    {} dies: {ended:?}", pid.0),
        Fact::Reaped { pid, ended } => format!("reap {}: {ended:?}", pid.0),
        Fact::Kill { whom, signal, result } => format!("kill {whom:?} {signal:?}: {result:?}"),
        Fact::Opened { path, fd } => format!("open {} -> {}", text(path), fd.0),
        Fact::NotOpened { path, errno } => format!("open {} fails: {}", text(path), errno.0),
        Fact::Read { fd, bytes } => format!("read {}: \"{}\"", fd.0, text(bytes)),
        Fact::Wrote { fd, bytes } => format!("write {}: \"{}\"", fd.0, text(bytes)),
        Fact::Renamed { from, to } => format!("rename {} {}", text(from), text(to)),
        Fact::NotRenamed { to, errno } => format!("rename to {} fails: {}", text(to), errno.0),
        Fact::Said { pid, text: said } => format!("    {} says \"{}\"", pid.0, text(said)),
        Fact::Waits { fds, until } => {
            let until = until.map(|until| until.0 as f64 / 1e9);
            format!("wait {:?} until {until:?}", fds.iter().map(|fd| fd.0).collect::<Vec<_>>())
        }
        Fact::Done { pid, deed, result } => match pid {
            Some(pid) => format!("    {} does {deed:?}: {result:?}", pid.0),
            None => format!("--- {deed:?}: {result:?}"),
        },
        other => format!("{other:?}"),
    };
    format!("{:>12.6} {text}", seconds(kernel))
}

/// How often a program goes to sleep: more than so many times in a second is a busy loop.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    since: u64,
    count: u32,
    pub(crate) total: u32,
}

impl Pace {
    const MOST: u32 = 300;

    /// What woke it last was worth it, however often it comes.
    pub(crate) fn excuse(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    pub(crate) fn sleeps(&mut self, kernel: &Kernel) -> Check {
        let now = kernel.now().0;
        if kernel.is_flooded() {
            (self.since, self.count) = (now, 0);
            return Ok(());
        }
        if now.saturating_sub(self.since) > 1_000_000_000 {
            (self.since, self.count) = (now, 0);
        }
        self.count += 1;
        self.total += 1;
        if self.count > Pace::MOST { Err("busy: it does not sleep".into()) } else { Ok(()) }
    }
}

/// A child that has ended and of which the program will not hear any more.
pub(crate) fn no_zombies(kernel: &Kernel, until: Option<platform::Instant>) -> Check {
    if until.is_some_and(|until| until <= kernel.now()) || kernel.pending().has(platform::Signal::Child) {
        return Ok(());
    }
    match kernel.others().find(|process| process.ended.is_some() && process.parent == kernel.own().0) {
        Some(process) => Err(format!("zombie: {} was not reaped before going to sleep", process.pid)),
        None => Ok(()),
    }
}
