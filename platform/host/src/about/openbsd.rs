//! OpenBSD: init(8), reboot(2), sysctl(2), utmp(5).
use super::{About, key_by};

pub(super) const ABOUT: About = About {
    chosen: "/sbin/init, then /sbin/oinit and /sbin/init.bak; the kernel takes no other name",
    restart: "reboot(2) with RB_AUTOBOOT; the kernel syncs",
    halt: "reboot(2) with RB_HALT",
    power_off: "reboot(2) with RB_HALT and RB_POWERDOWN; halts where that is refused",
    records: "/var/run/utmp and /var/log/wtmp",
    watch: "kqueue(2)",
    settings: &["machdep.kbdreset", "hw.allowpowerdown", "kern.securelevel"],
};

pub(super) fn key() -> String {
    key_by("machdep.kbdreset", "ignored", "USR1 to process 1, armed again after each time")
}

pub(super) use super::by_program as setting;

/// How what a service with the file `contain` leaves behind is found.
pub(super) const fn contains() -> &'static str {
    "by process group: what starts a session of its own gets away"
}
