//! What clients of the program under test see, and one such program after the other.
use crate::kernel::{Job, Kernel};
use crate::life::Deed;
use crate::process::Process;
use crate::tree::{Node, ROOT};
use crate::world::End;
use platform::{Errno, Instant, Pid, Result, SignalSet};

impl Kernel {
    /// How many read a FIFO, and how many bytes wait in it.
    pub fn fifo(&self, path: &[u8]) -> Result<(u32, usize)> {
        match self.tree.at(self.tree.existing(ROOT, path, true)?).node {
            Node::Fifo(number) => Ok((self.pipes[number].readers, self.pipes[number].bytes.len())),
            _ => Err(Errno::NXIO),
        }
    }

    /// Opens a FIFO for writing without waiting, writes, closes.
    pub fn write_fifo(&mut self, path: &[u8], bytes: &[u8]) -> Result<()> {
        self.send(ROOT, path, bytes)
    }

    /// Plans a deed at a moment.
    pub fn plan_at(&mut self, time: Instant, deed: Deed) {
        self.queue_at(time.0.max(self.time), Job::Deed(deed));
    }

    /// Another program under test takes the place of the one that has ended.
    pub fn begin_program(&mut self, own: Pid) {
        self.own = own.0;
        self.next_pid = self.next_pid.max(own.0 + 1);
        (self.pending, self.caught, self.catches) = (SignalSet::default(), SignalSet::default(), false);
        if let Some(End::Killed(_)) = self.end {
            self.end = None;
        }
        self.procs.insert(own.0, Process::new(own.0, 1, ROOT));
        self.give_console(own.0);
    }
}
