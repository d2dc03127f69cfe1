//! From the C library's `main` to a command. What Rust's runtime does before `main` (it reads
//! /proc/self/maps, and sets up a stack and handlers for overflows) takes as long as all that a
//! small command does afterwards; here is the part of it that counts.
use core::ffi::{c_char, c_int};
use nix::sys::signal::{SigHandler, Signal, signal};
use platform::Args;

/// Runs a command: the standard descriptors are open, a reader that went away is an error and not
/// the end. Called by [`crate::entry!`].
///
/// # Safety
/// `argv` must be what the C library passed to `main`.
pub unsafe fn start(argc: c_int, argv: *mut *mut c_char, main: fn(Args) -> u8) -> c_int {
    open_standard();
    // SAFETY: ignores a signal.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
    // SAFETY: passed on from the C library.
    let args = unsafe { Args::new(usize::try_from(argc).unwrap_or(0), argv) };
    c_int::from(main(args))
}

/// Runs a command that becomes another program: descriptors and signals stay as they are, for they
/// are that program's. Called by [`crate::entry!`].
///
/// # Safety
/// `argv` must be what the C library passed to `main`.
pub unsafe fn start_bare(argc: c_int, argv: *mut *mut c_char, main: fn(Args) -> u8) -> c_int {
    // SAFETY: passed on from the C library.
    let args = unsafe { Args::new(usize::try_from(argc).unwrap_or(0), argv) };
    c_int::from(main(args))
}

/// Puts /dev/null where nothing is open, so that no message ends in a file that was opened later.
fn open_standard() {
    for fd in 0..3 {
        // Not poll(2): on macOS it does not tell of a closed descriptor of which nothing is asked.
        // SAFETY: numbers are passed.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
            // SAFETY: opens by a constant name; the lowest free number is the one in turn.
            unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) };
        }
    }
}

/// Defines what the standard library wants of libgcc_s for unwinding and backtraces. A command does
/// neither, a panic aborts it; but a library costs the dynamic linker as much time as a command
/// takes for its work. (Debug builds have the real thing.)
#[macro_export]
macro_rules! no_unwinding {
    () => {
        $crate::no_unwinding! {
            _Unwind_GetDataRelBase _Unwind_GetIP _Unwind_GetIPInfo _Unwind_GetLanguageSpecificData
            _Unwind_GetRegionStart _Unwind_GetTextRelBase _Unwind_Resume _Unwind_SetGR _Unwind_SetIP
        }
    };
    ($($name:ident)*) => {
        #[cfg(all(target_os = "linux", target_env = "gnu", panic = "abort", not(debug_assertions)))]
        mod no_unwinding {
            /// There is no frame (_URC_END_OF_STACK).
            #[unsafe(no_mangle)]
            extern "C" fn _Unwind_Backtrace() -> core::ffi::c_int {
                5
            }
            // Nobody calls them.
            $(
                #[unsafe(no_mangle)]
                extern "C" fn $name() {
                    std::process::abort()
                }
            )*
        }
    };
}

/// Defines `main` for a command: a function from [`platform::Args`] to the exit code. The program
/// is `#![no_main]`. With `bare` before the function nothing is prepared.
#[macro_export]
macro_rules! entry {
    (bare $main:path) => {
        $crate::no_unwinding!();
        #[unsafe(export_name = "main")]
        extern "C" fn c_main(argc: core::ffi::c_int, argv: *mut *mut core::ffi::c_char) -> core::ffi::c_int {
            // SAFETY: called by the C library alone.
            unsafe { $crate::entry::start_bare(argc, argv, $main) }
        }
    };
    ($main:path) => {
        $crate::no_unwinding!();
        #[unsafe(export_name = "main")]
        extern "C" fn c_main(argc: core::ffi::c_int, argv: *mut *mut core::ffi::c_char) -> core::ffi::c_int {
            // SAFETY: called by the C library alone.
            unsafe { $crate::entry::start(argc, argv, $main) }
        }
    };
}
