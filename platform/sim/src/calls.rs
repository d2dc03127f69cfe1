//! The calls about processes, waiting, directories that change, and the end of the system.
use crate::birth::Birth;
use crate::life::{Act, Life};
use crate::open::{Object, Open, Slot};
use crate::tree::{Change, ROOT};
use crate::world::{End, Fact};
use crate::{Faults, Kernel, Sim};
use core::ffi::CStr;
use platform::{
    Args, Boot, Calls, Child, Datagrams, Ended, Errno, Events, Fd, Files, How, Instant, Memory, Notice,
    Pages, Pid, Procs, Request, Result, Signal, Target, Wake, Watch,
};

/// How many directories are watched beside the one.
const BESIDE: usize = 4;

/// The calls are noted, for when the process has its turn. It has no name.
impl Calls for Life {
    fn pr_set_name(&mut self, _args: Args, _name: &CStr) {}
    fn setsid(&mut self) {
        self.acts.push(Act::Session);
    }
    fn ignore(&mut self, signal: Signal) {
        self.acts.push(Act::Ignore(signal));
    }
    fn close_all_but(&mut self, keep: &[Fd]) {
        self.acts.push(Act::CloseAllBut(keep.iter().map(|fd| fd.0).collect()));
    }
    fn read_to_end(&mut self, fd: Fd) {
        self.acts.push(Act::ReadAll(fd.0));
    }
}

impl Procs for Sim {
    type Forked = Life;

    fn own_pid(&mut self) -> Pid {
        self.kernel.call();
        self.kernel.own()
    }

    fn spawn(&mut self, child: &Child<'_>) -> Result<Pid> {
        self.kernel.call();
        if Faults::hit(&mut self.kernel.faults.fork) {
            let errno = Errno::AGAIN;
            self.kernel.emit(&Fact::NotSpawned { child, errno });
            return Err(errno);
        }
        let pid = self.kernel.fork(self.kernel.own, Some(Birth::of(child)), &[]);
        self.kernel.emit(&Fact::Spawned { pid, child });
        self.kernel.leave_if_over();
        Ok(pid)
    }

    fn fork(&mut self, child: impl FnOnce(&mut Life)) -> Result<Pid> {
        self.kernel.call();
        if Faults::hit(&mut self.kernel.faults.fork) {
            return Err(Errno::AGAIN);
        }
        let mut life = Life::default();
        child(&mut life);
        Ok(self.kernel.fork(self.kernel.own, None, &life.acts))
    }

    fn getenv(&mut self, name: &CStr) -> Option<&'static [u8]> {
        self.kernel.call();
        self.kernel.machine.environment.iter().find(|known| known.0 == name).map(|known| known.1)
    }

    fn exec(&mut self, path: &CStr, _argv: &[&CStr]) -> Errno {
        self.kernel.call();
        match self.kernel.program(ROOT, path.to_bytes(), false) {
            Ok(_) => self.kernel.end_with(End::Executed(path.to_bytes().to_vec())),
            Err(errno) => errno,
        }
    }

    fn reap(&mut self) -> Option<(Pid, Ended)> {
        self.kernel.call();
        let own = self.kernel.own;
        let dead: Vec<(i32, Ended)> = self
            .kernel
            .others()
            .filter(|process| process.parent == own)
            .filter_map(|process| process.ended.map(|ended| (process.pid, ended)))
            .collect();
        let pick = usize::try_from(self.kernel.random.below(dead.len() as u64)).unwrap_or(0);
        let (pid, ended) = *dead.get(pick)?;
        self.kernel.procs.remove(&pid);
        self.kernel.emit(&Fact::Reaped { pid: Pid(pid), ended });
        Some((Pid(pid), ended))
    }

    fn kill(&mut self, whom: Target, signal: Signal) -> Result<()> {
        self.kernel.call();
        let exists = self.kernel.exists(whom);
        self.kernel.emit(&Fact::Kill { whom, signal, result: exists });
        self.kernel.leave_if_over();
        self.kernel.kill(whom, signal)
    }

    fn signal_number(signal: Signal) -> u8 {
        crate::number(signal)
    }

    fn kill_number(&mut self, pid: Pid, number: u8) -> Result<()> {
        self.kernel.call();
        let exists = self.kernel.exists(Target::One(pid));
        self.kernel.emit(&Fact::KillNumber { pid, number, result: exists });
        exists?;
        self.kernel.signal_number(pid.0, number);
        Ok(())
    }

    fn setproctitle(&mut self, _text: &[u8]) {}
}

