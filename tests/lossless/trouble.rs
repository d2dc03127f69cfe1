//! The troubles, where a file system of our own can be mounted.
use crate::disk::{self, Disk};
use crate::harvest::{Harvest, listing};
use crate::lines::{Kind as Lines, LEAST};
use crate::seconds;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use platform_sim::Random;
use runit_tests::place::{named_by_ps, write_fifo};
use runit_tests::programs::Programs;
use runit_tests::status::Status;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

/// All keep everything. Two rotate after 2,000 bytes, one of them with a processor; the third gets large
/// writes.
const DIRECTORIES: [(&str, &str); 3] =
    [("plain", "s2000\nn0\n"), ("worked", "s2000\nn0\n!cat\n"), ("bulk", "s4000000\nn0\n")];
/// What one kill of svlogd may cost: what it had read and not yet written.
const BUFFER: u64 = 192 * 1024;

pub(crate) fn main(place: PathBuf) -> ExitCode {
    let seed = std::env::var("LOSSLESS_SEED").ok().and_then(|text| text.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::from(std::process::id()) ^ now_nanos());
    let (mut passed, mut failed) = (0, 0);
    for (name, time, deadly) in
        [("signals and a full disk", seconds(), false), ("kill -9 of svlogd", seconds() / 3, true)]
    {
        match part(&place.join(name.replace(' ', "-")), time, deadly, Random::new(seed)) {
            Ok(said) => {
                passed += 1;
                println!("ok       {name}: {said}");
            }
            Err(why) => {
                failed += 1;
                println!("FAILED   {name}, LOSSLESS_SEED={seed}: {why}");
            }
        }
    }
    println!("lossless: {passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn now_nanos() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as u64)
}

/// A supervised writer and its log service.
struct Stage {
    dir: PathBuf,
    runsv: Child,
    /// That of the logs.
    _disk: Disk,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.runsv.id() as i32), Signal::SIGKILL);
        let _ = self.runsv.wait();
        // The rest goes with the namespace, or with the place.
        for service in ["service", "service/log"] {
            if let Some(pid) = pid(&self.dir.join(service)) {
                let _ = kill(pid, Signal::SIGKILL);
            }
        }
    }
}

fn pid(service: &Path) -> Option<Pid> {
    Status::read(service).filter(|status| status.pid > 0).map(|status| Pid::from_raw(status.pid))
}

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("chmod");
}

fn stage(dir: &Path, kind: Lines) -> Stage {
    let logs = dir.join("logs");
    fs::create_dir_all(&logs).expect("mkdir");
    let disk = Disk::new(&logs);
    for (name, config) in DIRECTORIES {
        fs::create_dir(logs.join(name)).expect("mkdir");
        fs::write(logs.join(name).join("config"), config).expect("config");
    }
    let own = std::env::current_exe().expect("the path of this program");
    let own = own.display();
    let kind = if kind == Lines::All { "all" } else { "whole" };
    script(&dir.join("service/run"), &format!("exec {own} write {kind} {0}/stop {0}/done", dir.display()));
    let svlogd = Programs::get().path("svlogd");
    let svlogd = svlogd.display();
    let names = DIRECTORIES.map(|(name, _)| name).join(" ");
    script(&dir.join("service/log/run"), &format!("cd {} && exec {svlogd} -tt {names}", logs.display()));
    let runsv = Command::new(Programs::get().path("runsv")).arg(dir.join("service")).spawn().expect("runsv");
    Stage { dir: dir.to_owned(), runsv, _disk: disk }
}

