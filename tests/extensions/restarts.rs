//! `restart-delay`: how soon a service is started again.
use crate::told::{Told, with, with_run};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::rig::{Service, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, within};
use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, SystemTime};

/// A run that makes a file with a number, which has the date of its start, and ends. Not every date(1) knows of less
/// than a second.
const DATED: &str = "echo >>starts; : >\"start$(($(wc -l <starts)))\"; exit 1";
/// A file may have the date of the last tick of a clock that goes on in steps of so many milliseconds.
const TICK: u64 = 10;

/// Whether so many pauses, of so many milliseconds, lie between the first starts. What is early is the moment before
/// runsv begins, and what is late the date of the last start: a busy machine makes the time between them longer.
fn pauses(said: &str, count: u32, pause: u64) {
    let before = SystemTime::now();
    let text = said.to_owned();
    let files: Vec<(&str, &str)> = if said.is_empty() { vec![] } else { vec![("restart-delay", &text)] };
    with_run(DATED, &files, |service, runsv| {
        let last = service.path(&format!("start{}", count + 1));
        let last = until("so many starts", || fs::metadata(&last).and_then(|file| file.modified()).ok());
        let took = last.duration_since(before).expect("time goes on") + Duration::from_millis(TICK);
        assert!(took >= Duration::from_millis(pause) * count, "{took:?}");
        assert!(runsv.err().is_empty(), "{}", runsv.err());
    });
}

/// The pause of one start, as runsv tells it: from the start that it tells of to the next. That is told a moment after
/// it has happened, so it seems to be shorter, never longer, on a busy machine.
fn pause_told(service: &Service<'_>) -> u64 {
    let ms = |stamp: platform::Stamp| stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000);
    let mut began = None;
    until("a start, and the pause after it", || {
        let state = service.state()?;
        match (state.doing, began) {
            (Doing::Run, _) => {
                began = Some((state.starts, ms(state.since)));
                None
            }
            (Doing::PausedStart, Some((starts, since))) if starts == state.starts => {
                Some(ms(state.next?) - since)
            }
            _ => None,
        }
    })
}

