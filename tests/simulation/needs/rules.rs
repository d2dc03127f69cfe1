//! What must be true of services that need each other.
//!
//! One idea: a model of them, which hears each fact; what it says of those that wait is in `waits`.
use super::lives;
use super::model::{Child, DIRS, Entry, Service};
use crate::runsv::known::{Role, role};
use crate::watched::{Check, Pace, Rules, no_zombies};
use platform::{Ended, Fd, Signal, Target};
use platform_sim::tree::ROOT;
use platform_sim::{Deed, Exec, Fact, Kernel, Life, Outcome, Random};
use runit::state::Doing;
use std::collections::BTreeMap;

/// Marks of a schedule.
pub(super) const CALM: u32 = 1;
pub(super) const SETTLED: u32 = 2;
pub(super) const LEAVE: u32 = 3;
pub(super) const GONE: u32 = 4;
/// A mark of this number and more: the process of the rest says a newline now.
pub(super) const SAYS: u32 = 1000;

pub(super) const MS: u64 = 1_000_000;
/// So late may a supervisor tell of what has happened to its service.
const LAG: u64 = 100 * MS;
/// So long after a fault it may tell what was before.
pub(super) const FAULTY: u64 = 6_000 * MS;
pub(super) struct Needs {
    pub(super) random: Random,
    pub(super) calm: bool,
    pub(super) settled: bool,
    pub(super) leaving: bool,
    pub(super) services: Vec<Service>,
    /// The control FIFOs: whose descriptor, and of which service.
    pub(super) control: BTreeMap<(i32, i32), usize>,
    pub(super) paces: BTreeMap<i32, Pace>,
    /// When something was wrong last.
    pub(super) faulty: u64,
}

impl Needs {
    pub(super) fn new(random: &mut Random, services: Vec<Service>) -> Needs {
        Needs {
            random: Random::new(random.next()),
            calm: false,
            settled: false,
            leaving: false,
            services,
            control: BTreeMap::new(),
            paces: BTreeMap::new(),
            faulty: 0,
        }
    }

    /// The service whose supervisor has the kernel.
    fn own(&self, kernel: &Kernel) -> Option<usize> {
        self.services.iter().position(|service| service.supervisor == Some(kernel.own().0))
    }

    /// The service in whose directory a process is.
    fn at(&self, kernel: &Kernel, pid: i32) -> Option<usize> {
        let here = kernel.process(platform::Pid(pid))?.directory;
        (0..self.services.len())
            .find(|index| kernel.tree.existing(ROOT, DIRS[*index].as_bytes(), true) == Ok(here))
    }

    /// Whether one waits, through others, for another one, and all of them have done so for longer than that.
    fn leads(&self, kernel: &Kernel, from: usize, to: usize) -> bool {
        let state = self.services[to].state(kernel, to).filter(|state| state.doing == Doing::Waiting);
        // One that has just begun to wait has not said so yet.
        let last = state.map_or(kernel.wall(), |state| state.since);
        let now = kernel.now().0;
        let (mut seen, mut open) = (Vec::new(), vec![from]);
        while let Some(here) = open.pop() {
            if here == to {
                return true;
            }
            if seen.contains(&here) {
                continue;
            }
            seen.push(here);
            let hops = self.services[here].hops.iter();
            open.extend(hops.filter(|hop| hop.1 <= last && hop.2 + LAG > now).map(|hop| hop.0));
        }
        false
    }

    /// Whom the services wait for just now.
    fn hops(&mut self, kernel: &Kernel) {
        let now = kernel.now().0;
        for (index, service) in self.services.iter_mut().enumerate() {
            let state = service.state(kernel, index).filter(|state| state.doing == Doing::Waiting);
            let Some((need, since)) = state.and_then(|state| Some((state.need?, state.since))) else {
                continue;
            };
            let named = |entry: &&Entry| entry.name.as_bytes() == need.name();
            let Some(to) = service.entries.iter().find(named).and_then(|entry| entry.to) else { continue };
            service.hops.retain(|hop| hop.2 + LAG > now && hop.0 != to);
            service.hops.push((to, since, now));
        }
    }

