//! kqueue(2): the directory itself, and the directories that hold the links on the way to it. The
//! kernel tells that such a directory changed but not what in it, so the link's identity is compared.
//!
//! What is watched has to be kept open.
use crate::unix::links::{self, LINKS};
use crate::unix::seen::Seen;
use crate::unix::{Os, check, close, files};
use crate::{Errno, Fd, Notice, Watch, system};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr;

/// How many directories are watched beside it.
const BESIDE: usize = 4;
/// Room for the names of the links.
const NAMES: usize = 1024;

#[derive(Clone, Copy)]
struct Link {
    /// The directory that holds it; -1: there is none.
    parent: libc::c_int,
    /// Where its name begins in `names`.
    name: u16,
    /// What it was when it was looked at.
    was: Seen,
}

/// The queue and what is watched with it.
pub struct Native {
    queue: Option<Fd>,
    /// Another one, for a while.
    notices: Option<Fd>,
    dir: libc::c_int,
    links: [Link; LINKS],
    names: [u8; NAMES],
    /// What is watched beside it; -1: there is none.
    beside: [libc::c_int; BESIDE],
}

impl Native {
    pub(crate) const fn new() -> Native {
        let none = Link { parent: -1, name: 0, was: Seen::NOTHING };
        Native {
            queue: None,
            notices: None,
            dir: -1,
            links: [none; LINKS],
            names: [0; NAMES],
            beside: [-1; BESIDE],
        }
    }

    /// Closing a descriptor ends its watch.
    fn forget(&mut self) {
        let all = self.links.iter_mut().map(|link| &mut link.parent).chain([&mut self.dir]);
        for fd in all.filter(|fd| **fd >= 0) {
            close(Fd(*fd));
            *fd = -1;
        }
    }

    /// Adds a name, or says that it has no room.
    fn keep(&mut self, from: usize, name: &[u8]) -> Option<usize> {
        let to = from + name.len();
        self.names.get_mut(from..to)?.copy_from_slice(name);
        *self.names.get_mut(to)? = 0;
        Some(to + 1)
    }

    fn look(&self, link: &Link) -> Seen {
        let name = self.names.get(usize::from(link.name)..).unwrap_or_default();
        Seen::at(Fd(link.parent), crate::c_str(name).unwrap_or_default())
    }

    /// Whether the descriptor is that of the directory or of a link that is another one now.
    fn concerns(&mut self, fd: libc::c_int) -> bool {
        let mut changed = fd == self.dir;
        if let Some(known) = self.beside.iter_mut().find(|known| **known == fd) {
            changed = true;
            if files::fstat(Fd(fd)).map_or(0, |found| found.links) == 0 {
                *known = -1;
                close(Fd(fd));
            }
        }
        for at in 0..LINKS {
            let Some(link) = self.links.get(at).filter(|link| link.parent == fd) else { continue };
            let now = self.look(link);
            if let Some(link) = self.links.get_mut(at) {
                changed |= link.was != now;
                link.was = now;
            }
        }
        changed
    }
}

/// Opens a directory for being watched.
fn hold(path: &CStr) -> libc::c_int {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NONBLOCK;
    files::open(path, flags, 0).map_or(-1, |fd| fd.0)
}

/// Has the queue tell of changes to what the descriptor refers to.
fn add(queue: Fd, fd: libc::c_int) -> bool {
    let mut change = MaybeUninit::<libc::kevent>::zeroed();
    // SAFETY: all zero is a valid record.
    let record = unsafe { change.assume_init_mut() };
    record.ident = fd as _;
    record.filter = libc::EVFILT_VNODE as _;
    record.flags = (libc::EV_ADD | libc::EV_CLEAR) as _;
    record.fflags = (libc::NOTE_WRITE
        | libc::NOTE_EXTEND
        | libc::NOTE_ATTRIB
        | libc::NOTE_LINK
        | libc::NOTE_DELETE
        | libc::NOTE_RENAME
        | libc::NOTE_REVOKE) as _;
    // SAFETY: one change is passed and one counted; no event is asked for.
    check(unsafe { libc::kevent(queue.0, record, 1, ptr::null_mut(), 0, ptr::null()) }).is_ok()
}

