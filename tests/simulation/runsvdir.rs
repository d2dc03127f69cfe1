//! Schedules and rules for runsvdir: services that come, go, change their names and share a
//! directory, a scan directory that vanishes or is switched, supervisors that die, and what the
//! system refuses meanwhile. Once all is well, there is one supervisor for every service.
use crate::saboteur::{Lie, Saboteur};
use crate::watched::{Check, Pace, Report, Rules, no_zombies, watch};
use platform::{Child, Instant, Pid, Signal, Target};
use platform_sim::tree::{Ino, Node, ROOT};
use platform_sim::{
    Act, Deed, Exec, Fact, Faults, Kernel, LINUX, Life, Machine, Outcome, Random, Sim, Whom, args,
};
use std::collections::{BTreeMap, BTreeSet};

/// Marks of a schedule.
mod mark {
    pub(super) const CALM: u32 = 1;
    pub(super) const SETTLED: u32 = 2;
    pub(super) const LEAVE: u32 = 3;
    pub(super) const GONE: u32 = 4;
    /// A new service should be up.
    pub(super) const PROMPT: u32 = 5;
}

const SCAN: &str = "/scan";
/// The quiet time, in seconds.
const QUIET: u64 = 2000;

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let mut random = Random::new(seed ^ 0x6469_7273);
    let machine = Machine {
        watches: random.chance(60),
        granule: if random.chance(20) { 1_000_000_000 } else { LINUX.granule },
        ..LINUX
    };
    let mut words = vec!["runsvdir"];
    if random.chance(50) {
        words.push("-P");
    }
    words.push(SCAN);
    let area = random.chance(30);
    if area {
        words.push("log: ............................................................");
    }
    let rules = Runsvdir::new(&mut random, machine.watches);
    watch(
        rules,
        trace,
        |world| {
            let mut sim = Sim::new(seed, Pid(50), machine, world);
            prepare(&mut sim.kernel, &mut random);
            plan(&mut sim.kernel, &mut random);
            sim
        },
        |sim| match lie {
            Lie::None => runit::runsvdir::main(sim, args(&words)),
            lie => runit::runsvdir::main(&mut Saboteur::new(sim, lie), args(&words)),
        },
    )
}

fn prepare(kernel: &mut Kernel, random: &mut Random) {
    kernel.directory(b"/bin");
    kernel.file(b"/bin/runsv", 0o755);
    for dir in ["/all", "/other", "/sv", "/sv/one", "/sv/two", "/sv/three"] {
        kernel.directory(dir.as_bytes());
    }
    kernel.make(b"/scan", Node::Link(b"all".to_vec()), 0o777);
    kernel.directory(b"/other/b");
    kernel.directory(b"/all/.hidden");
    kernel.file(b"/all/plain", 0o644);
    for name in ["a", "b", "c", "d", "e"] {
        if random.chance(50) {
            kernel.directory(format!("/all/{name}").as_bytes());
        }
    }
    if random.chance(40) {
        kernel.make(b"/all/x", Node::Link(b"/sv/one".to_vec()), 0o777);
        kernel.make(b"/all/y", Node::Link(b"../sv/one".to_vec()), 0o777);
        kernel.make(b"/other/z", Node::Link(b"/sv/two".to_vec()), 0o777);
        kernel.make(b"/all/dangling", Node::Link(b"/nowhere".to_vec()), 0o777);
    }
    if random.chance(15) {
        kernel.faults = faults(random);
    }
}

fn faults(random: &mut Random) -> Faults {
    let mut faults = Faults::NONE;
    let few = |random: &mut Random| match random.below(4) {
        0 => u32::MAX,
        _ => 1 + u32::try_from(random.below(3)).unwrap_or(0),
    };
    match random.below(10) {
        0..=2 => faults.fork = few(random),
        3 => faults.open_dir = few(random),
        4 => faults.read_dir = few(random),
        5 => faults.stat = few(random),
        6 => faults.fchdir = few(random),
        7 => faults.spurious = 20,
        8 => faults.pipe = few(random),
        _ => faults.unnoticed = true,
    }
    if random.chance(10) {
        faults.stall = 2;
    }
    faults
}

