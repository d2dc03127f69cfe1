//! What follows the end of a process: `./finish`, another start, or that it was the last one.
use super::super::words::{Action, Actions, Found};
use super::{NEVER, Outcome, Service, Start, Then, Who};
use crate::status::{State, Want};
use platform::{Ended, Instant};

impl Service {
    /// Its process ended.
    pub(in crate::runsv) fn died(&mut self, ended: Ended, now: Instant, out: &mut Actions) {
        // Only a control script lets time pass before `./finish` runs.
        let contained = self.settings.contain && matches!(self.who, Who::Main);
        // … or what it has left behind.
        let waits = contained || self.script.is_some();
        self.corpse = self.pid.filter(|_| waits).map(|pid| (pid, self.asked_to_end));
        self.pid = None;
        self.asked_to_end = false;
        let kill = self.kill;
        // A control script that hangs still has its time.
        if self.script.is_none() {
            self.kill = NEVER;
        }
        if matches!(self.state, State::Run) {
            self.run_ended(ended, now, out);
        }
        match (self.state, self.who) {
            (State::Run, Who::Main) if matches!(self.outcome, Outcome::Done) => {
                self.state = State::Down;
                self.corpse = None;
                out.add(Action::Stamp(self.who));
                self.write(out);
            }
            (State::Run, Who::Main) if contained => {
                self.state = State::Finish;
                self.ended = ended;
                self.sweep(Then::Finish, kill);
            }
            (State::Run, Who::Main) => self.look_for_finish(ended, out),
            (State::Finish, Who::Main) => {
                if self.has_failed(ended) {
                    self.give_up();
                }
                if contained {
                    self.sweep(Then::Down, NEVER);
                } else {
                    self.went_down(now, out);
                }
            }
            (State::Run, Who::Log) | (State::Down, Who::Main | Who::Log) | (State::Finish, Who::Log) => {
                self.went_down(now, out);
            }
        }
    }

    /// `./run` says that it is ready.
    pub(in crate::runsv) fn say_ready(&mut self, out: &mut Actions) {
        if matches!(self.state, State::Run) && self.pid.is_some() && !self.ready {
            self.ready = true;
            self.write(out);
        }
    }

    /// `./run` ended: was that its purpose, and if not, was it once too often?
    fn run_ended(&mut self, ended: Ended, now: Instant, out: &mut Actions) {
        self.ready = false;
        out.add(Action::Ended(self.who, ended));
        if self.asked {
            return self.patience.ended_as_asked(&self.settings);
        }
        self.patience.lived(&self.settings, self.started, now);
        let limit = self.settings.limit.filter(|_| matches!(self.want, Want::Up));
        if self.settings.oneshot && ended == Ended::Exit(0) {
            self.outcome = Outcome::Done;
        } else if limit.is_some_and(|limit| self.patience.ended(limit, now)) {
            self.give_up();
        }
    }

    /// Whether `./finish` said so of a service that nobody has told to end or to start.
    fn has_failed(&self, ended: Ended) -> bool {
        let code = self.settings.finish_fails.map(Ended::Exit);
        code == Some(ended) && matches!(self.want, Want::Up) && !self.asked
    }

    /// A reader that does not know of failures finds it wanted down.
    pub(super) const fn give_up(&mut self) {
        self.outcome = Outcome::Failed;
        self.want = Want::Down;
        self.once = false;
    }

    /// It is to be started, whatever happened before. The pause that has begun with `./finish` is not taken back.
    pub(super) fn forgive(&mut self) {
        let ends = matches!(self.state, State::Finish) || self.sweep.is_some();
        let begun = ends.then_some(self.settings.delay);
        self.patience.forget(begun.unwrap_or(0));
        if matches!(self.outcome, Outcome::Failed) {
            self.outcome = Outcome::Open;
        }
    }

    pub(super) fn look_for_finish(&mut self, ended: Ended, out: &mut Actions) {
        self.ended = ended;
        self.looking = true;
        out.add(Action::LookForFinish(ended));
    }

    /// What a one-shot did is undone, by `./finish`.
    pub(super) fn undo(&mut self, out: &mut Actions) {
        match self.outcome {
            // What it has left goes first.
            Outcome::Done if self.sweep.is_some() => {}
            Outcome::Done if self.settings.contain => self.sweep(Then::Undo, NEVER),
            Outcome::Done => {
                self.outcome = Outcome::Open;
                self.asked = true;
                self.look_for_finish(Ended::Exit(0), out);
            }
            Outcome::Open | Outcome::Failed => {}
        }
    }

    /// The answer to [`Action::LookForFinish`].
    pub(in crate::runsv) fn looked(&mut self, found: Found, now: Instant, out: &mut Actions) {
        self.looking = false;
        match found {
            Found::Finish => {
                self.state = State::Finish;
                self.not_before = None;
                self.write(out);
            }
            Found::Nothing => self.went_down(now, out),
            Found::NoDirectory => {
                self.want = Want::Exit;
                self.once = false;
                self.start = Start::New;
                self.went_down(now, out);
            }
        }
    }

    pub(super) fn went_down(&mut self, now: Instant, out: &mut Actions) {
        self.state = State::Down;
        self.corpse = None;
        let again = self.patience.again(self.started);
        self.not_before = (!self.once && again > now).then_some(again);
        out.add(Action::Stamp(self.who));
        self.write(out);
    }
}
