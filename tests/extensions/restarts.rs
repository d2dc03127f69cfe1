//! `restart-delay`: how soon a service is started again.
use crate::told::{Told, timed, with, with_run};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::rig::{Service, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, within};
use std::collections::BTreeMap;
use std::time::Duration;

/// A run that notes when it was started, and ends.
const DATED: &str = "date +%s%N >>dates; exit 1";

/// The times between the first starts, in milliseconds. date(1) is older than the start that follows it, and
/// younger than the one that it is of.
fn gaps(service: &Service<'_>, count: usize) -> Vec<u64> {
    until("so many starts", || (service.text("dates").lines().count() > count).then_some(()));
    let text = service.text("dates");
    let dates: Vec<u64> = text.lines().map(|line| line.parse().expect("a date with nanoseconds")).collect();
    dates.windows(2).take(count).map(|two| (two[1] - two[0]) / 1_000_000).collect()
}

pub const CASES: &[Case] = &[
    case("delay_shorter_than_a_second", || {
        with_run(DATED, &[("restart-delay", "200\n")], |service, _| {
            let (gaps, took) = timed(|| gaps(service, 5));
            // The date is taken after the shell has begun, which takes longer now than then.
            assert!(gaps.iter().sum::<u64>() >= 900, "{gaps:?}");
            assert!(took < Duration::from_millis(4500), "five pauses of a second: {took:?}");
        });
    }),
    case("delay_is_at_least_50", || {
        with_run(DATED, &[("restart-delay", "0")], |service, _| {
            let gaps = gaps(service, 10);
            assert!(gaps.iter().sum::<u64>() >= 450, "{gaps:?}");
        });
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
            until("six starts", || {
                let state = service.state()?;
                if let Some(stamp) = state.next {
                    next.insert(state.starts, stamp.secs * 1000 + u64::from(stamp.nanos / 1_000_000));
                }
                (state.starts > 5).then_some(())
            });
            let pause = |start: u32| Some(next.get(&start)?.saturating_sub(*next.get(&(start - 1))?));
            let pauses: Vec<_> = (2..6).filter_map(|start| Some((start, pause(start)?))).collect();
            assert!(!pauses.is_empty(), "{next:?}");
            for (start, pause) in pauses {
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
        with_run(DATED, &[("restart-delay", "300 10")], |service, runsv| {
            let gaps = gaps(service, 3);
            assert!(gaps.iter().sum::<u64>() >= 800 && runsv.err().is_empty(), "{gaps:?}");
        });
    }),
    case("delay_of_one_that_is_killed", || {
        with(&[("restart-delay", "60000")], |service, _| {
            send(service.runs()[0], Signal::SIGKILL);
            service.await_doing(Doing::PausedStart);
        });
    }),
    case("delay_absent_is_a_second", || {
        with_run(DATED, &[], |service, _| {
            let gaps = gaps(service, 2);
            assert!(gaps.iter().sum::<u64>() >= 1900, "{gaps:?}");
            // And is said of no service that did not ask for it.
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
