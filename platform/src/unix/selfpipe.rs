//! Being told of signals through a pipe to oneself: handlers note the signal and write a byte that
//! poll(2) sees. That works everywhere.
use crate::unix::{Os, check, close, events};
use crate::{Fd, Files, Pid, Result, SignalSet, system};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// The write end of the pipe, for the handler. 0 for none: the read end has a lower number.
static WRITE: AtomicI32 = AtomicI32::new(0);
/// The signals that came since they were last asked for: bits of [`SignalSet`].
static PENDING: AtomicU32 = AtomicU32::new(0);

/// So often the pipe is read in one turn.
const READS: u32 = 16;

extern "C" fn note(number: libc::c_int) {
    let saved = errno::errno();
    PENDING.fetch_or(events::bit(number), Ordering::Relaxed);
    // A full pipe is as good as one byte in it.
    // SAFETY: write(2) may be called in a handler; the byte is static.
    unsafe { libc::write(WRITE.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1) };
    errno::set_errno(saved);
}

/// Sets the disposition of a signal and returns the old one's handler.
pub(crate) fn signal(number: libc::c_int, handler: libc::sighandler_t) -> libc::sighandler_t {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    let mut new = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: an all-zero sigaction is valid: default handler, empty mask, no flags.
    unsafe { (*new.as_mut_ptr()).sa_sigaction = handler };
    // SAFETY: both are sigactions; the handler is `note`, SIG_DFL, SIG_IGN or an earlier one.
    unsafe { libc::sigaction(number, new.as_ptr(), old.as_mut_ptr()) };
    // SAFETY: all zero, or filled by the kernel.
    unsafe { old.assume_init() }.sa_sigaction
}

/// What a caught signal is answered with.
pub(crate) fn handler() -> libc::sighandler_t {
    let handler: extern "C" fn(libc::c_int) = note;
    handler as *const () as libc::sighandler_t
}

/// Has these signals, all that are caught and now held back, told by `waker`.
pub(crate) fn hear(waker: &mut Option<Fd>, caught: &libc::sigset_t) -> Result<()> {
    if waker.is_none() {
        let (read, write) = system::pipe(libc::O_NONBLOCK)?;
        let old = WRITE.swap(write.0, Ordering::Relaxed);
        if old != 0 {
            // Its read end was given up.
            close(Fd(old));
        }
        *waker = Some(read);
    }
    // SAFETY: the set is a filled one; no old one is asked for.
    unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, caught, ptr::null_mut()) };
    Ok(())
}

/// The signals that came; what tells of them is ready or not.
pub(crate) fn heard(os: &mut Os, ready: bool) -> SignalSet {
    let mut bytes = [0; 16];
    if let (true, Some(waker)) = (ready, os.waker) {
        // What is left wakes again: signals that never stop coming do not hold up the rest.
        for _ in 0..READS {
            if os.read(waker, &mut bytes) != Ok(bytes.len()) {
                break;
            }
        }
    }
    SignalSet(PENDING.swap(0, Ordering::Relaxed))
}

/// Forks; in the child the result is the number 0, and its signals are its own. They are held back until
/// then: the handlers' pipe is the parent's too.
// Once for all that fork.
#[inline(never)]
pub(crate) fn fork_own_signals(fork: impl Fn() -> libc::c_int) -> Result<Pid> {
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: fills a local set.
    unsafe { libc::sigfillset(all.as_mut_ptr()) };
    // SAFETY: both are local sets, the first was filled.
    unsafe { libc::sigprocmask(libc::SIG_BLOCK, all.as_ptr(), before.as_mut_ptr()) };
    // One thread forks, and the child calls async-signal-safe functions only.
    let pid = check(fork());
    if pid == Ok(0) {
        events::own_signals();
    }
    // SAFETY: filled by the call above.
    unsafe { libc::sigprocmask(libc::SIG_SETMASK, before.as_ptr(), ptr::null_mut()) };
    pid.map(Pid)
}
