//! What process 1 decides. It knows no clock, no descriptor, no process number and no error.
use super::words::{Action, Actions, Answer, Event, Message, Outcome, Program, Stage, State, Then};
use platform::{How, Instant};

mod catatonia;
#[cfg(test)]
mod tests;

use catatonia::Missed;

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
    state: State,
    until: Option<Instant>,
    /// What the last request to stop asked for besides the files.
    how: How,
    /// A stop was requested in stage 1, or while `ctrlaltdel` ran.
    stop_noted: bool,
    /// Three fingers were seen in stage 1.
    key_noted: bool,
    /// The system's own reboot(8) is at work.
    catatonia: Option<Missed>,
}

impl Machine {
    /// At the start of the system.
    #[must_use]
    pub const fn new() -> Machine {
        Machine {
            state: State::Deaf,
            until: None,
            how: How::PowerOff,
            stop_noted: false,
            key_noted: false,
            catatonia: None,
        }
    }

    /// When [`Event::Timer`] is due.
    #[must_use]
    pub const fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Where it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// One event and what is to be done about it, where the system has a reboot(8) that does all itself.
    pub fn step(&mut self, event: Event, now: Instant, out: &mut Actions) {
        if let Some(event) = self.awake(event, now, out) {
            self.act(event, now, out);
        }
    }

