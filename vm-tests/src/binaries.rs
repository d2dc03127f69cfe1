//! What can be learnt of programs without running them: they may be another machine's.
use std::fs;
use std::path::Path;

/// The names of busybox's applets, which stand in it one after the other. To ask it would take a
/// machine of its kind.
#[must_use]
pub fn applets(busybox: &[u8]) -> Vec<String> {
    const FIRST: &[u8] = b"[\0[[\0";
    let Some(at) = busybox.windows(FIRST.len()).position(|window| window == FIRST) else { return Vec::new() };
    let names = busybox[at..].split(|byte| *byte == 0).take_while(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).filter(|name| name != "busybox").collect()
}

/// Whether these programs are C runit's: they carry the marks of its revision control.
#[must_use]
pub fn is_c(bins: &Path) -> bool {
    let bytes = fs::read(bins.join("sv")).unwrap_or_default();
    bytes.windows(5).any(|window| window == b"$Id: ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use runit_tests::place::Place;

    #[test]
    fn applets_are_found() {
        let found = applets(b"xx\0[\0[[\0acpid\0busybox\0zcat\0\0/var");
        assert_eq!(found, ["[", "[[", "acpid", "zcat"]);
        assert!(applets(b"none").is_empty());
    }

    #[test]
    fn c_runit_is_known_by_its_marks() {
        let place = Place::new();
        place.file("ours/sv", "sv 0.1.0");
        place.file("theirs/sv", "\0$Id: 0123 $\0");
        assert!(!is_c(&place.path("ours")) && is_c(&place.path("theirs")) && !is_c(&place.path("none")));
    }
}
