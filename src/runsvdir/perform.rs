//! Does what the machine wants.
use super::area::Area;
use super::machine::Machine;
use super::main_service::MainService;
use super::words::{Action, Actions, Answer, Contents, Event, Look};
use crate::fixed::Text;
use crate::msg::ROOM;
use crate::scan_directory::instance_at;
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Child, Errno, Fd, FileId, Kind, Open, Pid, Platform, Signal, Stamp, Step, Target, hash};

/// How far another clock may be ahead, in seconds.
const AHEAD: u64 = 60;

pub(super) struct Runsvdir<'a, D> {
    pub(super) dir: &'a CStr,
    pub(super) voice: Voice<'a>,
    /// Whether each runsv leads a session of its own.
    pub(super) session: bool,
    pub(super) area: Option<Area>,
    /// The scan directory, open while it is scanned: what is looked at and started is in it, whatever its path
    /// leads to by then.
    pub(super) place: Fd,
    /// The directory being read, and the last name read: at most 255 bytes and a NUL.
    pub(super) reading: Option<D>,
    pub(super) name: Text<256>,
    /// An entry of it leads nowhere.
    pub(super) dangling: bool,
    /// In a container, the service whose end ends it.
    pub(super) main: Option<MainService<'a>>,
}

impl<D> Runsvdir<'_, D> {
    /// Hands in an event and does what follows from it. The result is the exit code, once there is one.
    pub(super) fn step<P: Platform<Dir = D>>(
        &mut self,
        p: &mut P,
        machine: &mut Machine,
        event: Event,
    ) -> Option<u8> {
        let mut actions = Actions::new();
        machine.step(event, p.now(), &mut actions);
        while let Some(action) = actions.take() {
            if let Action::Exit(code) = action {
                return Some(code);
            }
            let answer = if let Action::Mark | Action::Kill = action {
                self.visit(p, &mut machine.services, action == Action::Kill);
                Some(Answer::Marked)
            } else {
                self.perform(p, action)
            };
            if let Some(answer) = answer {
                if let Answer::Name(_) = answer {
                    machine.services.make_room(p);
                }
                machine.answer(answer, p.now(), &mut actions);
            }
        }
        None
    }

    fn perform<P: Platform<Dir = D>>(&mut self, p: &mut P, action: Action) -> Option<Answer> {
        match action {
            Action::Look => return Some(Answer::Seen(self.look(p))),
            Action::Open => return Some(Answer::Opened(self.open(p))),
            Action::Next { repeats } => return Some(self.next(p, repeats)),
            Action::Examine => return Some(Answer::Examined(self.examine(p))),
            Action::Start => return Some(Answer::Started(self.start(p))),
            Action::Terminate(pid) => {
                let _ = p.kill(Target::One(pid), Signal::Terminate);
                return Some(Answer::Sent);
            }
            Action::KillGroup(pid) => {
                let _ = p.kill(Target::Group(pid), Signal::Kill);
                return Some(Answer::Sent);
            }
            Action::NoRun => {
                let text = [b"unable to stat ".as_slice(), self.name.bytes(), RUN];
                self.voice.warn(p, &text, Some(Errno::NOENT));
            }
            Action::NoMemory => {
                let text = [b"unable to start runsv ".as_slice(), self.name.bytes()];
                self.voice.warn(p, &text, Some(Errno::NOMEM));
            }
            Action::Close => {
                if let Some(reading) = self.reading.take() {
                    p.close_dir(reading);
                }
                p.close(self.place);
            }
            // Done above, and ends the loop.
            Action::Mark | Action::Kill | Action::Exit(_) => {}
        }
        None
    }

    fn look<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Option<(Look, bool)> {
        match p.stat(self.dir) {
            Ok(found) => {
                // A server's clock may be ahead. Of a date that is far ahead the clock was set back,
                // and the next change has another date.
                let fresh = found.changed.secs.wrapping_sub(p.wall().secs) < AHEAD;
                Some((Look { id: found.id(), changed: found.changed }, fresh))
            }
            Err(errno) => {
                self.voice.warn(p, &[b"unable to stat ", self.dir.to_bytes()], Some(errno));
                None
            }
        }
    }

    fn open<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Option<bool> {
        // Watched before it is read: a change in between shows as one event too many.
        let told = p.watch(self.dir);
        let mut what: &[u8] = b"unable to open directory ";
        let errno = match p.open(self.dir, Open::Read) {
            Ok(place) => match p.open_dir(place, c".") {
                Ok(reading) => {
                    self.place = place;
                    self.reading = Some(reading);
                    self.dangling = false;
                    return Some(told);
                }
                Err(errno) => {
                    // What nobody could go to has this text, as ever.
                    if matches!(errno, Errno::NOTDIR | Errno::ACCES) {
                        what = b"unable to change directory to ";
                    }
                    p.close(place);
                    errno
                }
            },
            Err(errno) => errno,
        };
        self.voice.warn(p, &[what, self.dir.to_bytes()], Some(errno));
        None
    }

    /// Reads up to the next name that leads to a directory.
    fn next<P: Platform<Dir = D>>(&mut self, p: &mut P, repeats: bool) -> Answer {
        let Some(reading) = &mut self.reading else {
            return Answer::End { complete: false, dangling: false };
        };
        loop {
            let name = match p.next_name(reading) {
                Ok(Some(name)) if name.to_bytes().starts_with(b".") => continue,
                Ok(Some(name)) => name,
                Ok(None) => return Answer::End { complete: true, dangling: self.dangling },
                Err(errno) => {
                    let text = [b"unable to read directory ".as_slice(), self.dir.to_bytes()];
                    self.voice.warn(p, &text, Some(errno));
                    return Answer::End { complete: false, dangling: false };
                }
            };
            match p.fstatat(self.place, name) {
                Ok(found) if found.kind == Kind::Directory => {
                    self.name = Text::of(&[name.to_bytes()]);
                    return Answer::Name(identity(p, self.place, self.name.bytes(), found.id()));
                }
                Ok(_) => {}
                Err(errno) => {
                    self.dangling = true;
                    if !repeats {
                        let text = [b"unable to stat ".as_slice(), name.to_bytes()];
                        self.voice.warn(p, &text, Some(errno));
                    }
                }
            }
        }
    }

    /// How far the directory that the name just read leads to has come. People make `run` and `log` in
    /// any order, and perhaps the link to them before; copies may have old dates, but not old
    /// inodes. The directory's own inode is younger if it was moved here, so of it the contents count.
    #[inline(never)]
    fn examine<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Contents {
        let now = p.wall();
        let mut quiet = p.fstatat(self.place, self.name.as_c()).map_or(0, |found| quiet(found.changed, now));
        for part in [RUN, b"/down", b"/finish", b"/check", b"/log", b"/log/run", b"/log/down"] {
            let path = Text::<ROOM>::of(&[self.name.bytes(), part]);
            match p.fstatat(self.place, path.as_c()) {
                Ok(found) => quiet = quiet.min(self::quiet(found.altered, now)),
                Err(_) if part == RUN => return Contents::NoRun,
                Err(_) => {}
            }
        }
        Contents::Quiet(quiet)
    }

    fn start<P: Platform<Dir = D>>(&mut self, p: &mut P) -> Option<Pid> {
        let name = self.name.as_c();
        // Of a service that lies elsewhere nothing changes here when it is replaced.
        let parent = Text::<ROOM>::of(&[self.dir.to_bytes(), b"/", self.name.bytes(), b"/.."]);
        p.watch_beside(parent.as_c());
        let why: &[&[u8]] = &[b"unable to change directory to ", self.dir.to_bytes()];
        let steps = [Step::Directory { dir: self.place, path: c".", why }, Step::Session];
        let [without_session @ .., _] = &steps;
        let spawned = p.spawn(&Child {
            prefix: &[b"runsvdir ", self.dir.to_bytes(), b": fatal: "],
            steps: if self.session { &steps } else { without_session },
            path: c"runsv",
            argv: &[c"runsv", name],
            variable: b"",
            console: None,
            search: true,
            why: &[b"unable to start runsv ", name.to_bytes()],
            exit: 100,
        });
        match spawned {
            Ok(pid) => Some(pid),
            Err(errno) => {
                self.voice.warn(p, &[b"unable to fork for ", name.to_bytes()], Some(errno));
                None
            }
        }
    }
}

/// Without it there is nothing to supervise.
const RUN: &[u8] = b"/run";

/// How many milliseconds ago a file changed; 0 for a time to come. A date without a part of a second may
/// be of a file system that keeps whole seconds, so it is that of the second's end.
fn quiet(changed: Stamp, now: Stamp) -> u64 {
    let ms =
        |stamp: Stamp| stamp.secs.saturating_mul(1000).saturating_add(u64::from(stamp.nanos / 1_000_000));
    let late = if changed.nanos == 0 { 999 } else { 0 };
    ms(now).saturating_sub(ms(changed).saturating_add(late))
}

/// Which service a name is: the directory that it leads to. The instances of a template are as many services as they
/// have names, though they lead to one directory; of those the name is part of the identity, as a number that is mixed
/// into the inode's. That two of them, or one and a directory, get the same that way is as likely as for two random
/// numbers of 64 bits.
#[inline(never)]
pub(super) fn identity<P: Platform>(p: &mut P, place: Fd, name: &[u8], id: FileId) -> FileId {
    let mixed = instance_at(p, place, name).map_or(0, |_| hash(name));
    FileId { device: id.device, inode: id.inode.wrapping_add(mixed) }
}
