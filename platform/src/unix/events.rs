//! Signals and waiting: handlers note the signal and write to a pipe that poll(2) watches.
use super::{Os, check, spawn};
use crate::{Errno, Events, Fd, Files, Instant, MAX_WAIT, Result, SIGNALS, Signal, SignalSet, Wake, system};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// The write end of the self-pipe, for the handler. 0 for none: the read end has a lower number.
static WAKER: AtomicI32 = AtomicI32::new(0);
/// The signals that came since they were last asked for: bits of [`SignalSet`].
static PENDING: AtomicU32 = AtomicU32::new(0);

extern "C" fn note(number: libc::c_int) {
    let saved = errno::errno();
    for signal in &SIGNALS {
        if system::number(*signal) == number {
            PENDING.fetch_or(1 << *signal as u8, Ordering::Relaxed);
        }
    }
    // A full pipe is as good as one byte in it.
    // SAFETY: write(2) may be called in a handler; the byte is static.
    unsafe { libc::write(WAKER.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1) };
    errno::set_errno(saved);
}

/// Sets the disposition of a signal and returns the old one's handler.
pub(crate) fn dispose(number: libc::c_int, handler: libc::sighandler_t) -> libc::sighandler_t {
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    let mut new = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: an all-zero sigaction is valid: default handler, empty mask, no flags.
    unsafe { (*new.as_mut_ptr()).sa_sigaction = handler };
    // SAFETY: both are sigactions; the handler is `note`, SIG_DFL, SIG_IGN or an earlier one.
    unsafe { libc::sigaction(number, new.as_ptr(), old.as_mut_ptr()) };
    // SAFETY: all zero, or filled by the kernel.
    unsafe { old.assume_init() }.sa_sigaction
}

impl Events for Os {
    fn catch(&mut self, signals: &[Signal]) -> Result<()> {
        if self.waker.is_none() {
            let (read, write) = system::pipe(libc::O_NONBLOCK)?;
            WAKER.store(write.0, Ordering::Relaxed);
            self.waker = Some(read);
            spawn::PIPE.store(dispose(libc::SIGPIPE, libc::SIG_IGN), Ordering::Relaxed);
        }
        let mut caught = MaybeUninit::<libc::sigset_t>::uninit();
        // SAFETY: fills a local set.
        unsafe { libc::sigemptyset(caught.as_mut_ptr()) };
        for signal in signals {
            let number = system::number(*signal);
            if number > 0 {
                let handler: extern "C" fn(libc::c_int) = note;
                dispose(number, handler as *const () as libc::sighandler_t);
                spawn::CAUGHT.fetch_or(1 << *signal as u8, Ordering::Relaxed);
                // SAFETY: the set was made empty above.
                unsafe { libc::sigaddset(caught.as_mut_ptr(), number) };
            }
        }
        // Whatever mask was inherited.
        // SAFETY: as above; no old set is asked for.
        unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, caught.as_ptr(), ptr::null_mut()) };
        Ok(())
    }

    fn wait(&mut self, fds: &[Fd], until: Option<Instant>) -> Wake {
        let mut polled = [libc::pollfd { fd: -1, events: libc::POLLIN, revents: 0 }; MAX_WAIT + 1];
        let Some((first, rest)) = polled.split_first_mut() else { return Wake::default() };
        first.fd = self.waker.map_or(-1, |fd| fd.0);
        for (slot, fd) in rest.iter_mut().zip(fds) {
            slot.fd = fd.0;
        }
        let count = fds.len().min(MAX_WAIT) + 1;
        let found = system::poll(self, polled.get_mut(..count).unwrap_or_default(), until);
        let mut wake = Wake::default();
        match found {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => {
                let others = polled.get(1..).unwrap_or_default();
                for (bit, slot) in others.iter().enumerate() {
                    if slot.revents != 0 {
                        wake.ready |= 1 << bit;
                    }
                }
            }
            // Without memory poll fails at once, every time: a tenth of a second on no
            // descriptor at all keeps the loop from spinning.
            // SAFETY: no descriptor is passed.
            Err(_) => drop(check(unsafe { libc::poll(ptr::null_mut(), 0, 100) })),
        }
        let woken = polled.first().is_some_and(|slot| slot.revents != 0);
        if let (true, Some(fd)) = (woken, self.waker) {
            let mut bytes = [0; 16];
            while self.read(fd, &mut bytes) == Ok(bytes.len()) {}
        }
        wake.signals = SignalSet(PENDING.swap(0, Ordering::Relaxed));
        wake
    }
}
