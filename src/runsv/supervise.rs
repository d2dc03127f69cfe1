//! The supervise directory: its FIFOs and lock, and the three files that say how the service is.
use super::Refusal;
use super::extras::Extras;
use super::machine::Facts;
use super::scan::Scan;
use super::service::Who;
use crate::fixed::Text;
use crate::scan_directory::{self, NAME};
use crate::service_directory::{self as names, LOCK, LOG_SUPERVISE, PID, STAT, STATE, STATUS, SUPERVISE};
use crate::state::{LENGTH, Line, State};
use crate::status::{self, Status, Want};
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Errno, Fd, Files, Instant, Kind, Meta, Open, Pid, Platform, Stamp};

/// The link of a supervise directory must be shorter than this.
const LINK: usize = 256;

/// One supervise directory.
// What is small comes first: instructions that reach far into a record are longer.
#[repr(C)]
pub(super) struct Supervise<'a> {
    /// The directory itself: what the supervisor writes goes where its lock is, whatever the names that
    /// led there lead to by now.
    pub(super) place: Fd,
    lock: Fd,
    pub(super) control: Fd,
    /// Its own writer, where that is another descriptor.
    writer: Fd,
    serial: u32,
    /// The directory was made just now.
    pub(super) new: bool,
    /// What the files say, as far as writing them succeeded.
    pid: Option<Option<Pid>>,
    names: &'static names::Supervise,
    /// The path of the directory as messages have it: what stands in front of its name, the name, what stands behind.
    path: [&'a [u8]; 3],
    pub(super) facts: Facts,
    /// What the service's directory says.
    pub(super) extras: Extras,
    stat: Option<Status>,
    record: Option<Status>,
    /// The state that was reported as not written.
    reported: Option<Status>,
    /// What `state` says, if it could be written, and the number of its line.
    line: Option<Line>,
}

