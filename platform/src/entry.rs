//! From the C library's `main` to a program, without Rust's runtime: that one aborts when the
//! standard descriptors are closed and /dev is not there, which is how some kernels start
//! process 1.
use crate::Os;
use core::ffi::{CStr, c_char, c_int};

/// The arguments, as the kernel laid them out.
#[derive(Clone, Copy)]
pub struct Args {
    count: usize,
    list: *mut *mut c_char,
}

impl Args {
    /// Wraps `main`'s arguments.
    ///
    /// # Safety
    /// `list` must hold `count` pointers to NUL-terminated strings that live for ever and that
    /// nobody else writes to.
    #[must_use]
    pub unsafe fn new(count: usize, list: *mut *mut c_char) -> Args {
        Args { count, list }
    }

    /// Argument `index`, 0 being the program's name.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'static CStr> {
        if index >= self.count {
            return None;
        }
        // SAFETY: `new` was promised `count` strings that live for ever.
        Some(unsafe { CStr::from_ptr(*self.list.add(index)) })
    }

    /// Overwrites all arguments, so that ps(1) shows `title`, or as much of it as the program's name has
    /// room for.
    ///
    /// # Safety
    /// Nobody may read the arguments any more.
    pub(crate) unsafe fn cover(self, title: &[u8]) {
        for index in 0..self.count {
            let room = self.take(index).unwrap_or_default();
            room.fill(0);
            if index == 0 {
                crate::copy(title, room);
            }
        }
    }

    /// The bytes of argument `index` for rewriting in place, which is what ps(1) shows. Consumes
    /// the arguments, so that nobody reads them beside it.
    #[must_use]
    pub fn take(self, index: usize) -> Option<&'static mut [u8]> {
        let len = self.get(index)?.to_bytes().len();
        // SAFETY: the string has `len` bytes, and the caller gave the arguments away.
        Some(unsafe { core::slice::from_raw_parts_mut((*self.list.add(index)).cast::<u8>(), len) })
    }
}

/// Runs a program on the operating system. Called by [`crate::entry!`].
///
/// # Safety
/// `argv` must be what the C library passed to `main`.
pub unsafe fn start(argc: c_int, argv: *mut *mut c_char, main: fn(&mut Os, Args) -> u8) -> c_int {
    // SAFETY: passed on from the C library.
    let args = unsafe { Args::new(usize::try_from(argc).unwrap_or(0), argv) };
    // A constant is set up in one piece.
    let mut os = const { Os::new() };
    c_int::from(main(&mut os, args))
}

/// Where a panic would end. With `--cfg runit_prove_no_panic` it refers to a symbol that does not
/// exist: a program that links so cannot panic.
pub fn panicked() -> ! {
    #[cfg(runit_prove_no_panic)]
    {
        // SAFETY: never linked, see above.
        unsafe extern "C" {
            fn runit_a_panic_can_be_reached() -> !;
        }
        // SAFETY: as above.
        unsafe { runit_a_panic_can_be_reached() }
    }
    #[cfg(not(runit_prove_no_panic))]
    crate::unix::abort()
}

/// Defines what a program without std needs: `main` and the panic handler.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(export_name = "main")]
        extern "C" fn c_main(argc: core::ffi::c_int, argv: *mut *mut core::ffi::c_char) -> core::ffi::c_int {
            // SAFETY: called by the C library alone.
            unsafe { $crate::start(argc, argv, $main) }
        }
        #[cfg(not(test))]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            $crate::panicked()
        }
        // Unoptimised builds of core refer to it.
        #[cfg(all(debug_assertions, not(test)))]
        #[unsafe(no_mangle)]
        extern "C" fn rust_eh_personality() {}
    };
}