impl Memory for Sim {
    fn mmap(&mut self, bytes: usize) -> Result<Pages> {
        self.kernel.call();
        if Faults::hit(&mut self.kernel.faults.memory) {
            self.kernel.emit(&Fact::Failed { what: "mmap", errno: Errno::NOMEM });
            return Err(Errno::NOMEM);
        }
        Pages::map(bytes)
    }
}

impl Kernel {
    fn exists(&self, whom: Target) -> Result<()> {
        let found = match whom {
            Target::One(pid) => self.procs.contains_key(&pid.0),
            Target::Group(pid) => self.procs.values().any(|process| process.group == pid.0),
            Target::All => self.others().next().is_some(),
        };
        if found { Ok(()) } else { Err(Errno::SRCH) }
    }

    pub(crate) fn ready(&self, pid: i32, fds: &[Fd]) -> u32 {
        let mut ready = 0;
        for (bit, fd) in fds.iter().enumerate().take(platform::MAX_WAIT) {
            if fd.0 < 0 {
                continue;
            }
            // A descriptor that is not open is always ready, with an error.
            if self.slot(pid, fd.0).map_or(true, |slot| self.is_ready(slot.open)) {
                ready |= 1 << bit;
            }
        }
        ready
    }
}

impl Events for Sim {
    fn catch(&mut self, signals: &[Signal]) -> Result<()> {
        self.kernel.call();
        if Faults::hit(&mut self.kernel.faults.catch) {
            return Err(Errno::MFILE);
        }
        self.kernel.catches = true;
        signals.iter().for_each(|signal| self.kernel.caught.add(*signal));
        Ok(())
    }

    fn wait(&mut self, fds: &[Fd], until: Option<Instant>) -> Wake {
        let kernel = &mut self.kernel;
        kernel.call();
        kernel.emit(&Fact::Waits { fds, until });
        if kernel.hub.is_some() {
            return kernel.wait_among(fds, until);
        }
        loop {
            kernel.run_due();
            kernel.leave_if_over();
            let signals = core::mem::take(&mut kernel.pending);
            let wake = Wake { ready: kernel.ready(kernel.own, fds), signals };
            let late = until.is_some_and(|until| until <= kernel.now());
            let spurious = kernel.random.chance(kernel.faults.spurious.into());
            if wake != Wake::default() || late || spurious {
                kernel.emit(&Fact::Woke { wake });
                kernel.leave_if_over();
                return wake;
            }
            let next = match (kernel.next_time(), until.map(|until| until.0)) {
                (Some(next), Some(until)) => next.min(until),
                (Some(time), None) | (None, Some(time)) => time,
                (None, None) => kernel.end_with(End::Quiet),
            };
            kernel.time = kernel.time.max(next);
            kernel.calls += 1;
        }
    }
}

impl Datagrams for Sim {
    fn datagrams(&mut self) -> Result<Fd> {
        self.kernel.call();
        let open = self.kernel.add_open(Open::new(Object::Socket, None, false, false));
        Ok(Fd(self.kernel.install_lowest(self.kernel.own, Slot { open, cloexec: true })))
    }

    fn send(&mut self, fd: Fd, ip: [u8; 4], port: u16, bytes: &[u8]) -> Result<usize> {
        self.kernel.call();
        let slot = self.kernel.slot(self.kernel.own, fd.0)?;
        if !matches!(self.kernel.opens[slot.open].object, Object::Socket) {
            return Err(Errno(libc::ENOTSOCK));
        }
        if Faults::hit(&mut self.kernel.faults.send) {
            return Err(Errno::PERM);
        }
        self.kernel.emit(&Fact::Sent { ip, port, bytes });
        Ok(bytes.len())
    }
}

