//! The seam between the engine, which decides, and the operating system, which acts.
//!
//! The engine sees only the traits of this crate. One back-end implements them on the machine
//! the program is built for ([`Os`]); `platform-sim` implements them in memory for tests. The traits hold
//! what the five resident programs need and nothing more: each method is one thing the kernel
//! does, errors are bare [`Errno`] numbers, names are bytes.
#![no_std]

// The libc crate stops naming the C library once any crate of a build switches its `std`
// feature on, so the programs without std name it here.
// SAFETY: the block declares nothing.
#[cfg_attr(not(runit_no_libc), link(name = "c"))]
unsafe extern "C" {}

mod back_end;
mod block;
mod bytes;
#[macro_use]
mod layout;

mod entry;
mod errno;
mod logins;
mod memory;
mod packed;
mod resource;
mod table;
mod text;
mod types;
mod unix;

pub use block::Block;
pub use bytes::{copy, find, hash, to_front};
pub use entry::{Args, panicked, start};
pub use errno::{Errno, Reason};
pub use logins::{Field, Kind as LoginKind, LOGINS, Layout, Logins};
pub use memory::Pages;
pub use resource::Resource;
pub use table::Table;
pub use text::{Text, c_str};
pub use types::*;
pub use unix::{Os, REQUESTS};

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        mod linux;
        use linux as system;
    } else if #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))] {
        mod freebsd;
        use freebsd as system;
    } else if #[cfg(target_os = "openbsd")] {
        mod openbsd;
        use openbsd as system;
    } else if #[cfg(target_os = "netbsd")] {
        mod netbsd;
        use netbsd as system;
    } else if #[cfg(target_os = "macos")] {
        mod macos;
        use macos as system;
    } else if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
        mod solaris;
        use solaris as system;
    } else {
        compile_error!("this system has no back-end yet: add platform/src/NAME.rs and name it here");
    }
}

use core::ffi::CStr;

/// The result of everything that can fail.
pub type Result<T> = core::result::Result<T, Errno>;

/// The two clocks. Deadlines use the first, stamps that others read the second.
pub trait Clock {
    /// Time since some fixed point, never set back (clock_gettime(2), CLOCK_MONOTONIC).
    fn now(&mut self) -> Instant;
    /// Time of day (CLOCK_REALTIME); it may jump.
    fn wall(&mut self) -> Stamp;
}

/// Files, FIFOs and directories. Every descriptor is opened close-on-exec. A method that is one system call
/// has its name. A path that is not absolute begins at `dir`, a directory that is open for reading or
/// [`Fd::CWD`], and at the current directory where the method has no `dir`.
pub trait Files {
    /// An open directory being read.
    type Dir;

