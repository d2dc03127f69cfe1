//! The line that describes a service, as the scripts that parse sv's output know it.
use crate::fixed::Text;
use crate::need::Lack;
use crate::state::{self, Doing};
use crate::status::{Record, State};
use platform::{Ended, Stamp};

/// The lines about one service are made of these; names may be as long as they like.
pub trait Sink {
    /// Appends bytes.
    fn put(&mut self, bytes: &[u8]);

    /// Appends several.
    fn put_all(&mut self, parts: &[&[u8]]) {
        parts.iter().for_each(|part| self.put(part));
    }
}

/// Writes `STATE: NAME: [(pid N) ]Ss[, …]`, without `STATE: ` for a state that no known supervisor
/// writes. `normally_down`: there is a file `down`.
pub fn describe(out: &mut impl Sink, record: &Record, name: &[u8], now: Stamp, normally_down: bool) {
    let state: &[u8] = match record.state {
        Some(State::Down) if record.is_done() => b"done: ",
        Some(State::Down) => b"down: ",
        Some(State::Run) => b"run: ",
        Some(State::Finish) => b"finish: ",
        None => b"",
    };
    let mut tail = Text::<256>::of(&[b": "]);
    if record.state != Some(State::Down) {
        // The number can be 0 for the moment before ./finish starts.
        tail.add(b"(pid ");
        tail.add_number(u64::from(record.pid));
        tail.add(b") ");
    }
    tail.add_number(now.secs.saturating_sub(record.since.secs));
    tail.add(b"s");
    let alive = record.pid != 0 || record.is_done();
    match (alive, normally_down) {
        (true, true) => tail.add(b", normally down"),
        (false, false) => tail.add(b", normally up"),
        (true, false) | (false, true) => {}
    }
    if alive && record.paused != 0 {
        tail.add(b", paused");
    }
    match (alive, record.want) {
        (false, b'u') => tail.add(b", want up"),
        (true, b'd') => tail.add(b", want down"),
        _ => {}
    }
    if alive && record.got_term != 0 {
        tail.add(b", got TERM");
    }
    if let Some(told) = record.told {
        say_more(&mut tail, &told, now);
    }
    out.put_all(&[state, name, tail.bytes()]);
}

