//! What must be true of process 1 at every moment.
//!
//! One idea: a model of process 1, which hears each fact and knows what may come next.
use crate::watched::{Check, Pace, Rules, no_zombies};
use platform::{Child, Ended, How, Instant, Pid, Request, Signal, Target, Wake};
use platform_sim::tree::ROOT;
use platform_sim::{Act, Deed, End, Exec, Fact, Kernel, Life, Machine, Outcome, PowerCall, Random, Whom};
use runit::paths;
use runit::runit::machine::RESTART_REFUSED;
use std::ffi::CStr;

/// Marks of a schedule.
pub(crate) mod mark {
    /// Nothing goes wrong any more.
    pub(crate) const CALM: u32 = 1;
    /// All should have settled.
    pub(crate) const SETTLED: u32 = 2;
    /// It is asked to stop.
    pub(crate) const LEAVE: u32 = 3;
    /// The system should have ended.
    pub(crate) const GONE: u32 = 4;
}

/// The rules.
pub(crate) struct Runit {
    random: Random,
    machine: Machine,
    calm: bool,
    pace: Pace,
    quiet: Option<u32>,
    first: bool,
    /// Sleeps in a row without the key being armed, since it first was.
    unarmed: Option<u32>,
    descriptors: usize,
    stage: Option<(u8, Pid)>,
    key: Option<Pid>,
    one_ran: bool,
    two_ended: Option<(Pid, Ended, u64)>,
    three_ran: bool,
    three_ended: bool,
    /// The last refused fork: of what, and when.
    refused: Option<(Vec<u8>, u64)>,
    /// It has seen a request to stop.
    asked: bool,
    /// It has been told to stand still.
    still: bool,
    /// It has, and to do something else as well.
    still_soon: bool,
    /// A process of that stage ended meanwhile.
    missed: Option<u8>,
    /// Another process ended the system.
    rebooted: Option<How>,
    /// What the system's own request asked for, while files could not be written.
    unwritten: Option<How>,
    /// Somebody changed `reboot` then.
    reboot_changed: u64,
    /// Somebody killed what ends the system.
    interfered: bool,
    halt_asked: bool,
    cycle_asked: bool,
    /// TERM was sent to stage 2 then.
    terminated: Option<u64>,
    killed: bool,
    killed_all: bool,
    power: Vec<(How, u64)>,
    woken: u64,
}

fn mode_set(kernel: &Kernel, path: &CStr) -> bool {
    kernel.tree.existing(ROOT, path.to_bytes(), true).is_ok_and(|ino| kernel.tree.at(ino).mode & 0o100 != 0)
}

fn stage(path: &CStr) -> Option<u8> {
    [paths::STAGE_1, paths::STAGE_2, paths::STAGE_3]
        .iter()
        .position(|stage| *stage == path)
        .map(|at| at as u8 + 1)
}

impl Runit {
    pub(crate) fn new(random: &mut Random, machine: Machine) -> Runit {
        Runit {
            random: Random::new(random.next()),
            machine,
            calm: false,
            pace: Pace::default(),
            quiet: None,
            first: true,
            unarmed: None,
            descriptors: 0,
            stage: None,
            key: None,
            one_ran: machine.again,
            two_ended: None,
            three_ran: false,
            three_ended: false,
            refused: None,
            asked: false,
            still: false,
            still_soon: false,
            missed: None,
            rebooted: None,
            unwritten: None,
            reboot_changed: 0,
            interfered: false,
            halt_asked: false,
            cycle_asked: false,
            terminated: None,
            killed: false,
            killed_all: false,
            power: Vec::new(),
            woken: 0,
        }
    }

