//! What never ends while it lasts: clients that write without end, directories that change without end,
//! children that die without end. A program that goes on until nothing is left to do goes on for ever.
use crate::kernel::Kernel;
use crate::tree::{Node, ROOT};
use platform::{Ended, Signal};

/// Something that never runs dry.
#[derive(Clone, Debug)]
pub enum Source {
    /// A FIFO always holds these bytes at least.
    Fifo(&'static str, &'static [u8]),
    /// So does what the program under test reads from descriptor 0.
    Input(&'static [u8]),
    /// A file in a directory comes and goes with every call.
    File(&'static str),
    /// Once the program under test has reaped all, there is one more to be reaped: an orphan.
    Deaths,
}

/// A source and when it ends.
#[derive(Clone, Debug)]
pub(crate) struct Flood {
    pub(crate) source: Source,
    pub(crate) until: u64,
}

impl Kernel {
    /// Whether something never ends now.
    #[must_use]
    pub fn is_flooded(&self) -> bool {
        !self.floods.is_empty()
    }

    /// Whether the program under test catches a signal.
    #[must_use]
    pub fn catches(&self, signal: Signal) -> bool {
        self.caught.has(signal)
    }

    /// Nothing runs dry.
    pub(crate) fn pour(&mut self) {
        if self.floods.is_empty() {
            return;
        }
        let now = self.time;
        self.floods.retain(|flood| flood.until > now);
        let floods = core::mem::take(&mut self.floods);
        for flood in &floods {
            match flood.source {
                Source::Fifo(path, bytes) => {
                    let found = self.tree.existing(ROOT, path.as_bytes(), true);
                    if let Some(Node::Fifo(pipe)) = found.ok().map(|ino| &self.tree.at(ino).node) {
                        self.fill(*pipe, bytes);
                    }
                }
                Source::Input(bytes) => {
                    let object = self.slot(self.own, 0).map(|slot| self.opens[slot.open].object.clone());
                    if let Ok(crate::Object::ReadEnd(pipe, _)) = object {
                        self.fill(pipe, bytes);
                    }
                }
                Source::File(path) => {
                    let now = self.stamp();
                    if self.tree.remove(ROOT, path.as_bytes(), now).is_err() {
                        let _ = self.tree.make(ROOT, path.as_bytes(), Node::File(Vec::new()), 0o644, now);
                    }
                }
                Source::Deaths if !self.caught.has(Signal::Child) => {}
                Source::Deaths if self.others().any(|process| process.ended.is_some()) => {}
                Source::Deaths => {
                    let (own, pid) = (self.own, self.next_pid);
                    self.next_pid += 1;
                    self.procs.insert(pid, crate::Process::new(pid, own, ROOT));
                    self.die(pid, Ended::Exit(0));
                }
            }
        }
        self.floods = floods;
    }

    fn fill(&mut self, pipe: usize, bytes: &[u8]) {
        let pipe = &mut self.pipes[pipe];
        if pipe.readers > 0 && pipe.bytes.len() < bytes.len() {
            pipe.opened += 1;
            pipe.bytes.extend(bytes);
            self.rouse();
        }
    }
}
