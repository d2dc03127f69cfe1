//! What the cases need to say briefly: services made of scripts, supervisors, and sv.
use crate::place::{Output, Place, Running, write_fifo};
use crate::programs::Programs;
use crate::suite::skip;
use crate::tools;
use crate::wait::{until, until_equal};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where a program is; a case for one that is missing is skipped.
pub fn program(name: &str) -> PathBuf {
    let programs = Programs::get();
    if !programs.have(name) {
        skip(format!("no {name}"));
    }
    programs.path(name)
}

/// `PATH` with the programs first, by which runsvdir finds runsv.
pub fn search_path() -> OsString {
    tools::search_path_behind(program("runsv").parent().expect("a directory"))
}

/// A place and the programs in it. Services are in `sv`.
pub struct Rig {
    /// The place.
    pub place: Place,
}

impl Default for Rig {
    fn default() -> Self {
        Rig::new()
    }
}

impl Rig {
    /// An empty one.
    pub fn new() -> Rig {
        let place = Place::new();
        place.dir("sv");
        Rig { place }
    }

    /// A program under test with its arguments.
    pub fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = self.place.command(program(name));
        command.args(args);
        command
    }

    /// Runs a program under test to its end.
    pub fn run(&self, name: &str, args: &[&str]) -> Output {
        self.place.run(&mut self.command(name, args))
    }

    /// Runs sv on the services here.
    pub fn sv(&self, args: &[&str]) -> Output {
        self.place.run(self.command("sv", args).env("SVDIR", self.place.path("sv")))
    }

    /// Starts it.
    pub fn start_sv(&self, args: &[&str]) -> Running {
        self.place.start(self.command("sv", args).env("SVDIR", self.place.path("sv")))
    }

    /// A program under test run by somebody whom permissions bind: nobody, if this is root.
    pub fn unprivileged(&self, name: &str, args: &[&str]) -> Command {
        if !geteuid().is_root() {
            return self.command(name, args);
        }
        let copy = self.place.dir("bin").join(name);
        // By another process: no descriptor of this one may be open for writing when it is run.
        let done = Command::new("cp").arg(program(name)).arg(&copy).status();
        assert!(done.is_ok_and(|status| status.success()), "cp");
        // By its path: the command may be given another PATH.
        let Some(setpriv) = tools::find("setpriv") else { skip("no setpriv") };
        let mut command = self.place.command(setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy).args(args);
        command
    }

    /// A new service.
    pub fn service(&self, name: &str) -> Service<'_> {
        let dir = self.place.dir(Path::new("sv").join(name));
        Service { rig: self, name: name.to_owned(), dir }
    }
}

/// The pipe through which a script of a service is told what to do, and the loop that does it.
fn held(pipe: &str) -> String {
    format!("exec 3<>{pipe}\nwhile :; do read -r line <&3 && eval \"$line\"; done")
}

const NOTE_SIGNALS: &str = "for s in HUP INT QUIT ALRM USR1 USR2; do trap \"echo $s >>trace\" $s; done";

/// A service directory. Its scripts write what happens to them into the file `trace`.
pub struct Service<'r> {
    /// Where it is.
    pub rig: &'r Rig,
    /// Its name.
    pub name: String,
    /// Its directory.
    pub dir: PathBuf,
}

