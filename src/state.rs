//! The line in `supervise/state`: all that a supervisor knows of its service, for programs that read.
//!
//! It has a constant length and is rewritten in place in one write(2), so its first and its last number are the
//! same in a line that is whole. All fields are as wide as their greatest value:
//!
//! ```text
//! VERSION SERIAL STATE READY ASKED PID WANT SINCE STARTS LAST AT ENDS LIMIT WINDOW NEXT SERIAL
//! ```
use crate::fixed::Words;
use crate::status::Want;
use platform::{Ended, Pid, Stamp, copy};

/// The version of the line.
const VERSION: &[u8] = b"1";
/// How long it is, newline included.
pub const LENGTH: usize = 156;

/// Room for a line.
pub type Line = [u8; LENGTH];

/// A line without a number or a word: all fields are as wide as their greatest value.
const EMPTY: Line = *b"1 0000000000              - 0 0000000000 - 0000000000.000000000 0000000000 ----:000 \
    0000000000.000000000 000 000 0000000000 0000000000.000000000 0000000000\n";

/// What a service is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Doing {
    /// No process.
    Down,
    /// `./run` runs.
    Run,
    /// `./finish` runs or is about to.
    Finish,
    /// A one-shot is up without a process.
    Done,
    /// It was given up.
    Failed,
    /// No process; it waits for the time of its next start, which a `restart-delay` puts off.
    PausedStart,
}

/// All of them, with their words.
const DOINGS: [(Doing, &[u8]); 6] = [
    (Doing::Down, b"down"),
    (Doing::Run, b"run"),
    (Doing::Finish, b"finish"),
    (Doing::Done, b"done"),
    (Doing::Failed, b"failed"),
    (Doing::PausedStart, b"paused-start"),
];

impl Doing {
    /// Its word in the line.
    #[must_use]
    pub fn word(self) -> &'static [u8] {
        DOINGS.iter().find(|known| known.0 == self).map_or(b"".as_slice(), |known| known.1)
    }
}

/// What the line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct State {
    /// What it is doing.
    pub doing: Doing,
    /// Whether it is ready; `None` if nothing but its age says so.
    pub ready: Option<bool>,
    /// Whether `./run` was sent the signal that asks it to end.
    pub asked: bool,
    /// The process of `./run` or `./finish`; the same as in [`crate::status::Status`], as the two that follow.
    pub pid: Option<Pid>,
    /// The wish.
    pub want: Want,
    /// The last change.
    pub since: Stamp,
    /// How often `./run` was started by this supervisor.
    pub starts: u32,
    /// How `./run` ended last, and when.
    pub last: Option<(Ended, Stamp)>,
    /// How many ends count for the limit.
    pub ends: u8,
    /// So many are too many; 0: there is no limit.
    pub limit: u8,
    /// Within so many seconds.
    pub window: u32,
    /// The next start, if it is put off.
    pub next: Option<Stamp>,
}

impl State {
    /// The line, newline included. `serial` is another number for each.
    #[must_use]
    pub fn line(&self, serial: u32) -> Line {
        let mut line = EMPTY;
        copy(self.doing.word(), line.get_mut(13..25).unwrap_or_default());
        let mut letter = |at: usize, byte| {
            if let Some(slot) = line.get_mut(at) {
                *slot = byte;
            }
        };
        if let Some(ready) = self.ready {
            letter(26, b'0' | u8::from(ready));
        }
        letter(28, b'0' | u8::from(self.asked));
        letter(
            41,
            match self.want {
                Want::Up => b'u',
                Want::Down => b'd',
                Want::Exit => b'x',
            },
        );
        let (how, code, at): (&[u8], _, _) = match self.last {
            None => (b"none", 0, Stamp::default()),
            Some((Ended::Exit(code), at)) => (b"exit", code, at),
            Some((Ended::Killed { signal, .. }, at)) => (b"kill", signal, at),
        };
        copy(how, line.get_mut(75..79).unwrap_or_default());
        let next = self.next.unwrap_or_default();
        // Each number with the place of its last digit.
        let numbers: [(usize, u64); 14] = [
            (11, serial.into()),
            (39, self.pid.map_or(0, |pid| pid.0.unsigned_abs()).into()),
            (52, self.since.secs),
            (62, self.since.nanos.into()),
            (73, self.starts.into()),
            (82, code.into()),
            (93, at.secs),
            (103, at.nanos.into()),
            (107, self.ends.into()),
            (111, self.limit.into()),
            (122, self.window.into()),
            (133, next.secs),
            (143, next.nanos.into()),
            (154, serial.into()),
        ];
        for (last, number) in numbers {
            let mut rest = number;
            for slot in line.get_mut(..=last).unwrap_or_default().iter_mut().rev() {
                if rest == 0 {
                    break;
                }
                *slot = b'0' | (rest % 10) as u8;
                rest /= 10;
            }
        }
        line
    }