fn deeds(random: &mut Random) -> Vec<Deed> {
    let names = ["/all/a", "/all/b", "/all/c", "/all/d", "/all/e", "/all/f", "/other/b", "/other/g"];
    let any = |random: &mut Random| names[usize::try_from(random.below(8)).unwrap_or(0)];
    match random.below(20) {
        0..=4 => vec![Deed::MakeDirectory(any(random))],
        5..=7 => vec![Deed::Remove(any(random))],
        8 | 9 => vec![Deed::Rename(any(random), any(random))],
        10 => vec![Deed::Link(if random.chance(50) { "/sv/two" } else { "/sv/three" }, any(random))],
        11 => vec![Deed::Create(any(random), 0o755)],
        12 => {
            let to = if random.chance(50) { "all" } else { "other" };
            vec![Deed::Link(to, "/next"), Deed::Rename("/next", SCAN)]
        }
        13 => vec![Deed::Rename("/all", "/gone")],
        14 => vec![Deed::Rename("/gone", "/all")],
        15 | 16 => vec![Deed::Faults(faults(random))],
        17 => vec![Deed::Faults(Faults::NONE)],
        18 => vec![Deed::Signal(Whom::Running("runsv"), Signal::Kill)],
        _ if random.chance(20) => vec![Deed::Signal(Whom::Program, Signal::HangUp)],
        _ => vec![Deed::Step(i64::try_from(random.below(20_000)).unwrap_or(0) - 10_000)],
    }
}

fn plan(kernel: &mut Kernel, random: &mut Random) {
    let calm = 20_000;
    let mut at = 0;
    for _ in 0..2 + random.below(14) {
        at = match random.below(4) {
            0 => at,
            1 => at + random.below(5),
            2 => at + random.below(1500),
            _ => random.below(calm - 500),
        };
        for deed in deeds(random) {
            kernel.plan(at.min(calm - 1), deed);
        }
    }
    kernel.plan(calm, Deed::Rename("/gone", "/all"));
    kernel.plan(calm, Deed::Faults(Faults::NONE));
    kernel.plan(calm, Deed::Mark(mark::CALM));
    kernel.plan(calm + 10_000, Deed::MakeDirectory("/scan/late"));
    kernel.plan(calm + 12_500, Deed::Mark(mark::PROMPT));
    // What was not told is found by the safety net.
    let settled = calm + 330_000;
    kernel.plan(settled, Deed::Mark(mark::SETTLED));
    let leave = settled + QUIET * 1000;
    kernel.plan(leave, Deed::Mark(mark::LEAVE));
    let signal = if random.chance(50) { Signal::HangUp } else { Signal::Terminate };
    kernel.plan(leave, Deed::Signal(Whom::Program, signal));
    kernel.plan(leave + 10_000, Deed::Mark(mark::GONE));
}

/// A supervisor as the rules know it.
#[derive(Clone, Copy, Debug)]
struct Supervisor {
    service: Ino,
    terminated: bool,
    reaped: bool,
}

struct Runsvdir {
    random: Random,
    told: bool,
    /// Changes were not told for a while.
    unnoticed: bool,
    calm: bool,
    pace: Pace,
    quiet: Option<u32>,
    scans: u32,
    first: bool,
    descriptors: usize,
    supervisors: BTreeMap<i32, Supervisor>,
    started: BTreeMap<Ino, u64>,
    /// The last change that somebody made.
    changed: u64,
    /// The last scan did not see everything.
    blind: bool,
    hung_up: bool,
    term: bool,
}

impl Runsvdir {
    fn new(random: &mut Random, told: bool) -> Runsvdir {
        Runsvdir {
            random: Random::new(random.next()),
            told,
            unnoticed: false,
            calm: false,
            pace: Pace::default(),
            quiet: None,
            scans: 0,
            first: true,
            descriptors: 0,
            supervisors: BTreeMap::new(),
            started: BTreeMap::new(),
            changed: 0,
            blind: false,
            hung_up: false,
            term: false,
        }
    }

