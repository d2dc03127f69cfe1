//! What a service directory says beyond `run`, `finish` and `down`: small files, looked at before each start.
use crate::fixed::Words;
use crate::service_directory::Extra;
use platform::{Fd, Signal};

/// How many ends [`Settings::limit`] can count.
pub const MOST_ENDS: u32 = 32;
/// The pause between two starts, in milliseconds, if nothing else is said.
pub(super) const PAUSE: u32 = 1000;
/// No pause is shorter: what cannot run must not take the processor.
const SHORTEST_PAUSE: u32 = 50;

/// So many ends of `./run` within so many seconds, and the service has failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Limit {
    /// At least 1, at most [`MOST_ENDS`].
    pub ends: u8,
    /// The window.
    pub seconds: u32,
}

/// All that was said for one start. Times are milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Settings {
    /// The descriptor on which `./run` says that it is ready.
    pub notification: Option<Fd>,
    /// The system's number of the signal that asks it to end; `None`: TERM.
    pub down: Option<u8>,
    /// When one that was asked to end is killed; 0: never.
    pub timeout_kill: u32,
    /// When `./finish` is killed; 0: never.
    pub timeout_finish: u32,
    /// From start to start.
    pub delay: u32,
    /// Up to here the delay is doubled.
    pub longest_delay: u32,
    /// Whether a delay was asked for.
    pub delayed: bool,
    /// When to give up.
    pub limit: Option<Limit>,
    /// The exit code by which `./finish` says that the service has failed.
    pub finish_fails: Option<u8>,
    /// A `./run` that exits with 0 is done.
    pub oneshot: bool,
    /// Other services have to be up before.
    pub needs: bool,
    /// What it leaves behind is ended with it.
    pub contain: bool,
}

impl Settings {
    /// Those of a directory that says nothing: what C runit does.
    #[must_use]
    pub const fn new() -> Settings {
        Settings {
            notification: None,
            down: None,
            timeout_kill: 0,
            timeout_finish: 0,
            delay: PAUSE,
            longest_delay: PAUSE,
            delayed: false,
            limit: None,
            finish_fails: None,
            oneshot: false,
            needs: false,
            contain: false,
        }
    }

    /// Takes the contents of a file; `number` has the system's numbers of signals. `None`: they were not
    /// understood and change nothing.
    #[inline(never)]
    pub fn take(&mut self, extra: Extra, text: &[u8], number: fn(Signal) -> u8) -> Option<()> {
        let mut words = Words::of(text);
        match extra {
            Extra::Oneshot => {
                self.oneshot = true;
                return Some(());
            }
            Extra::Contain => {
                self.contain = true;
                return Some(());
            }
            Extra::DownSignal => {
                let word = words.next()?;
                words.end()?;
                let signal = signal(word, number)?;
                self.down = Some(signal).filter(|signal| *signal != number(Signal::Terminate));
                return Some(());
            }
            Extra::Needs => {
                self.needs = true;
                return Some(());
            }
            Extra::NotificationFd
            | Extra::TimeoutKill
            | Extra::TimeoutFinish
            | Extra::RestartDelay
            | Extra::RestartLimit
            | Extra::FinishFails => {}
        }
        let first = words.number()?;
        let second = if words.is_empty() { None } else { Some(words.only()?) };
        match (extra, first, second) {
            (Extra::NotificationFd, 3..=0x7fff_ffff, None) => self.notification = Some(Fd(first as i32)),
            (Extra::TimeoutKill, _, None) => self.timeout_kill = first,
            (Extra::TimeoutFinish, _, None) => self.timeout_finish = first,
            (Extra::RestartDelay, _, _) => {
                self.delay = first.max(SHORTEST_PAUSE);
                self.longest_delay = second.unwrap_or(0).max(self.delay);
                self.delayed = true;
            }
            (Extra::RestartLimit, 1..=MOST_ENDS, Some(seconds)) => {
                self.limit = Some(Limit { ends: first as u8, seconds });
            }
            (Extra::FinishFails, 0..=255, None) => self.finish_fails = Some(first as u8),
            _ => return None,
        }
        Some(())
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings::new()
    }
}

/// What a signal is called, without `SIG`.
const NAMES: [(&[u8], Signal); 9] = [
    (b"TERM", Signal::Terminate),
    (b"INT", Signal::Interrupt),
    (b"QUIT", Signal::Quit),
    (b"HUP", Signal::HangUp),
    (b"USR1", Signal::User1),
    (b"USR2", Signal::User2),
    (b"WINCH", Signal::WindowChange),
    (b"KILL", Signal::Kill),
    (b"ALRM", Signal::Alarm),
];