    /// One for tests, with nothing remarkable but this.
    #[cfg(test)]
    pub(crate) const fn plain(doing: Doing, ready: Option<bool>, starts: u32, since: Stamp) -> State {
        State {
            doing,
            ready,
            asked: false,
            pid: None,
            want: Want::Up,
            since,
            starts,
            last: None,
            ends: 0,
            limit: 0,
            window: 0,
            next: None,
        }
    }

    /// Understands a line; `None` if it is none, or not whole.
    #[must_use]
    pub fn read(line: &[u8]) -> Option<State> {
        let mut words = Words::of(line.strip_suffix(b"\n").filter(|_| line.len() == LENGTH)?);
        if words.next()? != VERSION {
            return None;
        }
        let serial = words.number()?;
        let doing = words.next().and_then(|word| DOINGS.iter().find(|known| known.1 == word))?.0;
        let ready = match words.next()? {
            b"-" => None,
            b"0" => Some(false),
            b"1" => Some(true),
            _ => return None,
        };
        let asked = words.number()? != 0;
        let pid = i32::try_from(words.number()?).ok()?;
        let want = match words.next()? {
            b"u" => Want::Up,
            b"d" => Want::Down,
            b"x" => Want::Exit,
            _ => return None,
        };
        let since = read_moment(words.next()?)?;
        let starts = words.number()?;
        let (how, code) = words.next()?.split_at_checked(5)?;
        let code = u8::try_from(Words::of(code).only()?).ok()?;
        let at = read_moment(words.next()?)?;
        let last = match how {
            b"none:" => None,
            b"exit:" => Some((Ended::Exit(code), at)),
            b"kill:" => Some((Ended::Killed { signal: code, core: false }, at)),
            _ => return None,
        };
        let ends = u8::try_from(words.number()?).ok()?;
        let limit = u8::try_from(words.number()?).ok()?;
        let window = words.number()?;
        let next = Some(read_moment(words.next()?)?).filter(|next| *next != Stamp::default());
        if words.only()? != serial {
            return None;
        }
        let pid = (pid != 0).then_some(Pid(pid));
        Some(State { doing, ready, asked, pid, want, since, starts, last, ends, limit, window, next })
    }
}

fn read_moment(word: &[u8]) -> Option<Stamp> {
    let (secs, nanos) = word.split_at_checked(10)?;
    let secs = Words::of(secs).only()?.into();
    Some(Stamp { secs, nanos: Words::of(nanos.strip_prefix(b".")?).only()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Stamp = Stamp { secs: 1_795_992_291, nanos: 123_456_789 };

    fn state() -> State {
        State {
            doing: Doing::Run,
            ready: Some(false),
            asked: true,
            pid: Some(Pid(4711)),
            want: Want::Up,
            since: SINCE,
            starts: 3,
            last: Some((Ended::Exit(1), Stamp { secs: 1_795_992_290, nanos: 5 })),
            ends: 2,
            limit: 5,
            window: 60,
            next: None,
        }
    }

    #[test]
    fn a_line_as_the_manual_shows_it() {
        assert_eq!(
            String::from_utf8_lossy(&state().line(7)),
            "1 0000000007 run          0 1 0000004711 u 1795992291.123456789 0000000003 exit:001 \
             1795992290.000000005 002 005 0000000060 0000000000.000000000 0000000007\n"
        );
    }

    #[test]
    fn every_value_comes_back_and_the_length_is_constant() {
        let killed = Ended::Killed { signal: 127, core: false };
        for doing in DOINGS.map(|known| known.0) {
            for ready in [None, Some(false), Some(true)] {
                for (pid, last) in [(None, None), (Some(Pid(i32::MAX)), Some((killed, SINCE)))] {
                    for want in [Want::Up, Want::Down, Want::Exit] {
                        let next = pid.map(|_| SINCE);
                        let state = State { doing, ready, pid, last, want, next, ..state() };
                        let line = state.line(u32::MAX);
                        assert_eq!(State::read(&line), Some(state));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let (old, new) = (state().line(7), State { ready: Some(true), ..state() }.line(8));
        for cut in 1..LENGTH - 1 {
            let mixed = [&new[..cut], &old[cut..]].concat();
            let read = State::read(&mixed);
            assert!(read.is_none() || mixed == old || mixed == new, "{cut}");
            assert_eq!(State::read(&old[..cut]), None);
        }
        assert_eq!(State::read(&[&old[..], b"\n"].concat()), None);
        for at in 0..LENGTH {
            let mut line = old.to_vec();
            line[at] = b'x';
            let _ = State::read(&line);
        }
    }
}
