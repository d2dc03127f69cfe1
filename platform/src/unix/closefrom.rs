//! Closing what is open, where there is closefrom(2) or closefrom(3C).
use crate::Fd;
use crate::unix::close;
use libc::c_int;

unsafe extern "C" {
    // <unistd.h>; not in the libc crate for every system. What some return is not looked at.
    fn closefrom(lowest: c_int);
}

/// Closes every descriptor but these.
pub(crate) fn close_all_but(keep: &[Fd]) {
    let highest = keep.iter().map(|fd| fd.0).max().unwrap_or(-1);
    // SAFETY: a number is passed.
    unsafe { closefrom(highest + 1) };
    for fd in 0..highest {
        if !keep.contains(&Fd(fd)) {
            close(Fd(fd));
        }
    }
}
