//! What is to be seen of a tree that has come to rest.
use crate::logs::Log;
use crate::procs::{self, Process};
use crate::tree::Tree;
use runit_tests::status::{DOWN, RUN, Status};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

/// The most that one of them has may rise by so many KiB: not all of them have met everything at first.
const SLACK: usize = 32;
/// What there is in a supervise directory.
const FILES: [&str; 7] = ["control", "lock", "ok", "pid", "stat", "state", "status"];

/// The most that a resident program had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Most {
    pub(crate) descriptors: usize,
    pub(crate) memory: usize,
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    pub(crate) wrong: Vec<String>,
    /// The services that this is about.
    pub(crate) about: BTreeSet<usize>,
    pub(crate) processes: usize,
    pub(crate) up: usize,
    pub(crate) lines: u64,
    /// By the name of the program.
    pub(crate) residents: BTreeMap<&'static str, Most>,
}

impl Sight {
    fn resident(&mut self, name: &'static str, pid: i32) {
        let most = self.residents.entry(name).or_default();
        most.descriptors = most.descriptors.max(procs::descriptors(pid).unwrap_or(0));
        most.memory = most.memory.max(procs::private(pid).unwrap_or(0));
    }
}

/// Looks at everything.
pub(crate) fn look(tree: &Tree, logs: &mut [Log], runsvdir: i32) -> Sight {
    let mut sight = Sight::default();
    let own = std::process::id() as i32;
    let processes = procs::below(own);
    let none = Vec::new();
    let children = |pid: i32| processes.get(&pid).unwrap_or(&none);
    for process in processes.values().flatten() {
        sight.processes += 1;
        if process.state == 'Z' {
            sight.wrong.push(format!("zombie: {process:?}"));
        }
    }
    for process in children(own).iter().filter(|process| process.pid != runsvdir) {
        sight.wrong.push(format!("left over: {process:?}, {:?}", procs::directory(process.pid)));
    }
    if !children(own).iter().any(|process| process.pid == runsvdir) {
        sight.wrong.push(format!("runsvdir {runsvdir} is gone"));
    }
    sight.resident("runsvdir", runsvdir);
    let mut supervisors: HashMap<PathBuf, Vec<&Process>> = HashMap::new();
    for process in children(runsvdir) {
        supervisors.entry(procs::directory(process.pid).unwrap_or_default()).or_default().push(process);
    }
    for service in &tree.services {
        let dir = tree.dir(service.number);
        let found = supervisors.remove(&dir).unwrap_or_default();
        if let Err(wrong) = one(tree, service.number, &found, &children, &mut sight) {
            sight.about.insert(service.number);
            sight.wrong.push(format!("{} (number {}): {wrong}", dir.display(), service.number));
        }
        let log = &mut logs[service.number];
        if !log.spoilt {
            match log.check(tree, service.number) {
                Ok(lines) => sight.lines += lines,
                Err(wrong) => {
                    sight.about.insert(service.number);
                    sight.wrong.push(wrong);
                }
            }
        }
    }
    for (dir, others) in supervisors {
        sight.wrong.push(format!("supervisors in {}: {others:?}", dir.display()));
    }
    sight
}

/// Compares what the residents have with what they had once.
pub(crate) fn growth(sight: &Sight, then: &BTreeMap<&'static str, Most>) -> Vec<String> {
    let grown = |name: &&&str| {
        let (now, then) = (sight.residents[**name], then.get(**name).copied().unwrap_or_default());
        now.descriptors > then.descriptors || now.memory > then.memory + SLACK
    };
    let say =
        |name: &&str| format!("{name} has grown: {:?}, once {:?}", sight.residents[name], then.get(name));
    sight.residents.keys().filter(grown).map(say).collect()
}

/// One service: its supervisor, its processes, and what its directory says of them.
fn one<'p>(
    tree: &Tree,
    number: usize,
    found: &[&Process],
    children: &impl Fn(i32) -> &'p Vec<Process>,
    sight: &mut Sight,
) -> Result<(), String> {
    let service = &tree.services[number];
    let dir = tree.dir(number);
    let runsv = match (service.present, found) {
        (false, []) if tree.is_supervised(number) => return Err("it was taken out and is supervised".into()),
        (false, []) => return Ok(()),
        (true, [runsv]) => runsv,
        _ => return Err(format!("present {}, supervisors {found:?}", service.present)),
    };
    if runsv.name != "runsv" {
        return Err(format!("no supervisor, but {runsv:?}"));
    }
    sight.resident("runsv", runsv.pid);
    let (status, log) = (files(&dir)?, files(&dir.join("log"))?);
    let up = status.state == RUN;
    sight.up += usize::from(up);
    // After `once` an unsure one may be either.
    let as_wanted = up == service.up || (service.unsure && (up != service.down || service.again));
    let plain = Status { secs: 0, nanos: 0, pid: 0, paused: 0, want: b'u', got_term: 0, state: RUN };
    let want = if up { plain } else { Status { want: b'd', state: DOWN, ..plain } };
    // One that `once` has started runs, and shall be down afterwards.
    let want = if up && service.unsure && status.want == b'd' { Status { want: b'd', ..want } } else { want };
    let bare = |status: Status| Status { secs: 0, nanos: 0, pid: 0, ..status };
    if !as_wanted || bare(status) != want {
        return Err(format!("wanted up: {} (unsure: {}), but {status:?}", service.up, service.unsure));
    }
    if bare(log) != plain {
        return Err(format!("its log: {log:?}"));
    }
    let mut pids: Vec<i32> = children(runsv.pid).iter().map(|child| child.pid).collect();
    let mut wanted: Vec<i32> = [status.pid, log.pid].into_iter().filter(|pid| *pid != 0).collect();
    pids.sort_unstable();
    wanted.sort_unstable();
    if pids != wanted || up == (status.pid == 0) {
        return Err(format!("processes {pids:?}, but {status:?}, log {log:?}"));
    }
    let program = |pid: i32| children(runsv.pid).iter().find(|child| child.pid == pid);
    if program(log.pid).is_none_or(|child| child.name != "svlogd" || !children(child.pid).is_empty()) {
        return Err(format!("its log: {:?} with {:?}", program(log.pid), children(log.pid)));
    }
    sight.resident("svlogd", log.pid);
    Ok(())
}

/// What a supervise directory says; its files must agree with each other.
fn files(dir: &Path) -> Result<Status, String> {
    let supervise = dir.join("supervise");
    let status = Status::read(dir).ok_or("status cannot be read")?;
    let text = |name: &str| fs::read_to_string(supervise.join(name)).unwrap_or_default();
    let pid = if status.pid == 0 { String::new() } else { format!("{}\n", status.pid) };
    let stat = match (status.state, status.paused) {
        (RUN, 0) => "run",
        (DOWN, _) => "down",
        _ => return Err(format!("{}: {status:?}", supervise.display())),
    };
    if text("pid") != pid || !text("stat").starts_with(stat) {
        return Err(format!("pid {:?}, stat {:?}, {status:?}", text("pid"), text("stat")));
    }
    let entries = fs::read_dir(&supervise).map_err(|why| why.to_string())?.flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    if names != FILES { Err(format!("{} has {names:?}", supervise.display())) } else { Ok(status) }
}
