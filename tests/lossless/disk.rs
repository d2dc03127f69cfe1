//! A small file system, which can be full: in the namespace of this process, or for all to see.
use nix::unistd::geteuid;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What mounts 64 MB in a directory, which is its last word.
const MOUNT: &[&str] = if cfg!(target_os = "openbsd") {
    &["mount_mfs", "-s", "64m", "swap"]
} else if cfg!(target_os = "netbsd") {
    &["mount_tmpfs", "-s", "64m", "tmpfs"]
} else {
    &["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs"]
};

/// Whether this system knows no namespaces, and we may mount what everybody sees.
pub(crate) fn for_all_to_see() -> bool {
    cfg!(any(target_os = "freebsd", target_os = "netbsd", target_os = "openbsd")) && geteuid().is_root()
}

/// The file system; it goes with this.
#[derive(Debug)]
pub(crate) struct Disk(PathBuf);

impl Disk {
    /// Mounts it in an empty directory.
    pub(crate) fn new(dir: &Path) -> Disk {
        let mounted = Command::new(MOUNT[0]).args(&MOUNT[1..]).arg(dir).status();
        assert!(mounted.is_ok_and(|status| status.success()), "{}", MOUNT[0]);
        Disk(dir.to_owned())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Another one goes with the namespace.
        if for_all_to_see() {
            let _ = Command::new("umount").arg("-f").arg(&self.0).status();
        }
    }
}
