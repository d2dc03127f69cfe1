//! What the files cost: nothing where there are none, and next to nothing where there are.
use crate::told::{Files, Told, files};
use nix::sys::signal::Signal;
use runit::state::Doing;
use runit_tests::place::Running;
use runit_tests::process;
use runit_tests::programs::Programs;
use runit_tests::rig::{Rig, Service, program, send};
use runit_tests::suite::{Case, case, needs_proc, skip};
use runit_tests::wait::{until, within};
use std::fs;
use std::time::Duration;

/// All that can be said, without a change in what the service does here.
const ALL: Files<'static> = &[
    ("notification-fd", "5\n"),
    ("down-signal", "TERM\n"),
    ("timeout-kill", "5000\n"),
    ("timeout-finish", "5000\n"),
    ("restart-delay", "1000 60000\n"),
    ("restart-limit", "5 60\n"),
    ("finish-fails", "125\n"),
    ("log/down-signal", "TERM\n"),
    ("log/timeout-kill", "5000\n"),
    ("log/restart-delay", "1000 60000\n"),
    ("log/restart-limit", "5 60\n"),
];

/// What each start of `./run` asks the system for, from a directory that has not changed for a while.
fn calls_of_a_restart(said: Files<'_>) -> Vec<String> {
    let rig = Rig::new();
    let there = rig.place.command("strace").args(["-o", "/dev/null", "true"]).status();
    if !there.is_ok_and(|done| done.success()) {
        skip("no strace");
    }
    let service = rig.service("foo");
    files(service.script("run", "echo run $$ >>../trace\nexec sleep 1000"), said);
    let mut command = rig.place.command("strace");
    command.args(["-qq", "-o"]).arg(rig.place.path("calls")).arg(program("runsv")).arg("foo");
    let _strace = rig.place.start(command.current_dir(rig.place.path("sv")));
    let runs = || {
        let text = rig.place.text("sv/trace");
        text.lines().filter_map(|line| line.strip_prefix("run ")?.parse().ok()).collect::<Vec<i32>>()
    };
    let start = |count: usize| {
        let pid = until("a start", || runs().get(count - 1).copied());
        until("its record", || (service.status().pid == pid).then_some(()));
    };
    start(1);
    let age = || fs::metadata(&service.dir).unwrap().modified().unwrap().elapsed().unwrap_or_default();
    until("an old directory", || (age() > Duration::from_millis(3100)).then_some(()));
    // At the second start it is looked at once more; the third is like all that follow.
    for count in 2..4 {
        service.control("t");
        start(count);
    }
    let text = rig.place.text("calls");
    let end = text.rfind("wait4(-1, [{WIF").expect("the end of the process before");
    text[end..].lines().map(String::from).collect()
}

fn mentions<'a>(calls: &'a [String], name: &str) -> Vec<&'a String> {
    calls.iter().filter(|call| call.contains(name)).collect()
}

/// How much more memory may be taken by chance, in KiB: a page of the stack, and without optimisation what each path
/// has of its own.
fn slack() -> u64 {
    if Programs::get().dir().ends_with("debug") { 16 } else { 4 }
}

/// A runsv at rest with a service that has these files.
fn at_rest<'r>(rig: &'r Rig, name: &str, said: Files<'_>) -> (Service<'r>, Running) {
    let service = rig.service(name);
    service.script("run", "echo ready >&5 2>/dev/null\nexec sleep 1000");
    service.script("log/run", "exec cat >/dev/null");
    files(&service, said);
    let runsv = service.supervise();
    until("both", || {
        let log = crate::told::state_in(&service.path("log"))?;
        let state = service.state()?;
        (state.doing == Doing::Run && state.ready != Some(false) && log.doing == Doing::Run).then_some(())
    });
    (service, runsv)
}

/// Waits until the last of them lies down; how often each has.
fn await_rest(sleeps: impl Fn() -> Vec<Option<u64>>) -> Vec<Option<u64>> {
    let mut last = sleeps();
    until("rest", || {
        within(Duration::from_millis(200), || None::<()>);
        let now = sleeps();
        let same = now == last;
        last.clone_from(&now);
        same.then_some(now)
    })
}

