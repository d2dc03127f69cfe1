//! File event notification of event ports (port_create(3C), port_associate(3C)): the directory itself,
//! and every link on the way to it. An association is over with its event, so it is made anew.
use crate::unix::links::{self, LINKS, PATH};
use crate::unix::{Os, check};
use crate::{Errno, Fd, Watch};
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr;
use libc::{c_int, timespec};

/// How many directories are watched beside it.
const BESIDE: usize = 4;

/// <sys/port.h>; not in the libc crate.
const FILE_MODIFIED: c_int = 0x0000_0002;
const FILE_ATTRIB: c_int = 0x0000_0004;
/// The link itself, not what it leads to.
const FILE_NOFOLLOW: c_int = 0x1000_0000;

/// <sys/port.h>, `file_obj_t`; not in the libc crate. The kernel knows an association by the record's
/// address, so it stays where it is, and takes times and name when it is made.
#[repr(C)]
#[derive(Clone, Copy)]
struct FileObject {
    accessed: timespec,
    modified: timespec,
    changed: timespec,
    pad: [usize; 3],
    name: *const c_char,
}

layout!(FileObject: 80 align 8, accessed 0, modified 16, changed 32, pad 48, name 72);
layout!(libc::port_event: 24 align 8, portev_events 0, portev_source 4, portev_object 8, portev_user 16);

impl FileObject {
    const fn new() -> FileObject {
        let never = timespec { tv_sec: 0, tv_nsec: 0 };
        FileObject { accessed: never, modified: never, changed: never, pad: [0; 3], name: ptr::null() }
    }

    /// Associates it with `path`, a change from now on being one.
    fn associate(&mut self, port: Fd, path: &CStr, flags: c_int) -> bool {
        let follow = if flags & FILE_NOFOLLOW == 0 { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
        let mut found = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: `path` is a string and the record has the size of the answer.
        let got = check(unsafe { libc::fstatat(libc::AT_FDCWD, path.as_ptr(), found.as_mut_ptr(), follow) });
        if got.is_err() {
            return false;
        }
        // SAFETY: the call succeeded, so the kernel filled it.
        let found = unsafe { found.assume_init() };
        self.accessed = timespec { tv_sec: found.st_atime, tv_nsec: found.st_atime_nsec };
        self.modified = timespec { tv_sec: found.st_mtime, tv_nsec: found.st_mtime_nsec };
        self.changed = timespec { tv_sec: found.st_ctime, tv_nsec: found.st_ctime_nsec };
        self.name = path.as_ptr();
        let object = ptr::from_mut(self) as libc::uintptr_t;
        let events = FILE_MODIFIED | FILE_ATTRIB | flags;
        // SAFETY: the record lives as long as the association; the name is read during the call.
        check(unsafe {
            libc::port_associate(port.0, libc::PORT_SOURCE_FILE, object, events, ptr::null_mut())
        })
        .is_ok()
    }

    fn dissociate(&mut self, port: Fd) {
        let object = ptr::from_mut(self) as libc::uintptr_t;
        // SAFETY: numbers are passed; it fails where nothing is associated.
        unsafe { libc::port_dissociate(port.0, libc::PORT_SOURCE_FILE, object) };
    }
}

/// The port and what is watched with it.
pub struct Native {
    port: Option<Fd>,
    dir: FileObject,
    links: [FileObject; LINKS],
    /// The directory's whole path: the program may have gone elsewhere when it is associated anew.
    path: [u8; PATH],
    /// What is watched beside it, with its path, on which no links lie; an empty path: there is none.
    beside: [(FileObject, [u8; PATH]); BESIDE],
}

impl Native {
    pub(crate) const fn new() -> Native {
        Native {
            port: None,
            dir: FileObject::new(),
            links: [FileObject::new(); LINKS],
            path: [0; PATH],
            beside: [(FileObject::new(), [0; PATH]); BESIDE],
        }
    }

    /// Keeps the path, with the current directory in front unless it begins at the root.
    fn keep(&mut self, path: &CStr) -> bool {
        self.path = [0; PATH];
        let mut at = 0;
        if !path.to_bytes().starts_with(b"/") {
            // SAFETY: the buffer and its size are passed.
            if unsafe { libc::getcwd(self.path.as_mut_ptr().cast(), PATH - 1) }.is_null() {
                return false;
            }
            at = self.path.iter().position(|byte| *byte == 0).unwrap_or(PATH);
            let Some(slot) = self.path.get_mut(at) else { return false };
            *slot = b'/';
            at += 1;
        }
        let bytes = path.to_bytes_with_nul();
        let Some(room) = self.path.get_mut(at..at + bytes.len()) else { return false };
        room.copy_from_slice(bytes);
        true
    }

