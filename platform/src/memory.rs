//! Memory by whole pages. The programs do not use the C library's heap, whose first use costs two pages for ever.
use crate::{Errno, Result};
use core::ptr;

/// Pages that the kernel gave, and nobody else has.
pub struct Pages {
    at: *mut libc::c_void,
    bytes: usize,
}

impl Pages {
    /// No memory.
    pub(crate) const NONE: Pages = Pages { at: ptr::null_mut(), bytes: 0 };

    /// mmap(2), MAP_ANON: new memory, all zeros.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn map(bytes: usize) -> Result<Pages> {
        const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;
        const BOTH: libc::c_int = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: asks for new anonymous memory, no existing mapping is touched.
        let at = unsafe { libc::mmap(ptr::null_mut(), bytes, BOTH, FLAGS, -1, 0) };
        if at == libc::MAP_FAILED { Err(Errno::last()) } else { Ok(Pages { at, bytes }) }
    }

    /// munmap(2).
    pub fn unmap(self) {
        // SAFETY: this was mapped, and with `self` the last that knows of it is gone.
        unsafe { libc::munmap(self.at, self.bytes) };
    }

    /// Where they begin; null for no memory.
    pub(crate) const fn start<T>(&self) -> *mut T {
        self.at.cast()
    }

    /// How many bytes they have.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
