//! A system in namespaces of its own, with a process 1, a console and an end that can be told from
//! others. No privilege is needed where the kernel allows unprivileged user namespaces.
mod able;
mod console;
mod eventually;

pub use self::able::{demand, missing};
use self::console::Console;
pub use self::eventually::eventually;
use crate::place::{Output, Place, Running};
use crate::programs::Programs;
use crate::wait;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, ttyname};
use std::fs::{self, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// The namespaces, and that everything in them dies with unshare(1).
const UNSHARE: [&str; 7] = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "--kill-child"];
/// One more, in which whoever starts it is root and nobody else is.
const OWN_USER: &str = "--map-root-user";
/// Turns root into nobody.
const NOBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/// A system before its start.
#[derive(Debug)]
pub struct System {
    place: Place,
    console: bool,
    prepare: String,
    before: Vec<String>,
    as_nobody: bool,
    base: PathBuf,
    users: bool,
    tell: Option<fn(Duration, &str)>,
}

impl System {
    /// One with a console, no stages, and the magic files as links into `/run`.
    ///
    /// # Panics
    /// If there is no room for it, like all that follow.
    #[must_use]
    pub fn new() -> System {
        let place = Place::new();
        place.dir("root");
        place.dir("tree/etc/runit");
        for name in ["stopit", "reboot"] {
            let link = place.path(format!("tree/etc/runit/{name}"));
            symlink(format!("/run/runit.{name}"), link).expect("a link");
        }
        let (prepare, before) = (String::new(), Vec::new());
        let base = PathBuf::new();
        System { place, console: true, prepare, before, as_nobody: false, base, users: false, tell: None }
    }

    /// Adds an executable script to `/etc/runit`.
    #[must_use]
    pub fn stage(self, name: &str, script: &str) -> System {
        self.place.script(format!("tree/etc/runit/{name}"), script);
        self
    }

    /// Adds an executable script.
    #[must_use]
    pub fn script(self, name: &str, script: &str) -> System {
        self.place.script(format!("tree/{name}"), script);
        self
    }

    /// Adds a file or a directory with what it holds, from the source tree.
    #[must_use]
    pub fn copy(self, from: &str, to: &str) -> System {
        let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(from);
        let target = self.place.path("tree").join(to);
        fs::create_dir_all(target.parent().expect("a directory")).expect("mkdir");
        let copied = Command::new("cp").arg("-R").arg(&source).arg(target).status();
        assert!(copied.expect("cp").success(), "cp {}", source.display());
        self
    }

    /// Adds a file.
    #[must_use]
    pub fn file(self, name: &str, text: &str) -> System {
        self.place.file(format!("tree/{name}"), text);
        self
    }

    /// Without `/dev/console`; what was to go there goes to the descriptors of process 1.
    #[must_use]
    pub fn without_console(mut self) -> System {
        self.console = false;
        self
    }

    /// Shell commands for the new root before process 1 is there.
    #[must_use]
    pub fn prepare(mut self, commands: &str) -> System {
        self.prepare = commands.to_owned();
        self
    }

    /// A command that starts process 1, or variables of its environment: words, none with blanks.
    #[must_use]
    pub fn before(mut self, words: &str) -> System {
        self.before = words.split_whitespace().map(str::to_owned).collect();
        self
    }

    /// Under another user than root outside, even if root starts it.
    #[must_use]
    pub fn as_nobody(mut self) -> System {
        self.as_nobody = true;
        self
    }

    /// Made of the programs below another directory instead of this system's: its `/usr`, what is beside that, and
    /// its `/etc`, which has to have `passwd` and `group` or be given them.
    #[must_use]
    pub fn on(mut self, base: PathBuf) -> System {
        self.base = base;
        self
    }

    /// With all users, if root starts it: without a user namespace, in which there would be one.
    #[must_use]
    pub fn with_users(mut self) -> System {
        self.users = true;
        self
    }

    /// Shows each line of the console when it comes.
    #[must_use]
    pub fn tell(mut self, tell: fn(Duration, &str)) -> System {
        self.tell = Some(tell);
        self
    }

    /// Starts it.
    #[must_use]
    pub fn boot(self) -> Machine {
        let System { place, console, prepare, before, as_nobody, base, users, tell } = self;
        let pty = openpty(None, None).expect("a terminal");
        for end in [&pty.master, &pty.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).expect("close on exec");
        }
        let terminal = ttyname(&pty.slave).expect("its name");
        let script = place.file("assemble.sh", include_str!("assemble.sh"));
        // Whatever ends us ends the system as well.
        let mut command = place.command("setpriv");
        command.arg("--pdeathsig=KILL");
        let nobody = as_nobody && nix::unistd::geteuid().is_root();
        if nobody {
            let theirs = Permissions::from_mode(0o777);
            fs::set_permissions(place.root(), theirs).expect("chmod");
            let (user, group) = (Some(nix::unistd::Uid::from_raw(65534)), None);
            nix::unistd::fchown(&pty.slave, user, group).expect("chown");
            command.args(NOBODY);
        }
        let users = users && !as_nobody && nix::unistd::geteuid().is_root();
        command.arg("unshare").args(UNSHARE).args((!users).then_some(OWN_USER));
        command.arg("sh").arg(script).arg(place.root());
        command.arg(Programs::get().dir());
        command.arg(if console { terminal.as_os_str() } else { "".as_ref() });
        command.arg(prepare).arg(base).args(before).arg("/sbin/init");
        let start = Instant::now();
        let console = Console::of(pty.master, start, tell);
        let running = place.start_on(&mut command, &pty.slave);
        Machine { running, terminal: Some(pty.slave), console, seen: 0, start, nobody, users, place }
    }
}

