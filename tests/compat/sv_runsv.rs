//! sv and runsv together: every command on a real service.
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, await_death, await_process_state, by_term, is_alive, masked};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case, needs_inotify};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    case("sv_real_status", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        let pid = service.await_runs(1);
        let out = rig.sv(&["status", "foo"]).out;
        assert_eq!(masked(&out), "run: foo: (pid p) Ts\n");
        assert!(out.contains(&format!("(pid {pid})")));
    }),
    case("sv_real_stop_and_start", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        let pid = service.await_runs(1);
        says(&rig, &["stop"], "ok: down: foo: Ts, normally up\n");
        assert!(!is_alive(pid));
        says(&rig, &["start"], "ok: run: foo: (pid p) Ts\n");
        assert!(is_alive(service.await_runs(2)));
    }),
    case("sv_real_shutdown_in_a_scan_directory", || {
        // The next runsv comes soon: sv must not miss the end of the last, as C's does now and then.
        needs_inotify();
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsvdir = crate::runsvdir::start(&rig, &["sv"]);
        for count in 1..6 {
            service.await_runs(count);
            // What follows a younger one has to wait.
            let secs = service.status().secs;
            until("a second", || (Status::now(0, 0, 0).secs > secs + 1).then_some(()));
            says(&rig, &["-w", "3", "shutdown"], "ok: foo: runsv not running\n");
        }
    })
    .ours(),
    case("sv_real_restart", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        let mut last = service.await_runs(1);
        for start in 2..4 {
            service.await_age();
            says(&rig, &["-w", "20", "restart"], "ok: run: foo: (pid p) Ts\n");
            let pid = service.await_runs(start);
            assert!(pid != last && !is_alive(last));
            last = pid;
        }
    }),
    case("sv_real_try_restart", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        says(&rig, &["stop"], "ok: down: foo: Ts, normally up\n");
        says(&rig, &["try-restart"], "ok: down: foo: Ts, normally up\n");
        says(&rig, &["start"], "ok: run: foo: (pid p) Ts\n");
        service.await_runs(2);
        rig.sv(&["-w", "20", "try-restart", "foo"]);
        service.await_runs(3);
    }),
    case("sv_real_reload", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        says(&rig, &["reload"], "ok: run: foo: (pid p) Ts\n");
        service.await_trace("HUP");
    }),
    case("sv_real_signals", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        for (word, name) in [
            ("hup", "HUP"),
            ("alarm", "ALRM"),
            ("interrupt", "INT"),
            ("quit", "QUIT"),
            ("1", "USR1"),
            ("2", "USR2"),
        ] {
            says(&rig, &[word], "");
            service.await_trace(name);
        }
    }),
    case("sv_real_pause_and_cont", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        let pid = service.await_runs(1);
        says(&rig, &["-v", "pause"], "ok: run: foo: (pid p) Ts, paused\n");
        await_process_state(pid, 'T');
        says(&rig, &["-v", "cont"], "ok: run: foo: (pid p) Ts\n");
        until("no longer stopped", || (runit_tests::rig::process_state(pid) != Some('T')).then_some(()));
    }),
    case("sv_real_restart_of_a_paused_one", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        says(&rig, &["-v", "pause"], "ok: run: foo: (pid p) Ts, paused\n");
        rig.sv(&["-w", "20", "restart", "foo"]);
        service.await_runs(2);
        service.await_stat("run");
    }),
    case("sv_real_once", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        says(&rig, &["-v", "once"], "ok: run: foo: (pid p) Ts, want down\n");
        service.tell("exit 0");
        service.await_stat("down");
        says(&rig, &["once"], "");
        service.await_runs(2);
    }),
    case("sv_real_kill", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().up();
        let pid = service.await_runs(1);
        says(&rig, &["kill"], "");
        await_death(pid);
        service.await_runs(2);
    }),
    case("sv_real_term", || {
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        says(&rig, &["term"], "");
        service.await_runs(2);
    }),
    case("sv_real_got_term", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().up();
        says(&rig, &["-w", "1", "stop"], "timeout: run: foo: (pid p) Ts, want down, got TERM\n");
        assert_eq!(masked(&rig.sv(&["status", "foo"]).out), "run: foo: (pid p) Ts, want down, got TERM\n");
    }),
    case("sv_real_force_stop", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().up();
        let pid = service.await_runs(1);
        says(&rig, &["-w", "1", "force-stop"], "kill: run: foo: (pid p) Ts, want down, got TERM\n");
        await_death(pid);
        service.await_stat("down");
    }),
    case("sv_real_force_restart", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().up();
        let pid = service.await_runs(1);
        service.await_age();
        says(&rig, &["-w", "1", "force-restart"], "kill: run: foo: (pid p) Ts, got TERM\n");
        await_death(pid);
        service.await_runs(2);
    }),
    case("sv_real_force_reload", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().up();
        let pid = service.await_runs(1);
        service.await_age();
        says(&rig, &["-w", "1", "force-reload"], "kill: run: foo: (pid p) Ts, got TERM\n");
        await_death(pid);
    }),
    case("sv_real_exit", || {
        let rig = Rig::new();
        let (_service, mut runsv) = up(&rig);
        says(&rig, &["exit"], "");
        assert_eq!(runsv.wait().code(), Some(0));
        says(&rig, &["exit"], "ok: foo: runsv not running\n");
    }),
    case("sv_real_shutdown", || {
        let rig = Rig::new();
        let (_service, mut runsv) = up(&rig);
        says(&rig, &["shutdown"], "ok: foo: runsv not running\n");
        assert_eq!(runsv.wait().code(), Some(0));
        let done = rig.sv(&["status", "foo"]);
        assert_eq!((done.out.as_str(), done.code), ("fail: foo: runsv not running\n", Some(1)));
    }),
    case("sv_real_check", || {
        let rig = Rig::new();
        let (_service, _runsv) = up(&rig);
        says(&rig, &["check"], "ok: run: foo: (pid p) Ts\n");
        says(&rig, &["stop"], "ok: down: foo: Ts, normally up\n");
        says(&rig, &["check"], "ok: down: foo: Ts, normally up\n");
    }),
    case("sv_real_normally_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().file("down", "").supervise();
        says(&rig, &["status"], "down: foo: Ts\n");
        says(&rig, &["start"], "ok: run: foo: (pid p) Ts, normally down\n");
    }),
    case("sv_real_log", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        // Without a shell: that of OpenBSD ends only after what runs in it.
        let _runsv = service.script("log/run", "exec cat >>../logged").probe().up();
        service.await_log_stat("run");
        says(&rig, &["status"], "run: foo: (pid p) Ts; run: log: (pid p) Ts\n");
        let done = rig.sv(&["stop", "foo/log"]);
        assert_eq!(masked(&done.out), "ok: down: foo/log: Ts, normally up\n");
        says(&rig, &["status"], "run: foo: (pid p) Ts; down: log: Ts, normally up\n");
    }),
    case("sv_real_several", || {
        let rig = Rig::new();
        let [a, b] = ["a", "b"].map(|name| rig.service(name));
        let _runsvs = [a.probe().up(), b.probe().up()];
        let done = rig.sv(&["stop", "a", "b"]);
        let mut lines: Vec<&str> = done.out.lines().map(|line| &line[..10]).collect();
        lines.sort_unstable();
        assert_eq!((lines, done.code), (vec!["ok: down: ", "ok: down: "], Some(0)));
        assert_eq!((a.stat().as_str(), b.stat().as_str()), ("down", "down"));
    }),
    case("sv_real_stop_waits_for_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.long_finish().probe().up();
        let mut sv = rig.start_sv(&["stop", "foo"]);
        service.await_trace(by_term());
        service.await_stat("finish, want down");
        assert!(sv.ended().is_none());
        let other = rig.sv(&["-w", "0", "stop", "foo"]);
        assert_eq!(masked(&other.out), "timeout: finish: foo: (pid p) Ts, want down\n");
        service.tell_finish("exit");
        assert_eq!(sv.wait().code(), Some(0));
        assert_eq!(masked(&sv.out()), "ok: down: foo: Ts, normally up\n");
    }),
    case("sv_real_stop_and_start_is_quick", || {
        // The pause between two starts is over when a command comes.
        let rig = Rig::new();
        let (service, _runsv) = up(&rig);
        let start = std::time::Instant::now();
        for start in 2..7 {
            rig.sv(&["stop", "foo"]);
            rig.sv(&["start", "foo"]);
            service.await_runs(start);
        }
        assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
    })
    .dev("DEV-30"),
];

/// A service that runs.
fn up(rig: &Rig) -> (Service<'_>, Running) {
    let service = rig.service("foo");
    let runsv = service.probe().up();
    (service, runsv)
}

/// sv does that to `foo` and says this.
fn says(rig: &Rig, words: &[&str], text: &str) {
    let done = rig.sv(&[words, &["foo"]].concat());
    let code = if text.starts_with("timeout") || text.starts_with("kill") { 1 } else { 0 };
    assert_eq!(
        (masked(&done.out).as_str(), done.err.as_str(), done.code),
        (text, "", Some(code)),
        "{words:?}"
    );
}
