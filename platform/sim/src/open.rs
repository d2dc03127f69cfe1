//! Open files and the descriptors that lead to them.
use crate::kernel::Kernel;
use crate::tree::{Change, Ino, Node};
use crate::world::Fact;
use platform::{Errno, Pid, Result, Signal};

/// What an open file is.
#[derive(Clone, Debug)]
pub enum Object {
    /// A file, directory or device.
    Inode(Ino),
    /// The reading end of a pipe; how many writers it had seen when it was opened.
    ReadEnd(usize, u32),
    /// The writing end.
    WriteEnd(usize),
    /// A socket for datagrams.
    Socket,
    /// Directories whose changes are told; an empty name is every change in it.
    Watch(Vec<Change>),
}

/// An open file, which several descriptors may lead to.
#[derive(Clone, Debug)]
pub struct Open {
    /// What it is.
    pub object: Object,
    /// The inode, if it has one.
    pub ino: Option<Ino>,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) append: bool,
    pub(crate) blocks: bool,
    pub(crate) at: usize,
    pub(crate) refs: u32,
    /// A watch: something is to be read, and whether it matters.
    pub(crate) news: (bool, bool),
}

impl Open {
    pub(crate) fn new(object: Object, ino: Option<Ino>, reads: bool, writes: bool) -> Open {
        let (append, blocks, news) = (false, false, (false, false));
        Open { object, ino, reads, writes, append, blocks, at: 0, refs: 0, news }
    }
    pub(crate) fn device(ino: Ino) -> Open {
        Open { blocks: true, ..Open::new(Object::Inode(ino), Some(ino), true, true) }
    }
}

/// A descriptor.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// The open file.
    pub open: usize,
    /// Closed by execve(2).
    pub cloexec: bool,
}

impl Kernel {
    pub(crate) fn add_open(&mut self, open: Open) -> usize {
        match open.object {
            Object::ReadEnd(pipe, _) => self.pipes[pipe].readers += 1,
            Object::WriteEnd(pipe) => {
                self.pipes[pipe].writers += 1;
                self.pipes[pipe].opened += 1;
            }
            Object::Inode(_) | Object::Watch(_) | Object::Socket => {}
        }
        self.opens.push(open);
        self.opens.len() - 1
    }

    /// Gives a process a descriptor.
    pub(crate) fn install(&mut self, pid: i32, fd: i32, slot: Slot) {
        self.opens[slot.open].refs += 1;
        let Some(process) = self.procs.get_mut(&pid) else { return };
        if let Some(old) = process.fds.insert(fd, slot) {
            self.release(old.open);
        }
    }

    /// The same at the lowest free number.
    pub(crate) fn install_lowest(&mut self, pid: i32, slot: Slot) -> i32 {
        let mut fd = 0;
        if let Some(process) = self.procs.get(&pid) {
            while process.fds.contains_key(&fd) {
                fd += 1;
            }
        }
        self.install(pid, fd, slot);
        fd
    }

    pub(crate) fn uninstall(&mut self, pid: i32, fd: i32) {
        let slot = self.procs.get_mut(&pid).and_then(|process| process.fds.remove(&fd));
        if let Some(slot) = slot {
            self.release(slot.open);
        }
    }

    fn release(&mut self, open: usize) {
        self.opens[open].refs -= 1;
        if self.opens[open].refs > 0 {
            return;
        }
        let pipe = match self.opens[open].object {
            Object::ReadEnd(pipe, _) => {
                self.pipes[pipe].readers -= 1;
                Some(pipe)
            }
            Object::WriteEnd(pipe) => {
                self.pipes[pipe].writers -= 1;
                Some(pipe)
            }
            Object::Inode(ino) => {
                let lock = &mut self.tree.at_mut(ino).lock;
                *lock = lock.filter(|holder| *holder != open);
                None
            }
            Object::Watch(_) | Object::Socket => None,
        };
        if let Some(pipe) = pipe {
            if self.pipes[pipe].readers == 0 && self.pipes[pipe].writers == 0 {
                if self.opens[open].ino.is_none() {
                    self.lost += self.pipes[pipe].bytes.len();
                }
                self.pipes[pipe].bytes.clear();
            }
            self.rouse();
        }
    }

    pub(crate) fn slot(&self, pid: i32, fd: i32) -> Result<Slot> {
        self.procs.get(&pid).and_then(|process| process.fds.get(&fd)).copied().ok_or(Errno::BADF)
    }

    /// The open file behind a descriptor of a process.
    #[must_use]
    pub fn open_of(&self, pid: Pid, fd: i32) -> Option<&Open> {
        self.slot(pid.0, fd).ok().and_then(|slot| self.opens.get(slot.open))
    }

    /// How many descriptors a process has.
    #[must_use]
    pub fn descriptors(&self, pid: Pid) -> usize {
        self.procs.get(&pid.0).map_or(0, |process| process.fds.len())
    }

