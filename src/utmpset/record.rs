//! Records of logins, as bytes.
use platform::{Field, Layout, LoginKind as Kind};

/// A record that was found: where it is in the file, and what comes in its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The offset of its first byte.
    pub at: usize,
}

impl Entry {
    /// Makes the record say that nobody is there since `now`. The process, the terminal's id, the
    /// way in which it ended, and the part of the second stay.
    pub fn end(self, layout: &Layout, file: &mut [u8], now: u64) {
        let Some(record) = file.get_mut(self.at..).and_then(|rest| rest.get_mut(..layout.size)) else {
            return;
        };
        clear(record, layout.user);
        clear(record, layout.host);
        stamp(record, layout, |kind| kind.dead, now);
    }
}

/// What happens to the whole system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// It came up.
    Boot,
    /// It goes down.
    Shutdown,
}

impl Moment {
    const fn kind(self, kind: Kind) -> u16 {
        match self {
            Moment::Boot => kind.boot,
            Moment::Shutdown => kind.level,
        }
    }

    /// Makes a record of it. Where records have types, `release` says which kernel it was.
    pub fn record(self, layout: &Layout, into: &mut [u8], release: &[u8], now: u64) {
        into.fill(0);
        let user: &[u8] = match self {
            Moment::Boot => b"reboot",
            Moment::Shutdown => b"shutdown",
        };
        put(into, layout.line, b"~");
        put(into, layout.user, user);
        if let Some(id) = layout.id {
            put(into, id, b"~~");
            put(into, layout.host, release);
        }
        stamp(into, layout, |kind| self.kind(kind), now);
    }

    /// Where its record goes in the file of those who are logged in: that of the last time, or the
    /// end. `None` where such records have no type and so no place there.
    #[must_use]
    pub fn place(self, layout: &Layout, file: &[u8]) -> Option<usize> {
        let kind = layout.kind?;
        let records = file.chunks_exact(layout.size);
        let whole = records.len();
        let mut records = records.map(|record| kind_of(record, kind));
        records.position(|found| found == Some(self.kind(kind))).unwrap_or(whole).checked_mul(layout.size)
    }
}

/// Finds the first record of somebody on a line. Where records have types, only those of logins
/// count: the line `~` belongs to the record of the boot.
#[must_use]
pub fn find(layout: &Layout, file: &[u8], line: &[u8]) -> Option<Entry> {
    let records = file.chunks_exact(layout.size);
    let found =
        records.into_iter().position(|record| is_login(layout, record) && on(layout, record, line))?;
    Some(Entry { at: found.checked_mul(layout.size)? })
}

/// A new record: on this line nobody is there since `now`. What is longer than the field is cut.
pub fn record(layout: &Layout, into: &mut [u8], line: &[u8], now: u64) {
    into.fill(0);
    put(into, layout.line, line);
    stamp(into, layout, |kind| kind.dead, now);
}

fn kind_of(record: &[u8], kind: Kind) -> Option<u16> {
    let bytes = record.get(kind.at..).and_then(|rest| rest.first_chunk()).copied();
    bytes.map(u16::from_ne_bytes)
}

fn is_login(layout: &Layout, record: &[u8]) -> bool {
    let named = record.get(layout.user.at).is_some_and(|first| *first != 0);
    named
        && layout.kind.is_none_or(|kind| {
            let found = kind_of(record, kind);
            found == Some(kind.login) || found == Some(kind.user)
        })
}

fn on(layout: &Layout, record: &[u8], line: &[u8]) -> bool {
    let Some(field) = record.get(layout.line.at..).and_then(|rest| rest.get(..layout.line.len)) else {
        return false;
    };
    match field.strip_prefix(line) {
        Some(rest) => rest.first().is_none_or(|next| *next == 0),
        None => false,
    }
}

fn stamp(record: &mut [u8], layout: &Layout, choose: impl FnOnce(Kind) -> u16, now: u64) {
    if let Some(kind) = layout.kind {
        put(record, Field { at: kind.at, len: 2 }, &choose(kind).to_ne_bytes());
    }
    if layout.seconds.len == 4 {
        // Unsigned, they last until 2106.
        put(record, layout.seconds, &(now as u32).to_ne_bytes());
    } else {
        put(record, layout.seconds, &now.to_ne_bytes());
    }
}

fn slice(record: &mut [u8], field: Field) -> Option<&mut [u8]> {
    record.get_mut(field.at..)?.get_mut(..field.len)
}

fn put(record: &mut [u8], field: Field, bytes: &[u8]) {
    if let Some(field) = slice(record, field) {
        field.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    }
}

