//! The systems as their kernels showed themselves, for a kernel in memory that behaves like one of them.
//!
//! What was seen on a console or read in a source stands in docs/platforms.md. Here it is a switch, so that
//! every schedule can run on every system.
use crate::contain::{Finds, Keeps};
use crate::life::{Act, Deed, Life, Whom};
use core::ffi::CStr;
use platform::{How, Request, Signal};

/// What reboot(2) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PowerCall {
    /// What it says.
    Works,
    /// It comes back without an effect for this, and works for the rest.
    ReturnsFor(How),
    /// It fails for this with EINVAL, and works for the rest.
    FailsFor(How),
    /// It comes back without an effect.
    Returns,
    /// It is not allowed.
    Forbidden,
}

/// What differs between systems.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Its name.
    pub name: &'static str,
    /// Whether changes of directories are told.
    pub watches: bool,
    /// A removal or rename may be told a moment before it has happened.
    pub told_before: bool,
    /// What signals ask of process 1.
    pub requests: &'static [(Signal, Request)],
    /// What the call that ends the system does.
    pub power: PowerCall,
    /// Whether a child makes it.
    pub power_by_child: bool,
    /// Whether three fingers are told once only, and then not before they are armed again.
    pub one_shot_key: bool,
    /// Whether process 1 was restarted by the kernel.
    pub again: bool,
    /// Time stamps of files count in units of this many nanoseconds.
    pub granule: u32,
    /// The variables of its environment that it looks at.
    pub environment: &'static [(&'static CStr, &'static [u8])],
    /// The number of a file that is gone is given to the next one.
    pub reuses_numbers: bool,
    /// A directory that was removed has lost `.` and `..` as well, for a process that is in it.
    pub dot_goes: bool,
    /// poll(2) does not tell that a FIFO has ended: it is read at once, or at a deadline.
    pub silent_end: bool,
    /// ioctl(2) FIONREAD on the writing end of a pipe says 0.
    pub unread_to_readers_only: bool,
    /// A process may have so many descriptors (the soft limit).
    pub files: usize,
    /// kill(2) of all processes hits the caller as well.
    pub kill_hits_caller: bool,
    /// A signal that comes while a process executes another program is lost, KILL too.
    pub exec_loses: bool,
    /// How processes are kept together.
    pub keeps: Keeps,
    /// What of them another program finds.
    pub finds: Finds,
}

/// Linux.
pub const LINUX: Machine = Machine {
    name: "linux",
    watches: true,
    told_before: false,
    requests: &[(Signal::Interrupt, Request::CtrlAltDel), (Signal::Continue, Request::Control)],
    power: PowerCall::Works,
    power_by_child: true,
    one_shot_key: false,
    again: false,
    granule: 4_000_000,
    environment: &[],
    reuses_numbers: true,
    dot_goes: false,
    silent_end: false,
    unread_to_readers_only: false,
    files: 1024,
    kill_hits_caller: false,
    exec_loses: false,
    keeps: Keeps::All,
    finds: Finds::Left,
};

/// What the BSDs have in common.
const BSD: Machine =
    Machine { name: "bsd", told_before: true, power_by_child: false, granule: 1, files: 128, ..LINUX };

/// FreeBSD.
pub const FREEBSD: Machine = Machine {
    name: "freebsd",
    requests: &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::User1, Request::Halt),
        (Signal::User2, Request::PowerOff),
        (Signal::WindowChange, Request::PowerCycle),
        (Signal::HangUp, Request::Resume),
        (Signal::TerminalStop, Request::Catatonia),
        (Signal::Terminate, Request::Nothing),
        (Signal::Emulator, Request::Nothing),
    ],
    ..BSD
};

/// OpenBSD.
pub const OPENBSD: Machine = Machine {
    name: "openbsd",
    requests: &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::User1, Request::CtrlAltDel),
        (Signal::User2, Request::PowerOff),
        (Signal::HangUp, Request::Resume),
        (Signal::TerminalStop, Request::Catatonia),
        (Signal::Terminate, Request::Nothing),
    ],
    keeps: Keeps::Group,
    finds: Finds::Led,
    dot_goes: true,
    one_shot_key: true,
    files: 64,
    ..BSD
};

