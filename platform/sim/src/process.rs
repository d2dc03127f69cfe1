//! Processes: life, signals, death.
use crate::birth::Birth;
use crate::kernel::{Job, Kernel};
use crate::life::{Act, Life};
use crate::open::{Object, Slot};
use crate::systems::PowerCall;
use crate::tree::{Ino, ROOT};
use crate::world::{End, Fact};
use platform::{Ended, Errno, How, Pid, Result, Signal};
use std::collections::{BTreeMap, VecDeque};

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// Its parent's.
    pub parent: i32,
    /// Its group's.
    pub group: i32,
    /// Its descriptors.
    pub fds: BTreeMap<i32, Slot>,
    /// Its directory.
    pub directory: Ino,
    /// The path of its program as it was given.
    pub program: Vec<u8>,
    /// How it ended; it waits to be reaped.
    pub ended: Option<Ended>,
    /// It was stopped.
    pub stopped: bool,
    /// It descends from a contained child.
    pub contained: bool,
    /// KILL does nothing before this moment: it waits for a disk.
    pub(crate) hangs: u64,
    birth: Option<Birth>,
    /// It executes another program until this moment.
    executes: u64,
    pub(crate) acts: VecDeque<Act>,
    pub(crate) on: Vec<(Signal, Vec<Act>)>,
    turn: u32,
    /// The descriptor it waits for, and whether to write to it.
    pub(crate) waits: Option<(i32, bool)>,
    /// What came while it was stopped.
    pub(crate) held: Vec<Signal>,
    pub(crate) late: bool,
}

impl Process {
    pub(crate) fn new(pid: i32, parent: i32, directory: Ino) -> Process {
        Process {
            pid,
            parent,
            group: pid,
            fds: BTreeMap::new(),
            directory,
            program: Vec::new(),
            ended: None,
            stopped: false,
            contained: false,
            hangs: 0,
            birth: None,
            executes: 0,
            acts: VecDeque::new(),
            on: Vec::new(),
            turn: 0,
            waits: None,
            held: Vec::new(),
            late: false,
        }
    }

    /// How many of a hundred signals come while it executes another program; none while it is stopped.
    pub(crate) const fn executes(&self, now: u64) -> u64 {
        match (&self.birth, self.executes > now) {
            _ if self.stopped => 0,
            (_, true) => 100,
            (Some(_), false) => 50,
            (None, false) => 0,
        }
    }
}

impl Kernel {
    /// Every process but the one under test.
    pub fn others(&self) -> impl Iterator<Item = &Process> {
        self.procs.values().filter(|process| process.pid != self.own)
    }

    /// A process, alive or waiting to be reaped.
    #[must_use]
    pub fn process(&self, pid: Pid) -> Option<&Process> {
        self.procs.get(&pid.0)
    }

    /// fork(2) of a process.
    pub(crate) fn fork(&mut self, parent: i32, birth: Option<Birth>, acts: &[Act]) -> Pid {
        let pid = self.next_pid;
        self.next_pid += 1;
        let mut child = Process::new(pid, parent, ROOT);
        child.birth = birth;
        child.acts = acts.iter().cloned().collect();
        let mut fds = BTreeMap::new();
        if let Some(parent) = self.procs.get(&parent) {
            child.group = parent.group;
            child.contained = parent.contained;
            child.directory = parent.directory;
            child.program.clone_from(&parent.program);
            child.on.clone_from(&parent.on);
            fds.clone_from(&parent.fds);
        }
        self.procs.insert(pid, child);
        for (fd, slot) in fds {
            self.install(pid, fd, slot);
        }
        let late = self.random.below(if self.random.clone().chance(10) { 30_000_000 } else { 800_000 });
        self.turn_in(pid, late);
        Pid(pid)
    }

    /// fork(2) of a process whose child leads this life.
    pub(crate) fn begin(&mut self, parent: i32, life: Life) {
        let child = self.fork(parent, None, &life.acts);
        if let Some(child) = self.procs.get_mut(&child.0) {
            child.on = life.on;
        }
    }

