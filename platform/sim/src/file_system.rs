//! What the kernel does with files when it is asked to.
use crate::files::Dir;
use crate::open::{Object, Open as OpenFile, Slot};
use crate::pipe::Pipe;
use crate::tree::{Ino, Node, ROOT};
use crate::world::Fact;
use crate::{Faults, Kernel};
use core::ffi::CStr;
use platform::{Errno, Fd, Meta, Open, Result};
use std::ffi::CString;

impl Kernel {
    pub(crate) fn here(&self) -> Ino {
        self.procs.get(&self.own).map_or(ROOT, |process| process.directory)
    }

    pub(crate) fn make_fifo(&mut self, from: Ino, path: &[u8], mode: u32) -> Result<()> {
        let now = self.stamp();
        self.tree.make(from, path, Node::Fifo(self.pipes.len()), mode, now)?;
        self.pipes.push(Pipe::default());
        Ok(())
    }

    /// Whether the soft limit leaves no room for so many descriptors.
    pub(crate) fn has_no_more(&self, count: usize) -> bool {
        self.descriptors(self.own()) + count > self.machine.files
    }

    /// Whether the soft limit allows a descriptor of this number.
    pub(crate) fn may_have(&self, fd: i32) -> bool {
        usize::try_from(fd).is_ok_and(|fd| fd < self.machine.files)
    }

    /// The directory that a process has as its current one, or that a descriptor of it is open for.
    ///
    /// # Errors
    /// EBADF, ENOTDIR.
    pub fn start_of(&self, pid: i32, fd: Fd) -> Result<Ino> {
        if fd == Fd::CWD {
            return Ok(self.procs.get(&pid).map_or(ROOT, |process| process.directory));
        }
        let ino = self.opens[self.slot(pid, fd.0)?.open].ino.ok_or(Errno::NOTDIR)?;
        self.tree.names(ino).map(|_| ino)
    }

    pub(crate) fn open(&mut self, from: Ino, path: &[u8], how: Open) -> Result<Fd> {
        if Faults::hit(&mut self.faults.open) || self.has_no_more(1) {
            return Err(Errno::MFILE);
        }
        let now = self.stamp();
        let writes = !matches!(how, Open::Read);
        let creates = match how {
            Open::Read | Open::Write | Open::Update => None,
            Open::Append | Open::Lock => Some(0o600),
            Open::New | Open::Truncate => Some(0o644),
        };
        let follows = matches!(how, Open::Read | Open::Lock | Open::Truncate);
        let place = self.tree.find(from, path, follows)?;
        let ino = match (place.ino, creates) {
            (Some(_), _) if how == Open::New => return Err(Errno::EXIST),
            (Some(ino), _) => ino,
            (None, None) => return Err(Errno::NOENT),
            (None, Some(_)) if self.faults.full => return Err(Errno::NOSPC),
            (None, Some(mode)) => {
                let ino = self.tree.add(Node::File(Vec::new()), mode, now);
                self.tree.enter(&place, ino, now)?;
                ino
            }
        };
        let object = match &mut self.tree.at_mut(ino).node {
            Node::Directory(..) if writes => return Err(Errno::ISDIR),
            Node::Link(_) => return Err(Errno(libc::ELOOP)),
            Node::Fifo(pipe) if writes => Object::WriteEnd(*pipe),
            Node::Fifo(pipe) => Object::ReadEnd(*pipe, self.pipes[*pipe].opened),
            Node::File(bytes) => {
                if how == Open::Truncate {
                    bytes.clear();
                }
                Object::Inode(ino)
            }
            Node::Directory(..) | Node::Console | Node::Null => Object::Inode(ino),
        };
        match object {
            Object::WriteEnd(pipe) if self.pipes[pipe].readers == 0 => return Err(Errno::NXIO),
            Object::Inode(_) if how == Open::Truncate => {
                let inode = self.tree.at_mut(ino);
                (inode.changed, inode.altered) = (now, now);
            }
            _ => {}
        }
        let append = matches!(how, Open::Append | Open::Lock);
        let reads = matches!(how, Open::Read | Open::Update);
        let open = self.add_open(OpenFile { append, ..OpenFile::new(object, Some(ino), reads, writes) });
        Ok(Fd(self.install_lowest(self.own, Slot { open, cloexec: true })))
    }

