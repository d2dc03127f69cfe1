//! The types that cross the seam.
use crate::Errno;
use core::ffi::CStr;

/// A process number, never 0 and never a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Pid(pub i32);

/// An open descriptor. It is a plain number: the code that opens it closes it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Fd(pub i32);

impl Fd {
    /// Where paths begin that are not absolute, if nothing else is said: the current directory (openat(2),
    /// AT_FDCWD).
    pub const CWD: Fd = Fd(libc::AT_FDCWD);
    /// Descriptor 0.
    pub const STDIN: Fd = Fd(0);
    /// Descriptor 1.
    pub const STDOUT: Fd = Fd(1);
    /// Descriptor 2.
    pub const STDERR: Fd = Fd(2);
}

/// A point on the clock that never goes back, in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Instant(pub u64);

impl Instant {
    /// This many milliseconds later (at the end of time: the end of time).
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Instant {
        Instant(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }
    /// Milliseconds from `earlier` to here; 0 if `earlier` is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }
}

/// Time of day: seconds since 1970 (UTC) and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Hash)]
pub struct Stamp {
    /// Seconds since the epoch.
    pub secs: u64,
    /// Nanoseconds within the second.
    pub nanos: u32,
}

/// The signals the programs send or catch, by name: numbers differ between systems.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Signal {
    Alarm,
    Child,
    Continue,
    HangUp,
    Interrupt,
    Kill,
    Pipe,
    PowerFail,
    Quit,
    Stop,
    Terminate,
    TerminalStop,
    User1,
    User2,
    WindowChange,
    /// SIGEMT where it exists (FreeBSD: reroot, illumos: `init 5`).
    Emulator,
    /// SIGFPE (illumos: `init 6`).
    Arithmetic,
    /// SIGIO where it tells of a directory ([`crate::Notice`]).
    Io,
}

/// Every signal, in the order of their numbers in [`SignalSet`].
pub const SIGNALS: [Signal; 18] = [
    Signal::Alarm,
    Signal::Child,
    Signal::Continue,
    Signal::HangUp,
    Signal::Interrupt,
    Signal::Kill,
    Signal::Pipe,
    Signal::PowerFail,
    Signal::Quit,
    Signal::Stop,
    Signal::Terminate,
    Signal::TerminalStop,
    Signal::User1,
    Signal::User2,
    Signal::WindowChange,
    Signal::Emulator,
    Signal::Arithmetic,
    Signal::Io,
];

/// A set of [`Signal`]s.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SignalSet(pub u32);

impl SignalSet {
    /// Whether the signal is in the set.
    #[must_use]
    pub const fn has(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u8) != 0
    }
    /// Adds a signal.
    pub const fn add(&mut self, signal: Signal) {
        self.0 |= 1 << signal as u8;
    }
}

/// Whom a signal goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// One process.
    One(Pid),
    /// The process group that this process leads.
    Group(Pid),
    /// Everything but the caller (kill(-1); from process 1 it never hits process 1).
    All,
}

/// How a child ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Ended {
    /// It exited with this code.
    Exit(u8),
    /// It was killed.
    Killed {
        /// The system's number of the signal.
        signal: u8,
        /// Whether it left a core dump.
        core: bool,
    },
}

/// What woke [`crate::Events::wait`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wake {
    /// Bit n: descriptor n of the call can be read or has ended.
    pub ready: u32,
    /// The signals that came since the last call.
    pub signals: SignalSet,
}

impl Wake {
    /// Whether descriptor `index` of the call is ready.
    #[must_use]
    pub const fn is_ready(self, index: u32) -> bool {
        matches!(self.ready.checked_shr(index), Some(bits) if bits & 1 != 0)
    }
}

/// How [`crate::Files::open`] opens. All of them are non-blocking and close-on-exec. A directory on the way
/// may be a link; whether the last name may be one depends on what is done to the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Open {
    /// For reading; a link is followed.
    Read,
    /// For writing; must exist and be no link.
    Write,
    /// For reading and writing; must exist and be no link.
    Update,
    /// For appending; created with mode 0600, must be no link.
    Append,
    /// To be locked, and nothing else: as `Append`, but a link is followed.
    Lock,
    /// Created with mode 0644; nothing of that name must exist.
    New,
    /// Emptied or created with mode 0644; a link is followed.
    Truncate,
}

/// What kind of file it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A regular file.
    File,
    /// Anything else.
    Other,
}

/// Which file it is: no other that is there at the same time has both numbers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct FileId {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
}

/// What stat(2) says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meta {
    /// The kind.
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Device.
    pub device: u64,
    /// Inode.
    pub inode: u64,
    /// Last change of the contents; a program that makes a copy may set it to the past.
    pub changed: Stamp,
    /// Last change of the file in any way (`st_ctime`), which nobody can set; of a directory the last
    /// time that it was renamed, too.
    pub altered: Stamp,
    /// Length in bytes.
    pub size: u64,
    /// How many names it has.
    pub links: u64,
}

