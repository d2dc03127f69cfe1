//! A temporary directory that takes everything with it that was started in it.
use crate::wait;
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The environment of everything that is started in a place names it.
const MARK: &str = "RUNIT_TEST_PLACE";

/// The directory. When it is dropped, all processes that were started in it and all that came of
/// them are killed, and it is removed.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    files: AtomicUsize,
}

impl Place {
    /// An empty one with a short name.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn new() -> Place {
        Place::in_dir(&std::env::temp_dir())
    }

    /// The same below `dir`, if one can be made there, else where all are.
    #[must_use]
    pub fn below(dir: impl AsRef<Path>) -> Place {
        let dir = dir.as_ref();
        let writable = nix::unistd::access(dir, nix::unistd::AccessFlags::W_OK).is_ok();
        if writable { Place::in_dir(dir) } else { Place::new() }
    }

    fn in_dir(dir: &Path) -> Place {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("rt-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        // Status files report the real path, so links in the path of the temporary directory go.
        let path = dir.canonicalize().expect("a temporary directory").join(name);
        fs::create_dir(&path).expect("a directory of its own");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("open to all");
        Place { path, files: AtomicUsize::new(0) }
    }

    /// The path of the directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.path
    }

    /// A path below it.
    #[must_use]
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// Makes a directory and what is above it.
    ///
    /// # Panics
    /// If that fails, like all that follow.
    pub fn dir(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap_or_else(|why| panic!("mkdir {}: {why}", path.display()));
        path
    }

    /// Writes a file, and the directory for it.
    pub fn file(&self, name: impl AsRef<Path>, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
        fs::write(&path, text).unwrap_or_else(|why| panic!("write {}: {why}", path.display()));
        path
    }

    /// Writes a shell script.
    pub fn script(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        self.executable(name, &format!("#!/bin/sh\n{text}\n"))
    }

    /// Writes an executable file. It is put in its place complete and closed: no other thread's
    /// child can hold it open for writing, which would make it unfit to be executed.
    pub fn executable(&self, name: impl AsRef<Path>, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
        let new = path.with_extension("being-written");
        let mut maker = Command::new("sh");
        maker.args(["-c", "umask 022; cat >\"$1\" && chmod 755 \"$1\" && mv \"$1\" \"$2\"", "sh"]);
        let mut maker = maker.arg(&new).arg(&path).stdin(Stdio::piped()).spawn().expect("sh");
        maker.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("write");
        assert!(maker.wait().expect("sh").success(), "script {}", path.display());
        path
    }

    /// Makes a named pipe.
    pub fn fifo(&self, name: impl AsRef<Path>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
        mkfifo(&path, Mode::from_bits_truncate(0o666)).expect("mkfifo");
        path
    }

    /// Sets the mode of a file.
    pub fn chmod(&self, name: impl AsRef<Path>, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("chmod");
    }

    /// What a file says; empty if it is not there.
    #[must_use]
    pub fn text(&self, name: impl AsRef<Path>) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// A command that starts here with no input and, apart from `PATH`, an empty environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.path).stdin(Stdio::null()).env_clear().env(MARK, &self.path);
        command.env("PATH", crate::tools::search_path());
        // Answers of another kernel, `foreign.c`.
        if let Some(kernel) = std::env::var_os("RUNIT_KERNEL") {
            command.env("LD_PRELOAD", kernel);
        }
        command
    }

    /// Starts a command in a process group of its own. What it says goes to files.
    pub fn start(&self, command: &mut Command) -> Running {
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let (out, err) = (self.path(format!(".out-{number}")), self.path(format!(".err-{number}")));
        let open = |path: &Path| -> File {
            OpenOptions::new().create(true).append(true).open(path).expect("a file for the output")
        };
        command.stdout(open(&out)).stderr(open(&err)).process_group(0);
        let child = command.spawn().unwrap_or_else(|why| panic!("{command:?}: {why}"));
        Running { child, out, err }
    }

    /// Starts a command in a process group of its own, with a terminal for what it says.
    pub fn start_on(&self, command: &mut Command, terminal: &OwnedFd) -> Running {
        let open = || File::from(terminal.try_clone().expect("a descriptor"));
        command.stdout(open()).stderr(open()).process_group(0);
        let child = command.spawn().unwrap_or_else(|why| panic!("{command:?}: {why}"));
        Running { child, out: PathBuf::new(), err: PathBuf::new() }
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// If it does not end.
    pub fn run(&self, command: &mut Command) -> Output {
        let mut running = self.start(command);
        let status = running.wait();
        running.output(status)
    }

    /// Kills every process of this place.
    fn clear(&self) {
        let gone = wait::within(Duration::from_secs(10), || {
            let found = self.processes();
            for pid in &found {
                let _ = kill(*pid, Signal::SIGKILL);
            }
            found.is_empty().then_some(())
        });
        if gone.is_none() {
            eprintln!("warning: processes of {} do not die", self.path.display());
        }
    }

    /// The processes that name this place in their environment or have their directory in it,
    /// where the system tells; zombies do neither.
    #[must_use]
    pub fn processes(&self) -> Vec<Pid> {
        if !Path::new("/proc/self/environ").exists() {
            return named_by_ps(&self.path, |_| true);
        }
        let mark = [MARK.as_bytes(), b"=", self.path.as_os_str().as_bytes(), b"\0"].concat();
        let pid = |name: &OsStr| name.to_str()?.parse().ok().map(Pid::from_raw);
        let is_ours = |pid: &Pid| {
            let proc = PathBuf::from(format!("/proc/{pid}"));
            let environ = fs::read(proc.join("environ")).unwrap_or_default();
            environ.windows(mark.len()).any(|window| window == mark)
                || fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.path))
        };
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries.filter_map(|entry| pid(&entry.file_name())).filter(is_ours).collect()
    }
}