/// NetBSD.
pub const NETBSD: Machine = Machine {
    name: "netbsd",
    requests: &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::HangUp, Request::Resume),
        (Signal::TerminalStop, Request::Catatonia),
        (Signal::Terminate, Request::Nothing),
    ],
    keeps: Keeps::Group,
    finds: Finds::Led,
    dot_goes: true,
    exec_loses: true,
    files: 64,
    ..BSD
};

/// macOS, on a file system that counts in seconds (HFS+). runit is no process 1 there.
pub const MACOS: Machine = Machine {
    name: "macos",
    requests: LINUX.requests,
    granule: 1_000_000_000,
    keeps: Keeps::Group,
    finds: Finds::Led,
    silent_end: true,
    files: 256,
    kill_hits_caller: true,
    ..BSD
};

/// illumos and Solaris.
pub const SUNOS: Machine = Machine {
    name: "sunos",
    requests: &[
        (Signal::Interrupt, Request::CtrlAltDel),
        (Signal::Continue, Request::Control),
        (Signal::Emulator, Request::PowerOff),
        (Signal::Arithmetic, Request::Reboot),
        (Signal::PowerFail, Request::PowerOff),
        (Signal::HangUp, Request::Nothing),
    ],
    power_by_child: false,
    keeps: Keeps::Apart,
    finds: Finds::Nothing,
    granule: 1,
    files: 256, // Of Solaris; illumos gives 65,536.
    kill_hits_caller: true,
    ..LINUX
};

/// All of them.
pub const SYSTEMS: [Machine; 6] = [LINUX, FREEBSD, OPENBSD, NETBSD, MACOS, SUNOS];

/// The system that this is compiled for; another is taken for Linux.
const HERE: &Machine = {
    cfg_if::cfg_if! {
        if #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))] {
            &FREEBSD
        } else if #[cfg(target_os = "openbsd")] {
            &OPENBSD
        } else if #[cfg(target_os = "netbsd")] {
            &NETBSD
        } else if #[cfg(target_os = "macos")] {
            &MACOS
        } else if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
            &SUNOS
        } else {
            &LINUX
        }
    }
};

// A back-end that asks for something else does not compile, on whatever machine it is compiled.
const _: () = assert!(are_same(platform::REQUESTS, HERE.requests), "back-end and personality differ");

const fn are_same(one: &[(Signal, Request)], other: &[(Signal, Request)]) -> bool {
    match (one, other) {
        ([one, ones @ ..], [other, others @ ..]) => {
            one.0 as u8 == other.0 as u8 && one.1 as u8 == other.1 as u8 && are_same(ones, others)
        }
        _ => one.is_empty() && other.is_empty(),
    }
}

impl Machine {
    /// Whether reboot(8) does all itself and tells process 1 to stand still.
    #[must_use]
    pub fn stands_still(&self) -> bool {
        self.requests.iter().any(|(_, request)| *request == Request::Catatonia)
    }

    /// reboot(8) and halt(8) of the BSDs, as read in their sources: TSTP for process 1, TERM for all others, KILL
    /// five seconds later and until nobody is left, reboot(2); HUP for process 1 where that fails.
    /// `first` is how many milliseconds go by between TSTP and TERM: OpenBSD runs `rc shutdown` there.
    #[must_use]
    pub fn reboot(first: u64, how: How) -> Life {
        let signal = |whom, signal| Act::Do(Deed::Signal(whom, signal));
        Life::of(&[
            signal(Whom::Program, Signal::TerminalStop),
            Act::Pause(first),
            signal(Whom::Rest, Signal::Terminate),
            Act::Pause(5_000),
            signal(Whom::Rest, Signal::Kill),
            Act::Pause(2_000),
            signal(Whom::Rest, Signal::Kill),
            Act::Reboot(how),
            signal(Whom::Program, Signal::HangUp),
            Act::Exit(1),
        ])
        .on(Signal::Terminate, &[])
        .on(Signal::HangUp, &[])
    }
}
