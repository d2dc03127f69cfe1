//! When something happened, as logs and supervisors say it.
use platform::Stamp;

/// Seconds since 1970.
pub type Seconds = f64;

/// A line of a log that svlogd has stamped.
#[derive(Clone, Debug)]
pub struct Line {
    /// When svlogd read it, which is later than what it tells of, how much later nobody knows.
    pub at: Seconds,
    pub text: String,
}

impl Line {
    /// When the daemon itself says that it was, be it in whole seconds: never later than it was.
    pub fn own(&self) -> Seconds {
        stamp(&self.text).unwrap_or_else(|| panic!("no time in {self:?}"))
    }
}

pub fn seconds(stamp: Stamp) -> Seconds {
    // Whole below 2^53, and a tenth of a microsecond apart today.
    #[allow(clippy::cast_precision_loss)]
    let secs = stamp.secs as f64;
    secs + f64::from(stamp.nanos) / 1e9
}

/// Days since 1970; see "Seconds Since the Epoch" in POSIX.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // The year begins in March, so that the odd day is its last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The first time in a text, whether that is written `2026-11-30_06:57:08.12345`, `2026/11/30 06:57:08`,
/// `2026-11-30  6:57:08`, `[30-Nov-2026 06:57:08]` or `30 Nov 2026 06:57:08.123`.
pub fn stamp(text: &str) -> Option<Seconds> {
    let parts: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '.').filter(|part| !part.is_empty()).collect();
    let number = |at: usize| parts.get(at)?.parse::<f64>().ok();
    let whole = |at: usize| parts.get(at)?.parse::<i64>().ok();
    let month = |at: usize| MONTHS.iter().position(|name| parts.get(at) == Some(name));
    let at = (0..parts.len()).find(|&at| {
        month(at).is_some() || parts[at].len() == 4 && whole(at).is_some_and(|year| year > 2000)
    })?;
    let (day, time) = match month(at) {
        Some(month) => {
            (days(whole(at + 1)?, i64::try_from(month).ok()? + 1, whole(at.checked_sub(1)?)?), at + 2)
        }
        None => (days(whole(at)?, whole(at + 1)?, whole(at + 2)?), at + 3),
    };
    #[allow(clippy::cast_precision_loss)]
    let day = day as f64;
    Some(day * 86_400.0 + number(time)? * 3600.0 + number(time + 1)? * 60.0 + number(time + 2)?)
}

/// Takes a log apart.
pub fn lines(text: &str) -> Vec<Line> {
    let line = |line: &str| {
        let (at, text) = line.split_once(' ')?;
        Some(Line { at: stamp(at)?, text: text.to_owned() })
    };
    text.lines().filter_map(line).collect()
}
