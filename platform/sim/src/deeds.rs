//! What is done by others than the program under test.
use crate::flood::Flood;
use crate::kernel::{Job, Kernel};
use crate::life::{Deed, Whom};
use crate::tree::{Ino, Node, ROOT};
use crate::world::Fact;
use platform::{Errno, Pid, Result, Signal};
use std::collections::BTreeMap;

impl Kernel {
    /// Somebody does something; `pid` is nobody for the world outside. `false`: it is told, and has not happened yet.
    pub(crate) fn deed(&mut self, pid: Option<i32>, deed: &Deed) -> bool {
        let from = pid.and_then(|pid| self.procs.get(&pid)).map_or(ROOT, |process| process.directory);
        if self.machine.told_before && self.tell_before(from, deed) {
            self.telling = self.time + 1 + self.random.below(3_000_000);
            self.queue_at(self.telling, Job::Told(pid, from, deed.clone()));
            return false;
        }
        self.deed_done(pid, from, deed);
        true
    }

    /// Tells watchers of what is about to happen; `false` if it is told as it happens.
    fn tell_before(&mut self, from: Ino, deed: &Deed) -> bool {
        let names: &[&str] = match deed {
            Deed::Remove(path) => &[path],
            Deed::Rename(old, new) => &[old, new],
            _ => return false,
        };
        for name in names {
            if let Ok(place) = self.tree.find(from, name.as_bytes(), false) {
                self.tree.tell(place.dir, &place.name);
            }
        }
        self.tell_watches();
        true
    }

    /// Somebody has done something, with paths that begin at `from`.
    pub(crate) fn deed_done(&mut self, pid: Option<i32>, from: Ino, deed: &Deed) {
        let told = self.machine.told_before && matches!(deed, Deed::Remove(_) | Deed::Rename(..));
        self.tell_watches();
        let result = self.perform(pid, from, deed);
        if told {
            self.tree.changes.clear();
        }
        self.emit(&Fact::Done { pid: pid.map(Pid), deed, result });
    }

    fn perform(&mut self, pid: Option<i32>, from: Ino, deed: &Deed) -> Result<()> {
        let now = self.stamp();
        match deed {
            Deed::Send(path, bytes) => self.send(from, path.as_bytes(), bytes),
            Deed::Signal(whom, signal) => {
                let own = self.own;
                let pids: Vec<i32> = match whom {
                    // There may be none just now.
                    Whom::Program => Some(own).filter(|own| *own > 0).into_iter().collect(),
                    Whom::Own => pid.into_iter().collect(),
                    Whom::Others => self.others().map(|process| process.pid).collect(),
                    Whom::Rest => {
                        let rest = self.others().filter(|process| Some(process.pid) != pid);
                        rest.map(|process| process.pid).collect()
                    }
                    Whom::Running(path) => {
                        let runs = self.procs.values().filter(|process| process.program == path.as_bytes());
                        runs.map(|process| process.pid).collect()
                    }
                    Whom::In(dir, path) => {
                        let dir = self.tree.existing(ROOT, dir.as_bytes(), true)?;
                        let there = self.procs.values().filter(|process| process.directory == dir);
                        let runs = there.filter(|process| process.program == path.as_bytes());
                        runs.map(|process| process.pid).collect()
                    }
                };
                pids.into_iter().for_each(|pid| self.signal(pid, *signal));
                Ok(())
            }
            Deed::Begin(life) => {
                self.begin(1, life.clone());
                Ok(())
            }
            Deed::Start(words) => self.start(words),
            Deed::Create(path, mode) => {
                if let Ok(ino) = self.tree.existing(from, path.as_bytes(), true) {
                    self.tree.set_mode(ino, *mode, now);
                    return Ok(());
                }
                self.tree.make(from, path.as_bytes(), Node::File(Vec::new()), *mode, now).map(drop)
            }
            Deed::Fill(path, bytes) => {
                let found = self.tree.existing(from, path.as_bytes(), true);
                let ino = found
                    .or_else(|_| self.tree.make(from, path.as_bytes(), Node::File(Vec::new()), 0o644, now))?;
                let inode = self.tree.at_mut(ino);
                let Node::File(contents) = &mut inode.node else { return Err(Errno::ISDIR) };
                *contents = bytes.to_vec();
                (inode.changed, inode.altered) = (now, now);
                Ok(())
            }
            Deed::MakeDirectory(path) => {
                let node = Node::Directory(ROOT, BTreeMap::new());
                self.tree.make(from, path.as_bytes(), node, 0o755, now).map(drop)
            }
            Deed::MakeFifo(path) => self.make_fifo(from, path.as_bytes(), 0o600),
            Deed::Link(to, path) => self
                .tree
                .make(from, path.as_bytes(), Node::Link(to.as_bytes().to_vec()), 0o777, now)
                .map(drop),
            Deed::Remove(path) => self.tree.remove_all(from, path.as_bytes(), now),
            Deed::Rename(old, new) => self.tree.rename(from, old.as_bytes(), new.as_bytes(), now),
            Deed::Mode(path, mode) => self.change_mode(from, path.as_bytes(), *mode),
            Deed::Faults(faults) => {
                self.faults = *faults;
                Ok(())
            }
            Deed::Flood(source, ms) => {
                let until = self.time + ms * 1_000_000;
                self.floods.push(Flood { source: source.clone(), until });
                Ok(())
            }
            Deed::Step(seconds) => {
                self.epoch += seconds * 1_000_000_000;
                Ok(())
            }
            Deed::Key => {
                self.press_key();
                Ok(())
            }
            Deed::Mark(_) => Ok(()),
        }
    }

    fn press_key(&mut self) {
        // Nobody hears of a key that is not armed.
        if !self.machine.one_shot_key || core::mem::take(&mut self.armed) {
            self.signal_program(Signal::Interrupt);
        }
    }

    pub(crate) fn send(&mut self, from: Ino, path: &[u8], bytes: &[u8]) -> Result<()> {
        let ino = self.tree.existing(from, path, true)?;
        let Node::Fifo(number) = self.tree.at(ino).node else { return Err(Errno::NXIO) };
        let pipe = &mut self.pipes[number];
        if pipe.readers == 0 {
            return Err(Errno::NXIO);
        }
        pipe.opened += 1;
        let count = pipe.takes(bytes.len()).ok_or(Errno::AGAIN)?;
        pipe.bytes.extend(&bytes[..count]);
        self.rouse();
        Ok(())
    }

    /// chmod(2).
    pub(crate) fn change_mode(&mut self, from: Ino, path: &[u8], mode: u32) -> Result<()> {
        let place = self.tree.find(from, path, true)?;
        let ino = place.ino.ok_or(Errno::NOENT)?;
        let now = self.stamp();
        self.tree.set_mode(ino, mode, now);
        self.tree.tell(place.dir, &place.name);
        Ok(())
    }
}
