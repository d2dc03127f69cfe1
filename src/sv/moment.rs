//! A moment as a text (RFC 3339, UTC).
use crate::fixed::Text;
use platform::Stamp;

/// The last second that has four digits of a year.
const LAST: u64 = 253_402_300_799;

/// `2026-11-30T06:39:58.123456Z`; `None` for what has no such text: it was no moment.
#[must_use]
pub fn text(stamp: Stamp) -> Option<Text<32>> {
    if stamp.secs > LAST {
        return None;
    }
    let (days, second) = (stamp.secs / 86_400, stamp.secs % 86_400);
    let (year, month, day) = date(days);
    let mut text = Text::new();
    let mut part = |before: &[u8], number: u64, width: usize| {
        text.add(before);
        let mut digits = Text::<24>::new();
        digits.add_number(number);
        let zeros = width.saturating_sub(digits.bytes().len());
        text.add(b"000000".get(..zeros).unwrap_or_default());
        text.add(digits.bytes());
    };
    part(b"", year, 4);
    part(b"-", month, 2);
    part(b"-", day, 2);
    part(b"T", second / 3600, 2);
    part(b":", second / 60 % 60, 2);
    part(b":", second % 60, 2);
    part(b".", u64::from(stamp.nanos / 1000), 6);
    text.add(b"Z");
    Some(text)
}

/// The date of a day since 1970-01-01. Years are counted from March, so that a leap day is the last one.
#[expect(clippy::arithmetic_side_effects, reason = "the days of ten thousand years")]
const fn date(days: u64) -> (u64, u64, u64) {
    // From 0000-03-01; 400 years have 146,097 days.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(secs: u64, nanos: u32) -> String {
        let text = text(Stamp { secs, nanos });
        text.map_or("-".into(), |text| String::from_utf8_lossy(text.bytes()).into_owned())
    }

    #[test]
    fn moments() {
        for (secs, nanos, wanted) in [
            (0, 0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399, 999_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400, 1_000, "2000-02-29T00:00:00.000001Z"),
            (951_868_800, 0, "2000-03-01T00:00:00.000000Z"),
            (1_796_020_798, 123_456_500, "2026-11-30T06:39:58.123456Z"),
            (4_107_542_399, 0, "2100-02-28T23:59:59.000000Z"),
            (4_107_542_400, 0, "2100-03-01T00:00:00.000000Z"),
            (LAST, 0, "9999-12-31T23:59:59.000000Z"),
            (LAST + 1, 0, "-"),
            (u64::MAX, 0, "-"),
        ] {
            assert_eq!(shown(secs, nanos), wanted);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..200_000 {
            assert_eq!(date(days), (year, month, day));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
