//! `needs/`: an entry for each service that has to be up before `./run` is started. It is a link to a service
//! directory, or else the name of a service in the scan directory.
mod circle;
mod sight;

use super::words::Needed;
use crate::fixed::Text;
use crate::need::{Lack, Need};
use crate::protocol::Letter;
use crate::scan_directory::SUPERVISE_PREFIX;
use crate::service_directory::NEEDS;
use crate::supervised;
use crate::voice::Voice;
use circle::Asker;
use platform::{Errno, Fd, Open, Platform, Stamp, hash};
use sight::{Sight, look_at};

/// So many entries are looked at.
const ENTRIES: u32 = 1024;
/// So many needs are known to have been told to come up; further ones are told at each look.
const TOLD: usize = 32;
/// So many circles are opened for one start.
const IGNORED: usize = 8;
/// After this many milliseconds it is looked whether one that waits itself waits for this one.
const SUSPECT: u32 = 1000;
/// A name, a NUL, and what stands before and behind it.
const PATH: usize = 288;

/// What a service waits for before it is started.
pub(super) struct Needs {
    /// The directory that the names are in; no descriptor if it could not be opened.
    scan: Fd,
    /// The first of those that are not up, as it is told.
    pub(super) waits_for: Option<Need>,
    /// The supervise directory of that one: changes there are told.
    place: Fd,
    /// Those that were told to come up for this start, by the sums of their names.
    told: [u64; TOLD],
    count: usize,
    /// Those that are done without, since they wait for this one: the sums of their names.
    ignored: [u64; IGNORED],
    circles: usize,
    /// One that waits itself was seen.
    suspects: bool,
}

impl Needs {
    pub(super) const fn new(scan: Fd) -> Needs {
        Needs {
            scan,
            waits_for: None,
            place: Fd(-1),
            told: [0; TOLD],
            count: 0,
            ignored: [0; IGNORED],
            circles: 0,
            suspects: false,
        }
    }

    /// Looks at all of them, tells those that are down to come up, and has changes of the first told that is not up.
    /// `asks`: its own supervise directory and, if it waits already, since when.
    #[inline(never)]
    pub(super) fn look<P: Platform>(&mut self, p: &mut P, voice: &Voice<'_>, asks: (Fd, Stamp)) -> Needed {
        let wall = p.wall();
        self.close(p);
        if self.scan.0 < 0 {
            // The argument was no name of a service, but `.`, say: then it is where the file system has it.
            self.scan = p.open(c"..", Open::Read).unwrap_or(Fd(-1));
        }
        let name = match self.first(p, wall) {
            Ok(Some(name)) => name,
            Ok(None) => {
                self.end(p);
                return Needed::Met;
            }
            // It cannot be read just now.
            Err(_) => {
                self.waits_for.get_or_insert(Need::new(b"?", Lack::NotReady));
                return Needed::Untold;
            }
        };
        let (mut sight, mut told) = (Sight::Alone, false);
        if let Ok(place) = self.open(p, name.bytes()) {
            // First watched, then looked at: nothing is missed in between.
            told = p.notify(place);
            self.place = place;
            sight = look_at(p, place, wall);
        }
        let lack = match sight {
            Sight::Up | Sight::Settles(_) | Sight::Down | Sight::NotReady | Sight::Waits => Lack::NotReady,
            Sight::Failed => Lack::Failed,
            Sight::Alone => Lack::Alone,
        };
        self.waits_for = Some(Need::new(name.bytes(), lack));
        match sight {
            // Just now.
            Sight::Up => Needed::Settles(1),
            Sight::Settles(ms) => Needed::Settles(ms),
            // That a supervisor comes is no rename.
            Sight::Alone => Needed::Untold,
            Sight::Waits if !core::mem::replace(&mut self.suspects, true) => Needed::Settles(SUSPECT),
            Sight::Waits if self.opens(p, voice, name.bytes(), asks) => Needed::Settles(1),
            Sight::Down | Sight::NotReady | Sight::Waits | Sight::Failed if told => Needed::Told,
            Sight::Down | Sight::NotReady | Sight::Waits | Sight::Failed => Needed::Untold,
        }
    }

    /// Nothing is waited for any more.
    pub(super) fn end<P: Platform>(&mut self, p: &mut P) {
        self.close(p);
        p.end_notices();
        (self.waits_for, self.suspects) = (None, false);
    }

    /// It was started, or will not be: what was done without counts again, and what is down is told again. Not
    /// before: between the look that found all of them up and the start, one may have been told to go down.
    pub(super) const fn forget(&mut self) {
        (self.circles, self.count) = (0, 0);
    }

