//! The calls about files, and the clocks.
use crate::open::{Object, Slot};
use crate::tree::{Node, ROOT};
use crate::world::Fact;
use crate::{Faults, Sim};
use core::ffi::CStr;
use platform::{Clock, Errno, Fd, Files, Instant, Meta, Open, Result, Stamp};
use std::ffi::CString;

impl Clock for Sim {
    fn now(&mut self) -> Instant {
        self.kernel.call();
        let now = self.kernel.now();
        self.kernel.emit(&Fact::Told { now });
        now
    }
    fn wall(&mut self) -> Stamp {
        self.kernel.call();
        self.kernel.wall()
    }
}

/// A directory being read: its names as they were when it was opened.
#[derive(Debug)]
pub struct Dir {
    pub(crate) fd: i32,
    pub(crate) names: Vec<CString>,
    pub(crate) at: usize,
}

impl Files for Sim {
    type Dir = Dir;

    fn chdir(&mut self, path: &CStr) -> Result<()> {
        self.kernel.call();
        let result = self.kernel.enter(self.kernel.own, Fd::CWD, path.to_bytes());
        self.kernel.failed("chdir", result)
    }

    fn openat(&mut self, dir: Fd, path: &CStr, how: Open) -> Result<Fd> {
        self.kernel.call();
        let from = self.kernel.start_of(self.kernel.own, dir)?;
        let result = self.kernel.open(from, path.to_bytes(), how);
        let whole = self.kernel.named(dir, from, path);
        self.kernel.opened(&whole, result)
    }

    fn open_fifo(&mut self, dir: Fd, path: &CStr) -> Result<(Fd, Fd)> {
        let reader = self.openat(dir, path, Open::Read)?;
        match self.openat(dir, path, Open::Write) {
            Ok(writer) => Ok((reader, writer)),
            Err(errno) => {
                self.close(reader);
                Err(errno)
            }
        }
    }

    fn close(&mut self, fd: Fd) {
        self.kernel.call();
        self.kernel.emit(&Fact::Closing { fd });
        self.kernel.uninstall(self.kernel.own, fd.0);
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        let short = self.kernel.random.chance(self.kernel.faults.short_read.into());
        let most = if short { into.len().min(1) } else { into.len() };
        let read = self.kernel.read_open(slot.open, most);
        if read == Err(Errno::AGAIN) && self.kernel.opens[slot.open].blocks {
            self.kernel.end_with(crate::End::Blocked("read"));
        }
        let bytes = read?;
        into.iter_mut().zip(&bytes).for_each(|(slot, byte)| *slot = *byte);
        self.kernel.emit(&Fact::Read { fd, bytes: &bytes });
        Ok(bytes.len())
    }

    fn read_shared(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize> {
        self.read(fd, into)
    }

    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize> {
        self.kernel.call();
        let own = self.kernel.own;
        let slot = self.kernel.slot(own, fd.0)?;
        let result = self.kernel.write_open(own, slot.open, bytes);
        if result == Err(Errno::AGAIN) && self.kernel.opens[slot.open].blocks {
            self.kernel.end_with(crate::End::Blocked("write"));
        }
        if result == Err(Errno::PIPE) {
            self.kernel.signal_program(platform::Signal::Pipe);
        }
        match result {
            Ok(count) if count < bytes.len() => {
                self.kernel.emit(&Fact::NotWritten { fd, errno: Errno::NONE })
            }
            Ok(count) => self.kernel.emit(&Fact::Wrote { fd, bytes: &bytes[..count] }),
            Err(errno) => self.kernel.emit(&Fact::NotWritten { fd, errno }),
        }
        result
    }

    fn mkdirat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()> {
        self.kernel.call();
        let (from, now) = (self.kernel.start_of(self.kernel.own, dir)?, self.kernel.stamp());
        if Faults::hit(&mut self.kernel.faults.make) {
            return self.kernel.failed("mkdir", Err(Errno::NOSPC));
        }
        let node = Node::Directory(ROOT, std::collections::BTreeMap::new());
        self.kernel.tree.make(from, path.to_bytes(), node, mode, now).map(drop)
    }

    fn mkfifoat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()> {
        self.kernel.call();
        let from = self.kernel.start_of(self.kernel.own, dir)?;
        if Faults::hit(&mut self.kernel.faults.make) {
            return self.kernel.failed("mkfifo", Err(Errno::NOSPC));
        }
        self.kernel.make_fifo(from, path.to_bytes(), mode)
    }

    fn fstatat(&mut self, dir: Fd, path: &CStr) -> Result<Meta> {
        self.kernel.call();
        let from = self.kernel.start_of(self.kernel.own, dir)?;
        let result = self.kernel.stat(from, path.to_bytes());
        if result == Err(Errno::NOENT) { result } else { self.kernel.failed("stat", result) }
    }

    fn fstat(&mut self, fd: Fd) -> Result<Meta> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        let ino = self.kernel.opens[slot.open].ino.ok_or(Errno::BADF)?;
        Ok(self.kernel.meta_of(ino))
    }

    fn readlinkat(&mut self, dir: Fd, path: &CStr, into: &mut [u8]) -> Result<usize> {
        self.kernel.call();
        if Faults::hit(&mut self.kernel.faults.readlink) {
            return self.kernel.failed("readlink", Err(Errno::IO));
        }
        let kernel = &self.kernel;
        let ino = kernel.tree.existing(kernel.start_of(kernel.own, dir)?, path.to_bytes(), false)?;
        let Node::Link(target) = &kernel.tree.at(ino).node else { return Err(Errno::INVAL) };
        into.iter_mut().zip(target).for_each(|(slot, byte)| *slot = *byte);
        Ok(target.len().min(into.len()))
    }

