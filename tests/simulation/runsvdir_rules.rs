//! What must be true of runsvdir at every moment. Once all is well, there is one supervisor for every
//! service.
//!
//! One idea: a model of runsvdir, which hears each fact and knows what may come next.
use crate::runsvdir_schedule::{QUIET, SCAN, mark};
use crate::watched::{Check, Pace, Rules, no_zombies};
use platform::{Child, Ended, Instant, Pid, Signal, Stamp, Step, Target};
use platform_sim::tree::{Ino, ROOT};
use platform_sim::{Act, Deed, Exec, Fact, Faults, Kernel, Life, Outcome, Random};
use std::collections::{BTreeMap, BTreeSet};

/// Until then things are moved in the middle of a scan, in nanoseconds: there is time to put them back.
const MOVES: u64 = 20_000_000_000;

/// A supervisor as the rules know it.
#[derive(Clone, Copy, Debug)]
struct Supervisor {
    service: Ino,
    terminated: bool,
    reaped: bool,
    /// It was told before all were.
    dismissed: bool,
    /// Killed with its group.
    felled: bool,
}

pub(crate) struct Runsvdir {
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
    /// What had a supervisor at some time.
    ever: BTreeSet<Ino>,
    /// What a scan did not meet for the first time then: a name that is gone for a moment is no new one
    /// when it is back.
    absent: BTreeMap<Ino, u64>,
    /// The end of a supervisor that had been told to end.
    left: BTreeMap<Ino, u64>,
    /// A scan has met and started everything; what came later is new.
    complete: bool,
    /// The scan since the last sleep, if there was one, has.
    whole: Option<bool>,
    /// The clock was set, or something could not be looked at: dates mean little.
    dateless: bool,
    /// When something failed last: what is not looked at meanwhile is old when it is.
    failed: u64,
    /// A service that is there has no `run` yet.
    unfinished: bool,
    /// The last change that somebody made.
    changed: u64,
    /// The last scan did not see everything.
    blind: bool,
    hung_up: bool,
    term: bool,
    container: bool,
    /// In a container: when it was told to end.
    stopped: Option<u64>,
}

