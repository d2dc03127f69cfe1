//! What Rust's library for glibc wants of glibc, where a command is linked with musl (`ci/static-commands`).
use core::ffi::{CStr, c_char};

/// No release of glibc has what it would be asked for, so that fork(2) and execve(2) are taken.
const VERSION: &CStr = c"2.0";

#[unsafe(no_mangle)]
extern "C" fn gnu_get_libc_version() -> *const c_char {
    VERSION.as_ptr()
}
