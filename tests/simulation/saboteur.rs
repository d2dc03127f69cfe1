//! A platform that lies. Under it the engine is no better than one with a fault of its own, so
//! the rules must notice: a rule that never fails proves nothing.
//!
//! One idea: all calls of a platform, each of which is passed on, or not.
use platform::{
    Boot, Child, Clock, Contain, Datagrams, Ended, Errno, Events, Fd, FileId, Files, How, Instant, Memory,
    Meta, Notice, Open, Pages, Pid, Platform, Procs, Request, Result, Signal, SignalSet, Stamp, Sweep,
    Target, Wake, Watch, Way,
};
use std::collections::HashMap;
use std::ffi::{CStr, CString};

/// What it lies about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lie {
    /// Nothing.
    None,
    /// Swallows TERM to the program.
    LosesTerm,
    /// Sends no TERM to children.
    SwallowsKill,
    /// Reaps a child and says nothing.
    LosesReap,
    /// Starts everything twice.
    StartsTwice,
    /// Does not close the pipe's ends.
    KeepsPipe,
    /// Says that the status was renamed and does not do it.
    LosesStatus,
    /// Drops what was read from FIFOs.
    LosesCommands,
    /// Waits without the deadline.
    LosesDeadline,
    /// Wakes up at once, always.
    NeverSleeps,
    /// Closes no file.
    LeaksFiles,
    /// Drops all signals but TERM and INT: CONT among them.
    LosesRequests,
    /// Kills everything when asked to send TERM to a child.
    KillsAll,
    /// Says that every file is executable by its owner.
    SeesReboot,
    /// Nothing is ever told of directories, though it says so.
    WatchesNothing,
    /// The first name of a directory is left out.
    SkipsNames,
    /// `kill` reaches another process.
    KillsStranger,
    /// Of a long write to a file the last byte is not written, and nothing is said.
    DropsBytes,
    /// A short write to a file is done twice.
    DoublesBytes,
    /// Looks for what is in an open directory by the path that this was opened by.
    FollowsPaths,
    /// Does not come back before there is nothing more to read, nobody more to reap, no more change.
    TakesAll,
    /// There is no memory, ever.
    HasNoMemory,
    /// To sv, the supervisor seems to have read the command as soon as it was written.
    HearsAtOnce,
    /// The clock of sv is seconds ahead.
    Hurries,
    /// sv wakes up a second late.
    Oversleeps,
    /// For a while it does not tell that the third descriptor is ready, and sends no KILL; nothing else takes long.
    Dawdles,
    /// There is a newline in every pipe that is read.
    HearsNewlines,
    /// The third of the descriptors that are waited for is never ready.
    HearsNothing,
    /// What is written to `state` is not written, though it says so.
    KeepsState,
    /// `state` is not removed, though it says so.
    LeavesState,
    /// What ends has always ended with 0.
    EndsWell,
    /// A signal is TERM, whichever was asked for.
    SendsTerm,
    /// What a directory may say is never there.
    MissesFiles,
    /// A directory never seems to change.
    SeesNoChange,
    /// Nothing seems to be left of a contained service.
    SeesNobody,
    /// It is not told of changes where services wait, though it says so.
    TellsNothing,
    /// sv does not know what was there before the command, and thinks that all is newer.
    ForgetsBefore,
}

/// The platform below, and the lie.
pub(crate) struct Saboteur<'p, P> {
    pub(crate) p: &'p mut P,
    pub(crate) lie: Lie,
    pub(crate) pipes: Vec<Fd>,
    dead: Vec<(Pid, Ended)>,
    opened: HashMap<i32, CString>,
    now: Instant,
    /// A KILL that was not sent yet, and how often it was put off, as what is ready was.
    later: Option<(Target, u32)>,
    hidden: u32,
}

/// How often.
const LATER: u32 = 4;

/// The clock of the kernel in memory begins here.
const BEGINNING: u64 = 5_000_000_000;

impl<'p, P: Platform> Saboteur<'p, P> {
    pub(crate) fn new(p: &'p mut P, lie: Lie) -> Self {
        Saboteur {
            p,
            lie,
            pipes: Vec::new(),
            dead: Vec::new(),
            opened: HashMap::new(),
            now: Instant(BEGINNING),
            later: None,
            hidden: 0,
        }
    }
    fn lies(&self, lie: Lie) -> bool {
        self.lie == lie
    }
    /// Puts off what is to be put off, so that no turn is long.
    fn dawdle(&mut self, wake: &mut Wake) {
        let hides = wake.is_ready(2) && self.hidden < LATER;
        self.hidden = if hides { self.hidden + 1 } else { 0 };
        if hides {
            wake.ready &= !4;
        }
        if hides || self.later.is_some() {
            let end = self.p.now().plus_ms(45);
            while self.p.now() < end {}
        }
        match self.later.take() {
            Some((whom, LATER)) => drop(self.p.kill(whom, Signal::Kill)),
            later => self.later = later.map(|(whom, times)| (whom, times + 1)),
        }
    }
    /// Where a path is looked for.
    fn place(&self, dir: Fd, path: &CStr) -> (Fd, CString) {
        match self.opened.get(&dir.0) {
            Some(parent) if self.lies(Lie::FollowsPaths) && !path.to_bytes().starts_with(b"/") => {
                let whole = [parent.to_bytes(), b"/", path.to_bytes()].concat();
                (Fd::CWD, CString::new(whole).expect("a path"))
            }
            _ => (dir, path.into()),
        }
    }
}

