//! What a service directory says beyond `run`, `finish` and `down`: small files, looked at before each start.
use crate::fixed::Words;
use crate::service_directory::Extra;
use platform::{Fd, Signal};

/// How many ends [`Settings::limit`] can count.
pub const MOST_ENDS: usize = 32;
/// The pause between two starts, in milliseconds, if nothing else is said.
const PAUSE: u32 = 1000;
/// No pause is shorter: what cannot run must not take the processor.
const SHORTEST_PAUSE: u32 = 50;

/// The signal that asks `./run` to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum DownSignal {
    /// One that has a name here.
    Named(Signal),
    /// The system's number of any other.
    Numbered(u8),
}

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
    /// What asks it to end.
    pub down: DownSignal,
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
}

impl Settings {
    /// Those of a directory that says nothing: what C runit does.
    #[must_use]
    pub const fn new() -> Settings {
        Settings {
            notification: None,
            down: DownSignal::Named(Signal::Terminate),
            timeout_kill: 0,
            timeout_finish: 0,
            delay: PAUSE,
            longest_delay: PAUSE,
            delayed: false,
            limit: None,
            finish_fails: None,
            oneshot: false,
        }
    }

    /// Takes the contents of a file. `None`: they were not understood and change nothing.
    pub fn take(&mut self, extra: Extra, text: &[u8]) -> Option<()> {
        let mut words = Words::of(text);
        match extra {
            Extra::NotificationFd => {
                let fd = words.number().filter(|fd| *fd > 2)?;
                words.end()?;
                self.notification = Some(Fd(i32::try_from(fd).ok()?));
            }
            Extra::DownSignal => {
                let down = signal(words.next()?)?;
                words.end()?;
                self.down = down;
            }
            Extra::TimeoutKill => self.timeout_kill = words.only()?,
            Extra::TimeoutFinish => self.timeout_finish = words.only()?,
            Extra::RestartDelay => {
                let delay = words.number()?.max(SHORTEST_PAUSE);
                let longest = if words.is_empty() { delay } else { words.number()? };
                words.end()?;
                (self.delay, self.longest_delay, self.delayed) = (delay, longest.max(delay), true);
            }
            Extra::RestartLimit => {
                let ends = u8::try_from(words.number()?).ok().filter(|ends| *ends > 0)?;
                let seconds = words.only()?;
                if usize::from(ends) > MOST_ENDS {
                    return None;
                }
                self.limit = Some(Limit { ends, seconds });
            }
            Extra::FinishFails => self.finish_fails = Some(u8::try_from(words.only()?).ok()?),
            Extra::Oneshot => self.oneshot = true,
        }
        Some(())
    }
}

impl Default for Settings {
    fn default() -> Settings {
        Settings::new()
    }
}

/// Those whose numbers differ between systems, and the numbers that POSIX lays down.
const NAMES: [(&[u8], Signal, u8); 9] = [
    (b"TERM", Signal::Terminate, 15),
    (b"INT", Signal::Interrupt, 2),
    (b"QUIT", Signal::Quit, 3),
    (b"HUP", Signal::HangUp, 1),
    (b"USR1", Signal::User1, 0),
    (b"USR2", Signal::User2, 0),
    (b"WINCH", Signal::WindowChange, 0),
    (b"KILL", Signal::Kill, 9),
    (b"ALRM", Signal::Alarm, 14),
];

/// A name with or without `SIG`, or a number.
fn signal(word: &[u8]) -> Option<DownSignal> {
    let named = |found: &(&[u8], Signal, u8)| DownSignal::Named(found.1);
    match Words::of(word).only() {
        Some(number) => {
            let number = u8::try_from(number).ok().filter(|number| (1..=127).contains(number))?;
            let known = NAMES.iter().find(|known| known.2 == number).map(named);
            Some(known.unwrap_or(DownSignal::Numbered(number)))
        }
        None => {
            let name = word.strip_prefix(b"SIG").unwrap_or(word);
            if name == b"ABRT" {
                return Some(DownSignal::Numbered(6));
            }
            NAMES.iter().find(|known| known.0 == name).map(named)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(extra: Extra, text: &str) -> Option<Settings> {
        let mut settings = Settings::new();
        let taken = settings.take(extra, text.as_bytes());
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
            ("INT", DownSignal::Named(Signal::Interrupt)),
            ("SIGINT", DownSignal::Named(Signal::Interrupt)),
            ("2", DownSignal::Named(Signal::Interrupt)),
            ("TERM\n", DownSignal::Named(Signal::Terminate)),
            ("15", DownSignal::Named(Signal::Terminate)),
            ("SIGWINCH", DownSignal::Named(Signal::WindowChange)),
            ("ABRT", DownSignal::Numbered(6)),
            ("37", DownSignal::Numbered(37)),
        ] {
            assert_eq!(
                take(Extra::DownSignal, text).map(|settings| settings.down),
                Some(expected),
                "{text:?}"
            );
        }
    }
}
