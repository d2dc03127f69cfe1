//! sv waiting for a service to obey: what satisfies it, and what it says when nothing does. The
//! supervisor is a fake one, so that the moment of every change is chosen.
use runit_tests::fake::Fake;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, masked, program};
use runit_tests::status::{DOWN, FINISH, RUN, Status};
use runit_tests::suite::{Case, case, needs_inotify};
use runit_tests::wait::until;
use std::thread;
use std::time::{Duration, Instant};

pub const OLD: i32 = 7;
const NEW: i32 = 8;

pub const CASES: &[Case] = &[
    case("sv_wait_up", || {
        obeys("up", "u", down(b'd'), || run(NEW, b'u'), "ok: run: foo: (pid p) Ts");
        obeys("start", "u", down(b'd'), || run(NEW, b'u'), "ok: run: foo: (pid p) Ts");
    }),
    case("sv_wait_down", || {
        obeys("down", "d", run(OLD, b'u'), || down(b'd'), "ok: down: foo: Ts, normally up");
        obeys("stop", "d", run(OLD, b'u'), || down(b'd'), "ok: down: foo: Ts, normally up");
        obeys("force-stop", "d", run(OLD, b'u'), || down(b'd'), "ok: down: foo: Ts, normally up");
    }),
    case("sv_wait_term", || {
        let text = "ok: run: foo: (pid p) Ts";
        obeys("term", "t", run(OLD, b'u'), || run(NEW, b'u'), text);
        obeys("try-restart", "tc", run(OLD, b'u'), || run(NEW, b'u'), text);
        obeys("restart", "tcu", run(OLD, b'u'), || run(NEW, b'u'), text);
        obeys("force-restart", "tcu", run(OLD, b'u'), || run(NEW, b'u'), text);
        obeys("force-reload", "tc", run(OLD, b'u'), || run(NEW, b'u'), text);
        obeys("kill", "k", run(OLD, b'u'), || run(NEW, b'u'), text);
    }),
    case("sv_wait_term_when_down", || {
        for (word, bytes) in [("term", "t"), ("kill", "k"), ("try-restart", "tc")] {
            obeys(word, bytes, down(b'd'), || down(b'd'), "ok: down: foo: Ts, normally up");
        }
    }),
    case("sv_wait_once", || {
        obeys("once", "o", down(b'd'), || run(NEW, b'd'), "ok: run: foo: (pid p) Ts, want down");
        obeys(
            "once",
            "o",
            run(OLD, b'u'),
            || run(OLD, b'd').before(50),
            "ok: run: foo: (pid p) Ts, want down",
        );
    }),
    case("sv_wait_pause", || {
        let paused = Status { paused: 1, ..run(OLD, b'u') };
        obeys("pause", "p", run(OLD, b'u'), || paused, "ok: run: foo: (pid p) Ts, paused");
        obeys("cont", "c", paused, || run(OLD, b'u'), "ok: run: foo: (pid p) Ts");
        obeys("pause", "p", down(b'd'), || down(b'd'), "ok: down: foo: Ts, normally up");
        obeys("cont", "c", down(b'd'), || down(b'd'), "ok: down: foo: Ts, normally up");
    }),
    case("sv_wait_signals", || {
        for word in ["hup", "alarm", "interrupt", "quit", "1", "2"] {
            obeys(word, &word[..1], run(OLD, b'u'), || run(OLD, b'u'), "ok: run: foo: (pid p) Ts");
        }
    }),
    case("sv_wait_exit", || {
        for (word, bytes) in [("exit", "x"), ("shutdown", "x"), ("force-shutdown", "x")] {
            let rig = Rig::new();
            let fake = rig.service("foo").fake(run(OLD, b'u'));
            let sv = rig.start_sv(&["-v", word, "foo"]);
            fake.await_command(bytes);
            drop(fake);
            ends(sv, "ok: foo: runsv not running\n", 0);
        }
    }),
    case("sv_exit_without_runsv", || {
        let rig = Rig::new();
        drop(rig.service("foo").fake(run(OLD, b'u')));
        for word in ["exit", "shutdown", "force-shutdown", "X", "e", "x"] {
            let done = rig.sv(&[word, "foo"]);
            assert_eq!((done.out.as_str(), done.code), ("ok: foo: runsv not running\n", Some(0)), "{word}");
        }
    }),
    case("sv_command_without_runsv", || {
        let rig = Rig::new();
        drop(rig.service("foo").fake(run(OLD, b'u')));
        for word in ["up", "start", "restart", "hup", "reload", "force-stop", "check"] {
            let done = rig.sv(&[word, "foo"]);
            assert_eq!((done.out.as_str(), done.code), ("fail: foo: runsv not running\n", Some(1)), "{word}");
        }
    }),
    case("sv_command_to_one_never_supervised", || {
        let rig = Rig::new();
        rig.service("foo");
        let text = "warning: foo: unable to open supervise/control: file does not exist\n";
        let done = rig.sv(&["up", "foo"]);
        assert_eq!((done.out.as_str(), done.code), (text, Some(1)));
    })
    .since("2.3.1"),
    case("sv_command_needs_only_control", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = service.fake(run(OLD, b'u'));
        std::fs::remove_file(service.path("supervise/ok")).unwrap();
        std::fs::remove_file(service.path("supervise/status")).unwrap();
        let done = rig.sv(&["hup", "foo"]);
        assert_eq!((done.out.as_str(), done.code, fake.taken().as_str()), ("", Some(0), "h"));
    })
    .since("2.3.1"),
    case("sv_command_is_sent_though_the_wish_is_there", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(run(OLD, b'u'));
        rig.sv(&["up", "foo"]);
        assert_eq!(fake.taken(), "u");
        fake.set(Status { got_term: 1, ..run(OLD, b'd') });
        rig.sv(&["down", "foo"]);
        assert_eq!(fake.taken(), "d");
    })
    .since("2.3.1"),
    case("sv_command_without_permission", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = service.fake(run(OLD, b'u'));
        rig.place.chmod(service.path("supervise/control"), 0o400);
        rig.place.chmod(service.path("supervise/ok"), 0o666);
        let mut command = rig.unprivileged("sv", &["up", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        let text = "warning: foo: unable to open supervise/control: access denied\n";
        // 2.1.2 sends nothing to one that is wanted up: it finds no trouble.
        assert_eq!((done.out.as_str(), done.code), (text, Some(1)));
    })
    .since("2.3.1"),
    case("sv_command_control_is_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = service.fake(run(OLD, 0));
        std::fs::remove_file(service.path("supervise/control")).unwrap();
        service.rig.place.dir(service.path("supervise/control"));
        let done = rig.sv(&["up", "foo"]);
        let text = "warning: foo: unable to open supervise/control: is a directory\n";
        assert_eq!((done.out.as_str(), done.code), (text, Some(1)));
    }),
    case("sv_wait_runsv_dies", || {
        for word in ["start", "stop", "restart"] {
            let rig = Rig::new();
            let fake = rig.service("foo").fake(Status { state: 7, ..down(0) });
            let sv = rig.start_sv(&[word, "foo"]);
            until("a command", || Some(()).filter(|()| !fake.taken().is_empty()));
            drop(fake);
            ends(sv, "fail: foo: runsv not running\n", 1);
        }
    }),
    case("sv_wait_bad_status", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(down(b'd'));
        let sv = rig.start_sv(&["start", "foo"]);
        fake.await_command("u");
        fake.put(b"bad");
        ends(sv, "warning: foo: unable to read supervise/status: bad format\n", 1);
    }),
    case("sv_wait_is_not_for_finish", || {
        // Neither down nor up: ./finish runs.
        let rig = Rig::new();
        for (word, bytes, last) in [("stop", "d", down(b'd')), ("start", "u", run(NEW, b'u'))] {
            let fake = rig.service(word).fake(Status { state: FINISH, ..run(OLD, 0) });
            let sv = rig.start_sv(&[word, word]);
            fake.await_command(bytes);
            fake.set(Status { state: FINISH, ..run(9, last.want) });
            // Another sv, with less patience, has looked at it meanwhile.
            let other = rig.sv(&["-w", "0", word, word]);
            assert!(other.out.starts_with("timeout: finish: "), "{other:?}");
            assert_eq!(sv.out(), "");
            fake.taken();
            fake.set(last);
            ends_with(sv, "ok: ", 0);
        }
    }),
    case("sv_timeout", || {
        for (word, text) in [
            ("start", "timeout: down: foo: Ts, normally up, want up\n"),
            ("restart", "timeout: down: foo: Ts, normally up, want up\n"),
            ("force-restart", "kill: down: foo: Ts, normally up, want up\n"),
        ] {
            let rig = Rig::new();
            let _fake = rig.service("foo").fake(down(b'u').before(5));
            let done = rig.sv(&["-w", "1", word, "foo"]);
            assert_eq!((masked(&done.out).as_str(), done.code), (text, Some(1)));
        }
    }),
    case("sv_timeout_w", || takes(&["-w", "2"], None, 2)),
    case("sv_timeout_w_rest_is_ignored", || takes(&["-w1x9"], None, 1)),
    case("sv_timeout_w_without_digits", || takes(&["-w", "x"], None, 0)),
    case("sv_timeout_w_last_one_counts", || takes(&["-w", "9", "-w", "1"], None, 1)),
    case("sv_timeout_svwait", || takes(&["-v"], Some("1"), 1)),
    case("sv_timeout_svwait_odd", || takes(&["-v"], Some("-5"), 0)),
    case("sv_timeout_w_over_svwait", || takes(&["-w", "1"], Some("9"), 1)),
    case("sv_timeout_7_seconds", || takes(&["-v"], None, 7)),
    case("sv_svwait_does_not_make_it_wait", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").fake(down(b'd'));
        let mut command = rig.command("sv", &["up", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")).env("SVWAIT", "3"));
        assert_eq!((done.out.as_str(), done.code), ("", Some(0)));
    }),
    case("sv_force_stop_kills", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(run(OLD, b'u').before(5));
        let mut sv = rig.start_sv(&["-w", "1", "force-stop", "foo"]);
        fake.await_command("d");
        fake.set(Status { got_term: 1, ..run(OLD, b'd').before(5) });
        assert_eq!(sv.wait().code(), Some(1));
        assert_eq!(masked(&sv.out()), "kill: run: foo: (pid p) Ts, want down, got TERM\n");
        assert_eq!(fake.taken(), "k");
    }),
    case("sv_wait_several_in_order_of_completion", || {
        let rig = Rig::new();
        let [a, b, c] = ["a", "b", "c"].map(|name| rig.service(name).fake(down(b'd')));
        let mut sv = rig.start_sv(&["start", "a", "nothing", "b", "c"]);
        let missing = "fail: nothing: unable to change to service directory: file does not exist\n";
        for fake in [&a, &b, &c] {
            fake.await_command("u");
        }
        let mut said = missing.to_owned();
        for (fake, name) in [(&c, "c"), (&a, "a"), (&b, "b")] {
            fake.set(run(NEW, b'u'));
            said.push_str(&format!("ok: run: {name}: (pid p) Ts\n"));
            until("the line", || Some(()).filter(|()| masked(&sv.out()) == said));
        }
        assert_eq!(sv.wait().code(), Some(1));
    }),
    case("sv_wait_counts_failures", || {
        let rig = Rig::new();
        let _fakes: Vec<Fake> = ["a", "b"].map(|name| rig.service(name).fake(down(b'd'))).into();
        let done = rig.sv(&["-w", "0", "start", "a", "nothing", "b"]);
        assert_eq!(done.code, Some(3), "{done:?}");
        assert_eq!(done.out.matches("timeout: down: ").count(), 2);
    }),
    case("sv_same_service_twice", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(down(b'd'));
        let sv = rig.start_sv(&["start", "foo", "foo"]);
        let mut got = String::new();
        until("two commands", || {
            got.push_str(&fake.taken());
            (got == "uu").then_some(())
        });
        fake.set(run(NEW, b'u'));
        ends(sv, "ok: run: foo: (pid p) Ts\nok: run: foo: (pid p) Ts\n", 0);
    }),
    case("sv_wait_for_many_with_few_descriptors", || {
        // As below a process 1 whose children may open 64 files.
        let rig = Rig::new();
        let names: Vec<String> = (0..40).map(|number| format!("s{number}")).collect();
        let fakes: Vec<Fake> = names.iter().map(|name| rig.service(name).fake(down(b'd'))).collect();
        let mut command = rig.place.command("sh");
        command
            .args(["-c", "ulimit -S -n 24 && exec \"$0\" shutdown \"$@\""])
            .arg(program("sv"))
            .args(&names);
        let mut sv = rig.place.start(command.env("SVDIR", rig.place.path("sv")));
        for fake in fakes {
            fake.await_command("x");
        }
        let ended = sv.wait().code();
        assert_eq!((sv.out().lines().count(), ended), (40, Some(0)), "{}", sv.out());
        assert!(sv.out().lines().all(|line| line.ends_with(": runsv not running")), "{}", sv.out());
    }),
    case("sv_answers_soon", || {
        // The record changes a moment after sv looked in vain.
        answers_soon(Duration::from_millis(30), 1);
    })
    .dev("DEV-50"),
    case("sv_answers_soon_after_a_long_wait", || {
        // C looks 360 ms later; a machine that stands still for a moment makes one look short.
        answers_soon(Duration::from_millis(900), 2);
    })
    .dev("DEV-50"),
    case("sv_restart_is_not_satisfied_by_the_old_process", || {
        let rig = Rig::new();
        let now = run(OLD, b'u');
        // Its label is of this second, or later.
        let fake = rig.service("foo").fake(Status { secs: now.secs + 1, ..now });
        let sv = rig.start_sv(&["-w", "1", "restart", "foo"]);
        fake.await_command("tcu");
        ends(sv, "timeout: run: foo: (pid p) Ts\n", 1);
    })
    .dev("DEV-51"),
    case("sv_once_is_not_satisfied_by_an_old_record", || {
        let rig = Rig::new();
        let now = down(b'd');
        let fake = rig.service("foo").fake(Status { secs: now.secs + 1, ..now });
        let sv = rig.start_sv(&["-w", "1", "once", "foo"]);
        fake.await_command("o");
        ends(sv, "timeout: down: foo: Ts, normally up\n", 1);
    })
    .dev("DEV-51"),
    case("sv_stop_is_not_satisfied_before_the_command_was_read", || {
        // Down for the moment between two starts, and wanted up.
        let rig = Rig::new();
        let fake = rig.service("foo").fake(down(b'u'));
        let sv = rig.start_sv(&["-w", "1", "stop", "foo"]);
        fake.await_command("d");
        ends(sv, "timeout: down: foo: Ts, normally up, want up\n", 1);
    })
    .dev("DEV-51"),
    case("sv_shutdown_sees_the_end_that_another_follows", || {
        needs_inotify();
        let rig = Rig::new();
        let service = rig.service("foo");
        let next = service.fake(run(OLD, b'u'));
        let last = std::fs::File::open(service.path("supervise/ok")).unwrap();
        let sv = rig.start_sv(&["shutdown", "foo"]);
        next.await_command("x");
        drop(last);
        next.set(run(NEW, b'u'));
        ends(sv, "ok: foo: runsv not running\n", 0);
    })
    .ours(),
    case("sv_force_shutdown_spares_the_next_supervisor", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(run(OLD, b'u'));
        let sv = rig.start_sv(&["-w", "1", "force-shutdown", "foo"]);
        fake.await_command("x");
        fake.set(run(NEW, b'u'));
        ends(sv, "timeout: run: foo: (pid p) Ts\n", 1);
        assert_eq!(fake.taken(), "");
    })
    .ours(),
];

