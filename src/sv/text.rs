//! The line that describes a service, as the scripts that parse sv's output know it.
use crate::fixed::Text;
use crate::status::{Record, State};
use platform::Stamp;

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
        Some(State::Down) => b"down: ",
        Some(State::Run) => b"run: ",
        Some(State::Finish) => b"finish: ",
        None => b"",
    };
    let mut tail = Text::<112>::of(&[b": "]);
    if record.state != Some(State::Down) {
        // The number can be 0 for the moment before ./finish starts.
        tail.add(b"(pid ");
        tail.add_number(u64::from(record.pid));
        tail.add(b") ");
    }
    tail.add_number(now.secs.saturating_sub(record.since.secs));
    tail.add(b"s");
    let alive = record.pid != 0;
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
    out.put_all(&[state, name, tail.bytes()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Sink for Vec<u8> {
        fn put(&mut self, bytes: &[u8]) {
            self.extend_from_slice(bytes);
        }
    }

    const THEN: Stamp = Stamp { secs: 1000, nanos: 999_999_999 };

    fn record(state: State, pid: u32, want: u8) -> Record {
        Record { since: THEN, pid, paused: 0, want, got_term: 0, state: Some(state) }
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
