//! A table that grows by whole pages, for the one resident program whose memory depends on what
//! it finds. It does not use the C library's heap, whose first use costs two pages for ever.
use crate::{Errno, Result};
use core::{mem, ptr, slice};

/// A growing array. What is in it is never dropped.
pub struct Table<T> {
    rows: *mut T,
    len: usize,
    room: usize,
}

impl<T> Table<T> {
    /// An empty table; takes no memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Table { rows: ptr::null_mut(), len: 0, room: 0 }
    }

    /// The rows in use.
    #[must_use]
    pub fn rows(&mut self) -> &mut [T] {
        if self.rows.is_null() {
            return &mut [];
        }
        // SAFETY: `len` rows were written since the memory was mapped, and `self` is borrowed.
        unsafe { slice::from_raw_parts_mut(self.rows, self.len) }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// ENOMEM; the table is then as it was.
    pub fn push(&mut self, row: T) -> Result<()> {
        if self.len >= self.room {
            self.grow()?;
        }
        // SAFETY: `grow` made room for more than `len` rows.
        unsafe { self.rows.add(self.len).write(row) };
        self.len += 1;
        Ok(())
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    fn grow(&mut self) -> Result<()> {
        const PAGE: usize = 4096;
        let size = mem::size_of::<T>().max(1);
        let old = (self.room * size).next_multiple_of(PAGE);
        let bytes = (old + old / 2).next_multiple_of(PAGE).max(PAGE);
        let new = map(bytes)?;
        if !self.rows.is_null() {
            // SAFETY: both regions hold `len` rows and the new one is not the old one.
            unsafe { ptr::copy_nonoverlapping(self.rows, new.cast::<T>(), self.len) };
            // SAFETY: `rows` was mapped here with `old` bytes and is not used any more.
            unsafe { libc::munmap(self.rows.cast(), old) };
        }
        self.rows = new.cast();
        self.room = bytes / size;
        Ok(())
    }
}

impl<T: Copy> Table<T> {
    /// Drops row `index`; the last row takes its place.
    pub fn swap_remove(&mut self, index: usize) {
        let rows = self.rows();
        let Some(last) = rows.last().copied() else { return };
        if let Some(row) = rows.get_mut(index) {
            *row = last;
            self.len -= 1;
        }
    }
}

/// New memory, all zeros.
pub(crate) fn map(bytes: usize) -> Result<*mut libc::c_void> {
    // SAFETY: asks for new anonymous memory, no existing mapping is touched.
    let new = unsafe { libc::mmap(ptr::null_mut(), bytes, libc::PROT_READ | libc::PROT_WRITE, FLAGS, -1, 0) };
    if new == libc::MAP_FAILED { Err(Errno::last()) } else { Ok(new) }
}

const FLAGS: libc::c_int = libc::MAP_PRIVATE | libc::MAP_ANON;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table::new()
    }
}