    pub(crate) fn turn_in(&mut self, pid: i32, nanos: u64) {
        let time = self.time + nanos;
        if let Some(process) = self.procs.get_mut(&pid) {
            process.turn += 1;
            let turn = process.turn;
            self.queue_at(time, Job::Turn(pid, turn));
        }
    }

    /// Wakes those whose descriptor is ready.
    pub(crate) fn rouse(&mut self) {
        let waiting: Vec<(i32, i32, bool)> = self
            .procs
            .values()
            .filter_map(|process| process.waits.map(|(fd, write)| (process.pid, fd, write)))
            .collect();
        for (pid, fd, write) in waiting {
            let Ok(slot) = self.slot(pid, fd) else { continue };
            let ready = match self.opens[slot.open].object {
                Object::WriteEnd(pipe) if write => {
                    let pipe = &self.pipes[pipe];
                    pipe.readers == 0 || pipe.takes(1).is_some()
                }
                _ => self.is_ready(slot.open),
            };
            if ready {
                if let Some(process) = self.procs.get_mut(&pid) {
                    process.waits = None;
                }
                let late = 1_000 + self.random.below(100_000);
                self.turn_in(pid, late);
            }
        }
    }

    /// Lets a process go on until it waits.
    pub(crate) fn turn(&mut self, pid: i32, turn: u32) {
        let Some(process) = self.procs.get_mut(&pid) else { return };
        if process.turn != turn || process.ended.is_some() {
            return;
        }
        if process.stopped {
            process.late = true;
            return;
        }
        if let Some(birth) = process.birth.take() {
            self.be_born(pid, &birth);
        }
        while let Some(process) = self.procs.get_mut(&pid) {
            if process.ended.is_some() || process.stopped || self.end.is_some() {
                return;
            }
            let act = process.acts.pop_front().unwrap_or(Act::Exit(0));
            if !self.act(pid, act) {
                return;
            }
        }
    }

    fn put_back(&mut self, pid: i32, act: Act, waits: (i32, bool)) {
        if let Some(process) = self.procs.get_mut(&pid) {
            process.acts.push_front(act);
            process.waits = Some(waits);
        }
    }

    /// `true`: the next act may follow at once.
    fn act(&mut self, pid: i32, act: Act) -> bool {
        match act {
            Act::Pause(ms) => {
                self.turn_in(pid, ms * 1_000_000);
                return false;
            }
            Act::Forever => return false,
            Act::Execute(ms) => {
                let until = self.time + ms * 1_000_000;
                if let Some(process) = self.procs.get_mut(&pid) {
                    process.executes = until;
                }
                self.turn_in(pid, ms * 1_000_000);
                return false;
            }
            Act::Hang(ms) => {
                let until = self.time + ms * 1_000_000;
                if let Some(process) = self.procs.get_mut(&pid) {
                    process.hangs = until;
                }
                self.turn_in(pid, ms * 1_000_000);
                return false;
            }
            Act::Write(fd, bytes) => {
                let written = self.slot(pid, fd).and_then(|slot| self.write_open(pid, slot.open, &bytes));
                match written {
                    Ok(count) if count < bytes.len() => {
                        self.put_back(pid, Act::Write(fd, bytes[count..].to_vec()), (fd, true));
                        self.rouse();
                        return false;
                    }
                    Err(Errno::AGAIN) => {
                        self.put_back(pid, Act::Write(fd, bytes), (fd, true));
                        return false;
                    }
                    Err(Errno::PIPE) => self.signal(pid, Signal::Pipe),
                    Ok(_) | Err(_) => {}
                }
            }
            Act::ReadAll(fd) => {
                let read = self.slot(pid, fd).and_then(|slot| self.read_open(slot.open, 512));
                match read {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(_) => {
                        if let Some(process) = self.procs.get_mut(&pid) {
                            process.acts.push_front(act);
                        }
                    }
                    Err(Errno::AGAIN) => {
                        self.put_back(pid, act, (fd, false));
                        return false;
                    }
                    Err(_) => {}
                }
            }
            Act::CopyAll(from, to) => {
                let read = self.slot(pid, from).and_then(|slot| self.read_open(slot.open, 512));
                match read {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => {
                        let Some(process) = self.procs.get_mut(&pid) else { return false };
                        process.acts.push_front(act);
                        let slot = self.slot(pid, to);
                        if slot.and_then(|slot| self.write_open(pid, slot.open, &bytes)) != Ok(bytes.len()) {
                            self.die(pid, Ended::Exit(1));
                        }
                    }
                    Err(Errno::AGAIN) => {
                        self.put_back(pid, act, (from, false));
                        return false;
                    }
                    Err(_) => self.die(pid, Ended::Exit(1)),
                }
            }
            Act::CloseAllBut(keep) => self.close_all(pid, |fd, _| keep.contains(&fd)),
            Act::Session => self.session(pid),
            Act::Ignore(signal) => {
                if let Some(process) = self.procs.get_mut(&pid) {
                    process.on.push((signal, Vec::new()));
                }
            }
            Act::Fork(life) => self.begin(pid, life),
            Act::Do(deed) => {
                // What is told before it happens happens before the call returns. (What others do meanwhile holds
                // nobody up.)
                if !self.deed(Some(pid), &deed) {
                    self.turn_in(pid, self.telling - self.time);
                    return false;
                }
            }
            Act::Power(how) => {
                let code = self.reboot(how).map_or_else(|errno| errno.0 as u8, |()| 0);
                self.die(pid, Ended::Exit(code));
            }
            Act::Reboot(how) => {
                self.emit(&Fact::Reboot { pid: Pid(pid), how });
                let _ = self.reboot(how);
            }
            Act::Exit(code) => self.die(pid, Ended::Exit(code)),
            Act::Raise(signal) => self.signal(pid, signal),
        }
        true
    }