    pub(crate) fn pipe(&mut self) -> Result<(Fd, Fd)> {
        if Faults::hit(&mut self.faults.pipe) {
            return Err(Errno(libc::ENFILE));
        }
        if self.has_no_more(2) {
            return Err(Errno::MFILE);
        }
        self.pipes.push(Pipe::default());
        let number = self.pipes.len() - 1;
        let ends = [
            OpenFile { blocks: true, ..OpenFile::new(Object::ReadEnd(number, 0), None, true, false) },
            OpenFile { blocks: true, ..OpenFile::new(Object::WriteEnd(number), None, false, true) },
        ];
        let [read, write] = ends.map(|end| {
            let open = self.add_open(end);
            Fd(self.install_lowest(self.own, Slot { open, cloexec: true }))
        });
        Ok((read, write))
    }

    pub(crate) fn stat(&mut self, from: Ino, path: &[u8]) -> Result<Meta> {
        if Faults::hit(&mut self.faults.stat) {
            return Err(Errno::IO);
        }
        let ino = self.tree.existing(from, path, true)?;
        Ok(self.meta_of(ino))
    }

    pub(crate) fn meta_of(&self, ino: Ino) -> Meta {
        let inode = self.tree.at(ino);
        let (kind, mode) = (inode.kind(), inode.mode);
        let (changed, altered) = (inode.changed, inode.altered);
        let size = match &inode.node {
            Node::File(bytes) => bytes.len() as u64,
            Node::Directory(..) | Node::Fifo(_) | Node::Link(_) | Node::Console | Node::Null => 0,
        };
        let links = self.tree.links(ino);
        Meta { kind, mode, device: 1, inode: inode.number, changed, altered, size, links }
    }

    pub(crate) fn names_of(&mut self, from: Ino, path: &[u8]) -> Result<Dir> {
        if Faults::hit(&mut self.faults.open_dir) || self.has_no_more(1) {
            return Err(Errno::MFILE);
        }
        let ino = self.tree.existing(from, path, true)?;
        let own = [b".".to_vec(), b"..".to_vec()];
        let mut names: Vec<Vec<u8>> = self.tree.names(ino)?.keys().cloned().chain(own).collect();
        // The order is the file system's affair.
        for index in (1..names.len()).rev() {
            let other = self.random.below(index as u64 + 1);
            names.swap(index, usize::try_from(other).unwrap_or(0));
        }
        let names = names.into_iter().filter_map(|name| CString::new(name).ok()).collect();
        let open = self.add_open(OpenFile::new(Object::Inode(ino), Some(ino), true, false));
        let fd = self.install_lowest(self.own, Slot { open, cloexec: true });
        Ok(Dir { fd, names, at: 0 })
    }

    /// A path as facts tell it: from the root where it began at a directory.
    pub(crate) fn named(&self, dir: Fd, from: Ino, path: &CStr) -> Vec<u8> {
        if dir == Fd::CWD {
            return path.to_bytes().to_vec();
        }
        [&self.tree.path(from), b"/".as_slice(), path.to_bytes()].concat()
    }

    /// Notes what came of opening a file.
    pub(crate) fn opened(&mut self, path: &[u8], result: Result<Fd>) -> Result<Fd> {
        match result {
            Ok(fd) => self.emit(&Fact::Opened { path, fd }),
            Err(errno) => self.emit(&Fact::NotOpened { path, errno }),
        }
        result
    }

    pub(crate) fn rename(&mut self, dir: Ino, from: &[u8], to: &[u8]) -> Result<()> {
        let now = self.stamp();
        let result = if Faults::hit(&mut self.faults.rename) {
            Err(Errno::IO)
        } else {
            self.tree.rename(dir, from, to, now)
        };
        let whole = [&self.tree.path(dir), b"/".as_slice(), to].concat();
        match result {
            Ok(()) => self.emit(&Fact::Renamed { from, to }),
            Err(errno) => self.emit(&Fact::NotRenamed { to: &whole, errno }),
        }
        result
    }

    pub(crate) fn unlink(&mut self, from: Ino, path: &[u8]) -> Result<()> {
        let now = self.stamp();
        let ino = self.tree.existing(from, path, false)?;
        if self.tree.names(ino).is_ok() {
            return Err(Errno::ISDIR);
        }
        self.tree.remove(from, path, now)?;
        self.emit(&Fact::Removed { path });
        Ok(())
    }

    /// Notes a failure that has no fact of its own.
    pub(crate) fn failed<T>(&mut self, what: &'static str, result: Result<T>) -> Result<T> {
        if let Err(errno) = &result {
            self.emit(&Fact::Failed { what, errno: *errno });
        }
        result
    }
}
