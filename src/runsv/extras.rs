//! Reads what a service directory says beyond `run`, `finish` and `down`.
use super::service::Who;
use super::settings::Settings;
use crate::fixed::Text;
use crate::service_directory::{EXTRAS, Extra, LOG, LOG_EXTRAS, LOG_SUPERVISE, SUPERVISE};
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Errno, Kind, Open, Platform, Stamp};

/// What is longer is not understood, and warned about with its beginning.
const ROOM: usize = 64;

/// A directory whose contents changed at most so many seconds ago may change again without a new date.
const COARSE: u64 = 2;

/// What is known of the files, so that one call is enough where there are none.
#[derive(Debug)]
pub(super) struct Extras {
    who: Who,
    /// The directory as it was when all of them were looked for, if it was at rest.
    pub(super) seen: Option<[u64; 4]>,
    /// A bit for each that was there.
    there: u16,
    /// Whether the directory may have changed between the last two readings, the first of which is the start of runsv.
    pub(super) changed: bool,
    /// It was read before.
    again: bool,
}

impl Extras {
    pub(super) const fn new(who: Who) -> Extras {
        Extras { who, seen: None, there: 0, changed: true, again: false }
    }

    /// Reads them. `since`: a time of day that has passed, unless the clock was set back.
    #[inline(never)]
    pub(super) fn read<P: Platform>(&mut self, p: &mut P, voice: &Voice<'_>, since: Stamp) -> Settings {
        let (dir, prefix, count) = match self.who {
            Who::Main => (c".", SUPERVISE.prefix, EXTRAS.len()),
            Who::Log => (LOG, LOG_SUPERVISE.prefix, LOG_EXTRAS),
        };
        let found = p.stat(dir).ok();
        let now = found.map(|it| [it.device, it.inode, it.changed.secs, it.changed.nanos.into()]);
        let same = now.is_some() && now == self.seen;
        self.seen = now.filter(|[_, _, changed, _]| changed.saturating_add(COARSE) <= since.secs);
        // At the first reading one that is at rest has been so since before runsv began.
        self.changed = !same && (self.again || self.seen.is_none());
        self.again = true;
        let mut settings = Settings::new();
        let mut bit = 1;
        for (extra, name) in EXTRAS.iter().take(count) {
            let absent = same && self.there & bit == 0;
            self.there &= !bit;
            if !absent {
                let path = Text::<64>::of(&[prefix, name.to_bytes()]);
                let mut room = [0; ROOM];
                let read = match extra {
                    Extra::Needs => look_for(p, path.as_c()),
                    _ => read(p, path.as_c(), &mut room),
                };
                // A name that is still in the directory may lead nowhere for a while.
                if same || read != Err(Errno::NOENT) {
                    self.there |= bit;
                }
                let (text, why) = match read {
                    Ok(len) => (room.get(..len).unwrap_or_default(), None),
                    Err(errno) => (b"unreadable".as_slice(), Some(errno)),
                };
                let understood = why == Some(Errno::NOENT)
                    || why.is_none() && settings.take(*extra, text, P::signal_number).is_some();
                if !understood {
                    voice.warn(p, &[path.bytes(), b" ignored: ", text.trim_ascii_end()], why);
                }
            }
            bit <<= 1;
        }
        settings
    }
}

/// Whether there is a directory, which has no text.
fn look_for<P: Platform>(p: &mut P, path: &CStr) -> platform::Result<usize> {
    match p.stat(path)?.kind {
        Kind::Directory => Ok(0),
        Kind::Fifo | Kind::File | Kind::Other => Err(Errno::NOTDIR),
    }
}

/// What is in a small file: how many bytes of the room.
fn read<P: Platform>(p: &mut P, path: &CStr, room: &mut [u8; ROOM]) -> platform::Result<usize> {
    let fd = p.open(path, Open::Read)?;
    let read = p.read(fd, room);
    p.close(fd);
    if let (Ok(ROOM), [.., last]) = (read, room) {
        *last = b'~';
    }
    read
}