impl Watch for Sim {
    fn watch(&mut self, path: &CStr) -> bool {
        self.kernel.call();
        let own = self.kernel.own;
        if let Some(old) = self.watching.take() {
            self.kernel.uninstall(own, old.0);
        }
        if !self.kernel.machine.watches {
            return false;
        }
        let here = self.kernel.procs.get(&own).map_or(ROOT, |process| process.directory);
        let mut watched = Vec::new();
        let found = self.kernel.tree.existing(here, path.to_bytes(), true);
        if let Ok(dir) = found {
            watched.push(Change { dir, name: Vec::new() });
        }
        self.kernel.tree.way(here, path.to_bytes(), 8, &mut watched);
        watched.extend(self.beside.iter().map(|dir| Change { dir: *dir, name: Vec::new() }));
        let told = found.is_ok_and(|dir| self.kernel.tree.names(dir).is_ok());
        let open = self.kernel.add_open(Open::new(Object::Watch(watched), None, true, false));
        let fd = self.kernel.install_lowest(own, Slot { open, cloexec: true });
        self.watching = Some(Fd(fd));
        told
    }

    fn watch_beside(&mut self, path: &CStr) {
        self.kernel.call();
        let own = self.kernel.own;
        let Some(slot) = self.watching.and_then(|fd| self.kernel.slot(own, fd.0).ok()) else { return };
        let here = self.kernel.procs.get(&own).map_or(ROOT, |process| process.directory);
        let Ok(dir) = self.kernel.tree.existing(here, path.to_bytes(), true) else { return };
        let Object::Watch(watched) = &mut self.kernel.opens[slot.open].object else { return };
        let whole = |change: &Change| change.dir == dir && change.name.is_empty();
        if !watched.iter().any(whole) && self.beside.len() < BESIDE {
            self.beside.push(dir);
            watched.push(Change { dir, name: Vec::new() });
        }
    }

    fn watch_fd(&self) -> Option<Fd> {
        self.watching
    }

    fn changed(&mut self) -> bool {
        self.kernel.call();
        self.kernel.tell_watches();
        let Some(fd) = self.watching else { return false };
        let Ok(slot) = self.kernel.slot(self.kernel.own, fd.0) else { return false };
        core::mem::take(&mut self.kernel.opens[slot.open].news).1
    }
}

impl Notice for Sim {
    fn notify(&mut self, dir: Fd) -> bool {
        self.kernel.call();
        let own = self.kernel.own;
        let Ok(slot) = self.kernel.slot(own, dir.0) else { return false };
        let Object::Inode(ino) = self.kernel.opens[slot.open].object else { return false };
        if self.kernel.machine.watches {
            self.kernel.notices.push((slot.open, ino, own));
            self.kernel.caught.add(Signal::Io);
        }
        self.kernel.machine.watches
    }

    fn notice_fd(&self) -> Option<Fd> {
        None
    }

    fn end_notices(&mut self) {}
}

impl Boot for Sim {
    const NATIVE: bool = true;

    fn early(&mut self) {
        self.kernel.call();
        self.console();
    }

    fn boot_already_done(&mut self) -> bool {
        self.kernel.call();
        self.kernel.machine.again
    }

    fn console(&mut self) {
        let Ok(fd) = self.open(c"/dev/console", platform::Open::Write) else { return };
        for to in [Fd::STDIN, Fd::STDOUT, Fd::STDERR] {
            let _ = self.dup2(fd, to);
        }
        if fd.0 > 2 {
            self.close(fd);
        }
    }

    fn requests(&self) -> &'static [(Signal, Request)] {
        self.kernel.machine.requests
    }

    fn arm_ctrl_alt_del(&mut self) {
        self.kernel.call();
        self.kernel.armed = true;
        self.kernel.emit(&Fact::Armed);
    }

    fn enter_multiuser(&mut self) {
        self.kernel.call();
    }

    fn power(&mut self, how: How, sync: bool) -> Result<Option<Pid>> {
        self.kernel.call();
        self.kernel.emit(&Fact::Power { how, sync });
        self.kernel.leave_if_over();
        if self.kernel.machine.power_by_child && !Faults::hit(&mut self.kernel.faults.fork) {
            return Ok(Some(self.kernel.fork(self.kernel.own, None, &[Act::Power(how)])));
        }
        let result = self.kernel.reboot(how);
        self.kernel.leave_if_over();
        result.map(|()| None)
    }
}