    /// Whether reading would not wait.
    pub(crate) fn is_ready(&self, open: usize) -> bool {
        let open = &self.opens[open];
        match &open.object {
            Object::ReadEnd(pipe, seen) => {
                let pipe = &self.pipes[*pipe];
                let silent = self.machine.silent_end && open.ino.is_some();
                !pipe.bytes.is_empty() || (!silent && pipe.writers == 0 && pipe.opened > *seen)
            }
            Object::Watch(_) => open.news.0,
            Object::Inode(ino) => matches!(self.tree.at(*ino).node, Node::File(_) | Node::Null),
            Object::WriteEnd(pipe) => self.pipes[*pipe].readers == 0,
            Object::Socket => false,
        }
    }

    /// read(2); `EAGAIN` also where it would wait.
    pub(crate) fn read_open(&mut self, id: usize, most: usize) -> Result<Vec<u8>> {
        let open = &mut self.opens[id];
        if !open.reads {
            return Err(Errno::BADF);
        }
        match open.object.clone() {
            Object::ReadEnd(number, _) => {
                let pipe = &mut self.pipes[number];
                if pipe.bytes.is_empty() {
                    return if pipe.writers == 0 { Ok(Vec::new()) } else { Err(Errno::AGAIN) };
                }
                let count = most.min(pipe.bytes.len());
                let bytes = pipe.bytes.drain(..count).collect();
                self.rouse();
                Ok(bytes)
            }
            Object::WriteEnd(_) | Object::Watch(_) | Object::Socket => Err(Errno::BADF),
            Object::Inode(ino) => match &self.tree.at(ino).node {
                Node::File(bytes) => {
                    let rest = bytes.get(open.at..).unwrap_or_default();
                    let got = rest[..most.min(rest.len())].to_vec();
                    open.at += got.len();
                    Ok(got)
                }
                Node::Directory(..) => Err(Errno::ISDIR),
                Node::Null => Ok(Vec::new()),
                Node::Console => Err(Errno::AGAIN),
                Node::Fifo(_) | Node::Link(_) => Err(Errno::IO),
            },
        }
    }

    /// write(2); `EAGAIN` also where it would wait.
    pub(crate) fn write_open(&mut self, pid: i32, id: usize, bytes: &[u8]) -> Result<usize> {
        if !self.opens[id].writes {
            return Err(Errno::BADF);
        }
        match self.opens[id].object.clone() {
            Object::WriteEnd(number) => {
                let pipe = &mut self.pipes[number];
                if pipe.readers == 0 {
                    return Err(Errno::PIPE);
                }
                let count = pipe.takes(bytes.len()).ok_or(Errno::AGAIN)?;
                pipe.bytes.extend(&bytes[..count]);
                self.rouse();
                Ok(count)
            }
            Object::ReadEnd(..) | Object::Watch(_) | Object::Socket => Err(Errno::BADF),
            Object::Inode(ino) => self.write_inode(pid, id, ino, bytes),
        }
    }

    fn write_inode(&mut self, pid: i32, id: usize, ino: Ino, bytes: &[u8]) -> Result<usize> {
        let now = self.stamp();
        if matches!(self.tree.at(ino).node, Node::Console) {
            if self.faults.console {
                return Err(Errno::AGAIN);
            }
            self.emit(&Fact::Said { pid: Pid(pid), text: bytes });
            return Ok(bytes.len());
        }
        let inode = self.tree.at_mut(ino);
        match &mut inode.node {
            Node::File(_) if self.faults.full => Err(Errno::NOSPC),
            Node::File(contents) => {
                let short = crate::Faults::hit(&mut self.faults.short_write);
                let bytes = if short { &bytes[..bytes.len().min(1)] } else { bytes };
                let bytes = match self.faults.fills as usize {
                    0 => bytes,
                    left => &bytes[..bytes.len().min(left)],
                };
                if self.faults.fills > 0 {
                    self.faults.fills -= bytes.len() as u32;
                    self.faults.full = self.faults.fills == 0;
                }
                let open = &mut self.opens[id];
                let at = if open.append { contents.len() } else { open.at };
                if contents.len() < at + bytes.len() {
                    contents.resize(at + bytes.len(), 0);
                }
                contents[at..at + bytes.len()].copy_from_slice(bytes);
                open.at = at + bytes.len();
                (inode.changed, inode.altered) = (now, now);
                Ok(bytes.len())
            }
            Node::Null | Node::Console => Ok(bytes.len()),
            Node::Directory(..) | Node::Fifo(_) | Node::Link(_) => Err(Errno::BADF),
        }
    }

    /// Tells watchers what changed.
    pub(crate) fn tell_watches(&mut self) {
        let changes = core::mem::take(&mut self.tree.changes);
        if self.faults.unnoticed || changes.is_empty() {
            return;
        }
        for open in &mut self.opens {
            let Object::Watch(watched) = &open.object else { continue };
            if open.refs == 0 {
                continue;
            }
            for change in &changes {
                for watch in watched.iter().filter(|watch| watch.dir == change.dir) {
                    open.news.0 = true;
                    open.news.1 |= watch.name.is_empty() || watch.name == change.name;
                }
            }
        }
        let opens = &self.opens;
        let mut told = Vec::new();
        self.notices.retain(|(open, dir, pid)| {
            let is_told = changes.iter().any(|change| change.dir == *dir);
            if is_told && opens[*open].refs > 0 && !told.contains(pid) {
                told.push(*pid);
            }
            opens[*open].refs > 0 && !is_told
        });
        for pid in told {
            self.tell_program(pid, Signal::Io);
        }
    }
}
