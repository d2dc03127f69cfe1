//! `sv check` and `./check`.
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use runit_tests::fake::Fake;
use runit_tests::place::Output;
use runit_tests::rig::{Rig, Service, await_death, masked};
use runit_tests::status::{DOWN, FINISH, RUN, Status};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, within};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

pub const CASES: &[Case] = &[
    case("check_none", || {
        let rig = Rig::new();
        let _fake = running(&rig.service("foo"));
        ok(&rig.sv(&["check", "foo"]), "run: foo: (pid p) Ts");
    }),
    case("check_passes", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = running(service.script("check", "pwd >where; echo $0 $# >args; exit 0"));
        ok(&rig.sv(&["check", "foo"]), "run: foo: (pid p) Ts");
        assert_eq!(service.text("where").trim_end(), service.dir.to_str().unwrap());
        assert_eq!(service.text("args"), "check 0\n");
    }),
    case("check_fails", || {
        let rig = Rig::new();
        let _fake = running(rig.service("foo").script("check", "exit 1"));
        timeout(&rig.sv(&["-w", "1", "check", "foo"]), "run: foo: (pid p) Ts");
    }),
    case("check_is_asked_again", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = running(service.script("check", "echo >>asked; ! mkdir first 2>/dev/null"));
        let mut sv = rig.start_sv(&["check", "foo"]);
        assert_eq!(sv.wait().code(), Some(0));
        assert_eq!(masked(&sv.out()), "ok: run: foo: (pid p) Ts\n");
        assert!(service.text("asked").len() >= 2);
    }),
    case("check_of_a_log_service", || {
        let rig = Rig::new();
        let _fake = running(rig.service("foo/log").script("check", "exit 1"));
        timeout(&rig.sv(&["-w", "0", "check", "foo/log"]), "run: foo/log: (pid p) Ts");
    }),
    case("check_has_svs_environment_and_no_stdout", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let text = "echo $MARK >mark; (echo x) 2>/dev/null && to=open || to=closed; echo $to >stdout";
        let _fake = running(service.script("check", text));
        let mut command = rig.command("sv", &["check", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")).env("MARK", "here"));
        ok(&done, "run: foo: (pid p) Ts");
        assert_eq!((service.text("mark").as_str(), service.text("stdout").as_str()), ("here\n", "closed\n"));
    }),
    case("check_complains_on_2", || {
        let rig = Rig::new();
        let _fake = running(rig.service("foo").script("check", "echo not so good >&2; exit 0"));
        let done = rig.sv(&["check", "foo"]);
        assert_eq!((masked(&done.out).as_str(), done.code), ("ok: run: foo: (pid p) Ts\n", Some(0)));
        assert_eq!(done.err, "not so good\n");
    }),
    case("check_not_executable", || {
        let rig = Rig::new();
        let _fake = running(rig.service("foo").file("check", ""));
        let done = rig.sv(&["check", "foo"]);
        assert_eq!(done.err, "warning: unable to run foo/check: access denied\n");
        assert_eq!((masked(&done.out).as_str(), done.code), ("ok: run: foo: (pid p) Ts\n", Some(0)));
    }),
    case("check_cannot_be_looked_at", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        std::os::unix::fs::symlink("check", service.path("check")).unwrap();
        let _fake = running(&service);
        let done = rig.sv(&["-w", "0", "check", "foo"]);
        assert!(done.err.starts_with("warning: unable to stat foo/check: symbolic link loop\n"), "{done:?}");
        assert_eq!((masked(&done.out).as_str(), done.code), ("timeout: run: foo: (pid p) Ts\n", Some(1)));
    }),
    case("check_of_one_that_shall_be_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = service.script("check", "echo >>asked; exit 1").fake(Status::now(DOWN, 0, b'd'));
        ok(&rig.sv(&["check", "foo"]), "down: foo: Ts, normally up");
        fake.set(Status::now(RUN, 7, b'd'));
        timeout(&rig.sv(&["-w", "0", "check", "foo"]), "run: foo: (pid p) Ts, want down");
        fake.set(Status::now(FINISH, 7, b'd'));
        timeout(&rig.sv(&["-w", "0", "check", "foo"]), "finish: foo: (pid p) Ts, want down");
        assert_eq!(service.text("asked"), "");
    })
    .since("2.3.1"),
    case("check_of_one_that_is_not_up_yet", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(Status::now(DOWN, 0, b'u'));
        timeout(&rig.sv(&["-w", "0", "check", "foo"]), "down: foo: Ts, normally up, want up");
        let mut sv = rig.start_sv(&["check", "foo"]);
        fake.set(Status::now(RUN, 7, b'u'));
        assert_eq!(sv.wait().code(), Some(0));
    })
    .since("2.3.1"),
    case("check_sends_nothing", || {
        let rig = Rig::new();
        let fake = running(&rig.service("foo"));
        rig.sv(&["check", "foo"]);
        assert_eq!(fake.taken(), "");
    }),
    case("check_holds_up_start", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = service.script("check", "test -f ready").fake(Status::now(DOWN, 0, b'd'));
        let mut sv = rig.start_sv(&["start", "foo"]);
        fake.await_command("u");
        fake.set(Status::now(RUN, 7, b'u'));
        let other = rig.sv(&["-w", "0", "check", "foo"]);
        timeout(&other, "run: foo: (pid p) Ts");
        assert_eq!(sv.out(), "");
        service.file("ready", "");
        assert_eq!(sv.wait().code(), Some(0));
    }),
    case("check_does_not_hold_up_stop", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = running(service.script("check", "echo >>asked; exit 1"));
        let mut sv = rig.start_sv(&["stop", "foo"]);
        fake.await_command("d");
        fake.set(Status::now(DOWN, 0, b'd'));
        assert_eq!(sv.wait().code(), Some(0));
        assert_eq!(service.text("asked"), "");
    }),
    case("check_killed_is_no_success", || {
        let rig = Rig::new();
        let _fake = running(rig.service("foo").script("check", "kill -9 $$"));
        timeout(&rig.sv(&["-w", "1", "check", "foo"]), "run: foo: (pid p) Ts");
    })
    .dev("DEV-32"),
    case("check_that_hangs_is_ended", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = running(service.script("check", "echo run $$ >>trace; exec sleep 1000"));
        timeout(&rig.sv(&["-w", "1", "check", "foo"]), "run: foo: (pid p) Ts");
        await_death(service.runs()[0]);
    })
    .dev("DEV-53"),
    case("check_that_hangs_does_not_hold_up_others", || {
        let rig = Rig::new();
        let _foo = running(rig.service("foo").script("check", "exec sleep 1000"));
        let _bar = running(&rig.service("bar"));
        let done = rig.sv(&["-w", "1", "check", "foo", "bar"]);
        let text = "ok: run: bar: (pid p) Ts\ntimeout: run: foo: (pid p) Ts\n";
        assert_eq!((masked(&done.out).as_str(), done.code), (text, Some(1)));
    })
    .dev("DEV-53"),
    case("check_ends_with_sv", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = running(service.script("check", "echo run $$ >>trace; exec sleep 1000"));
        for (count, signal) in [(1, Signal::SIGINT), (2, Signal::SIGHUP)] {
            let mut sv = rig.start_sv(&["-w", "1000", "check", "foo"]);
            let check = until("the check", || service.runs().get(count - 1).copied());
            // As a terminal does.
            killpg(Pid::from_raw(sv.pid()), signal).expect("a group");
            assert_eq!(sv.wait().signal(), Some(signal as i32));
            await_death(check);
        }
    }),
    case("check_ends_with_sv_at_any_moment", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = running(service.script("check", "echo run $$ >>trace; exec sleep 1000"));
        for moment in 0..60 {
            let mut sv = rig.start_sv(&["-w", "1000", "check", "foo"]);
            // From before its start to some time after it.
            std::thread::sleep(Duration::from_micros(moment * 100));
            sv.signal(Signal::SIGTERM);
            // NetBSD loses a signal that comes while execve(2) puts the program in its place.
            if cfg!(target_os = "netbsd") && within(Duration::from_secs(2), || sv.ended()).is_none() {
                sv.signal(Signal::SIGTERM);
            }
            sv.wait();
        }
        // The last says that those before it had the time to leave a trace.
        let count = service.runs().len();
        let mut last = rig.start_sv(&["-w", "1000", "check", "foo"]);
        until("the last", || (service.runs().len() > count).then_some(()));
        last.signal(Signal::SIGTERM);
        last.wait();
        service.runs().into_iter().for_each(await_death);
    })
    .ours(),
    case("check_without_write_permission", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = running(&service);
        rig.place.chmod(service.path("supervise/ok"), 0o400);
        rig.place.chmod(service.path("supervise/control"), 0o400);
        let mut command = rig.unprivileged("sv", &["check", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        assert!(masked(&done.out).starts_with("ok: run: foo: (pid p) Ts"), "{done:?}");
        assert_eq!(done.code, Some(0));
    })
    .dev("DEV-54"),
];

fn running(service: &Service<'_>) -> Fake {
    service.fake(Status::now(RUN, 7, b'u'))
}

fn ok(done: &Output, text: &str) {
    let line = format!("ok: {text}\n");
    assert_eq!((masked(&done.out), done.err.as_str(), done.code), (line, "", Some(0)));
}

fn timeout(done: &Output, text: &str) {
    let line = format!("timeout: {text}\n");
    assert_eq!((masked(&done.out), done.err.as_str(), done.code), (line, "", Some(1)));
}
