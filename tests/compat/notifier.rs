//! A program that tells how it is, and does what its words say: this executable, called in another way.
use crate::tools::Tools;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::wait::{WaitPidFlag, waitpid};
use platform_host::datagrams;
use runit_tests::place::{Running, write_fifo};
use runit_tests::wait::{until, until_equal, within};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// What is noted where the system takes no datagram that is `long`: 2 KiB on NetBSD.
pub const TOO_LONG: &str = "too long\n";

/// The first word of such a call.
const CALL: &str = "as-notifier";

/// Does what the words say, if this is such a call.
pub fn main() -> Option<ExitCode> {
    let mut words = std::env::args().skip(1);
    if words.next()? != CALL {
        return None;
    }
    for word in words {
        let (what, how) = word.split_once('=').unwrap_or((&word, ""));
        match what {
            "send" => send(how.as_bytes()),
            // Lines, and at their end what is to be seen there.
            "long" => {
                let sent = datagrams::send(manager(), &[&b"X=1\n".repeat(2000), how.as_bytes()].concat());
                if sent.is_err_and(|why| why.0 == Errno::EMSGSIZE as i32) {
                    note(TOO_LONG.trim_end());
                    return Some(ExitCode::SUCCESS);
                }
                sent.expect("send");
            }
            "flood" => {
                let manager = manager();
                let flood = |_| datagrams::send(&manager, &[b'x'; 1000]).expect("send");
                (0..how.parse().expect("a number")).for_each(flood);
            }
            "barrier" => barrier(),
            "close" => (0..256).for_each(|fd| {
                let _ = nix::unistd::close(fd);
            }),
            "note" => note(how),
            "name" => note(&std::env::var("NOTIFY_SOCKET").expect("NOTIFY_SOCKET")),
            "await" => drop(fs::read(how).expect("a FIFO")),
            "children" => {
                assert_eq!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD), "a child");
            }
            _ => panic!("{word}"),
        }
    }
    Some(ExitCode::SUCCESS)
}

fn manager() -> OwnedFd {
    let name = std::env::var_os("NOTIFY_SOCKET").expect("NOTIFY_SOCKET");
    datagrams::connected(name.as_bytes()).expect("a socket")
}

fn send(bytes: &[u8]) {
    datagrams::send(manager(), bytes).expect("send");
}

/// Waits until all that was sent has been taken.
fn barrier() {
    let (mut end, other) = std::os::unix::net::UnixStream::pair().expect("a pair");
    datagrams::send_descriptor(manager(), b"BARRIER=1", other.as_fd()).expect("send");
    drop(other);
    assert_eq!(end.read(&mut [0]).expect("an end"), 0);
}

fn note(text: &str) {
    let mut trace = OpenOptions::new().append(true).create(true).open("trace").expect("a trace");
    trace.write_all(format!("{text}\n").as_bytes()).expect("write");
}

/// The words of a call.
pub fn notifier<'a>(words: &[&'a str]) -> Vec<&'a str> {
    static PATH: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let path =
        PATH.get_or_init(|| std::env::current_exe().expect("a path").to_str().expect("text").to_owned());
    [&[path.as_str(), CALL], words].concat()
}

/// A copy that everybody may execute.
pub fn copy(tools: &Tools) -> String {
    let copy = tools.rig.place.path("notifier");
    let done = Command::new("cp").arg(std::env::current_exe().expect("a path")).arg(&copy).status();
    assert!(done.is_ok_and(|status| status.success()), "cp");
    copy.to_str().expect("text").to_owned()
}

/// The end of descriptor 3 that a supervisor has.
pub struct Supervisor {
    pub tools: Tools,
    from: Option<File>,
}

impl Supervisor {
    pub fn new() -> Supervisor {
        let tools = Tools::new();
        let ready = tools.rig.place.fifo("ready");
        tools.rig.place.fifo("never");
        tools.rig.place.fifo("go");
        // What somebody else is gets a trace to write to.
        tools.rig.place.file("trace", "");
        tools.rig.place.chmod("trace", 0o666);
        let mut how = OpenOptions::new();
        let from = how.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(ready).expect("a FIFO");
        Supervisor { tools, from: Some(from) }
    }

    /// Starts `chpst WORDS` with descriptor 3.
    pub fn start(&self, words: &[&str]) -> Running {
        self.start_after(":", words)
    }

    /// The same in a shell that does something before.
    pub fn start_after(&self, first: &str, words: &[&str]) -> Running {
        let mut command = self.tools.shell(&format!("{first}\nexec 3>ready\n: >opened\nexec chpst \"$@\""));
        self.tools.rig.place.start(command.arg("sh").args(words))
    }

