//! What a name in a directory is: where the kernel tells that a directory changed but not what in it, this is compared.
use super::files;
use super::links::PATH;
use crate::{Fd, FileId};
use core::ffi::CStr;

/// Which file a name is, and where it leads if it is a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seen {
    id: FileId,
    /// The sum of the path in it.
    target: u64,
}

impl Seen {
    pub(crate) const NOTHING: Seen = Seen { id: FileId { device: 0, inode: 0 }, target: 0 };

    /// Looks at a name in a directory.
    pub(crate) fn at(dir: Fd, name: &CStr) -> Seen {
        // SAFETY: the name is a string; `look` passes room for the answer.
        let found = files::look(|found| unsafe {
            libc::fstatat(dir.0, name.as_ptr(), found, libc::AT_SYMLINK_NOFOLLOW)
        });
        let Ok(found) = found else { return Seen::NOTHING };
        // A link that was made anew may have the inode of the old one, and its time, too: the clock that
        // files get their times from may go on in steps of ten milliseconds.
        let mut path = [0; PATH];
        let len = files::readlinkat(dir, name, &mut path).unwrap_or(0);
        Seen { id: found.id(), target: crate::hash(path.iter().take(len)) }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::ffi::CString;
    use std::format;
    use std::os::unix::ffi::OsStrExt;

    /// As FreeBSD and OpenBSD do: what was removed a moment ago gives its inode to what is made next, with the
    /// same time.
    #[test]
    fn a_link_in_the_place_of_another_is_another_one() {
        let place = std::env::temp_dir().join(format!("runit-seen-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        let look =
            |name: &str| Seen::at(Fd::CWD, &CString::new(place.join(name).as_os_str().as_bytes()).unwrap());
        for (path, name) in [("here", "one"), ("here", "same"), ("there", "other")] {
            std::os::unix::fs::symlink(path, place.join(name)).unwrap();
        }
        let one = look("one");
        assert_eq!(look("one"), one);
        assert_ne!(look("same"), one, "another file");
        assert_eq!(Seen { id: one.id, ..look("same") }, one);
        assert_ne!(Seen { id: one.id, ..look("other") }, one, "another file with the same number");
        assert_eq!(look("none"), Seen::NOTHING);
        std::fs::remove_dir_all(place).unwrap();
    }
}
