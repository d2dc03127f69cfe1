//! What is there when nothing happens: files, memory, descriptors, wakes.
use super::Taken;
use crate::loggers;
use crate::process;
use crate::tree::{self, Set, System};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::wait;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a tree is watched at rest.
const REST: Duration = Duration::from_secs(60);
/// Services in a tree whose every system call is looked at; who makes none does not wake up either.
const TRACED: usize = 10;
/// Services in one whose processes are counted by the kernel.
const COUNTED: usize = 1000;

const NO_NAMESPACES: &str = "process 1 needs user namespaces, which this user may not make; root may";
const NO_TRACE: &str = "needs strace(1), and a kernel that lets it be used";

pub(super) fn file(set: &Set, name: &str) -> Taken {
    let found = std::fs::metadata(set.dir.join(name)).map_err(|why| format!("{name}: {why}"))?;
    Ok(vec![found.len() as f64])
}

type Look = fn(i32) -> Option<u64>;

fn seen(look: Look, pid: i32) -> Taken {
    let figure = look(pid).ok_or("the kernel does not tell: Linux 4.14 does, of one's own processes")?;
    Ok(vec![figure as f64])
}

pub(super) fn runit(set: &Set, look: Look) -> Taken {
    let place = tree::place();
    let system = System::boot(set, &place).ok_or(NO_NAMESPACES)?;
    seen(look, system.pid)
}

pub(super) fn runsvdir(set: &Set, services: usize, look: Look) -> Taken {
    let place = tree::place();
    let scan = tree::runsvdir(set, &place, services, true);
    tree::at_rest(scan.pid());
    seen(look, scan.pid())
}

pub(super) fn runsv(set: &Set, look: Look) -> Taken {
    let place = tree::place();
    seen(look, tree::runsv(set, &place).pid())
}

pub(super) fn svlogd(set: &Set, look: Look) -> Taken {
    seen(look, loggers::idle(set).pid())
}

/// The tree at rest, all its processes' numbers handed to `watch`.
fn at_rest<T>(
    set: &Set,
    services: usize,
    watch: impl FnOnce(&[i32]) -> Result<T, String>,
) -> Result<T, String> {
    let (upper, lower) = (tree::place(), tree::place());
    let system = System::boot(set, &upper);
    let scan = tree::runsvdir(set, &lower, services, false);
    let logger = loggers::idle(set);
    let mut all = process::children(scan.pid());
    all.extend([scan.pid(), logger.pid()]);
    all.extend(system.as_ref().map(|system| system.pid));
    // Who polls never settles; it has had time then.
    let settled = Instant::now();
    let count = || all.iter().map(|pid| process::sleeps(*pid)).collect::<Vec<_>>();
    let mut last = (count(), Instant::now());
    let _ = wait::within(Duration::from_secs(4), || {
        if count() != last.0 {
            last = (count(), Instant::now());
        }
        (last.1.elapsed() > Duration::from_secs(2) && settled.elapsed() > Duration::from_secs(2))
            .then_some(())
    });
    watch(&all)
}

fn pass(time: Duration) {
    // What is measured is that nothing happens, so there is nothing to wait for but the time.
    let end = Instant::now() + time;
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        std::thread::park_timeout(left);
    }
}

/// How often runit, runsvdir, a thousand runsv and a svlogd woke up together.
pub(super) fn wakes(set: &Set, _: usize) -> Taken {
    at_rest(set, COUNTED, |all| {
        let sum = || all.iter().filter_map(|pid| process::sleeps(*pid)).sum::<u64>();
        let before = sum();
        pass(REST);
        Ok(vec![(sum() - before) as f64])
    })
}

/// The system calls they made, with ten runsv.
pub(super) fn calls(set: &Set, _: usize) -> Taken {
    at_rest(set, TRACED, |all| {
        let place = tree::place();
        let trace = place.path("trace");
        let mut command = place.command("strace");
        command.arg("-o").arg(&trace).arg("-f");
        command.args(all.iter().flat_map(|pid| ["-p".into(), pid.to_string()]));
        if place.command("strace").args(["-o", "/dev/null", "true"]).status().is_err() {
            return Err(NO_TRACE.into());
        }
        let mut strace = place.start(&mut command);
        let lines = || {
            let text = std::fs::read_to_string(&trace).unwrap_or_default();
            let mut lines = BTreeMap::<String, u64>::new();
            for line in text.lines().filter(|line| !line.contains("detached")) {
                *lines.entry(line.split(' ').next().unwrap_or_default().into()).or_default() += 1;
            }
            lines
        };
        // The call each is in shows first.
        if wait::within(Duration::from_secs(5), || (lines().len() == all.len()).then_some(())).is_none() {
            return Err(NO_TRACE.into());
        }
        pass(REST);
        let _ = kill(Pid::from_raw(strace.pid()), Signal::SIGINT);
        strace.wait();
        Ok(vec![lines().values().map(|count| (count - 1) as f64).sum()])
    })
}
