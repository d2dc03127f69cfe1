//! All that sv finds out about one service, for those who want more than its line.
use super::text::{Sink, describe};
use super::{Sight, Trouble};
use crate::fixed::Text;
use crate::status::{Record, State};
use platform::{Errno, Stamp};

/// A look at one directory: a service's, or its log service's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// What `supervise` says.
    pub sight: Sight,
    /// Whether there is a file `down`; `None`: that cannot be seen.
    pub normally_down: Option<bool>,
}

/// A service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found<'a> {
    /// Its name as it was typed, or as it stands in the directory of services.
    pub name: &'a [u8],
    /// The service; the error is that of its directory.
    pub own: Result<Look, Errno>,
    /// Its log service, if it has one.
    pub log: Option<Result<Look, Errno>>,
    /// When it was looked at.
    pub now: Stamp,
}

/// What the line of a service says after its age.
pub type Remarks = Text<256>;

impl<const N: usize> Sink for Text<N> {
    fn put(&mut self, bytes: &[u8]) {
        self.add(bytes);
    }
}

impl Look {
    /// The record, if there is one.
    #[must_use]
    pub const fn record(&self) -> Option<&Record> {
        match &self.sight {
            Sight::Seen(record) | Sight::Unsure(record, _) => Some(record),
            Sight::Trouble(_) => None,
        }
    }

    /// What could not be seen.
    #[must_use]
    pub const fn trouble(&self) -> Option<Trouble> {
        match self.sight {
            Sight::Seen(_) => None,
            Sight::Unsure(_, trouble) | Sight::Trouble(trouble) => Some(trouble),
        }
    }

    /// What the line says after the age, but for whether the service is normally up: so nothing that a line can
    /// say is missing where there are no lines.
    #[must_use]
    pub fn remarks(&self, now: Stamp) -> Remarks {
        let (mut line, mut remarks) = (Text::<320>::new(), Text::new());
        if let Some(record) = self.record() {
            describe(&mut line, record, b"", now, self.normally_down.unwrap_or_default());
        }
        let mut rest = line.bytes();
        while let Some(at) = rest.windows(2).position(|two| two == b", ") {
            rest = rest.get(at..).and_then(|rest| rest.get(2..)).unwrap_or_default();
            let end = rest.windows(2).position(|two| two == b", ").unwrap_or(rest.len());
            let remark = rest.get(..end).unwrap_or_default();
            if !matches!(remark, b"normally up" | b"normally down") {
                let comma: &[u8] = if remarks.bytes().is_empty() { b"" } else { b", " };
                remarks.add_all(&[comma, remark]);
            }
        }
        remarks
    }
}

/// The word for what a service is doing.
#[must_use]
pub fn doing(record: &Record) -> Option<&'static [u8]> {
    match (record.told, record.state) {
        (Some(told), _) => Some(told.doing.word()),
        (None, Some(State::Down)) => Some(b"down"),
        (None, Some(State::Run)) => Some(b"run"),
        (None, Some(State::Finish)) => Some(b"finish"),
        (None, None) => None,
    }
}

