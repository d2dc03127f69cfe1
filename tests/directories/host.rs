//! A machine with services: definitions in `etc`, a scan directory `sd`, a runsvdir for it, and an
//! administrator with a shell.
use runit_tests::place::{Output, Place, Running, write_fifo};
use runit_tests::programs::Programs;
use runit_tests::rig::await_death;
use runit_tests::status::{DOWN, Status};
use runit_tests::suite::skip;
use runit_tests::tools;
use runit_tests::wait::{patience, until, until_equal, within};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// A daemon that notes in `$T` when it is ready, and each signal but those that end it at once.
pub const DAEMON: &str = "n=${PWD##*/}
for s in HUP USR1 USR2; do trap \"echo $n $s >>$T\" $s; done
trap 'echo $n TERM >>$T; kill $!; exit 0' TERM
sleep 100000 &
echo $n run >>$T
while :; do wait $!; done";

/// One that notes its start and does nothing else.
pub const SLEEPER: &str = "echo ${PWD##*/} run >>$T\nexec sleep 100000";

/// `runsvdir` is the first field: it dies before the rest of the place is swept.
pub struct Host {
    runsvdir: Option<Running>,
    scan: String,
    pub place: Place,
}

impl Host {
    /// One whose runsvdir is not there yet.
    pub fn new() -> Host {
        let place = Place::new();
        for name in ["sd", "etc", "tmp"] {
            place.dir(name);
        }
        place.file("trace", "");
        Host { runsvdir: None, scan: "sd".into(), place }
    }

    /// The same with a runsvdir.
    pub fn up() -> Host {
        let mut host = Host::new();
        host.boot();
        host
    }

    /// Another scan directory than `sd`.
    pub fn scans(&mut self, dir: &str) {
        dir.clone_into(&mut self.scan);
    }