    /// chdir(2).
    fn chdir(&mut self, path: &CStr) -> Result<()>;
    /// openat(2) as `how` says, without ever waiting for a reader or writer.
    fn openat(&mut self, dir: Fd, path: &CStr, how: Open) -> Result<Fd>;
    /// The same, as open(2).
    fn open(&mut self, path: &CStr, how: Open) -> Result<Fd> {
        self.openat(Fd::CWD, path, how)
    }
    /// Opens a FIFO for reading that has no end: a writer stays, of the caller's own. That is the second
    /// descriptor, or -1 where one descriptor is both.
    fn open_fifo(&mut self, dir: Fd, path: &CStr) -> Result<(Fd, Fd)>;
    /// close(2). The descriptor is gone whatever the kernel answers.
    fn close(&mut self, fd: Fd);
    /// read(2); 0 is the end.
    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize>;
    /// The same of what is shared with other processes, which wait when they read: if one of them
    /// was faster, EAGAIN rather than waiting. (Where the system has no such read, a caught
    /// signal still ends it, with EINTR.)
    fn read_shared(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize>;
    /// write(2).
    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize>;
    /// mkdirat(2).
    fn mkdirat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()>;
    /// The same, as mkdir(2).
    fn mkdir(&mut self, path: &CStr, mode: u32) -> Result<()> {
        self.mkdirat(Fd::CWD, path, mode)
    }
    /// mkfifoat(3).
    fn mkfifoat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()>;
    /// The same, as mkfifo(3).
    fn mkfifo(&mut self, path: &CStr, mode: u32) -> Result<()> {
        self.mkfifoat(Fd::CWD, path, mode)
    }
    /// fstatat(2): follows links.
    fn fstatat(&mut self, dir: Fd, path: &CStr) -> Result<Meta>;
    /// The same, as stat(2).
    fn stat(&mut self, path: &CStr) -> Result<Meta> {
        self.fstatat(Fd::CWD, path)
    }
    /// fstat(2).
    fn fstat(&mut self, fd: Fd) -> Result<Meta>;
    /// readlinkat(2): the number of bytes put into `into`.
    fn readlinkat(&mut self, dir: Fd, path: &CStr, into: &mut [u8]) -> Result<usize>;
    /// renameat(2), both paths from the same directory.
    fn renameat(&mut self, dir: Fd, from: &CStr, to: &CStr) -> Result<()>;
    /// The same, as rename(2).
    fn rename(&mut self, from: &CStr, to: &CStr) -> Result<()> {
        self.renameat(Fd::CWD, from, to)
    }
    /// chmod(2): follows links.
    fn chmod(&mut self, path: &CStr, mode: u32) -> Result<()>;
    /// fchmod(2).
    fn fchmod(&mut self, fd: Fd, mode: u32) -> Result<()>;
    /// pread(2) of a regular file; fewer bytes than there is room for only at its end.
    fn pread(&mut self, fd: Fd, offset: u64, into: &mut [u8]) -> Result<usize>;
    /// ftruncate(2), to less.
    fn ftruncate(&mut self, fd: Fd, size: u64) -> Result<()>;
    /// unlinkat(2).
    fn unlinkat(&mut self, dir: Fd, path: &CStr) -> Result<()>;
    /// The same, as unlink(2).
    fn unlink(&mut self, path: &CStr) -> Result<()> {
        self.unlinkat(Fd::CWD, path)
    }
    /// fsync(2).
    fn fsync(&mut self, fd: Fd) -> Result<()>;
    /// A blocking pipe: read end, write end.
    fn pipe(&mut self) -> Result<(Fd, Fd)>;
    /// How many bytes of a pipe nobody has read yet (ioctl(2), FIONREAD).
    fn unread(&mut self, fd: Fd) -> Result<usize>;
    /// dup2(2): makes `to` the same open file as `from`, inherited by children.
    fn dup2(&mut self, from: Fd, to: Fd) -> Result<()>;
    /// Makes reads (and writes) of a descriptor return EAGAIN instead of waiting.
    fn set_nonblocking(&mut self, fd: Fd) -> Result<()>;
    /// Takes the exclusive lock of a file or fails at once (the kind of lock C runit uses on this
    /// system: flock(2), on Solaris fcntl(2)).
    fn lock(&mut self, fd: Fd) -> Result<()>;
    /// Starts reading a directory.
    fn open_dir(&mut self, dir: Fd, path: &CStr) -> Result<Self::Dir>;
    /// The next name, `.` and `..` included, or `None` at the end. The closure gets the name,
    /// since it lives in the directory's own buffer.
    fn next_name<'d>(&mut self, dir: &'d mut Self::Dir) -> Result<Option<&'d CStr>>;
    /// Ends reading a directory.
    fn close_dir(&mut self, dir: Self::Dir);
    /// Writes a message to descriptor 2. It never waits and never fails: what cannot be taken
    /// now is lost, because a message is worth less than a supervisor that answers.
    fn tell(&mut self, text: &[u8]);
}

