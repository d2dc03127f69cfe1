//! `needs/`: an entry for each service that has to be up before `./run` is started. It is a link to a service
//! directory, or else the name of a service in the scan directory.
mod sight;

use super::words::Needed;
use crate::fixed::Text;
use crate::need::{Lack, Need};
use crate::service_directory::NEEDS;
use platform::{Errno, Fd, Kind, Open, Platform, Stamp};
use sight::{Sight, look_at};

/// So many entries are looked at.
const ENTRIES: u32 = 1024;
/// So many needs are known to have been told to come up; a further one is told when it is the next to be waited for.
const TOLD: usize = 32;
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
}

impl Needs {
    pub(super) const fn new(scan: Fd) -> Needs {
        Needs { scan, waits_for: None, place: Fd(-1), told: [0; TOLD], count: 0 }
    }

    /// Looks at all of them, tells those that are down to come up, and has changes of the first told that is not up.
    #[inline(never)]
    pub(super) fn look<P: Platform>(&mut self, p: &mut P) -> Needed {
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
            Sight::Up | Sight::Settles(_) | Sight::Down | Sight::NotReady => Lack::NotReady,
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
            Sight::Down | Sight::NotReady | Sight::Failed if told => Needed::Told,
            Sight::Down | Sight::NotReady | Sight::Failed => Needed::Untold,
        }
    }

    /// Nothing is waited for any more.
    pub(super) fn end<P: Platform>(&mut self, p: &mut P) {
        self.close(p);
        p.end_notices();
        (self.waits_for, self.count) = (None, 0);
    }

    fn close<P: Platform>(&mut self, p: &mut P) {
        if self.place.0 >= 0 {
            p.close(self.place);
            self.place = Fd(-1);
        }
    }

    /// The first by name of those that are not up. Those that are down are told.
    #[inline(never)]
    fn first<P: Platform>(&mut self, p: &mut P, wall: Stamp) -> platform::Result<Option<Text<256>>> {
        let mut entries = match p.open_dir(Fd::CWD, NEEDS) {
            Ok(entries) => entries,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => return Err(errno),
        };
        let mut first: platform::Result<Option<Text<256>>> = Ok(None);
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
        let sum = name.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, byte| {
            (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
        });
        if self.told.iter().take(self.count).any(|told| *told == sum) {
            return;
        }
        let Some(free) = self.told.get_mut(self.count) else { return };
        if sight::tell(p, place) {
            *free = sum;
            self.count = self.count.saturating_add(1);
        }
    }

    /// Opens its supervise directory.
    fn open<P: Platform>(&self, p: &mut P, name: &[u8]) -> platform::Result<Fd> {
        let entry = Text::<PATH>::of(&[NEEDS.to_bytes(), b"/", name]);
        // What is no link, or a link to something else, is a name.
        let link = p.readlinkat(Fd::CWD, entry.as_c(), &mut [0]).is_ok()
            && p.stat(entry.as_c()).map_or(true, |found| found.kind == Kind::Directory);
        let (dir, service) = if link { (Fd::CWD, entry.bytes()) } else { (self.scan, name) };
        p.openat(dir, Text::<PATH>::of(&[service, b"/supervise"]).as_c(), Open::Read)
    }
}
