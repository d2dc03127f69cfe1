//! Scan directories that go away, cannot be read, or hold other things.
use runit_tests::place::Running;
use runit_tests::rig::{Rig, search_path};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

pub const CASES: &[Case] = &[
    case("scan_directory_vanishes", scan_directory_vanishes),
    case("scan_directory_cannot_be_read", scan_directory_cannot_be_read),
    case("scan_directory_holds_other_things", scan_directory_holds_other_things),
];

fn scan(rig: &Rig, command: &mut Command) -> Running {
    rig.place.script("run", "exec sleep 100000");
    rig.place.start(command.env("PATH", search_path()))
}

fn add(rig: &Rig, name: &str) {
    let service = rig.place.dir(format!("all/{name}"));
    if !service.join("run").exists() {
        symlink(rig.place.path("run"), service.join("run")).expect("a link");
    }
    symlink(service, rig.place.path(format!("sv/{name}"))).expect("a link");
}

fn await_up(rig: &Rig, name: &str) -> i32 {
    until("a service up", || Status::read(&rig.place.path(format!("all/{name}"))).filter(Status::is_up)).pid
}

/// What runs goes on; what comes later is found.
fn scan_directory_vanishes() {
    let rig = Rig::new();
    let mut running = scan(&rig, &mut rig.command("runsvdir", &["sv"]));
    add(&rig, "one");
    let before = await_up(&rig, "one");
    fs::rename(rig.place.path("sv"), rig.place.path("away")).expect("rename");
    until("words about it", || {
        running.err().contains("unable to stat sv: file does not exist").then_some(())
    });
    // It comes back whole: a moment without `one` in it would be a reason to stop that.
    let two = rig.place.dir("all/two");
    symlink(rig.place.path("run"), two.join("run")).expect("a link");
    symlink(two, rig.place.path("away/two")).expect("a link");
    fs::rename(rig.place.path("away"), rig.place.path("sv")).expect("rename");
    await_up(&rig, "two");
    assert_eq!(await_up(&rig, "one"), before);
    assert_eq!(running.ended(), None);
}

fn scan_directory_cannot_be_read() {
    let rig = Rig::new();
    rig.place.chmod("sv", 0o311);
    rig.place.dir("all");
    rig.place.chmod("all", 0o777);
    let scan_as_nobody = &mut rig.unprivileged("runsvdir", &["sv"]);
    let mut running = scan(&rig, scan_as_nobody);
    until("words about it", || {
        running.err().contains("unable to open directory sv: access denied").then_some(())
    });
    add(&rig, "one");
    rig.place.chmod("all/one", 0o777);
    rig.place.chmod("sv", 0o755);
    await_up(&rig, "one");
    assert_eq!(running.ended(), None);
}

/// Files, links to nowhere, loops, named pipes and hidden directories are no services.
fn scan_directory_holds_other_things() {
    let rig = Rig::new();
    rig.place.file("sv/file", "");
    rig.place.fifo("sv/pipe");
    rig.place.script("sv/.hidden/run", "exec sleep 100000");
    for (target, link) in [("nowhere", "dangling"), ("loop", "loop"), ("/dev/null", "device")] {
        symlink(target, rig.place.path("sv").join(link)).expect("a link");
    }
    let mut running = scan(&rig, &mut rig.command("runsvdir", &["sv"]));
    add(&rig, "one");
    await_up(&rig, "one");
    assert!(!rig.place.path("sv/.hidden/supervise").exists());
    // The scan that starts the service may meet the other entries later.
    until("words about the link", || {
        running.err().contains("unable to stat dangling: file does not exist").then_some(())
    });
    assert_eq!(running.ended(), None);
}
