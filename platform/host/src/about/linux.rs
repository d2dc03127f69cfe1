//! Linux: kernel-parameters.txt, proc_sys(5), reboot(2), utmp(5).
use super::{About, key_by};

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
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