pub const CASES: &[Case] = &[
    case("delay_shorter_than_a_second", || {
        pauses("700\n", 4, 700);
        with_run("sleep 0.1; exit 1", &[("restart-delay", "700\n")], |service, _| {
            let pause = pause_told(service);
            assert!(pause <= 701, "{pause}");
        });
    }),
    case("delay_is_at_least_50", || {
        pauses("0", 10, 50);
    }),
    case("delay_longer_than_a_second", || {
        with(&[("restart-delay", "2000")], |service, _| {
            service.tell("exit 1");
            let state = service.await_doing(Doing::PausedStart);
            let next = state.next.expect("the next start");
            assert!(next.secs >= state.since.secs && next.secs <= state.since.secs + 3, "{state:?}");
            assert_eq!((state.pid, state.starts), (None, 1));
            service.await_runs(2);
            let state = service.await_doing(Doing::Run);
            assert!((state.since.secs, state.since.nanos) >= (next.secs, 0), "{state:?} {next:?}");
            assert_eq!(state.next, None);
        });
    }),
    case("delay_is_shown", || {
        with(&[("restart-delay", "60000\n")], |service, _| {
            service.tell("exit 1");
            service.await_line("down: foo: Ts, normally up, want up, next start in Ts");
        });
    }),
    case("delay_is_over_with_u", || {
        with(&[("restart-delay", "60000\n")], |service, _| {
            service.tell("exit 1");
            service.await_doing(Doing::PausedStart);
            service.control("u");
            service.await_runs(2);
        });
    }),
    case("delay_is_over_with_o", || {
        with(&[("restart-delay", "60000\n")], |service, _| {
            service.tell("exit 1");
            service.await_doing(Doing::PausedStart);
            service.control("o");
            service.await_runs(2);
            service.tell("exit 1");
            let state = service.await_doing(Doing::Down);
            assert_eq!(state.next, None);
        });
    }),
    case("delay_is_nothing_to_who_shall_be_down", || {
        with(&[("restart-delay", "60000\n")], |service, _| {
            service.tell("exit 1");
            service.await_doing(Doing::PausedStart);
            service.control("d");
            let state = service.await_doing(Doing::Down);
            assert_eq!((state.next, service.line().as_str()), (None, "down: foo: Ts, normally up"));
        });
    }),
    case("delay_does_not_hold_up_the_end", || {
        with(&[("restart-delay", "60000\n")], |service, runsv| {
            service.tell("exit 1");
            service.await_doing(Doing::PausedStart);
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("delay_is_from_start_to_start", || {
        // One that lived longer than the pause is started at once.
        with_run("sleep 0.3; exit 1", &[("restart-delay", "200")], |service, _| {
            service.await_runs(3);
            let found = within(Duration::from_millis(900), || {
                service.state().filter(|state| state.doing == Doing::PausedStart)
            });
            assert_eq!(found, None);
        });
    }),
    case("delay_doubles_up_to_the_greatest", || {
        with_run("exit 1", &[("restart-delay", "200 700\n")], |service, _| {
            // Each next start is put off from the start before it, which is not earlier than it was said to be.
            let mut next = BTreeMap::new();
            let told = until("the greatest, twice in a row", || {
                let state = service.state()?;
                if let Some(stamp) = state.next {
                    next.insert(state.starts, stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000));
                }
                let pause = |start: u32| Some(next.get(&start)?.saturating_sub(*next.get(&(start - 1))?));
                let told: Vec<_> =
                    (2..=state.starts).filter_map(|start| Some((start, pause(start)?))).collect();
                (told.iter().filter(|told| told.0 > 2).count() > 1).then_some(told)
            });
            for (start, pause) in told {
                assert!(pause + 5 >= if start == 2 { 400 } else { 700 }, "{next:?}");
            }
        });
    }),
    case("delay_does_not_double_for_ever", || {
        // 50, 100, 200 … would be 51 seconds.
        with_run("exit 1", &[("restart-delay", "50 100\n")], |service, _| {
            until("eleven starts", || (service.starts() >= 11).then_some(()));
        });
    }),
    case("delay_falls_back_after_a_long_life", || {
        with(&[("restart-delay", "50 400")], |service, _| {
            for start in 2..7 {
                service.tell("exit 1");
                service.await_runs(start);
            }
            // Long enough by any clock.
            assert!(within(Duration::from_millis(450), || None::<()>).is_none());
            service.tell("exit 1");
            service.await_runs(7);
            service.tell("exit 1");
            let state = until("the pause", || {
                let state = service.state()?;
                (state.starts == 7 && state.doing != Doing::Run || state.starts == 8).then_some(state)
            });
            if let Some(next) = state.next {
                let ms = |stamp: platform::Stamp| stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000);
                assert!(ms(next) <= ms(state.since) + 100, "{state:?}");
            }
        });
    }),
    case("delay_with_a_greatest_that_is_smaller", || {
        pauses("300 10", 3, 300);
    }),
    case("delay_of_one_that_is_killed", || {
        with(&[("restart-delay", "60000")], |service, _| {
            send(service.runs()[0], Signal::SIGKILL);
            service.await_doing(Doing::PausedStart);
        });
    }),
    case("delay_absent_is_a_second", || {
        pauses("", 2, 1000);
        // And is said of no service that did not ask for it.
        with_run(DATED, &[], |service, _| {
            until("its end", || service.state().filter(|state| state.doing == Doing::Down));
            assert!(service.state().is_some_and(|state| state.next.is_none()));
        });
    }),
    case("delay_by_sv_restart_is_none", || {
        // Told, it obeys at once.
        with(&[("restart-delay", "60000")], |service, _| {
            service.control("d");
            service.await_stat("down");
            service.obeys(&["-w", "20", "start"], "ok: run: foo: (pid p) Ts", 0);
        });
    }),
    case("delay_spares_what_was_asked_for", || {
        with(&[("restart-delay", "60000")], |service, _| {
            service.control("t");
            service.await_runs(2);
            service.obeys(&["restart"], "ok: run: foo: (pid p) Ts", 0);
            service.tell("exit 1");
            service.await_doing(Doing::PausedStart);
        });
    }),
];
