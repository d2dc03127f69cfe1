//! Names of old logs: `@`, a TAI64N label in hexadecimal, a dot and a letter.
use crate::fixed::Text;
use crate::tai;
use platform::Stamp;

/// The length of every such name.
pub const LENGTH: usize = 27;

/// Such a name.
pub type Name = [u8; LENGTH];

/// Two lower-case digits for each byte.
pub fn hex(bytes: &[u8], into: &mut [u8]) {
    let digit = |nibble: u8| if nibble < 10 { b'0' | nibble } else { nibble.wrapping_add(b'a' - 10) };
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    into.iter_mut().zip(digits).for_each(|(slot, digit)| *slot = digit);
}

/// A label as it counts in names: seconds and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Label {
    secs: u64,
    nanos: u32,
}

impl Label {
    /// The label of a moment.
    pub fn of(moment: Stamp) -> Label {
        let [a, b, c, d, e, f, g, h, nanos @ ..] = tai::label(moment);
        Label { secs: u64::from_be_bytes([a, b, c, d, e, f, g, h]), nanos: u32::from_be_bytes(nanos) }
    }

    /// The label that follows.
    pub const fn next(self) -> Label {
        match self.nanos.checked_add(1) {
            Some(nanos) if nanos < 1_000_000_000 => Label { nanos, ..self },
            Some(_) | None => Label { secs: self.secs.wrapping_add(1), nanos: 0 },
        }
    }

    /// The label in a name, if it is one that a clock can give: what somebody made up must not
    /// take every label that follows from it away.
    pub fn read(name: &[u8]) -> Option<Label> {
        let digits = name.strip_prefix(b"@")?.get(..24)?;
        let mut value: u128 = 0;
        for digit in digits {
            let nibble = match digit {
                b'0'..=b'9' => digit & 15,
                b'a'..=b'f' => (digit & 15).wrapping_add(9),
                _ => return None,
            };
            value = (value << 4) | u128::from(nibble);
        }
        let label = Label { secs: (value >> 32) as u64, nanos: value as u32 };
        (label.nanos < 1_000_000_000 && label.secs < 1 << 63).then_some(label)
    }

    /// The name with this label and this letter.
    pub fn name(self, letter: u8) -> Name {
        let mut name = [b'.'; LENGTH];
        let [at, digits @ .., _, last] = &mut name;
        *at = b'@';
        *last = letter;
        let (high, low) = digits.split_at_mut(16);
        hex(&self.secs.to_be_bytes(), high);
        hex(&self.nanos.to_be_bytes(), low);
        name
    }
}

/// The same name with another letter.
pub fn with_letter(name: Name, letter: u8) -> Name {
    let mut name = name;
    let [.., last] = &mut name;
    *last = letter;
    name
}

/// A name with the NUL behind it.
pub fn c_name(name: &[u8]) -> Text<32> {
    Text::of(&[name])
}

/// What a walk along the names of a log directory finds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Survey {
    /// Old logs; those of a processor that runs as well, but not what it writes.
    pub count: u64,
    /// With what processors write.
    pub all: u64,
    /// The smallest name that may be deleted.
    pub oldest: Option<Name>,
    /// The smallest name that waits for a processor.
    pub unprocessed: Option<Name>,
    /// How many do.
    pub waiting: u64,
    /// The greatest label.
    pub newest: Label,
}

/// What a name is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// None of ours.
    Other,
    /// An old log.
    Log,
    /// What a processor wrote that did not come to its end.
    Leftover,
}

impl Survey {
    /// Looks at a name. `busy` is what a processor reads now and `made` the log just made: neither
    /// they nor what comes of them is deleted.
    pub fn see(&mut self, name: &[u8], busy: Option<Name>, made: Option<Name>) -> Kind {
        let Ok(name) = Name::try_from(name) else { return Kind::Other };
        let [b'@', .., letter] = name else { return Kind::Other };
        self.all = self.all.saturating_add(1);
        self.newest = Label::read(&name).unwrap_or_default().max(self.newest);
        let same = |other: Option<Name>| other.is_some_and(|other| with_letter(other, letter) == name);
        let kept = same(busy) || same(made);
        if letter == b't' {
            return if same(busy) { Kind::Log } else { Kind::Leftover };
        }
        self.count = self.count.saturating_add(1);
        if !kept && self.oldest.is_none_or(|oldest| name < oldest) {
            self.oldest = Some(name);
        }
        if letter == b'u' {
            self.waiting = self.waiting.saturating_add(1);
            self.unprocessed = Some(self.unprocessed.map_or(name, |oldest| oldest.min(name)));
        }
        Kind::Log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels() {
        let moment = Stamp { secs: 0x6b02_f98f - 10, nanos: 0x0a_a7_fd_3c };
        let label = Label::of(moment);
        let name = label.name(b's');
        assert_eq!(&name, b"@400000006b02f98f0aa7fd3c.s");
        assert_eq!(Label::read(&name), Some(label));
        assert_eq!(&with_letter(name, b'u'), b"@400000006b02f98f0aa7fd3c.u");
        assert!(label.next() > label && label.next().name(b'a') > name, "names sort as labels do");
        let last = Label { secs: 7, nanos: 999_999_999 };
        assert_eq!(last.next(), Label { secs: 8, nanos: 0 });
        for other in [
            "@ffffffffffffffffffffffff.s",
            "@400000006b02f98fffffffff.s",
            "@4000000 6b02f98f0aa7fd3c.s",
            "@40",
        ] {
            assert_eq!(Label::read(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn a_walk() {
        let name = |nanos, letter| Label { secs: 1 << 62, nanos }.name(letter);
        let mut survey = Survey::default();
        let (busy, made) = (Some(name(1, b'u')), Some(name(5, b's')));
        for (nanos, letter, kind) in [
            (5, b's', Kind::Log),
            (1, b'u', Kind::Log),
            (1, b't', Kind::Log),
            (3, b's', Kind::Log),
            (2, b'x', Kind::Log),
            (4, b't', Kind::Leftover),
            (3, b'u', Kind::Log),
        ] {
            assert_eq!(survey.see(&name(nanos, letter), busy, made), kind, "{nanos}");
        }
        for other in [b"current".as_slice(), b"lock", b"@short.s", b"x400000006b02f98f0aa7fd3c.s"] {
            assert_eq!(survey.see(other, busy, made), Kind::Other);
        }
        assert_eq!((survey.count, survey.all), (5, 7));
        assert_eq!(survey.oldest, Some(name(2, b'x')), "not the busy one, though it is smaller");
        assert_eq!((survey.unprocessed, survey.waiting), (Some(name(1, b'u')), 2));
        assert_eq!(survey.newest, Label { secs: 1 << 62, nanos: 5 });
    }

    /// DEV-64: a clock behind the labels does not make the newest log the oldest.
    #[test]
    fn the_log_just_made_is_never_the_oldest() {
        let old = Label { secs: (1 << 62) + 1000, nanos: 0 };
        let now = Label { secs: 1 << 62, nanos: 500 };
        let mut survey = Survey::default();
        survey.see(&old.name(b's'), None, None);
        let made = now.max(survey.newest.next()).name(b's');
        assert!(made > old.name(b's'));
        survey.see(&made, None, Some(made));
        assert_eq!(survey.oldest, Some(old.name(b's')));
        let mut alone = Survey::default();
        alone.see(&made, None, Some(made));
        assert_eq!((alone.count, alone.oldest), (1, None));
    }
}
