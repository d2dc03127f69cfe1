//! Terminals.
use std::os::fd::{AsFd, AsRawFd};

// <sys/ioctl.h>, <termios.h>: the same everywhere.
platform::layout!(libc::winsize: 8 align 2, ws_row 0, ws_col 2, ws_xpixel 4, ws_ypixel 6);

/// How many columns a terminal has (TIOCGWINSZ); `None` if that is no terminal, or it does not say.
#[must_use]
pub fn columns(fd: impl AsFd) -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: TIOCGWINSZ fills the structure in.
    let done = unsafe { libc::ioctl(fd.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) };
    (done == 0 && size.ws_col > 0).then_some(size.ws_col.into())
}

/// Whether it is a terminal (isatty(3)).
#[must_use]
pub fn is_one(fd: impl AsFd) -> bool {
    nix::unistd::isatty(fd).unwrap_or(false)
}
