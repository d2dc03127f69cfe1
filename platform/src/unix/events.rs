//! Signals and waiting: a descriptor tells of signals, and poll(2) watches it beside the others.
use super::{Os, check, console, signals};
use crate::back_end::System as _;
use crate::{Clock, Errno, Events, Fd, Files, Instant, MAX_WAIT, Result, SIGNALS, Signal, Wake, system};
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// How often signals are asked for where nobody tells of them, in milliseconds.
const TICK: u64 = 100;

/// The signals that are caught: bits of [`SignalSet`](crate::SignalSet).
static CAUGHT: AtomicU32 = AtomicU32::new(0);
/// What SIGPIPE was before it was ignored.
static PIPE: AtomicUsize = AtomicUsize::new(libc::SIG_DFL);

fn each_caught(mut act: impl FnMut(libc::c_int)) {
    let caught = CAUGHT.load(Ordering::Relaxed);
    for signal in &SIGNALS {
        if caught & (1 << *signal as u8) != 0 {
            act(signals::number(*signal));
        }
    }
}

/// The signal of this number, as a bit of [`SignalSet`](crate::SignalSet); 0 for another one.
pub(crate) fn bit(number: libc::c_int) -> u32 {
    let named = |signal: &&Signal| signals::number(**signal) == number;
    SIGNALS.iter().find(named).map_or(0, |signal| 1 << *signal as u8)
}

/// The signals that are caught.
#[inline(never)]
pub(crate) fn caught() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: empties a local set.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    each_caught(|number| {
        // SAFETY: the set was made empty above.
        unsafe { libc::sigaddset(set.as_mut_ptr(), number) };
    });
    // SAFETY: made above.
    unsafe { set.assume_init() }
}

/// In a child: its signals are not its parent's.
pub(crate) fn own_signals() {
    if CAUGHT.load(Ordering::Relaxed) != 0 {
        if system::handler() != libc::SIG_DFL {
            each_caught(|number| {
                system::signal(number, libc::SIG_DFL);
            });
        }
        system::signal(libc::SIGPIPE, PIPE.load(Ordering::Relaxed));
    }
    Os::reset_signals();
}

impl Events for Os {
    fn catch(&mut self, signals: &[Signal]) -> Result<()> {
        if CAUGHT.load(Ordering::Relaxed) == 0 {
            PIPE.store(system::signal(libc::SIGPIPE, libc::SIG_IGN), Ordering::Relaxed);
        }
        for signal in signals.iter().filter(|signal| signals::number(**signal) > 0) {
            CAUGHT.fetch_or(1 << *signal as u8, Ordering::Relaxed);
        }
        // Whatever mask was inherited.
        let caught = caught();
        // SAFETY: the set is a filled one; no old one is asked for.
        unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const caught, ptr::null_mut()) };
        each_caught(|number| {
            system::signal(number, system::handler());
        });
        system::hear(&mut self.waker, &caught)?;
        let Some(low) = self.waker.take_if(|fd| fd.0 <= 2) else { return Ok(()) };
        // The caller was started with closed descriptors. What is there would be written to as a
        // message, and given to children as theirs.
        self.close(low);
        console::fill_standard();
        system::hear(&mut self.waker, &caught)
    }

    fn wait(&mut self, fds: &[Fd], until: Option<Instant>) -> Wake {
        let mut polled = [libc::pollfd { fd: -1, events: libc::POLLIN, revents: 0 }; MAX_WAIT + 1];
        let Some((first, rest)) = polled.split_first_mut() else { return Wake::default() };
        first.fd = self.waker.map_or(-1, |fd| fd.0);
        for (slot, fd) in rest.iter_mut().zip(fds) {
            slot.fd = fd.0;
        }
        let count = fds.len().min(MAX_WAIT) + 1;
        let mut until = until;
        if self.waker.is_none() {
            // Nobody tells of signals: they are asked for.
            let tick = self.now().plus_ms(TICK);
            until = Some(until.map_or(tick, |until| until.min(tick)));
        }
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
        wake.signals = system::heard(self, woken);
        wake
    }
}
