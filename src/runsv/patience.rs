//! How soon a service that has ended is started again, and when its supervisor gives it up.
use super::settings::{Limit, MOST_ENDS, PAUSE, Settings};
use platform::Instant;

/// The last place for an end; their number is a power of two.
const LAST: u8 = MOST_ENDS as u8 - 1;

/// What is remembered of the ends of `./run`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
// What is small comes first: instructions that reach far into a record are longer.
#[repr(C)]
pub(super) struct Patience {
    /// The pause in force, in milliseconds; 0 before the first end.
    pause: u32,
    /// Where the next one goes.
    next: u8,
    /// How many of the last ones were within the limit's window of each other.
    count: u8,
    /// The ends that nobody asked for, one after the other, round and round.
    ends: [Instant; MOST_ENDS as usize],
}

impl Patience {
    pub(super) const fn new() -> Patience {
        Patience { pause: 0, ends: [Instant(0); MOST_ENDS as usize], next: 0, count: 0 }
    }

    /// `./run` lived from `started` to `now`. The pause is doubled for one that did not live as long as the
    /// longest pause.
    pub(super) fn lived(&mut self, settings: &Settings, started: Instant, now: Instant) {
        let long = now.ms_since(started) >= settings.longest_delay.into();
        let doubled = self.pause.saturating_mul(2).min(settings.longest_delay);
        self.pause = if long { settings.delay } else { doubled.max(settings.delay) };
    }

    /// It ended because it was asked to: no long pause, and no longer one because of it.
    pub(super) fn ended_as_asked(&mut self, settings: &Settings) {
        self.pause = settings.delay.min(PAUSE);
    }

    /// All is forgiven, but for a pause of so many milliseconds.
    pub(super) fn forget(&mut self, pause: u32) {
        self.pause = self.pause.min(pause);
        self.count = 0;
    }

    /// Whether there is a pause before the next start.
    #[cfg(test)]
    pub(super) const fn has_pause(&self) -> bool {
        self.pause > 0
    }

    /// When one that was started then, and has ended, may be started again.
    pub(super) const fn again(&self, started: Instant) -> Instant {
        started.plus_ms(self.pause as u64)
    }

    /// One more end that nobody asked for; `true` if these are too many.
    pub(super) fn ended(&mut self, limit: Limit, now: Instant) -> bool {
        let window = u64::from(limit.seconds).saturating_mul(1000);
        let before = self.count.min(limit.ends.saturating_sub(1));
        self.count = 0;
        while self.count < before && now.ms_since(self.back(self.count.saturating_add(1))) <= window {
            self.count = self.count.saturating_add(1);
        }
        if let Some(slot) = self.ends.get_mut(usize::from(self.next)) {
            *slot = now;
        }
        self.next = self.next.wrapping_add(1) & LAST;
        self.count = self.count.saturating_add(1);
        self.count >= limit.ends
    }

    /// The last end, the one before it, …
    fn back(&self, nth: u8) -> Instant {
        let at = self.next.wrapping_sub(nth) & LAST;
        self.ends.get(usize::from(at)).copied().unwrap_or_default()
    }

    /// How many ends count for the limit.
    pub(super) const fn ends(&self) -> u8 {
        self.count
    }

    /// For the walk. The pause is remembered from one end to the next only if it `grows`.
    #[cfg(test)]
    pub(super) fn shift(&mut self, grows: bool, by: impl Fn(Instant) -> Instant) {
        if !grows {
            self.pause = 1000;
        }
        let ends: Vec<_> = (1..=self.count).rev().map(|nth| by(self.back(nth))).collect();
        self.ends = [Instant(0); MOST_ENDS as usize];
        self.ends.iter_mut().zip(&ends).for_each(|(slot, end)| *slot = *end);
        self.next = self.count & LAST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Instant {
        Instant(ms * 1_000_000)
    }

    #[test]
    fn the_pause_is_doubled_up_to_the_longest_and_falls_back() {
        let settings = Settings { delay: 100, longest_delay: 1000, ..Settings::new() };
        let mut patience = Patience::new();
        for (lived, pause) in [
            (0, 100),
            (10, 200),
            (999, 400),
            (0, 800),
            (0, 1000),
            (0, 1000),
            (1000, 100),
            (5, 200),
            (2000, 100),
        ] {
            patience.lived(&settings, at(5000), at(5000 + lived));
            assert_eq!(patience.again(at(5000)), at(5000 + pause), "{lived}");
        }
        let mut patience = Patience::new();
        for lived in [0, 0, 5000] {
            patience.lived(&Settings::new(), at(0), at(lived));
            assert_eq!(patience.again(at(0)), at(1000), "as C runit");
        }
    }

    #[test]
    fn ends_are_counted_in_the_window_only() {
        let limit = Limit { ends: 3, seconds: 10 };
        let mut patience = Patience::new();
        for (now, failed) in
            [(0, false), (9_000, false), (11_000, false), (18_000, true), (30_000, false), (31_000, false)]
        {
            assert_eq!(patience.ended(limit, at(now)), failed, "{now}");
        }
        assert!(patience.ended(limit, at(40_000)));
        assert!(Patience::new().ended(Limit { ends: 1, seconds: 0 }, at(1)));
    }

    #[test]
    fn there_is_room_for_the_greatest_limit() {
        let limit = Limit { ends: MOST_ENDS as u8, seconds: u32::MAX };
        let mut patience = Patience::new();
        for end in 1..100 {
            assert_eq!(patience.ended(limit, at(end)), end >= u64::from(MOST_ENDS), "{end}");
            assert!(u32::from(patience.ends()) <= MOST_ENDS);
        }
    }
}
