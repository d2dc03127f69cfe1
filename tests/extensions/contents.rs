//! What cannot be understood: a warning at each start that names file and text, and it counts as absent.
use crate::told::{Files, Told, files, warnings, with};
use nix::unistd::geteuid;
use runit::service_directory::{EXTRAS, Extra};
use runit::state::{Doing, State};
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, by_term};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::os::unix::net::UnixListener;

/// All whose contents matter.
fn with_text() -> Vec<&'static str> {
    let are_text = |extra| !matches!(extra, Extra::Oneshot | Extra::Needs | Extra::Contain);
    names(are_text)
}

/// All that are files.
fn all() -> Vec<&'static str> {
    names(|extra| extra != Extra::Needs)
}

fn names(which: impl Fn(Extra) -> bool) -> Vec<&'static str> {
    let chosen = EXTRAS.iter().filter(|(extra, _)| which(*extra));
    chosen.map(|(_, name)| name.to_str().expect("a name")).collect()
}

/// Each of these texts is refused, the service runs, and nothing is said of it that the file would say.
fn refused(name: &str, texts: &[&str]) {
    for text in texts {
        with(&[(name, text)], |service, runsv| {
            let shown = text.trim_ascii_end();
            assert_eq!(runsv.err(), format!("runsv foo: warning: {name} ignored: {shown}\n"));
            is_plain(service);
        });
    }
}

/// What is known of a service without any of the files.
fn is_plain(service: &Service<'_>) {
    let state = service.state().expect("a line");
    let State { doing, ready, ends, limit, window, next, .. } = state;
    assert_eq!((doing, ready, ends, limit, window, next), (Doing::Run, None, 0, 0, 0, None), "{state:?}");
    assert_eq!(service.line(), "run: foo: (pid p) Ts");
    service.finish().control("d");
    service.await_trace(by_term());
    service.await_stat("down");
}

/// With something in the place of each of these files that is none: what runsv says of it.
fn each(names: &[&str], make: impl Fn(&Service<'_>, &str), warning: impl Fn(&str) -> Option<String>) {
    let rig = Rig::new();
    let service = rig.service("foo");
    service.probe();
    names.iter().for_each(|name| make(&service, name));
    let runsv = service.up();
    let sorted = |mut lines: Vec<String>| {
        lines.sort_unstable();
        lines
    };
    let warned = names.iter().filter_map(|name| warning(name)).collect();
    assert_eq!(sorted(warnings(&runsv)), sorted(warned));
    is_plain(&service);
}

/// What is read of a FIFO that nobody has opened to write: nothing, but for FreeBSD, where a FIFO has no end before it had
/// a writer.
fn read_of_a_fifo() -> &'static str {
    let rig = Rig::new();
    let path = rig.place.fifo("fifo");
    let opened = fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path);
    match opened.expect("nobody waits for a writer").read(&mut [0]) {
        Ok(_) => "",
        Err(why) if why.kind() == ErrorKind::WouldBlock => "unreadable: temporary failure",
        Err(why) => panic!("{why}"),
    }
}

/// Understood, without a word.
fn taken(said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    with(said, |service, runsv| {
        assert_eq!(runsv.err(), "");
        look(service, runsv);
    });
}

