//! What process 1 decides. It knows no clock, no descriptor, no process number and no error.
use super::catatonia::Missed;
use super::words::{Action, Actions, Answer, Ending, Event, Message, Outcome, Program, Stage, State, Then};
use platform::{How, Instant};

/// The pause after something that would fail again at once.
pub const PAUSE: u64 = 5_000;
/// How long stage 2 has from TERM to KILL.
pub const PATIENCE: u64 = 5_000;
/// How long power off may take before the system is halted.
pub const POWER_OFF: u64 = 2_000;
/// The exit code where process 1 may not restart the system: a container's manager can tell it
/// from the end that halt and power off mean, which is 0.
pub const RESTART_REFUSED: u8 = 121;

/// Process 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    pub(super) state: State,
    pub(super) until: Option<Instant>,
    /// What the last request to stop asked for besides the files; in the end what is done.
    pub(super) how: How,
    /// A stop was requested in stage 1, or while `ctrlaltdel` ran.
    pub(super) stop_noted: bool,
    /// Three fingers were seen in stage 1.
    key_noted: bool,
    /// The system's own reboot(8) is at work.
    pub(super) catatonia: Option<Missed>,
}

impl Machine {
    /// At the start of the system: it begins where it would go on after a pause.
    #[must_use]
    pub const fn new() -> Machine {
        Machine {
            state: State::Deaf,
            until: Some(Instant(0)),
            how: How::PowerOff,
            stop_noted: false,
            key_noted: false,
            catatonia: None,
        }
    }

