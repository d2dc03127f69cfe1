//! Reads what a service directory says beyond `run`, `finish` and `down`.
use super::service::Who;
use super::settings::Settings;
use crate::fixed::Text;
use crate::service_directory::{EXTRAS, LOG, LOG_SUPERVISE};
use crate::voice::Voice;
use platform::{Errno, FileId, Files, Open, Stamp};

/// Nothing that is understood is longer.
const ROOM: usize = 64;

/// A directory whose contents changed at most so many seconds ago may change again without a new date.
const COARSE: u64 = 2;

/// What is known of the files, so that one call is enough where there are none.
#[derive(Debug)]
pub(super) struct Extras {
    who: Who,
    /// The directory as it was when all of them were looked for, if it was at rest.
    seen: Option<(FileId, Stamp)>,
    /// A bit for each that was there.
    there: u16,
}

impl Extras {
    pub(super) const fn new(who: Who) -> Extras {
        Extras { who, seen: None, there: 0 }
    }

    /// Reads them. `since`: a time of day that has passed.
    pub(super) fn read<P: Files>(&mut self, p: &mut P, voice: Voice<'_>, since: Stamp) -> Settings {
        let (dir, prefix) = match self.who {
            Who::Main => (c".", b"".as_slice()),
            Who::Log => (LOG, LOG_SUPERVISE.prefix),
        };
        let now = p.stat(dir).ok().map(|found| (found.id(), found.changed));
        let same = now.is_some() && now == self.seen;
        self.seen = now.filter(|(_, changed)| changed.secs.saturating_add(COARSE) <= since.secs);
        let mut settings = Settings::new();
        for (at, (extra, name, in_log)) in EXTRAS.into_iter().enumerate() {
            let bit = 1_u16.checked_shl(at as u32).unwrap_or_default();
            if (same && self.there & bit == 0) || (matches!(self.who, Who::Log) && !in_log) {
                continue;
            }
            self.there &= !bit;
            let path = Text::<32>::of(&[prefix, name.to_bytes()]);
            let mut text = [0; ROOM];
            let len = match p.open(path.as_c(), Open::Read) {
                Ok(fd) => {
                    self.there |= bit;
                    let read = p.read(fd, &mut text);
                    p.close(fd);
                    read
                }
                Err(Errno::NOENT) => continue,
                Err(errno) => Err(errno),
            };
            match len {
                // What fills the room goes on behind it.
                Ok(len @ ..ROOM) => {
                    let text = text.get(..len).unwrap_or_default();
                    if settings.take(extra, text).is_none() {
                        let text = text.trim_ascii_end();
                        voice.warn(p, &[b"unable to understand ", path.bytes(), b": ", text], None);
                    }
                }
                Ok(_) => voice.warn(p, &[path.bytes(), b": too long."], None),
                Err(errno) => {
                    // It may be there, and be readable the next time.
                    self.seen = None;
                    voice.warn(p, &[b"unable to read ", path.bytes()], Some(errno));
                }
            }
        }
        settings
    }
}
