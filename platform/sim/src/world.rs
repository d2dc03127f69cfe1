//! What watches the kernel: what it is told, and what it decides.
use crate::kernel::Kernel;
use crate::life::{Deed, Life};
use crate::tree::Ino;
use platform::{Child, Ended, Errno, Fd, How, Instant, Pid, Signal, Sweep, Target, Wake};

/// What happened, as it happens.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Fact<'a> {
    /// The program under test started a child.
    Spawned { pid: Pid, child: &'a Child<'a> },
    /// It could not.
    NotSpawned { child: &'a Child<'a>, errno: Errno },
    /// A process became a program.
    Executed { pid: Pid, path: &'a [u8], argv: &'a [Vec<u8>] },
    /// A process could not become one.
    NotExecuted { pid: Pid, path: &'a [u8], errno: Errno },
    /// A process ended.
    Died { pid: Pid, ended: Ended },
    /// The program under test was told so.
    Reaped { pid: Pid, ended: Ended },
    /// It sent a signal.
    Kill { whom: Target, signal: Signal, result: platform::Result<()> },
    /// It sent one by its number.
    KillNumber { pid: Pid, number: u8, result: platform::Result<()> },
    /// It asked whether any of what it keeps together is left, and dealt with these.
    Swept { how: Sweep, left: bool },
    /// It was sent one.
    Signalled { signal: Signal },
    /// It opened a file.
    Opened { path: &'a [u8], fd: Fd },
    /// It could not.
    NotOpened { path: &'a [u8], errno: Errno },
    /// It made a pipe.
    Piped { read: Fd, write: Fd },
    /// It is about to close a descriptor.
    Closing { fd: Fd },
    /// It read.
    Read { fd: Fd, bytes: &'a [u8] },
    /// It wrote.
    Wrote { fd: Fd, bytes: &'a [u8] },
    /// It could not.
    NotWritten { fd: Fd, errno: Errno },
    /// It renamed.
    Renamed { from: &'a [u8], to: &'a [u8] },
    /// It could not.
    NotRenamed { to: &'a [u8], errno: Errno },
    /// It removed a file.
    Removed { path: &'a [u8] },
    /// It sent a datagram.
    Sent { ip: [u8; 4], port: u16, bytes: &'a [u8] },
    /// It changed a mode.
    Mode { path: &'a [u8], mode: u32 },
    /// It opened a directory for reading.
    DirectoryOpened { path: &'a [u8] },
    /// It could not open or read one, go there or look at it.
    Failed { what: &'static str, errno: Errno },
    /// Somebody wrote to the console.
    Said { pid: Pid, text: &'a [u8] },
    /// It was told the time, on the clock that never goes back.
    Told { now: Instant },
    /// It goes to sleep.
    Waits { fds: &'a [Fd], until: Option<Instant> },
    /// It wakes up.
    Woke { wake: Wake },
    /// It asked for three fingers to be reported.
    Armed,
    /// It (or its child for it) asks for the end of the system.
    Power { how: How, sync: bool },
    /// Another process asks for it.
    Reboot { pid: Pid, how: How },
    /// Somebody did something, or could not.
    Done { pid: Option<Pid>, deed: &'a Deed, result: platform::Result<()> },
}

/// What a process becomes with execve(2).
#[derive(Clone, Copy, Debug)]
pub struct Exec<'a> {
    /// Its number.
    pub pid: Pid,
    /// The path as it was given.
    pub path: &'a [u8],
    /// Its directory.
    pub directory: Ino,
    /// Its arguments.
    pub argv: &'a [Vec<u8>],
}

/// Knows the programs and watches the one under test, or those: each of them has a thread of its own.
pub trait World: Send {
    /// The life of a program.
    fn life(&mut self, kernel: &mut Kernel, exec: &Exec<'_>) -> Life;
    /// Takes note of a fact; the result is what is wrong with it.
    ///
    /// # Errors
    /// The schedule ends with the text.
    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> core::result::Result<(), String>;
}

/// Nobody watches, and every program exits with 0.
pub struct Nobody;

impl World for Nobody {
    fn life(&mut self, _: &mut Kernel, _: &Exec<'_>) -> Life {
        Life::default()
    }
    fn fact(&mut self, _: &mut Kernel, _: &Fact<'_>) -> core::result::Result<(), String> {
        Ok(())
    }
}

/// How a schedule ended, if not by the program's return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing will ever happen again.
    Quiet,
    /// The system ended.
    Power(How),
    /// The program under test died of a signal.
    Killed(Signal),
    /// It waits for ever in a call that is not `wait`.
    Blocked(&'static str),
    /// It became another program.
    Executed(Vec<u8>),
    /// Something is wrong.
    Wrong(String),
    /// The schedule takes longer than any schedule may.
    Endless,
}
