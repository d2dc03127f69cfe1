//! What sv makes of each word in each state: its line and its exit code.
use crate::failed::failed;
use crate::oneshot::{DONE, ONESHOT};
use crate::ready::FD;
use crate::told::{Told, files, with, with_run};
use runit::state::Doing;
use runit_tests::rig::{Rig, Service, program};
use runit_tests::suite::{Case, case};
use std::os::unix::fs::symlink;

const DOWN: &str = "down: foo: Ts, normally up";
const GONE: &str = "ok: foo: runsv not running";
const RUNS: &str = "run: foo: (pid p) Ts";
const NOT_READY: &str = "run: foo: (pid p) Ts, not ready";
const PAUSED: &str = "down: foo: Ts, normally up, want up, next start in Ts";
/// Fails at its first start only.
const SECOND: &str = "test -e first && exec sleep 1000; : >first; exit 1";

/// A word that is to be waited for, for a second if it does not come to that.
fn word(service: &Service<'_>, word: &str, line: &str, code: i32) {
    // One that has it in its power is given the time that a busy machine takes.
    let seconds = if line.starts_with("timeout") || line.starts_with("kill") { "1" } else { "20" };
    service.obeys(&["-v", "-w", seconds, word], line, code);
}

fn when_done(said: &str, line: &str, code: i32) {
    with_run("exit 0", &[ONESHOT], |service, _| {
        service.await_doing(Doing::Done);
        word(service, said, line, code);
    });
}

fn when_failed(said: &str, line: &str, code: i32) {
    with_run("exit 1", &[("restart-delay", "50"), ("restart-limit", "2 60")], |service, _| {
        service.await_doing(Doing::Failed);
        word(service, said, line, code);
    });
}

fn when_not_ready(said: &str, line: &str, code: i32) {
    with(&[FD, ("restart-delay", "50")], |service, _| word(service, said, line, code));
}

fn when_ready(said: &str, line: &str, code: i32) {
    with_run("echo >&5; exec sleep 1000", &[FD, ("restart-delay", "50")], |service, _| {
        service.await_ready(Some(true));
        word(service, said, line, code);
    });
}

fn when_paused(said: &str, line: &str, code: i32) {
    with_run(SECOND, &[("restart-delay", "60000")], |service, _| {
        service.await_doing(Doing::PausedStart);
        word(service, said, line, code);
    });
}

fn ok(line: &str) -> String {
    format!("ok: {line}")
}

fn gave_up() -> String {
    failed("2 ends in 60 s, last: exit 1")
}

/// sv under the name of the service, as of a script in /etc/init.d: its code.
fn script(service: &Service<'_>, said: &str) -> Option<i32> {
    let link = service.rig.place.dir("init.d").join("foo");
    if !link.exists() {
        symlink(program("sv"), &link).unwrap();
    }
    let mut command = service.rig.place.command(&link);
    service.rig.place.run(command.args(["-w", "2", said]).env("SVDIR", service.rig.place.path("sv"))).code
}

