//! Stamps in front of lines, as svlogd and its relatives write them.
use crate::sv::text::Sink;
use crate::tai;
use platform::Stamp;

/// A line that begins with a stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamped<'a> {
    /// When.
    pub moment: Stamp,
    /// How many digits of the second's fraction the stamp has.
    digits: usize,
    /// What follows the stamp and its blank.
    pub rest: &'a [u8],
}

/// Digits of a label in hexadecimal.
const LABEL: usize = 24;

/// Year, month, day, hour, minute, second.
pub type Fields = [u32; 6];

impl<'a> Stamped<'a> {
    /// Takes a line apart. It may begin with a TAI64N label (`-t`; multilog and s6-log write the same) or with date and
    /// time of day in UTC (`-tt` and `-ttt`).
    #[must_use]
    pub fn of(line: &'a [u8]) -> Option<Stamped<'a>> {
        match line {
            [b'@', rest @ ..] => label(rest),
            [b'0'..=b'9', ..] => date(line),
            _ => None,
        }
    }

    /// Writes the stamp in local time; `fields` is what the system makes of its second.
    pub fn show(&self, out: &mut impl Sink, fields: Fields) {
        let mut text = *b"0000-00-00 00:00:00.000000000";
        for (range, value) in [(0..4, 0), (5..7, 1), (8..10, 2), (11..13, 3), (14..16, 4), (17..19, 5)]
            .map(|(range, at)| (range, fields.get(at).copied().unwrap_or(0)))
            .into_iter()
            .chain([(20..29, self.moment.nanos)])
        {
            let mut rest = value;
            for slot in text.get_mut(range).unwrap_or_default().iter_mut().rev() {
                *slot = b'0' | (rest % 10) as u8;
                rest /= 10;
            }
        }
        let length = if self.digits == 0 { 19 } else { self.digits.saturating_add(20) };
        out.put_all(&[text.get(..length).unwrap_or(&text), b" "]);
    }
}

/// A label and a blank; microseconds are all that their clocks count.
fn label(text: &[u8]) -> Option<Stamped<'_>> {
    let (digits, rest) = text.split_at_checked(LABEL)?;
    let rest = behind(rest)?;
    let mut label = [0_u8; 12];
    for (slot, pair) in label.iter_mut().zip(digits.chunks(2)) {
        for digit in pair {
            let nibble = match digit {
                b'0'..=b'9' => digit & 15,
                b'a'..=b'f' => (digit & 15).wrapping_add(9),
                _ => return None,
            };
            *slot = (*slot << 4) | nibble;
        }
    }
    let moment = tai::stamp(label);
    // Years that dates here can have.
    (moment.nanos < 1_000_000_000 && moment.secs < 1 << 36).then_some(Stamped { moment, digits: 6, rest })
}

/// The blank that ends a stamp, or the end of the line.
fn behind(text: &[u8]) -> Option<&[u8]> {
    match text {
        [b' ', rest @ ..] => Some(rest),
        [] | [b'\n'] => Some(text),
        _ => None,
    }
}

fn date(line: &[u8]) -> Option<Stamped<'_>> {
    let (day, rest) = line.split_at_checked(10)?;
    let (between, rest) = rest.split_first()?;
    let (time, rest) = rest.split_at_checked(8)?;
    let ([y @ .., b'-', m1, m2, b'-', d1, d2], [h1, h2, b':', n1, n2, b':', s1, s2]) = (day, time) else {
        return None;
    };
    let (rest, digits, nanos) = match rest.strip_prefix(b".") {
        Some(rest) => {
            let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (fraction, rest) = rest.split_at_checked(count).filter(|_| (1..=9).contains(&count))?;
            let scale = 10_u64.checked_pow(9_u32.checked_sub(u32::try_from(count).ok()?)?)?;
            (rest, count, u32::try_from(number(fraction)?.checked_mul(scale)?).ok()?)
        }
        None => (rest, 0, 0),
    };
    let (year, month, day) = (number(y)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?);
    let (hour, minute, second) = (number(&[*h1, *h2])?, number(&[*n1, *n2])?, number(&[*s1, *s2])?);
    let sane = matches!(between, b'_' | b'T')
        && year >= 1970
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61;
    let days = days(year, month, day).filter(|_| sane)?;
    let secs = days.checked_mul(24)?.checked_add(hour)?.checked_mul(60)?.checked_add(minute)?;
    let moment = Stamp { secs: secs.checked_mul(60)?.checked_add(second)?, nanos };
    Some(Stamped { moment, digits, rest: behind(rest)? })
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

/// Days since 1970-01-01, Gregorian. Years begin in March here, which puts the leap day last.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) =
        if month > 2 { (year, month.checked_sub(3)?) } else { (year.checked_sub(1)?, month.checked_add(9)?) };
    let leaps = (year / 4).checked_sub(year / 100)?.checked_add(year / 400)?;
    // 153 days are five months from March on, and from August on.
    let before = month.checked_mul(153)?.checked_add(2)? / 5;
    year.checked_mul(365)?.checked_add(leaps)?.checked_add(before)?.checked_add(day)?.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::svlogd::{Stamper, Style};

    #[test]
    fn what_svlogd_writes_is_read_back() {
        for secs in (0..4_000_000_000_u64).step_by(86_400 * 13 + 4_567) {
            let moment = Stamp { secs, nanos: 203_449_999 };
            for (style, nanos) in
                [(Style::Label, 203_449_500), (Style::Underscore, 203_440_000), (Style::Iso, 203_440_000)]
            {
                let line = [Stamper::new(style).stamp(moment), b"hello\n"].concat();
                let read = Stamped::of(&line).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&line)));
                assert_eq!((read.moment, read.rest), (Stamp { secs, nanos }, b"hello\n".as_slice()));
            }
        }
    }

    #[test]
    fn what_is_no_stamp_stays_a_line() {
        for line in [
            "",
            "@",
            "@400000006b02f98f0aa7fd3cx",
            "@400000006b02f98f0aa7fd3",
            "@400000006b02f98fffffffff x",
            "@ffffffffffffffff00000000 x",
            "@400000006B02f98f0aa7fd3c x",
            "2026-11-22 14:17:41.20344 x",
            "2026-11-22_14:17:41.x",
            "2026-11-22_14:17:41.1234567890 x",
            "2026-13-22_14:17:41 x",
            "2026-00-22_14:17:41 x",
            "2026-11-22_24:17:41 x",
            "1969-11-22_14:17:41 x",
            "20261-1-22_14:17:41 x",
            "2026-11-22_14:17:41,5 x",
            "127.0.0.1 - - GET /",
        ] {
            assert_eq!(Stamped::of(line.as_bytes()), None, "{line}");
        }
        assert_eq!(Stamped::of(b"2026-11-22_14:17:41\n").unwrap().rest, b"\n", "an empty line");
    }

    #[test]
    fn it_is_shown_with_the_digits_it_has() {
        let shown = |line: &[u8], fields| {
            let mut out = Vec::new();
            Stamped::of(line).unwrap().show(&mut out, fields);
            String::from_utf8(out).unwrap()
        };
        let fields = [2026, 11, 22, 15, 17, 41];
        assert_eq!(shown(b"2026-11-22_14:17:41.20344 x", fields), "2026-11-22 15:17:41.20344 ");
        assert_eq!(shown(b"2026-11-22T14:17:41 x", fields), "2026-11-22 15:17:41 ");
        assert_eq!(shown(b"@400000006b02f98f0aa7fd3c x", fields), "2026-11-22 15:17:41.178781 ");
    }
}