/// The processes that name a place in their environment, on the BSDs, whose ps(1) shows that, and of whose words, those of
/// the environment too, `also` is true.
pub fn named_by_ps(place: &Path, also: impl Fn(&[&str]) -> bool) -> Vec<Pid> {
    let shown = Command::new("ps").args(["-axeww", "-o", "pid=", "-o", "command="]).output();
    let shown = shown.map(|output| output.stdout).unwrap_or_default();
    let mark = format!("{MARK}={}", place.display());
    let text = String::from_utf8_lossy(&shown);
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = lines.filter(|words| words.contains(&mark.as_str()) && also(words));
    found.filter_map(|words| words.first()?.parse().ok().map(Pid::from_raw)).collect()
}

impl Default for Place {
    fn default() -> Self {
        Place::new()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.clear();
        if remove(&self.path).is_err() {
            // A case may have taken permissions away.
            let _ = Command::new("chmod").args(["-R", "u+rwx"]).arg(&self.path).status();
            if let Err(why) = remove(&self.path) {
                eprintln!("warning: {} stays: {why}", self.path.display());
            }
        }
    }
}

/// Removes the places of a process that has ended without dropping them, and all that runs in them.
pub fn sweep(owner: u32) {
    let prefix = format!("rt-{owner}-");
    let mut dirs = vec![std::env::temp_dir(), PathBuf::from("/dev/shm")];
    dirs.dedup();
    for dir in dirs {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if entry.file_name().as_bytes().starts_with(prefix.as_bytes()) {
                let path = entry.path().canonicalize().unwrap_or_else(|_| entry.path());
                drop(Place { path, files: AtomicUsize::new(0) });
            }
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    fs::remove_dir_all(path)
}

/// A process started in a [`Place`]. Dropping it kills its process group.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Running {
    /// Its number.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process number")
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If that fails.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).expect("kill");
    }

    /// How it ended, if it has.
    ///
    /// # Panics
    /// If the system does not know.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("wait")
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If that does not come.
    pub fn wait(&mut self) -> ExitStatus {
        let what = format!("the end of process {}", self.pid());
        wait::until(&what, || self.ended())
    }

    /// What it has said so far on descriptor 1.
    #[must_use]
    pub fn out(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.out).unwrap_or_default()).into_owned()
    }

    /// What it has said so far on descriptor 2.
    #[must_use]
    pub fn err(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.err).unwrap_or_default()).into_owned()
    }

    fn output(&self, status: ExitStatus) -> Output {
        Output { code: status.code(), signal: status.signal(), out: self.out(), err: self.err() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _ = kill(Pid::from_raw(-self.pid()), Signal::SIGKILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What became of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// Its exit code; `None` if a signal killed it.
    pub code: Option<i32>,
    /// That signal.
    pub signal: Option<i32>,
    /// What it said on descriptor 1.
    pub out: String,
    /// What it said on descriptor 2.
    pub err: String,
}

/// Writes to a named pipe that somebody reads, without waiting for a reader.
///
/// # Errors
/// ENXIO without a reader; those of open(2) and write(2).
pub fn write_fifo(path: &Path, bytes: &[u8]) -> io::Result<()> {
    const O_NONBLOCK: i32 = nix::fcntl::OFlag::O_NONBLOCK.bits();
    OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(path)?.write_all(bytes)
}