    /// It is not up any more, if it was.
    fn no_more(&mut self, index: usize, now: u64) {
        if self.services[index].may_be_up(now) {
            self.services[index].was_up = now;
        }
    }

    /// `./run` is started: all that it needs was up when that was looked at, or soon after. Where something is wrong
    /// with files, and where `state` could not be written, nobody can know.
    fn starts(&self, kernel: &Kernel, index: usize) -> Check {
        let now = kernel.now().0;
        let service = &self.services[index];
        let due = |entry: &&Entry| entry.is_there() && entry.added < service.ended;
        if service.unreadable
            || !service.entries.iter().any(|entry| due(&entry))
            || service.made.is_none_or(|at| at >= service.ended)
        {
            return Ok(());
        }
        let Some(looked) = service.looked.filter(|looked| *looked >= service.ended) else {
            return Err(format!("{} is started and has not looked at its needs", DIRS[index]));
        };
        if self.faulty + FAULTY > now {
            return Ok(());
        }
        for entry in service.entries.iter().filter(|entry| entry.is_there() && entry.added < looked) {
            let up = entry.to.is_some_and(|to| {
                let need = &self.services[to];
                let was_up = need.was_up > 0 && need.was_up + LAG >= looked;
                need.may_be_up(now) || was_up || need.state(kernel, to).is_none()
            });
            if !up && !service.ignored.contains(&entry.name) {
                return Err(format!("{} is started though {} is not up", DIRS[index], entry.name));
            }
        }
        Ok(())
    }

    fn spawned(&mut self, kernel: &Kernel, index: usize, pid: i32, what: Role) -> Check {
        let now = kernel.now().0;
        match what {
            Role::Run => self.starts(kernel, index)?,
            Role::Finish => {}
            Role::Script | Role::Log => return Ok(()),
        }
        self.no_more(index, now);
        let service = &mut self.services[index];
        if let Some(child) = service.child {
            return Err(format!("two at once: {pid} beside {}", child.pid));
        }
        let finish = what == Role::Finish;
        service.child = Some(Child { pid, started: now, finish, said: false });
        (service.done, service.asked) = (false, false);
        if !finish {
            (service.told, service.spawned) = (false, now);
            service.unreadable = false;
            service.tells.clear();
            service.ignored.clear();
        }
        Ok(())
    }

    fn died(&mut self, pid: i32, ended: Ended, now: u64) {
        for index in 0..self.services.len() {
            if self.services[index].supervisor == Some(pid) {
                self.no_more(index, now);
                let service = &mut self.services[index];
                (service.supervisor, service.child, service.done) = (None, None, false);
            }
            if self.services[index].child.is_some_and(|child| child.pid == pid) {
                self.no_more(index, now);
                let service = &mut self.services[index];
                let finish = service.child.is_some_and(|child| child.finish);
                (service.child, service.asked, service.ended) = (None, false, now);
                service.done = service.oneshot && !finish && !service.told && ended == Ended::Exit(0);
            }
        }
    }

    /// A supervisor begins: it has the lock.
    fn begins(&mut self, index: usize, pid: i32, now: u64) {
        let service = &mut self.services[index];
        if service.supervisor == Some(pid) {
            return;
        }
        (service.supervisor, service.begun, service.ended) = (Some(pid), now, now);
        (service.child, service.done, service.asked, service.told) = (None, false, false, false);
        (service.wish_down, service.descriptors) = (service.down, 0);
        service.tells.clear();
        service.ignored.clear();
    }

    fn letter(&mut self, index: usize, letter: u8, now: u64) {
        self.services[index].heard = now;
        match letter {
            b'u' => self.services[index].wish_down = false,
            b'd' | b'x' | b'o' => {
                (self.services[index].wish_down, self.services[index].ordered) = (true, now);
            }
            _ => {}
        }
        if b"dxtkiq".contains(&letter) {
            if self.services[index].done && b"dxt".contains(&letter) {
                self.no_more(index, now);
                self.services[index].done = false;
            }
            self.services[index].told = true;
        }
        if b"dx".contains(&letter) {
            self.services[index].tells.clear();
            self.services[index].ignored.clear();
        }
    }

