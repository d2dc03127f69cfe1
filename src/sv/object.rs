//! A service as a JSON object: version 1 of what sv(8) and `docs/sv-status.schema.json` describe. Members are added,
//! never changed.
use super::found::{Found, Look, doing};
use super::json::{Object, string};
use super::moment;
use super::text::Sink;
use crate::fixed::Text;
use crate::status::{State, Want};
use platform::{Ended, Errno, Stamp};

/// The version of the object.
const VERSION: u64 = 1;

/// Writes the object. `outcome`: what came of a command, with whatever else is to be said of it. `needs`: the names of
/// the services that it needs.
pub fn write(out: &mut impl Sink, found: &Found<'_>, needs: &[&[u8]], outcome: Option<&str>) {
    let mut object = Object::new(out);
    object.number("version", Some(VERSION));
    object.text("name", Some(found.name));
    if outcome.is_some() {
        object.text("outcome", outcome.map(str::as_bytes));
    }
    members(&mut object, &found.own, found.now, needs);
    match &found.log {
        None => object.key("log").put(b"null"),
        Some(log) => {
            let mut below = Object::new(object.key("log"));
            members(&mut below, log, found.now, &[]);
            below.end();
        }
    }
    object.end();
}

fn members<S: Sink>(object: &mut Object<'_, S>, look: &Result<Look, Errno>, now: Stamp, needs: &[&[u8]]) {
    let record = look.as_ref().ok().and_then(Look::record);
    let told = record.and_then(|record| record.told);
    object.text("state", record.and_then(doing));
    object.number("pid", record.map(|record| record.pid).filter(|pid| *pid != 0).map(u64::from));
    moment(object, "since", record.map(|record| record.since));
    object.number("uptime", record.map(|record| now.secs.saturating_sub(record.since.secs)));
    let wants: Option<&[u8]> = match (told.map(|told| told.want), record.map(|record| record.want)) {
        (Some(Want::Up), _) | (None, Some(b'u')) => Some(b"up"),
        (Some(Want::Down), _) | (None, Some(b'd')) => Some(b"down"),
        (Some(Want::Exit), _) => Some(b"exit"),
        (None, _) => None,
    };
    object.text("wants", wants);
    let normally = look.as_ref().ok().and_then(|look| look.normally_down);
    object.text("normally", normally.map(|down| if down { b"down".as_slice() } else { b"up" }));
    object.flag("ready", told.and_then(|told| told.ready));
    object.flag("paused", record.map(|record| record.paused != 0));
    object.flag(
        "term_sent",
        record.map(|record| record.state != Some(State::Down) && record.is_asked_to_end()),
    );
    object.number("starts", told.map(|told| told.starts.into()));
    let out = object.key("last_exit");
    match told.and_then(|told| told.last) {
        None => out.put(b"null"),
        Some((ended, at)) => {
            let mut last = Object::new(out);
            let (code, signal) = match ended {
                Ended::Exit(code) => (Some(code.into()), None),
                Ended::Killed { signal, .. } => (None, Some(signal.into())),
            };
            last.number("code", code);
            last.number("signal", signal);
            moment(&mut last, "at", Some(at));
            last.end();
        }
    }
    object.number("ends", told.map(|told| told.ends.into()));
    let out = object.key("limit");
    match told.filter(|told| told.limit > 0) {
        None => out.put(b"null"),
        Some(told) => {
            let mut limit = Object::new(out);
            limit.number("ends", Some(told.limit.into()));
            limit.number("seconds", Some(told.window.into()));
            limit.end();
        }
    }
    moment(object, "next_start", told.and_then(|told| told.next));
    let out = object.key("needs");
    out.put(b"[");
    for (at, need) in needs.iter().enumerate() {
        out.put(if at == 0 { b"" } else { b"," });
        string(out, need);
    }
    out.put(b"]");
    let remarks = look.as_ref().ok().map(|look| look.remarks(now)).unwrap_or_default();
    object.text("waits_for", waits_for(remarks.bytes()));
    let mut error = Text::<128>::new();
    match look {
        Err(errno) => super::Trouble::Directory(*errno).words(&mut error),
        Ok(look) => {
            if let Some(trouble) = look.trouble() {
                trouble.words(&mut error);
            }
        }
    }
    object.text("error", Some(error.bytes()).filter(|text| !text.is_empty()));
}

fn moment<S: Sink>(object: &mut Object<'_, S>, key: &str, stamp: Option<Stamp>) {
    let text = stamp.and_then(moment::text);
    object.text(key, text.as_ref().map(Text::bytes));
}

/// The service that is waited for, from the remarks of the line: `waits for NAME` is said there, with what is wrong with
/// it after a comma.
fn waits_for(remarks: &[u8]) -> Option<&[u8]> {
    const WORDS: &[u8] = b"waits for ";
    let at = remarks.windows(WORDS.len()).position(|words| words == WORDS)?;
    let rest = remarks.get(at..)?.strip_prefix(WORDS)?;
    let end = rest.windows(2).position(|two| two == b", ").unwrap_or(rest.len());
    rest.get(..end)
}

/// Begins or goes on with an array of objects, one on each line.
pub fn separate(out: &mut impl Sink, first: bool) {
    out.put(if first { b"[\n" } else { b",\n" });
}

