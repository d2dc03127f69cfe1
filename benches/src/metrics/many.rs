//! Very many services: brought up, asked, told, stopped, and what that costs as their number grows.
use super::Taken;
use super::one::{each_once, sv};
use crate::process;
use crate::times::samples;
use crate::tree::{self, Set};
use runit_tests::place::{Place, Running};
use runit_tests::wait;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

fn words<'a>(word: &'a str, names: &'a [String]) -> Vec<&'a str> {
    std::iter::once(word).chain(names.iter().map(String::as_str)).collect()
}

/// Processor time of runsvdir and all its runsv, in ms.
fn supervisors(scan: i32) -> f64 {
    let all = std::iter::once(scan).chain(process::children(scan));
    all.filter_map(process::cpu).sum()
}

/// A tree that has just come up, and what that took.
struct Up {
    scan: Running,
    /// From the start of runsvdir until all are up, in ms.
    wall: f64,
    /// Of the supervisors, in ms.
    cpu: f64,
}

fn bring_up(set: &Set, place: &Place, count: usize) -> Result<Up, String> {
    let names = tree::services(place, count, false);
    let mut command = set.command(place, "runsvdir");
    let start = Instant::now();
    let scan = place.start(command.arg("service"));
    tree::all_there(&names, false)?;
    let wall = start.elapsed().as_secs_f64() * 1000.0;
    tree::at_rest(scan.pid());
    let cpu = supervisors(scan.pid());
    Ok(Up { scan, wall, cpu })
}

fn of_up(set: &Set, services: usize, turns: usize, figure: impl Fn(&Up) -> f64) -> Taken {
    (0..turns).map(|_| Ok(figure(&bring_up(set, &tree::place(), services)?))).collect()
}

pub(super) fn wall_of_1000(set: &Set, count: usize) -> Taken {
    of_up(set, 1000, count, |up| up.wall)
}

pub(super) fn cpu_of_1000(set: &Set, count: usize) -> Taken {
    of_up(set, 1000, count, |up| up.cpu)
}

pub(super) fn wall_of_10000(set: &Set, count: usize) -> Taken {
    of_up(set, 10_000, count, |up| up.wall)
}

pub(super) fn cpu_of_10000(set: &Set, count: usize) -> Taken {
    of_up(set, 10_000, count, |up| up.cpu)
}

/// From HUP to runsvdir until no supervisor and no service is left.
pub(super) fn shutdown(set: &Set, count: usize) -> Taken {
    let turn = |_| {
        let place = tree::place();
        let mut up = bring_up(set, &place, 1000)?;
        let runsv = process::children(up.scan.pid());
        let all: Vec<i32> =
            runsv.iter().flat_map(|pid| process::children(*pid)).chain(runsv.iter().copied()).collect();
        let start = Instant::now();
        up.scan.signal(nix::sys::signal::Signal::SIGHUP);
        up.scan.wait();
        wait::until("the end of all", || all.iter().all(|pid| process::gone(*pid)).then_some(()));
        Ok(start.elapsed().as_secs_f64() * 1000.0)
    };
    (0..count).map(turn).collect()
}

pub(super) fn status_of_all(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    let _up = bring_up(set, &place, 1000)?;
    let names = names(1000);
    Ok(samples(count, || (), |()| sv(set, &place, &words("status", &names))))
}

/// One of a thousand is stopped.
pub(super) fn stop_of_many(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    let _up = bring_up(set, &place, 1000)?;
    each_once(set, &place, "stop", names(1000).get(..count).unwrap_or_default())
}

/// One sv stops a thousand.
pub(super) fn stop_of_all(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    let _up = bring_up(set, &place, 1000)?;
    let names = names(1000);
    let prepare = || sv(set, &place, &words("start", &names));
    Ok(samples(count, prepare, |()| sv(set, &place, &words("stop", &names))))
}

/// One sv tells a thousand to go down, and waits for none.
pub(super) fn down_of_all(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    let _up = bring_up(set, &place, 1000)?;
    let names = names(1000);
    let prepare = || sv(set, &place, &words("start", &names));
    Ok(samples(count, prepare, |()| sv(set, &place, &words("down", &names))))
}

/// A service that exits at once is started once a second: what that costs its supervisor, in us.
pub(super) fn crash_loop(set: &Set, count: usize) -> Taken {
    const SERVICES: usize = 100;
    const SECONDS: f64 = 4.0;
    let turn = |_| {
        let place = tree::place();
        let scan = tree::runsvdir(set, &place, SERVICES, true);
        place.script("run", "exit 1");
        sv(set, &place, &words("up", &names(SERVICES)));
        let before = (supervisors(scan.pid()), Instant::now());
        let seconds = wait::until("the loop to go on", || {
            let seconds = before.1.elapsed().as_secs_f64();
            (seconds >= SECONDS).then_some(seconds)
        });
        Ok((supervisors(scan.pid()) - before.0) * 1000.0 / SERVICES as f64 / seconds)
    };
    (0..count).map(turn).collect()
}

/// What a tree of some size costs.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// Until all are up, in ms.
    pub wall: f64,
    /// Of the supervisors until then, in ms.
    pub cpu: f64,
    /// One `sv status` of all, in ms.
    pub status: f64,
    /// Private memory of runsvdir, in KiB.
    pub runsvdir: u64,
    /// Private memory of all runsv together, in KiB.
    pub runsv: u64,
}

/// Measures that.
///
/// # Errors
/// Why it cannot be.
pub fn costs(set: &Set, services: usize) -> Result<Costs, String> {
    let place = tree::place();
    let up = bring_up(set, &place, services)?;
    let names = names(services);
    let status = crate::times::median(&samples(5, || (), |()| sv(set, &place, &words("status", &names))));
    let private = |pid: i32| process::private(pid).unwrap_or(0);
    let runsv = process::children(up.scan.pid()).into_iter().map(private).sum();
    Ok(Costs { wall: up.wall, cpu: up.cpu, status, runsvdir: private(up.scan.pid()), runsv })
}

/// What a user, looked up by name, and a few variables cost, in us.
pub(super) fn added_by_chpst(set: &Set, count: usize) -> Taken {
    let place = tree::place();
    for name in ["A", "B", "C", "D", "E"] {
        place.file(format!("e/{name}"), "value\n");
    }
    // Without rights the same is looked up, and put into the environment.
    let user = if nix::unistd::geteuid().is_root() { "-u" } else { "-U" };
    let environment = place.path("e");
    let chpst = set.dir.join("chpst");
    let words =
        [user.as_ref(), "daemon".as_ref(), "-e".as_ref(), environment.as_os_str(), "/bin/true".as_ref()];
    let run = |program: &Path, words: &[&std::ffi::OsStr]| {
        let mut command = std::process::Command::new(program);
        let status = command.args(words).stdin(Stdio::null()).status();
        assert!(status.is_ok_and(|status| status.success()), "{}", program.display());
    };
    // Each beside a bare one: the machine's mood is in both.
    let pair = |_| {
        let bare = samples(1, || (), |()| run(Path::new("/bin/true"), &[]));
        let with = samples(1, || (), |()| run(&chpst, &words));
        (with.iter().sum::<f64>() - bare.iter().sum::<f64>()) * 1000.0
    };
    Ok((0..count).map(pair).collect())
}