fn part(dir: &Path, time: Duration, deadly: bool, mut random: Random) -> Result<String, String> {
    let kind = if deadly { Lines::Whole } else { Lines::All };
    let mut stage = stage(dir, kind);
    let logs = dir.join("logs");
    let mut harvests = DIRECTORIES.map(|(name, _)| Harvest::new(logs.join(name), kind));
    let mut done = [0_u32; KINDS.len()];
    let mut kills = 0;
    let mut ballast: Option<Instant> = None;
    let mut next = Instant::now();
    let end = Instant::now() + time;
    while Instant::now() < end {
        for harvest in &mut harvests {
            harvest.finished()?;
        }
        if ballast.is_some_and(|until| until <= Instant::now()) {
            ballast = None;
            fs::remove_file(logs.join("ballast")).map_err(|why| why.to_string())?;
        }
        if next <= Instant::now() {
            next = Instant::now() + Duration::from_millis(random.below(120));
            let which = random.below(100);
            let at = KINDS.iter().position(|(below, _)| which < *below).unwrap_or(0);
            let (_, kind) = KINDS[at];
            done[at] += 1;
            match kind {
                Kind::FullDisk if ballast.is_none() => {
                    fill(&logs.join("ballast"));
                    ballast = Some(Instant::now() + Duration::from_millis(random.below(1500)));
                }
                Kind::FullDisk => {}
                Kind::KillProcessors => processors(dir).into_iter().for_each(|pid| {
                    let _ = kill(pid, Signal::SIGKILL);
                }),
                Kind::Restart => drop(write_fifo(&dir.join("service/log/supervise/control"), b"t")),
                Kind::Signal(signal) => {
                    // Now and then the one that nobody can catch.
                    let signal = if deadly && random.below(4) == 0 { Signal::SIGKILL } else { signal };
                    if let Some(pid) = pid(&dir.join("service/log")) {
                        kills += usize::from(signal == Signal::SIGKILL && kill(pid, signal).is_ok());
                        let _ = kill(pid, signal);
                    }
                }
            }
        }
        thread::sleep(Duration::from_millis(1));
    }
    if ballast.is_some() {
        fs::remove_file(logs.join("ballast")).map_err(|why| why.to_string())?;
    }
    let count = settle(&mut stage, &mut harvests)?;
    let missing: Vec<u64> = harvests
        .iter_mut()
        .map(|harvest| {
            harvest.rest()?;
            harvest.judge(count, kills)
        })
        .collect::<Result<_, _>>()?;
    if missing.iter().any(|lines| lines * LEAST > kills as u64 * BUFFER) {
        return Err(format!("{missing:?} lines are missing after {kills} kills"));
    }
    let megabytes = harvests.iter().map(|harvest| harvest.bytes).sum::<u64>() / 1_000_000;
    Ok(format!(
        "{count} lines, {megabytes} MB in files, troubles {done:?}, {kills} kills, {missing:?} missing"
    ))
}

/// Lets the writer come to its end, then the log service. The number of lines.
fn settle(stage: &mut Stage, harvests: &mut [Harvest]) -> Result<u64, String> {
    let dir = stage.dir.clone();
    File::create(dir.join("stop")).map_err(|why| why.to_string())?;
    let mut sent = false;
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        for harvest in harvests.iter_mut() {
            harvest.finished()?;
        }
        // Whatever the log service does at this moment (DEV-41).
        if !sent && dir.join("done").exists() {
            sent = true;
            kill(Pid::from_raw(stage.runsv.id() as i32), Signal::SIGTERM).map_err(|why| why.to_string())?;
        }
        if stage.runsv.try_wait().map_err(|why| why.to_string())?.is_some() {
            break;
        }
        if Instant::now() > end {
            let waiting: Vec<usize> = harvests.iter().map(Harvest::unprocessed).collect();
            let files = listing(&dir.join("logs/worked"));
            return Err(format!("no end in sight (writer done: {sent}); {waiting:?} unprocessed\n{files}"));
        }
        thread::sleep(Duration::from_millis(1));
    }
    // A processor may outlive svlogd; nobody takes its work over.
    while !processors(&dir).is_empty() && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
    let count = fs::read_to_string(dir.join("done")).map_err(|why| why.to_string())?;
    count.parse().map_err(|_| format!("how many lines are {count}?"))
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Signal(Signal),
    Restart,
    KillProcessors,
    FullDisk,
}

/// What happens in so many of a hundred cases, added up.
const KINDS: [(u64, Kind); 6] = [
    (25, Kind::Signal(Signal::SIGHUP)),
    (55, Kind::Signal(Signal::SIGALRM)),
    (70, Kind::Signal(Signal::SIGTERM)),
    (75, Kind::Restart),
    (95, Kind::KillProcessors),
    (100, Kind::FullDisk),
];

/// Takes all the room there is.
fn fill(path: &Path) {
    let Ok(mut file) = File::create(path) else { return };
    while file.write_all(&[0; 4096]).is_ok() {}
}

/// The processors: shells in the log directory that read a file of it.
fn processors(dir: &Path) -> Vec<Pid> {
    if disk::for_all_to_see() {
        // The service and svlogd have no such word.
        return named_by_ps(dir.parent().expect("the place"), |words| words.contains(&"cat"));
    }
    let logs = dir.join("logs/worked");
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let found = pids.filter(|pid: &i32| {
        let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
        let input = fs::read_link(format!("/proc/{pid}/fd/0"));
        cwd.is_ok_and(|cwd| cwd == logs) && input.is_ok_and(|input| input.starts_with(&logs))
    });
    found.map(Pid::from_raw).collect()
}
