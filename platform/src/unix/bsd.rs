//! What the BSDs have in common besides kqueue(2).
use super::bare;
use crate::unix::{check, console, setsid};
use core::ffi::{CStr, c_char};
use core::mem::size_of;
use core::ptr;
use libc::{c_int, c_void};

/// <sys/ttycom.h>: `_IO('t', 113)`; not in the libc crate for every BSD.
pub(crate) const TIOCNOTTY: libc::c_ulong = 0x2000_0000 | (b't' as libc::c_ulong) << 8 | 113;

/// <sys/sysctl.h>.
const KERN_SECURELVL: c_int = 9;
const _: () = assert!(libc::CTL_KERN == 1 && libc::KERN_SECURELVL == KERN_SECURELVL);

/// setproctitle(3), which puts the program's name and a colon in front: rc.subr(8) of each BSD knows a
/// process by that.
pub(crate) fn setproctitle(text: &[u8]) {
    let length = c_int::try_from(text.len()).unwrap_or(0);
    // SAFETY: the format takes a length and as many bytes.
    unsafe { libc::setproctitle(c"%.*s".as_ptr(), length, text.as_ptr()) };
}

/// setproctitle(3) without the program's name in front. The name that the kernel has for the process
/// stays: only execve(2) changes it.
pub(crate) fn pr_set_name(name: &CStr) {
    // SAFETY: the format takes one string.
    unsafe { libc::setproctitle(c"-%s".as_ptr(), name.as_ptr()) };
}

/// revoke(2): a process that still holds the console, a getty of before or the kernel's first opener, keeps a
/// dead descriptor. Without it TIOCSCTTY is refused.
pub(crate) fn revoke(console: &CStr) {
    unsafe extern "C" {
        // <unistd.h>; not in the libc crate.
        fn revoke(path: *const c_char) -> c_int;
    }
    // SAFETY: a string is passed.
    unsafe { revoke(console.as_ptr()) };
}

/// What init(8) does first: descriptors, a session, the login name that daemons inherit
/// (setlogin(2)), the environment.
pub(crate) fn early(term: &'static CStr) {
    console::fill_standard();
    setsid();
    // SAFETY: a string is passed.
    unsafe { libc::setlogin(c"root".as_ptr()) };
    bare::environment(term);
    console::reopen();
}

/// A number of the kernel's (sysctl(3)).
pub(crate) fn get(name: &[c_int]) -> Option<c_int> {
    let mut value: c_int = 0;
    let mut size = size_of::<c_int>();
    // SAFETY: name and length agree, the value has the size that is named.
    check(unsafe {
        libc::sysctl(
            name.as_ptr(),
            name.len() as libc::c_uint,
            ptr::from_mut(&mut value).cast::<c_void>(),
            &raw mut size,
            ptr::null_mut(),
            0,
        )
    })
    .ok()?;
    (size == size_of::<c_int>()).then_some(value)
}

/// Sets a number of the kernel's (sysctl(3)); a caller that may not is not told.
pub(crate) fn set(name: &[c_int], value: c_int) {
    // SAFETY: name and length agree, the value has the size that is named and is only read.
    unsafe {
        libc::sysctl(
            name.as_ptr(),
            name.len() as libc::c_uint,
            ptr::null_mut(),
            ptr::null_mut(),
            ptr::from_ref(&value).cast_mut().cast::<c_void>(),
            size_of::<c_int>(),
        )
    };
}

/// init(8): going multi-user raises the securelevel from 0 to 1 (securelevel(7)). Where it is -1 it
/// was meant to stay there.
pub(crate) fn raise_securelevel() {
    let name = [libc::CTL_KERN, KERN_SECURELVL];
    if get(&name) == Some(0) {
        set(&name, 1);
    }
}
