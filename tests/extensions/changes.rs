//! What is changed between two starts counts from the next one on, also within the same second.
use crate::told::{Told, files, warnings, with, with_finish, with_run, with_stubborn};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::place::write_fifo;
use runit_tests::rig::{Rig, Service, await_death, by_term, send};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal, within};
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

/// The next process.
fn again(service: &Service<'_>) {
    let next = service.starts() + 1;
    service.control("t");
    service.await_runs(next);
}

/// The limit that is in force.
fn limit(service: &Service<'_>) -> Option<(u8, u32)> {
    service.state().map(|state| (state.limit, state.window))
}

const SOON: (&str, &str) = ("restart-delay", "50");

pub const CASES: &[Case] = &[
    case("changes_count_at_the_next_start", || {
        with(&[SOON], |service, _| {
            service.file("restart-limit", "3 60");
            service.stays("run");
            assert_eq!(limit(service), Some((0, 0)), "not of the process that runs");
            again(service);
            assert_eq!(limit(service), Some((3, 60)));
        });
    }),
    case("changes_added_soon_after_the_start", || {
        // The directory has changed in the second in which it was looked at.
        for _ in 0..3 {
            with_run("exec sleep 1000", &[SOON], |service, _| {
                service.await_runs(1);
                for number in 2..5 {
                    let text = format!("{number} 60");
                    let _ = fs::remove_file(service.path("restart-limit"));
                    service.file("restart-limit", &text);
                    again(service);
                    assert_eq!(limit(service), Some((number as u8, 60)));
                }
            });
        }
    }),
    case("changes_removed_soon_after_the_start", || {
        with(&[SOON, ("restart-limit", "3 60"), ("notification-fd", "5")], |service, _| {
            fs::remove_file(service.path("restart-limit")).unwrap();
            fs::remove_file(service.path("notification-fd")).unwrap();
            again(service);
            assert_eq!(limit(service), Some((0, 0)));
            assert_eq!(service.line(), "run: foo: (pid p) Ts");
        });
    }),
    case("changes_in_place", || {
        // The directory keeps its date.
        with(&[SOON, ("restart-limit", "3 60")], |service, _| {
            for number in 4..8 {
                let date = fs::metadata(&service.dir).unwrap().modified().unwrap();
                fs::write(service.path("restart-limit"), format!("{number} 60")).unwrap();
                assert_eq!(fs::metadata(&service.dir).unwrap().modified().unwrap(), date);
                again(service);
                assert_eq!(limit(service), Some((number, 60)));
            }
        });
    }),
    case("changes_by_a_rename", || {
        with(&[SOON, ("restart-limit", "3 60")], |service, _| {
            service.file("new", "9 90");
            fs::rename(service.path("new"), service.path("restart-limit")).unwrap();
            again(service);
            assert_eq!(limit(service), Some((9, 90)));
        });
    }),
    case("changes_behind_a_link", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.file("common/limit", "3 60");
        symlink("../../common/limit", service.probe().path("restart-limit")).unwrap();
        files(&service, &[SOON]);
        let _runsv = service.up();
        assert_eq!(limit(&service), Some((3, 60)));
        rig.place.file("common/limit", "4 60");
        again(&service);
        assert_eq!(limit(&service), Some((4, 60)));
    }),
    case("changes_behind_a_link_that_leads_nowhere_meanwhile", || {
        // Old enough for what was seen to be kept.
        with_old(&[SOON], |service| {
            service.rig.place.file("common/limit", "3 60");
            symlink("../../common/limit", service.path("restart-limit")).unwrap();
            rest(service);
            again(service);
            assert_eq!(limit(service), Some((3, 60)));
            fs::remove_file(service.rig.place.path("common/limit")).unwrap();
            again(service);
            again(service);
            assert_eq!(limit(service), Some((0, 0)));
            service.rig.place.file("common/limit", "4 60");
            again(service);
            assert_eq!(limit(service), Some((4, 60)));
        });
    }),
    case("changes_in_a_directory_at_rest", || {
        with_old(&[SOON], |service| {
            again(service);
            again(service);
            for number in 2..5 {
                service.file("restart-limit", &format!("{number} 60"));
                again(service);
                assert_eq!(limit(service), Some((number, 60)));
                fs::remove_file(service.path("restart-limit")).unwrap();
                again(service);
                assert_eq!(limit(service), Some((0, 0)));
            }
        });
    }),
    case("changes_of_the_service_directory_itself", || {
        // Another one under the same name is that of the next runsv.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe(), &[SOON]);
        let mut runsv = service.up();
        runsv.signal(Signal::SIGTERM);
        runsv.wait();
        service.file("restart-limit", "3 60");
        let _runsv = service.start();
        service.await_runs(2);
        assert_eq!(limit(&service), Some((3, 60)));
    }),
    case("changes_from_bad_to_good", || {
        with(&[SOON, ("restart-limit", "bad")], |service, runsv| {
            service.file("restart-limit", "3 60");
            again(service);
            assert_eq!((limit(service), warnings(runsv).len()), (Some((3, 60)), 1));
        });
    }),
    case("changes_from_good_to_bad", || {
        with(&[SOON, ("restart-limit", "3 60")], |service, runsv| {
            service.file("restart-limit", "bad");
            again(service);
            assert_eq!((limit(service), warnings(runsv).len()), (Some((0, 0)), 1));
        });
    }),
    case("changes_of_down_signal", || {
        // The process is asked by what was said at its start.
        with(&[SOON], |service, _| {
            service.finish().file("down-signal", "KILL");
            service.control("t");
            service.await_runs(2);
            service.control("t");
            service.await_runs(3);
            service.await_traces(&["run", by_term(), "run", "finish -1 9", "run"]);
        });
    }),
    case("changes_of_timeout_kill", || {
        with_stubborn(&[SOON], |service, _| {
            service.file("timeout-kill", "100").control("d");
            service.await_trace("TERM");
            let pid = service.runs()[0];
            assert!(
                within(Duration::from_millis(400), || service.stat().starts_with("down").then_some(()))
                    .is_none()
            );
            send(pid, Signal::SIGKILL);
            service.await_stat("down");
            service.control("u");
            let pid = service.await_runs(2);
            service.control("d");
            await_death(pid);
        });
    }),
    case("changes_of_timeout_finish", || {
        // That of the start whose end it follows.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[SOON, ("timeout-finish", "100")]);
        let _runsv = service.up();
        fs::remove_file(service.path("timeout-finish")).unwrap();
        service.tell("exit 1");
        service.await_runs(2);
        service.tell("exit 1");
        service.await_count("finish 1 0", 2);
        assert!(within(Duration::from_millis(400), || (service.starts() > 2).then_some(())).is_none());
        service.tell_finish("exit 0");
        service.await_runs(3);
    }),
    case("changes_of_notification_fd", || {
        with(&[SOON, ("notification-fd", "5")], |service, _| {
            service.file("notification-fd", "7");
            again(service);
            service.tell("(echo >&5) 2>/dev/null || echo closed >>trace");
            service.await_trace("closed");
            service.tell("echo >&7");
            service.await_ready(Some(true));
        });
    }),
    case("changes_of_restart_delay", || {
        with(&[("restart-delay", "60000")], |service, _| {
            service.tell("exit 1");
            service.await_doing(Doing::PausedStart);
            service.file("restart-delay", "50").control("u");
            service.await_runs(2);
            service.tell("exit 1");
            service.await_runs(3);
        });
    }),
    case("changes_of_restart_limit_keep_the_ends", || {
        with(&[SOON, ("restart-limit", "9 60")], |service, _| {
            for start in 2..4 {
                service.tell("exit 1");
                service.await_runs(start);
            }
            service.file("restart-limit", "4 60");
            service.tell("exit 1");
            service.await_runs(4);
            service.tell("exit 1");
            let state = service.await_doing(Doing::Failed);
            assert_eq!((state.starts, state.ends, state.limit), (4, 4, 4));
        });
    }),
    case("changes_of_finish_fails", || {
        with_finish(&[SOON], |service, _| {
            service.file("finish-fails", "0");
            service.tell("exit 1");
            service.await_runs(2);
            service.tell("exit 1");
            service.await_doing(Doing::Failed);
        });
    }),
    case("changes_of_oneshot", || {
        with_finish(&[SOON], |service, _| {
            service.file("oneshot", "").tell("exit 0");
            service.await_runs(2);
            fs::remove_file(service.path("oneshot")).unwrap();
            service.tell("exit 0");
            service.await_doing(Doing::Done);
            service.control("t");
            service.await_runs(3);
            service.tell("exit 0");
            service.await_runs(4);
        });
    }),
    case("changes_of_the_log_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().log_probe(), &[]);
        let _runsv = service.up();
        service.file("log/restart-limit", "1 60");
        for start in 1..3 {
            until("its start", || (service.log_runs().len() == start).then_some(()));
            until("a reader", || write_fifo(&service.path("log/hold"), b"exit 1\n").ok());
        }
        until_equal("failed", &Some(Doing::Failed), || {
            crate::told::state_in(&service.path("log")).map(|state| state.doing)
        });
    }),
];

/// A service whose directory has not changed for some time: what was found in it is known.
fn with_old(said: crate::told::Files<'_>, look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.probe(), said);
    let _runsv = service.up();
    rest(&service);
    look(&service);
}

/// Waits until the second in which the directory changed is long over.
fn rest(service: &Service<'_>) {
    let age = || fs::metadata(&service.dir).unwrap().modified().unwrap().elapsed().unwrap_or_default();
    until("an old directory", || (age() > Duration::from_millis(3100)).then_some(()));
}
