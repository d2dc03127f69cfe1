//! Services that say when they are ready, and clients that wait for them.
use super::Taken;
use crate::times::{samples, spin};
use crate::tree::{self, Set};
use runit_tests::place::{Place, Running};
use runit_tests::wait;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// A service that never becomes ready by itself: the measurement writes to its descriptor 3.
fn silent(place: &Place, number: usize) {
    place.script(format!("service/{number}/run"), tree::LIVES);
    place.file(format!("service/{number}/notification-fd"), "3\n");
}

/// The descriptor 3 of a process: where it says that it is ready.
fn notification(pid: i32) -> File {
    wait::until("the descriptor", || {
        // Before exec(2) it may still be another file.
        tree::is(pid, "sleep").then_some(())?;
        OpenOptions::new().write(true).open(format!("/proc/{pid}/fd/3")).ok()
    })
}

/// From the newline until a client that waits for it has ended, in ms. `client` is started for each service;
/// `pid` finds the service's process.
fn told(
    place: &Place,
    count: usize,
    client: impl Fn(&Path) -> Command,
    pid: impl Fn(&Path) -> Option<i32>,
) -> Vec<f64> {
    let mut number = 0..count;
    let prepare = || {
        let service = place.path(format!("service/{}", number.next().expect("another service")));
        let pid = wait::until("a process", || pid(&service));
        let running: Running = place.start(client(&service).stdout(Stdio::null()));
        tree::at_rest(running.pid());
        (notification(pid), running)
    };
    samples(count, prepare, |(mut notification, mut running)| {
        notification.write_all(b"\n").expect("the newline");
        let ended = spin("the end of the client", || running.ended());
        assert!(ended.success(), "the client");
    })
}

/// Ours: `sv start`, which has been waiting.
pub(super) fn newline(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    place.dir("service");
    (0..count).for_each(|number| silent(&place, number));
    let _scan = place.start(set.command(&place, "runsvdir").arg("service"));
    let client = |service: &Path| {
        let mut command = set.command(&place, "sv");
        command.args(["-w", "60", "start"]).arg(service);
        command
    };
    Ok(told(&place, count, client, |service| tree::running(service).map(nix::unistd::Pid::as_raw)))
}

/// The same of s6: `s6-svwait -U`.
pub(super) fn newline_s6(count: usize) -> Taken {
    if !Path::new("/usr/bin/s6-svwait").exists() {
        return Err("needs s6 (Debian: apt-get install s6)".into());
    }
    let place = tree::place();
    place.dir("service");
    (0..count).for_each(|number| silent(&place, number));
    let _scan = place.start(place.command("/usr/bin/s6-svscan").arg(place.path("service")));
    let client = |service: &Path| {
        let mut command = place.command("/usr/bin/s6-svwait");
        command.arg("-U").arg(service);
        command
    };
    let pid = |service: &Path| {
        let told = Command::new("/usr/bin/s6-svstat").args(["-o", "pid"]).arg(service).output().ok()?;
        let pid = String::from_utf8(told.stdout).ok()?.trim().parse().ok()?;
        (pid > 0).then_some(pid)
    };
    Ok(told(&place, count, client, pid))
}

/// From the newline of a service until one that needs it has a process, in ms.
pub(super) fn needed(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    place.dir("service");
    for number in 0..count {
        silent(&place, number);
        place.script(format!("service/after-{number}/run"), tree::LIVES);
        place.file(format!("service/after-{number}/needs/{number}"), "");
    }
    let _scan = place.start(set.command(&place, "runsvdir").arg("service"));
    let mut number = 0..count;
    let prepare = || {
        let number = number.next().expect("another service");
        let pid = tree::up(&place.path(format!("service/{number}")));
        let after = place.path(format!("service/after-{number}"));
        wait::until("one that waits", || waits(&after).then_some(()));
        (notification(pid.as_raw()), after)
    };
    Ok(samples(count, prepare, |(mut notification, after)| {
        notification.write_all(b"\n").expect("the newline");
        spin("a process", || tree::running(&after));
    }))
}

fn waits(service: &Path) -> bool {
    state(service).is_some_and(|line| line.split_whitespace().nth(2) == Some("waiting"))
}

fn state(service: &Path) -> Option<String> {
    std::fs::read_to_string(service.join("supervise/state")).ok()
}

/// How many times as long a thousand services take to be ready when each needs the one before it.
pub(super) fn chained(set: &Set, count: usize) -> Taken {
    (0..count).map(|_| Ok(ready(set, true)? / ready(set, false)?)).collect()
}

/// From the start of runsvdir until a thousand services have all said that they are ready, in ms.
fn ready(set: &Set, chained: bool) -> Result<f64, String> {
    const SERVICES: usize = 1000;
    let place = tree::place();
    let names = tree::services(&place, SERVICES, false);
    place.script("run", &format!("echo >&3; {}", tree::LIVES));
    for (number, name) in names.iter().enumerate() {
        std::fs::write(name.join("notification-fd"), "3").expect("a file");
        if let (true, Some(before)) = (chained, number.checked_sub(1)) {
            place.file(name.join(format!("needs/{before}")), "");
        }
    }
    let start = std::time::Instant::now();
    let _scan = place.start(set.command(&place, "runsvdir").arg("service"));
    tree::all_there(&names, false)?;
    let is_ready = |name: &Path| {
        state(name).is_some_and(|line| {
            let mut words = line.split_whitespace().skip(2);
            words.next() == Some("run") && words.next() == Some("1")
        })
    };
    for name in &names {
        wait::until("one that is ready", || is_ready(name).then_some(()));
    }
    Ok(start.elapsed().as_secs_f64() * 1000.0)
}
