//! Messages for descriptor 2, which never wait for its reader.
//!
//! A descriptor that waits cannot be made one that does not: its open file is shared with others, to whom it
//! would do the same. That poll(2) calls a terminal writable means that a byte or two have room, and of a pipe
//! somebody else may take the room first. So a terminal, and where the system can do it a pipe, is opened anew for
//! each message, for as long as it takes to write it.
use super::{check, close, files};
use crate::{Fd, system};
use core::mem::MaybeUninit;

/// Writes as much as is taken at once.
pub(crate) fn tell(text: &[u8]) {
    let mut found = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the record is a local one.
    unsafe { libc::fstat(Fd::STDERR.0, found.as_mut_ptr()) };
    // SAFETY: all zero, or filled by the kernel.
    let kind = unsafe { found.assume_init() }.st_mode & libc::S_IFMT;
    // SAFETY: numbers are passed.
    let waits = unsafe { libc::fcntl(Fd::STDERR.0, libc::F_GETFL) } & libc::O_NONBLOCK == 0;
    if kind == libc::S_IFREG || !waits {
        let _ = files::write(Fd::STDERR, text);
    } else if let Ok(fd) = system::reopen_stderr() {
        let _ = files::write(fd, text);
        close(fd);
    } else if is_writable() {
        let _ = files::write(Fd::STDERR, text);
    }
}

/// Whether poll(2) thinks so: of a pipe that PIPE_BUF bytes have room, of a socket a good part of its buffer.
fn is_writable() -> bool {
    let mut stderr = libc::pollfd { fd: Fd::STDERR.0, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one pollfd is passed and one counted.
    let told = check(unsafe { libc::poll(&raw mut stderr, 1, 0) });
    // A line that was closed is told too, and a write there waits for its carrier.
    told == Ok(1) && stderr.revents == libc::POLLOUT
}
