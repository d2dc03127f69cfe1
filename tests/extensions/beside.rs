//! Services whose supervise directories are in `.supervise` of the scan directory.
use nix::sys::signal::Signal;
use runit_tests::place::{Running, write_fifo};
use runit_tests::rig::{Rig, Service, await_death, masked, search_path, send};
use runit_tests::status::{DOWN, FINISH, RUN};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::path::{Path, PathBuf};

/// The names in a supervise directory.
pub const KEPT: [&str; 7] = ["control", "lock", "ok", "pid", "stat", "state", "status"];

/// The supervise directory of a service here.
pub fn kept(service: &Service<'_>) -> PathBuf {
    service.rig.place.path("sv/.supervise").join(&service.name)
}

/// That of its log service.
pub fn kept_log(service: &Service<'_>) -> PathBuf {
    service.rig.place.path("sv/.supervise").join(format!("{}.log", service.name))
}

/// The names in a directory.
pub fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Waits for the supervisor that has its supervise directory there.
pub fn await_ok(dir: &Path) {
    until("a supervisor", || write_fifo(&dir.join("ok"), b"").ok());
}

/// Waits until the state there is that.
pub fn await_stat(dir: &Path, text: &str) {
    until_equal("the state", &format!("{text}\n"), || {
        fs::read_to_string(dir.join("stat")).unwrap_or_default()
    });
    // The record is written last.
    let state = match text.split(',').next() {
        Some("run") => RUN,
        Some("finish") => FINISH,
        _ => DOWN,
    };
    until("its record", || (fs::read(dir.join("status")).ok()?.get(19) == Some(&state)).then_some(()));
}

/// Sends commands there.
pub fn control(dir: &Path, letters: &str) {
    write_fifo(&dir.join("control"), letters.as_bytes()).expect("control");
}

/// Starts runsv for a service that notes its starts, and waits for the first.
pub fn up(service: &Service<'_>) -> Running {
    let runsv = service.start();
    await_ok(&kept(service));
    service.await_trace("run");
    await_stat(&kept(service), "run");
    runsv
}

/// Waits until `run` was started so many times.
pub fn await_starts(service: &Service<'_>, count: usize) -> i32 {
    service.await_scripts(&format!("start {count}"), || service.runs().get(count - 1).copied())
}

/// Waits until sv says that of the status of a service.
pub fn await_says(rig: &Rig, dir: &str, name: &str, text: &str) {
    until_equal("what sv says", &says(text, 0), || sv_in(rig, dir, &["status", name]));
}

/// What sv says of services of a scan directory, and its code.
pub fn sv_in(rig: &Rig, dir: &str, args: &[&str]) -> (String, Option<i32>) {
    let done = rig.place.run(rig.command("sv", args).env("SVDIR", rig.place.path(dir)));
    (masked(done.out.trim_end()) + &done.err, done.code)
}

/// The same of those in `sv`.
pub fn sv(rig: &Rig, args: &[&str]) -> (String, Option<i32>) {
    sv_in(rig, "sv", args)
}

/// What is expected of it.
pub fn says(text: &str, code: i32) -> (String, Option<i32>) {
    (text.to_owned(), Some(code))
}

/// Starts runsvdir on a scan directory, with our runsv.
pub fn scan(rig: &Rig, dir: &str) -> Running {
    rig.place.start(rig.command("runsvdir", &[dir]).env("PATH", search_path()))
}

/// Ends a supervisor by KILL, and the process that it leaves behind.
pub fn kill(runsv: &mut Running, pid: i32) {
    runsv.signal(Signal::SIGKILL);
    runsv.wait();
    send(pid, Signal::SIGKILL);
    await_death(pid);
}

/// The warnings of a runsv.
pub fn said(runsv: &Running) -> Vec<String> {
    let text = runsv.err();
    text.lines().map(|line| line.split_once("warning: ").map_or(line, |two| two.1).to_owned()).collect()
}

/// A service that does what it is told, under a runsv; there is a `.supervise`.
pub fn with(look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    rig.place.dir("sv/.supervise");
    let service = rig.service("foo");
    service.probe();
    let mut runsv = up(&service);
    look(&service, &mut runsv);
}
