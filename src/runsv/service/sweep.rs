//! Ending what a contained service has left behind, before anything follows the end of its process.
use super::super::words::{Action, Actions};
use super::{NEVER, Outcome, Service};
use crate::status::State;
use platform::{Ended, Instant, Sweep};

/// So long what is left has to end by itself once it was asked to, in milliseconds, unless `timeout-kill` was running.
const GRACE: u64 = 1000;
/// The pause before it is looked again, in milliseconds; doubled each time.
const PAUSE: u64 = 8;
/// No pause is longer: some systems do not tell of the end of what is nobody's child.
const LONGEST: u64 = 8192;
/// What is still there so many milliseconds after KILL is told of.
const STUCK: u64 = 5000;

/// What follows once nothing is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(in crate::runsv) enum Then {
    /// `./run` ended: `./finish`, if there is one.
    Finish,
    /// A one-shot is undone: the same.
    Undo,
    /// `./finish` ended, or it was another supervisor's: the service is down.
    Down,
}

/// How far it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(in crate::runsv) enum Stage {
    /// Nobody has looked yet.
    New,
    /// All were asked to end, and have time until `kill`.
    Asked,
    /// All were sent KILL, and are again at each look.
    Killed,
    /// That was long ago, and was told of.
    Stuck,
}

/// What was left is being ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub(in crate::runsv) struct Sweeping {
    pub(in crate::runsv) then: Then,
    pub(in crate::runsv) stage: Stage,
    /// The last look.
    pub(in crate::runsv) looked: Instant,
    /// The next one.
    pub(in crate::runsv) look: Instant,
    /// The pause between them, in milliseconds.
    pub(in crate::runsv) pause: u64,
    /// When KILL is due; then, when that has taken too long.
    pub(in crate::runsv) limit: Instant,
}

impl Service {
    /// Begins; `kill` is when KILL would have been due for the process that ended.
    pub(in crate::runsv) const fn sweep(&mut self, then: Then, kill: Instant) {
        let now = Instant(0);
        self.sweep =
            Some(Sweeping { then, stage: Stage::New, looked: now, look: now, pause: PAUSE, limit: kill });
    }

    /// Another supervisor of this service has left something behind. The service is not down before that is gone.
    pub(in crate::runsv) const fn adopt(&mut self) {
        self.state = State::Finish;
        self.sweep(Then::Down, NEVER);
    }

    /// Looks, if it is time. A control script may be there to end what is left in its own way: it comes first.
    pub(super) fn sweep_if_due(&mut self, sweeping: Sweeping, now: Instant, out: &mut Actions) {
        if !self.listens() || sweeping.look > now {
            return;
        }
        let how = match sweeping.stage {
            Stage::New => Sweep::Terminate,
            Stage::Asked if now < sweeping.limit => Sweep::Look,
            Stage::Asked | Stage::Killed | Stage::Stuck => Sweep::Kill,
        };
        self.looking = true;
        out.add(Action::Sweep(how));
    }

    /// The answer to [`Action::Sweep`]: whether anything was left.
    pub(in crate::runsv) fn swept(&mut self, left: bool, now: Instant, out: &mut Actions) {
        self.looking = false;
        let Some(mut sweeping) = self.sweep.take() else { return };
        if !left {
            return self.nothing_left(sweeping.then, now, out);
        }
        match sweeping.stage {
            Stage::New => {
                sweeping.stage = Stage::Asked;
                if sweeping.limit == NEVER {
                    sweeping.limit = now.plus_ms(GRACE);
                }
                self.write(out);
            }
            Stage::Asked if now < sweeping.limit => {}
            Stage::Asked => {
                (sweeping.stage, sweeping.pause) = (Stage::Killed, PAUSE);
                sweeping.limit = now.plus_ms(STUCK);
            }
            Stage::Killed if now < sweeping.limit => {}
            Stage::Killed => {
                sweeping.stage = Stage::Stuck;
                out.add(Action::TellStuck);
            }
            Stage::Stuck => {}
        }
        sweeping.looked = now;
        sweeping.look = now.plus_ms(sweeping.pause);
        // KILL is not late because of a long pause.
        if matches!(sweeping.stage, Stage::Asked) && sweeping.limit > now {
            sweeping.look = sweeping.look.min(sweeping.limit);
        }
        sweeping.pause = sweeping.pause.saturating_mul(2).min(LONGEST);
        self.sweep = Some(sweeping);
    }

    /// A process ended that nobody knows: it may have been the last one. A crowd of them is looked after once.
    pub(in crate::runsv) fn look_soon(&mut self) {
        if let Some(sweeping) = &mut self.sweep {
            sweeping.look = sweeping.look.min(sweeping.looked.plus_ms(PAUSE));
        }
    }

    /// `k`: KILL is due now.
    pub(super) fn hasten(&mut self, now: Instant) {
        if let Some(sweeping) = &mut self.sweep {
            match sweeping.stage {
                Stage::New | Stage::Asked => (sweeping.limit, sweeping.look) = (now, now),
                Stage::Killed | Stage::Stuck => sweeping.look = now,
            }
        }
    }

    fn nothing_left(&mut self, then: Then, now: Instant, out: &mut Actions) {
        match then {
            Then::Finish => self.look_for_finish(self.ended, out),
            Then::Undo => {
                self.outcome = Outcome::Open;
                self.asked = true;
                self.look_for_finish(Ended::Exit(0), out);
            }
            Then::Down => self.went_down(now, out),
        }
    }
}
