//! What tells of changes, and of signals, never runs empty: no program reads it to its end before it goes on.
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, program, search_path, send};
use runit_tests::status::{DOWN, RUN, Status};
use runit_tests::suite::{Case, case, needs_tool, skip};
use runit_tests::wait::{patience, until, within};
use std::path::Path;
use std::process::Command;

pub const CASES: &[Case] = &[
    case("flooded_runsvdir", runsvdir).ours(),
    case("flooded_runsv", runsv).ours(),
    case("flooded_svlogd", svlogd).ours(),
    case("flooded_sv", sv).ours(),
    case("flooded_sv_watch", sv_watch).ours(),
    case("flooded_sv_log", sv_log).ours(),
];

/// Makes `flood.c` and has the command run with it.
fn flooded(rig: &Rig, command: &mut Command) -> Running {
    needs_tool("cc");
    let library = rig.place.path("flood.so");
    if !library.exists() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/flood.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
        assert!(cc.status().is_ok_and(|status| status.success()), "cc");
    }
    rig.place.start(command.env("LD_PRELOAD", library).env("FLOODED", rig.place.path("flooded")))
}

/// That something was told again and again. A program without the C library has not met it.
fn met(rig: &Rig) {
    if !rig.place.path("flooded").exists() {
        skip("the program is linked statically");
    }
}

fn ends(rig: &Rig, mut running: Running, code: i32) {
    running.signal(Signal::SIGTERM);
    assert_eq!(running.wait().code(), Some(code), "{}", running.err());
    met(rig);
}

/// It starts what comes and obeys.
fn runsvdir() {
    let rig = Rig::new();
    let running = flooded(&rig, rig.command("runsvdir", &["sv"]).env("PATH", search_path()));
    for name in ["one", "two", "three"] {
        let service = rig.service(name);
        service.script("run", "exec sleep 100000");
        until("a service up", || Status::running(&service.dir));
    }
    // At TERM it leaves the supervisors alone; they go with the place.
    ends(&rig, running, 0);
}

/// It restarts what ends and obeys.
fn runsv() {
    let rig = Rig::new();
    let service = rig.service("foo");
    service.script("run", "exec sleep 100000");
    let running = flooded(&rig, &mut rig.command("runsv", &["sv/foo"]));
    let old = until("run", || Status::running(&service.dir));
    send(old, Signal::SIGKILL);
    until("another one", || Status::running(&service.dir).filter(|pid| *pid != old));
    ends(&rig, running, 0);
}

/// It rotates and obeys.
fn svlogd() {
    let rig = Rig::new();
    rig.place.dir("log");
    rig.place.fifo("input");
    let mut command = rig.place.command("sh");
    let running = flooded(&rig, command.args(["-c", "exec \"$0\" log <>input"]).arg(program("svlogd")));
    until("the lock", || rig.place.path("log/current").exists().then_some(()));
    running.signal(Signal::SIGALRM);
    ends(&rig, running, 0);
}

/// Its time is over when it is over: with one service and with many.
fn sv() {
    for count in [1, 6] {
        let rig = Rig::new();
        let names: Vec<String> = (0..count).map(|number| format!("s{number}")).collect();
        let fakes: Vec<_> =
            names.iter().map(|name| rig.service(name).fake(Status::now(DOWN, 0, b'd'))).collect();
        let mut command = rig.command("sv", &["-w", "1", "start"]);
        let mut sv = flooded(&rig, command.args(&names).env("SVDIR", rig.place.path("sv")));
        for fake in &fakes {
            fake.await_command("u");
            fake.set(Status::now(DOWN, 0, b'u'));
        }
        assert_eq!(sv.wait().code(), i32::try_from(count).ok(), "{}", sv.out());
        assert_eq!(sv.out().matches("timeout: down: ").count(), count, "{}", sv.out());
        met(&rig);
    }
}

/// It tells one change after the other.
fn sv_watch() {
    let rig = Rig::new();
    let fake = rig.service("foo").fake(Status::now(DOWN, 0, b'd'));
    let sv = flooded(&rig, rig.command("sv", &["--watch", "foo"]).env("SVDIR", rig.place.path("sv")));
    for (at, state) in [DOWN, RUN, DOWN, RUN].into_iter().enumerate() {
        if at > 0 {
            fake.set(Status::now(state, i32::from(state == RUN) * 7, b'u'));
        }
        let enough = || (sv.out().lines().count() > at).then_some(());
        assert!(within(patience(), enough).is_some(), "{}{}", sv.out(), sv.err());
    }
    drop(sv);
    met(&rig);
}

/// It shows one line after the other.
fn sv_log() {
    let rig = Rig::new();
    let service = rig.service("foo");
    let logs = rig.place.dir("sv/foo/log/main");
    service.script("log/run", "exec svlogd ./main");
    let log = |line: &str| {
        use std::io::Write;
        let mut current =
            std::fs::OpenOptions::new().append(true).create(true).open(logs.join("current")).expect("a log");
        writeln!(current, "{line}").expect("write");
    };
    log("first");
    let sv = flooded(&rig, rig.command("sv", &["--log", "-f", "foo"]).env("SVDIR", rig.place.path("sv")));
    until("the first line", || sv.out().contains("first").then_some(()));
    for line in ["second", "third"] {
        log(line);
        until(line, || sv.out().contains(line).then_some(()));
    }
    drop(sv);
    met(&rig);
}
