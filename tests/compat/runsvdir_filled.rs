//! runsvdir and directories that are being filled while it looks, supervisors that end as they were
//! told, and being told to look now.
use crate::runsvdir::{parent, start};
use nix::sys::signal::Signal;
use runit_tests::place::{Running, write_fifo};
use runit_tests::rig::{Rig, Service, await_death, is_alive, process_state, send};
use runit_tests::suite::{Case, case, needs_proc, needs_tool};
use runit_tests::tools;
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("dir_filled_by_commands", || {
        filled(
            r#"mkdir sv/$1; touch sv/$1/down; cat all/run >sv/$1/run; chmod +x sv/$1/run
            mkdir sv/$1/log; cat all/log/run >sv/$1/log/run; chmod +x sv/$1/log/run"#,
        );
    })
    .ours(),
    case("dir_filled_by_a_copy", || filled("cp -r all sv/$1")).ours(),
    case("dir_filled_by_an_exact_copy", || filled("cp -a all sv/$1")).ours(),
    case("dir_filled_from_an_archive", || {
        needs_tool("tar");
        filled("mkdir sv/$1; tar cf - -C all . | tar xf - -C sv/$1");
    })
    .ours(),
    case("dir_filled_slowly", || {
        // Pauses as of somebody who types, each shorter than a second.
        filled(
            r#"mkdir sv/$1; sleep 0.4; cat all/run >sv/$1/run; sleep 0.4; chmod +x sv/$1/run; sleep 0.4
            touch sv/$1/down; sleep 0.4
            mkdir sv/$1/log; sleep 0.4; cat all/log/run >sv/$1/log/run; sleep 0.4; chmod +x sv/$1/log/run"#,
        );
    })
    .ours(),
    case("dir_filled_run_comes_last", || {
        filled(
            r#"mkdir -p sv/$1/log; touch sv/$1/down; cp all/log/run sv/$1/log; sleep 2.5
            cp all/run sv/$1/.run; mv sv/$1/.run sv/$1/run"#,
        );
    })
    .ours(),
    case("dir_filled_elsewhere_and_moved_starts", || {
        let rig = Rig::new();
        let _runsvdir = start(&rig, &["sv"]);
        let service = rig.service("../all/foo");
        service.probe();
        fs::rename(&service.dir, rig.place.path("sv/foo")).unwrap();
        rig.service("foo").await_runs(1);
    }),
    case("dir_without_run_has_no_supervisor", || {
        let rig = Rig::new();
        let runsvdir = at_work(&rig);
        let service = rig.service("foo");
        // Long enough for a directory that is complete.
        let other = rig.service("other");
        other.probe();
        other.await_runs(1);
        assert!(!service.path("supervise").exists());
        let line = "runsvdir sv: warning: unable to stat foo/run: file does not exist\n";
        until("a warning", || (runsvdir.err() == line).then_some(()));
        service.probe();
        service.await_runs(1);
        assert_eq!(runsvdir.err(), line);
    })
    .ours(),
    case("dir_without_run_at_the_start_has_one", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsvdir = start(&rig, &["sv"]);
        service.await_ok();
    }),
    case("dir_end_of_a_supervisor_can_be_seen", || {
        // C runit's sv looks every 0.42 s.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let _runsvdir = start(&rig, &["sv"]);
        service.await_runs(1);
        // One that is older than a second is not held up by its start.
        service.await_age();
        service.control("x");
        let ok = service.path("supervise/ok");
        until("the end", || write_fifo(&ok, b"").is_err().then_some(()));
        let end = Instant::now();
        until("the next", || write_fifo(&ok, b"").ok());
        assert!(end.elapsed() > Duration::from_millis(850), "{:?}", end.elapsed());
    })
    // C runit's next supervisor may come at once, if its second is over just then.
    .ours(),
    case("dir_link_made_again_is_the_same_service", || {
        // DEV-29, which C runit seldom shows: it looks so rarely.
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.probe();
        let link = rig.place.path("sv/foo");
        symlink("../all/foo", &link).unwrap();
        let _runsvdir = at_work(&rig);
        let pid = service.await_runs(1);
        for name in ["a", "b", "c"] {
            fs::remove_file(&link).unwrap();
            symlink("../all/foo", &link).unwrap();
            // It has been looked at when this one runs.
            let other = rig.service(&format!("../all/{name}"));
            other.probe();
            symlink(&other.dir, rig.place.path("sv").join(name)).unwrap();
            other.await_runs(1);
        }
        assert_eq!(service.trace(), ["run"]);
        assert!(is_alive(pid));
    }),
    case("dir_link_before_what_it_leads_to", || {
        let rig = Rig::new();
        let _runsvdir = at_work(&rig);
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        let service = rig.service("../all/foo");
        service.probe();
        service.await_runs(1);
    }),
    case("dir_alarm_looks_now", || {
        // DEV-28; Debian's packages of C runit have it too.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsvdir = start(&rig, &["sv"]);
        let pid = service.await_runs(1);
        for number in 0..3 {
            runsvdir.signal(Signal::SIGALRM);
            let name = format!("new{number}");
            rig.service(&format!("../all/{name}")).probe();
            symlink(format!("../all/{name}"), rig.place.path("sv").join(&name)).unwrap();
            runsvdir.signal(Signal::SIGALRM);
            rig.service(&format!("../all/{name}")).await_runs(1);
        }
        assert!(runsvdir.ended().is_none() && service.runs() == [pid]);
        // Its children have the signal's default.
        let runsv = parent(pid);
        send(runsv, Signal::SIGALRM);
        await_death(runsv);
    }),
    case("dir_alarm_tries_again_what_failed", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        rig.place.script("bin/runsv", "echo >>../starts; exit 111");
        let mut command = rig.command("runsvdir", &["sv"]);
        command.env("PATH", tools::search_path_behind(&rig.place.path("bin")));
        let runsvdir = rig.place.start(&mut command);
        until("many starts", || (rig.place.text("starts").len() >= 9).then_some(()));
        // The next would come two seconds after the last.
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(1500) {
            runsvdir.signal(Signal::SIGALRM);
            if rig.place.text("starts").len() >= 10 {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{} starts", rig.place.text("starts").len());
    })
    .ours(),
    case("dir_log_area_has_one_process_of_that_name", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv", &format!("log: {}", ".".repeat(40))]);
        service.await_runs(1);
        let named = |pid: i32| {
            let read = |name: &str| fs::read(format!("/proc/{pid}/{name}")).unwrap_or_default();
            let has = |text: Vec<u8>| text.windows(8).any(|part| part == b"runsvdir");
            (has(read("comm")), has(read("cmdline")))
        };
        until("its name", || {
            let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", runsvdir.pid())).ok()?;
            let children: Vec<i32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
            let others = children.iter().all(|pid| named(*pid) == (false, false));
            (children.len() == 2 && others).then_some(())
        });
        assert_eq!(named(runsvdir.pid()), (true, true));
        assert!(process_state(runsvdir.pid()).is_some());
    })
    .ours(),
];

/// A runsvdir that has scanned its directory.
fn at_work(rig: &Rig) -> Running {
    let first = rig.service("first");
    first.probe();
    let runsvdir = start(rig, &["sv"]);
    first.await_runs(1);
    runsvdir
}

/// A service that is made in the scan directory by shell commands is neither started, since it has a
/// `down`, nor without its log service.
fn filled(script: &str) {
    let rig = Rig::new();
    let pattern = rig.service("../all");
    pattern.file("down", "").probe().script("log/run", "echo run $$ >>trace\nexec cat >>../logged");
    fs::remove_file(pattern.path("hold")).unwrap();
    let _runsvdir = at_work(&rig);
    let names = ["a", "b", "c", "d"];
    for name in names {
        let mut shell = rig.place.command("sh");
        let done = rig.place.run(shell.args(["-ec", script, "sh", name]));
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
    }
    for name in names {
        let service: Service<'_> = rig.service(name);
        until("the log service", || (!service.log_runs().is_empty()).then_some(()));
        assert_eq!((service.runs(), service.stat().as_str()), (Vec::new(), "down"), "{name}");
    }
}