    fn spawned(&mut self, kernel: &Kernel, pid: Pid, child: &Child<'_>) -> Check {
        if self.still {
            return Err("something is started while it is to stand still".into());
        }
        let now = kernel.now().0;
        if let Some((path, then)) = self.refused.take() {
            if path == child.path.to_bytes() && now - then < 4_990_000_000 {
                return Err("fork is tried again at once".into());
            }
        }
        let Some(number) = stage(child.path) else {
            if let Some(other) = self.key.replace(pid) {
                return Err(format!("two ctrlaltdel: {} and {}", other.0, pid.0));
            }
            return if self.three_ran { Err("ctrlaltdel beside stage 3".into()) } else { Ok(()) };
        };
        if let Some((other, other_pid)) = self.stage {
            return Err(format!("two stages at once: {number} beside {other} ({})", other_pid.0));
        }
        match number {
            1 if self.missed == Some(1) => self.missed = None,
            1 if self.one_ran => return Err("stage 1 runs twice".into()),
            1 => self.one_ran = true,
            2 if !self.one_ran => return Err("stage 2 before stage 1".into()),
            2 if self.three_ran => return Err("stage 2 after stage 3".into()),
            // Also if the request came together with the end of stage 1.
            2 if self.asked => return Err("request lost: stage 2 is started".into()),
            2 => {
                let early = self.two_ended.is_some_and(|(_, _, then)| now - then < 4_990_000_000);
                if early {
                    return Err("stage 2 is restarted at once".into());
                }
            }
            _ if self.three_ran => return Err("stage 3 runs twice".into()),
            _ => self.three_ran = true,
        }
        if number == 3 && self.key.is_some() {
            return Err("stage 3 beside ctrlaltdel".into());
        }
        self.stage = Some((number, pid));
        self.terminated = None;
        Ok(())
    }

    fn reaped(&mut self, kernel: &Kernel, pid: Pid, ended: Ended) {
        if self.key == Some(pid) {
            self.key = None;
            // What the script has left behind counts.
            self.asked |= mode_set(kernel, paths::STOPIT);
        }
        if let Some((number, _)) = self.stage.filter(|(_, stage)| *stage == pid) {
            self.stage = None;
            // It may be told so only now.
            if self.still
                || self.still_soon
                || (self.machine.stands_still() && kernel.pending().has(Signal::TerminalStop))
            {
                self.missed = Some(number);
            }
            match number {
                2 => self.two_ended = Some((pid, ended, kernel.now().0)),
                3 => self.three_ended = true,
                _ => {}
            }
        }
    }

    fn kill(&mut self, kernel: &Kernel, whom: Target, signal: Signal) -> Check {
        if self.still {
            return Err("somebody is killed while it is to stand still".into());
        }
        let now = kernel.now().0;
        match (whom, signal) {
            (Target::All, Signal::Kill) if self.three_ended => {
                self.killed_all = true;
                Ok(())
            }
            (Target::All, _) => Err("everything is killed before the end".into()),
            (Target::Group(pid), Signal::Kill) => match self.two_ended {
                Some((two, Ended::Exit(111) | Ended::Killed { .. }, _)) if two == pid => Ok(()),
                Some((two, Ended::Exit(_), _)) if two == pid && self.missed == Some(2) => Ok(()),
                _ => Err("a group is killed that is not stage 2's".into()),
            },
            (Target::One(pid), Signal::Terminate) if self.stage == Some((2, pid)) && self.asked => {
                self.terminated = Some(self.woken);
                Ok(())
            }
            (Target::One(pid), Signal::Kill) if self.stage == Some((2, pid)) => match self.terminated {
                Some(then) if now - then >= 4_990_000_000 => {
                    self.killed = true;
                    Ok(())
                }
                _ => Err("stage 2 is killed without patience".into()),
            },
            _ => Err(format!("a signal for nobody's child: {signal:?} {whom:?}")),
        }
    }

    fn woke(&mut self, kernel: &Kernel, wake: Wake) {
        self.woken = kernel.now().0;
        let (mut still, mut obeys) = (false, false);
        for (signal, request) in self.machine.requests {
            if !wake.signals.has(*signal) {
                continue;
            }
            match request {
                Request::Control => {
                    let stop = mode_set(kernel, paths::STOPIT);
                    self.asked |= stop;
                    if stop {
                        self.unwritten = None;
                    }
                }
                Request::Reboot => self.asks(kernel, How::Restart),
                Request::PowerOff => self.asks(kernel, How::PowerOff),
                Request::PowerCycle => {
                    self.asks(kernel, How::PowerCycle);
                    self.cycle_asked = true;
                }
                Request::Halt => {
                    self.asks(kernel, How::Halt);
                    self.halt_asked = true;
                }
                Request::CtrlAltDel | Request::Nothing => {}
                Request::Catatonia if self.killed_all => {}
                Request::Catatonia => still = true,
                Request::Resume => (self.still, self.still_soon, still) = (false, false, false),
            }
            let wants = match request {
                Request::Control => mode_set(kernel, paths::STOPIT),
                Request::CtrlAltDel => mode_set(kernel, paths::CTRLALTDEL),
                Request::Reboot | Request::Halt | Request::PowerOff | Request::PowerCycle => true,
                Request::Resume => true,
                Request::Catatonia | Request::Nothing => false,
            };
            obeys |= wants;
        }
        // What else was asked in the same moment may be obeyed first.
        self.still &= !obeys;
        self.still_soon |= still;
        self.still |= still && !obeys;
    }

