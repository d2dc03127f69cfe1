//! Very many services in one scan directory: all of them up, all started anew, half of them taken
//! out, all ended; nothing is lost on the way.
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::signal::Signal;
use runit_tests::place::Place;
use runit_tests::rig::{Rig, search_path};
use runit_tests::status::{DOWN, Status};
use runit_tests::suite::{Case, case, needs_proc, skip};
use runit_tests::wait::{set_patience, until};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub const CASES: &[Case] = &[case("very_many_services", very_many_services)];

/// More than the thousand of C runit's table; `ROBUST_SERVICES` says how many instead.
const COUNT: usize = 1200;

/// Each has a supervisor, itself, and for a moment another process.
const EACH: usize = 3;

/// Raises the ordinary limits as far as anybody may.
fn make_room(count: usize) {
    for (resource, wanted) in [(Resource::RLIMIT_NPROC, count * EACH), (Resource::RLIMIT_NOFILE, 1024)] {
        let (soft, hard) = getrlimit(resource).expect("getrlimit");
        // FreeBSD's numbers are signed.
        let wanted = rlim_t::try_from(wanted).expect("a small number");
        if hard < wanted {
            skip(format!("{resource:?} is {hard}, too few for {count} services"));
        }
        setrlimit(resource, soft.max(wanted).min(hard), hard).expect("setrlimit");
    }
    let most = fs::read_to_string("/proc/sys/kernel/pid_max").unwrap_or_default();
    if most.trim().parse().is_ok_and(|most: usize| most < count * EACH) {
        skip(format!("there are only {} processes", most.trim()));
    }
}

/// In memory, where programs can be run from there: a disc is slow with so many small files.
fn place() -> Place {
    let place = Place::below("/dev/shm");
    let script = place.script("try", "exit 0");
    let runs = place.command(script).status().is_ok_and(|status| status.success());
    if runs { place } else { Place::new() }
}

/// How a service that runs says it does. With so many the numbers of processes come round, so the
/// date counts as well.
fn up(service: &Path) -> Option<Status> {
    Status::read(service).filter(Status::is_up)
}

/// All services up, and none of them as before.
fn all_up(services: &[PathBuf], before: &[Status]) -> Vec<Status> {
    let is_old =
        |now: &Status, old: &Status| (now.pid, now.secs, now.nanos) == (old.pid, old.secs, old.nanos);
    let new = |(number, service): (usize, &PathBuf)| {
        let old = before.get(number);
        until("a service up", || up(service).filter(|now| !old.is_some_and(|old| is_old(now, old))))
    };
    services.iter().enumerate().map(new).collect()
}

/// All down: their supervisors have waited for their processes.
fn all_down(services: &[PathBuf]) {
    for service in services {
        until("a service down", || (Status::read(service)?.state == DOWN).then_some(()));
    }
}

/// Processes whose directory is below this one, where the system tells.
fn processes_below(dir: &Path) -> usize {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(dir)))
        .count()
}

fn very_many_services() {
    needs_proc();
    let count = std::env::var("ROBUST_SERVICES").ok().and_then(|text| text.parse().ok()).unwrap_or(COUNT);
    set_patience(Duration::from_secs(90));
    make_room(count);
    let rig = Rig { place: place() };
    rig.place.dir("sv");
    rig.place.script("run", "exec sleep 100000");
    let services: Vec<PathBuf> = (0..count).map(|number| rig.place.path(format!("sv/{number}"))).collect();
    for service in &services {
        fs::create_dir(service).expect("mkdir");
        symlink(rig.place.path("run"), service.join("run")).expect("a link");
    }
    let mut running = rig.place.start(rig.command("runsvdir", &["sv"]).env("PATH", search_path()));
    let first = all_up(&services, &[]);
    let scan = running.pid();
    let supervisors = || {
        let text = fs::read_to_string(format!("/proc/{scan}/task/{scan}/children")).unwrap_or_default();
        text.split_whitespace().map(|pid| pid.parse().expect("a number")).collect::<Vec<i32>>()
    };
    let all = supervisors();
    assert_eq!(all.len(), count);

    // One letter for each: what was up is terminated and started anew.
    for service in &services {
        runit_tests::place::write_fifo(&service.join("supervise/control"), b"t").expect("a supervisor");
    }
    let second = all_up(&services, &first);
    assert_eq!(supervisors(), all, "a supervisor was lost");
    assert_eq!(running.err(), "");

    // The second half goes.
    let half = count / 2;
    rig.place.dir("gone");
    let gone: Vec<PathBuf> = (half..count).map(|number| rig.place.path(format!("gone/{number}"))).collect();
    for (service, gone) in services[half..].iter().zip(&gone) {
        fs::rename(service, gone).expect("rename");
    }
    all_down(&gone);
    until("as many supervisors as services", || (supervisors().len() == half).then_some(()));
    let kept: Vec<Option<Status>> = services[..half].iter().map(|service| up(service)).collect();
    assert!(
        kept.into_iter().eq(second[..half].iter().copied().map(Some)),
        "a service that stays was touched"
    );

    running.signal(Signal::SIGHUP);
    assert_eq!(running.wait().code(), Some(111));
    all_down(&services[..half]);
    until("the end of all", || (processes_below(rig.place.root()) == 0).then_some(()));
    // It may have read a name that was taken out before it looked there.
    let other = |line: &&str| !line.contains("warning: unable to stat ");
    assert_eq!(running.err().lines().find(other), None);
}
