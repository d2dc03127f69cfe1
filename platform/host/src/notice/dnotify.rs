//! fcntl(2), F_NOTIFY: a signal says that something was renamed in one of a few directories, but not what. Unlike
//! inotify(7), whose descriptor takes 15 ms and more to be closed, it costs nothing to end.
use crate::check::UNBLOCK;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use platform::{Errno, Result};
use std::cell::RefCell;
use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::Ordering;

/// Watches a few directories.
#[derive(Debug)]
pub struct Directories {
    signals: SignalFd,
    /// Held open as long as they are watched.
    open: RefCell<Vec<OwnedFd>>,
}

impl Directories {
    /// `None` if the kernel has it not, or it is switched off (fs.dir-notify-enable).
    pub fn new() -> Option<Directories> {
        let signal: SigSet = [Signal::SIGIO].into_iter().collect();
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&signal, flags).ok()?;
        // In this thread, else the signal would end the program.
        signal.thread_block().ok()?;
        UNBLOCK.store(true, Ordering::Relaxed);
        notify(&crate::files::open_read(c"/").ok()?).ok()?;
        Some(Directories { signals, open: RefCell::default() })
    }

    /// Watches a directory too; its number.
    pub fn add(&self, path: &CStr) -> Option<usize> {
        let directory = crate::files::open_read(path).ok()?;
        notify(&directory).ok()?;
        let mut open = self.open.borrow_mut();
        open.push(directory);
        Some(open.len())
    }

    /// What becomes readable.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.signals.as_fd()
    }

    /// Whether something was renamed since the last call. Signals that come before they are read are one.
    pub fn changed(&self) -> bool {
        // Of one kind one signal waits at most.
        matches!(self.signals.read_signal(), Ok(Some(_)))
    }
}

/// `struct f_owner_ex` of fcntl(2).
#[repr(C)]
struct Owner {
    kind: libc::c_int,
    number: libc::pid_t,
}

/// Has the signal sent to this thread at each rename, until the descriptor is closed. What is no directory has no
/// such thing.
fn notify(directory: &OwnedFd) -> Result<()> {
    const F_SETOWN_EX: libc::c_int = 15;
    const F_OWNER_TID: libc::c_int = 0;
    const DN_RENAME: libc::c_int = 0x10;
    // The highest bit.
    const DN_MULTISHOT: libc::c_int = libc::c_int::MIN;
    let owner = Owner { kind: F_OWNER_TID, number: nix::unistd::gettid().as_raw() };
    let fd = directory.as_raw_fd();
    // SAFETY: the record is as the call reads it; else numbers are passed.
    let set = unsafe {
        libc::fcntl(fd, F_SETOWN_EX, &raw const owner) == 0
            && libc::fcntl(fd, libc::F_NOTIFY, DN_RENAME | DN_MULTISHOT) == 0
    };
    if set { Ok(()) } else { Err(Errno::last()) }
}
