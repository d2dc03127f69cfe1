//! Log directories and the svlogd that writes to them.
use nix::sys::signal::Signal;
use runit_tests::place::{Output, Running};
use runit_tests::programs::Programs;
use runit_tests::rig::Rig;
use runit_tests::wait::{until, until_equal};
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A place with log directories.
pub struct Logs {
    pub rig: Rig,
}

impl Logs {
    /// One directory, `log`, with this config; without one if it is empty.
    pub fn new(config: &str) -> Logs {
        let logs = Logs { rig: Rig::new() };
        logs.add("log", config)
    }

    /// One more directory.
    pub fn add(self, name: &str, config: &str) -> Logs {
        self.rig.place.dir(name);
        if !config.is_empty() {
            self.rig.place.file(format!("{name}/config"), config);
        }
        self
    }

    /// svlogd with these arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        self.rig.command("svlogd", args)
    }

    /// Runs svlogd on this input to its end.
    pub fn run(&self, args: &[&str], input: impl AsRef<[u8]>) -> Output {
        let path = self.rig.place.file("input", input);
        self.rig.place.run(self.command(args).stdin(File::open(path).unwrap()))
    }

    /// The same in `log`; the result is what the file then has.
    pub fn logged(&self, args: &[&str], input: impl AsRef<[u8]>) -> String {
        let done = self.run(&[args, &["log"]].concat(), input);
        assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{}", done.err);
        self.text("current")
    }

    /// Starts svlogd with a pipe into it.
    pub fn start(&self, args: &[&str]) -> Live<'_> {
        self.start_command(&mut self.command(args))
    }

    /// The same after a shell has done something.
    pub fn start_after(&self, first: &str, args: &[&str]) -> Live<'_> {
        let mut command = self.rig.place.command("sh");
        command
            .args(["-c", &format!("{first}\nexec \"$0\" \"$@\"")])
            .arg(runit_tests::rig::program("svlogd"));
        self.start_command(command.args(args))
    }

    fn start_command(&self, command: &mut Command) -> Live<'_> {
        let (read, write) = pipe();
        let running = self.rig.place.start(command.stdin(Stdio::from(read)));
        Live { logs: self, running, input: Some(File::from(write)) }
    }

    /// Starts it and waits until `log` is open.
    pub fn open(&self, args: &[&str]) -> Live<'_> {
        let live = self.start(&[args, &["log"]].concat());
        self.await_open();
        live
    }

    pub fn await_open(&self) {
        // While it is written to it has this mode.
        until("current", || (self.mode("current")? == 0o644).then_some(()));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.rig.place.path("log").join(name)
    }

    /// What a file in `log` has.
    pub fn text(&self, name: &str) -> String {
        self.rig.place.text(self.path(name))
    }

    pub fn mode(&self, name: &str) -> Option<u32> {
        Some(fs::metadata(self.path(name)).ok()?.mode() & 0o7777)
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn file(&self, name: &str, text: &str) {
        self.rig.place.file(self.path(name), text);
    }

    /// The names in `log`.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("")).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        names
    }

    /// The old logs in `log` that end in this letter.
    pub fn old(&self, letter: char) -> Vec<String> {
        let names = self.names().into_iter();
        names.filter(|name| name.len() == 27 && name.starts_with('@') && name.ends_with(letter)).collect()
    }

    /// What they have, each.
    pub fn old_texts(&self, letter: char) -> Vec<String> {
        self.old(letter).iter().map(|name| self.text(name)).collect()
    }

    /// Everything in `log` in order.
    pub fn all(&self) -> String {
        self.names()
            .iter()
            .filter(|name| name.starts_with('@') || *name == "current")
            .map(|name| self.text(name))
            .collect()
    }

    pub fn await_text(&self, name: &str, text: &str) {
        until_equal(name, &text.to_owned(), || self.text(name));
    }

    /// Waits for so many old logs.
    pub fn await_old(&self, letter: char, count: usize) -> Vec<String> {
        until(&format!("{count} old logs"), || {
            let old = self.old(letter);
            (old.len() == count).then_some(old)
        })
    }
}

/// A pipe that no other child gets.
pub fn pipe() -> (OwnedFd, OwnedFd) {
    nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).expect("a pipe")
}

/// A svlogd that runs.
pub struct Live<'l> {
    pub logs: &'l Logs,
    pub running: Running,
    input: Option<File>,
}

impl Live<'_> {
    /// Writes to it.
    pub fn say(&mut self, text: &str) -> &mut Self {
        self.input.as_mut().expect("an open pipe").write_all(text.as_bytes()).expect("a reader");
        self
    }

    /// Writes a line to it and waits until the file has it at its end.
    pub fn log(&mut self, line: &str) -> &mut Self {
        self.say(&format!("{line}\n"));
        until(line, || self.logs.text("current").ends_with(&format!("{line}\n")).then_some(()));
        self
    }

    pub fn signal(&mut self, signal: Signal) -> &mut Self {
        // C runit sleeps through one that comes while it is at work (DEV-62).
        if !Programs::get().ours() {
            let stat = format!("/proc/{}/stat", self.running.pid());
            until("a svlogd that sleeps", || {
                let stat = std::fs::read_to_string(&stat).unwrap_or_default();
                let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
                (state != Some(b'R') && state != Some(b'D')).then_some(())
            });
        }
        self.running.signal(signal);
        self
    }

    /// Sends ALRM and waits until so many old logs are there.
    pub fn rotate(&mut self, letter: char, count: usize) -> &mut Self {
        self.signal(Signal::SIGALRM);
        self.logs.await_old(letter, count);
        self
    }

    pub fn await_err(&self, part: &str) {
        until(part, || self.running.err().contains(part).then_some(()));
    }

    /// Ends its input.
    pub fn close(&mut self) -> &mut Self {
        self.input = None;
        self
    }

    /// Ends its input and waits for it; its exit code and what it said.
    pub fn end(&mut self) -> (Option<i32>, String) {
        self.close();
        let code = self.running.wait().code();
        (code, self.running.err())
    }

    /// Sends TERM and waits for its end, with the input still open.
    pub fn term(&mut self) -> Option<i32> {
        self.signal(Signal::SIGTERM);
        self.running.wait().code()
    }
}

/// A time stamp with `0` in the place of each digit.
pub fn shape(line: &str) -> String {
    line.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}
