//! macOS: launchd(8), getutxent(3).
use super::About;

pub(super) const ABOUT: About = About {
    chosen: "launchd(8), always: runit supervises services here and boots nothing",
    restart: "not runit's: shutdown(8)",
    halt: "not runit's: shutdown(8)",
    power_off: "not runit's: shutdown(8)",
    records: "/var/run/utmpx, by pututxline(3)",
    watch: "kqueue(2)",
    settings: &["kern.osproductversion", "kern.securelevel"],
};

pub(super) fn key() -> String {
    "there is no such key".into()
}

pub(super) use super::by_crate as setting;

/// How what a service with the file `contain` leaves behind is found.
pub(super) const fn contains() -> &'static str {
    "by process group: what starts a session of its own gets away"
}
