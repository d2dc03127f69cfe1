//! Memory for a program whose needs are known once its command line is: rows, and bytes behind
//! them. All of it is one mapping, so that little of everything shares a page.
use crate::{Errno, Memory, Result};
use core::{mem, slice};

/// Rows and bytes, for as long as the program runs: nothing is dropped or given back.
pub struct Block<T> {
    rows: *mut T,
    len: usize,
    room: usize,
    bytes: usize,
}

impl<T> Block<T> {
    /// Room for so many rows and, behind it, so many zeros. They take no memory before they are
    /// written to.
    ///
    /// # Errors
    /// ENOMEM.
    pub fn new<M: Memory>(m: &mut M, room: usize, bytes: usize) -> Result<Block<T>> {
        let all = room.checked_mul(mem::size_of::<T>()).and_then(|rows| rows.checked_add(bytes));
        let all = all.filter(|all| *all > 0 && *all <= isize::MAX as usize).ok_or(Errno::NOMEM)?;
        Ok(Block { rows: m.mmap(all)?.start(), len: 0, room, bytes })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// ENOMEM: there is no room for it.
    pub fn push(&mut self, row: T) -> Result<()> {
        if self.len >= self.room {
            return Err(Errno::NOMEM);
        }
        // SAFETY: the mapping begins a page and has room for more than `len` rows.
        unsafe { self.rows.add(self.len).write(row) };
        self.len += 1;
        Ok(())
    }

    /// The rows in use, and the bytes.
    #[must_use]
    pub fn parts(&mut self) -> (&mut [T], &mut [u8]) {
        // SAFETY: `len` rows were written.
        let rows = unsafe { slice::from_raw_parts_mut(self.rows, self.len) };
        // SAFETY: the bytes lie behind the room for rows, and the kernel made them zero.
        let bytes = unsafe { slice::from_raw_parts_mut(self.rows.add(self.room).cast::<u8>(), self.bytes) };
        (rows, bytes)
    }

    /// The rows in use.
    #[must_use]
    pub fn rows(&mut self) -> &mut [T] {
        self.parts().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Os;

    #[test]
    fn rows_and_bytes() {
        let mut block = Block::<u64>::new(&mut Os::new(), 3, 5000).unwrap();
        for number in [7, 8, 9] {
            block.push(number).unwrap();
        }
        assert_eq!(block.push(10), Err(Errno::NOMEM));
        let (rows, bytes) = block.parts();
        assert_eq!((&*rows, bytes.len()), ([7, 8, 9].as_slice(), 5000));
        assert!(bytes.iter().all(|byte| *byte == 0));
        bytes.fill(255);
        assert_eq!(block.rows(), [7, 8, 9]);
        assert!(Block::<u64>::new(&mut Os::new(), usize::MAX / 8, 1).is_err());
        assert!(Block::<u64>::new(&mut Os::new(), usize::MAX, 1).is_err());
    }
}