impl Found<'_> {
    /// Writes the line of `status`, without its newline.
    pub fn line(&self, out: &mut impl Sink) {
        let missed: [fn(Errno) -> Trouble; 2] = [Trouble::Directory, Trouble::LogDirectory];
        let log: [&[u8]; 2] = [self.name, b"/log"];
        let mut late = [None; 2];
        let parts = [(Some(&self.own), self.name, &log[..1]), (self.log.as_ref(), b"log", &log[..])];
        for (((look, name, full), missed), late) in parts.into_iter().zip(missed).zip(&mut late) {
            let Some(look) = look else { break };
            if full.len() > 1 {
                out.put(b"; ");
            }
            match look {
                Err(errno) => missed(*errno).tell(out, full),
                Ok(look) => match look.record() {
                    Some(record) => {
                        describe(out, record, name, self.now, look.normally_down.unwrap_or_default());
                        *late = look.trouble().map(|trouble| (trouble, full));
                    }
                    None => {
                        if let Some(trouble) = look.trouble() {
                            trouble.tell(out, full);
                        }
                    }
                },
            }
            if look.as_ref().ok().and_then(Look::record).is_none() {
                break;
            }
        }
        for (trouble, name) in late.into_iter().flatten() {
            out.put(b"; ");
            trouble.tell(out, name);
        }
    }

    /// Whether something went wrong: what the exit code counts. A service that is down is not wrong.
    #[must_use]
    pub const fn is_wrong(&self) -> bool {
        const fn is_bad(look: &Result<Look, Errno>) -> bool {
            matches!(look, Err(_) | Ok(Look { sight: Sight::Trouble(_), .. }))
        }
        match &self.log {
            Some(log) if is_bad(log) => true,
            Some(_) | None => is_bad(&self.own),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::state::{self, Doing};
    use platform::Ended;

    pub(in super::super) const THEN: Stamp = Stamp { secs: 1_796_020_798, nanos: 123_456_500 };

    /// So many seconds later.
    pub(in super::super) const fn after(secs: u64) -> Stamp {
        Stamp { secs: THEN.secs + secs, nanos: 0 }
    }

    pub(in super::super) fn record(state: State, pid: u32, want: u8) -> Record {
        let state = Some(state);
        Record { since: THEN, pid, paused: 0, want, got_term: 0, state, told: None, passing: None }
    }

    pub(in super::super) fn told(record: Record, doing: Doing, ready: Option<bool>) -> Record {
        Record { told: Some(state::State::plain(doing, ready, 3, THEN)), ..record }
    }

    pub(in super::super) fn failed() -> Record {
        let plain = state::State::plain(Doing::Failed, None, 3, THEN);
        let last = Some((Ended::Exit(1), THEN));
        let told = Some(state::State { last, ends: 5, limit: 5, window: 60, ..plain });
        Record { told, ..record(State::Down, 0, b'd') }
    }

    pub(in super::super) const fn seen(record: Record, normally_down: bool) -> Look {
        Look { sight: Sight::Seen(record), normally_down: Some(normally_down) }
    }

    pub(in super::super) const fn lost(trouble: Trouble) -> Look {
        Look { sight: Sight::Trouble(trouble), normally_down: None }
    }

    pub(in super::super) fn found(
        own: Result<Look, Errno>,
        log: Option<Result<Look, Errno>>,
    ) -> Found<'static> {
        Found { name: b"web", own, log, now: after(12) }
    }

    #[test]
    fn remarks_are_those_of_the_line() {
        let remarks = |look: Look| String::from_utf8(look.remarks(after(3)).bytes().to_vec()).unwrap();
        let run = record(State::Run, 7, b'u');
        assert_eq!(remarks(seen(run, false)), "");
        assert_eq!(remarks(seen(run, true)), "", "normally down is said elsewhere");
        let all = Record { paused: 1, got_term: 1, ..record(State::Run, 1, b'd') };
        assert_eq!(remarks(seen(all, true)), "paused, want down, got TERM");
        assert_eq!(remarks(seen(failed(), false)), "failed (5 ends in 60 s, last: exit 1)");
        assert_eq!(remarks(seen(told(run, Doing::Run, Some(false)), true)), "not ready");
        assert_eq!(remarks(lost(Trouble::NotRunning)), "");
    }

    #[test]
    fn lines() {
        let line = |own, log| {
            let mut out = Vec::new();
            found(own, log).line(&mut out);
            String::from_utf8(out).unwrap()
        };
        let run = record(State::Run, 7, b'u');
        let unsure =
            |down| Look { sight: Sight::Unsure(run, Trouble::OpenOk(Errno::ACCES)), ..seen(run, down) };
        let gone = lost(Trouble::NotRunning);
        for (own, log, text) in [
            (Ok(seen(run, false)), None, "run: web: (pid 7) 12s"),
            (
                Ok(seen(run, true)),
                Some(Ok(seen(run, false))),
                "run: web: (pid 7) 12s, normally down; run: log: (pid 7) 12s",
            ),
            (Ok(gone), Some(Ok(gone)), "fail: web: runsv not running"),
            (Ok(seen(run, false)), Some(Ok(gone)), "run: web: (pid 7) 12s; fail: web/log: runsv not running"),
            (
                Ok(seen(run, false)),
                Some(Err(Errno::ACCES)),
                "run: web: (pid 7) 12s; warning: web/log: unable to change directory: access denied",
            ),
            (
                Err(Errno::NOENT),
                None,
                "fail: web: unable to change to service directory: file does not exist",
            ),
            (
                Ok(unsure(false)),
                Some(Ok(unsure(false))),
                "run: web: (pid 7) 12s; run: log: (pid 7) 12s; warning: web: unable to open supervise/ok: \
                 access denied; warning: web/log: unable to open supervise/ok: access denied",
            ),
        ] {
            assert_eq!(line(own, log), text);
        }
    }

    #[test]
    fn what_is_wrong() {
        let run = seen(record(State::Run, 7, b'u'), false);
        let down = seen(record(State::Down, 0, b'd'), false);
        let gone = lost(Trouble::NotRunning);
        let unsure =
            Look { sight: Sight::Unsure(record(State::Run, 7, b'u'), Trouble::OpenOk(Errno::ACCES)), ..run };
        for (own, log, wrong) in [
            (Ok(run), None, false),
            (Ok(down), Some(Ok(run)), false),
            (Ok(unsure), Some(Ok(unsure)), false),
            (Ok(gone), None, true),
            (Ok(run), Some(Ok(gone)), true),
            (Ok(run), Some(Err(Errno::ACCES)), true),
            (Err(Errno::NOENT), None, true),
        ] {
            assert_eq!(found(own, log).is_wrong(), wrong, "{own:?} {log:?}");
        }
    }
}