impl Default for System {
    fn default() -> Self {
        System::new()
    }
}

/// A system that runs. Dropping it ends it.
#[derive(Debug)]
pub struct Machine {
    running: Running,
    /// Kept open, for a terminal that nobody has open loses what was written to it.
    terminal: Option<OwnedFd>,
    console: Console,
    seen: usize,
    start: Instant,
    nobody: bool,
    users: bool,
    place: Place,
}

impl Machine {
    /// Waits for a line of the console below those that were waited for before.
    ///
    /// # Panics
    /// If it does not come: with all that came.
    pub fn line(&mut self, line: &str) {
        self.line_where(line, |found| found == line);
    }

    /// Waits for a line of which something holds, and returns it.
    ///
    /// # Panics
    /// If none comes.
    pub fn line_where(&mut self, what: &str, mut is: impl FnMut(&str) -> bool) -> String {
        let found = wait::within(wait::patience(), || {
            let lines = self.console.lines();
            let at = (self.seen..lines.len()).find(|at| is(&lines[*at]))?;
            self.seen = at + 1;
            Some(lines[at].clone())
        });
        found.unwrap_or_else(|| panic!("in vain: {what:?} on the console: {:#?}", self.console.lines()))
    }

    /// All lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.console.lines()
    }

    /// How long it has been up.
    #[must_use]
    pub fn uptime(&self) -> Duration {
        self.start.elapsed()
    }

    /// Process 1 as seen from here.
    ///
    /// # Panics
    /// If it never was.
    #[must_use]
    pub fn init(&self) -> Pid {
        let path = self.place.path("pid");
        let pid = wait::until("process 1", || fs::read_to_string(&path).ok());
        Pid::from_raw(pid.trim().parse().expect("a number"))
    }

    /// Sends process 1 a signal.
    ///
    /// # Panics
    /// If that fails.
    pub fn signal(&self, signal: Signal) {
        kill(self.init(), signal).expect("kill");
    }

    /// A line of `/proc/1/status`.
    #[must_use]
    pub fn status(&self, name: &str) -> String {
        let text = fs::read_to_string(format!("/proc/{}/status", self.init())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or("").trim().to_owned()
    }

    /// The path of one of its files, from here.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{name}", self.init()))
    }

    /// A program outside that may do with the processes of the system what their user may.
    #[must_use]
    pub fn outside(&self, program: &str) -> Command {
        if self.nobody {
            let mut command = self.place.command("setpriv");
            command.args(NOBODY).arg(program);
            return command;
        }
        self.place.command(program)
    }

    /// Runs a command of the shell in it.
    #[must_use]
    pub fn run(&self, script: &str) -> Output {
        self.place.run(&mut self.inside(script))
    }

    /// Starts one.
    #[must_use]
    pub fn start(&self, script: &str) -> Running {
        self.place.start(&mut self.inside(script))
    }

    fn inside(&self, script: &str) -> Command {
        let mut command = self.outside("nsenter");
        command.arg(format!("--target={}", self.init()));
        command.args((!self.users).then_some("--user"));
        command.args(["--mount", "--pid", "--uts", "--ipc", "--net", "--root", "--wd"]);
        command.args(["--preserve-credentials", "sh", "-c", script]);
        command.env("PATH", "/sbin:/bin:/usr/sbin:/usr/bin").env_remove("RUNIT_TEST_PLACE");
        command
    }

    /// Types on the console.
    ///
    /// # Panics
    /// If that fails.
    pub fn type_in(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let done = nix::unistd::write(&*self.console.keyboard, rest).expect("the keyboard");
            rest = &rest[done..];
        }
    }

    /// Whether it is still up.
    #[must_use]
    pub fn up(&mut self) -> bool {
        self.running.ended().is_none()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If that does not come.
    #[must_use]
    pub fn end(mut self) -> End {
        let ended = wait::within(wait::patience() * 3, || self.running.ended());
        let Some(status) = ended else {
            panic!("the system is still up: {:#?}", self.console.lines());
        };
        drop(self.terminal.take());
        self.console.finish();
        let how = match (status.code(), status.signal()) {
            (_, Some(signal)) if signal == Signal::SIGINT as i32 => How::PoweredOff,
            (_, Some(signal)) if signal == Signal::SIGHUP as i32 => How::Restarted,
            (_, Some(signal)) => How::Killed(signal),
            (code, None) => How::Exited(code.unwrap_or(-1)),
        };
        End { lines: self.console.lines(), how }
    }
}

/// How a system ended, and all that its console showed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct End {
    /// The console.
    pub lines: Vec<String>,
    /// What reboot(2) was asked for, in the form in which the kernel hands it on.
    pub how: How,
}

/// See reboot(2), "Behavior inside PID namespaces".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// Power off or halt.
    PoweredOff,
    /// A restart.
    Restarted,
    /// Process 1 exited by itself.
    Exited(i32),
    /// Process 1 was killed.
    Killed(i32),
}
