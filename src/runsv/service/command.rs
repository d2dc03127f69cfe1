//! What a service is told, and the signals and control scripts that follow from it.
use super::super::words::{Action, Actions};
use super::{NEVER, Outcome, Service, Start, Who, after};
use crate::protocol::Letter;
use crate::status::{State, Want};
use platform::{Ended, Instant, Pid, Signal};

impl Service {
    /// A command.
    pub(in crate::runsv) fn command(&mut self, letter: Letter, now: Instant, out: &mut Actions) {
        match letter {
            Letter::Up => {
                self.want = Want::Up;
                self.hurry();
                self.forgive();
                self.spare();
                self.write(out);
            }
            Letter::Once => {
                self.want = Want::Down;
                self.once = match (self.state, self.outcome) {
                    (State::Run, _) => false,
                    // One that is being undone is done once more.
                    (_, Outcome::Done) => self.sweep.is_some(),
                    (State::Finish | State::Down, Outcome::Open | Outcome::Failed) => true,
                };
                self.hurry();
                self.forgive();
                self.spare();
                self.write(out);
            }
            Letter::Down => self.wish_down(Want::Down, now, out),
            Letter::Exit => match self.who {
                Who::Main => self.wish_down(Want::Exit, now, out),
                Who::Log => {} // Its end is the end of its input.
            },
            Letter::Term => {
                self.ask();
                self.undo(out);
                self.overridable(letter, now, out);
            }
            Letter::Kill | Letter::Interrupt | Letter::Quit => {
                if matches!(letter, Letter::Kill) {
                    self.hasten(now);
                }
                self.ask();
                self.overridable(letter, now, out);
            }
            // The flag says what was asked for, in every state.
            Letter::Pause => {
                self.paused = true;
                self.overridable(letter, now, out);
                self.write(out);
            }
            Letter::Continue => {
                self.paused = false;
                self.overridable(letter, now, out);
                self.write(out);
            }
            // All others are a signal and nothing more.
            signal => self.overridable(signal, now, out),
        }
    }

    /// A command is obeyed at once, pause or not; a failed fork's pause stays for `./finish`.
    pub(in crate::runsv) fn hurry(&mut self) {
        match self.state {
            State::Down => self.not_before = None,
            State::Run | State::Finish => {}
        }
    }

    /// What ends now was told to, and stays so until it is started again.
    const fn ask(&mut self) {
        self.asked |= matches!(self.state, State::Run);
    }

    /// A process that is wanted again is not killed for being slow to end.
    const fn spare(&mut self) {
        if matches!(self.state, State::Run) {
            self.kill = NEVER;
        }
    }

    fn wish_down(&mut self, want: Want, now: Instant, out: &mut Actions) {
        self.want = want;
        self.once = false;
        self.stop_waiting(out);
        if matches!(self.outcome, Outcome::Failed) {
            self.outcome = Outcome::Open;
        }
        self.ask();
        if matches!(self.state, State::Run) && self.kill == NEVER {
            self.kill = after(self.settings.timeout_kill, now);
            self.before_signal = true;
        }
        self.write(out);
        self.undo(out);
        self.overridable(Letter::Term, now, out);
    }

    /// Runs the control script of a signal, or sends it. Only a running `./run` is signalled.
    fn overridable(&mut self, letter: Letter, now: Instant, out: &mut Actions) {
        match (self.state, self.who) {
            (State::Run, Who::Main) => {
                self.looking = true;
                out.add(Action::Script(letter, self.pid));
            }
            (State::Run, Who::Log) => self.script_over(letter, false, now, out),
            (State::Down | State::Finish, Who::Main | Who::Log) => {}
        }
    }

    /// The answer to [`Action::Script`]; `None`: there is none, or it could not be started.
    pub(in crate::runsv) fn script_started(
        &mut self,
        letter: Letter,
        pid: Option<Pid>,
        now: Instant,
        out: &mut Actions,
    ) {
        self.looking = false;
        match pid {
            Some(pid) => self.script = Some((letter, pid)),
            None => self.script_over(letter, false, now, out),
        }
    }

    /// The control script ended.
    pub(in crate::runsv) fn script_died(
        &mut self,
        letter: Letter,
        ended: Ended,
        now: Instant,
        out: &mut Actions,
    ) {
        self.script = None;
        if self.pid.is_none() {
            self.kill = NEVER;
            // Only now is it known when the next start comes.
            self.write(out);
        }
        self.script_over(letter, ended == Ended::Exit(0), now, out);
    }

    /// What follows a control script, or its absence.
    fn script_over(&mut self, letter: Letter, replaced: bool, now: Instant, out: &mut Actions) {
        match letter {
            Letter::Up => {
                self.start = Start::Announced;
                self.run(out);
            }
            Letter::Down | Letter::Exit | Letter::Once => {}
            Letter::Term => {
                if !replaced {
                    self.ask_to_end(out);
                }
                match self.want {
                    Want::Up => {}
                    Want::Down => self.after_term(Letter::Down, now, out),
                    Want::Exit => self.after_term(Letter::Exit, now, out),
                }
            }
            signal => {
                if let (false, Some(signal)) = (replaced, signal.signal()) {
                    self.signal(signal, out);
                }
            }
        }
    }

    /// Sends the signal that asks it to end.
    fn ask_to_end(&mut self, out: &mut Actions) {
        match (self.settings.down, self.pid) {
            (Some(number), Some(pid)) if matches!(self.state, State::Run) => {
                out.add(Action::SignalNumber(pid, number));
            }
            (None, _) if self.signal(Signal::Terminate, out) => {}
            (Some(_) | None, _) => return,
        }
        self.asked_to_end = true;
        self.write(out);
    }

    /// A paused process could not act on TERM.
    fn after_term(&mut self, letter: Letter, now: Instant, out: &mut Actions) {
        // Another `d` does not put it off.
        let first = self.kill == NEVER || self.before_signal;
        if first && matches!(self.state, State::Run) && self.pid.is_some() {
            self.kill = after(self.settings.timeout_kill, now);
            self.before_signal = false;
        }
        self.signal(Signal::Continue, out);
        match self.who {
            Who::Main => {
                self.looking = true;
                out.add(Action::Script(letter, self.pid));
            }
            Who::Log => {}
        }
    }

    /// Lets a paused process go on, which could not act on the end of its input either.
    pub(in crate::runsv) fn resume(&mut self, out: &mut Actions) {
        if self.paused && self.signal(Signal::Continue, out) {
            self.paused = false;
            self.write(out);
        }
    }

    /// Signals `./run` if it is still there.
    fn signal(&self, signal: Signal, out: &mut Actions) -> bool {
        match (self.state, self.pid) {
            (State::Run, Some(pid)) => {
                out.add(Action::Signal(pid, signal));
                true
            }
            (State::Run, None) | (State::Down | State::Finish, Some(_) | None) => false,
        }
    }
}
