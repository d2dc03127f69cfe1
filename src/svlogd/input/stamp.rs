//! The stamps in front of lines.
use crate::svlogd::directory::name::hex;
use crate::tai;
use platform::Stamp;

/// Every stamp is this long, with the blank behind it.
pub const LENGTH: usize = 26;

/// How lines are stamped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Style {
    /// Not at all.
    #[default]
    None,
    /// `-t`: a TAI64N label.
    Label,
    /// `-tt`: date and time of day in UTC with `_` between them.
    Underscore,
    /// `-ttt`: the same with `T`.
    Iso,
}

/// Writes stamps. The date is worked out once a second.
#[derive(Clone, Copy, Debug)]
pub struct Stamper {
    style: Style,
    second: u64,
    text: [u8; LENGTH],
}

impl Stamper {
    /// One for this style.
    #[must_use]
    pub const fn new(style: Style) -> Stamper {
        Stamper { style, second: u64::MAX, text: [0; LENGTH] }
    }

    /// Whether there are no stamps.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.style == Style::None
    }

    /// The stamp of a moment; empty without a style.
    pub fn stamp(&mut self, moment: Stamp) -> &[u8] {
        let separator = match self.style {
            Style::None => return b"",
            Style::Label => {
                self.label(moment);
                return &self.text;
            }
            Style::Underscore => b'_',
            Style::Iso => b'T',
        };
        if core::mem::replace(&mut self.second, moment.secs) != moment.secs {
            self.date(moment.secs, separator);
        }
        // Five digits, cut off.
        if let Some(digits) = self.text.get_mut(20..25) {
            number(digits, (moment.nanos / 10_000).into());
        }
        &self.text
    }

    fn label(&mut self, moment: Stamp) {
        let [at, digits @ .., blank] = &mut self.text;
        *at = b'@';
        *blank = b' ';
        hex(&tai::label(moment), digits);
    }

    fn date(&mut self, secs: u64, separator: u8) {
        let (days, rest) = (secs / 86_400, secs % 86_400);
        let (year, month, day) = civil(days);
        let fields = [
            (0..4, year, b'-'),
            (5..7, month, b'-'),
            (8..10, day, separator),
            (11..13, rest / 3_600, b':'),
            (14..16, rest / 60 % 60, b':'),
            (17..19, rest % 60, b'.'),
            (20..25, 0, b' '),
        ];
        for (range, value, behind) in fields {
            let end = range.end;
            if let Some(digits) = self.text.get_mut(range) {
                number(digits, value);
            }
            if let Some(byte) = self.text.get_mut(end) {
                *byte = behind;
            }
        }
    }
}

/// The last digits of a number, with zeros in front.
fn number(digits: &mut [u8], value: u64) {
    let mut rest = value;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' | (rest % 10) as u8;
        rest /= 10;
    }
}

/// Year, month and day of the day so many days after 1970-01-01, Gregorian. Years begin in March
/// here, which puts the leap day last; 719,468 days lie between the first of March of year 0 and 1970,
/// and every 400 years have 146,097 days.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days.wrapping_add(719_468);
    let (era, day) = (days / 146_097, days % 146_097);
    // Without the leap days that came before: every 4 years but not every 100 (36,524 days).
    let leaps = (day / 1_460).wrapping_sub(day / 36_524).wrapping_add(day / 146_096);
    let year = day.wrapping_sub(leaps) / 365;
    let before = year.wrapping_mul(365).wrapping_add(year / 4).wrapping_sub(year / 100);
    let day = day.wrapping_sub(before);
    // 153 days are five months from March on, and from August on.
    let month = day.wrapping_mul(5).wrapping_add(2) / 153;
    let first = month.wrapping_mul(153).wrapping_add(2) / 5;
    let after = u64::from(month >= 10);
    let month = month.wrapping_add(3).wrapping_sub(after.wrapping_mul(12));
    let year = era.wrapping_mul(400).wrapping_add(year).wrapping_add(after);
    (year, month, day.wrapping_sub(first).wrapping_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(style: Style, secs: u64, nanos: u32) -> String {
        let mut stamper = Stamper::new(style);
        String::from_utf8(stamper.stamp(Stamp { secs, nanos }).to_vec()).unwrap()
    }

    #[test]
    fn the_three_styles() {
        let (secs, nanos) = (0x6b02_f98f - 10, 0x0a_a7_fd_3c);
        assert_eq!(at(Style::None, secs, nanos), "");
        assert_eq!(at(Style::Label, secs, nanos), "@400000006b02f98f0aa7fd3c ");
        assert_eq!(at(Style::Underscore, 1_795_357_061, 203_449_999), "2026-11-22_14:17:41.20344 ");
        assert_eq!(at(Style::Iso, 1_795_357_061, 203_449_999), "2026-11-22T14:17:41.20344 ");
        assert_eq!(at(Style::Iso, 0, 999_999_999), "1970-01-01T00:00:00.99999 ");
    }

    #[test]
    fn the_second_is_kept() {
        let mut stamper = Stamper::new(Style::Iso);
        for (secs, nanos, wanted) in [
            (59, 0, "1970-01-01T00:00:59.00000 "),
            (59, 10_000, "1970-01-01T00:00:59.00001 "),
            (60, 0, "1970-01-01T00:01:00.00000 "),
            (59, 123_456_789, "1970-01-01T00:00:59.12345 "),
        ] {
            assert_eq!(stamper.stamp(Stamp { secs, nanos }), wanted.as_bytes());
        }
    }

    /// The calendar, counted day by day.
    #[test]
    fn every_day_of_ten_centuries() {
        let leap = |year: u64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..366_000 {
            assert_eq!(civil(days), (year, month, day), "{days}");
            let length = match month {
                2 => 28 + u64::from(leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert!((1..=12).contains(&civil(u64::MAX / 86_400).1));
    }
}
