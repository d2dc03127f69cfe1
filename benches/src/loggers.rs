//! svlogd, and `cat` beside it: what it costs to get lines from a pipe into a file.
use crate::tree::{Set, place};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeValLike;
use nix::unistd::Pid;
use runit_tests::place::{Place, Running};
use runit_tests::wait;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// How a logger is called and what it is fed with.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The options of svlogd.
    pub options: &'static [&'static str],
    /// Its `config`.
    pub config: &'static str,
    /// Bytes per line, its end included.
    pub line: usize,
    /// Megabytes.
    pub megabytes: usize,
}

/// What it took.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Processor seconds per gigabyte.
    pub cpu: f64,
    /// Seconds until all was written, per gigabyte.
    pub wall: f64,
}

/// A megabyte of lines.
fn block(line: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(1 << 20);
    let mut number = 0_u64;
    while text.len() + line <= 1 << 20 {
        let start = text.len();
        text.extend_from_slice(
            format!("{number} worker[{}]: request /path/{number} done ", number % 7).as_bytes(),
        );
        while text.len() < start + line - 1 {
            text.push(b'a' + (text.len() % 26) as u8);
        }
        text.truncate(start + line - 1);
        text.push(b'\n');
        number += 1;
    }
    text
}

fn children() -> f64 {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage");
    (usage.user_time().num_microseconds() + usage.system_time().num_microseconds()) as f64 / 1e6
}

/// Feeds a child and waits for its end.
fn feed(job: &Job, start: impl FnOnce() -> Child) -> Cost {
    let text = block(job.line);
    let bytes = (text.len() * job.megabytes) as f64;
    let before = (children(), Instant::now());
    let mut child = start();
    let mut input = child.stdin.take().expect("a pipe");
    for _ in 0..job.megabytes {
        input.write_all(&text).expect("a logger that reads");
    }
    drop(input);
    assert!(child.wait().expect("wait").success(), "the logger fails");
    let gigabytes = bytes / 1e9;
    let wall = before.1.elapsed().as_secs_f64() / gigabytes;
    Cost { cpu: (children() - before.0) / gigabytes, wall }
}

fn command(set: &Set, place: &Place, job: &Job) -> (Command, PathBuf) {
    let log = place.dir("log");
    let _ = fs::remove_dir_all(&log);
    place.file("log/config", job.config);
    let mut command = set.command(place, "svlogd");
    command.args(job.options).arg("log");
    (command, log)
}

/// What svlogd takes for the job.
///
/// # Panics
/// If svlogd fails, or bytes are missing.
#[must_use]
pub fn svlogd(set: &Set, job: &Job) -> Cost {
    let place = place();
    let cost = feed(job, || command(set, &place, job).0.stdin(Stdio::piped()).spawn().expect("svlogd"));
    let log = place.path("log/current");
    let written = fs::metadata(log).expect("current").len();
    assert!(written > 0, "nothing was written");
    cost
}

/// What `cat` takes to put the same into a file.
///
/// # Panics
/// If cat fails.
#[must_use]
pub fn cat(job: &Job) -> Cost {
    let place = place();
    feed(job, || {
        let file = File::create(place.path("out")).expect("a file");
        place.command("cat").stdin(Stdio::piped()).stdout(file).spawn().expect("cat")
    })
}

/// svlogd at rest, with a pipe into it.
#[derive(Debug)]
struct Waiting {
    running: Running,
    input: File,
    current: PathBuf,
}

fn waiting(mut command: Command, log: PathBuf, place: &Place) -> Waiting {
    let (read, write) = nix::unistd::pipe().expect("a pipe");
    let running = place.start(command.stdin(Stdio::from(read)));
    let current = log.join("current");
    wait::until("current", || current.exists().then_some(()));
    Waiting { running, input: File::from(write), current }
}

/// svlogd with nothing to do, as long as this lives.
#[derive(Debug)]
pub struct Idle {
    waiting: Waiting,
    _place: Place,
}

impl Idle {
    /// Its number.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.waiting.running.pid()
    }
}

