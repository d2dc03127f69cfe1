//! `runsvchdir` without the system: which links it turns. `src/bin/runsvchdir/` turns them.
//!
//! `current` is replaced by renaming a finished link over it, after `previous` was, so that
//! a program that looks, or a machine that restarts, finds a `current` that leads to the old directory or to
//! the new one.

use platform::FileId;

/// The usage text behind the program's name.
pub const USAGE: &str = " dir";

/// What `--help` says below the usage.
pub const HELP: &str = "\
Make dir the current directory of services, and the one that was it the
previous one. dir is the name of a directory beside the link `current` in
$RUNSVDIR or the default directory; `previous` goes back.
";

/// What is there under the name `current`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Current<'a> {
    /// Nothing, or a link that leads nowhere.
    Missing,
    /// A link.
    Link {
        /// Its text.
        text: &'a [u8],
        /// Where it leads.
        leads: FileId,
        /// Its text names the link `previous`, as C runit can leave it behind.
        names_previous: bool,
    },
    /// A directory, or whatever else.
    Other(FileId),
}

/// What was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found<'a> {
    /// The directory on the command line, as typed.
    pub name: &'a [u8],
    /// What it leads to.
    pub wanted: FileId,
    /// The text of `previous` if the name is that link's.
    pub back: Option<&'a [u8]>,
    /// `current`.
    pub current: Current<'a>,
}

/// What to do with `previous`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Previous<'a> {
    /// It stays.
    Stay,
    /// It becomes a link with this text.
    Link(&'a [u8]),
    /// It becomes what was called `current`, which is no link. For a moment there is none.
    Move,
}

/// The change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change<'a> {
    /// The text of the new `current`, and the name to report.
    pub target: &'a [u8],
    /// What to do first.
    pub previous: Previous<'a>,
}

/// Names that begin so are refused.
#[must_use]
pub fn is_hidden(name: &[u8]) -> bool {
    name.first() == Some(&b'.')
}

/// What to change; `None`: it is current already.
#[must_use]
pub fn change<'a>(found: &Found<'a>) -> Option<Change<'a>> {
    // DEV-27: `previous` is where it leads, else the new link would lead through the one that is
    // about to be turned.
    let target = found.back.unwrap_or(found.name);
    let previous = match found.current {
        Current::Link { leads, .. } | Current::Other(leads) if leads == found.wanted => return None,
        // DEV-27: there need not be one.
        Current::Missing => Previous::Stay,
        Current::Link { names_previous: true, .. } => Previous::Stay,
        Current::Link { text, .. } => Previous::Link(text),
        Current::Other(_) => Previous::Move,
    };
    Some(Change { target, previous })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: FileId = FileId { device: 1, inode: 2 };
    const THERE: FileId = FileId { device: 1, inode: 3 };

    fn link(text: &[u8], leads: FileId) -> Current<'_> {
        Current::Link { text, leads, names_previous: false }
    }

    fn from(current: Current<'static>, back: Option<&'static [u8]>) -> Option<Change<'static>> {
        change(&Found { name: b"new", wanted: HERE, back, current })
    }

    #[test]
    fn there_and_back() {
        let to = |target, previous| Some(Change { target, previous });
        assert_eq!(from(link(b"old", THERE), None), to(b"new".as_slice(), Previous::Link(b"old")));
        assert_eq!(from(link(b"old", HERE), None), None, "whatever its text");
        assert_eq!(from(link(b"old", THERE), Some(b"older")), to(b"older", Previous::Link(b"old")));
        assert_eq!(from(Current::Missing, None), to(b"new", Previous::Stay));
        assert_eq!(from(Current::Other(THERE), None), to(b"new", Previous::Move));
        assert_eq!(from(Current::Other(HERE), None), None);
        let through = Current::Link { text: b"previous", leads: THERE, names_previous: true };
        assert_eq!(from(through, None), to(b"new", Previous::Stay), "no link to itself");
        assert!(is_hidden(b".") && is_hidden(b".a") && !is_hidden(b"a.") && !is_hidden(b""));
    }

    #[test]
    fn devices_count() {
        let other = FileId { device: 7, ..HERE };
        assert!(from(link(b"old", other), None).is_some());
    }
}
