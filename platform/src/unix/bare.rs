//! What a kernel that starts process 1 with nothing leaves out.
use crate::unix::spawn;
use core::ffi::{CStr, c_char};
use core::ptr;

/// The names and values of [`environment`].
const DEFAULTS: [&CStr; 2] = [c"PATH=/sbin:/usr/sbin:/bin:/usr/bin", c"HOME=/"];

/// An empty environment gets what every program relies on, and the type of the console.
pub(crate) fn environment(term: &'static CStr) {
    // SAFETY: process 1 has one thread, and has started nobody yet.
    let given = unsafe { spawn::environ };
    // SAFETY: the list ends with null, so there is at least one pointer.
    if !given.is_null() && !unsafe { *given }.is_null() {
        return;
    }
    static mut LIST: [*const c_char; 4] = [ptr::null(); 4];
    let [path, home] = DEFAULTS;
    // SAFETY: as above; nobody else refers to the list.
    unsafe {
        LIST = [path.as_ptr(), home.as_ptr(), term.as_ptr(), ptr::null()];
        spawn::environ = (&raw const LIST).cast();
    }
}
