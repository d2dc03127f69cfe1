//! The supervise directory: files, modes, locks, links, and when the status is written.
use crate::rig::{Rig, is_alive, masked, send};
use nix::sys::signal::Signal;
use runit_tests::place::write_fifo;
use runit_tests::programs::Programs;
use runit_tests::status::{DOWN, RUN, Status};
use runit_tests::suite::{Case, case, needs_tool};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};

/// Why a new file cannot be made where a directory is: ours is to be removed, which POSIX refuses with
/// EPERM and Linux with EISDIR.
fn in_the_way() -> &'static str {
    if Programs::get().ours() && !cfg!(target_os = "linux") { "permission denied" } else { "is a directory" }
}

pub const CASES: &[Case] = &[
    case("supervise_files_and_modes", || {
        for (umask, all, only) in [("022", 0o644, 0o600), ("000", 0o644, 0o600), ("077", 0o600, 0o600)] {
            let rig = Rig::new();
            let service = rig.service("foo");
            service.probe().file("down", "").log();
            let _runsv = rig.place.start(&mut service.command_after(&format!("umask {umask}")));
            service.await_ok();
            until("all of the log's", || {
                ["ok", "pid"]
                    .iter()
                    .all(|name| service.path("log/supervise").join(name).exists())
                    .then_some(())
            });
            for place in ["supervise", "log/supervise"] {
                let mode = |name: &str| fs::metadata(service.path(place).join(name)).unwrap().mode() & 0o7777;
                assert_eq!(mode(""), 0o700);
                for (name, wanted) in [
                    ("lock", only),
                    ("control", only),
                    ("ok", only),
                    ("pid", all),
                    ("stat", all),
                    ("status", all),
                ] {
                    assert_eq!(mode(name), wanted, "{place}/{name} {umask}");
                }
                for name in ["control", "ok"] {
                    assert!(fs::metadata(service.path(place).join(name)).unwrap().file_type().is_fifo());
                }
                assert_eq!(service.text(&format!("{place}/lock")), "");
            }
        }
    }),
    case("supervise_leaves_nothing_else", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        service.control("p");
        service.await_stat("run, paused");
        until("status written", || (service.status().paused == 1).then_some(()));
        let mut names: Vec<_> = fs::read_dir(service.path("supervise"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort_unstable();
        // Ours says more.
        names.retain(|name| name != "state" || !Programs::get().ours());
        assert_eq!(names, ["control", "lock", "ok", "pid", "stat", "status"]);
    }),
    case("supervise_keeps_modes_of_pipes", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.probe().up();
        rig.place.chmod(service.path("supervise/control"), 0o620);
        rig.place.chmod(service.path("supervise/ok"), 0o622);
        rig.place.chmod(service.path("supervise"), 0o755);
        let number =
            |name: &str| fs::metadata(service.path("supervise").join(name)).map(|it| it.ino()).unwrap();
        let before = ["control", "ok", "lock"].map(number);
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        let _runsv = service.up();
        service.await_runs(2);
        assert_eq!(before, ["control", "ok", "lock"].map(number));
        let mode = |name: &str| fs::metadata(service.path(name)).unwrap().mode() & 0o777;
        assert_eq!(["supervise/control", "supervise/ok", "supervise"].map(mode), [0o620, 0o622, 0o755]);
    }),
    case("supervise_ok_comes_last", || {
        // Who can open `ok` finds the rest.
        for _ in 0..10 {
            let rig = Rig::new();
            let service = rig.service("foo");
            let _runsv = service.probe().file("down", "").start();
            service.await_ok();
            write_fifo(&service.path("supervise/control"), b"").unwrap();
            assert_eq!(service.status().state, DOWN);
            assert_eq!((service.stat().as_str(), service.text("supervise/pid").as_str()), ("down", ""));
        }
    }),
    case("supervise_record_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let before = Status::now(0, 0, 0);
        let _runsv = service.probe().file("down", "").supervise();
        let record = service.status();
        assert_eq!(
            (record.pid, record.paused, record.want, record.got_term, record.state),
            (0, 0, b'd', 0, DOWN)
        );
        assert!(record.secs >= before.secs && record.secs <= Status::now(0, 0, 0).secs, "{record:?}");
        assert_eq!(record.nanos % 1000, 500);
    }),
    case("supervise_record_run", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let before = Status::now(0, 0, 0);
        let _runsv = service.probe().up();
        let pid = service.await_runs(1);
        until("a status", || (service.status().state == RUN).then_some(()));
        let record = service.status();
        assert_eq!(
            (record.pid, record.paused, record.want, record.got_term, record.state),
            (pid, 0, b'u', 0, RUN)
        );
        assert!(record.secs >= before.secs && record.secs <= Status::now(0, 0, 0).secs, "{record:?}");
        assert_eq!(record.nanos % 1000, 500);
        assert_eq!(service.text("supervise/pid"), format!("{pid}\n"));
    }),
    case("supervise_twice", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        service.refuses("fatal: unable to lock supervise/lock: temporary failure");
        service.control("h");
        service.await_trace("HUP");
        assert_eq!(service.runs().len(), 1);
    }),
    case("supervise_lock_is_shared_with_flock", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        needs_tool("flock");
        let mut flock = rig.place.command("flock");
        let done = rig.place.run(flock.args(["-n", "sv/foo/supervise/lock", "true"]));
        assert_eq!(done.code, Some(1));
    }),
    case("supervise_control_is_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().file("supervise/control", "");
        service.refuses("fatal: supervise/control exists but is not a fifo");
        assert!(service.trace().is_empty());
    }),
    case("supervise_log_control_is_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().log().file("log/supervise/control", "");
        service.refuses("fatal: log/supervise/control exists but is not a fifo");
    })
    .since("2.3.0"),
    case("supervise_ok_is_not_looked_at", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().file("supervise/ok", "").start();
        service.await_trace("run");
    }),
    case("supervise_link_is_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().file("supervise", "");
        service.refuses("fatal: unable to open supervise/lock: not a directory");
    }),
    case("supervise_lock_out_of_reach", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().file("supervise/lock", "");
        rig.place.chmod("sv/foo/supervise/lock", 0);
        let mut command = rig.unprivileged("runsv", &["foo"]);
        let done = rig.place.run(command.current_dir(rig.place.path("sv")));
        assert_eq!(done.err, "runsv foo: fatal: unable to open supervise/lock: access denied\n");
        assert_eq!(done.code, Some(111));
    }),
    case("supervise_read_only_directory", || {
        let rig = Rig::new();
        rig.service("foo").probe();
        rig.place.chmod("sv/foo", 0o555);
        let mut command = rig.unprivileged("runsv", &["foo"]);
        let done = rig.place.run(command.current_dir(rig.place.path("sv")));
        assert_eq!(done.err, "runsv foo: fatal: unable to open supervise/lock: file does not exist\n");
        assert_eq!(done.code, Some(111));
    }),
    case("supervise_link_dangles", || {
        let rig = Rig::new();
        rig.place.dir("run");
        for (name, target) in [("abs", rig.place.path("run/abs")), ("rel", "../../run/rel".into())] {
            let service = rig.service(name);
            symlink(&target, service.path("supervise")).unwrap();
            let _runsv = service.probe().up();
            let made = fs::metadata(rig.place.path("run").join(name)).unwrap();
            assert_eq!(made.mode() & 0o777, 0o700);
            assert!(fs::symlink_metadata(service.path("supervise")).unwrap().is_symlink());
            assert_eq!(rig.place.text(format!("run/{name}/stat")), "run\n");
        }
    }),
    case("supervise_log_supervise_dangles", || {
        let rig = Rig::new();
        rig.place.dir("run");
        let service = rig.service("foo");
        service.probe().log();
        // Relative to the directory that holds the link.
        symlink("../../../run/foo.log", service.path("log/supervise")).unwrap();
        let _runsv = service.up();
        service.await_log_stat("run");
        assert_eq!(rig.place.text("run/foo.log/stat"), "run\n");
    }),
    case("supervise_link_dangles_too_deep", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("../no/such", service.probe().path("supervise")).unwrap();
        service.refuses("fatal: unable to open supervise/lock: file does not exist");
    }),
    case("supervise_link_link_too_long", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("x".repeat(300), service.probe().path("supervise")).unwrap();
        service.refuses("fatal: unable to readlink ./supervise: name too long");
        let service = rig.service("bar");
        symlink("x".repeat(300), service.probe().log().path("log/supervise")).unwrap();
        service.refuses("fatal: unable to readlink ./log/supervise: name too long");
    }),
    case("supervise_two_with_one_supervise", || {
        let rig = Rig::new();
        let services = ["a", "b"].map(|name| rig.service(name));
        for service in &services {
            symlink("../../shared", service.probe().path("supervise")).unwrap();
        }
        let _runsv = services[0].up();
        services[1].refuses("fatal: unable to lock supervise/lock: temporary failure");
    }),
    case("supervise_log_lock_is_held", || {
        let rig = Rig::new();
        let other = rig.service("other");
        let _runsv = other.probe().up();
        let service = rig.service("foo");
        symlink("../../other/supervise", service.probe().log().path("log/supervise")).unwrap();
        service.refuses("fatal: unable to lock log/supervise/lock: temporary failure");
    })
    .dev("DEV-37"),
    case("supervise_stale_log_pid", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().log().file("log/down", "").file("log/supervise/pid", "999\n");
        let _runsv = service.up();
        assert_eq!(service.text("log/supervise/pid"), "");
    })
    .dev("DEV-39"),
    case("supervise_pid_after_a_failed_write", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        // The log's first number cannot be written; then the service's is.
        rig.place.dir(service.probe().log_probe().path("log/supervise/pid.new"));
        let _runsv = service.up();
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        fs::remove_dir(service.path("log/supervise/pid.new")).unwrap();
        service.control("t");
        service.await_runs(2);
        service.control_log("p");
        let wanted = format!("{}\n", service.log_runs()[0]);
        until("the log's number", || (service.text("log/supervise/pid") == wanted).then_some(()));
    })
    .dev("DEV-39"),
    case("supervise_status_is_not_rewritten", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        service.await_runs(1);
        until("the first status", || (service.status().state == RUN).then_some(()));
        // A second name for each: one that is replaced keeps that alone.
        let names = ["pid", "stat", "status"].map(|name| service.path("supervise").join(name));
        for name in &names {
            fs::hard_link(name, name.with_extension("kept")).unwrap();
        }
        service.control("ucuc");
        service.control("h");
        service.await_trace("HUP");
        for name in names {
            assert_eq!(fs::metadata(name.with_extension("kept")).unwrap().nlink(), 2, "{}", name.display());
        }
    })
    .dev("DEV-40"),
    case("supervise_stat_has_the_date_of_the_last_start", || {
        // Others read it as the time since when the service runs.
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        for count in 1..4 {
            let pid = service.await_runs(count);
            // One that is older than a second comes back in the very moment.
            service.await_age();
            let date = || fs::metadata(service.path("supervise/stat")).unwrap().modified().unwrap();
            let before = date();
            send(pid, Signal::SIGKILL);
            service.await_runs(count + 1);
            until("another date", || (date() > before).then_some(()));
        }
    }),
    case("supervise_directory_removed_and_made_anew", || {
        // A package that is installed again, with its supervise directory elsewhere.
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        let make = || {
            symlink("../../state", rig.place.dir("all/foo").join("supervise")).unwrap();
            service.probe();
        };
        rig.place.dir("state");
        make();
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        let _runsvdir = crate::runsvdir::start(&rig, &["sv"]);
        let old = service.await_runs(1);
        fs::remove_dir_all(&service.dir).unwrap();
        make();
        // What runs is what the supervisor says, and it can be stopped …
        let done = rig.sv(&["stop", "foo"]);
        assert_eq!((masked(&done.out).as_str(), done.code), ("ok: down: foo: Ts, normally up\n", Some(0)));
        assert!(!is_alive(old));
        // … and started, by a supervisor of the new directory.
        let done = rig.sv(&["start", "foo"]);
        assert_eq!((masked(&done.out).as_str(), done.code), ("ok: run: foo: (pid p) Ts\n", Some(0)));
        let new = service.await_runs(1);
        assert!(is_alive(new) && done.out.contains(&format!("(pid {new})")), "{done:?}");
    })
    .dev("DEV-43"),
    case("supervise_status_cannot_be_written", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        // In the way of each new file.
        service.probe();
        let runsv = service.up();
        service.await_runs(1);
        until("the first status", || (service.status().state == RUN).then_some(()));
        rig.place.dir(service.path("supervise/stat.new"));
        rig.place.dir(service.path("supervise/status.new"));
        // Paused in name only.
        service.script("control/p", "").control("p");
        let line = format!("runsv foo: warning: unable to open supervise/stat.new: {}\n", in_the_way());
        until("a warning", || (runsv.err() == line).then_some(()));
        service.control("h");
        service.await_trace("HUP");
        assert_eq!(
            (service.stat().as_str(), runsv.err().as_str(), service.status().paused),
            ("run", line.as_str(), 0)
        );
        for name in ["stat.new", "status.new"] {
            fs::remove_dir(service.path("supervise").join(name)).unwrap();
        }
        service.control("c");
        service.control("p");
        service.await_stat("run, paused");
    }),
    case("supervise_status_is_not_tried_without_pid", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.probe().file("down", "").supervise();
        rig.place.dir(service.path("supervise/pid.new"));
        service.control("u");
        let line = format!("runsv foo: warning: unable to open supervise/pid.new: {}\n", in_the_way());
        until("a warning", || runsv.err().contains(&line).then_some(()));
        service.await_trace("run");
        assert!(!runsv.err().contains("stat"), "{}", runsv.err());
        assert_eq!(service.stat(), "down");
    }),
];
