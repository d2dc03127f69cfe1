//! Standing still while the system's own reboot(8) is at work.
//!
//! reboot(8) and halt(8) of the BSDs send TSTP to process 1, then TERM and KILL to everything else, and
//! make the call themselves. init(8) calls what TSTP asks for catatonia: from then on it starts nothing and kills
//! nobody. HUP ends it, which they send when the call failed.
//!
//! A stage that ends meanwhile did not end by itself: taken for its own end, the KILL that reaches
//! stage 3 would have process 1 kill reboot(8) and power off a system that was to be restarted.
use super::{Machine, PAUSE, end, end_two};
use crate::runit::words::{Action, Actions, Event, Message, Outcome, Stage, State, Then};
use platform::Instant;

/// What has to wait for HUP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Missed {
    /// The deadline of the state.
    until: Option<Instant>,
    /// The end of the stage's process.
    stage: Option<Outcome>,
    /// The end of `ctrlaltdel`, as it was told.
    key: Option<Event>,
}

impl Machine {
    /// What is left of an event for the states: nothing of what has to wait for HUP.
    pub(super) fn awake(&mut self, event: Event, now: Instant, out: &mut Actions) -> Option<Event> {
        match (event, &mut self.catatonia) {
            (Event::Catatonia, None) => {
                if self.can_stand_still() {
                    self.catatonia = Some(Missed { until: self.until.take(), stage: None, key: None });
                    out.add(Action::Say(Message::Catatonia));
                }
                None
            }
            (Event::Resume, Some(missed)) => {
                let missed = *missed;
                self.catatonia = None;
                self.until = missed.until;
                out.add(Action::Say(Message::Resuming));
                self.resume(missed, now, out);
                None
            }
            (Event::StageEnded(outcome), Some(missed)) => {
                missed.stage = Some(outcome);
                None
            }
            (Event::KeyEnded { .. }, Some(missed)) => {
                missed.key = Some(event);
                None
            }
            (Event::Catatonia, Some(_)) | (Event::Resume, None) => None,
            // No deadline is set, and the performer resumes before a request that asks for something.
            (Event::Timer | Event::Control { .. } | Event::CtrlAltDel { .. }, Some(_)) => None,
            // Answers to what was asked for before.
            (
                Event::Caught { .. }
                | Event::NotCaught
                | Event::NotStarted
                | Event::Decided { .. }
                | Event::Power(_),
                Some(_),
            ) => Some(event),
            (_, None) => Some(event),
        }
    }

    /// Before signals are caught nobody can ask for it, and a system that is being ended has nobody
    /// left to ask.
    const fn can_stand_still(&self) -> bool {
        match self.state {
            State::One
            | State::OnePauses
            | State::Two
            | State::TwoPauses
            | State::Restarts
            | State::Key(_)
            | State::KeyPauses(_)
            | State::Stops
            | State::Kills
            | State::Three
            | State::ThreePauses => true,
            State::Deaf | State::Decides | State::Ends(_) | State::Lingers | State::Waits => false,
        }
    }

    /// Goes on where it was. Stages 1 and 2 are started again, as if the attempt had not been; a way down
    /// that was begun or asked for goes on.
    fn resume(&mut self, missed: Missed, now: Instant, out: &mut Actions) {
        match (self.state, missed.stage) {
            (State::One, Some(outcome)) if !self.stop_noted => {
                end(Stage::One, outcome, out);
                self.pause(State::OnePauses, PAUSE, now);
            }
            (State::Two, Some(outcome)) => {
                end_two(outcome, true, out);
                self.pause(State::Restarts, PAUSE, now);
            }
            (State::Key(Then::Runs), Some(outcome)) => self.state = State::Key(end_two(outcome, true, out)),
            (State::KeyPauses(Then::Runs), Some(outcome)) => {
                self.state = State::KeyPauses(end_two(outcome, true, out));
            }
            (_, Some(outcome)) => self.act(Event::StageEnded(outcome), now, out),
            (_, None) => {}
        }
        if let Some(ended) = missed.key {
            self.act(ended, now, out);
        }
    }
}