impl<'a> Supervise<'a> {
    #[inline(never)]
    pub(super) fn new(who: Who, since: Stamp, moment: Instant) -> Supervise<'a> {
        let names = match who {
            Who::Main => &SUPERVISE,
            Who::Log => &LOG_SUPERVISE,
        };
        Supervise {
            names,
            path: [names.prefix, b"supervise", b""],
            place: Fd(-1),
            lock: Fd(-1),
            control: Fd(-1),
            writer: Fd(-1),
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

    /// Tells what is wrong with it: what stands before its path, and behind.
    #[inline(never)]
    fn refuse<P: Files>(
        &self,
        p: &mut P,
        refusal: Refusal<'_>,
        [before, behind]: [&[u8]; 2],
        why: Option<Errno>,
    ) {
        let [front, name, back] = self.path;
        refusal.tell(p, &[before, front, name, back, behind], why);
    }

    /// Creates the directory, also where a dangling link leads to, and takes the lock. If the service's directory
    /// has none of that name, it is in the scan directory's `.supervise`, if there is one.
    pub(super) fn lock<P: Files>(&mut self, p: &mut P, refusal: Refusal<'_>, scan: Scan<'a>) -> Option<()> {
        let names = self.names;
        let mut link = [0; LINK];
        let (mut from, mut path) = (Fd::CWD, names.directory);
        let beside;
        match p.readlinkat(Fd::CWD, names.directory, &mut link) {
            Ok(LINK..) => {
                self.refuse(p, refusal, [b"unable to readlink ./", b": name too long"], None);
                return None;
            }
            Ok(len) => {
                let target = link.get(..len).unwrap_or_default();
                let place = if target.first() == Some(&b'/') { b"" } else { names.prefix };
                self.new = p.mkdir(Text::<NAME>::of(&[place, target]).as_c(), 0o700).is_ok();
            }
            Err(errno @ (Errno::INVAL | Errno::NOENT)) => {
                if errno == Errno::NOENT && scan.has_place(p, refusal.voice) {
                    let behind =
                        if names.prefix.is_empty() { b"".as_slice() } else { scan_directory::LOG_SUFFIX };
                    self.path = [scan_directory::SUPERVISE_PREFIX, scan.name, behind];
                    beside = Text::<NAME>::of(&self.path);
                    (from, path) = (scan.fd, beside.as_c());
                }
                // Whether it worked shows when the lock is opened.
                self.new = p.mkdirat(from, path, 0o700).is_ok();
            }
            Err(errno) => {
                self.refuse(p, refusal, [b"unable to readlink ./", b""], Some(errno));
                return None;
            }
        }
        let opened = p.openat(from, path, Open::Read).and_then(|place| {
            self.place = place;
            p.openat(place, LOCK, Open::Lock)
        });
        let refused = match opened {
            Ok(lock) => {
                self.lock = lock;
                match p.lock(lock) {
                    Ok(()) => return Some(()),
                    Err(errno) => (b"unable to lock ".as_slice(), errno),
                }
            }
            Err(errno) => (b"unable to open ".as_slice(), errno),
        };
        self.refuse(p, refusal, [refused.0, b"/lock"], Some(refused.1));
        None
    }

    /// Whether it is in the service's directory.
    fn is_inside(&self) -> bool {
        self.path.first() == Some(&self.names.prefix)
    }

    /// The directory that is this supervisor's alone: the service's, unless others may share that.
    pub(super) fn identity<P: Files>(&self, p: &mut P) -> platform::Result<Meta> {
        if self.is_inside() { p.stat(c".") } else { p.fstat(self.place) }
    }

    /// Where one of its FIFOs is found: by the path from the service's directory, if it is in there.
    fn fifo(&self, path: &'static CStr, name: &'static CStr) -> (Fd, &'static CStr) {
        if self.is_inside() { (Fd::CWD, path) } else { (self.place, name) }
    }

    /// Creates and opens the control FIFO, which does not end after every client.
    pub(super) fn open_control<P: Files>(&mut self, p: &mut P, refusal: Refusal<'_>) -> Option<()> {
        let (from, path) = self.fifo(self.names.control, names::CONTROL);
        let _ = p.mkfifoat(from, path, 0o600);
        let (what, why) = match p.fstatat(from, path).map(|found| found.kind) {
            Ok(Kind::Fifo) => match p.open_fifo(from, path) {
                Ok(opened) => {
                    (self.control, self.writer) = opened;
                    return Some(());
                }
                Err(errno) => ([b"unable to open ".as_slice(), b"/control"], Some(errno)),
            },
            Ok(_) => ([b"".as_slice(), b"/control exists but is not a fifo"], None),
            Err(errno) => ([b"unable to stat ".as_slice(), b"/control"], Some(errno)),
        };
        self.refuse(p, refusal, what, why);
        None
    }

    /// Creates and opens the FIFO whose reader tells clients that a supervisor is there.
    pub(super) fn open_ok<P: Files>(&self, p: &mut P, refusal: Refusal<'_>) -> Option<()> {
        let (from, path) = self.fifo(self.names.ok, names::OK);
        let _ = p.mkfifoat(from, path, 0o600);
        let opened = p.openat(from, path, Open::Read);
        opened.map_err(|errno| self.refuse(p, refusal, [b"unable to read ", b"/ok"], Some(errno))).ok()?;
        Some(())
    }

    /// All of that for a log service, of which `status` is said.
    pub(super) fn set_up<P: Platform>(
        &mut self,
        p: &mut P,
        refusal: Refusal<'_>,
        scan: Scan<'a>,
        status: Status,
    ) -> Option<()> {
        self.lock(p, refusal, scan)?;
        self.open_control(p, refusal)?;
        self.announce(p, refusal.voice, status);
        self.open_ok(p, refusal)
    }

    /// Gives up what was opened so far, before `ok` was.
    pub(super) fn close<P: Files>(&mut self, p: &mut P) {
        for fd in [self.control, self.writer, self.lock, self.place] {
            if fd.0 >= 0 {
                p.close(fd);
            }
        }
    }

    /// Brings `state` up to date. What tells of a change to the files that are replaced tells of this one, which is
    /// overwritten, so one of them follows. Where that fails it is taken away, and all else goes on.
    #[inline(never)]
    pub(super) fn save_state<P: Platform>(&mut self, p: &mut P, voice: &Voice<'_>, state: &State) {
        if self.line.as_ref() == Some(&state.line(self.serial)) {
            return;
        }
        self.record = None;
        self.serial = self.serial.wrapping_add(1);
        let line = state.line(self.serial);
        let mut written = false;
        if self.line.is_some() {
            if let Ok(fd) = p.openat(self.place, STATE, Open::Write) {
                written = p.write(fd, &line) == Ok(LENGTH);
                p.close(fd);
            }
        }
        let mut file = File { p, voice, place: self.place, path: self.path, quiet: true };
        self.line = (written || file.replace(STATE, &line)).then_some(line);
        if self.line.is_none() {
            let _ = p.unlinkat(self.place, STATE);
        }
    }

    /// Brings `pid` and `stat` up to date: `pid` first, for which `./run` itself may look; each only if it would change.
    /// `false` if that failed. `state` is saved between this and [`Supervise::save_record`], apart from both so that their
    /// frames are not on the stack together.
    #[inline(never)]
    pub(super) fn save_lines<P: Platform>(&mut self, p: &mut P, voice: &Voice<'_>, status: Status) -> bool {
        // Each is tried only if those before it are right: so C runit does.
        let mut saved = self.pid == Some(status.pid);
        if !saved && self.replace(p, voice, status, PID, status.pid_line().bytes()) {
            self.pid = Some(status.pid);
            saved = true;
        }
        // The line says nothing of date and process, but others take the date of the file for that of the
        // last change of either. The wish is not in it while the service is down.
        let want = if matches!(status.state, status::State::Down) { Want::Down } else { status.want };
        let line = Status { want, ..status };
        if saved && self.stat != Some(line) {
            saved = self.replace(p, voice, status, STAT, status.line().bytes());
            if saved {
                self.stat = Some(line);
            }
        }
        saved
    }

    /// The same for `status`, the last of the files; `saved`: `pid` and `stat` are right. A failure is reported once for
    /// each state.
    pub(super) fn save_record<P: Platform>(
        &mut self,
        p: &mut P,
        voice: &Voice<'_>,
        status: Status,
        mut saved: bool,
    ) -> bool {
        if saved && self.record != Some(status) {
            saved = self.replace(p, voice, status, STATUS, &status.encode());
            if saved {
                self.record = Some(status);
            }
        }
        self.reported = if saved { None } else { Some(status) };
        saved
    }

    /// Says how things stand before anybody can ask: `pid` may be of a life before this one.
    pub(super) fn announce<P: Platform>(&mut self, p: &mut P, voice: &Voice<'_>, status: Status) {
        let saved = self.save_lines(p, voice, status);
        self.save_record(p, voice, status, saved);
    }

    /// [`File::replace`], which says nothing of what was said of this status.
    #[inline(never)]
    fn replace<P: Platform>(
        &self,
        p: &mut P,
        voice: &Voice<'_>,
        status: Status,
        file: &'static CStr,
        bytes: &[u8],
    ) -> bool {
        let quiet = self.reported == Some(status);
        File { p, voice, place: self.place, path: self.path, quiet }.replace(file, bytes)
    }
}

struct File<'a, P> {
    p: &'a mut P,
    voice: &'a Voice<'a>,
    /// The supervise directory, and its path in messages.
    place: Fd,
    path: [&'a [u8]; 3],
    quiet: bool,
}

impl<P: Platform> File<'_, P> {
    /// Writes `NAME.new` and renames it: a reader never sees half a file.
    fn replace(&mut self, file: &'static CStr, bytes: &[u8]) -> bool {
        let new = Text::<16>::of(&[file.to_bytes(), b".new"]);
        let written = self.write(new.as_c(), bytes);
        let is_whole = written.is_ok();
        let done = written.and_then(|()| {
            let renamed = self.p.renameat(self.place, new.as_c(), file);
            renamed.map_err(|errno| (b"unable to rename ".as_slice(), Some(errno)))
        });
        let Err((what, why)) = done else { return true };
        if !self.quiet {
            let [front, dir, back] = self.path;
            let (from, to, name): (&[u8], &[u8], _) =
                if is_whole { (new.bytes(), b" to ", file.to_bytes()) } else { (b"", b"", new.bytes()) };
            let behind: &[u8] = if why.is_none() { b": partial write." } else { b"" };
            self.voice.warn(self.p, &[what, from, to, front, dir, back, b"/", name, behind], why);
        }
        false
    }

    /// The first half; what could not be done, and why if that is not that it was done in part.
    fn write(&mut self, new: &CStr, bytes: &[u8]) -> Result<(), (&'static [u8], Option<Errno>)> {
        let mut opened = self.p.openat(self.place, new, Open::New);
        // What was left there goes, whatever it is and wherever it leads.
        if opened == Err(Errno::EXIST) {
            let removed = self.p.unlinkat(self.place, new);
            opened = removed.and_then(|()| self.p.openat(self.place, new, Open::New));
        }
        let fd = opened.map_err(|errno| (b"unable to open ".as_slice(), Some(errno)))?;
        let written = if bytes.is_empty() { Ok(0) } else { self.p.write(fd, bytes) };
        self.p.close(fd);
        match written {
            Ok(count) if count == bytes.len() => Ok(()),
            other => Err((b"unable to write ", other.err())),
        }
    }
}