pub fn run(pid: i32, want: u8) -> Status {
    Status::now(RUN, pid, want)
}

pub fn down(want: u8) -> Status {
    Status::now(DOWN, 0, want)
}

/// With -v sv sends the bytes for the word, and `after` is what it waits for. That record is made when
/// sv waits already: C takes none whose second is before the one in which it began.
fn obeys(word: &str, bytes: &str, before: Status, after: impl Fn() -> Status, text: &str) {
    let rig = Rig::new();
    // 2.1.2 does not send what the record says is wished already.
    let want = if bytes.starts_with(char::from(before.want)) { 0 } else { before.want };
    let fake = rig.service("foo").fake(Status { want, ..before }.before(100));
    let sv = rig.start_sv(&["-v", word, "foo"]);
    fake.await_command(bytes);
    fake.set(after());
    ends(sv, &format!("{text}\n"), 0);
}

pub fn ends(mut sv: Running, text: &str, code: i32) {
    let ended = sv.wait().code();
    assert_eq!((masked(&sv.out()).as_str(), sv.err().as_str(), ended), (text, "", Some(code)));
}

fn ends_with(mut sv: Running, start: &str, code: i32) {
    let ended = sv.wait().code();
    assert!(sv.out().starts_with(start), "{}", sv.out());
    assert_eq!((sv.err().as_str(), ended), ("", Some(code)));
}

