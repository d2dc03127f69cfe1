//! Turning the links.
use crate::text;
use platform::Errno;
use platform_host::{files, links, locks};
use runit::runsvchdir::{Change, Previous};
use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A process that holds the lock for longer is no other runsvchdir.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps others out who do the same, so that none of them misses what was current in between. It
/// goes on without the lock where it cannot be had: nothing worse can come of it, and the system
/// wants to boot.
pub fn lock() -> Option<OwnedFd> {
    let dir = files::open_read(c".").ok()?;
    let _ = locks::lock_within(&dir, PATIENCE);
    Some(dir)
}

/// Makes the change. Links are made under names that no other process uses and then renamed; a
/// failure leaves everything as it was.
pub fn turn(change: &Change<'_>, previous: Option<&[u8]>) -> Result<(), Vec<u8>> {
    let target = CString::new(change.target).unwrap_or_default();
    let (new, old) = (own("current"), own("previous"));
    // C runit leaves it behind when it fails.
    links::remove(c"current.new").map_err(|why| text(&[b"unable to unlink: current.new"], why))?;
    links::make(&target, &new)
        .map_err(|why| text(&[b"unable to create: current.new -> ", change.target], why))?;
    let done = keep(change.previous, &old).and_then(|()| {
        links::rename(&new, c"current").map_err(|why| {
            let failed = text(&[b"unable to move: current.new to current"], why);
            undo(change.previous, previous, &old)
                .map_or(failed.clone(), |undone| [failed.as_slice(), b"; ", &undone].concat())
        })
    });
    if done.is_err() {
        let _ = links::remove(&new);
        let _ = links::remove(&old);
    }
    done
}

fn own(name: &str) -> CString {
    CString::new(format!("{name}.{}.new", std::process::id())).unwrap_or_default()
}

/// Makes what is current the previous one.
fn keep(previous: Previous<'_>, new: &CStr) -> Result<(), Vec<u8>> {
    let unable = |why| match why {
        Errno::ISDIR => text(&[b"unable to unlink: previous"], why),
        _ => text(&[b"unable to copy: current to previous"], why),
    };
    match previous {
        Previous::Stay => Ok(()),
        Previous::Link(text) => replace(text, new).map_err(unable),
        Previous::Move => {
            links::remove(c"previous").map_err(|why| text(&[b"unable to unlink: previous"], why))?;
            links::rename(c"current", c"previous").map_err(unable)
        }
    }
}

/// `previous` becomes a link with this text.
fn replace(text: &[u8], new: &CStr) -> Result<(), Errno> {
    let text = CString::new(text).map_err(|_| Errno::INVAL)?;
    links::make(&text, new)?;
    links::rename(new, c"previous")
}

/// Takes [`keep`] back; what is left to say if that fails too.
fn undo(done: Previous<'_>, before: Option<&[u8]>, new: &CStr) -> Option<Vec<u8>> {
    let undone = match (done, before) {
        (Previous::Stay, _) => Ok(()),
        (Previous::Move, _) => links::rename(c"previous", c"current"),
        (Previous::Link(_), Some(before)) => replace(before, new),
        (Previous::Link(_), None) => links::remove(c"previous"),
    };
    undone.err().map(|why| text(&[b"unable to move previous back to current"], why))
}
