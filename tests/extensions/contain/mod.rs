//! `contain`: nothing that a service has started outlives it, for each way in which that can be on this system.
mod ends;
mod orphans;
mod pairs;

use crate::told::{Files, files};
use runit_tests::place::Running;
use runit_tests::process;
use runit_tests::rig::{Rig, Service, process_state, program};
use runit_tests::suite::{Case, skip};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;

pub const CONTAIN: (&str, &str) = ("contain", "");

/// How processes are kept together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// In a cgroup.
    Cgroup,
    /// As descendants of runsv.
    Family,
    /// In a process group.
    Group,
}

/// What hides the rest from runsv: cgroups, and proc(5).
const HIDES_CGROUPS: &str = "mount -t tmpfs none /sys/fs/cgroup";
const HIDES_ALL: &str = "mount -t tmpfs none /sys/fs/cgroup && mount -t tmpfs none /proc";

/// The directory in which a runsv started here makes its cgroups, if it may.
pub fn cgroups() -> Option<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::"))?.trim_start_matches('/').to_owned();
    let roots = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];
    let found = roots.iter().map(|root| PathBuf::from(root).join(&own));
    let dir = found.into_iter().find(|dir| dir.join("cgroup.controllers").exists())?;
    let probe = dir.join(format!("runit-tests-{}", std::process::id()));
    let made = fs::create_dir(&probe).or_else(|why| if probe.exists() { Ok(()) } else { Err(why) });
    let enters = made.is_ok() && Command::new("true").status().is_ok();
    let _ = fs::remove_dir(&probe);
    enters.then_some(dir)
}

/// The way where nothing has to be hidden from runsv; `None`: there are several, as on Linux.
pub const OWN: Option<Way> =
    if cfg!(runit_force_poll) || cfg!(not(any(target_os = "linux", target_os = "freebsd"))) {
        Some(Way::Group)
    } else if cfg!(target_os = "freebsd") {
        Some(Way::Family)
    } else {
        None
    };

impl Way {
    /// A command that is to be run in this way, or the case is skipped.
    pub fn command(self, rig: &Rig, name: &str, args: &[&str]) -> Command {
        let hides = match self {
            _ if OWN == Some(self) => return self.plain(rig, name, args),
            _ if OWN.is_some() => skip("not a way of this system"),
            Way::Cgroup if cgroups().is_none() => skip("no cgroup can be made"),
            Way::Cgroup => return self.plain(rig, name, args),
            Way::Family => HIDES_CGROUPS,
            Way::Group => HIDES_ALL,
        };
        if !hidden() {
            skip("no mounts in a namespace");
        }
        let mut command = rig.place.command("unshare");
        command.args(namespaces()).args(["sh", "-c"]);
        command.arg(format!("{hides} && exec \"$0\" \"$@\"")).arg(program(name)).args(args);
        command.current_dir(rig.place.path("sv"));
        command
    }

    fn plain(self, rig: &Rig, name: &str, args: &[&str]) -> Command {
        let mut command = rig.command(name, args);
        command.current_dir(rig.place.path("sv"));
        command
    }
}

/// What unshare(1) needs for mounts of one's own.
fn namespaces() -> &'static [&'static str] {
    if nix::unistd::geteuid().is_root() { &["--mount"] } else { &["--user", "--map-root-user", "--mount"] }
}

/// Whether cgroups can be hidden at all.
fn hidden() -> bool {
    let mut command = Command::new("unshare");
    command.args(namespaces()).args(["sh", "-c", HIDES_ALL]);
    command.output().is_ok_and(|output| output.status.success())
}

/// A contained service whose `run` is this script, after it has noted its start, and the runsv of it.
pub fn contained(way: Way, run: &str, said: Files<'_>, look: impl FnOnce(&Service<'_>, &mut Running)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    prepare(&service, run, said);
    let mut runsv = start(way, &service);
    service.await_trace("run");
    look(&service, &mut runsv);
}

/// Writes such a service.
pub fn prepare(service: &Service<'_>, run: &str, said: Files<'_>) {
    service.script("run", &format!("echo run $$ >>trace\n{run}"));
    files(service, &[CONTAIN]);
    files(service, said);
}

/// Starts its runsv.
pub fn start(way: Way, service: &Service<'_>) -> Running {
    let runsv = service.rig.place.start(&mut way.command(service.rig, "runsv", &[&service.name]));
    service.await_ok();
    runsv
}

/// All processes of the place but these.
pub fn others(rig: &Rig, known: &[&Running]) -> Vec<i32> {
    let known: Vec<i32> = known.iter().map(|running| running.pid()).collect();
    let found = rig.place.processes().into_iter().map(nix::unistd::Pid::as_raw);
    found
        .filter(|pid| !known.contains(pid) && !matches!(process_state(*pid), None | Some('Z' | 'X')))
        .collect()
}

/// There is nobody but these.
pub fn alone(rig: &Rig, known: &[&Running]) {
    let left = others(rig, known);
    let names: Vec<String> = left.iter().map(|pid| process::arguments(*pid)).collect();
    assert!(left.is_empty(), "left: {names:?}");
}

/// Waits until a file has so many lines, which are numbers of processes.
pub fn pids(service: &Service<'_>, name: &str, count: usize) -> Vec<i32> {
    until(&format!("{count} lines of {name}"), || {
        let text = service.text(name);
        let pids: Vec<i32> = text.lines().filter_map(|line| line.trim().parse().ok()).collect();
        (pids.len() >= count).then_some(pids)
    })
}

/// Stops it, which may take so long as is given to sv.
pub fn stops(service: &Service<'_>) {
    let done = service.rig.sv(&["-w", "15", "stop", &service.name]);
    assert!(done.out.starts_with("ok: down: foo") && done.code == Some(0), "{done:?}");
}

/// The cgroup of a service, there or not.
pub fn cgroup_of(service: &Service<'_>) -> PathBuf {
    let found = fs::metadata(service.path("supervise")).expect("the directory");
    cgroups().expect("cgroups").join(format!("runsv-{}-{}", found.dev(), found.ino()))
}

/// One case for each way.
macro_rules! each {
    ($($name:ident)*) => {
        &[$(
            runit_tests::suite::case(concat!("contain_", stringify!($name), "_cgroup"), || {
                $name($crate::contain::Way::Cgroup);
            }),
            runit_tests::suite::case(concat!("contain_", stringify!($name), "_family"), || {
                $name($crate::contain::Way::Family);
            }),
            runit_tests::suite::case(concat!("contain_", stringify!($name), "_group"), || {
                $name($crate::contain::Way::Group);
            }),
        )*]
    };
}
use each;

pub const AREAS: [&[Case]; 6] =
    [ends::EACH, ends::CASES, pairs::EACH, pairs::CASES, orphans::EACH, orphans::CASES];
