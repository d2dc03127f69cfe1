//! inotify(7): the directory itself, and for every symbolic link on the way to it the directory
//! that holds the link, since switching a link changes nothing in its target.
use crate::unix::{Os, check, links};
use crate::{Errno, Fd, Files, Watch};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use links::LINKS;

const IN_DIR: u32 = libc::IN_CREATE
    | libc::IN_DELETE
    | libc::IN_MOVED_FROM
    | libc::IN_MOVED_TO
    | libc::IN_ATTRIB
    | libc::IN_DELETE_SELF
    | libc::IN_MOVE_SELF
    | libc::IN_ONLYDIR;
/// Added to what is watched there anyhow: the parent of a link may be the directory itself.
const IN_PARENT: u32 =
    libc::IN_CREATE | libc::IN_DELETE | libc::IN_MOVED_FROM | libc::IN_MOVED_TO | libc::IN_MASK_ADD;

/// How many directories are watched beside it.
const BESIDE: usize = 4;

/// So often it is read in one turn: a directory that never stops changing does not hold up the rest.
const READS: u32 = 16;

/// The inotify instance and what is watched with it.
pub struct Native {
    fd: Option<Fd>,
    /// 0 for none, as below: the kernel counts from 1.
    dir: i32,
    /// Watch descriptor and hash of the name that matters there.
    links: [(i32, u32); LINKS],
    /// What is watched beside it; the kernel has one watch for a directory however often it is asked.
    beside: [i32; BESIDE],
}

impl Native {
    pub(crate) const fn new() -> Native {
        Native { fd: None, dir: 0, links: [(0, 0); LINKS], beside: [0; BESIDE] }
    }

    fn descriptors(&self) -> impl Iterator<Item = i32> + '_ {
        self.links.iter().map(|(watch, _)| *watch).chain(self.beside).chain([self.dir])
    }

    /// Where a watch beside the directory is noted.
    #[inline(never)]
    fn slot(&mut self, watch: i32) -> Option<&mut i32> {
        self.beside.iter_mut().find(|known| **known == watch)
    }

    fn concerns(&mut self, watch: i32, mask: u32, name: &[u8]) -> bool {
        if mask & libc::IN_IGNORED != 0 {
            if let Some(known) = self.slot(watch) {
                *known = 0;
            }
            return false;
        }
        let hash = hash(name);
        watch == self.dir
            || mask & libc::IN_Q_OVERFLOW != 0
            || self.links.contains(&(watch, hash))
            || mask & libc::IN_ISDIR != 0 && self.slot(watch).is_some()
    }
}

fn hash(name: &[u8]) -> u32 {
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    name.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn instance() -> Option<Fd> {
    // SAFETY: numbers are passed.
    check(unsafe { libc::inotify_init1(libc::IN_CLOEXEC | libc::IN_NONBLOCK) }).ok().map(Fd)
}

fn add(fd: Fd, path: &CStr, mask: u32) -> i32 {
    // SAFETY: `path` is a string.
    unsafe { libc::inotify_add_watch(fd.0, path.as_ptr(), mask) }
}

/// File systems that change behind the kernel's back: NFS, SMB, CIFS, FUSE, 9P (statfs(2)).
fn remote(path: &CStr) -> bool {
    let mut found = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: `path` is a string and the record has the kernel's size.
    if check(unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) }).is_err() {
        return false;
    }
    // SAFETY: the call succeeded, so the kernel filled it.
    let kind = unsafe { found.assume_init() }.f_type as u32;
    matches!(kind, 0x6969 | 0x517b | 0xff53_4d42 | 0xfe53_4d42 | 0x6573_5546 | 0x0102_1997)
}

impl Watch for Os {
    // Not in the frame of the loop: its buffers would lie below everything that is called from there.
    #[inline(never)]
    fn watch(&mut self, path: &CStr) -> bool {
        if cfg!(runit_force_poll) {
            return false;
        }
        // The instance stays: closing one makes the caller wait for a grace period of the kernel,
        // some 15 ms, and loses what happens meanwhile.
        let Some(fd) = self.native.fd.or_else(instance) else { return false };
        let old = core::mem::replace(&mut self.native, Native::new());
        self.native.fd = Some(fd);
        self.native.beside = old.beside;
        let mut links = [(0, 0); LINKS];
        links::walk(self, path, |slot, parent, name| {
            let wd = add(fd, parent, IN_PARENT);
            if let Some(slot) = links.get_mut(slot) {
                *slot = (wd, hash(name));
            }
        });
        self.native.links = links;
        // After the links: one that is turned meanwhile was turned before or is told.
        self.native.dir = add(fd, path, IN_DIR);
        // Where nothing moved the kernel gave the same descriptors again, and all of them stay.
        for old in old.descriptors().filter(|old| *old > 0) {
            if self.native.descriptors().all(|new| new != old) {
                // SAFETY: numbers are passed. It fails where the kernel was faster.
                unsafe { libc::inotify_rm_watch(fd.0, old) };
            }
        }
        self.native.dir > 0 && !remote(path)
    }

    #[inline(never)]
    fn watch_beside(&mut self, path: &CStr) {
        let Some(fd) = self.native.fd else { return };
        let watch = add(fd, path, IN_PARENT);
        if watch <= 0 || watch == self.native.dir || self.native.slot(watch).is_some() {
            return;
        }
        if let Some(free) = self.native.slot(0) {
            *free = watch;
        } else if self.native.descriptors().all(|known| known != watch) {
            // SAFETY: numbers are passed.
            unsafe { libc::inotify_rm_watch(fd.0, watch) };
        }
    }

    fn watch_fd(&self) -> Option<Fd> {
        self.native.fd
    }

    #[inline(never)]
    fn changed(&mut self) -> bool {
        /// wd 4, mask 4, cookie 4, length 4, then the name (inotify(7)).
        const HEAD: usize = 16;
        let Some(fd) = self.native.fd else { return false };
        let mut changed = false;
        let mut bytes = [0; 1024];
        for _ in 0..READS {
            let mut events = match self.read(fd, &mut bytes) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                Err(_) => return true,
                Ok(got) => bytes.get(..got).unwrap_or_default(),
            };
            while let Some((head, rest)) = events.split_at_checked(HEAD) {
                let word = |at: usize| match head.get(at..at + 4) {
                    Some(&[a, b, c, d]) => u32::from_ne_bytes([a, b, c, d]),
                    _ => 0,
                };
                let (name, next) = rest.split_at_checked(word(12) as usize).unwrap_or((rest, &[]));
                changed |= self.native.concerns(word(0) as i32, word(4), name);
                events = next;
            }
        }
        changed
    }
}