pub const CASES: &[Case] = &[
    case("unchanged_calls_of_a_start", || {
        let calls = calls_of_a_restart(&[]);
        for name in ["notification", "down-signal", "timeout", "restart-", "finish-fails", "oneshot"] {
            assert!(mentions(&calls, name).is_empty(), "{calls:#?}");
        }
        // One look at the directory, and the line.
        assert_eq!(mentions(&calls, "\".\"").len(), 1, "{calls:#?}");
        assert!(!mentions(&calls, "\"state\"").is_empty(), "{calls:#?}");
    }),
    case("unchanged_calls_with_one_file", || {
        let calls = calls_of_a_restart(&[("restart-delay", "50")]);
        assert_eq!(mentions(&calls, "restart-delay").len(), 1, "{calls:#?}");
        for name in ["notification", "down-signal", "timeout", "restart-limit", "finish-fails", "oneshot"] {
            assert!(mentions(&calls, name).is_empty(), "{calls:#?}");
        }
    }),
    case("unchanged_memory", || {
        needs_proc();
        // Where the stack begins is chance, and with it whether it takes a page more.
        let usual = |said: Files<'_>, kind: &str| {
            let rig = Rig::new();
            let all: Vec<_> = (0..9).map(|number| at_rest(&rig, &format!("{kind}{number}"), said)).collect();
            let private =
                |runsv: &Running| process::private(runsv.pid()).unwrap_or_else(|| skip("no smaps_rollup"));
            let mut sizes: Vec<u64> = all.iter().map(|(_, runsv)| private(runsv)).collect();
            sizes.sort_unstable();
            sizes[4]
        };
        let (plain, full) = (usual(&[], "plain"), usual(ALL, "full"));
        assert!(full <= plain + slack(), "{full} KiB instead of {plain}");
    }),
    case("unchanged_memory_after_many_starts", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.script("run", "echo run $$ >>trace; exit 1"), &[("restart-delay", "50")]);
        let runsv = service.supervise();
        until("some starts", || (service.starts() > 3).then_some(()));
        let Some(before) = process::private(runsv.pid()) else { skip("no smaps_rollup") };
        until("many starts", || (service.starts() > 30).then_some(()));
        assert!(process::private(runsv.pid()).is_some_and(|after| after <= before + slack()));
    }),
    case("unchanged_at_rest", || {
        // Fifty services that use all of them, for five seconds.
        needs_proc();
        let rig = Rig::new();
        let all: Vec<(Service<'_>, Running)> =
            (0..50).map(|number| at_rest(&rig, &number.to_string(), ALL)).collect();
        let sleeps =
            || -> Vec<Option<u64>> { all.iter().map(|(_, runsv)| process::sleeps(runsv.pid())).collect() };
        let last = await_rest(sleeps);
        let woken = within(Duration::from_secs(5), || {
            within(Duration::from_millis(100), || None::<()>);
            (sleeps() != last).then_some(())
        });
        assert!(woken.is_none(), "somebody woke up");
    }),
    case("unchanged_at_rest_when_failed_or_done", || {
        needs_proc();
        let rig = Rig::new();
        let failed = rig.service("failed");
        files(failed.script("run", "exit 1"), &[("restart-limit", "1 60"), ("restart-delay", "50 60000")]);
        let done = rig.service("done");
        files(
            done.script("run", "exit 0"),
            &[("oneshot", ""), ("timeout-finish", "100"), ("timeout-kill", "100")],
        );
        let all = [failed.supervise(), done.supervise()];
        until("both", || {
            (failed.state()?.doing == Doing::Failed && done.state()?.doing == Doing::Done).then_some(())
        });
        let sleeps =
            || -> Vec<Option<u64>> { all.iter().map(|runsv| process::sleeps(runsv.pid())).collect() };
        let last = await_rest(sleeps);
        assert!(within(Duration::from_secs(2), || (sleeps() != last).then_some(())).is_none());
    }),
    case("unchanged_files_of_old", || {
        // 20 bytes, their text, and nothing new beside them but the line.
        let rig = Rig::new();
        let (plain, _one) = at_rest(&rig, "plain", &[]);
        let (full, _other) = at_rest(&rig, "full", ALL);
        for service in [&plain, &full] {
            let names = |dir: &str| {
                let entries = fs::read_dir(service.path(dir)).unwrap().flatten();
                let mut names: Vec<String> =
                    entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
                names.sort_unstable();
                names
            };
            let expected = ["control", "lock", "ok", "pid", "stat", "state", "status"];
            // The line comes first; each other file has another name until it is whole.
            for dir in ["supervise", "log/supervise"] {
                until("these files alone", || (names(dir) == expected).then_some(()));
            }
            assert_eq!(fs::metadata(service.path("supervise/status")).unwrap().len(), 20);
            assert_eq!(service.text("supervise/stat"), "run\n");
            assert_eq!(service.text("supervise/pid"), format!("{}\n", service.status().pid));
        }
        send(full.status().pid, Signal::SIGKILL);
        until("another", || (full.state()?.starts == 2).then_some(()));
    }),
];
