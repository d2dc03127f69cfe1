//! What a back-end is. A porter reads this file, then one back-end beside another.
//!
//! [`System`] is what every system has in its own way. [`TOOLS`] is the rest: small modules in `unix/` of which
//! a back-end names those that fit its kernel, or writes its own under the same names.
use crate::unix::Os;
use crate::{Child, Fd, FileId, How, Instant, Pid, Request, Result, Signal, SignalSet, Sweep, Way, system};
use core::ffi::CStr;
use libc::{c_int, c_uint, clockid_t, pollfd, sighandler_t, sigset_t, timespec};

/// What differs between systems. What has a default is what most of them have nothing for.
pub(crate) trait System {
    /// What signals ask of process 1 (init(8), and what the kernel sends it).
    const REQUESTS: &'static [(Signal, Request)];
    /// The numbers of three signals that not every system has, or has a use for (signal(7)); 0 for none.
    const SIGPWR: c_int = 0;
    #[allow(missing_docs)]
    const SIGEMT: c_int = 0;
    #[allow(missing_docs)]
    const SIGIO: c_int = 0;

    /// The first act of process 1 ([`crate::Boot::early`]).
    fn early();
    /// Ends the system ([`crate::Boot::power`]).
    fn power(how: How, sync: bool) -> Result<Option<Pid>>;

    /// Gives a child the signals back that [`System::early`] took.
    fn reset_signals() {}
    /// Whether the kernel has restarted process 1. Most panic when it ends.
    fn boot_already_done() -> bool {
        false
    }
    /// Has ctrl-alt-del reported ([`crate::Boot::arm_ctrl_alt_del`]). Most have no such key, or it is armed.
    fn arm_ctrl_alt_del() {}
    /// What native init does between stages 1 and 2.
    fn enter_multiuser() {}
}

/// The tools that a back-end takes from `unix/`, or has itself; the compiler compares them with this list.
#[allow(dead_code, clippy::type_complexity, reason = "a list to be read and compared, not used")]
struct Tools {
    /// clock_gettime(2): `posix`.
    clock: fn(clockid_t) -> timespec,
    /// openat(2): `posix`.
    open: fn(c_int, &CStr, c_int, c_uint) -> c_int,
    /// [`crate::Files::open_fifo`]: `posix`.
    open_fifo: fn(Fd, &CStr) -> Result<(Fd, Fd)>,
    /// mkfifoat(3): `posix`.
    mkfifoat: fn(Fd, &CStr, libc::mode_t) -> c_int,
    /// [`crate::Files::read_shared`]: `posix`.
    read_shared: fn(&mut Os, Fd, &mut [u8]) -> Result<usize>,
    /// fork(2): `posix`.
    fork: fn() -> c_int,
    /// A pipe, close-on-exec, with these flags: `pipe2`.
    pipe: fn(c_int) -> Result<(Fd, Fd)>,
    /// Waits for descriptors up to a point in time: `ppoll`, `poll`.
    poll: fn(&mut Os, &mut [pollfd], Option<Instant>) -> Result<c_int>,
    /// The lock of C runit on this system: `flock`.
    lock: fn(Fd) -> Result<()>,
    /// Descriptor 2 opened anew, not to wait for it: `terminal`.
    reopen_stderr: fn() -> Result<Fd>,
    /// Closes every descriptor but these: `closefrom`.
    close_all_but: fn(&[Fd]),
    /// Shows the title, where rewriting the argument itself does not ([`crate::Procs::setproctitle`]): `bsd`;
    /// where it does, `none`.
    setproctitle: fn(&[u8]),
    /// Gives the process a name of its own (prctl(2), PR_SET_NAME): `bsd`, `none`.
    pr_set_name: fn(&CStr),
    /// Takes the console from the processes that have it open, where a new leader could not get it otherwise:
    /// `bsd`, `none`.
    revoke: fn(&CStr),
    /// signal(2), which says what the disposition was: `selfpipe`, as the four that follow.
    signal: fn(c_int, sighandler_t) -> sighandler_t,
    /// The disposition of a signal that is caught.
    handler: fn() -> sighandler_t,
    /// Has caught signals told by a descriptor.
    hear: fn(&mut Option<Fd>, &sigset_t) -> Result<()>,
    /// The signals that came.
    heard: fn(&mut Os, bool) -> SignalSet,
    /// fork(2), or another call that does it; in the child the result is 0, and its signals are its own.
    fork_own_signals: fn(fn() -> c_int) -> Result<Pid>,
    /// Keeps what a child starts together with it ([`crate::Contain`]), as the two that follow: `group`.
    spawn_contained: fn(&mut Os, &Child<'_>, FileId, Fd) -> Result<(Pid, Way)>,
    /// Ends what is left.
    sweep: fn(&mut Os, Sweep, &[Option<Pid>]) -> bool,
    /// Takes over what another program has left.
    adopt: fn(&mut Os, FileId, &[u8]) -> bool,
    /// Reading directories: `dir`. Being told of changes: `kqueue`, which asks
    /// the back-end whether a directory `is_local` (`statfs`).
    types: fn(system::Dir, system::Native, system::Ward),
}

const TOOLS: Tools = Tools {
    clock: system::clock,
    open: system::open,
    open_fifo: system::open_fifo,
    mkfifoat: system::mkfifoat,
    read_shared: system::read_shared,
    fork: system::fork,
    pipe: system::pipe,
    poll: system::poll,
    lock: system::lock,
    reopen_stderr: system::reopen_stderr,
    close_all_but: system::close_all_but,
    setproctitle: system::setproctitle,
    pr_set_name: system::pr_set_name,
    revoke: system::revoke,
    signal: system::signal,
    handler: system::handler,
    hear: system::hear,
    heard: |os, ready| system::heard(os, ready),
    fork_own_signals: |fork| system::fork_own_signals(fork),
    spawn_contained: |os, child, place, record| system::spawn_contained(os, child, place, record),
    sweep: |os, how, spare| system::sweep(os, how, spare),
    adopt: |os, place, record| system::adopt(os, place, record),
    types: |_, _, _| (),
};
const _: &Tools = &TOOLS;
