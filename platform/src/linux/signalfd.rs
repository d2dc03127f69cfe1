//! Being told of signals by signalfd(2): they stay blocked, no handler interrupts anything, and one
//! descriptor takes the place of a pipe.
use crate::unix::{Os, check, events};
use crate::{Errno, Fd, Pid, Result, SignalSet};
use core::ptr;

/// Sets the disposition of a signal and returns the old one (signal(2): flags and mask of
/// sigaction(2) are for handlers, and there are none).
pub(crate) fn signal(number: libc::c_int, handler: libc::sighandler_t) -> libc::sighandler_t {
    // SAFETY: numbers are passed: SIG_DFL, SIG_IGN, or what this call returned before.
    unsafe { libc::signal(number, handler) }
}

/// What a caught signal is answered with. It never is: the kernel keeps what is blocked for the
/// descriptor, also what is otherwise ignored, as process 1 does by default.
pub(crate) fn handler() -> libc::sighandler_t {
    libc::SIG_DFL
}

/// Has these signals, all that are caught and now held back, told by `waker`. There is none on a
/// kernel that was built without signalfd(2): then they are asked for now and then.
pub(crate) fn hear(waker: &mut Option<Fd>, caught: &libc::sigset_t) -> Result<()> {
    let old = waker.map_or(-1, |fd| fd.0);
    // SAFETY: the set is a filled one.
    match check(unsafe { libc::signalfd(old, caught, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) }) {
        Ok(fd) => *waker = Some(Fd(fd)),
        Err(Errno::NOSYS) => {}
        Err(errno) => return Err(errno),
    }
    Ok(())
}

/// The signals that came; what tells of them is ready or not (sigtimedwait(2): nothing need be read).
pub(crate) fn heard(os: &Os, ready: bool) -> SignalSet {
    let mut set = SignalSet::default();
    if !ready && os.waker.is_some() {
        return set;
    }
    let mut caught = events::caught();
    let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        // SAFETY: a filled set and a local record; what is known besides is not asked for.
        let number = unsafe { libc::sigtimedwait(&raw const caught, ptr::null_mut(), &raw const now) };
        if number <= 0 {
            return set;
        }
        set.0 |= events::bit(number);
        // Each once: one that never stops coming does not hold up the others, nor the rest.
        // SAFETY: the set is a filled one.
        unsafe { libc::sigdelset(&raw mut caught, number) };
    }
}

/// Forks; in the child the result is the number 0, and its signals are its own. What is blocked stays
/// the parent's: a child begins with no signal pending.
// Once for all that fork, but for those that do it in another way.
#[inline(never)]
pub(crate) fn fork_own_signals(fork: impl Fn() -> libc::c_int) -> Result<Pid> {
    // One thread forks, and the child calls async-signal-safe functions only.
    let pid = check(fork())?;
    if pid == 0 {
        events::own_signals();
        let caught = events::caught();
        // SAFETY: the set is a filled one; no old one is asked for.
        unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, &raw const caught, ptr::null_mut()) };
    }
    Ok(Pid(pid))
}
