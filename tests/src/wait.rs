//! Waiting for facts.
use std::cell::Cell;
use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

/// Time enough for anything on a machine with other things to do.
pub const LONG: Duration = Duration::from_secs(20);

/// Between two looks.
const STEP: Duration = Duration::from_millis(2);

thread_local! {
    static PATIENCE: Cell<Duration> = const { Cell::new(LONG) };
}

/// How long [`until`] waits in this thread before it gives up.
#[must_use]
pub fn patience() -> Duration {
    PATIENCE.get()
}

/// Sets that time, for this thread.
pub fn set_patience(time: Duration) {
    PATIENCE.set(time);
}

/// Does this with six times the patience: it loads some library of Python, which takes seconds, and more when there is other work.
pub fn patiently<T>(work: impl FnOnce() -> T) -> T {
    let before = patience();
    set_patience(before * 6);
    let done = work();
    set_patience(before);
    done
}

/// Looks until there is something to see, and returns it.
///
/// # Panics
/// When the time is up: `what` did not come.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    within(patience(), look).unwrap_or_else(|| panic!("in vain: {what}"))
}

/// Looks until the value is as wanted.
///
/// # Panics
/// When the time is up; the last value is shown.
pub fn until_equal<T: PartialEq + Debug>(what: &str, wanted: &T, mut look: impl FnMut() -> T) {
    let mut last = None;
    let found = within(patience(), || {
        let now = look();
        if now == *wanted {
            return Some(());
        }
        last = Some(now);
        None
    });
    assert!(found.is_some(), "in vain: {what}: wanted {wanted:?}, last seen {last:?}");
}

/// Looks until there is something to see or the time is over. The last look is after that.
pub fn within<T>(time: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + time;
    loop {
        let late = Instant::now() >= end;
        let seen = look();
        if seen.is_some() || late {
            return seen;
        }
        thread::sleep(STEP);
    }
}
