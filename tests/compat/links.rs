//! Links that somebody put where the programs write: what they lead to stays as it is.
use crate::svlogd_rig::Logs;
use nix::sys::signal::Signal;
use runit_tests::place::write_fifo;
use runit_tests::rig::Rig;
use runit_tests::status::RUN;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};

/// A file of somebody else, beside `log`, and the link in `log` that leads to it.
fn plant(logs: &Logs, text: &str, mode: u32, name: &str) {
    let secret = logs.rig.place.file("secret", text);
    fs::set_permissions(secret, fs::Permissions::from_mode(mode)).unwrap();
    symlink("../secret", logs.path(name)).unwrap();
}

/// That file has still this text and this mode.
fn untouched(logs: &Logs, text: &str, mode: u32) {
    let found = fs::metadata(logs.rig.place.path("secret")).unwrap().mode() & 0o7777;
    assert_eq!((logs.rig.place.text("secret").as_str(), found), (text, mode));
}

fn is_link(logs: &Logs, name: &str) -> bool {
    fs::symlink_metadata(logs.path(name)).is_ok_and(|found| found.file_type().is_symlink())
}

pub const CASES: &[Case] = &[
    case("svlogd_link_to_an_unclean_file", || {
        let logs = Logs::new("");
        plant(&logs, "line\nno newline", 0o600, "current");
        assert_eq!(logs.logged(&[], "hello\n"), "hello\n");
        untouched(&logs, "line\nno newline", 0o600);
        assert!(!is_link(&logs, "current") && is_link(&logs, &logs.old('u')[0]));
    }),
    case("svlogd_link_to_a_clean_file", || {
        for (text, mode) in [("line\n", 0o755), ("", 0o600)] {
            let logs = Logs::new("");
            plant(&logs, text, mode, "current");
            assert_eq!(logs.logged(&[], "hello\n"), "hello\n");
            untouched(&logs, text, mode);
            assert!(!is_link(&logs, "current") && is_link(&logs, &logs.old('u')[0]));
        }
    })
    .dev("DEV-73"),
    case("svlogd_link_to_nothing", || {
        for target in ["../nothing", "current"] {
            let logs = Logs::new("");
            symlink(target, logs.path("current")).unwrap();
            assert_eq!(logs.logged(&[], "hello\n"), "hello\n");
            assert!(!logs.rig.place.path("nothing").exists());
            assert!(!is_link(&logs, "current") && is_link(&logs, &logs.old('u')[0]));
        }
    })
    .dev("DEV-73"),
    case("svlogd_link_in_the_place_of_a_new_file", || {
        let logs = Logs::new("");
        let mut live = logs.open(&[]);
        live.log("1");
        fs::remove_file(logs.path("current")).unwrap();
        plant(&logs, "line\n", 0o755, "current");
        // It is renamed in the place of `current`, and a second one waits.
        live.signal(Signal::SIGALRM);
        logs.await_old('s', 1);
        logs.await_open();
        live.log("2").end();
        untouched(&logs, "line\n", 0o755);
    }),
    case("svlogd_link_in_the_place_of_output", || {
        let logs = Logs::new("!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        let mut live = logs.open(&["-v"]);
        live.log("x").rotate('u', 1).await_err("processing: ");
        let output = logs.await_old('t', 1).remove(0);
        fs::remove_file(logs.path(&output)).unwrap();
        plant(&logs, "line\n", 0o600, &output);
        until("a reader", || write_fifo(&logs.path("go"), b"go\n").ok());
        live.await_err("pausing: unable to fsync processed: log: ");
        untouched(&logs, "line\n", 0o600);
        fs::remove_file(logs.path(&output)).unwrap();
        // It has failed, and is started again.
        live.await_err("processor failed");
        until("a reader", || write_fifo(&logs.path("go"), b"go\n").ok());
        logs.await_old('s', 1);
        assert_eq!((live.end().0, logs.old_texts('s')), (Some(0), vec!["x\n".to_owned()]));
        untouched(&logs, "line\n", 0o600);
    })
    .dev("DEV-73"),
    case("svlogd_link_in_the_place_of_newstate", || {
        let logs = Logs::new("!cat; echo new >&5\n");
        plant(&logs, "line\n", 0o600, "newstate");
        let mut live = logs.open(&[]);
        live.log("x").rotate('s', 1);
        until("the state", || (logs.text("state") == "new\n").then_some(()));
        live.end();
        untouched(&logs, "line\n", 0o600);
    })
    .dev("DEV-73"),
    case("svlogd_link_in_the_place_of_state", || {
        let logs = Logs::new("!cat\n");
        symlink("../nothing", logs.path("state")).unwrap();
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGALRM);
        live.await_err("unable to create empty state for processor: log: ");
        assert_eq!((live.term(), logs.old_texts('u')), (Some(0), vec!["x\n".to_owned()]));
        assert!(!logs.rig.place.path("nothing").exists());
    })
    .dev("DEV-73"),
    case("svlogd_links_that_are_followed", || {
        // The directory, its config, its lock.
        let logs = Logs::new("");
        let log = logs.rig.place.path("log");
        fs::rename(&log, logs.rig.place.path("real")).unwrap();
        symlink("real", log).unwrap();
        logs.rig.place.file("shared", "psame: \n");
        for name in ["config", "lock"] {
            symlink("../shared", logs.path(name)).unwrap();
        }
        assert_eq!(logs.logged(&[], "hello\n"), "same: hello\n");
        assert_eq!(logs.rig.place.text("shared"), "psame: \n");
        assert_eq!(logs.rig.place.text("real/current"), "same: hello\n");
    }),
    case("supervise_links_in_the_place_of_new_files", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let secret = rig.place.file("secret", "line\n");
        rig.place.dir("sv/foo/supervise");
        for name in ["pid.new", "stat.new", "status.new"] {
            symlink(&secret, service.path("supervise").join(name)).unwrap();
        }
        let runsv = service.probe().up();
        let pid = service.await_runs(1);
        until("the status", || (service.status().state == RUN).then_some(()));
        assert_eq!(
            (rig.place.text(&secret), service.text("supervise/pid")),
            ("line\n".into(), format!("{pid}\n"))
        );
        // Another name of a file of somebody else is no better than a link.
        let status = service.path("supervise/status.new");
        fs::hard_link(&secret, &status).unwrap();
        service.control("p");
        service.await_stat("run, paused");
        until("the status", || (service.status().paused == 1).then_some(()));
        assert_eq!((rig.place.text(&secret), runsv.err().as_str()), ("line\n".into(), ""));
    })
    .dev("DEV-44"),
    case("supervise_lock_is_a_link", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.dir("sv/foo/supervise");
        symlink(rig.place.path("lock"), service.path("supervise/lock")).unwrap();
        let _runsv = service.probe().up();
        service.await_runs(1);
        assert!(rig.place.path("lock").exists());
        service.refuses("fatal: unable to lock supervise/lock: temporary failure");
    }),
    case("sv_writes_to_pipes_only", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = service.fake(runit_tests::status::Status::now(RUN, 1, b'u'));
        let secret = rig.place.file("secret", "line\n");
        let control = service.path("supervise/control");
        assert!(fs::metadata(&control).unwrap().file_type().is_fifo());
        fs::remove_file(&control).unwrap();
        symlink(&secret, &control).unwrap();
        let done = rig.sv(&["-w", "1", "hup", "foo"]);
        assert_eq!(rig.place.text(&secret), "line\n");
        assert_eq!((done.code, done.out.as_str()), (Some(1), "fail: foo: runsv not running\n"));
        drop(fake);
    })
    .dev("DEV-56"),
];
