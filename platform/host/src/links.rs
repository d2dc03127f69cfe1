//! Names in directories, and what they lead to.
use crate::{Result, wrong};
use nix::sys::stat::{FileStat, SFlag, lstat, stat};
use platform::{Errno, FileId};
use std::ffi::{CStr, CString};
use std::os::fd::AsFd;

/// What a name leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Which file it is.
    pub id: FileId,
    /// Whether it is a directory.
    pub is_dir: bool,
}

#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, reason = "other systems have other types")]
fn look(found: &FileStat) -> Look {
    let kind = SFlag::from_bits_truncate(found.st_mode) & SFlag::S_IFMT;
    let id = FileId { device: found.st_dev as u64, inode: found.st_ino as u64 };
    Look { id, is_dir: kind == SFlag::S_IFDIR }
}

/// stat(2): links are followed.
///
/// # Errors
/// Those of stat(2).
pub fn follow(path: &CStr) -> Result<Look> {
    stat(path).map(|found| look(&found)).map_err(wrong)
}

/// lstat(2): a link is what it is.
///
/// # Errors
/// Those of lstat(2).
pub fn itself(path: &CStr) -> Result<Look> {
    lstat(path).map(|found| look(&found)).map_err(wrong)
}

/// The text of a symbolic link; [`Errno::INVAL`]: it is none.
///
/// # Errors
/// Those of readlink(2).
pub fn text(path: &CStr) -> Result<Vec<u8>> {
    nix::fcntl::readlink(path).map(std::ffi::OsString::into_encoded_bytes).map_err(wrong)
}

/// The same, of a path that begins at an open directory.
///
/// # Errors
/// Those of readlinkat(2).
pub fn text_at(from: impl AsFd, path: &CStr) -> Result<Vec<u8>> {
    nix::fcntl::readlinkat(from, path).map(std::ffi::OsString::into_encoded_bytes).map_err(wrong)
}

/// So many links are followed, as by Linux.
const FOLLOWED: usize = 40;

/// The symbolic links that the system follows on the way to a path, its last name among them, in the order in which it
/// does; as far as it comes.
#[must_use]
pub fn followed(path: &CStr) -> Vec<CString> {
    let mut found: Vec<CString> = Vec::new();
    // The names that are still to come, the next one at the end.
    let mut rest: Vec<Vec<u8>> = Vec::new();
    let mut place: Vec<u8> = Vec::new();
    let go = |text: &[u8], place: &mut Vec<u8>, rest: &mut Vec<Vec<u8>>| {
        if text.starts_with(b"/") {
            *place = b"/".to_vec();
        }
        let names = text.rsplit(|byte| *byte == b'/').filter(|name| !matches!(*name, b"" | b"."));
        rest.extend(names.map(<[u8]>::to_vec));
    };
    go(path.to_bytes(), &mut place, &mut rest);
    while let Some(name) = rest.pop() {
        let slash: &[u8] = if matches!(place.last(), None | Some(b'/')) { b"" } else { b"/" };
        let here = [&place, slash, &name].concat();
        // No link leads to `..`, and all before it were followed.
        match CString::new(here.clone()).ok().and_then(|link| Some((text(&link).ok()?, link))) {
            Some((text, link)) if found.len() < FOLLOWED => {
                found.push(link);
                go(&text, &mut place, &mut rest);
            }
            Some(_) => break,
            None => place = here,
        }
    }
    found
}

/// Makes a symbolic link, in the place of one that has this name.
///
/// # Errors
/// Those of symlink(2) and unlink(2).
pub fn make(text: &CStr, path: &CStr) -> Result<()> {
    let make = || nix::unistd::symlinkat(text, nix::fcntl::AT_FDCWD, path).map_err(wrong);
    match make() {
        Err(Errno::EXIST) => {
            remove(path)?;
            make()
        }
        done => done,
    }
}

/// rename(2).
///
/// # Errors
/// Those of rename(2).
pub fn rename(from: &CStr, to: &CStr) -> Result<()> {
    nix::fcntl::renameat(nix::fcntl::AT_FDCWD, from, nix::fcntl::AT_FDCWD, to).map_err(wrong)
}

/// unlink(2); it is no failure if there is nothing.
///
/// # Errors
/// Those of unlink(2) but ENOENT.
pub fn remove(path: &CStr) -> Result<()> {
    match nix::unistd::unlink(path).map_err(wrong) {
        Err(Errno::NOENT) => Ok(()),
        done => done,
    }
}

/// Has what changed in an open directory written to the disk, where the system does that.
pub fn settle(dir: impl AsFd) {
    let _ = nix::unistd::fsync(dir.as_fd());
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    fn c(path: &Path) -> CString {
        CString::new(path.as_os_str().as_bytes()).unwrap()
    }

    #[test]
    fn links_on_the_way() {
        let place = std::env::temp_dir().join(format!("runit-links-{}", std::process::id()));
        std::fs::create_dir_all(place.join("all/default/web")).unwrap();
        // What leads to the directory of temporary files is not of here.
        let place = place.canonicalize().unwrap();
        symlink("default", place.join("all/current")).unwrap();
        symlink(place.join("all/current"), place.join("service")).unwrap();
        symlink("../current/web/", place.join("all/default/web2")).unwrap();
        symlink("loop", place.join("loop")).unwrap();
        let found = |path: &str| {
            let found = followed(&c(&place.join(path))).into_iter();
            let names = found
                .map(|link| link.to_str().unwrap().strip_prefix(place.to_str().unwrap()).unwrap().to_owned());
            names.collect::<Vec<_>>()
        };
        let way = ["/service", "/all/current"];
        assert_eq!(found("service"), way);
        assert_eq!(found("service//./web/"), way);
        assert_eq!(
            found("service/web2"),
            [&way[..], &["/all/default/web2", "/all/default/../current"]].concat()
        );
        assert_eq!(found("service/../default/web"), way);
        assert_eq!(found("all/default/web"), [""; 0]);
        assert_eq!(found("nothing/here"), [""; 0]);
        assert_eq!(found("loop").len(), 40);
        assert!(followed(c"").is_empty() && followed(c".").is_empty() && followed(c"/").is_empty());
        std::fs::remove_dir_all(place).unwrap();
    }
}