    fn spawned(&mut self, kernel: &Kernel, pid: Pid, child: &Child<'_>) -> Check {
        let now = kernel.now().0;
        let name = child.argv.get(1).map(|name| name.to_bytes()).unwrap_or_default();
        if child.path.to_bytes() != b"runsv" || name.is_empty() || name.starts_with(b".") {
            return Err(format!("a child that is no supervisor: {:?}", child.argv));
        }
        let Some(own) = kernel.process(kernel.own()) else { return Ok(()) };
        // Gone a moment after it was seen: nobody's supervisor, to be ended by the next scan.
        let service =
            kernel.tree.existing(own.directory, name, true).unwrap_or(Ino::MAX - self.supervisors.len());
        let other = self.supervisors.iter().find(|(_, supervisor)| {
            supervisor.service == service && !supervisor.reaped && !supervisor.terminated
        });
        if let Some((other, _)) = other {
            return Err(format!("two supervisors for {name:?}: {other} and {}", pid.0));
        }
        let before = self.started.insert(service, now);
        if before.is_some_and(|then| now - then < 999_000_000) {
            return Err("throttle: started again within a second".into());
        }
        self.supervisors.insert(pid.0, Supervisor { service, terminated: false, reaped: false });
        Ok(())
    }

    /// The services that there are.
    fn services(kernel: &Kernel) -> BTreeSet<Ino> {
        let Ok(scan) = kernel.tree.existing(ROOT, SCAN.as_bytes(), true) else { return BTreeSet::new() };
        let Ok(names) = kernel.tree.names(scan) else { return BTreeSet::new() };
        let seen = names.keys().filter(|name| !name.starts_with(b"."));
        seen.filter_map(|name| kernel.tree.existing(scan, name, true).ok())
            .filter(|ino| kernel.tree.names(*ino).is_ok())
            .collect()
    }

    fn kill(&mut self, kernel: &Kernel, whom: Target, signal: Signal) -> Check {
        let Target::One(pid) = whom else { return Err(format!("a signal for {whom:?}")) };
        let Some(supervisor) = self.supervisors.get_mut(&pid.0) else {
            return Err(format!("a signal for a process that is no child: {}", pid.0));
        };
        if supervisor.reaped || signal != Signal::Terminate || supervisor.terminated {
            return Err(format!("{signal:?} for {supervisor:?}"));
        }
        supervisor.terminated = true;
        // It may be forgotten and found again.
        self.started.remove(&supervisor.service);
        if self.hung_up {
            return Ok(());
        }
        if self.blind {
            return Err("services are ended after a scan that failed".into());
        }
        let quiet = kernel.now().0.saturating_sub(self.changed) > 3_000_000_000;
        if quiet && Self::services(kernel).contains(&supervisor.service) {
            return Err("a service that is there is ended".into());
        }
        Ok(())
    }

    fn sleeps(&mut self, kernel: &Kernel, until: Option<Instant>) -> Check {
        self.pace.sleeps(kernel)?;
        no_zombies(kernel)?;
        let count = kernel.descriptors(kernel.own());
        if self.first {
            self.descriptors = count;
            self.first = false;
        }
        if count.abs_diff(self.descriptors) > 1 {
            return Err(format!("leak: {count} descriptors, {} at first", self.descriptors));
        }
        if until.is_none_or(|until| until.0 > kernel.now().0 + 300_100_000_000) {
            return Err("asleep without a safety net".into());
        }
        Ok(())
    }