/// The number of a signal that is named, with or without `SIG`, or given by its number.
fn signal(word: &[u8], number: fn(Signal) -> u8) -> Option<u8> {
    if let Some(given) = Words::of(word).only() {
        return u8::try_from(given).ok().filter(|given| (1..=127).contains(given));
    }
    let name = word.strip_prefix(b"SIG").unwrap_or(word);
    NAMES.iter().find(|known| known.0 == name).map(|known| number(known.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Those of Linux.
    fn number(signal: Signal) -> u8 {
        match signal {
            Signal::Terminate => 15,
            Signal::Interrupt => 2,
            Signal::User1 => 10,
            Signal::WindowChange => 28,
            _ => 0,
        }
    }

    fn take(extra: Extra, text: &str) -> Option<Settings> {
        let mut settings = Settings::new();
        let taken = settings.take(extra, text.as_bytes(), number);
        if taken.is_none() {
            assert_eq!(settings, Settings::new(), "{text:?} changes nothing");
        }
        taken.map(|()| settings)
    }

    #[test]
    fn what_is_understood() {
        let new = Settings::new;
        let limit = Some(Limit { ends: 5, seconds: 60 });
        for (extra, text, expected) in [
            (Extra::NotificationFd, "3\n", Settings { notification: Some(Fd(3)), ..new() }),
            (Extra::NotificationFd, "2147483647", Settings { notification: Some(Fd(i32::MAX)), ..new() }),
            (Extra::TimeoutKill, "5000", Settings { timeout_kill: 5000, ..new() }),
            (Extra::TimeoutKill, "0\n", new()),
            (Extra::TimeoutFinish, " 007 \n", Settings { timeout_finish: 7, ..new() }),
            (
                Extra::RestartDelay,
                "200\n",
                Settings { delay: 200, longest_delay: 200, delayed: true, ..new() },
            ),
            (Extra::RestartDelay, "0", Settings { delay: 50, longest_delay: 50, delayed: true, ..new() }),
            (
                Extra::RestartDelay,
                "100\t60000\n",
                Settings { delay: 100, longest_delay: 60_000, delayed: true, ..new() },
            ),
            (
                Extra::RestartDelay,
                "100 3",
                Settings { delay: 100, longest_delay: 100, delayed: true, ..new() },
            ),
            (Extra::RestartLimit, "5 60\n", Settings { limit, ..new() }),
            (Extra::FinishFails, "125\n", Settings { finish_fails: Some(125), ..new() }),
            (Extra::FinishFails, "0", Settings { finish_fails: Some(0), ..new() }),
            (Extra::Oneshot, "", Settings { oneshot: true, ..new() }),
            (Extra::Contain, "all of it\n", Settings { contain: true, ..new() }),
            (Extra::Oneshot, "whatever", Settings { oneshot: true, ..new() }),
        ] {
            assert_eq!(take(extra, text), Some(expected), "{extra:?} {text:?}");
        }
    }

    #[test]
    fn what_is_not() {
        for (extra, texts) in [
            (
                Extra::NotificationFd,
                ["", "\n", "2", "x", "3x", "-3", "3 4", "2147483648", "99999999999"].as_slice(),
            ),
            (Extra::DownSignal, &["", "FOO", "0", "128", "SIGSIGINT", "int", "INT QUIT", "SIG", "15 1"]),
            (Extra::TimeoutKill, &["", "1s", "1.5", "4294967296", "1 2"]),
            (Extra::TimeoutFinish, &["", "\0"]),
            (Extra::RestartDelay, &["", "x", "1 x", "1 2 3"]),
            (Extra::RestartLimit, &["", "5", "0 60", "33 60", "256 1", "5 60 7", "5 x"]),
            (Extra::FinishFails, &["", "256", "-1", "no"]),
        ] {
            for text in texts {
                assert_eq!(take(extra, text), None, "{extra:?} {text:?}");
            }
        }
    }

    #[test]
    fn signals() {
        for (text, expected) in [
            ("INT", Some(2)),
            ("SIGINT", Some(2)),
            ("2", Some(2)),
            ("TERM\n", None),
            ("15", None),
            ("SIGWINCH", Some(28)),
            ("USR1", Some(10)),
            ("6", Some(6)),
            ("37", Some(37)),
        ] {
            assert_eq!(
                take(Extra::DownSignal, text).map(|settings| settings.down),
                Some(expected),
                "{text:?}"
            );
        }
    }
}