    /// A program with the environment that all have here: the programs under test first in `PATH`,
    /// `SVDIR`, and `T`, the file in which everything notes what happens to it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.place.command(program);
        let mut path = tools::search_path_behind(Programs::get().dir());
        path.push(":/usr/sbin:/sbin");
        command.env("PATH", path);
        command.env("SVDIR", self.place.path(&self.scan)).env("T", self.place.path("trace"));
        command.env("P", self.place.root()).env("HOME", self.place.root());
        command
    }

    /// Starts runsvdir.
    pub fn boot(&mut self) {
        if let Some(mut old) = self.runsvdir.take() {
            old.signal(nix::sys::signal::Signal::SIGHUP);
            old.wait();
        }
        let mut command = self.command("runsvdir");
        command.args(["-P", self.place.path(&self.scan).to_str().expect("a plain name")]);
        self.runsvdir = Some(self.place.start(&mut command));
    }

    pub fn runsvdir(&mut self) -> &mut Running {
        self.runsvdir.as_mut().expect("a runsvdir")
    }

    /// What runsvdir, the runsv and the services said on descriptor 2.
    pub fn said(&self) -> String {
        self.runsvdir.as_ref().map(Running::err).unwrap_or_default()
    }

    /// A definition in `etc`: names of files and what they hold. A text without `#!` is one for the
    /// shell where runit executes it.
    pub fn define(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        self.write(&format!("etc/{name}"), files)
    }

    /// The same anywhere in the place.
    pub fn write(&self, dir: &str, files: &[(&str, &str)]) -> PathBuf {
        let path = self.place.dir(dir);
        for (file, text) in files {
            let last = file.rsplit('/').next().unwrap_or(file);
            let executed = ["run", "finish", "check"].contains(&last) || file.starts_with("control/");
            match (executed, text.starts_with("#!")) {
                (true, true) => self.place.executable(path.join(file), text),
                (true, false) => self.place.script(path.join(file), text),
                (false, _) => self.place.file(path.join(file), text),
            };
        }
        path
    }

    /// Links a definition into the scan directory.
    pub fn enable(&self, name: &str) {
        symlink(format!("../etc/{name}"), self.place.path("sd").join(name)).expect("a link");
    }

    /// Defines and links one.
    pub fn service(&self, name: &str, files: &[(&str, &str)]) -> PathBuf {
        let path = self.define(name, files);
        self.enable(name);
        path
    }

    /// Runs a script of the administrator, in the root of the place.
    pub fn sh(&self, script: &str) -> Output {
        self.place.run(self.command("sh").args(["-c", script]))
    }

    /// One that must succeed; what it says.
    pub fn must(&self, script: &str) -> String {
        let done = self.sh(script);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{script}: {done:?}");
        done.out
    }

    pub fn sv(&self, args: &[&str]) -> Output {
        self.place.run(self.command("sv").args(args))
    }

    /// sv that must succeed and begin so.
    pub fn sv_ok(&self, args: &[&str], begins: &str) {
        let done = self.sv(args);
        assert!(done.code == Some(0) && done.out.starts_with(begins), "sv {args:?}: {done:?}");
    }

    /// sv that must give up with code 1 and begin so.
    pub fn sv_fails(&self, args: &[&str], begins: &str) {
        let done = self.sv(args);
        assert!(done.code == Some(1) && done.out.starts_with(begins), "sv {args:?}: {done:?}");
    }

    /// What happened.
    pub fn trace(&self) -> Vec<String> {
        self.place.text("trace").lines().map(str::to_owned).collect()
    }

    pub fn count(&self, line: &str) -> usize {
        self.trace().iter().filter(|said| *said == line).count()
    }

    /// Waits for a line in the trace.
    pub fn await_line(&self, line: &str) {
        self.await_lines(line, 1);
    }

    /// Waits until it is there so many times or more.
    pub fn await_lines(&self, line: &str, count: usize) {
        let found = within(patience(), || (self.count(line) >= count).then_some(()));
        assert!(found.is_some(), "in vain: {line:?} {count} times: {:?}; {}", self.trace(), self.said());
    }

    /// Whether one line came before the other; both must be there.
    pub fn before(&self, first: &str, second: &str) {
        let trace = self.trace();
        let at = |line: &str| trace.iter().position(|said| said == line);
        assert!(at(first).is_some() && at(first) < at(second), "{first:?}, {second:?}: {trace:?}");
    }

    /// The record of a service of the scan directory.
    pub fn status(&self, name: &str) -> Option<Status> {
        Status::read(&self.place.path(&self.scan).join(name))
    }

    /// Waits until its supervisor can be talked to.
    pub fn await_supervisor(&self, name: &str) {
        let ok = self.place.path(&self.scan).join(name).join("supervise/ok");
        until(&format!("the supervisor of {name}"), || write_fifo(&ok, b"").ok());
    }

    /// Waits until it runs; its process.
    pub fn await_up(&self, name: &str) -> i32 {
        let runs = |status: Status| status.is_up().then_some(status.pid);
        let found = within(patience(), || self.status(name).and_then(runs));
        found.unwrap_or_else(|| panic!("in vain: {name} up: {:?}; {}", self.status(name), self.said()))
    }

    /// Waits until it is down and shall be.
    pub fn await_down(&self, name: &str) {
        let down = (DOWN, b'd', 0);
        until_equal(&format!("{name} down"), &Some(down), || {
            self.status(name).map(|status| (status.state, status.want, status.pid))
        });
    }

    /// How many supervisors of this name there are in this place.
    pub fn runsvs(&self, name: &str) -> usize {
        if !Path::new("/proc/self/stat").exists() {
            return self.runsvs_by_ps(name);
        }
        let line = [b"runsv\0", name.as_bytes(), b"\0"].concat();
        let mark = [b"SVDIR=", self.place.path(&self.scan).as_os_str().as_bytes(), b"\0"].concat();
        let read = |pid: &str, file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names
            .filter(|pid| read(pid, "cmdline") == line)
            .filter(|pid| read(pid, "environ").windows(mark.len()).any(|window| window == mark))
            .count()
    }

    /// The same on the BSDs, whose ps(1) shows the environment.
    fn runsvs_by_ps(&self, name: &str) -> usize {
        let shown = Command::new("ps").args(["-axeww", "-o", "command="]).output();
        let shown = String::from_utf8_lossy(&shown.expect("ps").stdout).into_owned();
        let mark = format!("SVDIR={}", self.place.path(&self.scan).display());
        let is_it = |line: &&str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.contains(&&*mark) && words.windows(2).any(|pair| pair == ["runsv", name])
        };
        shown.lines().filter(is_it).count()
    }

    /// Waits until there are so many, and no others.
    pub fn await_runsvs(&self, name: &str, count: usize) {
        until_equal(&format!("supervisors of {name}"), &count, || self.runsvs(name));
    }

    /// Waits until it has been as it is for more than a second: C runit compares whole seconds.
    pub fn await_age(&self, name: &str) {
        let since = self.status(name).expect("a record").secs;
        let now =
            || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
        until("some seconds", || (now() > since + 1).then_some(()));
    }

    /// Waits for the end of a process.
    pub fn await_end(&self, pid: i32) {
        await_death(pid);
    }

    /// C runit looks every five seconds and takes what it finds, finished or not: where that is
    /// not what the case is about, what follows begins just after a look.
    pub fn after_a_look(&self) {
        if Programs::get().ours() {
            return;
        }
        let pid = self.runsvdir.as_ref().expect("a runsvdir").pid();
        let looks = || {
            let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).map(str::to_owned)
        };
        until("a look after a long pause", || {
            let (before, start) = (looks(), Instant::now());
            until("a look", || (looks() != before).then_some(()));
            (start.elapsed() > Duration::from_secs(3)).then_some(())
        });
    }

    /// What somebody does step by step, each a shell of its own with the name of the service as
    /// `$1`, and with a pause after each. Where this machine is so busy that a step takes longer
    /// than a service must have been quiet, the attempt is void, and another is made with the next
    /// name. Returns the name.
    pub fn step_by_step(&self, pause: Duration, steps: &[&str]) -> String {
        for name in ["y0", "y1", "y2", "y3", "y4"] {
            self.after_a_look();
            let mut before = Instant::now();
            let mut longest = Duration::ZERO;
            for step in steps {
                let start = Instant::now();
                let done = self.place.run(self.command("sh").args(["-ec", step, "sh", name]));
                assert_eq!(done.code, Some(0), "{step}: {done:?}");
                // Two changes that follow each other are in one step or in two neighbours.
                longest = longest.max(before.elapsed());
                before = start;
                thread::sleep(pause);
            }
            if longest < Duration::from_millis(900) {
                return name.to_owned();
            }
        }
        skip("this machine is too busy for a service made step by step")
    }
}

/// Leaves the case where a tool of the administrator is missing.
pub fn needs_tool(name: &str) {
    let found = Command::new("sh").args(["-c", "command -v \"$0\" >/dev/null", name]).status();
    if !found.is_ok_and(|status| status.success()) {
        skip(format!("no {name}"));
    }
}

/// Leaves the case where this is not root.
pub fn needs_root() {
    if !nix::unistd::geteuid().is_root() {
        skip("only root may change users");
    }
}
