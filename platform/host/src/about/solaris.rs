//! illumos and Solaris: kernel(8), init(8), uadmin(2), utmpx(5).
use super::About;

pub(super) const ABOUT: About = About {
    chosen: "-i PATH on the kernel's command line (at most 31 characters), else /sbin/init",
    restart: "uadmin(2) with A_SHUTDOWN and AD_BOOT; the kernel syncs and unmounts",
    halt: "uadmin(2) with A_SHUTDOWN and AD_HALT",
    power_off: "uadmin(2) with A_SHUTDOWN and AD_POWEROFF; halts where that is refused",
    records: "/var/adm/utmpx and /var/adm/wtmpx, by pututxline(3C)",
    watch: "event ports, port_create(3C)",
    settings: &[],
};

pub(super) fn key() -> String {
    "there is no such key; F1-A and STOP-A enter the debugger".into()
}

/// There is no sysctl(8).
pub(super) fn setting(_name: &str) -> Option<String> {
    None
}

/// How what a service with the file `contain` leaves behind is found.
pub(super) const fn contains() -> &'static str {
    "by process group: what starts a session of its own gets away"
}