impl Runsvdir {
    pub(crate) fn new(random: &mut Random, told: bool, container: bool) -> Runsvdir {
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
            ever: BTreeSet::new(),
            absent: BTreeMap::new(),
            left: BTreeMap::new(),
            complete: false,
            whole: None,
            dateless: false,
            failed: 0,
            unfinished: false,
            changed: 0,
            blind: false,
            hung_up: false,
            term: false,
            container,
            stopped: None,
        }
    }

    fn spawned(&mut self, kernel: &Kernel, pid: Pid, child: &Child<'_>) -> Check {
        let now = kernel.now().0;
        if self.stopped.is_some() {
            return Err("started while the container ends".into());
        }
        let name = child.argv.get(1).map(|name| name.to_bytes()).unwrap_or_default();
        if child.path.to_bytes() != b"runsv" || name.is_empty() || name.starts_with(b".") {
            return Err(format!("a child that is no supervisor: {:?}", child.argv));
        }
        let dir = child.steps.iter().find_map(|step| match step {
            Step::Directory { dir, path, .. } if *path == c"." => Some(*dir),
            _ => None,
        });
        let Some(Ok(scan)) = dir.map(|dir| kernel.start_of(kernel.own().0, dir)) else {
            return Err("a supervisor without its directory".into());
        };
        // Gone a moment after it was seen: nobody's supervisor, to be ended by the next scan.
        let service = kernel.tree.existing(scan, name, true).unwrap_or(Ino::MAX - self.supervisors.len());
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
        if self.left.remove(&service).is_some_and(|then| now - then < 999_000_000) {
            return Err("nobody could see the end of the last supervisor".into());
        }
        // A call that takes seconds sees what is not true any more.
        let regular = !self.dateless && now - self.failed > 10_000_000_000 && kernel.faults.stall == 0;
        let known = self.absent.contains_key(&service);
        if self.ever.insert(service) && !known && self.complete && regular {
            Self::is_finished(kernel, scan, name)?;
        }
        self.supervisors.insert(
            pid.0,
            Supervisor { service, terminated: false, reaped: false, dismissed: false, felled: false },
        );
        Ok(())
    }

    /// A new service may be started: nobody is at work in it.
    fn is_finished(kernel: &Kernel, scan: Ino, name: &[u8]) -> Check {
        let Ok(dir) = kernel.tree.existing(scan, name, true) else { return Ok(()) };
        let Ok(names) = kernel.tree.names(dir) else { return Ok(()) };
        let Some(run) = names.get(b"run".as_slice()) else {
            return Err(format!("{name:?} is started without its run"));
        };
        let age = |stamp: Stamp| {
            let ns = |stamp: Stamp| stamp.secs * 1_000_000_000 + u64::from(stamp.nanos);
            ns(kernel.wall()).saturating_sub(ns(stamp))
        };
        // Where somebody is always at work, it has been waited for long enough.
        if age(kernel.tree.at(*run).changed) > 4_990_000_000 {
            return Ok(());
        }
        let young = |stamp: Stamp| age(stamp) < 990_000_000;
        let below = names.values().map(|ino| kernel.tree.at(*ino).altered);
        if std::iter::once(kernel.tree.at(dir).changed).chain(below).any(young) {
            return Err(format!("{name:?} is started while it is being filled"));
        }
        Ok(())
    }

    /// Has the directory or what is above it renamed, replaced or emptied by the next call.
    fn move_away(&mut self, kernel: &mut Kernel) {
        let deeds = match self.random.below(4) {
            0 => vec![Deed::Rename("/all", "/gone")],
            1 => vec![Deed::Rename("/gone", "/all")],
            2 => vec![Deed::Remove("/all/a"), Deed::Remove("/all/b"), Deed::Rename("/all", "/gone")],
            _ => vec![Deed::Link("other", "/next"), Deed::Rename("/next", SCAN)],
        };
        deeds.into_iter().for_each(|deed| kernel.plan(0, deed));
    }

    /// The services that there are.
    fn services(&self, kernel: &Kernel) -> BTreeSet<Ino> {
        let Ok(scan) = kernel.tree.existing(ROOT, SCAN.as_bytes(), true) else { return BTreeSet::new() };
        let Ok(names) = kernel.tree.names(scan) else { return BTreeSet::new() };
        let seen = names.keys().filter(|name| !name.starts_with(b"."));
        let is_service = |name: &Vec<u8>| {
            let ino = kernel.tree.existing(scan, name, true).ok()?;
            let whole = kernel.tree.names(ino).ok()?.contains_key(b"run".as_slice());
            // What has a supervisor keeps it for as long as it is there.
            let known = |one: &Supervisor| one.service == ino && !one.terminated && !one.reaped;
            (whole || self.ever.contains(&ino) || self.supervisors.values().any(known)).then_some(ino)
        };
        seen.filter_map(is_service).collect()
    }

    /// Whether a directory is there that is no service yet.
    fn has_unfinished(kernel: &Kernel, services: &BTreeSet<Ino>) -> bool {
        let Ok(scan) = kernel.tree.existing(ROOT, SCAN.as_bytes(), true) else { return false };
        let Ok(names) = kernel.tree.names(scan) else { return false };
        let other = |name: &[u8]| {
            let leads = kernel.tree.existing(scan, name, true);
            let is_service = |ino: Ino| kernel.tree.names(ino).is_err() || services.contains(&ino);
            !name.starts_with(b".") && !leads.is_ok_and(is_service)
        };
        names.keys().any(|name| other(name))
    }

    fn kill(&mut self, kernel: &Kernel, whom: Target, signal: Signal) -> Check {
        if let (Target::Group(pid), Signal::Kill, Some(since)) = (whom, signal, self.stopped) {
            if kernel.now().0 - since < 9_700_000_000 {
                return Err("killed before the time is up".into());
            }
            let known = self.supervisors.get_mut(&pid.0).filter(|one| one.terminated && !one.reaped);
            known.ok_or("KILL for a stranger")?.felled = true;
            return Ok(());
        }
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
        self.left.remove(&supervisor.service);
        self.ever.remove(&supervisor.service);
        if self.hung_up || self.stopped.is_some() {
            return Ok(());
        }
        supervisor.dismissed = true;
        if self.blind {
            return Err("services are ended after a scan that failed".into());
        }
        let quiet = kernel.now().0.saturating_sub(self.changed) > 3_000_000_000;
        let service = supervisor.service;
        if quiet && self.services(kernel).contains(&service) {
            return Err("a service that is there is ended".into());
        }
        Ok(())
    }

    fn sleeps(&mut self, kernel: &Kernel, until: Option<Instant>) -> Check {
        self.pace.sleeps(kernel)?;
        no_zombies(kernel, until)?;
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
                let services = self.services(kernel);
                let runs = |service: &Ino| {
                    self.supervisors.values().any(|one| one.service == *service && !one.reaped)
                };
                if self.told && !self.unnoticed && !services.iter().all(runs) {
                    return Err("a new service waits though its coming was told".into());
                }
            }
            mark::SETTLED => {
                let services = self.services(kernel);
                self.unfinished = Self::has_unfinished(kernel, &services);
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
                let told = self.told && !self.unfinished;
                let most = if told { QUIET / 300 + 4 } else { QUIET / 5 + 8 };
                if woke > most {
                    return Err(format!("woke {woke} times with nothing to do"));
                }
                // A date that is a little ahead, because the clock was set back, is looked at twice.
                if self.scans > 1 && !self.unfinished {
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
        if let Fact::NotSpawned { .. } | Fact::Failed { .. } = fact {
            self.failed = kernel.now().0;
        }
        match *fact {
            Fact::Spawned { pid, child } => self.spawned(kernel, pid, child),
            Fact::Executed { pid, .. } if kernel.descriptors(pid) != 3 => {
                Err(format!("leak: a child with {} descriptors", kernel.descriptors(pid)))
            }
            Fact::Reaped { pid, ended } => {
                if let Some(supervisor) = self.supervisors.get_mut(&pid.0) {
                    supervisor.reaped = true;
                    if ended == Ended::Exit(0) && !supervisor.terminated {
                        self.left.insert(supervisor.service, kernel.now().0);
                    }
                }
                Ok(())
            }
            Fact::Kill { whom, signal, .. } => self.kill(kernel, whom, signal),
            Fact::DirectoryOpened { .. } => {
                self.scans += 1;
                self.whole = Some(true);
                self.blind = false;
                // Somebody moves things while they are read: what is seen then is not what is there.
                if kernel.now() < Instant(MOVES) && self.random.chance(15) {
                    self.move_away(kernel);
                    self.whole = Some(false);
                    let services = self.services(kernel);
                    let now = kernel.now().0;
                    self.absent.extend(self.ever.difference(&services).map(|service| (*service, now)));
                    self.ever.retain(|service| services.contains(service));
                }
                // What is gone is forgotten, its last start too.
                let services = self.services(kernel);
                self.started.retain(|service, _| services.contains(service));
                self.left.retain(|service, _| services.contains(service));
                Ok(())
            }
            Fact::NotSpawned { .. } => {
                self.whole = Some(false);
                // What it took the place of, perhaps, may be forgotten.
                let services = self.services(kernel);
                self.ever.retain(|service| services.contains(service));
                Ok(())
            }
            // What could not be kept in mind was not met.
            Fact::Failed { what: "mmap", .. } => {
                self.whole = Some(false);
                Ok(())
            }
            Fact::Failed { what: "readdir", .. } => {
                self.whole = Some(false);
                self.blind = true;
                Ok(())
            }
            // A service that could not be looked at is not seen.
            Fact::Failed { what: "stat", .. } => {
                self.dateless = true;
                self.changed = kernel.now().0;
                Ok(())
            }
            Fact::Woke { wake } => {
                self.hung_up |= wake.signals.has(Signal::HangUp);
                self.term |= wake.signals.has(Signal::Terminate) || wake.signals.has(Signal::Interrupt);
                if self.container && self.term {
                    self.stopped.get_or_insert(kernel.now().0);
                }
                Ok(())
            }
            Fact::Done { deed: Deed::Faults(Faults { unnoticed: true, .. }), .. } => {
                self.unnoticed = true;
                Ok(())
            }
            Fact::Waits { until, .. } => {
                self.unnoticed |= kernel.faults.unnoticed;
                let there = kernel.tree.existing(ROOT, SCAN.as_bytes(), true).is_ok();
                if self.whole.take() == Some(true) && there {
                    self.complete = true;
                    let services = self.services(kernel);
                    let now = kernel.now().0;
                    // Back before it was forgotten.
                    self.ever.extend(self.absent.keys().filter(|service| services.contains(service)));
                    self.absent
                        .retain(|service, since| !services.contains(service) && now - *since < 1_100_000_000);
                    for service in self.ever.difference(&services) {
                        self.absent.insert(*service, now);
                    }
                    self.ever.retain(|service| services.contains(service));
                }
                self.sleeps(kernel, until)
            }
            Fact::Done { deed: Deed::Mark(number), .. } => self.mark(kernel, *number),
            Fact::Done { deed: Deed::Signal(..) | Deed::Faults(_), .. } => Ok(()),
            Fact::Done { deed: Deed::Step(_), .. } => {
                self.dateless = true;
                Ok(())
            }
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
            Outcome::Returned(0) if self.stopped.is_some() => {
                let waits = |one: &&Supervisor| !one.reaped && !one.felled && !one.dismissed;
                match self.supervisors.values().filter(waits).count() {
                    0 => Ok(()),
                    left => Err(format!("the container ended, and {left} supervisors did not")),
                }
            }
            Outcome::Returned(0) if self.term => Ok(()),
            Outcome::Returned(111) if self.hung_up && left == 0 => Ok(()),
            Outcome::Returned(111) if self.hung_up => Err(format!("HUP left {left} supervisors alone")),
            Outcome::Over(platform_sim::End::Killed(Signal::HangUp | Signal::Alarm)) if self.first => Ok(()),
            other => Err(format!("an end that was not asked for: {other:?}")),
        }
    }
}
