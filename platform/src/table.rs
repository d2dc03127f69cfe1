//! A table that grows by whole pages, for the programs whose memory depends on what they find.
use crate::memory::Pages;
use crate::{Errno, Memory, Result};
use core::marker::PhantomData;
use core::{mem, ptr, slice};

/// A growing array. What is in it is never dropped.
pub struct Table<T> {
    pages: Pages,
    len: usize,
    rows: PhantomData<T>,
}

impl<T> Table<T> {
    const SIZE: usize = mem::size_of::<T>();

    /// An empty table; takes no memory yet.
    #[must_use]
    pub const fn new() -> Self {
        Table { pages: Pages::NONE, len: 0, rows: PhantomData }
    }

    /// The rows in use.
    #[must_use]
    pub fn rows(&mut self) -> &mut [T] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: `len` rows were written since the memory was mapped, and `self` is borrowed.
        unsafe { slice::from_raw_parts_mut(self.pages.start(), self.len) }
    }

    fn is_full(&self) -> bool {
        self.len >= self.pages.bytes() / Self::SIZE
    }

    /// Sees to it that there is room for one more row.
    ///
    /// # Errors
    /// ENOMEM; the table is then as it was.
    pub fn make_room<M: Memory>(&mut self, m: &mut M) -> Result<()> {
        const PAGE: usize = 4096;
        if !self.is_full() {
            return Ok(());
        }
        let old = self.pages.bytes();
        let new = m.mmap((old + old / 2).next_multiple_of(PAGE).max(PAGE))?;
        // SAFETY: both have room for `len` rows, and the new pages are not the old ones.
        unsafe { ptr::copy_nonoverlapping(self.pages.start::<T>(), new.start(), self.len) };
        let old = mem::replace(&mut self.pages, new);
        if old.bytes() > 0 {
            m.munmap(old);
        }
        Ok(())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// ENOMEM: there is no room for it, and the table is as it was.
    pub fn push(&mut self, row: T) -> Result<()> {
        if self.is_full() {
            return Err(Errno::NOMEM);
        }
        // SAFETY: there is room for more than `len` rows.
        unsafe { self.pages.start::<T>().add(self.len).write(row) };
        self.len += 1;
        Ok(())
    }

    /// Forgets all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.len = 0;
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

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table::new()
    }
}
