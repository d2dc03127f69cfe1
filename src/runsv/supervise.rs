//! The supervise directory: its FIFOs and lock, and the three files that say how the service is.
use super::Refused;
use super::extras::Extras;
use super::machine::Facts;
use super::service::Who;
use crate::fixed::Text;
use crate::service_directory::{self as names, LOCK, LOG_SUPERVISE, PID, STAT, STATE, STATUS, SUPERVISE};
use crate::state::{LENGTH, Line, State};
use crate::status::{self, Status, Want};
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Errno, Fd, Files, Instant, Kind, Open, Pid, Platform, Stamp};

/// The link of a supervise directory must be shorter than this.
const LINK: usize = 256;

/// One supervise directory.
pub(super) struct Supervise {
    names: &'static names::Supervise,
    /// The directory itself: what the supervisor writes goes where its lock is, whatever the names that
    /// led there lead to by now.
    place: Fd,
    pub(super) control: Fd,
    /// The directory was made just now.
    new: bool,
    /// What the service's directory says.
    pub(super) extras: Extras,
    pub(super) facts: Facts,
    /// What `state` says, if it could be written, and the number of its line.
    line: Option<Line>,
    serial: u32,
    /// What the files say, as far as writing them succeeded.
    pid: Option<Option<Pid>>,
    stat: Option<Status>,
    record: Option<Status>,
    /// The state that was reported as not written.
    reported: Option<Status>,
}

impl Supervise {
    pub(super) fn new(who: Who, since: Stamp, moment: Instant) -> Supervise {
        let names = match who {
            Who::Main => &SUPERVISE,
            Who::Log => &LOG_SUPERVISE,
        };
        Supervise {
            names,
            place: Fd(-1),
            control: Fd(-1),
            new: false,
            extras: Extras::new(who),
            facts: Facts { since, moment, starts: 0, last: None },
            line: None,
            serial: 0,
            pid: None,
            stat: None,
            record: None,
            reported: None,
        }
    }

    /// Creates the directory, also where a dangling link leads to, and takes the lock.
    pub(super) fn lock<P: Files>(&mut self, p: &mut P) -> Result<(), Refused> {
        let names = self.names;
        let mut link = [0; LINK];
        match p.readlinkat(Fd::CWD, names.directory, &mut link) {
            Ok(LINK..) => {
                return Err(Refused(names.say(Say::LinkTooLong), None));
            }
            Ok(len) => {
                let target = link.get(..len).unwrap_or_default();
                let place = if target.first() == Some(&b'/') { b"" } else { names.prefix };
                self.new = p.mkdir(Text::<{ LINK + 8 }>::of(&[place, target]).as_c(), 0o700).is_ok();
            }
            Err(Errno::INVAL | Errno::NOENT) => {
                // Whether it worked shows when the lock is opened.
                self.new = p.mkdir(names.directory, 0o700).is_ok();
            }
            Err(errno) => return Err(Refused(names.say(Say::ReadLink), Some(errno))),
        }
        let opened = p.open(names.directory, Open::Read).and_then(|place| {
            self.place = place;
            p.openat(place, LOCK, Open::Lock)
        });
        let lock = opened.map_err(|errno| Refused(names.say(Say::OpenLock), Some(errno)))?;
        p.lock(lock).map_err(|errno| Refused(names.say(Say::Lock), Some(errno)))
    }

    /// Creates and opens the control FIFO, which does not end after every client.
    pub(super) fn open_control<P: Files>(&mut self, p: &mut P) -> Result<(), Refused> {
        let names = self.names;
        let _ = p.mkfifo(names.control, 0o600);
        let found =
            p.stat(names.control).map_err(|errno| Refused(names.say(Say::StatControl), Some(errno)))?;
        if found.kind != Kind::Fifo {
            return Err(Refused(names.say(Say::NotFifo), None));
        }
        let opened = p.open_fifo(Fd::CWD, names.control);
        (self.control, _) = opened.map_err(|errno| Refused(names.say(Say::OpenControl), Some(errno)))?;
        Ok(())
    }

    /// Creates and opens the FIFO whose reader tells clients that a supervisor is there.
    pub(super) fn open_ok<P: Files>(&self, p: &mut P) -> Result<(), Refused> {
        let names = self.names;
        let _ = p.mkfifo(names.ok, 0o600);
        p.open(names.ok, Open::Read).map_err(|errno| Refused(names.say(Say::ReadOk), Some(errno)))?;
        Ok(())
    }

    /// Says how things stand before anybody can ask. Of a service that is about to be started `status`
    /// alone is written: that is what one reads who finds a supervisor there, and the other two, if
    /// they are not there for the first time, follow at once.
    pub(super) fn announce<P: Platform>(&mut self, p: &mut P, voice: Voice<'_>, status: Status) {
        if self.new || status.want != Want::Up {
            self.save(p, voice, status);
            return;
        }
        let mut file = File { p, voice, place: self.place, prefix: self.names.prefix, quiet: false };
        if file.replace(STATUS, &status.encode()) {
            self.record = Some(status);
        }
    }

