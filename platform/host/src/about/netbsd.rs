//! NetBSD: init(8), boot(8), reboot(2), utmpx(5).
use super::About;

pub(super) const ABOUT: About = About {
    chosen: "/sbin/init, then /sbin/oinit, /sbin/init.bak, /rescue/init; or asked for after boot -a",
    restart: "reboot(2) with RB_AUTOBOOT; the kernel syncs",
    halt: "reboot(2) with RB_HALT",
    power_off: "reboot(2) with RB_POWERDOWN; halts where that is refused",
    records: "/var/run/utmpx and /var/log/wtmpx, by pututxline(3); /var/run/utmp and /var/log/wtmp as well",
    watch: "kqueue(2)",
    settings: &["kern.boothowto", "kern.securelevel"],
};

pub(super) fn key() -> String {
    "wscons(4) has no such key".into()
}

pub(super) use super::by_program as setting;

/// How what a service with the file `contain` leaves behind is found.
pub(super) const fn contains() -> &'static str {
    "by process group: what starts a session of its own gets away"
}