    fn mark(&mut self, kernel: &Kernel, mark: u32) -> Check {
        match mark {
            mark::CALM => self.calm = true,
            mark::PROMPT => {
                let services = Self::services(kernel);
                let runs = |service: &Ino| {
                    self.supervisors.values().any(|one| one.service == *service && !one.reaped)
                };
                if self.told && !self.unnoticed && !services.iter().all(runs) {
                    return Err("a new service waits though its coming was told".into());
                }
            }
            mark::SETTLED => {
                let services = Self::services(kernel);
                let alive = self.supervisors.values().filter(|one| !one.reaped && !one.terminated);
                let supervised: BTreeSet<Ino> = alive.map(|one| one.service).collect();
                // Of one that was started while its name changed nobody here knows what it is for.
                let unknown = supervised.iter().any(|service| *service > Ino::MAX / 2);
                if services != supervised && !unknown {
                    return Err(format!("settled: services {services:?}, supervisors {supervised:?}"));
                }
                if kernel.process(kernel.own()).is_some_and(|own| own.directory != ROOT) {
                    return Err("settled away from its directory".into());
                }
                self.quiet = Some(self.pace.total);
                self.scans = 0;
            }
            mark::LEAVE => {
                let woke = u64::from(self.pace.total - self.quiet.unwrap_or(0));
                let most = if self.told { QUIET / 300 + 4 } else { QUIET / 5 + 8 };
                if woke > most {
                    return Err(format!("woke {woke} times with nothing to do"));
                }
                // A date that is a little ahead, because the clock was set back, is looked at twice.
                if self.scans > 1 {
                    return Err("the directory is read though nothing changed".into());
                }
            }
            mark::GONE => return Err("TERM lost: it still runs".into()),
            _ => {}
        }
        Ok(())
    }
}

impl Rules for Runsvdir {
    fn life(&mut self, _: &mut Kernel, _: &Exec<'_>) -> Life {
        let random = &mut self.random;
        if self.calm {
            return Life::forever();
        }
        match random.below(10) {
            0 => Life::exits(random.below(3000), 111),
            1 => Life::exits(0, 0),
            2 => Life::forever().on(Signal::Terminate, &[Act::Pause(random.below(9000)), Act::Exit(0)]),
            3 => Life::forever().on(Signal::Terminate, &[]),
            4 => Life::of(&[Act::Write(2, b"runsv x: warning\n".to_vec()), Act::Forever]),
            _ => Life::forever(),
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        match *fact {
            Fact::Spawned { pid, child } => self.spawned(kernel, pid, child),
            Fact::Executed { pid, .. } if kernel.descriptors(pid) != 3 => {
                Err(format!("leak: a child with {} descriptors", kernel.descriptors(pid)))
            }
            Fact::Reaped { pid, .. } => {
                if let Some(supervisor) = self.supervisors.get_mut(&pid.0) {
                    supervisor.reaped = true;
                }
                Ok(())
            }
            Fact::Kill { whom, signal, .. } => self.kill(kernel, whom, signal),
            Fact::DirectoryOpened { .. } => {
                self.scans += 1;
                self.blind = false;
                // What is gone is forgotten, its last start too.
                let services = Self::services(kernel);
                self.started.retain(|service, _| services.contains(service));
                Ok(())
            }
            Fact::Failed { what: "readdir", .. } => {
                self.blind = true;
                Ok(())
            }
            // A service that could not be looked at is not seen.
            Fact::Failed { what: "stat", .. } => {
                self.changed = kernel.now().0;
                Ok(())
            }
            Fact::Woke { wake } => {
                self.hung_up |= wake.signals.has(Signal::HangUp);
                self.term |= wake.signals.has(Signal::Terminate);
                Ok(())
            }
            Fact::Done { deed: Deed::Faults(Faults { unnoticed: true, .. }), .. } => {
                self.unnoticed = true;
                Ok(())
            }
            Fact::Waits { until, .. } => {
                self.unnoticed |= kernel.faults.unnoticed;
                self.sleeps(kernel, until)
            }
            Fact::Done { deed: Deed::Mark(number), .. } => self.mark(kernel, *number),
            Fact::Done { deed: Deed::Signal(..) | Deed::Faults(_), .. } => Ok(()),
            Fact::Done { .. } => {
                self.changed = kernel.now().0;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, _: &mut Kernel, outcome: &Outcome) -> Check {
        let left = self.supervisors.values().filter(|one| !one.reaped && !one.terminated).count();
        match outcome {
            Outcome::Returned(0) if self.term => Ok(()),
            Outcome::Returned(111) if self.hung_up && left == 0 => Ok(()),
            Outcome::Returned(111) if self.hung_up => Err(format!("HUP left {left} supervisors alone")),
            Outcome::Over(platform_sim::End::Killed(Signal::HangUp)) if self.first => Ok(()),
            other => Err(format!("an end that was not asked for: {other:?}")),
        }
    }
}
