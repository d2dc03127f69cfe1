//! Signals: to processes and to the program under test.
use crate::kernel::Kernel;
use crate::life::Act;
use crate::process::Process;
use crate::world::{End, Fact};
use platform::{Ended, Errno, Result, SIGNALS, Signal, Target};

impl Kernel {
    /// kill(2).
    pub(crate) fn kill(&mut self, whom: Target, signal: Signal) -> Result<()> {
        let own = self.own;
        let pids: Vec<i32> = match whom {
            Target::One(pid) => self.procs.keys().copied().filter(|found| *found == pid.0).collect(),
            Target::Group(pid) => {
                self.procs.values().filter(|found| found.group == pid.0).map(|found| found.pid).collect()
            }
            Target::All => {
                let spared = |found: i32| found == 1 || (found == own && !self.machine.kill_hits_caller);
                self.procs.keys().copied().filter(|found| !spared(*found)).collect()
            }
        };
        if pids.is_empty() {
            return Err(Errno::SRCH);
        }
        pids.into_iter().for_each(|pid| self.signal(pid, signal));
        Ok(())
    }

    /// A signal for a process.
    pub(crate) fn signal(&mut self, pid: i32, signal: Signal) {
        if self.is_program(pid) {
            self.tell_program(pid, signal);
            return;
        }
        let Some(process) = self.procs.get_mut(&pid) else { return };
        if process.ended.is_some() {
            return;
        }
        let executes = process.executes(self.time);
        if self.machine.exec_loses && executes > 0 && self.random.chance(executes) {
            return;
        }
        let Some(process) = self.procs.get_mut(&pid) else { return };
        let number = crate::number(signal);
        if process.hangs > self.time {
            return self.later(pid, signal);
        }
        match signal {
            Signal::Kill => return self.die(pid, Ended::Killed { signal: number, core: false }),
            Signal::Stop => return self.stop(pid),
            Signal::Continue => self.resume(pid),
            _ if process.stopped => {
                process.held.push(signal);
                return;
            }
            _ => {}
        }
        let Some(process) = self.procs.get_mut(&pid) else { return };
        let reaction = process.on.iter().find(|(on, _)| *on == signal).map(|(_, acts)| acts.clone());
        match (reaction, signal) {
            (Some(acts), _) if acts.is_empty() => {}
            (Some(acts), _) => {
                process.acts = acts.into();
                process.waits = None;
                let late = 1_000 + self.random.below(300_000);
                self.turn_in(pid, late);
            }
            (None, Signal::Continue | Signal::Child | Signal::WindowChange | Signal::Stop) => {}
            (None, Signal::TerminalStop) => self.stop(pid),
            (None, _) => {
                let core = matches!(signal, Signal::Quit | Signal::Arithmetic);
                self.die(pid, Ended::Killed { signal: number, core });
            }
        }
    }

    /// A signal for a process that waits for a disk comes when that is over.
    fn later(&mut self, pid: i32, signal: Signal) {
        let Some(process) = self.procs.get_mut(&pid) else { return };
        if signal == Signal::Kill {
            process.acts.push_front(Act::Raise(Signal::Kill));
        } else if !process.acts.iter().any(|act| matches!(act, Act::Raise(held) if *held == signal)) {
            process.acts.push_front(Act::Raise(signal));
        }
    }

    /// A signal that has no name here ends a process, unless it is stopped, which lasts for ever then.
    pub(crate) fn signal_number(&mut self, pid: i32, number: u8) {
        if let Some(signal) = SIGNALS.into_iter().find(|signal| crate::number(*signal) == number) {
            return self.signal(pid, signal);
        }
        let ends = |process: &&Process| process.ended.is_none() && !process.stopped;
        if self.procs.get(&pid).filter(ends).is_some() {
            self.die(pid, Ended::Killed { signal: number, core: false });
        }
    }

    fn stop(&mut self, pid: i32) {
        let Some(process) = self.procs.get_mut(&pid) else { return };
        process.stopped = true;
        let parent = process.parent;
        if self.is_program(parent) {
            self.tell_program(parent, Signal::Child);
        }
    }

    fn resume(&mut self, pid: i32) {
        let Some(process) = self.procs.get_mut(&pid) else { return };
        if !process.stopped {
            return;
        }
        process.stopped = false;
        let (held, late) = (core::mem::take(&mut process.held), core::mem::take(&mut process.late));
        let parent = process.parent;
        if self.is_program(parent) {
            self.tell_program(parent, Signal::Child);
        }
        if late {
            self.turn_in(pid, 1_000);
        }
        held.into_iter().for_each(|signal| self.signal(pid, signal));
    }

    /// A signal for the program under test.
    pub(crate) fn signal_program(&mut self, signal: Signal) {
        self.emit(&Fact::Signalled { signal });
        if self.caught.has(signal) {
            self.pending.add(signal);
            return;
        }
        let harmless = is_harmless(signal, self.catches);
        if self.hub.is_some() && !harmless {
            return self.kill_program(self.own, signal);
        }
        if self.own != 1 && !harmless {
            self.end.get_or_insert(End::Killed(signal));
        }
    }
}

/// Whether a signal that is not caught does nothing to a program.
pub(crate) fn is_harmless(signal: Signal, catches: bool) -> bool {
    matches!(signal, Signal::Child | Signal::Continue | Signal::WindowChange)
        || (signal == Signal::Pipe && catches)
}