impl<P: Platform> Clock for Saboteur<'_, P> {
    fn now(&mut self) -> Instant {
        let now = self.p.now();
        self.now = now;
        match self.lie {
            Lie::Hurries => Instant(BEGINNING + (now.0 - BEGINNING) * 3 / 2),
            _ => now,
        }
    }
    fn wall(&mut self) -> Stamp {
        self.p.wall()
    }
}

impl<P: Platform> Files for Saboteur<'_, P> {
    type Dir = P::Dir;
    fn chdir(&mut self, path: &CStr) -> Result<()> {
        self.p.chdir(path)
    }
    fn openat(&mut self, dir: Fd, path: &CStr, how: Open) -> Result<Fd> {
        let (dir, path) = self.place(dir, path);
        let says = || runit::service_directory::EXTRAS.iter().any(|extra| path.as_c_str() == extra.1);
        if self.lies(Lie::MissesFiles) && says() {
            return Err(Errno::NOENT);
        }
        let fd = self.p.openat(dir, &path, how)?;
        self.opened.insert(fd.0, path);
        Ok(fd)
    }
    fn open_fifo(&mut self, dir: Fd, path: &CStr) -> Result<(Fd, Fd)> {
        self.p.open_fifo(dir, path)
    }
    fn close(&mut self, fd: Fd) {
        let keeps = self.lies(Lie::KeepsPipe) && self.pipes.contains(&fd);
        if !keeps && !self.lies(Lie::LeaksFiles) {
            self.p.close(fd);
        }
    }
    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize> {
        let got = self.p.read(fd, into)?;
        let hears = self.lies(Lie::HearsNewlines) && self.pipes.contains(&fd);
        if self.lies(Lie::LosesCommands) || hears {
            into.fill(b'\n');
        }
        Ok(got)
    }
    fn read_shared(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize> {
        self.p.read_shared(fd, into)
    }
    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize> {
        if self.lies(Lie::DropsBytes) && fd.0 > 2 && bytes.len() > 500 {
            let (short, _) = bytes.split_at(bytes.len() - 1);
            return self.p.write(fd, short).map(|count| count + 1);
        }
        let state = |path: &CString| path.as_bytes() == b"state";
        if self.lies(Lie::KeepsState) && self.opened.get(&fd.0).is_some_and(state) {
            return Ok(bytes.len());
        }
        if self.lies(Lie::DoublesBytes) && fd.0 > 2 && bytes.len() < 20 {
            self.p.write(fd, bytes)?;
        }
        self.p.write(fd, bytes)
    }
    fn mkdirat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()> {
        self.p.mkdirat(dir, path, mode)
    }
    fn mkfifoat(&mut self, dir: Fd, path: &CStr, mode: u32) -> Result<()> {
        self.p.mkfifoat(dir, path, mode)
    }
    fn fstatat(&mut self, dir: Fd, path: &CStr) -> Result<Meta> {
        let (dir, path) = self.place(dir, path);
        let mut found = self.p.fstatat(dir, &path)?;
        if self.lies(Lie::SeesReboot) {
            found.mode |= 0o100;
        }
        if self.lies(Lie::SeesNoChange) {
            found.changed = Stamp::default();
        }
        Ok(found)
    }
    fn readlinkat(&mut self, dir: Fd, path: &CStr, into: &mut [u8]) -> Result<usize> {
        self.p.readlinkat(dir, path, into)
    }
    fn renameat(&mut self, dir: Fd, from: &CStr, to: &CStr) -> Result<()> {
        if self.lies(Lie::LosesStatus) && to.to_bytes().ends_with(b"status") {
            return Ok(());
        }
        let ((dir, from), (_, to)) = (self.place(dir, from), self.place(dir, to));
        self.p.renameat(dir, &from, &to)
    }
    fn chmod(&mut self, path: &CStr, mode: u32) -> Result<()> {
        self.p.chmod(path, mode)
    }
    fn fstat(&mut self, fd: Fd) -> Result<Meta> {
        self.p.fstat(fd)
    }
    fn fchmod(&mut self, fd: Fd, mode: u32) -> Result<()> {
        self.p.fchmod(fd, mode)
    }
    fn pread(&mut self, fd: Fd, offset: u64, into: &mut [u8]) -> Result<usize> {
        self.p.pread(fd, offset, into)
    }
    fn ftruncate(&mut self, fd: Fd, size: u64) -> Result<()> {
        self.p.ftruncate(fd, size)
    }
    fn unlinkat(&mut self, dir: Fd, path: &CStr) -> Result<()> {
        let (dir, path) = self.place(dir, path);
        if self.lies(Lie::LeavesState) && path.as_bytes() == b"state" {
            return Ok(());
        }
        self.p.unlinkat(dir, &path)
    }
    fn fsync(&mut self, fd: Fd) -> Result<()> {
        self.p.fsync(fd)
    }
    fn pipe(&mut self) -> Result<(Fd, Fd)> {
        let ends = self.p.pipe()?;
        self.pipes.extend([ends.0, ends.1]);
        Ok(ends)
    }
    fn unread(&mut self, fd: Fd) -> Result<usize> {
        self.p.unread(fd)
    }
    fn dup2(&mut self, from: Fd, to: Fd) -> Result<()> {
        self.p.dup2(from, to)
    }
    fn set_nonblocking(&mut self, fd: Fd) -> Result<()> {
        self.p.set_nonblocking(fd)
    }
    fn lock(&mut self, fd: Fd) -> Result<()> {
        self.p.lock(fd)
    }
    fn open_dir(&mut self, dir: Fd, path: &CStr) -> Result<Self::Dir> {
        let (dir, path) = self.place(dir, path);
        let mut dir = self.p.open_dir(dir, &path)?;
        if self.lies(Lie::SkipsNames) {
            for _ in 0..3 {
                let _ = self.p.next_name(&mut dir)?;
            }
        }
        Ok(dir)
    }
    fn next_name<'d>(&mut self, dir: &'d mut Self::Dir) -> Result<Option<&'d CStr>> {
        self.p.next_name(dir)
    }
    fn close_dir(&mut self, dir: Self::Dir) {
        self.p.close_dir(dir);
    }
    fn tell(&mut self, text: &[u8]) {
        self.p.tell(text);
    }
}

