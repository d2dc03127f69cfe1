//! A service as a row of a table: what its cells say, and what is worth a colour.
use super::Trouble;
use super::found::{Found, Look, Remarks, doing};
use super::text::Sink;
use crate::fixed::Text;
use crate::state::Doing;
use crate::status::{Record, State};
use platform::Errno;

/// What a colour means.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Tone {
    /// At rest, as it shall be.
    Idle,
    /// Up, as it shall be.
    Good,
    /// On its way, or not as it usually is.
    Other,
    /// Given up, or out of reach.
    Bad,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The state.
    pub state: (&'static [u8], Tone),
    /// The service.
    pub name: &'a [u8],
    /// Its process.
    pub pid: Option<u32>,
    /// For how many seconds it has been so.
    pub age: Option<u64>,
    /// The state of its log service.
    pub log: (&'static [u8], Tone),
    /// What it normally is.
    pub normally: &'static [u8],
    /// Whatever else there is to say.
    pub note: Remarks,
}

/// In the place of what is not there.
pub const NOTHING: &[u8] = b"-";

impl<'a> Row<'a> {
    /// That of a service.
    #[must_use]
    pub fn of(found: &Found<'a>) -> Row<'a> {
        let own = found.own.as_ref().ok();
        let record = own.and_then(Look::record);
        let mut note = own.map(|look| look.remarks(found.now)).unwrap_or_default();
        note = for_row(&note);
        if record.and_then(Record::is_ready) == Some(true) && !record.is_some_and(Record::is_done) {
            add(&mut note, &[b"ready"]);
        }
        match found.own {
            Err(errno) => add(&mut note, &[errno.text().bytes(), b" (service directory)"]),
            Ok(_) => trouble(&mut note, b"", &found.own, Trouble::Directory),
        }
        let log = match &found.log {
            None => (NOTHING, Tone::Idle),
            Some(log) => {
                trouble(&mut note, b"log: ", log, Trouble::LogDirectory);
                state(log)
            }
        };
        Row {
            state: state(&found.own),
            name: found.name,
            pid: record.map(|record| record.pid).filter(|pid| *pid != 0),
            age: record.map(|record| found.now.secs.saturating_sub(record.since.secs)),
            log,
            normally: match own.and_then(|look| look.normally_down) {
                Some(true) => b"down",
                Some(false) => b"up",
                None => NOTHING,
            },
            note,
        }
    }
}

/// What a line says at its end, without what the other columns say already, and with what matters most at its beginning:
/// on narrow terminals no more than that is seen.
fn for_row(remarks: &Remarks) -> Remarks {
    let bytes = remarks.bytes();
    if let Some(why) = bytes.strip_prefix(b"failed (").and_then(|why| why.strip_suffix(b")")) {
        const LAST: &[u8] = b", last: ";
        let at = why.windows(LAST.len()).position(|part| part == LAST);
        let (ends, last) = at.and_then(|at| why.split_at_checked(at)).unwrap_or((why, b""));
        return match last.strip_prefix(LAST) {
            Some(last) => Text::of(&[last, b", ", ends]),
            None => Text::of(&[ends]),
        };
    }
    match bytes.strip_prefix(b"want up, ") {
        Some(rest) if rest.starts_with(b"next start in ") || rest.starts_with(b"waits for ") => {
            Text::of(&[rest])
        }
        Some(_) | None => *remarks,
    }
}

fn add(note: &mut Remarks, parts: &[&[u8]]) {
    if !note.bytes().is_empty() {
        note.add(b", ");
    }
    note.add_all(parts);
}

fn trouble(note: &mut Remarks, before: &[u8], look: &Result<Look, Errno>, missed: fn(Errno) -> Trouble) {
    let trouble = match look {
        Ok(look) => look.trouble(),
        Err(errno) => Some(missed(*errno)),
    };
    if let Some(trouble) = trouble {
        let mut words = Text::<128>::new();
        trouble.words(&mut words);
        add(note, &[before, words.bytes()]);
    }
}

/// The word of a state, and its colour.
fn state(look: &Result<Look, Errno>) -> (&'static [u8], Tone) {
    let Ok(look) = look else { return (b"?", Tone::Bad) };
    let Some(record) = look.record() else { return (b"?", Tone::Bad) };
    let word = match record.told.map(|told| told.doing) {
        // It is down, and the note says until when.
        Some(Doing::PausedStart) => b"down",
        _ => doing(record).unwrap_or(b"?"),
    };
    (word, tone(record, look.normally_down))
}

fn tone(record: &Record, normally_down: Option<bool>) -> Tone {
    let odd = record.paused != 0 || record.is_asked_to_end() || record.is_ready() == Some(false);
    match record.state {
        _ if record.has_failed() => Tone::Bad,
        Some(State::Run) if record.want == b'd' || odd => Tone::Other,
        Some(State::Run) => Tone::Good,
        Some(State::Down) if record.is_done() && record.want != b'd' => Tone::Good,
        Some(State::Down) if record.want == b'd' && normally_down == Some(true) => Tone::Idle,
        Some(State::Down | State::Finish) | None => Tone::Other,
    }
}

/// Writes an age in two units at most.
pub fn age(out: &mut impl Sink, secs: u64) {
    let units: [(u64, &[u8]); 4] = [(86_400, b"d"), (3600, b"h"), (60, b"m"), (1, b"s")];
    let first = units.iter().position(|unit| secs >= unit.0).unwrap_or(3);
    let mut rest = secs;
    let mut text = Text::<48>::new();
    for (at, (size, unit)) in units.iter().skip(first).take(2).enumerate() {
        let count = rest.checked_div(*size).unwrap_or_default();
        rest = rest.checked_rem(*size).unwrap_or_default();
        if at == 0 || count > 0 {
            text.add(if at == 0 { b"" } else { b" " });
            text.add_number(count);
            text.add(unit);
        }
    }
    out.put(text.bytes());
}

#[cfg(test)]
mod tests {
    use super::super::Sight;
    use super::super::found::tests::{failed, found, lost, record, seen, told};
    use super::*;

    fn shown(row: &Row<'_>) -> String {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (state, log) = (text(row.state.0), text(row.log.0));
        format!(
            "{state}/{:?} {:?} {:?} {log}/{:?} {} | {}",
            row.state.1,
            row.pid,
            row.age,
            row.log.1,
            text(row.normally),
            text(row.note.bytes())
        )
    }

    fn own(record: Record, normally_down: bool) -> String {
        shown(&Row::of(&found(Ok(seen(record, normally_down)), None)))
    }

    #[test]
    fn states_and_their_colours() {
        let run = record(State::Run, 7, b'u');
        let down = |want| record(State::Down, 0, want);
        let some = "Some(7) Some(12) -/Idle up | ";
        let none = "None Some(12) -/Idle up | ";
        for (record, text) in [
            (run, format!("run/Good {some}")),
            (Record { paused: 1, ..run }, format!("run/Other {some}paused")),
            (Record { got_term: 1, ..run }, format!("run/Other {some}got TERM")),
            (record(State::Run, 7, b'd'), format!("run/Other {some}want down")),
            (record(State::Finish, 7, b'u'), format!("finish/Other {some}")),
            (down(b'd'), format!("down/Other {none}")),
            (down(b'u'), format!("down/Other {none}want up")),
            (failed(), format!("failed/Bad {none}exit 1, 5 ends in 60 s")),
            (told(run, Doing::Run, Some(true)), format!("run/Good {some}ready")),
            (told(run, Doing::Run, Some(false)), format!("run/Other {some}not ready")),
            (told(down(b'u'), Doing::Done, Some(true)), format!("done/Good {none}")),
            (told(down(b'd'), Doing::Done, Some(true)), format!("done/Other {none}want down")),
            (told(down(b'u'), Doing::PausedStart, None), format!("down/Other {none}want up")),
            (Record { state: None, ..run }, format!("?/Other {some}")),
        ] {
            let shown = own(record, false);
            assert!(shown.starts_with(&text) || shown == text, "{shown}: {text}");
            assert!(shown.len() - text.len() <= "normally up".len(), "{shown}: {text}");
        }
        assert_eq!(own(down(b'd'), true), "down/Idle None Some(12) -/Idle down | ");
        assert_eq!(own(run, true), "run/Good Some(7) Some(12) -/Idle down | ");
    }

    #[test]
    fn notes() {
        for (line, note) in [
            ("", ""),
            ("want up", "want up"),
            ("want up, next start in 59s", "next start in 59s"),
            ("want up, waits for db, failed", "waits for db, failed"),
            ("want up, got TERM", "want up, got TERM"),
            ("failed (5 ends in 60 s, last: signal 9)", "signal 9, 5 ends in 60 s"),
            ("failed (last: exit 1)", "last: exit 1"),
            ("failed", "failed"),
        ] {
            assert_eq!(for_row(&Text::of(&[line.as_bytes()])).bytes(), note.as_bytes());
        }
    }

    #[test]
    fn troubles() {
        let run = seen(record(State::Run, 7, b'u'), false);
        for (own, log, text) in [
            (Ok(lost(Trouble::NotRunning)), None, "?/Bad None None -/Idle - | runsv not running"),
            (Err(Errno::NOENT), None, "?/Bad None None -/Idle - | file does not exist (service directory)"),
            (Ok(run), Some(Ok(run)), "run/Good Some(7) Some(12) run/Good up | "),
            (
                Ok(run),
                Some(Ok(lost(Trouble::NotRunning))),
                "run/Good Some(7) Some(12) ?/Bad up | log: runsv not running",
            ),
            (
                Ok(run),
                Some(Err(Errno::ACCES)),
                "run/Good Some(7) Some(12) ?/Bad up | log: unable to change directory: access denied",
            ),
            (
                Ok(Look {
                    sight: Sight::Unsure(record(State::Run, 7, b'u'), Trouble::OpenOk(Errno::ACCES)),
                    ..run
                }),
                None,
                "run/Good Some(7) Some(12) -/Idle up | unable to open supervise/ok: access denied",
            ),
        ] {
            assert_eq!(shown(&Row::of(&found(own, log))), text);
        }
    }

    #[test]
    fn ages() {
        for (secs, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (61, "1m 1s"),
            (3599, "59m 59s"),
            (3600, "1h"),
            (3660, "1h 1m"),
            (3659, "1h"),
            (86_399, "23h 59m"),
            (86_400, "1d"),
            (90_000, "1d 1h"),
            (86_400 * 1000, "1000d"),
            (u64::MAX, "213503982334601d 7h"),
        ] {
            let mut out = Vec::new();
            age(&mut out, secs);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