    fn asks(&mut self, kernel: &Kernel, how: How) {
        self.asked = true;
        let faults = &kernel.faults;
        self.unwritten = (faults.full || faults.open > 0).then_some(how);
    }

    fn sleeps(&mut self, kernel: &Kernel, until: Option<Instant>) -> Check {
        self.pace.sleeps(kernel)?;
        // A look at the signals between two deaths is no sleep.
        if until == Some(Instant(0)) {
            return Ok(());
        }
        no_zombies(kernel, until)?;
        // DEV-11. Once is no fault: the signal of the key may be waiting to be taken.
        self.unarmed = match self.unarmed {
            _ if kernel.armed => Some(0),
            // Without a self-pipe it cannot be.
            None => None,
            Some(times) => Some(times + 1),
        };
        if self.unarmed > Some(1) {
            return Err("nobody armed the key again".into());
        }
        let count = kernel.descriptors(kernel.own());
        if self.first {
            self.descriptors = count;
            self.first = false;
        }
        if count != self.descriptors {
            return Err(format!("leak: {count} descriptors, {} at first", self.descriptors));
        }
        self.still |= core::mem::take(&mut self.still_soon);
        if self.still {
            return if until.is_none_or(|until| until <= kernel.now()) {
                Ok(())
            } else {
                Err("a deadline while it is to stand still".into())
            };
        }
        let soon = until.is_some_and(|until| until.0 <= kernel.now().0 + 5_100_000_000);
        let nothing = self.stage.is_none() && self.key.is_none();
        if nothing && !soon && self.power.is_empty() {
            return Err("asleep with nothing under way".into());
        }
        let two = matches!(self.stage, Some((2, _)));
        // One that waits for a fork comes first, too.
        let key = self.key.is_some()
            || self.refused.as_ref().is_some_and(|(path, _)| path == paths::CTRLALTDEL.to_bytes());
        if self.asked && two && !key && self.terminated.is_none() {
            return Err("request lost: stage 2 was not sent TERM".into());
        }
        if two && self.terminated.is_some() && !self.killed && !soon {
            return Err("asleep without patience running out".into());
        }
        Ok(())
    }

    fn power(&mut self, kernel: &Kernel, how: How, sync: bool) -> Check {
        if self.still {
            return Err("the system is ended while another program ends it".into());
        }
        let now = kernel.now().0;
        if !self.killed_all {
            return Err("the system is ended while processes run".into());
        }
        if sync == kernel.tree.existing(ROOT, paths::NOSYNC.to_bytes(), true).is_ok() {
            return Err(format!("sync is {sync}, which nosync decides"));
        }
        match self.power.as_slice() {
            [] => {
                let reboot = mode_set(kernel, paths::REBOOT);
                let fits = match how {
                    How::Restart => reboot,
                    How::PowerOff => !reboot,
                    How::Halt => !reboot && self.halt_asked,
                    How::PowerCycle => reboot && self.cycle_asked,
                };
                // What could not be written counts nevertheless.
                let fits = fits || self.unwritten == Some(how);
                // It was read a moment ago.
                if !fits && now - self.reboot_changed > 10_000_000 {
                    return Err(format!("{how:?}, but reboot says {reboot}"));
                }
            }
            [(How::PowerOff, then)] if how == How::Halt && now - then >= 1_990_000_000 => {}
            before => return Err(format!("{how:?} after {before:?}")),
        }
        self.power.push((how, now));
        Ok(())
    }

    fn mark(&mut self, mark: u32) -> Check {
        let two = matches!(self.stage, Some((2, _)));
        match mark {
            mark::CALM => self.calm = true,
            mark::SETTLED => {
                if self.power.is_empty() && !two && !self.three_ran && !self.still {
                    return Err("settled, but stage 2 does not run".into());
                }
                self.quiet = Some(self.pace.total);
            }
            mark::LEAVE => {
                let before = self.quiet.unwrap_or(0);
                if self.pace.total != before {
                    return Err(format!("woke {} times with nothing to do", self.pace.total - before));
                }
            }
            // A kernel that does not end leaves nothing to do but to wait.
            mark::GONE if self.power.is_empty() => return Err("request lost: the system still runs".into()),
            _ => {}
        }
        Ok(())
    }
}