    /// A service tells another one to come up.
    fn tells(&mut self, index: usize, to: usize, bytes: &[u8]) -> Check {
        let service = &mut self.services[index];
        if bytes != b"u" {
            return Err(format!("{} tells {} {bytes:?}", DIRS[index], DIRS[to]));
        }
        if service.tells.contains(&to) && service.waits.is_some() {
            return Err(format!("{} tells {} twice for one start", DIRS[index], DIRS[to]));
        }
        service.tells.push(to);
        Ok(())
    }

    fn says(&mut self, kernel: &Kernel, index: usize, text: &[u8]) -> Check {
        let text = String::from_utf8_lossy(text);
        self.services[index].unreadable |= text.contains("warning: needs ignored: unreadable");
        let Some((_, entry)) = text.split_once("warning: needs/") else { return Ok(()) };
        let Some((entry, _)) = entry.split_once(" ignored: circle:") else { return Ok(()) };
        self.hops(kernel);
        let to =
            self.services[index].entries.iter().find(|known| known.name == entry).and_then(|known| known.to);
        let known = self.faulty + FAULTY < kernel.now().0;
        if known && !to.is_some_and(|to| self.leads(kernel, to, index)) {
            return Err(format!(
                "{} does without {entry}, which is no circle, or others waited less",
                DIRS[index]
            ));
        }
        let service = &mut self.services[index];
        if service.ignored.iter().any(|known| known == entry) {
            return Err(format!("{} says twice that it does without {entry}", DIRS[index]));
        }
        service.ignored.push(entry.to_owned());
        Ok(())
    }

    /// It goes to sleep.
    fn sleeps(&mut self, kernel: &Kernel, until: Option<platform::Instant>) -> Check {
        let pid = kernel.own().0;
        self.paces.entry(pid).or_default().sleeps(kernel)?;
        no_zombies(kernel, until)?;
        self.hops(kernel);
        self.late(kernel)?;
        let Some(index) = self.own(kernel) else { return Ok(()) };
        let service = &mut self.services[index];
        service.sleeps += u32::from(self.settled && !self.leaving);
        let count = kernel.descriptors(kernel.own());
        if service.descriptors == 0 {
            service.descriptors = count;
        }
        // A place that is watched, and a pipe on which `./run` says something.
        if count > service.descriptors + 2 {
            return Err(format!("leak: {count} descriptors, {} at first", service.descriptors));
        }
        Ok(())
    }

    fn mark(&mut self, kernel: &Kernel, mark: u32) -> Check {
        match mark {
            CALM => self.calm = true,
            SETTLED => {
                self.settled = true;
                self.all_up(kernel)?;
            }
            LEAVE => {
                self.leaving = true;
                if let Some(index) = self.services.iter().position(|service| service.sleeps > 0) {
                    return Err(format!("{} woke up with nothing to do", DIRS[index]));
                }
            }
            GONE => {
                if let Some(index) = self.services.iter().position(|service| service.supervisor.is_some()) {
                    return Err(format!("TERM lost: {} is still there", DIRS[index]));
                }
            }
            says => {
                let pid = (says - SAYS) as i32;
                let child = self.services.iter_mut().filter_map(|service| service.child.as_mut());
                child.filter(|child| child.pid == pid).for_each(|child| child.said = true);
            }
        }
        Ok(())
    }

