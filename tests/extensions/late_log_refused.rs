//! A `log/` that appears after runsv began and cannot be had: it is said once, and tried again at the next start.
use crate::beside::{await_starts, said, sv};
use crate::late_log::{again, logs, with};
use crate::told::files;
use runit_tests::full::Full;
use runit_tests::place::write_fifo;
use runit_tests::process;
use runit_tests::rig::{Rig, Service};
use runit_tests::suite::{Case, case, needs_proc, skip};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::os::unix::fs::symlink;

/// What must fail is made so; the service starts without its log service and with this warning, and has it once that
/// is repaired.
fn repaired(make: impl FnOnce(&Service<'_>), warning: &str, repair: impl FnOnce(&Service<'_>)) {
    with(|service, runsv| {
        make(service);
        service.log();
        again(service);
        assert_eq!(said(runsv), [warning]);
        assert_eq!(service.log_runs().len(), 0);
        service.tell("echo to where runsv writes");
        until("what it writes", || runsv.out().contains("to where").then_some(()));
        // Also with a directory that does not change any more.
        repair(service);
        again(service);
        service.await_log_stat("run");
        logs(service, "repaired");
    });
}

pub const CASES: &[Case] = &[
    case("late_log_that_is_a_file", || {
        with(|service, runsv| {
            service.file("log", "");
            again(service);
            again(service);
            assert_eq!(said(runsv), ["./log: not a directory."], "once");
            fs::remove_file(service.path("log")).unwrap();
            service.log();
            again(service);
            logs(service, "logged");
            assert_eq!(said(runsv).len(), 1);
        });
    }),
    case("late_log_that_was_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe().file("log", "");
        let runsv = service.up();
        again(&service);
        assert_eq!(said(&runsv), ["./log: not a directory."], "as ever");
    }),
    case("late_log_that_is_locked", || {
        let mut other = None;
        let rig = Rig::new();
        let holder = rig.service("bar");
        holder.probe();
        repaired(
            |service| {
                other = Some(holder.up());
                fs::create_dir(service.path("log")).unwrap();
                symlink(holder.path("supervise"), service.path("log/supervise")).unwrap();
            },
            "unable to lock log/supervise/lock: temporary failure",
            |service| {
                fs::remove_file(service.path("log/supervise")).unwrap();
            },
        );
    }),
    case("late_log_whose_fifo_is_none", || {
        repaired(
            |service| {
                service.file("log/supervise/control", "");
            },
            "log/supervise/control exists but is not a fifo",
            |service| fs::remove_file(service.path("log/supervise/control")).unwrap(),
        );
    }),
    case("late_log_whose_ok_is_none", || {
        repaired(
            |service| {
                fs::create_dir_all(service.path("log/supervise")).unwrap();
                symlink("/nonexistent/ok", service.path("log/supervise/ok")).unwrap();
            },
            "unable to read log/supervise/ok: file does not exist",
            |service| fs::remove_file(service.path("log/supervise/ok")).unwrap(),
        );
    }),
    case("late_log_whose_supervise_leads_nowhere", || {
        repaired(
            |service| {
                fs::create_dir(service.path("log")).unwrap();
                symlink("/nonexistent/log", service.path("log/supervise")).unwrap();
            },
            "unable to open log/supervise/lock: file does not exist",
            |service| fs::remove_file(service.path("log/supervise")).unwrap(),
        );
    }),
    case("late_log_that_fails_leaves_nothing", || {
        needs_proc();
        with(|service, runsv| {
            let before = process::files(runsv.pid());
            fs::create_dir_all(service.path("log/supervise")).unwrap();
            symlink("/nonexistent/ok", service.path("log/supervise/ok")).unwrap();
            service.log();
            for _ in 0..20 {
                again(service);
            }
            assert_eq!(said(runsv).len(), 20, "{:?}", said(runsv));
            assert_eq!(process::files(runsv.pid()), before);
            // Nobody is told that a supervisor is there.
            let (line, code) = sv(service.rig, &["status", "foo"]);
            let missing = "unable to open supervise/ok: file does not exist";
            assert!(line.ends_with(missing) && code == Some(1), "{line}");
        });
    }),
    case("late_log_without_descriptors", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe(), &[("restart-delay", "50")]);
        let runsv = rig.place.start(&mut service.command_after("exec 4<&0 5<&0 6<&0 7<&0 8<&0 9<&0"));
        service.await_ok();
        service.await_runs(1);
        let before = process::files(runsv.pid());
        service.log();
        let prlimit = |number: u64| {
            let pid = runsv.pid().to_string();
            let limit = format!("--nofile={number}:");
            let done = rig.place.command("prlimit").args(["--pid", &pid, &limit]).status();
            if !done.is_ok_and(|done| done.success()) {
                skip("no prlimit");
            }
        };
        // Each number of free descriptors fails at another of the calls. A shell needs the eleventh for itself.
        let open = fs::read_dir(format!("/proc/{}/fd", runsv.pid())).unwrap().count() as u64;
        for free in 1..9 {
            prlimit(open + free);
            service.control("t");
            await_starts(&service, 1 + free as usize);
            if write_fifo(&service.path("log/supervise/ok"), b"").is_ok() {
                break;
            }
            until_equal("its descriptors", &before, || process::files(runsv.pid()));
        }
        let warnings = said(&runsv);
        assert!(warnings.iter().all(|line| line.ends_with("process cannot open more files")), "{warnings:?}");
        assert!(warnings.len() > 3, "{warnings:?}");
        prlimit(100);
        logs(&service, "logged");
    }),
    case("late_log_on_a_full_disk", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe(), &[("restart-delay", "50")]);
        let log = rig.place.dir("elsewhere");
        let full = Full::new(&rig.place, &log, "size=64k,nr_inodes=2");
        fs::write(full.path("run"), "#!/bin/sh\nexec cat >>../sv/foo/logged\n").unwrap();
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
        fs::set_permissions(full.path("run"), mode).unwrap();
        let runsv = rig.place.start(&mut service.command_after(&full.enter()));
        service.await_ok();
        service.await_runs(1);
        symlink(&log, service.path("log")).unwrap();
        again(&service);
        assert_eq!(said(&runsv), ["unable to open log/supervise/lock: file does not exist"]);
        let mut bigger = rig.place.command("sh");
        bigger.args(["-c", &full.enter()]).args(["mount", "-o", "remount,nr_inodes=100"]).arg(&log);
        let done = rig.place.run(bigger.current_dir("/"));
        if done.code != Some(0) {
            skip(format!("no remount: {}", done.err));
        }
        again(&service);
        logs(&service, "logged");
    }),
];
