//! When to look again, and when the time is over.
use super::{Machine, Seen, Settings, State};
use crate::status::SETTLED;
use core::time::Duration;
use platform::Instant;

/// The pause after a look that may have come a moment too early; it doubles from look to look.
pub(super) const SOON: Duration = Duration::from_micros(250);
/// For so long a few services are looked at often instead of being watched: ending a watch takes some kernels
/// longer (Linux's inotify 15 ms and more) than most services need to obey …
pub(super) const EARLY: Duration = Duration::from_millis(100);
/// … with pauses up to this one.
pub(super) const OFTEN: Duration = Duration::from_millis(4);
/// The longest pause between looks where changes are not told.
pub(super) const POLL: Duration = Duration::from_millis(20);
/// The same where they are: in case one is lost.
pub(super) const SAFETY: Duration = Duration::from_millis(500);
/// A supervisor that may be about to come is waited for as long as this, and longer if the name is new.
pub(super) const COMES: Duration = Duration::from_secs(2);
/// What a service has whose supervisor waits for the caller: nothing will change.
pub(super) const INSIDE: Duration = SETTLED;

impl Machine {
    /// When [`super::Event::Time`] is due.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        match self.state {
            State::Waits => Some(self.limit().map_or(self.next, |limit| limit.min(self.next))),
            State::New | State::Tells | State::Looks | State::Done => None,
        }
    }

    /// Plans the next look.
    pub(super) fn again(&mut self, now: Instant) {
        self.state = State::Waits;
        let start = self.settings.start;
        let longest = if self.is_watched() {
            // The end of a supervisor is no change in its directory.
            let told = self.settings.tells_ends || !self.held;
            if self.heard && told { SAFETY } else { POLL }
        } else if now < later(start, EARLY) {
            OFTEN
        } else {
            POLL
        };
        let settled = self.settles.map(|(_, settled)| settled).filter(|settled| *settled > now);
        self.next = later(now, self.pause.min(longest));
        self.next = [self.check.due(now), settled].into_iter().flatten().fold(self.next, Instant::min);
        self.pause = self.pause.saturating_mul(2).min(longest);
    }

    pub(super) const fn is_watched(&self) -> bool {
        matches!(self.watched, Some(true))
    }

    /// Whether the process of the record is old enough. Once it has been seen, the clock that is never set
    /// decides.
    pub(super) fn has_settled(&mut self, seen: &Seen, now: Instant) -> bool {
        let process = (seen.record.since, seen.record.pid);
        let settled = match self.settles {
            Some((known, settled)) if known == process => settled,
            Some(_) | None => later(now, seen.record.unsettled(seen.wall)),
        };
        self.settles = Some((process, settled));
        now >= settled
    }

    /// When the time is over. `None`: beyond the end of the clock.
    fn over(&self) -> Option<Instant> {
        let Settings { start, deadline, .. } = self.settings;
        if self.inside {
            let end = later(start, INSIDE);
            return Some(deadline.map_or(end, |deadline| deadline.min(end)));
        }
        deadline
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.over().is_some_and(|over| now >= over)
    }

    /// The same, but a process that was there by then may settle.
    pub(super) fn limit(&self) -> Option<Instant> {
        let over = self.over()?;
        let settled = self.settles.map(|(_, settled)| settled);
        settled.filter(|settled| *settled <= later(over, SETTLED)).max(Some(over))
    }
}

/// A moment after another.
pub(super) fn later(now: Instant, pause: Duration) -> Instant {
    Instant(now.0.saturating_add(u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX)))
}