impl Service<'_> {
    /// A `run` that notes its start and every signal but TERM, which ends it, and does what it is
    /// told. `first` comes before that.
    pub fn probe_with(&self, first: &str) -> &Self {
        self.fifo("hold")
            .script("run", &format!("{NOTE_SIGNALS}\n{first}\necho run $$ >>trace\n{}", held("hold")))
    }

    /// The same without anything before.
    pub fn probe(&self) -> &Self {
        self.probe_with("")
    }

    /// The same, but TERM is only noted.
    pub fn stubborn(&self) -> &Self {
        self.probe_with("trap 'echo TERM >>trace' TERM")
    }

    /// A `run` that ends when it is told to and a `finish` that notes how it ended.
    pub fn finish(&self) -> &Self {
        self.script("finish", "echo finish $* >>trace")
    }

    /// A `finish` that does what it is told.
    pub fn long_finish(&self) -> &Self {
        let text = format!(
            "{NOTE_SIGNALS}\ntrap 'echo TERM >>trace' TERM\necho finish $* >>trace\n{}",
            held("hold-finish")
        );
        self.fifo("hold-finish").script("finish", &text)
    }

    /// A log service that writes its input to `logged` and notes its start and end in
    /// `log/trace`.
    pub fn log(&self) -> &Self {
        self.script("log/run", "echo run $$ >>trace\ncat >>../logged\necho end >>trace")
    }

    /// A log service that notes signals and does what it is told, and does not read.
    pub fn log_probe(&self) -> &Self {
        let text = format!("{NOTE_SIGNALS}\necho run $$ >>trace\n{}", held("hold"));
        self.fifo("log/hold").script("log/run", &text)
    }

    /// Writes a script of it.
    pub fn script(&self, name: &str, text: &str) -> &Self {
        self.rig.place.script(self.dir.join(name), text);
        self
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> &Self {
        self.rig.place.file(self.dir.join(name), text);
        self
    }

    /// Makes a named pipe.
    pub fn fifo(&self, name: &str) -> &Self {
        self.rig.place.fifo(self.dir.join(name));
        self
    }

    /// The path of a file.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// What a file says; empty if it is not there.
    pub fn text(&self, name: &str) -> String {
        self.rig.place.text(self.dir.join(name))
    }

    /// Starts runsv the way runsvdir does.
    pub fn start(&self) -> Running {
        self.rig.place.start(&mut self.command())
    }

    /// The command for that.
    pub fn command(&self) -> Command {
        let mut command = self.rig.command("runsv", &[&self.name]);
        command.current_dir(self.rig.place.path("sv"));
        command
    }

    /// The same from a shell that does something before.
    pub fn command_after(&self, first: &str) -> Command {
        let mut command = self.rig.place.command("sh");
        command.args(["-c", &format!("{first}\nexec \"$0\" \"$@\"")]);
        command.arg(program("runsv")).arg(&self.name).current_dir(self.rig.place.path("sv"));
        command
    }

    /// Runs runsv, which is to give up at once: with this line on descriptor 2 and code 111.
    pub fn refuses(&self, line: &str) {
        let done = self.rig.place.run(&mut self.command());
        let line = format!("runsv {}: {line}\n", self.name);
        assert_eq!((done.err, done.out.as_str(), done.code), (line, "", Some(111)));
    }

    /// Starts runsv and waits until it can be talked to.
    pub fn supervise(&self) -> Running {
        let running = self.start();
        self.await_ok();
        running
    }

    /// Starts runsv and waits for `run`.
    pub fn up(&self) -> Running {
        let running = self.supervise();
        self.await_trace("run");
        self.await_stat("run");
        running
    }

    /// Sends commands.
    pub fn control(&self, letters: &str) {
        write_fifo(&self.dir.join("supervise/control"), letters.as_bytes()).expect("control");
    }

    /// The same to the log service.
    pub fn control_log(&self, letters: &str) {
        write_fifo(&self.dir.join("log/supervise/control"), letters.as_bytes()).expect("control");
    }

    /// Tells `run` to do something.
    pub fn tell(&self, line: &str) {
        until("a reader", || write_fifo(&self.dir.join("hold"), format!("{line}\n").as_bytes()).ok());
    }

    /// Tells `finish`.
    pub fn tell_finish(&self, line: &str) {
        until("a reader", || write_fifo(&self.dir.join("hold-finish"), format!("{line}\n").as_bytes()).ok());
    }
}

/// What `finish` notes after an end like that of a shell here that sends itself a signal. OpenBSD's exits with a
/// code instead of dying of some, and whether a core is dumped, the system alone knows.
pub fn end_by(signal: &str, first: &str) -> String {
    let text = format!("{first}; kill -{signal} $$");
    // In a directory of its own, for the core.
    let rig = Rig::new();
    let status = rig.place.command("sh").args(["-c", &text]).status().expect("sh");
    match (status.code(), status.signal()) {
        (None, Some(number)) => format!("finish -1 {}", number | if status.core_dumped() { 0x80 } else { 0 }),
        (code, _) => format!("finish {} 0", code.expect("an end")),
    }
}

/// The same for TERM.
pub fn by_term() -> &'static str {
    static NOTE: OnceLock<String> = OnceLock::new();
    NOTE.get_or_init(|| end_by("TERM", ":"))
}

/// `p` for a process and `T` for seconds in the place of numbers.
pub fn masked(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let end = rest[at..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |len| at + len);
        out.push_str(&rest[..at]);
        let is_age = out.ends_with(' ') && rest[end..].starts_with('s');
        if out.ends_with("(pid ") {
            out.push('p');
        } else if is_age {
            out.push('T');
        } else {
            out.push_str(&rest[at..end]);
        }
        rest = &rest[end..];
    }
    out + rest
}

/// The state of a process as its system calls it (`S` sleeping, `T` stopped …); `None` without it.
pub fn process_state(pid: i32) -> Option<char> {
    if !Path::new("/proc/self/stat").exists() {
        let output = Command::new("ps").args(["-o", "state=", "-p", &pid.to_string()]).output().ok()?;
        // The BSDs have a letter of its own for a sleep that is long.
        return output.stdout.first().map(|&letter| if letter == b'I' { 'S' } else { letter.into() });
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ").next()?.chars().next()
}

/// Waits for that state.
pub fn await_process_state(pid: i32, state: char) {
    until_equal("the process", &Some(state), || process_state(pid));
}

/// Whether it is there and no zombie.
pub fn is_alive(pid: i32) -> bool {
    process_state(pid).is_some_and(|state| state != 'Z')
}

/// Waits for its end.
pub fn await_death(pid: i32) {
    until(&format!("the end of process {pid}"), || (!is_alive(pid)).then_some(()));
}

/// Sends a signal.
pub fn send(pid: i32, signal: Signal) {
    kill(Pid::from_raw(pid), signal).expect("kill");
}
