//! What runsvdir does at once, and what it does again: each of these is a deviation.
use crate::runsvdir::{parent, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::rig::{Rig, Service, search_path, send};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::tools;
use runit_tests::wait::{until, within};
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("dir_new_services_soon", || {
        let rig = Rig::new();
        let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let services = names.map(|name| rig.service(&format!("../all/{name}")));
        for service in &services {
            service.probe();
        }
        // Nobody is at work in a directory that is older than a second.
        let first = rig.service("first");
        first.probe();
        let _runsvdir = start(&rig, &["sv"]);
        first.await_runs(1);
        // On FreeBSD the date of a file in memory that was renamed is that of the first look at it.
        let dates = services.each_ref().map(|service| service.path("run").metadata().unwrap());
        let made = dates[7].modified().unwrap();
        until("two seconds", || (made.elapsed().ok()? > Duration::from_secs(2)).then_some(()));
        let start = Instant::now();
        for (service, name) in services.iter().zip(names) {
            symlink(format!("../all/{name}"), rig.place.path("sv").join(name)).unwrap();
            service.await_runs(1);
        }
        assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    })
    .dev("DEV-20"),
    case("dir_directory_remade_behind_a_link", || {
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.probe();
        let other = rig.service("../all/other");
        other.probe();
        for name in ["foo", "other"] {
            symlink(format!("../all/{name}"), rig.place.path("sv").join(name)).unwrap();
        }
        let _runsvdir = start(&rig, &["sv"]);
        let (old, kept) = (service.await_runs(1), other.await_runs(1));
        let change = fs::metadata(rig.place.path("sv")).unwrap().modified().unwrap();
        // C runit looks once more after its first scan.
        until("twelve seconds", || (change.elapsed().ok()? > Duration::from_secs(12)).then_some(()));
        // A package that is taken out and put in again; its link stays.
        fs::remove_dir_all(&service.dir).unwrap();
        fs::create_dir(&service.dir).unwrap();
        service.probe();
        let new = service.await_runs(1);
        assert_ne!(new, old);
        until("the old process is gone", || (!is_there(old)).then_some(()));
        assert!(is_there(kept));
    })
    .dev("DEV-43"),
    case("dir_dead_runsv_comes_back_soon", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv"]);
        let switches = || {
            let text = fs::read_to_string(format!("/proc/{}/status", runsvdir.pid())).unwrap();
            text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).map(str::to_owned)
        };
        let mut quickest = Duration::MAX;
        for count in 1..3 {
            let pid = service.await_runs(count);
            // C runit has just looked, or would have.
            let before = switches();
            let _ = within(Duration::from_millis(5500), || (switches() != before).then_some(()));
            let runsv = parent(pid);
            let start = Instant::now();
            send(runsv, Signal::SIGKILL);
            send(pid, Signal::SIGKILL);
            service.await_runs(count + 1);
            quickest = quickest.min(start.elapsed());
        }
        assert!(quickest < Duration::from_millis(900), "{quickest:?}");
    })
    .dev("DEV-21"),
    case("dir_runsv_that_dies_at_once", || {
        // At most once a second.
        let rig = Rig::new();
        rig.service("foo");
        rig.place.script("bin/runsv", "echo >>../starts");
        let mut command = rig.command("runsvdir", &["sv"]);
        command.env("PATH", tools::search_path_behind(&rig.place.path("bin")));
        let start = Instant::now();
        let _runsvdir = rig.place.start(&mut command);
        until("three starts", || (rig.place.text("starts").len() >= 3).then_some(()));
        assert!(start.elapsed() > Duration::from_millis(1900), "{:?}", start.elapsed());
    }),
    case("dir_all_that_vanished_go", || {
        let rig = Rig::new();
        let services: Vec<Service<'_>> =
            (0..8).map(|number| rig.service(&format!("../all/{number}"))).collect();
        for (number, service) in services.iter().enumerate() {
            service.finish().probe();
            symlink(&service.dir, rig.place.path(format!("sv/{number}"))).unwrap();
        }
        let _runsvdir = start(&rig, &["sv"]);
        for service in &services {
            service.await_runs(1);
        }
        fs::rename(rig.place.path("sv"), rig.place.path("old")).unwrap();
        rig.place.dir("sv");
        let gone = || services.iter().filter(|service| service.trace().len() == 2).count();
        until("the first to go", || (gone() > 0).then_some(()));
        let start = Instant::now();
        until("the last to go", || (gone() == 8).then_some(()));
        // C needs 3.06 seconds.
        assert!(start.elapsed() < Duration::from_millis(2000), "{:?}", start.elapsed());
    })
    .dev("DEV-22"),
    case("dir_more_than_1000_services", || {
        needs_proc();
        let rig = Rig::new();
        // Each is a sleep of so many seconds, for which a runsv called sleep does.
        for number in 0..1100 {
            fs::create_dir(rig.place.path(format!("sv/{}", 100_000 + number))).unwrap();
        }
        rig.place.dir("bin");
        let sleep = ["/bin/sleep", "/usr/bin/sleep"].into_iter().find(|path| fs::metadata(path).is_ok());
        symlink(sleep.expect("sleep"), rig.place.path("bin/runsv")).unwrap();
        let mut command = rig.command("runsvdir", &["sv"]);
        let runsvdir = rig.place.start(command.env("PATH", rig.place.path("bin")));
        let list = format!("/proc/{0}/task/{0}/children", runsvdir.pid());
        let count = || fs::read_to_string(&list).unwrap_or_default().split_whitespace().count();
        until("1100 children", || (count() == 1100).then_some(()));
        assert_eq!(runsvdir.err(), "");
    })
    .dev("DEV-23"),
    case("dir_unreadable_is_tried_again", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        rig.place.dir("run");
        symlink("../../run/foo", service.path("supervise")).unwrap();
        rig.place.chmod("run", 0o777);
        rig.place.chmod("sv/foo", 0o777);
        rig.place.chmod("sv", 0o311);
        let mut command = rig.unprivileged("runsvdir", &["sv"]);
        let runsvdir = rig.place.start(command.env("PATH", search_path()));
        let line = "runsvdir sv: warning: unable to open directory sv: access denied\n";
        until("a warning", || runsvdir.err().starts_with(line).then_some(()));
        rig.place.chmod("sv", 0o755);
        // Where runsv is out of reach for nobody, that it was tried is enough.
        until("a try", || {
            let tried = runsvdir.err().contains("unable to start runsv foo") || !service.trace().is_empty();
            tried.then_some(())
        });
    })
    .dev("DEV-25"),
    case("dir_starts_at_once_though_just_changed", || {
        // C runit sleeps a second while the directory's date is not past.
        let quickest = (0..3)
            .map(|_| {
                let rig = Rig::new();
                let service = rig.service("foo");
                service.probe();
                let later =
                    Command::new("touch").args(["-t", "209610020000"]).arg(rig.place.path("sv")).status();
                assert!(later.is_ok_and(|status| status.success()), "touch");
                let begun = Instant::now();
                let _runsvdir = start(&rig, &["sv"]);
                service.await_trace("run");
                begun.elapsed()
            })
            .min();
        assert!(quickest < Some(Duration::from_millis(700)), "{quickest:?}");
    })
    .dev("DEV-26"),
];

fn is_there(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}
