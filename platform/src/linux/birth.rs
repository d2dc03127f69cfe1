//! proc(5): what tells a process from every other that had or will have its number.
use crate::unix::contain::{Line, number};
use crate::unix::{close, files};
use core::ffi::CStr;

/// What /proc/PID/stat says of a process.
#[derive(Clone, Copy)]
pub(crate) struct Stat {
    #[cfg_attr(runit_force_poll, allow(dead_code))]
    pub(crate) parent: i32,
    #[cfg_attr(runit_force_poll, allow(dead_code))]
    pub(crate) session: i32,
    /// It is a zombie, and so are all its threads.
    #[cfg_attr(runit_force_poll, allow(dead_code))]
    pub(crate) dead: bool,
    /// In ticks since the system was started.
    start: u64,
}

/// The beginning of a small file.
pub(crate) fn head<'a>(path: &CStr, room: &'a mut [u8]) -> Option<&'a [u8]> {
    let fd = files::open(path, libc::O_RDONLY, 0).ok()?;
    let len = files::read(fd, room);
    close(fd);
    room.get(..len.ok()?)
}

/// /proc/PID/NAME.
pub(crate) fn path(pid: i32, name: &[u8]) -> Line {
    let mut path = Line::new();
    path.add(b"/proc/");
    path.add_number(pid.unsigned_abs().into());
    path.add(name);
    path
}

/// The name of the program, which is in parentheses, may have anything in it: what follows the last one is looked at.
pub(crate) fn stat(pid: i32) -> Option<Stat> {
    let mut room = [0; 512];
    let text = head(path(pid, b"/stat").as_c(), &mut room)?;
    let end = text.iter().rposition(|byte| *byte == b')')?;
    let mut words = text.get(end..)?.split(|byte| *byte == b' ').skip(1);
    let state = words.next()?;
    let mut next = |skip: usize| number(words.nth(skip)?);
    let parent = next(0)? as i32;
    let session = next(1)? as i32;
    // The fields 20 and 22.
    let threads = next(13)?;
    let start = next(1)?;
    let dead = matches!(state, b"Z" | b"X") && threads < 2;
    Some(Stat { parent, session, dead, start })
}

/// Of one system's life there is no other with the same start; of the next one's there may be.
pub(crate) fn birth(pid: i32) -> Option<u64> {
    let mut room = [0; 64];
    let boot = head(c"/proc/sys/kernel/random/boot_id", &mut room).unwrap_or_default();
    let start = stat(pid)?.start;
    Some(crate::hash(boot.iter().chain(&start.to_ne_bytes())))
}
