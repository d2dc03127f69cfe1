//! The kernel in memory: all traits of `platform`, for tests of the programs that run for ever.
//!
//! Nothing here is a sketch of a mock: files, pipes, processes and signals behave as the traits
//! say. Time passes only in calls and while the program waits; whatever may differ between two
//! runs comes out of one seed, so that a failing run can be repeated.
#![allow(clippy::missing_errors_doc)] // They are the system's.
mod birth;
mod calls;
mod clients;
mod contain;
mod deeds;
mod faults;
mod file_system;
mod files;
mod flood;
mod kernel;
mod life;
mod open;
mod pipe;
mod process;
mod programs;
mod random;
mod signals;
mod systems;
pub mod tree;
mod world;

pub use contain::{Finds, Keeps};
pub use faults::Faults;
pub use files::Dir;
pub use flood::Source;
pub use kernel::Kernel;
pub use life::{Act, Deed, Life, Whom};
pub use open::{Object, Open, Slot};
pub use process::Process;
pub use programs::together;
pub use random::Random;
pub use systems::{FREEBSD, LINUX, MACOS, Machine, NETBSD, OPENBSD, PowerCall, SUNOS, SYSTEMS};
pub use world::{End, Exec, Fact, Nobody, World};

use platform::{Args, Fd, Pid, Signal};
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a program under test sees of the kernel.
pub struct Sim {
    /// The kernel, for preparing and for looking afterwards.
    pub kernel: Kernel,
    watching: Option<Fd>,
    beside: Vec<tree::Ino>,
}

/// What unwinds the program when a schedule is over.
struct Over;

/// How a schedule ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The program returned its exit code.
    Returned(u8),
    /// The schedule ended before it did.
    Over(End),
    /// It panicked.
    Panicked(String),
}

impl Sim {
    /// Only the program under test runs, as process `own`.
    #[must_use]
    pub fn new(seed: u64, own: Pid, machine: Machine, world: Box<dyn World>) -> Sim {
        Sim { kernel: Kernel::new(seed, own, machine, world), watching: None, beside: Vec::new() }
    }

    /// Runs a program to the end of its schedule.
    pub fn run(&mut self, program: impl FnOnce(&mut Sim) -> u8) -> Outcome {
        match catch_unwind(AssertUnwindSafe(|| program(self))) {
            Ok(code) => match self.kernel.end.take() {
                Some(end @ End::Wrong(_)) => Outcome::Over(end),
                _ => Outcome::Returned(code),
            },
            Err(payload) if payload.is::<Over>() => {
                Outcome::Over(self.kernel.end.take().unwrap_or(End::Quiet))
            }
            Err(payload) => {
                let text = payload.downcast_ref::<&str>().map(|text| String::from(*text));
                Outcome::Panicked(
                    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default(),
                )
            }
        }
    }

    /// What is wrong so far, if the program under test cannot be asked any more.
    pub fn take_end(&mut self) -> Option<End> {
        self.kernel.end.take()
    }
}

/// The number of a signal in [`platform::Ended`]: Linux's on most machines.
fn number(signal: Signal) -> u8 {
    match signal {
        Signal::HangUp => 1,
        Signal::Interrupt => 2,
        Signal::Quit => 3,
        Signal::Arithmetic => 8,
        Signal::Kill => 9,
        Signal::User1 => 10,
        Signal::User2 => 12,
        Signal::Pipe => 13,
        Signal::Alarm => 14,
        Signal::Terminate => 15,
        Signal::Child => 17,
        Signal::Continue => 18,
        Signal::Stop => 19,
        Signal::TerminalStop => 20,
        Signal::WindowChange => 28,
        Signal::Io => 29,
        Signal::PowerFail => 30,
        Signal::Emulator => 0,
    }
}

/// Command-line words for a program's main function. They are never freed: a program may keep
/// them for as long as it runs.
#[must_use]
pub fn args(words: &[&str]) -> Args {
    let list: Vec<*mut c_char> =
        words.iter().map(|word| CString::new(*word).unwrap_or_default().into_raw()).collect();
    let list = Box::leak(list.into_boxed_slice());
    // SAFETY: the strings and their list are leaked above, and nobody else knows them.
    unsafe { Args::new(list.len(), list.as_mut_ptr()) }
}