pub const CASES: &[Case] = &[
    case("words_done_status", || when_done("status", DONE, 0)),
    case("words_done_start", || when_done("start", &ok(DONE), 0)),
    case("words_done_up", || when_done("up", &ok(DONE), 0)),
    case("words_done_stop", || when_done("stop", &ok(DOWN), 0)),
    case("words_done_down", || when_done("down", &ok(DOWN), 0)),
    case("words_done_force_stop", || when_done("force-stop", &ok(DOWN), 0)),
    case("words_done_restart", || when_done("restart", &ok(DONE), 0)),
    case("words_done_force_restart", || when_done("force-restart", &ok(DONE), 0)),
    case("words_done_try_restart", || when_done("try-restart", &ok(DONE), 0)),
    case("words_done_force_reload", || when_done("force-reload", &ok(DONE), 0)),
    case("words_done_reload", || when_done("reload", &ok(DONE), 0)),
    case("words_done_term", || when_done("term", &ok(DONE), 0)),
    case("words_done_kill", || when_done("kill", &ok(DONE), 0)),
    case("words_done_once", || when_done("once", &ok("done: foo: Ts, want down"), 0)),
    case("words_done_pause", || {
        // There is no process that would have to obey, and the flag is not waited for.
        with_run("exit 0", &[ONESHOT], |service, _| {
            service.await_doing(Doing::Done);
            let done = service.rig.sv(&["-v", "pause", "foo"]);
            assert!(done.code == Some(0) && done.out.starts_with("ok: done: foo: "), "{done:?}");
            service.await_line("done: foo: Ts, paused");
        });
    }),
    case("words_done_cont", || when_done("cont", &ok(DONE), 0)),
    case("words_done_hup", || when_done("hup", &ok(DONE), 0)),
    case("words_done_check", || when_done("check", &ok(DONE), 0)),
    case("words_done_exit", || when_done("exit", GONE, 0)),
    case("words_done_shutdown", || when_done("shutdown", GONE, 0)),
    case("words_done_force_shutdown", || when_done("force-shutdown", GONE, 0)),
    case("words_failed_status", || when_failed("status", &gave_up(), 0)),
    case("words_failed_start", || when_failed("start", &format!("fail: {}", gave_up()), 1)),
    case("words_failed_up", || when_failed("up", &format!("fail: {}", gave_up()), 1)),
    case("words_failed_stop", || when_failed("stop", &ok(DOWN), 0)),
    case("words_failed_down", || when_failed("down", &ok(DOWN), 0)),
    case("words_failed_force_stop", || when_failed("force-stop", &ok(DOWN), 0)),
    case("words_failed_restart", || when_failed("restart", &format!("fail: {}", gave_up()), 1)),
    case("words_failed_force_restart", || when_failed("force-restart", &format!("fail: {}", gave_up()), 1)),
    case("words_failed_try_restart", || when_failed("try-restart", &ok(&gave_up()), 0)),
    case("words_failed_term", || when_failed("term", &ok(&gave_up()), 0)),
    case("words_failed_kill", || when_failed("kill", &ok(&gave_up()), 0)),
    case("words_failed_once", || {
        // It has run once, whether or not its finish is over.
        with_run("exit 1", &[("restart-limit", "1 60")], |service, _| {
            service.await_doing(Doing::Failed);
            let done = service.rig.sv(&["-v", "-w", "20", "once", "foo"]);
            assert!(done.code == Some(0) && done.out.starts_with("ok: "), "{done:?}");
            service.await_line(DOWN);
            assert_eq!(service.starts(), 2);
        });
    }),
    case("words_failed_hup", || when_failed("hup", &ok(&gave_up()), 0)),
    case("words_failed_check", || when_failed("check", &format!("fail: {}", gave_up()), 1)),
    case("words_failed_exit", || when_failed("exit", GONE, 0)),
    case("words_failed_force_shutdown", || when_failed("force-shutdown", GONE, 0)),
    case("words_not_ready_status", || when_not_ready("status", NOT_READY, 0)),
    case("words_not_ready_start", || when_not_ready("start", &format!("timeout: {NOT_READY}"), 1)),
    case("words_not_ready_stop", || when_not_ready("stop", &ok(DOWN), 0)),
    case("words_not_ready_force_stop", || when_not_ready("force-stop", &ok(DOWN), 0)),
    case("words_not_ready_restart", || when_not_ready("restart", &format!("timeout: {NOT_READY}"), 1)),
    case("words_not_ready_try_restart", || {
        when_not_ready("try-restart", &format!("timeout: {NOT_READY}"), 1)
    }),
    case("words_not_ready_force_restart", || {
        when_not_ready("force-restart", &format!("kill: {NOT_READY}"), 1)
    }),
    case("words_not_ready_force_reload", || when_not_ready("force-reload", &format!("kill: {NOT_READY}"), 1)),
    case("words_not_ready_kill", || when_not_ready("kill", &format!("timeout: {NOT_READY}"), 1)),
    case("words_not_ready_once", || {
        when_not_ready("once", &ok("run: foo: (pid p) Ts, want down, not ready"), 0);
    }),
    case("words_not_ready_pause", || {
        when_not_ready("pause", &ok("run: foo: (pid p) Ts, paused, not ready"), 0)
    }),
    case("words_not_ready_hup", || when_not_ready("hup", &ok(NOT_READY), 0)),
    case("words_not_ready_check", || when_not_ready("check", &format!("timeout: {NOT_READY}"), 1)),
    case("words_not_ready_exit", || when_not_ready("exit", GONE, 0)),
    case("words_ready_status", || when_ready("status", RUNS, 0)),
    case("words_ready_start", || when_ready("start", &ok(RUNS), 0)),
    case("words_ready_restart", || when_ready("restart", &ok(RUNS), 0)),
    case("words_ready_try_restart", || when_ready("try-restart", &ok(RUNS), 0)),
    case("words_ready_force_restart", || when_ready("force-restart", &ok(RUNS), 0)),
    case("words_ready_kill", || when_ready("kill", &ok(RUNS), 0)),
    case("words_ready_check", || when_ready("check", &ok(RUNS), 0)),
    case("words_ready_once", || when_ready("once", &ok("run: foo: (pid p) Ts, want down"), 0)),
    case("words_paused_status", || when_paused("status", PAUSED, 0)),
    case("words_paused_start", || when_paused("start", &ok(RUNS), 0)),
    case("words_paused_stop", || when_paused("stop", &ok(DOWN), 0)),
    case("words_paused_restart", || when_paused("restart", &ok(RUNS), 0)),
    case("words_paused_try_restart", || when_paused("try-restart", &format!("timeout: {PAUSED}"), 1)),
    case("words_paused_check", || when_paused("check", &format!("timeout: {PAUSED}"), 1)),
    case("words_paused_once", || when_paused("once", &ok("run: foo: (pid p) Ts, want down"), 0)),
    case("words_paused_exit", || when_paused("exit", GONE, 0)),
    case("words_of_several_services", || {
        // One that fails does not hold up the others, and counts as one.
        let rig = Rig::new();
        let good = rig.service("foo");
        files(good.script("run", "echo >&5; exec sleep 1000"), &[FD, ("down", "")]);
        let bad = rig.service("bad");
        files(bad.script("run", "exit 1"), &[("restart-limit", "1 60"), ("down", "")]);
        let done = rig.service("one");
        files(done.script("run", "exit 0"), &[ONESHOT, ("down", "")]);
        let _all = [good.supervise(), bad.supervise(), done.supervise()];
        let told = rig.sv(&["-w", "60", "start", "foo", "bad", "one"]);
        let said = runit_tests::rig::masked(&told.out);
        let mut lines: Vec<&str> = said.lines().collect();
        lines.sort_unstable();
        let expected = [
            "fail: down: bad: Ts, failed (1 ends in 60 s, last: exit 1)",
            "ok: done: one: Ts, normally down",
            "ok: run: foo: (pid p) Ts, normally down",
        ];
        assert_eq!((lines, told.code), (expected.to_vec(), Some(1)));
    }),
    case("words_of_a_script_when_done", || {
        with_run("exit 0", &[ONESHOT], |service, _| {
            service.await_doing(Doing::Done);
            assert_eq!(script(service, "status"), Some(0));
            assert_eq!(script(service, "start"), Some(0));
            assert_eq!(script(service, "restart"), Some(0));
            assert_eq!(script(service, "stop"), Some(0));
            assert_eq!(script(service, "status"), Some(3));
        });
    }),
    case("words_of_a_script_when_failed", || {
        with_run("exit 1", &[("restart-delay", "50"), ("restart-limit", "2 60")], |service, _| {
            service.await_doing(Doing::Failed);
            assert_eq!(script(service, "status"), Some(3));
            assert_eq!(script(service, "start"), Some(1));
            assert_eq!(script(service, "restart"), Some(1));
            assert_eq!(script(service, "status"), Some(3));
            assert_eq!(script(service, "stop"), Some(0));
        });
    }),
    case("words_of_a_script_when_not_ready", || {
        with(&[FD], |service, _| {
            assert_eq!(script(service, "status"), Some(0));
            assert_eq!(script(service, "start"), Some(1));
        });
    }),
    case("words_of_a_script_when_paused", || {
        with_run(SECOND, &[("restart-delay", "60000")], |service, _| {
            service.await_doing(Doing::PausedStart);
            assert_eq!(script(service, "status"), Some(3));
            assert_eq!(script(service, "start"), Some(0));
        });
    }),
];