/// What a child can do that runs no other program. Nothing is answered, so that a simulation can note the calls
/// and have them made when the child has its turn.
pub trait Calls {
    /// prctl(2), PR_SET_NAME: where the system allows it, the process gets a name of its own. The arguments, which
    /// ps(1) shows, have it too.
    fn pr_set_name(&mut self, args: Args, name: &CStr);
    /// setsid(2).
    fn setsid(&mut self);
    /// signal(2), SIG_IGN.
    fn ignore(&mut self, signal: Signal);
    /// Closes every descriptor but these.
    fn close_all_but(&mut self, keep: &[Fd]);
    /// Reads a descriptor to its end, whether it waits or not, and throws away what comes; if it cannot be read,
    /// the child exits with 111.
    fn read_to_end(&mut self, fd: Fd);
}

/// Processes.
pub trait Procs {
    /// The child of [`Procs::fork`].
    type Forked: Calls;

    /// The process's own number.
    fn own_pid(&mut self) -> Pid;
    /// Starts a program; everything between fork and exec is in `child`.
    fn spawn(&mut self, child: &Child<'_>) -> Result<Pid>;
    /// fork(2): a process that makes the calls of `child`, one after the other, runs no other program, and exits
    /// with 0.
    fn fork(&mut self, child: impl FnOnce(&mut Self::Forked)) -> Result<Pid>;
    /// A variable of the process's environment (getenv(3)).
    fn getenv(&mut self, name: &CStr) -> Option<&'static [u8]>;
    /// Replaces the calling process (execve(2)); returns only with the reason why not.
    fn exec(&mut self, path: &CStr, argv: &[&CStr]) -> Errno;
    /// One child that has ended, `None` when there is none for now (waitpid(2), WNOHANG).
    fn reap(&mut self) -> Option<(Pid, Ended)>;
    /// kill(2) to whom it says.
    fn kill(&mut self, whom: Target, signal: Signal) -> Result<()>;
    /// The system's number of a signal; 0 if it has none.
    fn signal_number(signal: Signal) -> u8;
    /// The same to one process, by the system's number of a signal.
    fn kill_number(&mut self, pid: Pid, number: u8) -> Result<()>;
    /// Shows `text` as the process's title where rewriting the argument itself does not.
    fn setproctitle(&mut self, text: &[u8]);
}

/// Memory, for what is larger than the stack should be ([`Block`]) or grows ([`Table`]).
pub trait Memory {
    /// mmap(2), MAP_ANON: new memory, all zeros.
    fn mmap(&mut self, bytes: usize) -> Result<Pages> {
        Pages::map(bytes)
    }
    /// munmap(2).
    fn munmap(&mut self, pages: Pages) {
        pages.unmap();
    }
}

/// Waiting.
pub trait Events {
    /// From now on these signals are remembered and wake [`Events::wait`]; SIGPIPE is ignored.
    /// Children started by [`Procs::spawn`] get back the dispositions the process began with,
    /// except that what is caught here is default there.
    fn catch(&mut self, signals: &[Signal]) -> Result<()>;
    /// Sleeps until a descriptor can be read (or has ended), a caught signal came, or the
    /// deadline is reached; without deadline as long as it takes. At most [`MAX_WAIT`] descriptors.
    fn wait(&mut self, fds: &[Fd], until: Option<Instant>) -> Wake;
}

/// So many ends of children are taken in one turn: a crowd that dies without end does not hold up the rest.
pub const CROWD: u32 = 64;

/// How many descriptors [`Events::wait`] takes.
pub const MAX_WAIT: usize = 7;

/// Sending to others.
pub trait Datagrams {
    /// A socket for datagrams to IPv4 addresses that never waits (socket(2), AF_INET, SOCK_DGRAM).
    fn datagrams(&mut self) -> Result<Fd>;
    /// sendto(2): how much of the datagram was taken.
    fn send(&mut self, fd: Fd, ip: [u8; 4], port: u16, bytes: &[u8]) -> Result<usize>;
}

/// Being told of changes in a directory. It is an accelerator: a program that uses it polls as well, slowly
/// if changes are told and quickly if not.
pub trait Watch {
    /// Watches the directory that `path` leads to and every link on the way to it; replaces the
    /// last call's watch. `false`: this system (or this file system) cannot tell.
    fn watch(&mut self, path: &CStr) -> bool;
    /// Watches another directory beside that one, until it is gone: directories made, moved or removed there
    /// are a change. There is room for a few; of further ones nothing is told.
    fn watch_beside(&mut self, path: &CStr);
    /// The descriptor that becomes readable on a change, if there is one.
    fn watch_fd(&self) -> Option<Fd>;
    /// Empties the descriptor; `true` if anything in it concerns what is watched.
    fn changed(&mut self) -> bool;
}

/// Being told of files that are put in their place by rename(2), for as long as that is waited for. It is an
/// accelerator, as [`Watch`] is, and costs nothing once it is over.
pub trait Notice {
    /// The next rename(2) in `dir`, an open directory, wakes [`Events::wait`], unless `dir` was closed: with
    /// [`Signal::Io`], which is caught from now on, or with [`Notice::notice_fd`], which can be read until `dir` is
    /// closed. `false`: this system cannot tell.
    fn notify(&mut self, dir: Fd) -> bool;
    /// The descriptor that becomes readable, if there is one.
    fn notice_fd(&self) -> Option<Fd>;
    /// Closes that, when nothing is waited for any more.
    fn end_notices(&mut self);
}

/// What only process 1 does.
pub trait Boot {
    /// Whether the system's own tools ask process 1 by signals for a restart, halt or power off: what
    /// is there for them alone is not in process 1 of other systems.
    const NATIVE: bool;