/// Ends the array; `empty`: nothing was written before.
pub fn close(out: &mut impl Sink, empty: bool) {
    out.put(if empty { b"[]\n" } else { b"\n]\n" });
}

#[cfg(test)]
mod tests {
    use super::super::found::tests::{failed, found, lost, record, seen, told};
    use super::super::{Sight, Trouble};
    use super::*;
    use crate::state::Doing;
    use crate::status::Record;

    fn text(found: &Found<'_>, needs: &[&[u8]], outcome: Option<&str>) -> String {
        let mut out = Vec::new();
        write(&mut out, found, needs, outcome);
        String::from_utf8(out).unwrap()
    }

    fn run() -> Record {
        record(State::Run, 7, b'u')
    }

    #[test]
    fn the_object_of_the_manual() {
        let ready = told(run(), Doing::Run, Some(true));
        let it = found(Ok(seen(ready, false)), None);
        assert_eq!(
            text(&it, &[b"db", b"\xff"], None),
            r#"{"version":1,"name":"web","state":"run","pid":7,"since":"2026-11-30T06:39:58.123456Z","uptime":12,"wants":"up","normally":"up","ready":true,"paused":false,"term_sent":false,"starts":3,"last_exit":null,"ends":0,"limit":null,"next_start":null,"needs":["db","\\xff"],"waits_for":null,"error":null,"log":null}"#
        );
    }

    #[test]
    fn a_supervisor_of_c_runit_says_less() {
        let it = found(Ok(seen(run(), true)), Some(Ok(lost(Trouble::NotRunning))));
        let shown = text(&it, &[], None);
        for part in [
            r#""ready":null"#,
            r#""starts":null"#,
            r#""normally":"down""#,
            r#""log":{"state":null,"pid":null,"since":null,"uptime":null,"wants":null,"normally":null"#,
            r#""paused":null,"term_sent":null"#,
            r#""error":"runsv not running"}}"#,
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn what_went_wrong() {
        let shown = text(&found(Err(Errno::NOENT), None), &[], Some("fail"));
        assert!(shown.starts_with(r#"{"version":1,"name":"web","outcome":"fail","state":null,"#), "{shown}");
        let error = r#""error":"unable to change to service directory: file does not exist""#;
        assert!(shown.contains(error), "{shown}");
        let sight = Sight::Unsure(run(), Trouble::OpenOk(Errno::ACCES));
        let shown = text(&found(Ok(Look { sight, normally_down: None }), None), &[], None);
        for part in [
            r#""state":"run""#,
            r#""normally":null"#,
            r#""error":"unable to open supervise/ok: access denied""#,
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn what_services_say_that_ask_for_it() {
        let shown = text(&found(Ok(seen(failed(), false)), None), &[], None);
        for part in [
            r#""state":"failed","pid":null"#,
            r#""last_exit":{"code":1,"signal":null,"at":"2026-11-30T06:39:58.123456Z"}"#,
            r#""ends":5,"limit":{"ends":5,"seconds":60}"#,
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        let mut paused = told(record(State::Down, 0, b'u'), Doing::PausedStart, None);
        if let Some(told) = &mut paused.told {
            told.next = Some(Stamp { secs: 0, nanos: 0 });
            told.last = Some((Ended::Killed { signal: 9, core: false }, Stamp::default()));
        }
        let shown = text(&found(Ok(seen(paused, false)), None), &[], None);
        for part in [
            r#""state":"paused-start""#,
            r#""next_start":"1970-01-01T00:00:00.000000Z""#,
            r#"{"code":null,"signal":9,"at":"1970-01-01T00:00:00.000000Z"}"#,
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn wishes() {
        for (want, doing, word) in [
            (Want::Up, Doing::Run, r#""wants":"up""#),
            (Want::Down, Doing::Run, r#""wants":"down""#),
            (Want::Exit, Doing::Finish, r#""wants":"exit""#),
        ] {
            let mut record = told(record(State::Run, 7, b'd'), doing, None);
            if let Some(told) = &mut record.told {
                told.want = want;
            }
            let shown = text(&found(Ok(seen(record, false)), None), &[], None);
            assert!(shown.contains(word), "{shown}");
        }
        // daemontools writes neither.
        let shown = text(&found(Ok(seen(record(State::Run, 7, 0), false)), None), &[], None);
        assert!(shown.contains(r#""wants":null"#), "{shown}");
    }

    #[test]
    fn whom_a_service_waits_for() {
        for (remarks, name) in [
            ("", None),
            ("want up", None),
            ("want up, waits for db", Some("db")),
            ("want up, waits for db, failed", Some("db")),
            ("waits for a b", Some("a b")),
        ] {
            assert_eq!(waits_for(remarks.as_bytes()), name.map(str::as_bytes), "{remarks}");
        }
    }

    #[test]
    fn arrays() {
        let mut out = Vec::new();
        close(&mut out, true);
        for first in [true, false] {
            separate(&mut out, first);
            out.put(b"1");
        }
        close(&mut out, false);
        assert_eq!(String::from_utf8(out).unwrap(), "[]\n[\n1,\n1\n]\n");
    }
}