    /// What has been said since the last look; `None`: that was all, nobody has the other end.
    pub fn look(&mut self) -> Option<String> {
        let mut bytes = [0; 64];
        match self.from.as_mut().expect("a FIFO").read(&mut bytes) {
            Ok(0) => None,
            Ok(count) => Some(String::from_utf8_lossy(&bytes[..count]).into_owned()),
            Err(why) if why.raw_os_error() == Some(Errno::EAGAIN as i32) => Some(String::new()),
            Err(why) => panic!("read: {why}"),
        }
    }

    /// Is gone, as far as the other end knows.
    pub fn leave(&mut self) {
        self.from = None;
    }

    /// Waits for the end, once somebody has had it; what was said until then.
    pub fn await_end(&mut self) -> String {
        let opened = self.tools.rig.place.path("opened");
        until("descriptor 3", || opened.exists().then_some(()));
        let mut all = String::new();
        until("the end of descriptor 3", || self.look().inspect(|said| all += said).is_none().then_some(()));
        all
    }

    /// Lets the program go on that waits for it.
    pub fn go(&self) {
        until("a reader", || write_fifo(&self.tools.rig.place.path("go"), b"\n").ok());
    }

    pub fn trace(&self) -> String {
        self.tools.rig.place.text("trace")
    }

    pub fn await_trace(&self, text: &str) {
        until_equal("the trace", &text.to_owned(), || self.trace());
    }

    /// The relays of this place, where the system tells.
    pub fn relays(&self) -> Vec<Relay> {
        let mark = [b"RUNIT_TEST_PLACE=", self.tools.rig.place.root().as_os_str().as_bytes(), b"\0"].concat();
        let ours = |proc: &Path| {
            fs::read(proc.join("comm")).is_ok_and(|name| name == b"notify-relay\n")
                && fs::read(proc.join("environ"))
                    .is_ok_and(|text| text.windows(mark.len()).any(|part| part == mark))
        };
        let all = fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
        all.filter(|proc| ours(proc)).map(|proc| Relay { proc }).collect()
    }

    /// The only one.
    pub fn relay(&self) -> Relay {
        let mut all = self.relays();
        assert_eq!(all.len(), 1, "relays");
        all.remove(0)
    }

    pub fn await_no_relay(&self) {
        until_equal("no relay", &0, || self.relays().len());
    }
}

impl Drop for Supervisor {
    /// The relays leave by themselves, and nothing behind; killed they could not.
    fn drop(&mut self) {
        if Path::new("/proc/self/comm").exists() {
            let _ = within(Duration::from_secs(3), || self.relays().is_empty().then_some(()));
        }
    }
}

/// A relay, as /proc shows it.
pub struct Relay {
    proc: PathBuf,
}

impl Relay {
    pub fn pid(&self) -> i32 {
        self.proc.file_name().and_then(OsStr::to_str).and_then(|name| name.parse().ok()).expect("a number")
    }

    /// What its descriptors are.
    pub fn descriptors(&self) -> Vec<String> {
        let entries = fs::read_dir(self.proc.join("fd")).expect("descriptors").flatten();
        let mut all: Vec<String> = entries
            .filter_map(|entry| Some(fs::read_link(entry.path()).ok()?.to_string_lossy().into_owned()))
            .collect();
        all.sort();
        all
    }

    /// A field behind the name in its stat: parent 1, session 3.
    pub fn stat(&self, field: usize) -> i32 {
        let text = fs::read_to_string(self.proc.join("stat")).expect("stat");
        let rest = text.rsplit_once(") ").expect("a name").1;
        rest.split(' ').nth(field).and_then(|word| word.parse().ok()).expect("a number")
    }

    pub fn directory(&self) -> PathBuf {
        fs::read_link(self.proc.join("cwd")).expect("cwd")
    }

    /// Private memory in KiB.
    pub fn private(&self) -> u64 {
        let text = fs::read_to_string(self.proc.join("smaps_rollup")).expect("smaps_rollup");
        let lines = text.lines().filter(|line| line.starts_with("Anonymous:"));
        lines.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).sum()
    }
}

/// Runs a program as nobody, with the environment that a program of a case has.
pub fn as_nobody(supervisor: &Supervisor, words: &[&str], name: &str) -> runit_tests::place::Output {
    let place = &supervisor.tools.rig.place;
    let mut command = place.command("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).args(words);
    place.run(command.env("NOTIFY_SOCKET", name))
}