impl<P: Platform> Contain for Saboteur<'_, P> {
    fn spawn_contained(&mut self, child: &Child<'_>, place: FileId, record: Fd) -> Result<(Pid, Way)> {
        if self.lies(Lie::StartsTwice) {
            self.p.spawn_contained(child, place, record)?;
        }
        self.p.spawn_contained(child, place, record)
    }
    fn sweep(&mut self, how: Sweep, spare: &[Option<Pid>]) -> bool {
        let how = if self.lies(Lie::SwallowsKill) { Sweep::Look } else { how };
        self.p.sweep(how, spare) && !self.lies(Lie::SeesNobody)
    }
    fn adopt(&mut self, place: FileId, record: &[u8]) -> bool {
        self.p.adopt(place, record)
    }
}

impl<P: Platform> Procs for Saboteur<'_, P> {
    type Forked = P::Forked;
    fn own_pid(&mut self) -> Pid {
        self.p.own_pid()
    }
    fn spawn(&mut self, child: &Child<'_>) -> Result<Pid> {
        if self.lies(Lie::StartsTwice) {
            self.p.spawn(child)?;
        }
        self.p.spawn(child)
    }
    fn fork(&mut self, child: impl FnOnce(&mut P::Forked)) -> Result<Pid> {
        self.p.fork(child)
    }
    fn getenv(&mut self, name: &CStr) -> Option<&'static [u8]> {
        self.p.getenv(name)
    }
    fn exec(&mut self, path: &CStr, argv: &[&CStr]) -> Errno {
        self.p.exec(path, argv)
    }
    fn reap(&mut self) -> Option<(Pid, Ended)> {
        while self.lies(Lie::TakesAll) {
            let Some(dead) = self.p.reap() else { return self.dead.pop() };
            self.dead.push(dead);
        }
        let (pid, ended) = self.p.reap()?;
        match self.lie {
            Lie::LosesReap => None,
            Lie::EndsWell => Some((pid, Ended::Exit(0))),
            _ => Some((pid, ended)),
        }
    }
    fn kill(&mut self, whom: Target, signal: Signal) -> Result<()> {
        match (self.lie, whom, signal) {
            (Lie::SwallowsKill, _, Signal::Terminate) => Ok(()),
            (Lie::Dawdles, _, Signal::Kill) => {
                self.later = Some((whom, 0));
                Ok(())
            }
            (Lie::SendsTerm, _, _) => self.p.kill(whom, Signal::Terminate),
            (Lie::KillsAll, _, Signal::Terminate) => self.p.kill(Target::All, Signal::Kill),
            (Lie::KillsStranger, Target::One(pid), _) => self.p.kill(Target::One(Pid(pid.0 - 1)), signal),
            _ => self.p.kill(whom, signal),
        }
    }
    fn signal_number(signal: Signal) -> u8 {
        P::signal_number(signal)
    }
    fn kill_number(&mut self, pid: Pid, number: u8) -> Result<()> {
        if self.lies(Lie::SendsTerm) {
            return self.p.kill(Target::One(pid), Signal::Terminate);
        }
        self.p.kill_number(pid, number)
    }
    fn setproctitle(&mut self, text: &[u8]) {
        self.p.setproctitle(text);
    }
}

