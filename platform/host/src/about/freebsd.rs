//! FreeBSD: init(8), loader(8), reboot(2), vt(4), getutxent(3).
use super::{About, key_by};

pub(super) const ABOUT: About = About {
    chosen: "the first of the loader's init_path that can be executed, else /sbin/init",
    restart: "reboot(2) with RB_AUTOBOOT; the kernel syncs",
    halt: "reboot(2) with RB_HALT",
    power_off: "reboot(2) with RB_HALT and RB_POWEROFF; halts where that is refused",
    records: "/var/run/utx.active, utx.lastlogin and /var/log/utx.log, by pututxline(3)",
    watch: "kqueue(2)",
    settings: &["kern.init_path", "kern.vt.kbd_reboot", "kern.securelevel", "security.jail.jailed"],
};

pub(super) fn key() -> String {
    key_by("kern.vt.kbd_reboot", "ignored", "INT to process 1")
}

#[cfg(target_os = "freebsd")]
pub(super) use super::by_crate as setting;

/// The crate does not build on DragonFly.
#[cfg(not(target_os = "freebsd"))]
pub(super) fn setting(_name: &str) -> Option<String> {
    None
}

/// How what a service with the file `contain` leaves behind is found.
pub(super) const fn contains() -> &'static str {
    if cfg!(target_os = "freebsd") {
        "as descendants, by procctl(2) with PROC_REAP_KILL"
    } else {
        "by process group: what starts a session of its own gets away"
    }
}
