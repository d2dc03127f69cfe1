//! fcntl(2), F_NOTIFY: a signal says that something was renamed in a directory. An instance of inotify(7) for each
//! supervisor that waits would be too many: a user has 128 of them, and closing one takes 15 ms and more.
use crate::unix::{Os, check};
use crate::{Events, Fd, Notice, Signal};

impl Notice for Os {
    fn notify(&mut self, dir: Fd) -> bool {
        // <linux/fcntl.h>: told once.
        const DN_RENAME: libc::c_int = 0x10;
        if cfg!(runit_force_poll) || self.catch(&[Signal::Io]).is_err() {
            return false;
        }
        // SAFETY: numbers are passed.
        check(unsafe { libc::fcntl(dir.0, libc::F_NOTIFY, DN_RENAME) }).is_ok()
    }

    fn notice_fd(&self) -> Option<Fd> {
        None
    }

    fn end_notices(&mut self) {}
}
