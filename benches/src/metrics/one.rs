//! One service of a few: put in, taken out, killed, asked and told.
use super::Taken;
use crate::process;
use crate::times::{samples, spin};
use crate::tree::{self, LIVES, Set};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::place::{Place, Running};
use runit_tests::wait;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

/// runsvdir on an empty directory, and a service beside it that is to be put in.
fn scanned(set: &Set) -> (Place, Running) {
    let place = tree::place();
    place.script("run", LIVES);
    let running = tree::runsvdir(set, &place, 0, false);
    tree::at_rest(running.pid());
    (place, running)
}

fn new_service(place: &Place, number: usize) -> PathBuf {
    let service = place.dir(format!("new-{number}"));
    symlink(place.path("run"), service.join("run")).expect("a link");
    service
}

/// Services beside the directory in which nobody has been at work for a while.
fn finished(place: &Place, count: usize) -> Vec<PathBuf> {
    let services = (1..=count).map(|number| new_service(place, number)).collect();
    let made = std::time::Instant::now();
    wait::until("services that are older than a second", || {
        (made.elapsed() > Duration::from_millis(1100)).then_some(())
    });
    services
}

pub(super) fn link_to_process(set: &Set, count: usize) -> Taken {
    let (place, _scan) = scanned(set);
    let services = finished(&place, count);
    let mut left = services.into_iter().zip(1..);
    let prepare = || left.next().expect("another service");
    Ok(samples(count, prepare, |(service, number)| {
        symlink(&service, place.path(format!("service/{number}"))).expect("a link");
        spin("a process", || tree::running(&service));
    }))
}

pub(super) fn taken_out(set: &Set, count: usize) -> Taken {
    let (place, _scan) = scanned(set);
    let mut left = finished(&place, count).into_iter().zip(1..);
    let prepare = || {
        let (service, number): (PathBuf, usize) = left.next().expect("another service");
        let link = place.path(format!("service/{number}"));
        symlink(&service, &link).expect("a link");
        (tree::up(&service), link)
    };
    Ok(samples(count, prepare, |(pid, link)| {
        std::fs::remove_file(link).expect("the link");
        spin("the end", || kill(pid, None).is_err().then_some(()));
    }))
}

/// A supervised service that has been up for more than a second, so that its restart is not put off.
fn aged(service: &std::path::Path) -> Pid {
    wait::until("a service older than a second", || {
        let status = runit_tests::status::Status::read(service)?;
        let pid = tree::running(service)?;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
        let age = now.checked_sub(Duration::new(status.secs, status.nanos))?;
        (age > Duration::from_millis(1100)).then_some(pid)
    })
}

pub(super) fn killed(set: &Set, count: usize) -> Taken {
    // Many services age together; each gives one figure.
    let place = tree::place();
    let _scan = tree::runsvdir(set, &place, count.min(50), false);
    let mut number = 0;
    let prepare = || {
        let service = place.path(format!("service/{}", number % count.min(50)));
        number += 1;
        (aged(&service), service)
    };
    Ok(samples(count, prepare, |(pid, service)| {
        kill(pid, Signal::SIGKILL).expect("kill");
        spin("a new process", || tree::running(&service).filter(|new| *new != pid));
    }))
}

/// A killed runsv is replaced at once, at most once a second; its service is started anew as soon
/// as the orphan of the old one has gone.
pub(super) fn killed_supervisor(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    let scan = tree::runsvdir(set, &place, count, false);
    for number in 0..count {
        aged(&place.path(format!("service/{number}")));
    }
    let mut supervisors = process::children(scan.pid());
    let prepare = || supervisors.pop().expect("a supervisor");
    Ok(samples(count, prepare, |supervisor| {
        let all: Vec<Option<Pid>> =
            (0..count).map(|number| tree::running(&place.path(format!("service/{number}")))).collect();
        kill(Pid::from_raw(supervisor), Signal::SIGKILL).expect("kill");
        spin("a new process", || {
            (0..count).find(|number| {
                let new = tree::running(&place.path(format!("service/{number}")));
                new.is_some() && new != all.get(*number).copied().flatten()
            })
        });
    }))
}

pub(super) fn one(set: &Set) -> (Place, Running) {
    let place = tree::place();
    let running = tree::runsvdir(set, &place, 1, false);
    (place, running)
}

pub(super) fn sv(set: &Set, place: &Place, words: &[&str]) {
    let mut command = set.command(place, "sv");
    let status = command.args(words).stdout(std::process::Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "sv {words:?}");
}

/// Services that are all up, so long that a restart of each would not be put off.
fn several(set: &Set, count: usize) -> (Place, Running, Vec<String>) {
    let place = tree::place();
    let running = tree::runsvdir(set, &place, count, false);
    let names: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    for name in &names {
        aged(&place.path("service").join(name));
    }
    (place, running, names)
}

pub(super) fn each_once(set: &Set, place: &Place, word: &str, names: &[String]) -> Taken {
    let mut left = names.iter();
    let prepare = || left.next().expect("another service");
    Ok(samples(names.len(), prepare, |name| sv(set, place, &[word, name])))
}

pub(super) fn start(set: &Set, count: usize) -> Taken {
    let (place, _scan, names) = several(set, count);
    let words: Vec<&str> = ["stop"].into_iter().chain(names.iter().map(String::as_str)).collect();
    sv(set, &place, &words);
    each_once(set, &place, "start", &names)
}

/// The service is as it is wanted already.
pub(super) fn start_running(set: &Set, count: usize) -> Taken {
    let (place, _scan, names) = several(set, count);
    each_once(set, &place, "start", &names)
}

pub(super) fn stop(set: &Set, count: usize) -> Taken {
    let (place, _scan, names) = several(set, count);
    each_once(set, &place, "stop", &names)
}

pub(super) fn up(set: &Set, count: usize) -> Taken {
    let (place, _scan) = one(set);
    Ok(samples(count, || (), |()| sv(set, &place, &["up", "0"])))
}

pub(super) fn down(set: &Set, count: usize) -> Taken {
    let (place, _scan) = one(set);
    // Not `start`: after half a second of waiting a processor is slower for a while.
    let prepare = || {
        sv(set, &place, &["up", "0"]);
        spin("a process", || tree::running(&place.path("service/0")));
    };
    Ok(samples(count, prepare, |()| sv(set, &place, &["down", "0"])))
}

pub(super) fn status(set: &Set, count: usize) -> Taken {
    let (place, _scan) = one(set);
    Ok(samples(count, || (), |()| sv(set, &place, &["status", "0"])))
}
