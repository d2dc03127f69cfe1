//! What /proc tells of the processes that came of this one.
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

/// A process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) state: char,
    pub(crate) name: String,
}

fn process(pid: i32) -> Option<Process> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (before, after) = text.rsplit_once(')')?;
    let name = before.split_once('(')?.1.to_owned();
    let mut words = after.split_whitespace();
    let state = words.next()?.chars().next()?;
    let parent = words.next()?.parse().ok()?;
    Some(Process { pid, parent, state, name })
}

/// The children of a process, and theirs, by the number of the parent.
pub(crate) fn below(pid: i32) -> HashMap<i32, Vec<Process>> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut all: HashMap<i32, Vec<Process>> = HashMap::new();
    for process in pids.filter_map(process) {
        all.entry(process.parent).or_default().push(process);
    }
    let mut found = HashMap::new();
    let mut open = vec![pid];
    while let Some(pid) = open.pop() {
        if let Some(children) = all.remove(&pid) {
            open.extend(children.iter().map(|child| child.pid));
            found.insert(pid, children);
        }
    }
    found
}

/// The directory that it is in.
pub(crate) fn directory(pid: i32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{pid}/cwd")).ok()
}

/// How many descriptors it has.
pub(crate) fn descriptors(pid: i32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

/// Memory that it alone has and has written to, in KiB.
pub(crate) fn private(pid: i32) -> Option<usize> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Private_Dirty:")?.split_whitespace().next()?.parse().ok())
}

/// Its parent.
pub(crate) fn parent(pid: i32) -> Option<i32> {
    process(pid).map(|process| process.parent)
}

/// The name of its program.
pub(crate) fn name(pid: i32) -> String {
    process(pid).map_or(String::new(), |process| process.name)
}