impl Watch for Os {
    #[inline(never)]
    fn watch(&mut self, path: &CStr) -> bool {
        if cfg!(runit_force_poll) {
            return false;
        }
        let queue = match self.native.queue {
            Some(queue) => queue,
            None => {
                // SAFETY: no arguments.
                let Ok(queue) = check(unsafe { libc::kqueue() }) else { return false };
                // The queue is not inherited by fork(2), so exec(2) has nothing to close.
                self.native.queue = Some(Fd(queue));
                Fd(queue)
            }
        };
        self.native.forget();
        let (mut room, old) = (0, self.native.beside);
        let mut native = core::mem::replace(&mut self.native, Native::new());
        links::walk(self, path, |slot, parent, name| {
            let Some(next) = native.keep(room, name) else { return };
            let mut link = Link { parent: hold(parent), name: room as u16, was: Seen::NOTHING };
            room = next;
            // First watched, then looked at: a change in between is one event too many.
            if link.parent >= 0 && add(queue, link.parent) {
                link.was = native.look(&link);
            }
            if let Some(slot) = native.links.get_mut(slot) {
                *slot = link;
            }
        });
        native.beside = old;
        native.dir = hold(path);
        self.native = native;
        self.native.dir >= 0 && add(queue, self.native.dir) && system::is_local(path)
    }

    #[inline(never)]
    fn watch_beside(&mut self, path: &CStr) {
        let Some(queue) = self.native.queue else { return };
        let fd = hold(path);
        let same = |other: &libc::c_int| {
            let id = |fd| files::fstat(Fd(fd)).ok().map(|found| found.id());
            id(fd).is_some() && id(fd) == id(*other)
        };
        let known = self.native.beside.iter().chain([&self.native.dir]).any(same);
        match self.native.beside.iter_mut().find(|known| **known < 0) {
            Some(free) if fd >= 0 && !known && add(queue, fd) => *free = fd,
            // -1 is no descriptor.
            Some(_) | None => close(Fd(fd)),
        }
    }

    fn watch_fd(&self) -> Option<Fd> {
        self.native.queue
    }

    #[inline(never)]
    fn changed(&mut self) -> bool {
        const ROOM: usize = 8;
        let Some(queue) = self.native.queue else { return false };
        let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let mut events = MaybeUninit::<[libc::kevent; ROOM]>::zeroed();
        // Once: what happens meanwhile, and what has no room, is told in the next turn. A directory that never stops
        // changing does not hold up the rest.
        // SAFETY: room for as many events as are counted; no change is passed.
        let got = check(unsafe {
            libc::kevent(queue.0, ptr::null(), 0, events.as_mut_ptr().cast(), ROOM as _, &raw const now)
        });
        let got = match got {
            Ok(got) => got as usize,
            Err(Errno::INTR) => 0,
            Err(_) => return true,
        };
        let mut changed = false;
        // SAFETY: all zero, or filled by the kernel.
        for event in unsafe { events.assume_init_ref() }.iter().take(got) {
            changed |= self.native.concerns(event.ident as libc::c_int);
        }
        changed
    }
}

impl Notice for Os {
    fn notify(&mut self, dir: Fd) -> bool {
        if cfg!(runit_force_poll) {
            return false;
        }
        let queue = match self.native.notices {
            Some(queue) => queue,
            None => {
                // SAFETY: no arguments.
                let Ok(queue) = check(unsafe { libc::kqueue() }) else { return false };
                *self.native.notices.insert(Fd(queue))
            }
        };
        add(queue, dir.0)
    }

    fn notice_fd(&self) -> Option<Fd> {
        self.native.notices
    }

    fn end_notices(&mut self) {
        if let Some(queue) = self.native.notices.take() {
            close(queue);
        }
    }
}