    /// The same where it has none. Every state knows every event; what a state has no use for is listed
    /// at its end.
    pub fn act(&mut self, event: Event, now: Instant, out: &mut Actions) {
        use {Event as E, State as S};
        match (self.state, event) {
            (S::Deaf, E::Timer) => out.add(Action::Catch),
            (S::Deaf, E::NotCaught) => self.pause(S::Deaf, PAUSE, now),
            (S::Deaf, E::Caught { again }) => {
                out.add(Action::Say(Message::Booting));
                if again {
                    out.add(Action::Say(Message::BootedBefore));
                    self.start(Stage::Two, out);
                } else {
                    self.start(Stage::One, out);
                }
            }

            (S::One, E::NotStarted) => self.pause(S::OnePauses, PAUSE, now),
            (S::OnePauses, E::Timer) => self.start(Stage::One, out),
            (S::One, E::StageEnded(outcome)) => self.end_one(outcome, out),
            (S::One | S::OnePauses, E::Control { stopit: true, how }) => {
                self.stop_noted = true;
                self.how = how;
                out.add(Action::Say(Message::Noted(Program::Stage(Stage::One))));
            }
            (S::One | S::OnePauses, E::CtrlAltDel { script: true }) => {
                self.key_noted = true;
                out.add(Action::Say(Message::Noted(Program::Stage(Stage::One))));
            }

            (S::Two, E::NotStarted) => self.pause(S::TwoPauses, PAUSE, now),
            (S::TwoPauses, E::Timer) => self.start(Stage::Two, out),
            (S::Restarts, E::Timer) => {
                out.add(Action::Say(Message::Restarting));
                self.start(Stage::Two, out);
            }
            (S::Two, E::StageEnded(outcome)) => match end_two(outcome, false, out) {
                Then::Restart => self.pause(S::Restarts, PAUSE, now),
                Then::Runs | Then::Start | Then::Skip | Then::Over => self.start(Stage::Three, out),
            },
            (S::Two, E::Control { stopit: true, how }) => {
                self.how = how;
                self.stop(now, out);
            }
            (S::TwoPauses | S::Restarts, E::Control { stopit: true, how }) => {
                self.how = how;
                self.stop_without_two(out);
            }
            (S::Two, E::CtrlAltDel { script: true }) => self.key(Then::Runs, out),
            (S::TwoPauses, E::CtrlAltDel { script: true }) => self.key(Then::Start, out),
            (S::Restarts, E::CtrlAltDel { script: true }) => self.key(Then::Restart, out),

            (S::Key(then), E::NotStarted) => self.pause(S::KeyPauses(then), PAUSE, now),
            (S::KeyPauses(then), E::Timer) => self.start_key(then, out),
            (S::Key(Then::Runs), E::StageEnded(outcome)) => self.state = S::Key(end_two(outcome, false, out)),
            (S::KeyPauses(Then::Runs), E::StageEnded(outcome)) => {
                self.state = S::KeyPauses(end_two(outcome, false, out));
            }
            (S::Key(then), E::KeyEnded { crash, stopit }) => self.end_key(then, crash, stopit, now, out),
            // The files are looked at when `ctrlaltdel` has ended. The request is kept as well: the
            // system's own counts where the files cannot be written.
            (S::Key(_) | S::KeyPauses(_), E::Control { stopit: true, how }) => {
                self.how = how;
                self.stop_noted = true;
                out.add(Action::Say(Message::Noted(Program::CtrlAltDel)));
            }

            (S::Stops, E::Timer) => {
                out.add(Action::Say(Message::SendingKill));
                out.add(Action::Kill);
                self.enter(S::Kills);
            }
            (S::Stops | S::Kills, E::StageEnded(_)) => {
                out.add(Action::Say(Message::Leave(Program::Stage(Stage::Two))));
                self.start(Stage::Three, out);
            }
            (S::Three, E::NotStarted) => self.pause(S::ThreePauses, PAUSE, now),
            (S::ThreePauses, E::Timer) => self.start(Stage::Three, out),
            (S::Three, E::StageEnded(outcome)) => {
                end(Stage::Three, outcome, out);
                out.add(Action::Say(Message::Leave(Program::Stage(Stage::Three))));
                out.add(Action::Say(Message::KillAll));
                out.add(Action::KillAll);
                out.add(Action::Decide);
                self.enter(S::Decides);
            }
            // `reboot` is read at the end: a later request may change it, and `stopit` must not
            // stay behind for the next boot.
            (S::Stops | S::Kills | S::Three | S::ThreePauses, E::Control { stopit: true, how }) => {
                self.how = how;
                out.add(Action::ResetStopit);
                out.add(Action::Say(Message::Stopping));
            }

            (S::Decides, E::Decided { reboot }) => {
                let how = match self.how {
                    How::PowerCycle if reboot => How::PowerCycle,
                    _ if reboot => How::Restart,
                    How::Halt => How::Halt,
                    How::PowerOff | How::Restart | How::PowerCycle => How::PowerOff,
                };
                self.power(how, out);
            }
            (S::Ends(how), E::Power(Answer::Forbidden)) => {
                out.add(Action::Say(Message::Forbidden));
                out.add(Action::Exit(match how {
                    How::Restart | How::PowerCycle => RESTART_REFUSED,
                    How::Halt | How::PowerOff => 0,
                }));
                self.enter(S::Waits);
            }
            (S::Ends(How::PowerOff), E::Power(Answer::Returned | Answer::Failed)) => {
                self.pause(S::Lingers, POWER_OFF, now);
            }
            (
                S::Ends(How::Restart | How::PowerCycle | How::Halt),
                E::Power(Answer::Returned | Answer::Failed),
            ) => self.enter(S::Waits),
            (S::Lingers, E::Timer) => self.power(How::Halt, out),

            // Requests that ask for nothing: CONT without `stopit`, a key without `ctrlaltdel`.
            (
                S::One | S::OnePauses | S::Two | S::TwoPauses | S::Restarts,
                E::Control { stopit: false, .. } | E::CtrlAltDel { script: false },
            )
            | (S::Key(_) | S::KeyPauses(_), E::Control { stopit: false, .. } | E::CtrlAltDel { .. })
            | (
                S::Stops | S::Kills | S::Three | S::ThreePauses,
                E::Control { stopit: false, .. } | E::CtrlAltDel { .. },
            ) => {}
            // Requests that come too late, or before any can come.
            (
                S::Deaf | S::Decides | S::Ends(_) | S::Lingers | S::Waits,
                E::Control { .. } | E::CtrlAltDel { .. },
            ) => {}
            // `awake` keeps them.
            (_, E::Catatonia | E::Resume) => {}
            // No deadline was set.
            (
                S::One | S::Two | S::Key(_) | S::Kills | S::Three | S::Decides | S::Ends(_) | S::Waits,
                E::Timer,
            ) => {}
            // No such process runs.
            (
                S::Deaf
                | S::OnePauses
                | S::TwoPauses
                | S::Restarts
                | S::Key(Then::Start | Then::Restart | Then::Skip | Then::Over)
                | S::KeyPauses(Then::Start | Then::Restart | Then::Skip | Then::Over)
                | S::ThreePauses
                | S::Decides
                | S::Ends(_)
                | S::Lingers
                | S::Waits,
                E::StageEnded(_),
            )
            | (
                S::Deaf
                | S::One
                | S::OnePauses
                | S::Two
                | S::TwoPauses
                | S::Restarts
                | S::KeyPauses(_)
                | S::Stops
                | S::Kills
                | S::Three
                | S::ThreePauses
                | S::Decides
                | S::Ends(_)
                | S::Lingers
                | S::Waits,
                E::KeyEnded { .. },
            ) => {}
            // Nothing of the kind was asked for.
            (
                S::Deaf
                | S::OnePauses
                | S::TwoPauses
                | S::Restarts
                | S::KeyPauses(_)
                | S::Stops
                | S::Kills
                | S::ThreePauses
                | S::Decides
                | S::Ends(_)
                | S::Lingers
                | S::Waits,
                E::NotStarted,
            )
            | (
                S::One
                | S::OnePauses
                | S::Two
                | S::TwoPauses
                | S::Restarts
                | S::Key(_)
                | S::KeyPauses(_)
                | S::Stops
                | S::Kills
                | S::Three
                | S::ThreePauses
                | S::Decides
                | S::Ends(_)
                | S::Lingers
                | S::Waits,
                E::Caught { .. } | E::NotCaught,
            )
            | (
                S::Deaf
                | S::One
                | S::OnePauses
                | S::Two
                | S::TwoPauses
                | S::Restarts
                | S::Key(_)
                | S::KeyPauses(_)
                | S::Stops
                | S::Kills
                | S::Three
                | S::ThreePauses
                | S::Ends(_)
                | S::Lingers
                | S::Waits,
                E::Decided { .. },
            )
            | (
                S::Deaf
                | S::One
                | S::OnePauses
                | S::Two
                | S::TwoPauses
                | S::Restarts
                | S::Key(_)
                | S::KeyPauses(_)
                | S::Stops
                | S::Kills
                | S::Three
                | S::ThreePauses
                | S::Decides
                | S::Lingers
                | S::Waits,
                E::Power(_),
            ) => {}
        }
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.until = None;
    }