    fn renameat(&mut self, dir: Fd, from: &CStr, to: &CStr) -> Result<()> {
        self.kernel.call();
        let dir = self.kernel.start_of(self.kernel.own, dir)?;
        self.kernel.rename(dir, from.to_bytes(), to.to_bytes())
    }

    fn chmod(&mut self, path: &CStr, mode: u32) -> Result<()> {
        self.kernel.call();
        self.kernel.change_mode(self.kernel.here(), path.to_bytes(), mode)?;
        self.kernel.emit(&Fact::Mode { path: path.to_bytes(), mode });
        Ok(())
    }

    fn fchmod(&mut self, fd: Fd, mode: u32) -> Result<()> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        let ino = self.kernel.opens[slot.open].ino.ok_or(Errno::BADF)?;
        let now = self.kernel.stamp();
        self.kernel.tree.set_mode(ino, mode, now);
        Ok(())
    }

    fn pread(&mut self, fd: Fd, offset: u64, into: &mut [u8]) -> Result<usize> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        let ino = self.kernel.opens[slot.open].ino.ok_or(Errno::BADF)?;
        let Node::File(bytes) = &self.kernel.tree.at(ino).node else { return Err(Errno::BADF) };
        let rest = usize::try_from(offset).ok().and_then(|from| bytes.get(from..)).unwrap_or_default();
        Ok(platform::copy(rest, into))
    }

    fn ftruncate(&mut self, fd: Fd, size: u64) -> Result<()> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        let open = &self.kernel.opens[slot.open];
        let ino = open.ino.filter(|_| open.writes).ok_or(Errno::INVAL)?;
        let Node::File(bytes) = &mut self.kernel.tree.at_mut(ino).node else { return Err(Errno::INVAL) };
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Ok(())
    }

    fn unlinkat(&mut self, dir: Fd, path: &CStr) -> Result<()> {
        self.kernel.call();
        let dir = self.kernel.start_of(self.kernel.own, dir)?;
        self.kernel.unlink(dir, path.to_bytes())
    }

    fn fsync(&mut self, fd: Fd) -> Result<()> {
        self.kernel.call();
        let result = if Faults::hit(&mut self.kernel.faults.sync) {
            Err(Errno::IO)
        } else {
            self.kernel.slot(self.kernel.own, fd.0).map(drop)
        };
        self.kernel.failed("fsync", result)
    }

    fn pipe(&mut self) -> Result<(Fd, Fd)> {
        self.kernel.call();
        let result = self.kernel.pipe();
        if let Ok((read, write)) = result {
            self.kernel.emit(&Fact::Piped { read, write });
        }
        self.kernel.failed("pipe", result)
    }

    fn unread(&mut self, fd: Fd) -> Result<usize> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        match self.kernel.opens[slot.open].object {
            Object::WriteEnd(_) if self.kernel.machine.unread_to_readers_only => Ok(0),
            Object::ReadEnd(pipe, _) | Object::WriteEnd(pipe) => Ok(self.kernel.pipes[pipe].bytes.len()),
            Object::Inode(_) | Object::Socket | Object::Watch(_) => Err(Errno(libc::ENOTTY)),
        }
    }

    fn dup2(&mut self, from: Fd, to: Fd) -> Result<()> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, from.0)?;
        self.kernel.install(self.kernel.own, to.0, Slot { cloexec: false, ..slot });
        Ok(())
    }

    fn set_nonblocking(&mut self, fd: Fd) -> Result<()> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        self.kernel.opens[slot.open].blocks = false;
        Ok(())
    }

    fn lock(&mut self, fd: Fd) -> Result<()> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        let ino = self.kernel.opens[slot.open].ino.ok_or(Errno::BADF)?;
        let lock = &mut self.kernel.tree.at_mut(ino).lock;
        if lock.is_some_and(|holder| holder != slot.open) {
            return Err(Errno::AGAIN);
        }
        *lock = Some(slot.open);
        Ok(())
    }

    fn open_dir(&mut self, dir: Fd, path: &CStr) -> Result<Dir> {
        self.kernel.call();
        let from = self.kernel.start_of(self.kernel.own, dir)?;
        let result = self.kernel.names_of(from, path.to_bytes());
        if result.is_ok() {
            let whole = self.kernel.named(dir, from, path);
            self.kernel.emit(&Fact::DirectoryOpened { path: &whole });
        }
        self.kernel.failed("opendir", result)
    }

    fn next_name<'d>(&mut self, dir: &'d mut Dir) -> Result<Option<&'d CStr>> {
        self.kernel.call();
        let fault = Faults::hit(&mut self.kernel.faults.read_dir);
        self.kernel.failed("readdir", if fault { Err(Errno::IO) } else { Ok(()) })?;
        let name = dir.names.get(dir.at).map(CString::as_c_str);
        dir.at += 1;
        Ok(name)
    }

    fn close_dir(&mut self, dir: Dir) {
        self.kernel.call();
        self.kernel.uninstall(self.kernel.own, dir.fd);
    }

    fn tell(&mut self, text: &[u8]) {
        self.kernel.call();
        let own = self.kernel.own;
        if let Ok(slot) = self.kernel.slot(own, 2) {
            let _ = self.kernel.write_open(own, slot.open, text);
        }
    }
}
