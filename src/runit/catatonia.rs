//! Standing still while the system's own reboot(8) is at work.
//!
//! reboot(8) and halt(8) of the BSDs send TSTP to process 1, then TERM and KILL to everything else, and
//! make the call themselves. init(8) calls what TSTP asks for catatonia: from then on it starts nothing and kills
//! nobody. HUP ends it, which they send when the call failed.
//!
//! A stage that ends meanwhile did not end by itself: taken for its own end, the KILL that reaches
//! stage 3 would have process 1 kill reboot(8) and power off a system that was to be restarted.
use super::machine::{Machine, PAUSE, end, give_up_two};
use super::words::{Action, Actions, Event, Message, Outcome, Stage, State, Then};
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
        let Some(missed) = &mut self.catatonia else {
            match event {
                Event::Catatonia if self.can_stand_still() => {
                    self.catatonia = Some(Missed { until: self.until.take(), stage: None, key: None });
                    out.add(Action::Say(Message::Catatonia));
                }
                // Nothing stands still that could go on.
                Event::Catatonia | Event::Resume => {}
                Event::Time
                | Event::Stop(_)
                | Event::Key
                | Event::StageEnded(_)
                | Event::KeyEnded { .. }
                | Event::PowerEnded(_) => return Some(event),
            }
            return None;
        };
        match event {
            Event::Resume => {
                let missed = *missed;
                self.catatonia = None;
                self.until = missed.until;
                out.add(Action::Say(Message::Resuming));
                self.resume(missed, now, out);
            }
            Event::StageEnded(outcome) => missed.stage = Some(outcome),
            Event::KeyEnded { .. } => missed.key = Some(event),
            // It stands still already, has no deadline, and a request is made after `Resume`; the last cannot be.
            Event::Catatonia | Event::Time | Event::Stop(_) | Event::Key | Event::PowerEnded(_) => {}
        }
        None
    }

    /// Before signals are caught nobody can ask for it, and a system that is being ended has nobody
    /// left to ask.
    const fn can_stand_still(&self) -> bool {
        match self.state {
            State::One
            | State::Two
            | State::TwoPauses
            | State::Restarts
            | State::Key(_)
            | State::Stops
            | State::Three => true,
            State::Deaf | State::Ends => false,
        }
    }

    /// Goes on where it was. Stages 1 and 2 are started again, as if the attempt had not been; a way down
    /// that was begun or asked for goes on.
    fn resume(&mut self, missed: Missed, now: Instant, out: &mut Actions) {
        if let Some(outcome) = missed.stage {
            match self.state {
                State::One if !self.stop_noted => {
                    end(Stage::One, outcome, out);
                    self.until = Some(now.plus_ms(PAUSE));
                }
                State::Two => {
                    give_up_two(outcome, out);
                    (self.state, self.until) = (State::Restarts, Some(now.plus_ms(PAUSE)));
                }
                State::Key(_) => {
                    give_up_two(outcome, out);
                    self.state = State::Key(Then::Restart);
                }
                // There is no stage that could end.
                State::Deaf | State::TwoPauses | State::Restarts | State::Ends => {}
                State::One | State::Stops | State::Three => self.act(Event::StageEnded(outcome), now, out),
            }
        }
        if let Some(ended) = missed.key {
            self.act(ended, now, out);
        }
    }
}
