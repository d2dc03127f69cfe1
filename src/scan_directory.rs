//! The frozen names of a scan directory beyond its services: where the supervise directories are that are not in the
//! directories of their services, and which of its entries is one of many from one template.
use crate::fixed::Text;
use core::ffi::CStr;
use platform::{Fd, Files};

/// There, a directory or a link to one: the supervise directory of service NAME is in it, as `NAME`, and that of its
/// log service, as `NAME.log`, unless the service's directory has a `supervise` of its own.
pub const SUPERVISE: &CStr = c".supervise";
/// What stands in front of a name there.
pub const SUPERVISE_PREFIX: &[u8] = b".supervise/";
/// What stands behind the name of a service there, for its log service.
pub const LOG_SUFFIX: &[u8] = b".log";

/// Takes the path of a service apart: the path of the scan directory, with its last slash or empty, and the name of
/// the entry there. Slashes at the end are nothing. The name is empty where the path has none: `.`, `..`, `/`.
#[must_use]
pub fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let len = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at.saturating_add(1));
    let path = path.get(..len).unwrap_or_default();
    let parent = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at.saturating_add(1));
    match path.split_at_checked(parent).unwrap_or_default() {
        (parent, b"." | b"..") => (parent, b""),
        split => split,
    }
}

/// Whether an entry could be an instance of a template, judged by its name alone: there is an `@` in it, and something
/// on both sides.
#[must_use]
pub fn may_be_instance(name: &[u8]) -> bool {
    let inner =
        name.split_first().and_then(|(_, rest)| rest.split_last()).map_or(&[][..], |(_, inner)| inner);
    // contains() looks at eight bytes at a time, for which it is seven times as large.
    #[allow(clippy::manual_contains)]
    inner.iter().any(|byte| *byte == b'@')
}

/// The instance that an entry is, `tty1` for `getty@tty1`, if it is a link to a template: the last name of the link's
/// text ends in `@` and is the beginning of the entry's name.
#[must_use]
pub fn instance<'n>(name: &'n [u8], link: &[u8]) -> Option<&'n [u8]> {
    let (_, template) = split(link);
    let instance = name.strip_prefix(template)?;
    (template.len() > 1 && template.ends_with(b"@") && !instance.is_empty()).then_some(instance)
}

/// The names of the templates that an entry can be an instance of, `getty@` for `getty@tty1`, the longest first.
pub fn templates(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lengths = (2..name.len()).rev();
    lengths.filter_map(|len| name.get(..len)).filter(|template| template.ends_with(b"@"))
}

/// Room for a name, for what stands in front of it and behind it in [`SUPERVISE`], and for a NUL.
pub const NAME: usize = 272;

/// A link whose text is as long as this, or longer, leads to no template.
pub const LINK: usize = 1024;

/// The same, of an entry of an open scan directory; without any call if its name cannot be an instance's.
#[inline(never)]
pub fn instance_at<'n, P: Files>(p: &mut P, scan: Fd, name: &'n [u8]) -> Option<&'n [u8]> {
    if !may_be_instance(name) {
        return None;
    }
    let mut link = [0; LINK];
    let len = p.readlinkat(scan, Text::<NAME>::of(&[name]).as_c(), &mut link).ok()?;
    instance(name, link.get(..len).filter(|_| len < LINK)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, parent, name) in [
            ("web", "", "web"),
            ("web/", "", "web"),
            ("./web", "./", "web"),
            ("/service/web//", "/service/", "web"),
            ("/web", "/", "web"),
            ("a//b", "a//", "b"),
            (".", "", ""),
            ("..", "", ""),
            ("a/.", "a/", ""),
            ("a/../", "a/", ""),
            ("/", "", ""),
            ("", "", ""),
            ("...", "", "..."),
        ] {
            assert_eq!(split(path.as_bytes()), (parent.as_bytes(), name.as_bytes()), "{path}");
        }
    }

    #[test]
    fn instances() {
        for (name, link, expected) in [
            ("getty@tty1", "/etc/sv/getty@", Some("tty1")),
            ("getty@tty1", "../getty@//", Some("tty1")),
            ("getty@tty1", "getty@", Some("tty1")),
            ("a@b@c", "a@b@", Some("c")),
            ("a@b@c", "a@", Some("b@c")),
            ("a@@", "a@", Some("@")),
            ("getty@tty1", "/etc/sv/getty", None),
            ("getty@tty1", "/etc/sv/getty@tty1", None),
            ("getty@tty1", "/etc/sv/agetty@", None),
            ("getty@tty1", "/etc/sv/getty@/.", None),
            ("getty@tty1", "", None),
            ("getty@", "/etc/sv/getty@", None),
            ("@tty1", "/etc/sv/@", None),
            ("tty1", "/etc/sv/getty@", None),
        ] {
            assert_eq!(
                instance(name.as_bytes(), link.as_bytes()),
                expected.map(str::as_bytes),
                "{name}, {link}"
            );
            assert!(expected.is_none() || may_be_instance(name.as_bytes()), "{name}");
        }
        for name in ["", "@", "a", "a@", "@a", "ab", "@a@"] {
            assert!(!may_be_instance(name.as_bytes()), "{name}");
        }
        assert!(may_be_instance(b"a@b"));
        let all = |name: &'static str| templates(name.as_bytes()).collect::<Vec<_>>();
        assert_eq!(all("a@b@c"), [b"a@b@".as_slice(), b"a@"]);
        assert_eq!(all("@a@@"), [b"@a@"]);
        for name in ["", "@", "a", "a@", "@a", "ab", "@a@"] {
            assert!(all(name).is_empty(), "{name}");
        }
    }
}