impl<P: Platform> Memory for Saboteur<'_, P> {
    fn mmap(&mut self, bytes: usize) -> Result<Pages> {
        if self.lies(Lie::HasNoMemory) { Err(Errno::NOMEM) } else { self.p.mmap(bytes) }
    }
    fn munmap(&mut self, pages: Pages) {
        self.p.munmap(pages);
    }
}

impl<P: Platform> Events for Saboteur<'_, P> {
    fn catch(&mut self, signals: &[Signal]) -> Result<()> {
        self.p.catch(signals)
    }
    fn wait(&mut self, fds: &[Fd], until: Option<Instant>) -> Wake {
        let until = match self.lie {
            Lie::LosesDeadline => None,
            Lie::NeverSleeps => Some(Instant(0)),
            Lie::Hurries => until.map(|until| Instant(BEGINNING + (until.0 - BEGINNING) * 2 / 3)),
            Lie::HearsNothing => return self.p.wait(&fds[..2], until),
            Lie::Dawdles if self.later.is_some() => Some(self.now),
            _ => until,
        };
        let mut wake = self.p.wait(fds, until);
        if self.lies(Lie::TakesAll) {
            let ready = wake.ready;
            for (bit, fd) in (0..).zip(fds).filter(|(bit, _)| ready & 1 << bit != 0) {
                // A pipe is not read when it is empty: that may wait.
                while self.p.read(*fd, &mut [0; 64]).is_ok_and(|count| count > 0) {
                    let more = self.p.wait(&[*fd], Some(Instant(0)));
                    wake.signals.0 |= more.signals.0;
                    if !more.is_ready(0) {
                        wake.ready &= !(1 << bit);
                        break;
                    }
                }
            }
        }
        let mut keep = SignalSet(u32::MAX);
        match self.lie {
            Lie::LosesTerm => keep = SignalSet(!(1 << Signal::Terminate as u8)),
            Lie::LosesRequests => keep = SignalSet(1 << Signal::Child as u8),
            Lie::WatchesNothing => wake.ready &= !1,
            Lie::Dawdles => self.dawdle(&mut wake),
            _ => {}
        }
        wake.signals = SignalSet(wake.signals.0 & keep.0);
        wake
    }
}

impl<P: Platform> Notice for Saboteur<'_, P> {
    fn notify(&mut self, dir: Fd) -> bool {
        self.lies(Lie::TellsNothing) || self.p.notify(dir)
    }
    fn notice_fd(&self) -> Option<Fd> {
        self.p.notice_fd()
    }
    fn end_notices(&mut self) {
        self.p.end_notices();
    }
}

impl<P: Platform> Datagrams for Saboteur<'_, P> {
    fn datagrams(&mut self) -> Result<Fd> {
        self.p.datagrams()
    }
    fn send(&mut self, fd: Fd, ip: [u8; 4], port: u16, bytes: &[u8]) -> Result<usize> {
        self.p.send(fd, ip, port, bytes)
    }
}

impl<P: Platform> Watch for Saboteur<'_, P> {
    fn watch(&mut self, path: &CStr) -> bool {
        if self.lies(Lie::WatchesNothing) {
            return true;
        }
        self.p.watch(path)
    }
    fn watch_beside(&mut self, path: &CStr) {
        self.p.watch_beside(path);
    }
    fn watch_fd(&self) -> Option<Fd> {
        self.p.watch_fd()
    }
    fn changed(&mut self) -> bool {
        while self.lies(Lie::TakesAll) && self.p.changed() {}
        self.p.changed()
    }
}

impl<P: Platform> Boot for Saboteur<'_, P> {
    const NATIVE: bool = P::NATIVE;

    fn early(&mut self) {
        self.p.early();
    }
    fn boot_already_done(&mut self) -> bool {
        self.p.boot_already_done()
    }
    fn console(&mut self) {
        self.p.console();
    }
    fn requests(&self) -> &'static [(Signal, Request)] {
        self.p.requests()
    }
    fn arm_ctrl_alt_del(&mut self) {
        self.p.arm_ctrl_alt_del();
    }
    fn enter_multiuser(&mut self) {
        self.p.enter_multiuser();
    }
    fn power(&mut self, how: How, sync: bool) -> Result<Option<Pid>> {
        self.p.power(how, sync)
    }
}