impl Rules for Runit {
    fn life(&mut self, _: &mut Kernel, exec: &Exec<'_>) -> Life {
        let random = &mut self.random;
        let one = exec.path == paths::STAGE_1.to_bytes();
        let two = exec.path == paths::STAGE_2.to_bytes();
        let three = exec.path == paths::STAGE_3.to_bytes();
        if self.calm {
            return if two { Life::forever() } else { Life::exits(random.below(500), 0) };
        }
        let mut life = match random.below(10) {
            0 if two => Life::exits(random.below(4000), 0),
            1 if two => Life::exits(random.below(2000), 111),
            2 if two => Life::of(&[Act::Pause(random.below(1000)), Act::Raise(Signal::Quit)]),
            3 if two => Life::forever().on(Signal::Terminate, &[]),
            4 if two => {
                let slow = [Act::Pause(random.below(7000)), Act::Exit(0)];
                Life::forever().on(Signal::Terminate, &slow)
            }
            _ if two => Life::forever(),
            0 if one => Life::exits(random.below(1500), 100),
            1 => Life::of(&[Act::Pause(random.below(500)), Act::Raise(Signal::Quit)]),
            2 => Life::forever(),
            3 => Life::exits(random.below(300), 1),
            _ => Life::exits(random.below(1000), 0),
        };
        if random.chance(20) {
            let orphan = Life::exits(random.below(3000), 1).on(Signal::Terminate, &[]);
            life.acts.insert(0, Act::Fork(orphan));
        }
        if random.chance(10) {
            life.acts.insert(0, Act::Fork(Life::forever().on(Signal::Terminate, &[])));
        }
        if !three && random.chance(6) {
            let stop = Deed::Create(crate::runit_schedule::text(paths::STOPIT), 0o100);
            life.acts.insert(0, Act::Do(stop));
            let cont = Deed::Signal(Whom::Program, Signal::Continue);
            life.acts.insert(1, Act::Do(cont));
        }
        life
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        match *fact {
            Fact::Spawned { pid, child } => self.spawned(kernel, pid, child),
            Fact::NotSpawned { child, .. } => {
                self.refused = Some((child.path.to_bytes().to_vec(), self.woken));
                Ok(())
            }
            Fact::Executed { pid, .. } if kernel.descriptors(pid) != 3 => {
                Err(format!("leak: a child with {} descriptors", kernel.descriptors(pid)))
            }
            Fact::Reaped { pid, ended } => {
                self.reaped(kernel, pid, ended);
                Ok(())
            }
            Fact::Kill { whom, signal, .. } => self.kill(kernel, whom, signal),
            Fact::Power { how, sync } => self.power(kernel, how, sync),
            Fact::Reboot { how, .. } => {
                self.rebooted = Some(how);
                Ok(())
            }
            Fact::Woke { wake } => {
                self.woke(kernel, wake);
                Ok(())
            }
            Fact::Waits { until, .. } => self.sleeps(kernel, until),
            Fact::Done { deed: Deed::Mark(number), .. } => self.mark(*number),
            Fact::Done { deed: Deed::Create(path, _), .. } if path.as_bytes() == paths::REBOOT.to_bytes() => {
                self.reboot_changed = kernel.now().0;
                Ok(())
            }
            Fact::Done { deed: Deed::Signal(Whom::Others | Whom::Rest, _), .. } => {
                self.interfered |= !self.power.is_empty();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, _: &mut Kernel, outcome: &Outcome) -> Check {
        let last = self.power.last().map(|(how, _)| *how);
        let fits = match (outcome, self.machine.power) {
            (Outcome::Over(End::Power(how)), _) => last == Some(*how) || self.rebooted == Some(*how),
            (Outcome::Returned(code), PowerCall::Forbidden) => match last {
                Some(How::Restart | How::PowerCycle) => *code == RESTART_REFUSED,
                Some(_) => *code == 0,
                None => false,
            },
            (Outcome::Over(End::Quiet), PowerCall::Returns) => last.is_some() && last != Some(How::PowerOff),
            (Outcome::Over(End::Quiet), PowerCall::FailsFor(How::Restart)) => last == Some(How::Restart),
            (Outcome::Over(End::Quiet), _) if self.interfered => true,
            _ => false,
        };
        if fits { Ok(()) } else { Err(format!("an end that was not asked for: {outcome:?} after {last:?}")) }
    }
}