    /// Somebody did something to the entries.
    fn done(&mut self, kernel: &Kernel, deed: &Deed, worked: bool) -> Check {
        let now = kernel.now().0;
        let path = match deed {
            Deed::Mark(mark) => return self.mark(kernel, *mark),
            Deed::Faults(_) => {
                self.faulty = now;
                return Ok(());
            }
            Deed::Create(path, _) | Deed::Link(_, path) | Deed::Remove(path) | Deed::MakeDirectory(path) => {
                path
            }
            _ => return Ok(()),
        };
        let Some((index, name)) = DIRS.iter().enumerate().find_map(|(index, dir)| {
            Some((index, path.strip_prefix(dir)?.strip_prefix("/needs")?.trim_start_matches('/')))
        }) else {
            return Ok(());
        };
        let service = &mut self.services[index];
        service.changed = now;
        match deed {
            Deed::MakeDirectory(_) if worked => service.made = Some(now),
            Deed::Remove(_) if worked => {
                let entry = service.entries.iter_mut().find(|entry| entry.name == name);
                entry.into_iter().for_each(|entry| entry.removed = Some(now));
                service.ignored.retain(|known| known != name);
            }
            _ if worked => {
                let entry = service.entries.iter_mut().find(|entry| entry.name == name);
                if let Some(entry) = entry.filter(|entry| !entry.is_there()) {
                    (entry.added, entry.removed) = (now, None);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Rules for Needs {
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life {
        match (exec.path, self.at(kernel, exec.pid.0)) {
            (b"./run", Some(index)) => {
                let oneshot = self.services[index].oneshot;
                lives::run(&mut self.random, exec.pid.0, oneshot, self.calm)
            }
            _ => Life::exits(self.random.below(300), 0),
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        let now = kernel.now().0;
        let pid = kernel.own().0;
        match *fact {
            Fact::Opened { path: b"supervise/control", fd } => {
                if let Some(index) = self.at(kernel, pid) {
                    self.begins(index, pid, now);
                    self.control.insert((pid, fd.0), index);
                }
            }
            Fact::Opened { path, fd } => {
                self.control.remove(&(pid, fd.0));
                let to = (0..self.services.len()).find(|to| {
                    let known = path.strip_prefix(DIRS[*to].as_bytes());
                    known == Some(b"/supervise/control")
                });
                if let Some(to) = to {
                    self.control.insert((pid, fd.0), to);
                }
            }
            Fact::Closing { fd } => drop(self.control.remove(&(pid, fd.0))),
            Fact::Died { pid, ended } => self.died(pid.0, ended, now),
            Fact::Spawned { pid, child } => {
                if let Some(index) = self.own(kernel) {
                    self.spawned(kernel, index, pid.0, role(child))?;
                }
            }
            Fact::Kill { whom: Target::One(pid), signal: Signal::Terminate, .. } => {
                if let Some(index) = self.own(kernel) {
                    if self.services[index].child.is_some_and(|child| child.pid == pid.0) {
                        self.no_more(index, now);
                        self.services[index].asked = true;
                    }
                }
            }
            Fact::Read { fd, bytes } => self.read(kernel, fd, bytes),
            Fact::Wrote { fd, bytes } => {
                let to = self.control.get(&(pid, fd.0)).copied();
                if let (Some(index), Some(to)) = (self.own(kernel), to) {
                    self.tells(index, to, bytes)?;
                }
            }
            Fact::DirectoryOpened { path: b"needs" } => {
                if let Some(index) = self.own(kernel) {
                    self.services[index].looked = Some(now);
                }
            }
            Fact::Said { pid, text } => {
                let index = self.services.iter().position(|service| service.supervisor == Some(pid.0));
                if let Some(index) = index {
                    self.says(kernel, index, text)?;
                }
            }
            Fact::Waits { until, .. } => {
                self.sleeps(kernel, until)?;
                self.told(kernel)?;
            }
            Fact::Done { deed, result, .. } => self.done(kernel, deed, result.is_ok())?,
            _ => {}
        }
        if kernel.faults != platform_sim::Faults::NONE {
            self.faulty = now;
        }
        Ok(())
    }

    fn end(&mut self, _kernel: &mut Kernel, outcome: &Outcome) -> Check {
        match outcome {
            Outcome::Over(platform_sim::End::Quiet) if self.leaving => Ok(()),
            other => Err(format!("an end that was not asked for: {other:?}")),
        }
    }
}

impl Needs {
    fn read(&mut self, kernel: &Kernel, fd: Fd, bytes: &[u8]) {
        let index = self.control.get(&(kernel.own().0, fd.0)).copied();
        if let Some(index) = index.filter(|index| self.own(kernel) == Some(*index)) {
            for letter in bytes {
                self.letter(index, *letter, kernel.now().0);
            }
        }
    }
}
