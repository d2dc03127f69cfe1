//! How a service is that is needed, as its supervise directory says.
use crate::service_directory::{STATE, STATUS};
use crate::state::{Glance, LENGTH};
use crate::status::{SETTLED, SIZE};
use crate::supervised::{is_supervised, read};
use crate::tai;
use platform::{Fd, Platform, Stamp};

/// How a service is that is needed.
#[derive(Clone, Copy)]
pub(super) enum Sight {
    Up,
    /// Up in so many milliseconds, if its process is still there then.
    Settles(u32),
    /// Down, and wanted down.
    Down,
    NotReady,
    /// It waits itself.
    Waits,
    Failed,
    Alone,
}

/// How the service of a supervise directory is.
#[inline(never)]
pub(super) fn look_at<P: Platform>(p: &mut P, place: Fd, wall: Stamp) -> Sight {
    if !is_supervised(p, place) {
        return Sight::Alone;
    }
    let (mut record, mut line) = ([0; SIZE], [0; LENGTH]);
    if read(p, place, STATUS, &mut record) != SIZE {
        return Sight::NotReady;
    }
    read(p, place, STATE, &mut line);
    judge(&record, &line, wall)
}

/// The same, by its record and its line. C runit's supervisors, and those of old, have no line, or one of a moment
/// that is past.
fn judge(record: &[u8; SIZE], line: &[u8; LENGTH], wall: Stamp) -> Sight {
    let [label @ .., p0, p1, p2, p3, _paused, want, got_term, state] = *record;
    let has_process = [p0, p1, p2, p3] != [0; 4];
    let (mut asked, mut ready, mut exits) = (got_term != 0, None, false);
    if let Some(told) = Glance::of(line) {
        let theirs = tai::label(told.since());
        if (theirs, told.pid()) == (label, u32::from_le_bytes([p0, p1, p2, p3])) {
            match told.doing() {
                b"done" => return Sight::Up,
                b"failed" => return Sight::Failed,
                b"waiting" => return Sight::Waits,
                _ => {}
            }
            asked |= told.is_asked_to_end();
            ready = told.is_ready();
            exits = told.is_to_exit();
        } else if theirs >= label {
            // The next record is about to come.
            return Sight::NotReady;
        }
    }
    let wanted_down = want == b'd';
    match (state, ready) {
        // It is on its way down.
        (RUN, _) if !has_process || wanted_down && asked => Sight::NotReady,
        (RUN, Some(true)) => Sight::Up,
        (RUN, None) => match unsettled(tai::stamp(label), wall) {
            0 => Sight::Up,
            ms => Sight::Settles(ms),
        },
        (DOWN, _) if wanted_down && !exits => Sight::Down,
        (_, _) => Sight::NotReady,
    }
}

/// The last byte of a record.
const DOWN: u8 = 0;
const RUN: u8 = 1;

/// How many milliseconds are missing until a process has [`SETTLED`].
fn unsettled(since: Stamp, now: Stamp) -> u32 {
    const MOST: u32 = SETTLED.as_millis() as u32;
    let ms =
        |stamp: Stamp| stamp.secs.saturating_mul(1000).saturating_add(u64::from(stamp.nanos / 1_000_000));
    // A start that seems to be far in the future was before the clock was set back; a little may be its correction.
    // sv waits the whole time then (src/status.rs, `Record::unsettled`): it remembers when it looked first. Here nothing
    // is remembered between two looks, and the wait would last until the clock has caught up.
    if ms(since).saturating_sub(ms(now)) > u64::from(MOST) {
        return 0;
    }
    let age = ms(now).saturating_sub(ms(since));
    u32::try_from(age).map_or(0, |age| MOST.saturating_sub(age))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{self, Doing};
    use crate::status::{State, Status, Want};
    use platform::Pid;

    const SINCE: Stamp = Stamp { secs: 1_795_992_291, nanos: 123_456_789 };
    const NONE: [u8; LENGTH] = [0; LENGTH];

    fn status(state: State, pid: Option<i32>, want: Want) -> Status {
        Status { since: SINCE, pid: pid.map(Pid), paused: false, want, got_term: false, state }
    }

    fn name(sight: Sight) -> String {
        match sight {
            Sight::Up => "up".into(),
            Sight::Settles(ms) => format!("in {ms}"),
            Sight::Down => "down".into(),
            Sight::NotReady => "not ready".into(),
            Sight::Waits => "waits".into(),
            Sight::Failed => "failed".into(),
            Sight::Alone => "alone".into(),
        }
    }

    #[test]
    fn what_a_record_says_alone() {
        let later = |ms: u32| Stamp { nanos: SINCE.nanos + ms * 1_000_000, ..SINCE };
        let run = status(State::Run, Some(7), Want::Up);
        for (status, now, expected) in [
            (run, later(0), "in 420"),
            (run, later(100), "in 320"),
            (run, later(420), "up"),
            (run, Stamp { nanos: 0, ..SINCE }, "in 420"),
            (run, Stamp { secs: SINCE.secs - 5, nanos: 0 }, "up"),
            (run, Stamp { secs: u64::MAX, nanos: 0 }, "up"),
            (Status { want: Want::Down, ..run }, later(500), "up"),
            (Status { want: Want::Down, got_term: true, ..run }, later(500), "not ready"),
            (Status { got_term: true, ..run }, later(500), "up"),
            (Status { pid: None, ..run }, later(500), "not ready"),
            (status(State::Finish, Some(7), Want::Up), later(500), "not ready"),
            (status(State::Down, None, Want::Up), later(500), "not ready"),
            (status(State::Down, None, Want::Down), later(500), "down"),
        ] {
            assert_eq!(name(judge(&status.encode(), &NONE, now)), expected, "{status:?} {now:?}");
        }
        let mut odd = run.encode();
        odd[19] = 9;
        assert_eq!(name(judge(&odd, &NONE, later(500))), "not ready");
    }

    #[test]
    fn what_a_line_adds() {
        let now = Stamp { secs: SINCE.secs + 60, nanos: 0 };
        let run = status(State::Run, Some(7), Want::Up);
        let down = status(State::Down, None, Want::Down);
        let line = |doing, ready, status: Status| state::State {
            pid: status.pid,
            want: status.want,
            ..state::State::plain(doing, ready, 1, SINCE)
        };
        for (status, line, expected) in [
            (run, line(Doing::Run, Some(true), run), "up"),
            (run, line(Doing::Run, Some(false), run), "not ready"),
            (run, line(Doing::Run, None, run), "up"),
            (Status { want: Want::Up, ..down }, line(Doing::Done, Some(true), down), "up"),
            (down, line(Doing::Failed, None, down), "failed"),
            (down, line(Doing::Waiting, None, down), "waits"),
            (
                Status { want: Want::Exit, ..down },
                line(Doing::Down, None, Status { want: Want::Exit, ..down }),
                "not ready",
            ),
            // Of an earlier moment.
            (
                run,
                state::State { since: Stamp { secs: 5, nanos: 0 }, ..line(Doing::Failed, None, run) },
                "up",
            ),
            // Of a later one.
            (run, state::State { since: now, ..line(Doing::Run, Some(true), run) }, "not ready"),
            (run, state::State { pid: Some(Pid(8)), ..line(Doing::Run, Some(true), run) }, "not ready"),
        ] {
            assert_eq!(name(judge(&status.encode(), &line.line(3), now)), expected, "{status:?} {line:?}");
        }
    }
}