    /// Associates what is watched beside it, or forgets that if it is gone.
    fn watch_again(port: Fd, (object, path): &mut (FileObject, [u8; PATH])) {
        let found = crate::c_str(path).is_some_and(|path| object.associate(port, path, 0));
        if !found {
            *path = [0; PATH];
        }
    }

    fn watch_dir(&mut self, port: Fd) -> bool {
        match crate::c_str(&self.path) {
            Some(path) => self.dir.associate(port, path, 0),
            None => false,
        }
    }
}

/// Whether changes to a file system all go through this kernel (statvfs(2)).
fn is_local(path: &CStr) -> bool {
    let mut found = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `path` is a string and the record has the kernel's size.
    let got = check(unsafe { libc::statvfs(path.as_ptr(), found.as_mut_ptr()) });
    // SAFETY: all zero, or filled by the kernel.
    let [a, b, c, ..] = unsafe { found.assume_init() }.f_basetype;
    got.is_err() || !matches!(&[a as u8, b as u8, c as u8], b"nfs" | b"smb")
}

impl Watch for Os {
    #[inline(never)]
    fn watch(&mut self, path: &CStr) -> bool {
        if cfg!(runit_force_poll) {
            return false;
        }
        let port = match self.native.port {
            Some(port) => port,
            None => {
                // SAFETY: no arguments.
                let Ok(port) = check(unsafe { libc::port_create() }) else { return false };
                // SAFETY: numbers are passed.
                unsafe { libc::fcntl(port, libc::F_SETFD, libc::FD_CLOEXEC) };
                self.native.port = Some(Fd(port));
                Fd(port)
            }
        };
        self.native.dir.dissociate(port);
        self.native.links.iter_mut().for_each(|link| link.dissociate(port));
        let mut linked = [[0; PATH]; LINKS];
        links::walk(self, path, |slot, parent, name| {
            let Some(whole) = linked.get_mut(slot) else { return };
            let bytes = parent.to_bytes().iter().chain(b"/").chain(name);
            // The last byte stays 0; what does not fit is not there either.
            whole.iter_mut().take(PATH - 1).zip(bytes).for_each(|(slot, byte)| *slot = *byte);
        });
        for (link, whole) in self.native.links.iter_mut().zip(&linked) {
            if let Some(path) = crate::c_str(whole) {
                // An empty one leads nowhere.
                link.associate(port, path, FILE_NOFOLLOW);
            }
        }
        self.native.keep(path) && self.native.watch_dir(port) && is_local(path)
    }

    #[inline(never)]
    fn watch_beside(&mut self, path: &CStr) {
        let Some(port) = self.native.port else { return };
        // By this name it is found again when what led to it is gone (realpath(3C)).
        let mut whole = [0; PATH];
        // SAFETY: the name is a string and the room is what the function may fill, PATH_MAX.
        if unsafe { libc::realpath(path.as_ptr(), whole.as_mut_ptr().cast()) }.is_null() {
            return;
        }
        let end = whole.iter().position(|byte| *byte == 0).unwrap_or(PATH);
        whole.iter_mut().skip(end).for_each(|byte| *byte = 0);
        if self.native.beside.iter().any(|(_, known)| *known == whole) {
            return;
        }
        if let Some(free) = self.native.beside.iter_mut().find(|(_, known)| known.starts_with(&[0])) {
            free.1 = whole;
            Native::watch_again(port, free);
        }
    }

    fn watch_fd(&self) -> Option<Fd> {
        self.native.port
    }

    #[inline(never)]
    fn changed(&mut self) -> bool {
        let Some(port) = self.native.port else { return false };
        let mut event = MaybeUninit::<libc::port_event>::zeroed();
        let mut changed = false;
        // Once for each that is watched: one that never stops changing does not hold up the rest.
        for _ in 0..=LINKS + BESIDE {
            let mut now = timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: both records are local ones.
            match check(unsafe { libc::port_get(port.0, event.as_mut_ptr(), &raw mut now) }) {
                Err(Errno::INTR) => continue,
                Err(_) => break,
                Ok(_) => changed = true,
            }
            // SAFETY: filled by the kernel.
            let object = unsafe { event.assume_init() }.portev_object;
            if object == ptr::from_mut(&mut self.native.dir) as libc::uintptr_t {
                self.native.watch_dir(port);
            }
            for known in &mut self.native.beside {
                if object == ptr::from_mut(&mut known.0) as libc::uintptr_t {
                    Native::watch_again(port, known);
                }
            }
        }
        changed
    }
}