    /// When [`Event::Time`] is due.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// One event and what is to be done about it, where the system has a reboot(8) that does all itself.
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Actions) {
        if let Some(event) = self.awake(event, now, out) {
            self.act(event, now, out);
        }
    }

    /// The same where it has none.
    pub fn act(&mut self, event: Event, now: Instant, out: &mut Actions) {
        use {Event as E, State as S};
        if event == E::Time && self.until.is_none_or(|until| until > now) {
            return;
        }
        match self.state {
            S::Deaf => match event {
                E::Time => out.add(Action::Catch),
                // No signal is caught, and nothing runs.
                E::Stop(_) | E::Key | E::StageEnded(_) | E::KeyEnded { .. } | E::PowerEnded(_) => {}
                E::Catatonia | E::Resume => {}
            },
            S::One => match event {
                E::Time => self.start(Stage::One, out),
                E::Stop(how) => self.note_stop(how, Program::Stage(Stage::One), out),
                E::Key => {
                    self.key_noted = true;
                    out.add(Action::Say(Message::Noted(Program::Stage(Stage::One))));
                }
                E::StageEnded(outcome) => self.end_one(outcome, out),
                // Neither runs; and `awake` keeps the last two, here and below.
                E::KeyEnded { .. } | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::Two => match event {
                E::Stop(how) => self.stop(how, now, out),
                E::Key => self.key(Then::Runs, out),
                E::StageEnded(outcome) => {
                    if end_two(outcome, out) {
                        self.pause(S::Restarts, PAUSE, now);
                    } else {
                        self.start(Stage::Three, out);
                    }
                }
                // There is no deadline, and neither of the others runs.
                E::Time | E::KeyEnded { .. } | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::TwoPauses => match event {
                E::Time => self.start(Stage::Two, out),
                E::Stop(how) => self.stop_without_two(how, out),
                E::Key => self.key(Then::Start, out),
                // Nothing runs.
                E::StageEnded(_) | E::KeyEnded { .. } | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::Restarts => match event {
                E::Time => {
                    out.add(Action::Say(Message::Restarting));
                    self.start(Stage::Two, out);
                }
                E::Stop(how) => self.stop_without_two(how, out),
                E::Key => self.key(Then::Restart, out),
                // Nothing runs.
                E::StageEnded(_) | E::KeyEnded { .. } | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::Key(then) => match event {
                E::Time => self.start_key(then, out),
                // The files are looked at when `ctrlaltdel` has ended. The request is kept as well: the
                // system's own counts where the files cannot be written.
                E::Stop(how) => self.note_stop(how, Program::CtrlAltDel, out),
                E::StageEnded(outcome) => {
                    let again = end_two(outcome, out);
                    self.state = S::Key(if again { Then::Restart } else { Then::Over });
                }
                E::KeyEnded { crash, stopit } => self.end_key(then, crash, stopit, now, out),
                // It is being run already, and the system is not being ended.
                E::Key | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::Stops => match event {
                E::Time => {
                    out.add(Action::Say(Message::SendingKill));
                    out.add(Action::Kill);
                    self.until = None;
                }
                E::Stop(how) => self.stop_again(how, out),
                E::StageEnded(_) => {
                    out.add(Action::Say(Message::Leave(Program::Stage(Stage::Two))));
                    self.start(Stage::Three, out);
                }
                // A stop is under way, and neither of the others runs.
                E::Key | E::KeyEnded { .. } | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::Three => match event {
                E::Time => self.start(Stage::Three, out),
                E::Stop(how) => self.stop_again(how, out),
                E::StageEnded(outcome) => {
                    end(Stage::Three, outcome, out);
                    out.add(Action::Say(Message::Leave(Program::Stage(Stage::Three))));
                    out.add(Action::Say(Message::KillAll));
                    out.add(Action::KillAll);
                    out.add(Action::Decide);
                }
                // A stop is under way, and neither of the others runs.
                E::Key | E::KeyEnded { .. } | E::PowerEnded(_) | E::Catatonia | E::Resume => {}
            },
            S::Ends => match event {
                E::Time => self.power(How::Halt, out),
                E::PowerEnded(ending) => self.end_power(ending, now, out),
                // It is too late to ask for anything, and no stage is left.
                E::Stop(_) | E::Key | E::StageEnded(_) | E::KeyEnded { .. } => {}
                E::Catatonia | E::Resume => {}
            },
        }
    }

    /// The answer to what was asked last.
    // Apart from the loop that hands it in both are smaller.
    #[inline(never)]
    pub fn answer(&mut self, answer: Answer, now: Instant, out: &mut Actions) {
        match answer {
            Answer::Caught { again } => {
                out.add(Action::Say(Message::Booting));
                if again {
                    out.add(Action::Say(Message::BootedBefore));
                }
                self.start(if again { Stage::Two } else { Stage::One }, out);
            }
            Answer::NotCaught | Answer::Started(false) => {
                let state = if self.state == State::Two { State::TwoPauses } else { self.state };
                self.pause(state, PAUSE, now);
            }
            Answer::Started(true) | Answer::Called(None) => {}
            Answer::Decided(reboot) => {
                let how = match self.how {
                    How::PowerCycle if reboot => How::PowerCycle,
                    How::Restart | How::Halt | How::PowerOff if reboot => How::Restart,
                    How::Halt => How::Halt,
                    How::PowerOff | How::Restart | How::PowerCycle => How::PowerOff,
                };
                self.power(how, out);
            }
            Answer::Called(Some(ending)) => self.end_power(ending, now, out),
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.until = None;
    }

    // Not inlined: one for all is smaller.
    #[inline(never)]
    fn pause(&mut self, state: State, ms: u64, now: Instant) {
        self.state = state;
        self.until = Some(now.plus_ms(ms));
    }

    // Not inlined either.
    #[inline(never)]
    fn start(&mut self, stage: Stage, out: &mut Actions) {
        self.enter(match stage {
            Stage::One => State::One,
            Stage::Two => State::Two,
            Stage::Three => State::Three,
        });
        out.add(Action::Start(Program::Stage(stage)));
    }

    fn end_one(&mut self, outcome: Outcome, out: &mut Actions) {
        end(Stage::One, outcome, out);
        out.add(Action::Say(Message::Leave(Program::Stage(Stage::One))));
        let skip = self.stop_noted || matches!(outcome, Outcome::Exit(100) | Outcome::Crash);
        match (self.key_noted, skip) {
            (true, true) => self.key(Then::Skip, out),
            (true, false) => self.key(Then::Start, out),
            (false, true) => self.skip_two(out),
            (false, false) => self.start(Stage::Two, out),
        }
    }

    fn skip_two(&mut self, out: &mut Actions) {
        out.add(Action::Say(Message::Skipping));
        if self.stop_noted {
            out.add(Action::ResetStopit);
            if matches!(self.how, How::Restart | How::PowerCycle) {
                out.add(Action::SetReboot);
            }
        }
        self.start(Stage::Three, out);
    }

    fn note_stop(&mut self, how: How, program: Program, out: &mut Actions) {
        self.how = how;
        self.stop_noted = true;
        out.add(Action::Say(Message::Noted(program)));
    }

    fn key(&mut self, then: Then, out: &mut Actions) {
        out.add(Action::Say(Message::CtrlAltDel));
        self.start_key(then, out);
    }

    fn start_key(&mut self, then: Then, out: &mut Actions) {
        self.enter(State::Key(then));
        out.add(Action::Start(Program::CtrlAltDel));
    }

    fn end_key(&mut self, then: Then, crash: bool, stopit: bool, now: Instant, out: &mut Actions) {
        if crash {
            out.add(Action::Say(Message::Crashed(Program::CtrlAltDel)));
        }
        out.add(Action::Say(Message::Leave(Program::CtrlAltDel)));
        let stopit = stopit || self.stop_noted;
        match (then, stopit) {
            (Then::Runs, true) => self.stop(self.how, now, out),
            (Then::Runs, false) => self.enter(State::Two),
            (Then::Start | Then::Restart, true) => self.stop_without_two(self.how, out),
            (Then::Start, false) => self.start(Stage::Two, out),
            (Then::Restart, false) => self.pause(State::Restarts, PAUSE, now),
            (Then::Skip, true | false) => {
                self.stop_noted = stopit;
                self.skip_two(out);
            }
            (Then::Over, true | false) => {
                if stopit {
                    out.add(Action::ResetStopit);
                }
                self.start(Stage::Three, out);
            }
        }
    }

    fn stop(&mut self, how: How, now: Instant, out: &mut Actions) {
        self.how = how;
        out.add(Action::ResetStopit);
        out.add(Action::Terminate);
        self.pause(State::Stops, PATIENCE, now);
    }

    fn stop_without_two(&mut self, how: How, out: &mut Actions) {
        self.how = how;
        out.add(Action::ResetStopit);
        out.add(Action::Say(Message::Skipping));
        self.start(Stage::Three, out);
    }

    /// `reboot` is read at the end: a later request may change it, and `stopit` must not stay behind for
    /// the next boot.
    fn stop_again(&mut self, how: How, out: &mut Actions) {
        self.how = how;
        out.add(Action::ResetStopit);
        out.add(Action::Say(Message::Stopping));
    }

    fn power(&mut self, how: How, out: &mut Actions) {
        self.how = how;
        out.add(Action::Say(Message::Ending(how)));
        out.add(Action::Power(how));
        self.enter(State::Ends);
    }

    /// The call came back.
    fn end_power(&mut self, ending: Ending, now: Instant, out: &mut Actions) {
        match ending {
            Ending::Forbidden => {
                out.add(Action::Say(Message::Forbidden));
                out.add(Action::Exit(match self.how {
                    How::Restart | How::PowerCycle => RESTART_REFUSED,
                    How::Halt | How::PowerOff => 0,
                }));
            }
            Ending::Returned | Ending::Failed if self.how == How::PowerOff => {
                self.pause(State::Ends, POWER_OFF, now);
            }
            // Nothing is left to do but to reap.
            Ending::Returned | Ending::Failed => {}
        }
    }
}

impl Default for Machine {
    fn default() -> Self {
        Machine::new()
    }
}

pub(super) fn end(stage: Stage, outcome: Outcome, out: &mut Actions) {
    match outcome {
        Outcome::Exit(0) => {}
        Outcome::Exit(_) => out.add(Action::Say(Message::Failed(stage))),
        Outcome::Crash => out.add(Action::Say(Message::Crashed(Program::Stage(stage)))),
    }
}

/// The end of stage 2. `true`: it is to be started again, otherwise it is over.
fn end_two(outcome: Outcome, out: &mut Actions) -> bool {
    let again = matches!(outcome, Outcome::Exit(111) | Outcome::Crash);
    if again {
        give_up_two(outcome, out);
    } else {
        end(Stage::Two, outcome, out);
        out.add(Action::Say(Message::Leave(Program::Stage(Stage::Two))));
    }
    again
}

/// The end of a stage 2 that is to be started again: what it left is killed.
pub(super) fn give_up_two(outcome: Outcome, out: &mut Actions) {
    end(Stage::Two, outcome, out);
    out.add(Action::Say(Message::Killing));
    out.add(Action::KillGroup);
}