/// In vain so long: not less than the seconds, and not a second more than a busy machine explains.
fn takes(args: &[&str], svwait: Option<&str>, secs: u64) {
    let rig = Rig::new();
    let _fake = rig.service("foo").fake(down(b'd').before(5));
    let mut command = rig.command("sv", args);
    command.args(["up", "foo"]).env("SVDIR", rig.place.path("sv"));
    if let Some(svwait) = svwait {
        command.env("SVWAIT", svwait);
    }
    let start = Instant::now();
    let done = rig.place.run(&mut command);
    let time = start.elapsed();
    assert_eq!((masked(&done.out).as_str(), done.code), ("timeout: down: foo: Ts, normally up\n", Some(1)));
    assert!(time >= Duration::from_secs(secs), "{time:?}");
    assert!(time < Duration::from_secs(secs + 4), "{time:?}");
}

/// So many of the answers come soon after the change: on a busy machine not every one does.
fn answers_soon(pause: Duration, enough: usize) {
    let mut delays = Vec::new();
    for _ in 0..8 {
        delays.push(delay(pause));
        if delays.iter().filter(|delay| **delay < Duration::from_millis(100)).count() == enough {
            return;
        }
    }
    panic!("{delays:?}");
}

/// The time from a change to the end of sv, if the change comes that long after the command.
fn delay(pause: Duration) -> Duration {
    let rig = Rig::new();
    let fake = rig.service("foo").fake(run(OLD, b'u'));
    let mut sv = rig.start_sv(&["stop", "foo"]);
    fake.await_command("d");
    thread::sleep(pause);
    let start = Instant::now();
    fake.set(down(b'd'));
    sv.wait();
    start.elapsed()
}
