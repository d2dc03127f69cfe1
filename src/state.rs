//! The line in `supervise/state`: all that a supervisor knows of its service, for programs that read.
//!
//! It has a constant length and is rewritten in place in one write(2), so its first and its last number are the
//! same in a line that is whole. All fields are as wide as their greatest value:
//!
//! ```text
//! VERSION SERIAL STATE READY ASKED PID WANT SINCE STARTS LAST AT ENDS LIMIT WINDOW NEXT WHY NEED SERIAL
//! ```
use crate::fixed::Words;
use crate::need::{LACKS, NAME, Need};
use crate::status::Want;
use platform::{Ended, Pid, Stamp, copy};

/// The version of the line.
const VERSION: &[u8] = b"1";
/// How long it is, newline included.
pub const LENGTH: usize = 226;

/// Room for a line.
pub type Line = [u8; LENGTH];

/// A line without a number or a word: all fields are as wide as their greatest value.
const EMPTY: Line = *b"1 0000000000              - 0 0000000000 - 0000000000.000000000 0000000000 ----:000 \
    0000000000.000000000 000 000 0000000000 0000000000.000000000 \
    none -                                                                0000000000\n";

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
    /// No process; it waits for a service that it needs.
    Waiting,
}

/// All of them, with their words.
const DOINGS: [(Doing, &[u8]); 7] = [
    (Doing::Down, b"down"),
    (Doing::Run, b"run"),
    (Doing::Finish, b"finish"),
    (Doing::Done, b"done"),
    (Doing::Failed, b"failed"),
    (Doing::PausedStart, b"paused-start"),
    (Doing::Waiting, b"waiting"),
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
    /// What it waits for.
    pub need: Option<Need>,
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
        if let Some(need) = &self.need {
            let (why, name) =
                line.get_mut(145..150 + NAME).unwrap_or_default().split_at_mut_checked(5).unwrap_or_default();
            need.put(why, name);
        }
        let next = self.next.unwrap_or_default();
        // Each number, and the place of its last digit.
        const LAST: [u8; 14] = [11, 39, 52, 62, 73, 82, 93, 103, 107, 111, 122, 133, 143, LENGTH as u8 - 2];
        let numbers: [u64; LAST.len()] = [
            serial.into(),
            self.pid.map_or(0, |pid| pid.0.unsigned_abs()).into(),
            self.since.secs,
            self.since.nanos.into(),
            self.starts.into(),
            code.into(),
            at.secs,
            at.nanos.into(),
            self.ends.into(),
            self.limit.into(),
            self.window.into(),
            next.secs,
            next.nanos.into(),
            serial.into(),
        ];
        for (last, &(mut rest)) in LAST.iter().zip(&numbers) {
            for slot in line.get_mut(..=usize::from(*last)).unwrap_or_default().iter_mut().rev() {
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
            need: None,
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
        let (why, name) = (words.next()?, words.next()?);
        let need = match LACKS.iter().find(|known| known.1 == why) {
            Some((lack, _)) => Some(Need::new(name, *lack)),
            None if (why, name) == (b"none", b"-") => None,
            None => return None,
        };
        if words.only()? != serial {
            return None;
        }
        let pid = (pid != 0).then_some(Pid(pid));
        Some(State { doing, ready, asked, pid, want, since, starts, last, ends, limit, window, next, need })
    }
}

/// What a supervisor looks at in the line of another: less than [`State`], and by its columns.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a>(&'a Line);

impl Glance<'_> {
    /// `None` if the line is not whole.
    #[must_use]
    pub fn of(line: &Line) -> Option<Glance<'_>> {
        let glance = Glance(line);
        let whole = glance.column(2, 12) == glance.column(LENGTH - 11, LENGTH - 1);
        (whole && glance.column(0, 2) == b"1 " && glance.column(LENGTH - 1, LENGTH) == b"\n")
            .then_some(glance)
    }

    fn column(&self, from: usize, to: usize) -> &[u8] {
        self.0.get(from..to).unwrap_or_default()
    }

    fn number(&self, from: usize, to: usize) -> u64 {
        let digit = |byte: &u8| u64::from(byte.wrapping_sub(b'0'));
        self.column(from, to).iter().fold(0, |sum: u64, byte| sum.wrapping_mul(10).wrapping_add(digit(byte)))
    }

    /// The word for what it is doing.
    #[must_use]
    pub fn doing(&self) -> &[u8] {
        self.column(13, 25).trim_ascii_end()
    }

    /// As [`State::ready`].
    #[must_use]
    pub fn is_ready(&self) -> Option<bool> {
        let ready = self.column(26, 27);
        (ready != b"-").then_some(ready == b"1")
    }

    /// As [`State::asked`].
    #[must_use]
    pub fn is_asked_to_end(&self) -> bool {
        self.column(28, 29) == b"1"
    }

    /// Whether it is wanted down.
    #[must_use]
    pub fn is_wanted_down(&self) -> bool {
        self.column(41, 42) == b"d"
    }

    /// How `./run` ended last, as a shell has it: its exit code, or 128 and the number of the signal.
    #[must_use]
    pub fn last(&self) -> Option<u8> {
        let code = self.number(80, 83) as u8;
        match self.column(75, 79) {
            b"exit" => Some(code),
            b"kill" => Some(code | 128),
            _ => None,
        }
    }

    /// The process; 0 for none.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.number(30, 40) as u32
    }

    /// Whether it is wanted down, and its supervisor is to end.
    #[must_use]
    pub fn is_to_exit(&self) -> bool {
        self.column(41, 42) == b"x"
    }

    /// The entry that it waits for, as it is told.
    #[must_use]
    pub fn need(&self) -> &[u8] {
        self.column(150, 150 + NAME).trim_ascii_end()
    }

    /// The last change.
    #[must_use]
    pub fn since(&self) -> Stamp {
        Stamp { secs: self.number(43, 53), nanos: self.number(54, 63) as u32 }
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
    use crate::need::Lack;

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
            need: None,
        }
    }

    #[test]
    fn a_line_as_the_manual_shows_it() {
        assert_eq!(
            String::from_utf8_lossy(&state().line(7)),
            "1 0000000007 run          0 1 0000004711 u 1795992291.123456789 0000000003 exit:001 \
             1795992290.000000005 002 005 0000000060 0000000000.000000000 \
             none -                                                                0000000007\n"
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
                        let need = pid.map(|_| Need::new(&[b'n'; 99], Lack::Failed));
                        let state = State { doing, ready, pid, last, want, next, need, ..state() };
                        let line = state.line(u32::MAX);
                        assert_eq!(State::read(&line), Some(state));
                        let glance = Glance::of(&line).unwrap();
                        assert_eq!(glance.doing(), DOINGS.iter().find(|known| known.0 == doing).unwrap().1);
                        assert_eq!((glance.is_ready(), glance.is_asked_to_end()), (ready, true));
                        assert_eq!(glance.pid(), pid.map_or(0, |pid| pid.0.unsigned_abs()));
                        assert_eq!(glance.need(), need.as_ref().map_or(b"-".as_slice(), Need::name));
                        assert_eq!((glance.is_to_exit(), glance.since()), (want == Want::Exit, state.since));
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
            let glance = mixed.first_chunk().and_then(Glance::of);
            assert!(glance.is_none() || mixed == old || mixed == new, "{cut}");
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
