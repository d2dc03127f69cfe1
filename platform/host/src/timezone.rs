//! Local time.
use core::mem::MaybeUninit;

/// Year, month, day, hour, minute and second of a second since 1970 in local time (localtime_r(3)); `None` if the C
/// library cannot say.
#[must_use]
pub fn local(secs: u64) -> Option<[u32; 6]> {
    // Of the type that the call takes, which musl's has no name for that lasts.
    let time = secs.try_into().ok()?;
    let mut fields = MaybeUninit::<libc::tm>::uninit();
    // SAFETY: the call stores a record, which is read only if it says so.
    let stored = unsafe { libc::localtime_r(&raw const time, fields.as_mut_ptr()) };
    if stored.is_null() {
        return None;
    }
    // SAFETY: as above.
    let tm = unsafe { fields.assume_init() };
    let number = |value: i32| u32::try_from(value).ok();
    let year = tm.tm_year.checked_add(1900).and_then(number)?;
    let month = tm.tm_mon.checked_add(1).and_then(number)?;
    Some([year, month, number(tm.tm_mday)?, number(tm.tm_hour)?, number(tm.tm_min)?, number(tm.tm_sec)?])
}

/// Reads the time zone from the environment (tzset(3)), which [`local`] alone need not do.
pub fn settle() {
    // POSIX has it; the libc crate has it for some systems only.
    unsafe extern "C" {
        fn tzset();
    }
    // SAFETY: the process has one thread, and nobody changes its environment.
    unsafe { tzset() };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment() {
        settle();
        // Whatever the zone: no two are further apart than 26 hours, and all count whole seconds.
        let [year, month, day, _, minute, second] = local(1_795_357_061).unwrap();
        assert_eq!((year, month, second), (2026, 11, 41));
        assert!((21..=23).contains(&day) && matches!(minute, 2 | 17 | 32 | 47));
    }
}