    /// Does without a need that waits for this service itself.
    fn opens<P: Platform>(&mut self, p: &mut P, voice: &Voice<'_>, name: &[u8], asks: (Fd, Stamp)) -> bool {
        let (place, since) = asks;
        let Ok(own) = p.fstat(place).map(|found| found.id()) else { return false };
        let mut names = Text::new();
        let asker = Asker { scan: self.scan, own, since };
        let (true, Some(free)) = (asker.closes(p, name, &mut names), self.ignored.get_mut(self.circles))
        else {
            return false;
        };
        *free = hash(name);
        self.circles = self.circles.saturating_add(1);
        voice.warn(p, &[b"needs/", name, b" ignored: circle:", names.bytes()], None);
        true
    }

    fn close<P: Platform>(&mut self, p: &mut P) {
        if self.place.0 >= 0 {
            p.close(self.place);
            self.place = Fd(-1);
        }
    }

    /// The first by name of those that are not up. Those that are down are told.
    #[inline(never)]
    fn first<P: Platform>(&mut self, p: &mut P, wall: Stamp) -> platform::Result<Option<Text<PATH>>> {
        let mut entries = match p.open_dir(Fd::CWD, NEEDS) {
            Ok(entries) => entries,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let mut first: platform::Result<Option<Text<PATH>>> = Ok(None);
        for _ in 0..ENTRIES {
            let name = match p.next_name(&mut entries) {
                Ok(Some(name)) => name.to_bytes(),
                Ok(None) => break,
                Err(errno) => {
                    first = Err(errno);
                    break;
                }
            };
            if name.starts_with(b".") || self.is_up(p, name, wall) {
                continue;
            }
            if let Ok(known) = &mut first {
                if known.as_ref().is_none_or(|known| name < known.bytes()) {
                    *known = Some(Text::of(&[name]));
                }
            }
        }
        p.close_dir(entries);
        first
    }

    /// Whether it is. One that is down is told to come up, once.
    fn is_up<P: Platform>(&mut self, p: &mut P, name: &[u8], wall: Stamp) -> bool {
        if self.ignored.iter().take(self.circles).any(|ignored| *ignored == hash(name)) {
            return true;
        }
        let Ok(place) = self.open(p, name) else { return false };
        let sight = look_at(p, place, wall);
        if matches!(sight, Sight::Down) {
            self.tell(p, name, place);
        }
        p.close(place);
        matches!(sight, Sight::Up)
    }

    /// Tells it to come up, unless that was done for this start.
    fn tell<P: Platform>(&mut self, p: &mut P, name: &[u8], place: Fd) {
        let sum = hash(name);
        if self.told.iter().take(self.count).any(|told| *told == sum) {
            return;
        }
        if supervised::tell(p, place, Letter::Up) {
            if let Some(free) = self.told.get_mut(self.count) {
                *free = sum;
                self.count = self.count.saturating_add(1);
            }
        }
    }

    /// Opens its supervise directory.
    fn open<P: Platform>(&self, p: &mut P, name: &[u8]) -> platform::Result<Fd> {
        supervise(p, Fd::CWD, self.scan, name)
    }
}

/// Opens the supervise directory of a service that another one needs; of a name it may be beside the services.
#[inline(never)]
fn supervise<P: Platform>(p: &mut P, service: Fd, scan: Fd, name: &[u8]) -> platform::Result<Fd> {
    match find(p, service, scan, name, b"/supervise") {
        Ok((place, _)) => Ok(place),
        // An entry that is a link elsewhere has no name here.
        Err(Errno::NOENT)
            if find(p, service, scan, name, b"").is_ok_and(|(fd, link)| {
                p.close(fd);
                !link
            }) =>
        {
            p.openat(scan, Text::<PATH>::of(&[SUPERVISE_PREFIX, name]).as_c(), Open::Read)
        }
        Err(errno) => Err(errno),
    }
}

/// Opens the directory of a service that another one needs, or what is below it; whether the entry is a link that
/// leads there. What is no link, or a link to something else than a directory, is a name in the scan directory.
#[inline(never)]
fn find<P: Platform>(
    p: &mut P,
    service: Fd,
    scan: Fd,
    name: &[u8],
    below: &[u8],
) -> platform::Result<(Fd, bool)> {
    let entry = Text::<PATH>::of(&[NEEDS.to_bytes(), b"/", name]);
    let link = supervised::led(p, service, entry.as_c()).is_some();
    let (dir, path) = if link { (service, entry.bytes()) } else { (scan, name) };
    p.openat(dir, Text::<PATH>::of(&[path, below]).as_c(), Open::Read).map(|place| (place, link))
}