    fn pause(&mut self, state: State, ms: u64, now: Instant) {
        self.state = state;
        self.until = Some(now.plus_ms(ms));
    }

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
            (Then::Runs, true) => self.stop(now, out),
            (Then::Runs, false) => self.enter(State::Two),
            (Then::Start | Then::Restart, true) => self.stop_without_two(out),
            (Then::Start, false) => self.start(Stage::Two, out),
            (Then::Restart, false) => self.pause(State::Restarts, PAUSE, now),
            (Then::Skip, _) => {
                self.stop_noted |= stopit;
                self.skip_two(out);
            }
            (Then::Over, _) => {
                if stopit {
                    out.add(Action::ResetStopit);
                }
                self.start(Stage::Three, out);
            }
        }
    }

    fn stop(&mut self, now: Instant, out: &mut Actions) {
        out.add(Action::ResetStopit);
        out.add(Action::Terminate);
        self.pause(State::Stops, PATIENCE, now);
    }

    fn stop_without_two(&mut self, out: &mut Actions) {
        out.add(Action::ResetStopit);
        out.add(Action::Say(Message::Skipping));
        self.start(Stage::Three, out);
    }

    fn power(&mut self, how: How, out: &mut Actions) {
        out.add(Action::Say(Message::Ending(how)));
        out.add(Action::Power(how));
        self.enter(State::Ends(how));
    }
}

impl Default for Machine {
    fn default() -> Self {
        Machine::new()
    }
}

fn end(stage: Stage, outcome: Outcome, out: &mut Actions) {
    match outcome {
        Outcome::Exit(0) => {}
        Outcome::Exit(_) => out.add(Action::Say(Message::Failed(stage))),
        Outcome::Crash => out.add(Action::Say(Message::Crashed(Program::Stage(stage)))),
    }
}

/// The end of stage 2: it is over, or shall be started again, which may be certain.
fn end_two(outcome: Outcome, again: bool, out: &mut Actions) -> Then {
    end(Stage::Two, outcome, out);
    if again || matches!(outcome, Outcome::Exit(111) | Outcome::Crash) {
        out.add(Action::Say(Message::Killing));
        out.add(Action::KillGroup);
        Then::Restart
    } else {
        out.add(Action::Say(Message::Leave(Program::Stage(Stage::Two))));
        Then::Over
    }
}