    /// reboot(2).
    pub(crate) fn reboot(&mut self, how: How) -> Result<()> {
        match self.machine.power {
            PowerCall::Forbidden => return Err(Errno::PERM),
            PowerCall::FailsFor(what) if what == how => return Err(Errno::INVAL),
            PowerCall::ReturnsFor(what) if what == how => return Ok(()),
            PowerCall::Returns => return Ok(()),
            PowerCall::Works | PowerCall::FailsFor(_) | PowerCall::ReturnsFor(_) => {}
        }
        self.end.get_or_insert(End::Power(how));
        Ok(())
    }

    pub(crate) fn session(&mut self, pid: i32) {
        if let Some(process) = self.procs.get_mut(&pid) {
            process.group = pid;
        }
    }

    pub(crate) fn close_all(&mut self, pid: i32, keep: impl Fn(i32, Slot) -> bool) {
        let fds: Vec<(i32, Slot)> = match self.procs.get(&pid) {
            Some(process) => process.fds.iter().map(|(fd, slot)| (*fd, *slot)).collect(),
            None => return,
        };
        for (fd, _) in fds.into_iter().filter(|(fd, slot)| !keep(*fd, *slot)) {
            self.uninstall(pid, fd);
        }
    }

    pub(crate) fn die(&mut self, pid: i32, ended: Ended) {
        let Some(process) = self.procs.get_mut(&pid) else { return };
        process.ended = Some(ended);
        process.waits = None;
        let parent = process.parent;
        self.close_all(pid, |_, _| false);
        self.emit(&Fact::Died { pid: Pid(pid), ended });
        let heir = self.heir(pid);
        let mut orphans = Vec::new();
        for child in self.procs.values_mut().filter(|child| child.parent == pid) {
            child.parent = heir;
            orphans.push((child.pid, child.ended.is_some()));
        }
        for (orphan, dead) in orphans {
            if dead {
                self.leave_to(orphan, heir);
            }
        }
        self.leave_to(pid, parent);
    }

    /// Tells the parent of a death; what belongs to nobody here is gone at once.
    fn leave_to(&mut self, pid: i32, parent: i32) {
        if self.is_program(parent) {
            self.tell_program(parent, Signal::Child);
        } else if !self.procs.contains_key(&parent) {
            self.procs.remove(&pid);
        }
    }

    /// The program under test has returned or is gone: its descriptors are closed, its children
    /// are orphans.
    pub fn program_ended(&mut self) {
        let own = core::mem::replace(&mut self.own, -1);
        self.die(own, Ended::Exit(0));
        self.procs.remove(&own);
    }
}
