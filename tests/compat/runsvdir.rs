//! runsvdir: what becomes of the entries of a directory.
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, await_death, by_term, is_alive, search_path};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::tools;
use runit_tests::wait::until;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;

pub const CASES: &[Case] = &[
    case("dir_starts_all", || {
        let rig = Rig::new();
        let services = ["a", "b", "c d"].map(|name| rig.service(name));
        for service in &services {
            service.probe();
        }
        let mut runsvdir = start(&rig, &["sv"]);
        for service in &services {
            service.await_runs(1);
        }
        assert_eq!((runsvdir.ended().is_none(), runsvdir.err().as_str()), (true, ""));
    }),
    case("dir_calls_runsv_by_its_name", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv"]);
        let runsv = parent(service.await_runs(1));
        assert_eq!(fs::read(format!("/proc/{runsv}/cmdline")).unwrap(), b"runsv\0foo\0");
        assert_eq!(parent(runsv), runsvdir.pid());
    }),
    case("dir_skips_dots_and_files", || {
        let rig = Rig::new();
        let (hidden, plain) = (rig.service(".hidden"), rig.service("plain"));
        hidden.probe();
        plain.probe();
        rig.place.file("sv/file", "");
        let runsvdir = start(&rig, &["sv"]);
        plain.await_runs(1);
        appears(&rig, "later");
        assert_eq!((hidden.trace().len(), runsvdir.err().as_str()), (0, ""));
    }),
    case("dir_follows_links", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.probe();
        let _runsvdir = start(&rig, &["sv"]);
        symlink("../all/foo", rig.place.path("sv/link")).unwrap();
        let runsv = parent(service.await_runs(1));
        assert_eq!(fs::read(format!("/proc/{runsv}/cmdline")).unwrap(), b"runsv\0link\0");
    }),
    case("dir_two_links_are_one_service", || {
        let rig = Rig::new();
        let (service, last) = (rig.service("../all/foo"), rig.service("../all/last"));
        service.probe();
        last.probe();
        for name in ["one", "two"] {
            symlink("../all/foo", rig.place.path("sv").join(name)).unwrap();
        }
        let runsvdir = start(&rig, &["sv"]);
        service.await_runs(1);
        symlink("../all/last", rig.place.path("sv/last")).unwrap();
        last.await_runs(1);
        fs::remove_file(rig.place.path("sv/one")).unwrap();
        appears(&rig, "other");
        assert_eq!(service.trace(), ["run"]);
        assert_eq!(runsvdir.err(), "");
    }),
    case("dir_new_service", || {
        let rig = Rig::new();
        let _runsvdir = start(&rig, &["sv"]);
        let service = rig.service("foo");
        service.probe().await_runs(1);
    }),
    case("dir_link_taken_away", || {
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.finish().probe();
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        let mut runsvdir = start(&rig, &["sv"]);
        let runsv = parent(service.await_runs(1));
        fs::remove_file(rig.place.path("sv/foo")).unwrap();
        service.await_traces(&["run", by_term()]);
        until("no runsv", || (!is_alive(runsv)).then_some(()));
        assert!(runsvdir.ended().is_none());
        // Back again.
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        service.await_runs(2);
    }),
    case("dir_link_renamed", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.probe();
        symlink("../all/foo", rig.place.path("sv/old")).unwrap();
        let _runsvdir = start(&rig, &["sv"]);
        let runsv = parent(service.await_runs(1));
        fs::rename(rig.place.path("sv/old"), rig.place.path("sv/new")).unwrap();
        appears(&rig, "other");
        assert_eq!(service.trace(), ["run"]);
        assert_eq!(fs::read(format!("/proc/{runsv}/cmdline")).unwrap(), b"runsv\0old\0");
    }),
    case("dir_link_turned_to_another", || {
        let rig = Rig::new();
        let [one, two] = ["../all/one", "../all/two"].map(|name| rig.service(name));
        one.finish().probe();
        two.probe();
        symlink("../all/one", rig.place.path("sv/foo")).unwrap();
        let _runsvdir = start(&rig, &["sv"]);
        one.await_runs(1);
        symlink("../all/two", rig.place.path("new")).unwrap();
        fs::rename(rig.place.path("new"), rig.place.path("sv/foo")).unwrap();
        // A relative link moved: it is resolved where it lies.
        two.await_runs(1);
        one.await_traces(&["run", by_term()]);
    }),
    case("dir_target_vanished", || {
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.finish().probe();
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        let runsvdir = start(&rig, &["sv"]);
        let pid = service.await_runs(1);
        fs::rename(rig.place.path("all/foo"), rig.place.path("all/gone")).unwrap();
        // Seen when something makes it look.
        rig.service("other").probe();
        await_death(pid);
        let line = "runsvdir sv: warning: unable to stat foo: file does not exist\n";
        until("a warning", || runsvdir.err().contains(line).then_some(()));
    }),
    case("dir_dangling_link", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        symlink("nowhere", rig.place.path("sv/dangling")).unwrap();
        let runsvdir = start(&rig, &["sv"]);
        service.await_runs(1);
        let line = "runsvdir sv: warning: unable to stat dangling: file does not exist\n";
        until("a warning", || runsvdir.err().contains(line).then_some(()));
    }),
    case("dir_missing_at_first", || {
        let rig = Rig::new();
        let runsvdir = start(&rig, &["later"]);
        let line = "runsvdir later: warning: unable to stat later: file does not exist\n";
        until("a warning", || runsvdir.err().starts_with(line).then_some(()));
        let service = rig.service("foo");
        service.probe();
        fs::rename(rig.place.path("sv"), rig.place.path("later")).unwrap();
        until("a start", || rig.place.text("later/foo/trace").starts_with("run").then_some(()));
    }),
    case("dir_taken_away_and_back", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsvdir = start(&rig, &["sv"]);
        let pid = service.await_runs(1);
        fs::rename(rig.place.path("sv"), rig.place.path("away")).unwrap();
        let line = "runsvdir sv: warning: unable to stat sv: file does not exist\n";
        until("a warning", || runsvdir.err().contains(line).then_some(()));
        assert!(is_alive(pid) && runsvdir.ended().is_none());
        fs::rename(rig.place.path("away"), rig.place.path("sv")).unwrap();
        rig.service("bar").probe().await_runs(1);
        assert_eq!(service.trace(), ["run"]);
    }),
    case("dir_is_a_link_that_is_turned", || {
        let rig = Rig::new();
        let [shared, one, two] = ["../shared", "../one/foo", "../two/bar"].map(|name| rig.service(name));
        shared.probe();
        one.finish().probe();
        two.probe();
        for dir in ["one", "two"] {
            symlink("../shared", rig.place.path(dir).join("shared")).unwrap();
        }
        symlink("one", rig.place.path("current")).unwrap();
        let _runsvdir = start(&rig, &["current"]);
        one.await_runs(1);
        shared.await_runs(1);
        symlink("two", rig.place.path("new")).unwrap();
        fs::rename(rig.place.path("new"), rig.place.path("current")).unwrap();
        two.await_runs(1);
        one.await_traces(&["run", by_term()]);
        assert_eq!(shared.trace(), ["run"]);
    }),
    case("dir_dead_runsv_comes_back", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsvdir = start(&rig, &["sv"]);
        service.await_runs(1);
        service.control("x");
        service.await_runs(2);
    }),
    case("dir_runsv_not_found", || {
        let rig = Rig::new();
        rig.service("foo").probe();
        let mut command = rig.command("runsvdir", &["sv"]);
        let runsvdir = rig.place.start(command.env("PATH", "/no/such/place:/nor/this"));
        let line = "runsvdir sv: fatal: unable to start runsv foo: file does not exist\n";
        until("two tries", || runsvdir.err().starts_with(&line.repeat(2)).then_some(()));
    }),
    case("dir_link_on_the_way_is_turned", || {
        let rig = Rig::new();
        let [one, two] = ["one", "two"].map(|name| rig.service(&format!("../{name}/sv/{name}")));
        one.finish().probe();
        two.probe();
        symlink("one", rig.place.path("current")).unwrap();
        let _runsvdir = start(&rig, &["current/sv"]);
        one.await_runs(1);
        symlink("two", rig.place.path("new")).unwrap();
        fs::rename(rig.place.path("new"), rig.place.path("current")).unwrap();
        one.await_traces(&["run", by_term()]);
        two.await_runs(1);
    }),
    case("dir_path_unset_or_empty", || {
        let rig = Rig::new();
        rig.service("foo");
        // In the current directory, which is that of the services.
        rig.place.script("sv/runsv", "echo $1 >>../started; exec sleep 1000");
        let mut command = rig.command("runsvdir", &["sv"]);
        let _runsvdir = rig.place.start(command.env("PATH", ""));
        until("a start", || (rig.place.text("started") == "foo\n").then_some(()));
        let mut command = rig.command("runsvdir", &["sv"]);
        let runsvdir = rig.place.start(command.env_remove("PATH"));
        let there = ["/bin/runsv", "/usr/bin/runsv"].iter().any(|path| std::path::Path::new(path).exists());
        let line = "runsvdir sv: fatal: unable to start runsv foo: file does not exist\n";
        if !there {
            until("a try", || runsvdir.err().starts_with(line).then_some(()));
        }
    }),
    case("dir_path_through_a_file", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut path = OsString::from("/etc/passwd:");
        path.push(search_path());
        let mut command = rig.command("runsvdir", &["sv"]);
        let _runsvdir = rig.place.start(command.env("PATH", path));
        service.await_runs(1);
    })
    .ours(),
    case("dir_environment_and_descriptors", || {
        needs_proc();
        let rig = Rig::new();
        rig.service("foo");
        rig.place.executable("bin/runsv", "#!/bin/sh\necho $MARK\nexec ls /proc/self/fd\n");
        let mut command = rig.command("runsvdir", &["sv"]);
        command.env("PATH", tools::search_path_behind(&rig.place.path("bin"))).env("MARK", "here");
        let runsvdir = rig.place.start(&mut command);
        let plain = rig.place.run(rig.place.command("ls").arg("/proc/self/fd")).out;
        until("the list", || runsvdir.out().starts_with(&format!("here\n{plain}")).then_some(()));
    }),
    case("dir_term", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsvdir = start(&rig, &["sv"]);
        let pid = service.await_runs(1);
        runsvdir.signal(Signal::SIGTERM);
        assert_eq!(runsvdir.wait().code(), Some(0));
        service.control("h");
        service.await_trace("HUP");
        assert!(is_alive(pid));
    }),
    case("dir_hup", || {
        let rig = Rig::new();
        let services = ["a", "b"].map(|name| rig.service(name));
        for service in &services {
            service.finish().probe();
        }
        let mut runsvdir = start(&rig, &["sv"]);
        let runsvs: Vec<i32> = services.iter().map(|service| parent(service.await_runs(1))).collect();
        runsvdir.signal(Signal::SIGHUP);
        assert_eq!(runsvdir.wait().code(), Some(111));
        for (service, runsv) in services.iter().zip(runsvs) {
            service.await_traces(&["run", by_term()]);
            await_death(runsv);
        }
        assert_eq!(runsvdir.err(), "");
    }),
    case("dir_hup_does_not_wait", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.stubborn();
        let mut runsvdir = start(&rig, &["sv"]);
        let pid = service.await_runs(1);
        runsvdir.signal(Signal::SIGHUP);
        assert_eq!(runsvdir.wait().code(), Some(111));
        service.await_stat("run, got TERM, want exit");
        assert!(is_alive(pid));
    }),
    case("dir_int_kills_it_alone", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsvdir = start(&rig, &["sv"]);
        let pid = service.await_runs(1);
        runsvdir.signal(Signal::SIGINT);
        assert_eq!(runsvdir.wait().signal(), Some(2));
        assert!(is_alive(pid));
    }),
    case("dir_p_gives_sessions", || {
        for (words, apart) in [(&["-P", "sv"][..], true), (&["-Pxyz", "sv"], true), (&["--xyz", "sv"], false)]
        {
            let rig = Rig::new();
            let service = rig.service("foo");
            service.probe();
            let runsvdir = start(&rig, words);
            let runsv = parent(service.await_runs(1));
            let (group, session) = ids(runsv);
            if apart {
                assert_eq!((group, session), (runsv, runsv));
            } else {
                assert_eq!((group, session), ids(runsvdir.pid()));
            }
        }
    }),
    case("dir_odd_first_words", || {
        let rig = Rig::new();
        for (words, name) in
            [(&["-x"][..], "-x"), (&["-"], "-"), (&["-P", "--"], "--"), (&["-P", "-P"], "-P")]
        {
            let runsvdir = start(&rig, words);
            let line = format!("runsvdir {name}: warning: unable to stat {name}: file does not exist\n");
            until("a warning", || runsvdir.err().starts_with(&line).then_some(()));
        }
    }),
    case("dir_words_after_log_are_ignored", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsvdir = start(&rig, &["sv", "log: ........", "more", "words"]);
        service.await_runs(1);
    }),
    case("dir_no_current_directory", || {
        let rig = Rig::new();
        rig.place.dir("dark");
        rig.place.chmod("dark", 0o311);
        let mut command = rig.unprivileged("runsvdir", &["sv"]);
        let done = rig.place.run(command.current_dir(rig.place.path("dark")));
        assert_eq!(done.err, "runsvdir sv: fatal: unable to open current directory: access denied\n");
        assert_eq!(done.code, Some(100));
    }),
    case("dir_not_a_directory", || {
        let rig = Rig::new();
        rig.place.file("plain", "");
        let mut runsvdir = start(&rig, &["plain"]);
        let line = "runsvdir plain: warning: unable to change directory to plain: not a directory\n";
        until("a warning", || runsvdir.err().starts_with(line).then_some(()));
        assert!(runsvdir.ended().is_none());
    }),
];

/// With the programs under test first in the search path.
pub fn start(rig: &Rig, args: &[&str]) -> Running {
    rig.place.start(rig.command("runsvdir", args).env("PATH", search_path()))
}

/// A complete service comes, and is started: all that was there before has been looked at.
fn appears(rig: &Rig, name: &str) {
    let service = rig.service(&format!("../all/{name}"));
    service.probe();
    symlink(&service.dir, rig.place.path("sv").join(name)).unwrap();
    service.await_runs(1);
}

fn stat(pid: i32) -> Vec<String> {
    needs_proc();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(") ").next().unwrap().split(' ').map(str::to_owned).collect()
}

pub fn parent(pid: i32) -> i32 {
    stat(pid)[1].parse().unwrap()
}

/// Process group and session.
fn ids(pid: i32) -> (i32, i32) {
    let stat = stat(pid);
    (stat[2].parse().unwrap(), stat[3].parse().unwrap())
}