    /// Brings `state` up to date, before the files that say less: what tells of a change to those, which are
    /// replaced, tells of this one, which is overwritten. Where that fails it is taken away, and all else goes on.
    #[inline(never)]
    pub(super) fn save_state<P: Platform>(&mut self, p: &mut P, voice: Voice<'_>, state: &State) {
        if self.line.as_ref() == Some(&state.line(self.serial)) {
            return;
        }
        // Nothing else changes when a service becomes ready, but it is to be told.
        if state.ready == Some(true) {
            self.record = None;
        }
        self.serial = self.serial.wrapping_add(1);
        let line = state.line(self.serial);
        let mut written = false;
        if self.line.is_some() {
            if let Ok(fd) = p.openat(self.place, STATE, Open::Write) {
                written = p.write(fd, &line) == Ok(LENGTH);
                p.close(fd);
            }
        }
        let mut file = File { p, voice, place: self.place, prefix: self.names.prefix, quiet: true };
        self.line = (written || file.replace(STATE, &line)).then_some(line);
        if self.line.is_none() {
            let _ = p.unlinkat(self.place, STATE);
        }
    }

    /// Brings the files up to date: `pid` first, then `stat`, then `status`, each only if it would
    /// change. `false` if that failed; a failure is reported once for each state.
    pub(super) fn save<P: Platform>(&mut self, p: &mut P, voice: Voice<'_>, status: Status) -> bool {
        let quiet = self.reported == Some(status);
        let mut file = File { p, voice, place: self.place, prefix: self.names.prefix, quiet };
        // Each is tried only if those before it are right: so C runit does.
        let mut saved = self.pid == Some(status.pid);
        if !saved && file.replace(PID, status.pid_line().bytes()) {
            self.pid = Some(status.pid);
            saved = true;
        }
        // The line says nothing of date and process, but others take the date of the file for that of the
        // last change of either. The wish is not in it while the service is down.
        let want = if matches!(status.state, status::State::Down) { Want::Down } else { status.want };
        let line = Status { want, ..status };
        if saved && self.stat != Some(line) {
            saved = file.replace(STAT, status.line().bytes());
            if saved {
                self.stat = Some(line);
            }
        }
        if saved && self.record != Some(status) {
            saved = file.replace(STATUS, &status.encode());
            if saved {
                self.record = Some(status);
            }
        }
        self.reported = if saved { None } else { Some(status) };
        saved
    }
}

struct File<'a, P> {
    p: &'a mut P,
    voice: Voice<'a>,
    /// The supervise directory, and what stands in front of it in messages.
    place: Fd,
    prefix: &'a [u8],
    quiet: bool,
}

impl<P: Platform> File<'_, P> {
    /// Writes `NAME.new` and renames it: a reader never sees half a file.
    fn replace(&mut self, file: &'static CStr, bytes: &[u8]) -> bool {
        let name = file.to_bytes();
        let path = Text::<32>::of(&[self.prefix, b"supervise/", name]);
        let new = Text::<16>::of(&[name, b".new"]);
        let mut opened = self.p.openat(self.place, new.as_c(), Open::New);
        // What was left there goes, whatever it is and wherever it leads.
        if opened == Err(Errno::EXIST) {
            let removed = self.p.unlinkat(self.place, new.as_c());
            opened = removed.and_then(|()| self.p.openat(self.place, new.as_c(), Open::New));
        }
        let fd = match opened {
            Ok(fd) => fd,
            Err(errno) => return self.warn(&[b"unable to open ", path.bytes(), b".new"], Some(errno)),
        };
        let written = if bytes.is_empty() { Ok(0) } else { self.p.write(fd, bytes) };
        self.p.close(fd);
        match written {
            Ok(count) if count == bytes.len() => {}
            Ok(_) => {
                let text = [b"unable to write ", path.bytes(), b".new: partial write."];
                return self.warn(&text, None);
            }
            Err(errno) => return self.warn(&[b"unable to write ", path.bytes(), b".new"], Some(errno)),
        }
        match self.p.renameat(self.place, new.as_c(), file) {
            Ok(()) => true,
            Err(errno) => self.warn(&[b"unable to rename ", name, b".new to ", path.bytes()], Some(errno)),
        }
    }

    fn warn(&mut self, text: &[&[u8]], why: Option<Errno>) -> bool {
        if !self.quiet {
            self.voice.warn(self.p, text, why);
        }
        false
    }
}

/// What can go wrong with a supervise directory at the start.
enum Say {
    LinkTooLong,
    ReadLink,
    OpenLock,
    Lock,
    StatControl,
    NotFifo,
    OpenControl,
    ReadOk,
}

impl names::Supervise {
    fn say(&self, what: Say) -> &'static [&'static [u8]] {
        let log = !self.prefix.is_empty();
        match (what, log) {
            (Say::LinkTooLong, false) => &[b"unable to readlink ./supervise: name too long"],
            (Say::LinkTooLong, true) => &[b"unable to readlink ./log/supervise: name too long"],
            (Say::ReadLink, false) => &[b"unable to readlink ./supervise"],
            (Say::ReadLink, true) => &[b"unable to readlink ./log/supervise"],
            (Say::OpenLock, false) => &[b"unable to open supervise/lock"],
            (Say::OpenLock, true) => &[b"unable to open log/supervise/lock"],
            (Say::Lock, false) => &[b"unable to lock supervise/lock"],
            (Say::Lock, true) => &[b"unable to lock log/supervise/lock"],
            (Say::StatControl, false) => &[b"unable to stat supervise/control"],
            (Say::StatControl, true) => &[b"unable to stat log/supervise/control"],
            (Say::NotFifo, false) => &[b"supervise/control exists but is not a fifo"],
            (Say::NotFifo, true) => &[b"log/supervise/control exists but is not a fifo"],
            (Say::OpenControl, false) => &[b"unable to open supervise/control"],
            (Say::OpenControl, true) => &[b"unable to open log/supervise/control"],
            (Say::ReadOk, false) => &[b"unable to read supervise/ok"],
            (Say::ReadOk, true) => &[b"unable to read log/supervise/ok"],
        }
    }
}