/// What only services that ask for it can be: not ready, given up, or held back.
fn say_more<const N: usize>(tail: &mut Text<N>, told: &state::State, now: Stamp) {
    if told.ready == Some(false) && told.doing == Doing::Run {
        tail.add(b", not ready");
    }
    if told.doing == Doing::Failed {
        tail.add(b", failed (");
        if told.limit > 0 && told.ends >= told.limit {
            tail.add_number(told.ends.into());
            tail.add(b" ends in ");
            tail.add_number(told.window.into());
            tail.add(b" s, ");
        }
        let (how, number): (&[u8], u8) = match told.last {
            Some((Ended::Killed { signal, .. }, _)) => (b"signal ", signal),
            Some((Ended::Exit(code), _)) => (b"exit ", code),
            None => (b"exit ", 0),
        };
        tail.add_all(&[b"last: ", how]);
        tail.add_number(number.into());
        tail.add(b")");
    }
    if let Some(need) = &told.need {
        tail.add_all(&[b", waits for ", need.name()]);
        tail.add(match need.lack {
            Lack::NotReady => b"",
            Lack::Failed => b", failed",
            Lack::Alone => b", runsv not running",
        });
    }
    if let Some(next) = told.next {
        tail.add(b", next start in ");
        tail.add_number(next.secs.saturating_sub(now.secs));
        tail.add(b"s");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::need::Need;

    impl Sink for Vec<u8> {
        fn put(&mut self, bytes: &[u8]) {
            self.extend_from_slice(bytes);
        }
    }

    const THEN: Stamp = Stamp { secs: 1000, nanos: 999_999_999 };

    fn record(state: State, pid: u32, want: u8) -> Record {
        let state = Some(state);
        Record { since: THEN, pid, paused: 0, want, got_term: 0, state, told: None, passing: None }
    }

    fn text(record: Record, age: u64, normally_down: bool) -> String {
        let mut out = Vec::new();
        let now = Stamp { secs: THEN.secs + age, nanos: 0 };
        describe(&mut out, &record, b"foo", now, normally_down);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_samples_of_the_specification() {
        let paused = Record { paused: 1, ..record(State::Run, 7242, b'u') };
        assert_eq!(text(paused, 3, false), "run: foo: (pid 7242) 3s, paused");
        assert_eq!(text(record(State::Down, 0, b'u'), 1, false), "down: foo: 1s, normally up, want up");
        assert_eq!(
            text(record(State::Finish, 16123, b'd'), 2, false),
            "finish: foo: (pid 16123) 2s, want down"
        );
        let term = Record { got_term: 1, ..record(State::Run, 9900, b'd') };
        assert_eq!(text(term, 1, false), "run: foo: (pid 9900) 1s, want down, got TERM");
        assert_eq!(text(record(State::Down, 0, b'd'), 0, true), "down: foo: 0s");
    }

    #[test]
    fn every_part_depends_on_the_process() {
        let all = Record { paused: 1, got_term: 1, ..record(State::Run, 1, b'd') };
        assert_eq!(text(all, 0, true), "run: foo: (pid 1) 0s, normally down, paused, want down, got TERM");
        let gone = Record { pid: 0, ..all };
        assert_eq!(text(gone, 0, true), "run: foo: (pid 0) 0s", "the state's byte decides about the pid");
        let finish = Record { state: Some(State::Finish), pid: 0, want: b'u', ..all };
        assert_eq!(text(finish, 0, false), "finish: foo: (pid 0) 0s, normally up, want up");
        assert_eq!(text(record(State::Run, u32::MAX, 0), 0, false), "run: foo: (pid 4294967295) 0s");
        let odd = Record { state: None, ..all };
        let shown = "foo: (pid 1) 5s, paused, want down, got TERM";
        assert_eq!(text(odd, 5, false), shown, "a state of the future");
    }

    #[test]
    fn what_only_those_can_be_that_ask_for_it() {
        let ended = Ended::Exit(1);
        let told = |doing, ready| state::State {
            last: Some((ended, THEN)),
            ends: 5,
            limit: 5,
            window: 60,
            ..state::State::plain(doing, ready, 1, THEN)
        };
        let with = |record: Record, told| Record { told: Some(told), ..record };
        let run = record(State::Run, 7, b'u');
        let line = text(with(run, told(Doing::Run, Some(false))), 3, false);
        assert_eq!(line, "run: foo: (pid 7) 3s, not ready");
        assert_eq!(
            text(with(run, told(Doing::Run, Some(true))), 3, true),
            "run: foo: (pid 7) 3s, normally down"
        );
        let down = record(State::Down, 0, b'd');
        let line = text(with(down, told(Doing::Failed, None)), 5, false);
        assert_eq!(line, "down: foo: 5s, normally up, failed (5 ends in 60 s, last: exit 1)");
        let killed = Some((Ended::Killed { signal: 11, core: true }, THEN));
        let few = state::State { ends: 4, last: killed, ..told(Doing::Failed, None) };
        assert_eq!(text(with(down, few), 5, true), "down: foo: 5s, failed (last: signal 11)");
        let up = record(State::Down, 0, b'u');
        assert_eq!(text(with(up, told(Doing::Done, Some(true))), 12, false), "done: foo: 12s");
        assert_eq!(text(with(up, told(Doing::Done, Some(true))), 12, true), "done: foo: 12s, normally down");
        assert_eq!(text(with(down, told(Doing::Done, Some(true))), 1, false), "done: foo: 1s, want down");
        for (lack, more) in
            [(Lack::NotReady, ""), (Lack::Failed, ", failed"), (Lack::Alone, ", runsv not running")]
        {
            let need = Some(Need::new(b"db", lack));
            let waits = state::State { need, ..told(Doing::Waiting, None) };
            let line = text(with(up, waits), 3, false);
            assert_eq!(line, format!("down: foo: 3s, normally up, want up, waits for db{more}"));
        }
        let next = Some(Stamp { secs: THEN.secs + 27, nanos: 0 });
        let paused = state::State { next, ..told(Doing::PausedStart, None) };
        let line = text(with(up, paused), 3, false);
        assert_eq!(line, "down: foo: 3s, normally up, want up, next start in 24s");
    }

    #[test]
    fn ages_are_whole_and_never_negative() {
        let mut out = Vec::new();
        describe(&mut out, &record(State::Down, 0, b'd'), b"x", Stamp { secs: 1, nanos: 0 }, false);
        assert_eq!(out, b"down: x: 0s, normally up");
        let old = Record { since: Stamp::default(), ..record(State::Down, 0, b'd') };
        let now = Stamp { secs: u64::MAX, nanos: 0 };
        let mut out = Vec::new();
        describe(&mut out, &old, b"\xff", now, true);
        assert_eq!(out, b"down: \xff: 18446744073709551615s");
        let longest = Record {
            since: Stamp::default(),
            paused: 1,
            got_term: 1,
            ..record(State::Finish, u32::MAX, b'd')
        };
        let mut out = Vec::new();
        describe(&mut out, &longest, b"", now, true);
        assert!(out.ends_with(b", got TERM"), "the longest tail fits");
    }
}
