//! Contained services: how their programs are started, and how another supervisor finds what is left of them.
use super::Refusal;
use super::perform::Runsv;
use super::programs::plain;
use crate::service_directory::{CONTAINED, RUN};
use core::ffi::CStr;
use platform::{Errno, Fd, FileId, Open, Pid, Platform, RECORD, Step, Way};

impl Runsv<'_> {
    /// Starts a program of the service, which is kept together with all that it starts.
    #[inline(never)]
    pub(super) fn contained<P: Platform>(
        &self,
        p: &mut P,
        steps: &[Step<'_>],
        argv: &[&CStr],
        why: &[&[u8]],
    ) -> platform::Result<Pid> {
        let record = self.record(p);
        let place = here(p, self.main.place);
        let prefix: &[&[u8]] = &[b"runsv ", self.voice.about, b": fatal: "];
        let started = p.spawn_contained(&plain(prefix, steps, argv, why), place, record);
        if record.0 >= 0 {
            p.close(record);
        }
        let (pid, way) = started?;
        if matches!(way, Way::Group) && argv.first() == Some(&RUN) {
            self.voice.warn(p, &[b"contain: only the process group can be ended here"], None);
        }
        Ok(pid)
    }

    /// Opens the record. It has its size from the beginning, so that it can be written on a full disk. Without it
    /// the service is started all the same: only another supervisor would miss it.
    fn record<P: Platform>(&self, p: &mut P) -> Fd {
        let place = self.main.place;
        let opened = match p.openat(place, CONTAINED, Open::Update) {
            Err(Errno::NOENT) => p.openat(place, CONTAINED, Open::New).and_then(|fd| {
                // Made here: as a constant it would be in the program.
                let mut blank = [0; RECORD];
                blank.fill(b'\n');
                let written = p.write(fd, &blank);
                p.close(fd);
                match written {
                    Ok(RECORD) => p.openat(place, CONTAINED, Open::Update),
                    other => {
                        let _ = p.unlinkat(place, CONTAINED);
                        Err(other.err().unwrap_or(Errno::NOSPC))
                    }
                }
            }),
            opened => opened,
        };
        opened.unwrap_or_else(|errno| {
            self.voice.warn(p, &[b"unable to write supervise/contained"], Some(errno));
            Fd(-1)
        })
    }

    /// Whether another supervisor may have left something behind. One that cannot know must not start another copy.
    pub(super) fn adopts<P: Platform>(&self, p: &mut P, refusal: Refusal<'_>) -> Option<bool> {
        let opened =
            if self.main.new { Err(Errno::NOENT) } else { p.openat(self.main.place, CONTAINED, Open::Read) };
        let mut record = [0; RECORD];
        let read = match opened {
            Ok(fd) => {
                let read = read_all(p, fd, &mut record);
                p.close(fd);
                read
            }
            Err(Errno::NOENT) => return Some(false),
            Err(errno) => Err(errno),
        };
        let len = refusal.or_tell(p, read, b"unable to read supervise/contained")?;
        let place = here(p, self.main.place);
        Some(p.adopt(place, record.get(..len).unwrap_or_default()))
    }

    pub(super) fn tell_stuck<P: Platform>(&self, p: &mut P) {
        self.voice.warn(p, &[b"contain: unable to end what the service has left behind, waiting"], None);
    }
}

/// The supervise directory: instances of a template have a service directory in common, and each one of these.
fn here<P: Platform>(p: &mut P, place: Fd) -> FileId {
    p.fstat(place).map(|here| here.id()).unwrap_or_default()
}

/// Reads until the room is full or nothing more comes: half a record would count as none.
fn read_all<P: Platform>(p: &mut P, fd: Fd, room: &mut [u8]) -> platform::Result<usize> {
    let mut len: usize = 0;
    while let Some(rest) = room.get_mut(len..).filter(|rest| !rest.is_empty()) {
        match p.read(fd, rest)? {
            0 => break,
            count => len = len.saturating_add(count),
        }
    }
    Ok(len)
}
