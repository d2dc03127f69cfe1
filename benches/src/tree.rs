//! Programs set up for measuring.
use crate::process;
use nix::unistd::Pid;
use runit_tests::place::{Place, Running};
use runit_tests::status::Status;
use runit_tests::wait;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// A directory of programs: ours of some linkage, or C runit's.
#[derive(Clone, Debug)]
pub struct Set {
    /// Where they are.
    pub dir: PathBuf,
}

impl Set {
    /// # Panics
    /// If there is no such directory.
    #[must_use]
    pub fn new(dir: &str) -> Set {
        let dir = Path::new(dir).canonicalize().unwrap_or_else(|why| panic!("{dir}: {why}"));
        Set { dir }
    }

    /// The first of the programs that are measured here that is not there.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        let all = ["runit", "runsvdir", "runsv", "svlogd", "sv", "chpst"];
        all.into_iter().find(|name| !self.dir.join(name).is_file())
    }

    /// A command in the place that finds these programs first.
    #[must_use]
    pub fn command(&self, place: &Place, program: &str) -> Command {
        let mut command = place.command(self.dir.join(program));
        // A short environment: a long one takes a page more of every process.
        command.env("PATH", format!("{}:/usr/bin:/bin", self.dir.display()));
        command.env("SVDIR", place.path("service"));
        command
    }
}

/// A service that only lives. The sleep is so long that it ends after everything else.
pub const LIVES: &str = "exec sleep 100000";

/// Process 1 of namespaces of its own, at rest in stage 2.
#[derive(Debug)]
pub struct System {
    _outer: Running,
    /// Its number out here.
    pub pid: i32,
}

impl System {
    /// Boots; `None` where namespaces are not allowed.
    #[must_use]
    pub fn boot(set: &Set, place: &Place) -> Option<System> {
        let allowed = Command::new("unshare").args(["-Urmpf", "--mount-proc", "true"]).status();
        if !allowed.is_ok_and(|status| status.success()) {
            return None;
        }
        for (stage, text) in [("1", "exit 0"), ("2", LIVES), ("3", "exit 0")] {
            place.script(format!("etc/{stage}"), text);
        }
        let prepare =
            "mount -t tmpfs t /etc && mkdir /etc/runit && cp -p \"$1\"/* /etc/runit && exec env -i \"$2\"";
        let mut command = place.command("unshare");
        command.args(["-Urmpf", "--mount-proc", "--kill-child", "sh", "-c", prepare, "sh"]);
        command.arg(place.path("etc")).arg(set.dir.join("runit"));
        let outer = place.start(&mut command);
        let pid = wait::until("stage 2", || {
            let pid = *process::children(outer.pid()).first()?;
            // The stage's leader may be the script itself or its parent.
            let below = process::children(pid);
            let all = below.iter().copied().chain(below.iter().flat_map(|child| process::children(*child)));
            all.into_iter().any(|pid| is(pid, "sleep")).then_some(pid)
        });
        at_rest(pid);
        Some(System { _outer: outer, pid })
    }
}

/// Whether that is the name of the process.
#[must_use]
pub fn is(pid: i32, name: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim_end() == name)
}

/// Waits until a process has slept through a few looks.
pub fn at_rest(pid: i32) {
    slept(pid, Duration::from_millis(100));
}

/// Waits until a process has slept so long that no timer of its start is left: a supervisor looks
/// once more at what changed up to a second ago.
pub fn settled(pid: i32) {
    slept(pid, Duration::from_secs(2));
}

fn slept(pid: i32, time: Duration) {
    let mut since = (Instant::now(), None);
    wait::until("rest", || {
        let sleeps = process::sleeps(pid);
        if !process::asleep(pid) || since.1 != sleeps {
            since = (Instant::now(), sleeps);
        }
        (since.0.elapsed() > time).then_some(())
    });
}

/// runsv with one service, up, without log service.
#[must_use]
pub fn runsv(set: &Set, place: &Place) -> Running {
    place.script("one/run", LIVES);
    let running = place.start(set.command(place, "runsv").arg("one"));
    up(&place.path("one"));
    at_rest(running.pid());
    running
}

/// Waits until a service is up; its process.
#[must_use]
pub fn running(service: &Path) -> Option<Pid> {
    let status = Status::read(service)?;
    (status.state == runit_tests::status::RUN && status.pid != 0).then(|| Pid::from_raw(status.pid))
}

/// Waits until a service is up.
pub fn up(service: &Path) -> Pid {
    wait::until("a service up", || running(service))
}

/// A place in memory if programs can be run from there: a disc would be measured along, and
/// supervise directories belong in memory.
#[must_use]
pub fn place() -> Place {
    static IN_MEMORY: OnceLock<bool> = OnceLock::new();
    let in_memory = IN_MEMORY.get_or_init(|| {
        let place = Place::below("/dev/shm");
        let script = place.script("try", "exit 0");
        place.command(script).status().is_ok_and(|status| status.success())
    });
    if *in_memory { Place::below("/dev/shm") } else { Place::new() }
}

/// Makes a scan directory with this many services, which are down or up.
pub fn services(place: &Place, count: usize, down: bool) -> Vec<PathBuf> {
    place.dir("service");
    place.script("run", LIVES);
    let names: Vec<PathBuf> = (0..count).map(|number| place.path(format!("service/{number}"))).collect();
    for name in &names {
        std::fs::create_dir(name).expect("a service");
        std::os::unix::fs::symlink(place.path("run"), name.join("run")).expect("a link");
        if down {
            std::fs::write(name.join("down"), "").expect("a file");
        }
    }
    names
}

/// Waits until all of them have a supervisor and are down or up.
///
/// # Errors
/// How many have, when there was nothing new for a long time.
pub fn all_there(names: &[PathBuf], down: bool) -> Result<(), String> {
    const LONG: Duration = Duration::from_secs(15);
    let there = |name: &PathBuf| Status::read(name).is_some_and(|status| down || status.pid != 0);
    for (number, name) in names.iter().enumerate() {
        if wait::within(LONG, || there(name).then_some(())).is_none() {
            // One may be missing and later ones there.
            let count =
                number + names.get(number..).unwrap_or_default().iter().filter(|name| there(name)).count();
            return Err(format!("only {count} of {} services are supervised", names.len()));
        }
    }
    Ok(())
}

/// A runsvdir with this many services, which are down or up; all their supervisors are at work
/// when this returns.
///
/// # Panics
/// If they do not get there.
#[must_use]
pub fn runsvdir(set: &Set, place: &Place, count: usize, down: bool) -> Running {
    let names = services(place, count, down);
    let running = place.start(set.command(place, "runsvdir").arg("service"));
    if let Err(why) = all_there(&names, down) {
        // A panic that aborts would leave them all behind.
        drop(running);
        panic!("{why}");
    }
    running
}
