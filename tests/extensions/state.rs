//! `supervise/state`, as programs read it.
use crate::told::{Told, files, with, with_run};
use platform::{Ended, Stamp};
use runit::state::{Doing, LENGTH, State};
use runit::status::{Record, Want};
use runit_tests::rig::Rig;
use runit_tests::suite::{Case, case};
use runit_tests::wait::{patience, until};
use std::fs;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The record with what the line says of the same moment.
fn told(status: &[u8], line: &[u8]) -> Record {
    Record::decode(status.try_into().expect("20 bytes")).with(line)
}

pub const CASES: &[Case] = &[
    case("state_is_one_line", || {
        with(&[], |service, _| {
            let line = fs::read(service.path("supervise/state")).unwrap();
            assert_eq!(
                (line.len(), line[LENGTH - 1], line.iter().filter(|byte| **byte == b'\n').count()),
                (LENGTH, b'\n', 1)
            );
            let text = String::from_utf8(line).unwrap();
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            assert_eq!(
                (words.len(), words[0], words[2], words[3], words[4], words[6]),
                (18, "1", "run", "-", "0", "u"),
                "{text}"
            );
            assert_eq!(words[1], words[17], "{text}");
            assert_eq!(words[5].parse::<i32>().ok(), Some(service.runs()[0]), "{text}");
        });
    }),
    case("state_may_be_read_by_whom_the_directory_lets_in", || {
        use std::os::unix::fs::PermissionsExt;
        with(&[], |service, _| {
            let mode = |name: &str| fs::metadata(service.path(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode("supervise/state"), mode("supervise/status"));
        });
    }),
    case("state_of_a_service_that_is_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe(), &[("down", "")]);
        let _runsv = service.supervise();
        let state = until("a line", || service.state());
        assert!(state.since.secs <= now() && state.since.secs + 60 > now(), "{state:?}");
        let expected = State {
            doing: Doing::Down,
            ready: None,
            asked: false,
            pid: None,
            want: Want::Down,
            since: state.since,
            starts: 0,
            last: None,
            ends: 0,
            limit: 0,
            window: 0,
            next: None,
            need: None,
        };
        assert_eq!(state, expected);
    }),
    case("state_tells_the_last_end", || {
        with(&[("restart-delay", "50")], |service, _| {
            service.tell("exit 7");
            service.await_runs(2);
            let (ended, at) = until("its end", || service.state()?.last);
            assert_eq!(ended, Ended::Exit(7));
            assert!(at.secs <= now() && at.secs + 60 > now());
            service.control("k");
            service.await_runs(3);
            let last = until("its end", || service.state()?.last.filter(|last| last.0 != Ended::Exit(7)));
            assert_eq!(last.0, Ended::Killed { signal: 9, core: false });
        });
    }),
    case("state_counts_starts", || {
        with(&[("restart-delay", "50")], |service, _| {
            for start in 2..6 {
                service.control("t");
                service.await_runs(start);
                assert_eq!(service.state().map(|state| state.starts as usize), Some(start));
            }
        });
    }),
    case("state_tells_the_wish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo TERM >>trace' TERM");
        let _runsv = service.up();
        for (letter, want) in
            [("o", Want::Down), ("u", Want::Up), ("d", Want::Down), ("x", Want::Exit), ("u", Want::Up)]
        {
            service.control(letter);
            until(letter, || (service.state()?.want == want).then_some(()));
        }
    }),
    case("state_during_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().long_finish();
        let _runsv = service.up();
        service.tell("exit 3");
        let state = until("its finish", || {
            service.state().filter(|state| state.doing == Doing::Finish && state.pid.is_some())
        });
        assert_eq!(state.last.map(|last| last.0), Some(Ended::Exit(3)));
        service.await_trace("finish 3 0");
        until("its record", || (service.status().pid == state.pid?.0).then_some(()));
    }),
    case("state_while_a_control_script_runs", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().fifo("go-t").script("control/t", "echo asked >>trace; read -r line <go-t; exit 1");
        let _runsv = service.up();
        service.control("t");
        service.await_trace("asked");
        assert_eq!(service.await_doing(Doing::Run).starts, 1);
        service.release("t");
        service.await_runs(2);
    }),
    case("state_and_status_agree_at_rest", || {
        with(&[("restart-delay", "50")], |service, _| {
            for start in 2..8 {
                service.control("t");
                service.await_runs(start);
                let record = || {
                    let status = fs::read(service.path("supervise/status")).ok()?;
                    let line = fs::read(service.path("supervise/state")).ok()?;
                    told(&status, &line).told
                };
                let state = until("the same moment", record);
                assert_eq!(state.pid.map(|pid| pid.0), Some(service.status().pid));
            }
        });
    }),
    case("state_read_ten_thousand_times", || {
        // A service that restarts as fast as it may.
        with_run("exit 1", &[("restart-delay", "50")], |service, _| {
            let read = |name: &str| fs::read(service.path("supervise").join(name)).ok();
            let (mut bad, mut same) = (0, 0);
            let mut starts = Vec::new();
            until("a line", || service.state());
            let mut last: Option<State> = None;
            let (mut reads, end) = (0, Instant::now() + patience());
            while reads < 10_000 || starts.len() <= 5 {
                reads += 1;
                assert!(Instant::now() < end, "{starts:?}");
                let before = read("status").expect("a record");
                let line = read("state").expect("a line");
                let Some(state) = State::read(&line) else {
                    bad += 1;
                    assert!(bad < 2, "twice in a row: {:?}", String::from_utf8_lossy(&line));
                    continue;
                };
                bad = 0;
                // It never goes back.
                let at = |state: &State| (state.starts, state.since.secs, state.since.nanos);
                assert!(last.is_none_or(|last| at(&last) <= at(&state)), "{last:?} {state:?}");
                last = Some(state);
                starts.push(state.starts);
                // It is written before the record: of the same moment, or the record is about to follow.
                let record = told(&before, &line);
                assert!(record.told.is_some() != record.passing.is_some(), "{record:?} {state:?}");
                same += u32::from(record.told.is_some());
                starts.dedup();
            }
            assert!(same > 1000, "{same} agreed");
        });
    }),
    case("state_next_start_is_when_it_starts", || {
        with(&[("restart-delay", "1500")], |service, _| {
            service.tell("exit 1");
            let next = until("a pause", || service.state()?.next);
            service.await_runs(2);
            let started = until("its start", || service.state().filter(|state| state.starts == 2)).since;
            let ms = |stamp: Stamp| stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000);
            assert!(ms(started) + 5 >= ms(next) && ms(started) < ms(next) + 5000, "{next:?} {started:?}");
        });
    }),
];
