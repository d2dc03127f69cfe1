//! Before `./run` is started: the services that it needs have to be up.
use super::super::words::{Action, Actions, Needed};
use super::{Service, Start};
use platform::Instant;

/// Where changes are told, it is looked all the same, in milliseconds: one may be lost, and of a change of `needs/`
/// nobody tells.
const SAFETY: u32 = 5000;
/// Where they are not, so soon at first; the pause doubles from look to look, up to the second.
const SOON: u32 = 20;
const LONGEST: u32 = 640;

impl Service {
    /// Whether it waits for another service.
    pub(super) const fn waits(&self) -> bool {
        matches!(self.start, Start::Waits(_))
    }

    /// The answer to [`Action::LookAtNeeds`].
    pub(in crate::runsv) fn needed(&mut self, needed: Needed, now: Instant, out: &mut Actions) {
        self.looking = false;
        let (pause, longer) = match (needed, self.start) {
            (Needed::Met, Start::Waits(_)) => {
                // It may have been a long time: its directory may say something else by now.
                self.start = Start::New;
                return self.write(out);
            }
            (Needed::Met, Start::New | Start::Set | Start::Met | Start::Announced) => {
                return self.start = Start::Met;
            }
            (Needed::Settles(ms), _) => (ms, SOON),
            (Needed::Told, _) => (SAFETY, SOON),
            (Needed::Untold, Start::Waits(pause)) => (pause, pause.saturating_mul(2).min(LONGEST)),
            (Needed::Untold, Start::New | Start::Set | Start::Met | Start::Announced) => (SOON, SOON * 2),
        };
        if !self.waits() {
            out.add(Action::Stamp(self.who));
        }
        self.start = Start::Waits(longer);
        self.not_before = Some(now.plus_ms(pause.into()));
        self.write(out);
    }

    /// Something has changed where it waits.
    pub(in crate::runsv) const fn stirred(&mut self) {
        if self.waits() {
            self.not_before = None;
        }
    }

    /// It is not to be started any more.
    pub(super) fn stop_waiting(&mut self, out: &mut Actions) {
        if self.waits() {
            out.add(Action::StopWaiting);
        }
        self.start = Start::New;
    }
}
