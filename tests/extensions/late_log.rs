//! A `log/` that appears after runsv began.
use crate::beside::{await_says, await_starts, kept, kept_log, kill, names, says, sv, up};
use crate::told::{Told, files};
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, await_death, is_alive, program};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

const BOTH: &str = "run: foo: (pid p) Ts; run: log: (pid p) Ts";

/// A service that does what it is told and has no log service, up.
pub fn with(look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    files(service.probe(), &[("restart-delay", "50")]);
    let mut runsv = service.up();
    look(&service, &mut runsv);
}

/// The next start.
pub fn again(service: &Service<'_>) {
    let next = service.starts() + 1;
    service.control("t");
    service.await_runs(next);
}

/// A log service is there, and it reads what `run` writes.
pub fn logs(service: &Service<'_>, line: &str) {
    service.tell(&format!("echo {line}"));
    until(line, || service.text("logged").lines().any(|logged| logged == line).then_some(()));
}

pub const CASES: &[Case] = &[
    case("late_log", || {
        with(|service, runsv| {
            service.log();
            let missing =
                "run: foo: (pid p) Ts; warning: foo/log: unable to open supervise/ok: file does not exist";
            assert_eq!(sv(service.rig, &["status", "foo"]), says(missing, 1));
            assert_eq!(service.log_runs().len(), 0, "not for the process that runs");
            again(service);
            service.await_log_stat("run");
            assert_eq!(service.line(), BOTH);
            logs(service, "first");
            again(service);
            logs(service, "second");
            assert_eq!((service.log_runs().len(), runsv.err().as_str()), (1, ""));
            let expected = ["control", "lock", "ok", "pid", "stat", "state", "status"];
            assert_eq!(names(&service.path("log/supervise")), expected);
        });
    }),
    case("late_log_is_drained", || {
        with(|service, runsv| {
            service.script("log/run", "echo run $$ >>trace; cat >>../logged; echo end >>trace");
            again(service);
            service.await_log_stat("run");
            service.script("finish", "echo last words");
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
            assert!(service.text("logged").contains("last words\n"));
            assert_eq!(service.log_trace(), ["run", "end"]);
        });
    }),
    case("late_log_that_is_down", || {
        with(|service, _| {
            service.log().file("log/down", "");
            again(service);
            service.await_log_stat("down");
            assert_eq!(service.line(), "run: foo: (pid p) Ts; down: log: Ts");
            assert_eq!(service.log_runs().len(), 0);
            service.tell("echo kept");
            service.control_log("u");
            until_equal("the log", &"kept\n".to_owned(), || service.text("logged"));
        });
    }),
    case("late_log_of_finish_and_scripts", || {
        with(|service, _| {
            service.log().script("finish", "echo finish").script("control/h", "echo script");
            again(service);
            service.await_log_stat("run");
            service.control("h");
            until("script", || service.text("logged").contains("script\n").then_some(()));
            again(service);
            until("finish", || service.text("logged").contains("finish\n").then_some(()));
        });
    }),
    case("late_log_by_every_start", || {
        for letters in ["k", "d", "o"] {
            with(|service, _| {
                service.log();
                if letters == "d" {
                    service.control("d");
                    service.await_stat("down");
                    service.control("u");
                } else if letters == "o" {
                    service.control("d");
                    service.await_stat("down");
                    service.control("o");
                } else {
                    service.control(letters);
                }
                service.await_runs(2);
                logs(service, "logged");
            });
        }
    }),
    case("late_log_of_a_service_that_was_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().file("down", "");
        let _runsv = service.supervise();
        service.log();
        service.control("u");
        service.await_runs(1);
        logs(&service, "logged");
    }),
    case("late_log_of_a_crash_by_the_second", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", "echo run $$ >>trace; echo line; exit 1");
        let _runsv = service.supervise();
        service.await_trace("run");
        service.log();
        until("a line", || service.text("logged").contains("line\n").then_some(()));
        service.await_log_stat("run");
    }),
    case("late_log_of_a_oneshot", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo did").script("finish", "echo undid"), &[("oneshot", "")]);
        let _runsv = service.supervise();
        service.await_line("done: foo: Ts");
        service.log();
        assert_eq!(sv(&rig, &["-w", "30", "restart", "foo"]), says("ok: done: foo: Ts", 0));
        until("it is logged", || service.text("logged").contains("did\n").then_some(()));
        service.await_line("done: foo: Ts; run: log: (pid p) Ts");
    }),
    case("late_log_and_readiness", || {
        with(|service, _| {
            service.log().file("notification-fd", "5");
            again(service);
            service.await_line("run: foo: (pid p) Ts, not ready; run: log: (pid p) Ts");
            service.tell("echo >&5; echo said");
            service.await_ready(Some(true));
            logs(service, "after");
        });
    }),
    case("late_log_with_settings", || {
        with(|service, _| {
            service.log_probe();
            files(service, &[("log/down-signal", "USR1"), ("log/restart-delay", "50")]);
            again(service);
            service.await_log_stat("run");
            service.control_log("d");
            service.await_scripts("asked", || service.log_trace().contains(&"USR1".into()).then_some(()));
        });
    }),
    case("late_log_behind_a_link", || {
        with(|service, _| {
            let elsewhere = service.rig.service("../elsewhere");
            elsewhere.script("run", "exec cat >>../sv/foo/logged");
            symlink("../../elsewhere", service.path("log")).unwrap();
            again(service);
            logs(service, "logged");
            assert!(elsewhere.path("supervise/ok").exists());
        });
    }),
    case("late_log_in_its_place", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        files(service.probe(), &[("restart-delay", "50")]);
        let _runsv = up(&service);
        service.log();
        crate::beside::control(&kept(&service), "t");
        await_starts(&service, 2);
        crate::beside::await_stat(&kept_log(&service), "run");
        logs(&service, "logged");
        await_says(&rig, "sv", "foo", BOTH);
        assert!(!service.path("log/supervise").exists());
    }),
    case("late_log_that_goes_again", || {
        // As ever: what runs, runs.
        with(|service, runsv| {
            service.log();
            again(service);
            service.await_log_stat("run");
            fs::rename(service.path("log"), service.path("gone")).unwrap();
            again(service);
            logs(service, "logged");
            assert!(is_alive(service.rig.place.text("sv/foo/gone/trace")[4..].trim().parse().unwrap()));
            assert_eq!(runsv.err(), "");
        });
    }),
    case("late_log_and_the_next_runsv", || {
        with(|service, runsv| {
            service.log();
            again(service);
            service.await_log_stat("run");
            let log = until("the log service", || service.log_runs().first().copied());
            kill(runsv, service.runs()[1]);
            // Nobody writes to it any more.
            await_death(log);
            let _runsv = service.start();
            service.await_runs(3);
            logs(service, "logged");
        });
    }),
    case("late_log_soon_after_the_start", || {
        // Within the second in which the directory was looked at.
        for _ in 0..5 {
            with(|service, _| {
                again(service);
                service.log();
                again(service);
                logs(service, "logged");
            });
        }
    }),
    case("late_log_costs_nothing", || {
        let rig = Rig::new();
        let there = rig.place.command("strace").args(["-o", "/dev/null", "true"]).status();
        if !there.is_ok_and(|done| done.success()) {
            skip("no strace");
        }
        let service = rig.service("foo");
        service.script("run", "echo run $$ >>../trace\nexec sleep 1000");
        let mut command = rig.place.command("strace");
        command.args(["-qq", "-o"]).arg(rig.place.path("calls")).arg(program("runsv")).arg("foo");
        let _strace = rig.place.start(command.current_dir(rig.place.path("sv")));
        let start = |count: usize| {
            until("a start", || (rig.place.text("sv/trace").lines().count() == count).then_some(()));
            service.await_stat("run");
        };
        start(1);
        let age = || fs::metadata(&service.dir).unwrap().modified().unwrap().elapsed().unwrap_or_default();
        until("an old directory", || (age() > Duration::from_millis(3100)).then_some(()));
        for count in 2..5 {
            service.control("t");
            start(count);
        }
        let text = rig.place.text("calls");
        // At the start of runsv, at the first start of run, and once more when the directory is at rest.
        let looks = text.lines().filter(|line| line.contains("\"log\"")).count();
        assert_eq!(looks, 3, "{text}");
    }),
];