/// svlogd that has written a line and waits for more.
///
/// # Panics
/// If it does not get there.
#[must_use]
pub fn idle(set: &Set) -> Idle {
    let place = place();
    let (command, log) = command(set, &place, &Job { options: &[], config: "", line: 60, megabytes: 0 });
    let mut waiting = waiting(command, log, &place);
    waiting.input.write_all(&block(60)[..60]).expect("a logger that reads");
    wait::until("the line", || (fs::metadata(&waiting.current).ok()?.size() == 60).then_some(()));
    crate::tree::at_rest(waiting.running.pid());
    Idle { waiting, _place: place }
}

/// Milliseconds from the write of a lone line to its being in the file.
///
/// # Panics
/// If it does not get there.
#[must_use]
pub fn latency(set: &Set, count: usize) -> Vec<f64> {
    let place = place();
    let (command, log) = command(set, &place, &Job { options: &[], config: "", line: 60, megabytes: 0 });
    let mut waiting = waiting(command, log, &place);
    let line = &block(60)[..60];
    let mut size = 0;
    let svlogd = waiting.running.pid();
    crate::times::samples(
        count,
        || crate::times::spin("rest", || crate::process::asleep(svlogd).then_some(())),
        |()| {
            waiting.input.write_all(line).expect("a logger that reads");
            size += 60;
            crate::times::spin("the line", || {
                (fs::metadata(&waiting.current).ok()?.size() >= size).then_some(())
            });
        },
    )
}

/// Private memory in KiB after a few lines.
///
/// # Panics
/// If they do not get into the file.
#[must_use]
pub fn memory(set: &Set) -> Option<u64> {
    let place = place();
    let (command, log) = command(set, &place, &Job { options: &["-tt"], config: "", line: 60, megabytes: 0 });
    let _ = fs::remove_file(log.join("config"));
    let mut waiting = waiting(command, log, &place);
    for number in 1..=5 {
        waiting.input.write_all(&block(60)[..60]).expect("a logger that reads");
        wait::until("the line", || {
            (fs::metadata(&waiting.current).ok()?.size() >= number * 86).then_some(())
        });
    }
    crate::tree::at_rest(waiting.running.pid());
    crate::process::private(waiting.running.pid())
}

/// System calls per line: `lone` lines one by one, or many at once. `None` without strace(1).
///
/// # Panics
/// If svlogd does not come to rest.
#[must_use]
pub fn calls(set: &Set, lone: bool) -> Option<f64> {
    let place = place();
    let (inner, log) = command(set, &place, &Job { options: &[], config: "s0\n", line: 60, megabytes: 0 });
    let trace = place.path("trace");
    let mut command = place.command("strace");
    command.arg("-o").arg(&trace).arg(inner.get_program()).args(inner.get_args());
    let allowed = place.command("strace").args(["-o", "/dev/null", "true"]).status();
    if !allowed.is_ok_and(|status| status.success()) {
        return None;
    }
    let waiting = waiting(command, log, &place);
    let lines = || fs::read_to_string(&trace).unwrap_or_default().lines().count();
    let settled = || {
        let mut last = (0, Instant::now());
        wait::until("rest", || {
            let now = lines();
            if now != last.0 {
                last = (now, Instant::now());
            }
            (now > 0 && last.1.elapsed().as_millis() > 300).then_some(now)
        })
    };
    let before = settled();
    let text = block(60);
    let count = if lone { 50 } else { text.len() / 60 };
    let mut input = &waiting.input;
    if lone {
        for number in 1..=count {
            input.write_all(&text[..60]).expect("a logger that reads");
            let size = (number * 60) as u64;
            wait::until("the line", || (fs::metadata(&waiting.current).ok()?.size() >= size).then_some(()));
        }
    } else {
        input.write_all(&text).expect("a logger that reads");
    }
    let after = settled();
    let svlogd = waiting.running.pid();
    let _ = kill(Pid::from_raw(svlogd), Signal::SIGTERM);
    Some((after - before) as f64 / count as f64)
}