pub const CASES: &[Case] = &[
    case("contents_of_notification_fd", || {
        refused("notification-fd", &["", "0", "2\n", "x\n", "-3", "3 4", "3\n4\n", "2147483648"]);
    }),
    case("contents_of_down_signal", || {
        refused(
            "down-signal",
            &["", "0", "128", "FOO\n", "int", "ABRT", "INT QUIT", "SIG", "SIGSIGINT", "-2"],
        );
    }),
    case("contents_of_timeout_kill", || {
        refused("timeout-kill", &["", "5s\n", "1.5", "-1", "4294967296", "1 2", "infinite"]);
    }),
    case("contents_of_timeout_finish", || {
        refused("timeout-finish", &["", "5 s", "0x10\n", "4294967296", "never"]);
    }),
    case("contents_of_restart_delay", || {
        refused("restart-delay", &["", "x", "1 x\n", "1 2 3", "-5", "1,5"]);
    }),
    case("contents_of_restart_limit", || {
        refused("restart-limit", &["", "5", "0 60", "33 60\n", "5 60 7", "5/60", "256 1", "5 -1"]);
    }),
    case("contents_of_finish_fails", || refused("finish-fails", &["", "256", "-1", "no\n", "125 126"])),
    case("contents_with_zero_bytes", || refused("timeout-kill", &["\0", "100\0", "\x0012"])),
    case("contents_that_are_no_text", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.file(service.probe().path("down-signal"), b"\xff\xfe\n");
        let runsv = service.up();
        assert_eq!(runsv.err(), "runsv foo: warning: down-signal ignored: \u{fffd}\u{fffd}\n");
        is_plain(&service);
    }),
    case("contents_with_blanks_around", || {
        taken(&[("restart-limit", " \t 4 \t 9 \n\n"), ("notification-fd", "\n007\n")], |service, _| {
            let state = service.state().unwrap();
            assert_eq!((state.limit, state.window, state.ready), (4, 9, Some(false)));
        });
    }),
    case("contents_without_a_newline", || {
        taken(&[("restart-limit", "4 9"), ("notification-fd", "7")], |service, _| {
            assert_eq!(service.state().map(|state| (state.limit, state.ready)), Some((4, Some(false))));
        });
    }),
    case("contents_with_carriage_returns", || {
        // Made with an editor of another world.
        taken(&[("restart-limit", "4 9\r\n"), ("notification-fd", "7\r\n")], |service, _| {
            assert_eq!(service.state().map(|state| (state.limit, state.ready)), Some((4, Some(false))));
        });
    }),
    case("contents_of_all_at_their_greatest", || {
        let most = "4294967295";
        let said = [
            ("timeout-kill", most),
            ("timeout-finish", most),
            ("restart-delay", "4294967295 4294967295"),
            ("restart-limit", "32 4294967295"),
            ("finish-fails", "255"),
            ("down-signal", "127"),
        ];
        taken(&said, |service, _| {
            let state = service.state().unwrap();
            assert_eq!((state.limit, state.window), (32, u32::MAX));
            service.tell("exit 1");
            let state = service.await_doing(Doing::PausedStart);
            let next = state.next.unwrap();
            assert!(next.secs - state.since.secs >= 4_294_000, "{state:?}");
            assert_eq!(service.line(), "down: foo: Ts, normally up, want up, next start in Ts");
        });
    }),
    case("contents_that_are_too_long", || {
        let long = format!("{}1 60", "0".repeat(100));
        each(
            &with_text(),
            |service, name| _ = service.file(name, &long),
            |name| Some(format!("{name} ignored: {}~", "0".repeat(63))),
        );
    }),
    case("contents_that_are_just_not_too_long", || {
        taken(&[("restart-limit", &format!("{}4 9", "0".repeat(60)))], |service, _| {
            assert_eq!(service.state().map(|state| state.limit), Some(4));
        });
    }),
    case("contents_without_end", || {
        // Read in part, once.
        each(
            &with_text(),
            |service, name| symlink("/dev/zero", service.path(name)).unwrap(),
            |name| Some(format!("{name} ignored: {}~", "\0".repeat(63))),
        );
    }),
    case("contents_that_are_directories", || {
        each(
            &all(),
            |service, name| fs::create_dir(service.path(name)).unwrap(),
            |name| Some(format!("{name} ignored: unreadable: is a directory")),
        );
    }),
    case("contents_that_are_named_pipes", || {
        // Nobody writes, and nobody waits.
        let read = read_of_a_fifo();
        let warning = |name: &str| Some(format!("{name} ignored: {read}"));
        each(&with_text(), |service, name| _ = service.fifo(name), warning);
    }),
    case("contents_that_are_named_pipes_with_a_writer", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().fifo("restart-limit");
        let held = fs::OpenOptions::new().read(true).write(true).open(service.path("restart-limit")).unwrap();
        let runsv = service.up();
        let line = "restart-limit ignored: unreadable: temporary failure";
        assert_eq!(warnings(&runsv), [line]);
        drop(held);
        is_plain(&service);
    }),
    case("contents_that_are_sockets", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _listener = UnixListener::bind(service.probe().path("timeout-kill")).unwrap();
        let runsv = service.up();
        assert_eq!(warnings(&runsv).len(), 1, "{}", runsv.err());
        assert!(warnings(&runsv)[0].starts_with("timeout-kill ignored: unreadable: "), "{}", runsv.err());
        is_plain(&service);
    }),
    case("contents_that_lead_nowhere", || {
        // As all that is not there.
        each(&all(), |service, name| symlink("nowhere", service.path(name)).unwrap(), |_| None);
    }),
    case("contents_that_lead_in_a_circle", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("restart-limit", service.probe().path("restart-limit")).unwrap();
        let runsv = service.up();
        assert_eq!(warnings(&runsv).len(), 1, "{}", runsv.err());
        assert!(warnings(&runsv)[0].starts_with("restart-limit ignored: unreadable: "), "{}", runsv.err());
    }),
    case("contents_behind_a_link", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.file("common", "4 9\n");
        symlink(rig.place.path("common"), service.probe().path("restart-limit")).unwrap();
        let runsv = service.up();
        assert_eq!((service.state().map(|state| state.limit), runsv.err().as_str()), (Some(4), ""));
    }),
    case("contents_that_may_not_be_read", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", "exec sleep 1000").file("restart-limit", "4 9\n");
        rig.place.chmod(service.path("restart-limit"), 0);
        rig.place.chmod("sv/foo", 0o777);
        let mut command = rig.unprivileged("runsv", &["foo"]);
        let runsv = rig.place.start(command.current_dir(rig.place.path("sv")));
        until("it runs", || (service.state()?.doing == Doing::Run).then_some(()));
        assert_eq!(runsv.err(), "runsv foo: warning: restart-limit ignored: unreadable: access denied\n");
        // And is told so at each start, until it may be read.
        rig.place.chmod(service.path("restart-limit"), 0o644);
        service.control("t");
        until_equal("it is read", &Some(4), || service.state().map(|state| state.limit));
        if geteuid().is_root() {
            runsv.signal(nix::sys::signal::Signal::SIGTERM);
        }
    }),
    case("contents_are_complained_of_at_each_start", || {
        with(&[("restart-limit", "many"), ("restart-delay", "50")], |service, runsv| {
            for start in 2..5 {
                service.tell("exit 1");
                service.await_runs(start);
            }
            let line = "runsv foo: warning: restart-limit ignored: many\n";
            assert_eq!(runsv.err(), line.repeat(4));
        });
    }),
    case("contents_one_bad_among_good_ones", || {
        with(
            &[("restart-limit", "4 9"), ("timeout-kill", "soon"), ("notification-fd", "5")],
            |service, runsv| {
                assert_eq!(warnings(runsv), ["timeout-kill ignored: soon"]);
                assert_eq!(service.state().map(|state| (state.limit, state.ready)), Some((4, Some(false))));
            },
        );
    }),
    case("contents_of_the_log_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let said = [
            ("log/down-signal", "FOO"),
            ("log/timeout-kill", "x"),
            ("log/restart-delay", "1 2 3"),
            ("log/restart-limit", "0 1"),
        ];
        files(service.probe().log(), &said);
        let runsv = service.up();
        let warned = said.map(|(name, text)| format!("{name} ignored: {text}"));
        until_equal("the warnings", &warned.to_vec(), || warnings(&runsv));
    }),
    case("contents_that_mean_nothing_to_a_log_service", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        for name in ["notification-fd", "timeout-finish", "finish-fails"] {
            service.file(&format!("log/{name}"), "nonsense");
        }
        files(service.probe().log(), &[("log/oneshot", "")]);
        let runsv = service.up();
        service.await_log_stat("run");
        assert_eq!(runsv.err(), "");
    }),
];