impl Meta {
    /// Which file it is.
    #[must_use]
    pub const fn id(&self) -> FileId {
        FileId { device: self.device, inode: self.inode }
    }
    /// Whether the owner may execute it: the bit itself, as root and `noexec` mounts make
    /// access(2) useless.
    #[must_use]
    pub const fn owner_executes(&self) -> bool {
        self.mode & 0o100 != 0
    }
}

/// A program to start, with all that happens between fork and exec.
#[derive(Clone, Copy, Debug)]
pub struct Child<'a> {
    /// What every message of the child begins with.
    pub prefix: &'a [&'a [u8]],
    /// Done in this order; the first that fails ends the child.
    pub steps: &'a [Step<'a>],
    /// A variable of its environment: `NAME=` and the beginning of a value, behind which comes the child's
    /// own number; empty for none. Without memory for it, it is left out.
    pub variable: &'a [u8],
    /// What it has for descriptors 0, 1 and 2, done after the steps; `None`: what they made of those.
    pub console: Option<Console<'a>>,
    /// The program.
    pub path: &'a CStr,
    /// Its arguments, the name first; at most [`MAX_ARGS`].
    pub argv: &'a [&'a CStr],
    /// Whether a name without a slash is looked up in `PATH`.
    pub search: bool,
    /// The message when the program cannot be started.
    pub why: &'a [&'a [u8]],
    /// The exit code of a child that failed before exec.
    pub exit: u8,
}

/// How many arguments a [`Child`] may have.
pub const MAX_ARGS: usize = 7;

/// One thing a child does before exec. `why` is the message when it fails.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Leads a session of its own, if it can.
    Session,
    /// Makes `to` the same file as `from`.
    Onto {
        /// The open descriptor.
        from: Fd,
        /// The number it gets.
        to: Fd,
        /// The message.
        why: &'a [&'a [u8]],
    },
    /// Changes the directory: fchdir(2) unless `dir` is [`Fd::CWD`], then chdir(2) unless `path` is `.`.
    Directory {
        /// Where `path` begins.
        dir: Fd,
        /// Where to.
        path: &'a CStr,
        /// The message.
        why: &'a [&'a [u8]],
    },
}

/// Opens the console, blocking, as descriptors 0, 1 and 2. Without a console what was inherited stays, and
/// /dev/null takes the place of what is closed.
#[derive(Clone, Copy, Debug)]
pub struct Console<'a> {
    /// Whether to make it the controlling terminal: then nothing that the program started is hung up when it ends,
    /// and nothing that is typed stops it for good.
    pub control: bool,
    /// The warning when there is none (whole but for the reason), empty for none.
    pub warn: &'a [&'a [u8]],
    /// What is said there before the program begins.
    pub say: &'a [&'a [u8]],
}

/// How far [`crate::Contain`] reaches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// To every process that comes from those in the set.
    All,
    /// To those that stay in the process group of the child.
    Group,
}

/// What is done to the processes of a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Sweep {
    /// Nothing.
    Look,
    /// They are asked to end: TERM, and CONT, as a stopped process could not act on it.
    Terminate,
    /// KILL.
    Kill,
}

/// What a signal asks of process 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Look at the magic files (C runit's SIGCONT).
    Control,
    /// Three fingers: run `ctrlaltdel`.
    CtrlAltDel,
    /// The system's own request to restart.
    Reboot,
    /// The system's own request to halt.
    Halt,
    /// The system's own request to power off.
    PowerOff,
    /// The system's own request to switch the power off and on again.
    PowerCycle,
    /// The system's own reboot(8) begins: start nothing and kill nobody until [`Request::Resume`]. init(8)
    /// calls it catatonia.
    Catatonia,
    /// The system's own reboot(8) has failed: go on.
    Resume,
    /// Understood and harmless.
    Nothing,
}

impl Request {
    /// Whether one of them is the system's own.
    pub(crate) const fn any_native(mut list: &[(Signal, Request)]) -> bool {
        while let [(_, request), rest @ ..] = list {
            match request {
                Request::Reboot
                | Request::Halt
                | Request::PowerOff
                | Request::PowerCycle
                | Request::Catatonia
                | Request::Resume => return true,
                Request::Control | Request::CtrlAltDel | Request::Nothing => list = rest,
            }
        }
        false
    }
}

/// How a system ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// Start again.
    Restart,
    /// Stop, power stays.
    Halt,
    /// Stop, power off.
    PowerOff,
    /// Power off and on again.
    PowerCycle,
}

impl From<Errno> for i32 {
    fn from(errno: Errno) -> i32 {
        errno.0
    }
}
