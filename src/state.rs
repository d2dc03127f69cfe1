//! The line in `supervise/state`: all that a supervisor knows of its service, for programs that read.
//!
//! It has a constant length and is rewritten in place in one write(2), so its first and its last number are the
//! same in a line that is whole. All fields are as wide as their greatest value:
//!
//! ```text
//! VERSION SERIAL STATE READY PID WANT SINCE STARTS LAST AT ENDS LIMIT WINDOW NEXT SERIAL
//! ```
use crate::fixed::{Text, Words};
use crate::status::Want;
use platform::{Ended, Pid, Stamp};

/// The version of the line.
const VERSION: &[u8] = b"1";
/// How long it is, newline included.
pub const LENGTH: usize = 154;

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

/// What the line says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct State {
    /// What it is doing.
    pub doing: Doing,
    /// Whether it is ready; `None` if nothing but its age says so.
    pub ready: Option<bool>,
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
    pub fn line(&self, serial: u32) -> Text<{ LENGTH + 1 }> {
        let mut line = Text::of(&[VERSION, b" "]);
        number(&mut line, serial.into(), 10);
        line.add(b" ");
        let word = DOINGS.iter().find(|known| known.0 == self.doing).map_or(b"".as_slice(), |known| known.1);
        line.add(word);
        line.add(b"            ".get(word.len()..).unwrap_or_default());
        line.add(match self.ready {
            None => b" - ",
            Some(false) => b" 0 ",
            Some(true) => b" 1 ",
        });
        number(&mut line, self.pid.map_or(0, |pid| pid.0.unsigned_abs()).into(), 10);
        line.add(match self.want {
            Want::Up => b" u ",
            Want::Down => b" d ",
            Want::Exit => b" x ",
        });
        moment(&mut line, Some(self.since));
        number(&mut line, self.starts.into(), 10);
        let (how, code): (&[u8], u8) = match self.last {
            None => (b" none:", 0),
            Some((Ended::Exit(code), _)) => (b" exit:", code),
            Some((Ended::Killed { signal, .. }, _)) => (b" kill:", signal),
        };
        line.add(how);
        number(&mut line, code.into(), 3);
        line.add(b" ");
        moment(&mut line, self.last.map(|last| last.1));
        number(&mut line, self.ends.into(), 3);
        line.add(b" ");
        number(&mut line, self.limit.into(), 3);
        line.add(b" ");
        number(&mut line, self.window.into(), 10);
        line.add(b" ");
        moment(&mut line, self.next);
        number(&mut line, serial.into(), 10);
        line.add(b"\n");
        line
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
        Some(State { doing, ready, pid, want, since, starts, last, ends, limit, window, next })
    }
}

/// `secs.nanos` and a blank; zeros for none.
fn moment(line: &mut Text<{ LENGTH + 1 }>, stamp: Option<Stamp>) {
    let stamp = stamp.unwrap_or_default();
    number(line, stamp.secs, 10);
    line.add(b".");
    number(line, stamp.nanos.into(), 9);
    line.add(b" ");
}

fn read_moment(word: &[u8]) -> Option<Stamp> {
    let (secs, nanos) = word.split_at_checked(10)?;
    let secs = Words::of(secs).only()?.into();
    Some(Stamp { secs, nanos: Words::of(nanos.strip_prefix(b".")?).only()? })
}

/// Exactly so many digits, the last ones.
fn number(line: &mut Text<{ LENGTH + 1 }>, number: u64, width: u32) {
    for at in (0..width).rev() {
        let digit = number.checked_div(10_u64.pow(at)).unwrap_or_default() % 10;
        line.add(&[b'0' | digit as u8]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINCE: Stamp = Stamp { secs: 1_795_992_291, nanos: 123_456_789 };

    fn state() -> State {
        State {
            doing: Doing::Run,
            ready: Some(false),
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
            String::from_utf8_lossy(state().line(7).bytes()),
            "1 0000000007 run          0 0000004711 u 1795992291.123456789 0000000003 exit:001 \
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
                        assert_eq!((line.bytes().len(), line.is_cut()), (LENGTH, false));
                        assert_eq!(State::read(line.bytes()), Some(state));
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_not_whole_is_nothing() {
        let (old, new) = (state().line(7), State { ready: Some(true), ..state() }.line(8));
        for cut in 1..LENGTH - 1 {
            let mixed = [&new.bytes()[..cut], &old.bytes()[cut..]].concat();
            let read = State::read(&mixed);
            assert!(read.is_none() || mixed == old.bytes() || mixed == new.bytes(), "{cut}");
            assert_eq!(State::read(&old.bytes()[..cut]), None);
        }
        assert_eq!(State::read(&[old.bytes(), b"\n"].concat()), None);
        for at in 0..LENGTH {
            let mut line = old.bytes().to_vec();
            line[at] = b'x';
            let _ = State::read(&line);
        }
    }
}
