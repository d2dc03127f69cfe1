//! What the kernel knows of a process: by proc(5) on Linux, else by what commands of the BSDs tell.
use std::fs;
use std::path::Path;
use std::process::Command;

/// Whether there is a /proc as on Linux.
fn has_proc() -> bool {
    Path::new("/proc/self/stat").exists()
}

/// What a command says.
fn said(command: &str, args: &[&str]) -> String {
    let output = Command::new(command).args(args).output();
    output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
}

/// What ps(1) says of a process under this keyword.
fn shown(pid: i32, keyword: &str) -> String {
    said("ps", &["-ww", "-o", &format!("{keyword}="), "-p", &pid.to_string()]).trim().to_owned()
}

/// Its arguments, separated by blanks.
#[must_use]
pub fn arguments(pid: i32) -> String {
    if !has_proc() {
        return shown(pid, "args");
    }
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim_end().to_owned()
}

/// How many descriptors it has.
#[must_use]
pub fn descriptors(pid: i32) -> usize {
    if has_proc() {
        return fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    }
    // A line is for each descriptor, and some are for its program, its directory and the like.
    let text = said("fstat", &["-p", &pid.to_string()]);
    let number = |line: &&str| {
        let word = line.split_whitespace().nth(3).unwrap_or_default();
        word.trim_end_matches('*').parse::<u32>().is_ok()
    };
    text.lines().skip(1).filter(number).count()
}

/// A number of a process, in the units of the file it comes from.
fn field(pid: i32, file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next()?.parse().ok())
}

/// Memory that is the process's alone and written to, in KiB.
#[must_use]
pub fn private(pid: i32) -> Option<u64> {
    field(pid, "smaps_rollup", "Private_Dirty:")
}

/// The size of its address space, in KiB.
#[must_use]
pub fn size(pid: i32) -> Option<u64> {
    field(pid, "status", "VmSize:")
}

/// What of it is in memory, in KiB. The kernel's quick count lags behind, so this is the exact one.
#[must_use]
pub fn resident(pid: i32) -> Option<u64> {
    field(pid, "smaps_rollup", "Rss:")
}

/// Its page tables, in KiB.
#[must_use]
pub fn page_tables(pid: i32) -> Option<u64> {
    field(pid, "status", "VmPTE:")
}

/// Its open descriptors, without those that come from who started this measurement.
#[must_use]
pub fn files(pid: i32) -> Option<u64> {
    const CLOSED_ON_EXEC: u32 = 0o2_000_000;
    let inherited = |number: &u32| {
        let text = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap_or_default();
        let flags =
            text.lines().find_map(|line| u32::from_str_radix(line.strip_prefix("flags:")?.trim(), 8).ok());
        *number > 2 && flags.is_some_and(|flags| flags & CLOSED_ON_EXEC == 0)
    };
    let numbers = |of: &str| -> Option<Vec<u32>> {
        let entries = fs::read_dir(format!("/proc/{of}/fd")).ok()?.flatten();
        Some(entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
    };
    let inherited = numbers("self")?.iter().filter(|number| inherited(number)).count();
    Some((numbers(&pid.to_string())?.len() - inherited) as u64)
}

/// How often it went to sleep so far: once more for each time it woke up.
#[must_use]
pub fn sleeps(pid: i32) -> Option<u64> {
    if !has_proc() {
        return shown(pid, "nvcsw").parse().ok();
    }
    field(pid, "status", "voluntary_ctxt_switches:")
}

/// Time it has had a processor for, in ms.
#[must_use]
pub fn cpu(pid: i32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    let nanos: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanos / 1e6)
}

/// Its children.
#[must_use]
pub fn children(pid: i32) -> Vec<i32> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// Whether it sleeps and waits for something to happen.
#[must_use]
pub fn asleep(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
}

/// Whether it has ended, if not yet been waited for.
#[must_use]
pub fn gone(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}
