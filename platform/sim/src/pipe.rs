//! Pipes and FIFOs.
use std::collections::VecDeque;

/// How much a pipe holds.
pub const ROOM: usize = 65_536;
/// A write of up to this many bytes is taken whole or not at all.
pub const ATOMIC: usize = 4096;

/// A pipe, with or without a name.
#[derive(Debug, Default)]
pub struct Pipe {
    /// What was written and not read.
    pub bytes: VecDeque<u8>,
    /// How many open files read it.
    pub readers: u32,
    /// How many write it.
    pub writers: u32,
    /// How many have written it so far: a reader of a FIFO sees an end only after a writer that
    /// came later than itself.
    pub opened: u32,
}

impl Pipe {
    /// How many bytes of a write can be taken now; `None`: it has to wait.
    #[must_use]
    pub fn takes(&self, count: usize) -> Option<usize> {
        let room = ROOM.saturating_sub(self.bytes.len());
        if count <= ATOMIC { (room >= count).then_some(count) } else { (room > 0).then_some(room.min(count)) }
    }
}
