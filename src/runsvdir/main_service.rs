//! The main service of a container: when it is down for good, so is the container. Its supervisor says so in
//! `supervise/state`, and what it replaces with each change tells when to look.
use super::perform::Runsvdir;
use crate::fixed::Text;
use crate::msg::ROOM;
use crate::scan_directory::SUPERVISE_PREFIX;
use crate::service_directory::{STATE, STATUS};
use crate::state::{Glance, LENGTH};
use crate::status::SIZE;
use crate::supervised::{is_supervised, read};
use crate::tai;
use core::ffi::CStr;
use platform::{Fd, Instant, Open, Platform};

/// It is looked at this often where nobody tells, in milliseconds, and while it has no supervisor.
const POLL: u64 = 1000;
/// With notification.
const NET: u64 = 300_000;
/// It is missed after so many looks without a supervisor.
const MISSED: u8 = 10;

/// The service whose end ends the container.
pub(super) struct MainService<'a> {
    /// Its name in the scan directory.
    name: &'a [u8],
    /// Its supervise directory: changes there are told. No descriptor if there is none.
    place: Fd,
    /// The next look.
    pub(super) look: Instant,
    /// So many looks in a row found no supervisor.
    missing: u8,
}

impl<'a> MainService<'a> {
    pub(super) const fn new(name: &'a [u8]) -> MainService<'a> {
        MainService { name, place: Fd(-1), look: Instant(0), missing: 0 }
    }
}

impl<D> Runsvdir<'_, D> {
    /// Looks at the main service, if it is time or a change was told: the exit code, once it is down for good.
    #[inline(never)]
    pub(super) fn look_at_main<P: Platform<Dir = D>>(&mut self, p: &mut P, told: bool) -> Option<u8> {
        let main = self.main.as_mut()?;
        let now = p.now();
        if !told && now < main.look {
            return None;
        }
        if main.place.0 >= 0 {
            p.close(main.place);
        }
        // First watched, then looked at: nothing is missed in between.
        main.place = open(p, self.dir, main.name);
        let told = p.notify(main.place);
        let sight = look_at(p, main.place);
        main.look = now.plus_ms(if told && sight != Sight::Alone { NET } else { POLL });
        match sight {
            Sight::Down(code) => {
                // It has had its say.
                self.main = None;
                return Some(code);
            }
            Sight::Alone => {
                main.missing = main.missing.saturating_add(1);
                if main.missing == MISSED {
                    self.voice.warn(p, &[b"main service ", main.name, b" is missing"], None);
                }
            }
            Sight::Lives => main.missing = 0,
        }
        None
    }
}

/// How it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// It has no supervisor.
    Alone,
    /// It is up, or will be.
    Lives,
    /// Down for good, with this exit code.
    Down(u8),
}

/// Opens the supervise directory of a service.
fn open<P: Platform>(p: &mut P, dir: &CStr, name: &[u8]) -> Fd {
    let Ok(scan) = p.open(dir, Open::Read) else { return Fd(-1) };
    let place = open_supervise(p, scan, name);
    p.close(scan);
    place.unwrap_or(Fd(-1))
}

/// Opens the supervise directory of a service in the scan directory: it is in the service's, or beside the services.
pub(super) fn open_supervise<P: Platform>(p: &mut P, scan: Fd, name: &[u8]) -> platform::Result<Fd> {
    let mut open = |path: &[&[u8]]| p.openat(scan, Text::<ROOM>::of(path).as_c(), Open::Read);
    open(&[name, b"/supervise"]).or_else(|_| open(&[SUPERVISE_PREFIX, name]))
}

/// Only what a living supervisor says of this moment counts: its line is of the same change as its record, which is
/// written first when it starts.
fn look_at<P: Platform>(p: &mut P, place: Fd) -> Sight {
    if !is_supervised(p, place) {
        return Sight::Alone;
    }
    let (mut record, mut line) = ([0; SIZE], [0; LENGTH]);
    read(p, place, STATUS, &mut record);
    read(p, place, STATE, &mut line);
    let [label @ .., _, _, _, _, _, _, _, _] = record;
    let Some(told) = Glance::of(&line).filter(|told| tai::label(told.since()) == label) else {
        return Sight::Lives;
    };
    match (told.doing(), told.last()) {
        (b"down" | b"failed", Some(code)) if told.is_wanted_down() => Sight::Down(code),
        (_, _) => Sight::Lives,
    }
}