    /// First act of process 1: descriptors 0 to 2 are open afterwards, it leads a session, the
    /// environment has what the kernel of this system leaves out.
    fn early(&mut self);
    /// `true` if this system restarts a process 1 that ended and this is such a restart.
    fn boot_already_done(&mut self) -> bool;
    /// Opens the console anew for the messages of process 1, non-blocking. Without a console the
    /// descriptors stay as they are.
    fn console(&mut self);
    /// Which signal means what to process 1 on this system.
    fn requests(&self) -> &'static [(Signal, Request)];
    /// Has ctrl-alt-del reported to process 1 where the kernel offers it; also called after each
    /// request where the setting is one-shot.
    fn arm_ctrl_alt_del(&mut self);
    /// What native init does on the way from stage 1 to stage 2 (the securelevel of the BSDs).
    fn enter_multiuser(&mut self);
    /// Ends the system, after sync(2) if `sync` and if the kernel does not do it. `Ok(Some)`: a
    /// child makes the call, it exits with 0 or with the errno; `Ok(None)`: the call was made and
    /// came back without an error; `Err`: it was refused.
    fn power(&mut self, how: How, sync: bool) -> Result<Option<Pid>>;
}

/// Keeping the processes of a service together, so that none of them outlives it. A program has one such set.
pub trait Contain {
    /// Starts a program in the set: whatever it starts stays there. `place` tells the set from those of other
    /// programs. What another program needs to find it is written to `record`, a file of [`RECORD`] bytes (or
    /// [`Fd`] -1), before the child does anything.
    fn spawn_contained(&mut self, child: &Child<'_>, place: FileId, record: Fd) -> Result<(Pid, Way)>;
    /// Whether a process of the set is left, but for zombies; each is first dealt with as `how` says. `spare`: children
    /// that do not belong to it. It never waits.
    fn sweep(&mut self, how: Sweep, spare: &[Option<Pid>]) -> bool;
    /// From now on [`Contain::sweep`] is about the set that another program has left, as it recorded. `false`:
    /// nothing can be left of it.
    fn adopt(&mut self, place: FileId, record: &[u8]) -> bool;
}

/// The size of the file that [`Contain`] keeps a record in.
pub const RECORD: usize = 512;

/// Everything a resident program may ask for.
pub trait Platform:
    Clock + Files + Procs + Memory + Events + Datagrams + Watch + Notice + Boot + Contain
{
}
impl<P: Clock + Files + Procs + Memory + Events + Datagrams + Watch + Notice + Boot + Contain> Platform
    for P
{
}
