//! Linux: kernel-parameters.txt, proc_sys(5), reboot(2), utmp(5).
use super::{About, key_by};
use nix::unistd::{AccessFlags, access};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const ABOUT: About = About {
    chosen: "init= on the kernel's command line (rdinit= in an initramfs), else /sbin/init",
    restart: "reboot(2) with RB_AUTOBOOT, after sync(2), by a child of process 1",
    halt: "reboot(2) with RB_HALT_SYSTEM, after sync(2), by a child of process 1",
    power_off: "reboot(2) with RB_POWER_OFF, after sync(2), by a child of process 1; halts where that is refused",
    records: "/var/run/utmp and /var/log/wtmp, in glibc's layout",
    watch: "inotify(7)",
    settings: &["kernel.ctrl-alt-del", "kernel.cad_pid", "kernel.panic"],
};

pub(super) fn key() -> String {
    key_by("kernel.ctrl-alt-del", "INT to process 1", "the kernel restarts at once")
}

/// A file of /proc/sys.
pub(super) fn setting(name: &str) -> Option<String> {
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// How what a service with the file `contain` leaves behind is found by a supervisor that is where this process is.
pub(super) fn contains() -> String {
    if cfg!(runit_force_poll) || !Path::new("/proc/self/stat").exists() {
        return "by process group: what starts a session of its own gets away".into();
    }
    match own_cgroup() {
        Some(dir) => format!("by a cgroup of its own in {}", dir.display()),
        None => "as descendants, by prctl(2) with PR_SET_CHILD_SUBREAPER: no cgroup can be made here".into(),
    }
}

/// The directory of this process's cgroup of version 2, if others can be made in it.
fn own_cgroup() -> Option<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let dirs = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(|root| Path::new(root).join(own));
    let is_second = |dir: &PathBuf| dir.join("cgroup.controllers").exists();
    dirs.into_iter().find(|dir| is_second(dir) && access(dir, AccessFlags::W_OK).is_ok())
}