fn clear(record: &mut [u8], field: Field) {
    if let Some(field) = slice(record, field) {
        field.fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUTS: [Layout; 4] = [Layout::GNU, Layout::GNU_64, Layout::OPENBSD, Layout::NETBSD];
    const NOW: u64 = 0x8765_4321;

    /// A record full of `filler` but for these fields.
    fn entry(layout: &Layout, kind: u16, line: &[u8], user: &[u8], filler: u8) -> Vec<u8> {
        let mut record = vec![filler; layout.size];
        if let Some(known) = layout.kind {
            put(&mut record, Field { at: known.at, len: 2 }, &kind.to_ne_bytes());
        }
        for (field, text) in [(layout.line, line), (layout.user, user), (layout.host, b"host".as_slice())] {
            clear(&mut record, field);
            put(&mut record, field, text);
        }
        record
    }

    #[test]
    fn a_logout_changes_four_fields() {
        for layout in &LAYOUTS {
            let other = entry(layout, 7, b"tty", b"you", 0xaa);
            let mut file = [other.clone(), entry(layout, 7, b"tty1", b"me", 0xbb), other.clone()].concat();
            let found = find(layout, &file, b"tty1").unwrap();
            assert_eq!(found.at, layout.size);
            found.end(layout, &mut file, NOW);
            let mut expected = entry(layout, 8, b"tty1", b"", 0xbb);
            clear(&mut expected, layout.host);
            let seconds = if layout.seconds.len == 4 {
                (NOW as u32).to_ne_bytes().to_vec()
            } else {
                NOW.to_ne_bytes().to_vec()
            };
            put(&mut expected, layout.seconds, &seconds);
            assert!(file == [other.clone(), expected, other].concat());
            assert_eq!(find(layout, &file, b"tty1"), None, "once");
        }
    }

    #[test]
    fn the_first_one_with_a_name() {
        let layout = &Layout::GNU;
        let file = [
            entry(layout, 8, b"tty1", b"", 0),
            entry(layout, 7, b"tty1", b"", 0),
            entry(layout, 6, b"tty1", b"LOGIN", 0),
            entry(layout, 7, b"tty1", b"me", 0),
        ]
        .concat();
        assert_eq!(find(layout, &file, b"tty1"), Some(Entry { at: 2 * layout.size }));
        for line in [b"tty".as_slice(), b"tty11", b"", b"TTY1", b"/dev/tty1", b"tty1\0"] {
            let expected = if line == b"tty1\0" { Some(Entry { at: 2 * layout.size }) } else { None };
            assert_eq!(find(layout, &file, line), expected, "{line:?}");
        }
    }

    #[test]
    fn types_that_are_no_logins() {
        let layout = &Layout::GNU;
        for kind in (0..12).filter(|kind| ![6, 7].contains(kind)) {
            assert_eq!(find(layout, &entry(layout, kind, b"~", b"reboot", 0), b"~"), None, "{kind}");
        }
        let plain = &Layout::OPENBSD;
        assert!(find(plain, &entry(plain, 0, b"ttyC0", b"me", 0), b"ttyC0").is_some(), "no types there");
    }

    #[test]
    fn whole_fields_and_broken_files() {
        for layout in &LAYOUTS {
            let long = vec![b'x'; layout.line.len];
            let file = entry(layout, 7, &long, b"me", 0);
            assert!(find(layout, &file, &long).is_some(), "no zero at its end");
            assert!(find(layout, &file, &[&long, b"x".as_slice()].concat()).is_none());
            for cut in [0, 1, layout.size - 1] {
                assert_eq!(find(layout, &file[..cut], &long), None);
            }
        }
    }

    #[test]
    fn up_and_down() {
        for (moment, kind, user) in
            [(Moment::Boot, 2, b"reboot".as_slice()), (Moment::Shutdown, 1, b"shutdown")]
        {
            for layout in &LAYOUTS {
                let mut made = vec![0xee; layout.size];
                moment.record(layout, &mut made, b"host", NOW);
                let mut expected = entry(layout, kind, b"~", user, 0);
                match layout.id {
                    Some(id) => put(&mut expected, id, b"~~"),
                    None => clear(&mut expected, layout.host),
                }
                let seconds = if layout.seconds.len == 4 {
                    (NOW as u32).to_ne_bytes().to_vec()
                } else {
                    NOW.to_ne_bytes().to_vec()
                };
                put(&mut expected, layout.seconds, &seconds);
                assert!(made == expected);
            }
            let layout = &Layout::GNU;
            let file = [entry(layout, 7, b"tty1", b"me", 0), entry(layout, kind, b"~", user, 0)].concat();
            assert_eq!(moment.place(layout, &file), Some(layout.size));
            assert_eq!(moment.place(layout, &file[..layout.size + 9]), Some(layout.size));
            assert_eq!(moment.place(layout, b""), Some(0));
            assert_eq!(moment.place(&Layout::OPENBSD, b""), None);
        }
    }

    #[test]
    fn a_record_of_history() {
        for layout in &LAYOUTS {
            let mut made = vec![0xee; layout.size];
            record(layout, &mut made, b"tty1", NOW);
            let mut expected = entry(layout, 8, b"tty1", b"", 0);
            clear(&mut expected, layout.host);
            put(&mut expected, layout.seconds, &NOW.to_ne_bytes());
            if cfg!(target_endian = "big") && layout.seconds.len == 4 {
                put(&mut expected, layout.seconds, &(NOW as u32).to_ne_bytes());
            }
            assert!(made == expected);
            record(layout, &mut made, &[b'y'; 300], NOW);
            assert_eq!(made[layout.line.at + layout.line.len - 1], b'y');
            assert_eq!(made[layout.user.at], 0, "cut");
        }
    }
}
