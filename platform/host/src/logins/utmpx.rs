//! pututxline(3) and its kin: <utmpx.h> of each system.
#![allow(clippy::unnecessary_cast)] // The widths of these types differ between systems.
use crate::Result;
use core::ffi::c_char;
use core::ptr;
use platform::Errno;

type Record = libc::utmpx;

// <utmpx.h> of each.
#[cfg(target_os = "freebsd")]
platform::layout!(libc::utmpx: 280 align 8, ut_type 0, ut_tv 8, ut_id 24, ut_pid 32, ut_user 36, ut_line 68, ut_host 84);
#[cfg(target_os = "netbsd")]
platform::layout!(libc::utmpx: 520 align 8, ut_name 0, ut_id 32, ut_line 36, ut_host 68, ut_type 326, ut_pid 328, ut_tv 464);
#[cfg(target_os = "macos")]
platform::layout!(libc::utmpx: 640 align 8, ut_user 0, ut_id 256, ut_line 260, ut_pid 292, ut_type 296, ut_tv 304, ut_host 320);
#[cfg(any(target_os = "illumos", target_os = "solaris"))]
platform::layout!(libc::utmpx: 384 align 8, ut_user 0, ut_id 32, ut_line 36, ut_pid 68, ut_type 72, ut_tv 80, ut_syslen 120, ut_host 122);

pub(super) fn end(line: &[u8], now: u64, history: bool) -> Option<Result<bool>> {
    Some(find(line).and_then(|found| match found {
        None => Ok(false),
        Some(record) => logout(record, now, history).map(|()| true),
    }))
}

/// The first record of somebody on the line (getutxent(3)).
fn find(line: &[u8]) -> Result<Option<Record>> {
    // SAFETY: the record holds numbers only.
    let none: Record = unsafe { core::mem::zeroed() };
    if line.len() > none.ut_line.len() {
        return Err(Errno::NAMETOOLONG);
    }
    // SAFETY: no arguments; programs have one thread.
    unsafe { libc::setutxent() };
    loop {
        // SAFETY: as above.
        let found = unsafe { libc::getutxent() };
        if found.is_null() {
            return Ok(None);
        }
        // SAFETY: not null, so a record that lives until the next call; it is copied.
        let record = unsafe { *found };
        if is_login(&record) && on(&record, line) {
            return Ok(Some(record));
        }
    }
}

fn is_login(record: &Record) -> bool {
    let kind = i32::from(record.ut_type);
    let named = user(&mut { *record }).first().is_some_and(|first| *first != 0);
    named && (kind == i32::from(libc::USER_PROCESS) || kind == i32::from(libc::LOGIN_PROCESS))
}

fn on(record: &Record, line: &[u8]) -> bool {
    let field = record.ut_line.iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0);
    field.eq(line.iter().copied())
}

#[cfg(any(target_os = "netbsd", target_os = "dragonfly"))]
fn user(record: &mut Record) -> &mut [c_char] {
    &mut record.ut_name
}
#[cfg(not(any(target_os = "netbsd", target_os = "dragonfly")))]
fn user(record: &mut Record) -> &mut [c_char] {
    &mut record.ut_user
}

/// Puts the record back without its user. It keeps its id: FreeBSD finds the login by that.
fn logout(mut record: Record, now: u64, history: bool) -> Result<()> {
    record.ut_type = libc::DEAD_PROCESS as _;
    user(&mut record).fill(0);
    record.ut_host.fill(0);
    // <utmpx.h>: how much of the host counts.
    #[cfg(any(target_os = "illumos", target_os = "solaris"))]
    {
        record.ut_syslen = 0;
    }
    record.ut_tv.tv_sec = now as _;
    record.ut_tv.tv_usec = 0;
    // SAFETY: the record is a local one.
    if unsafe { libc::pututxline(ptr::from_ref(&record)) }.is_null() {
        return Err(Errno::last());
    }
    // SAFETY: no arguments.
    unsafe { libc::endutxent() };
    if history { remember(&mut record) } else { Ok(()) }
}

/// The history that pututxline(3) does not write itself; there is one if there is its file.
#[cfg(any(target_os = "netbsd", target_os = "dragonfly", target_os = "illumos", target_os = "solaris"))]
fn remember(record: &mut Record) -> Result<()> {
    #[cfg(any(target_os = "illumos", target_os = "solaris"))]
    let path = c"/var/adm/wtmpx";
    #[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
    let path = c"/var/log/wtmpx";
    if crate::files::exists(path)? {
        // SAFETY: a string and a local record are passed.
        unsafe { libc::updwtmpx(path.as_ptr(), ptr::from_mut(record)) };
    }
    Ok(())
}

/// FreeBSD's file and macOS's log were told by pututxline(3).
#[cfg(any(target_os = "freebsd", target_os = "macos"))]
fn remember(_: &mut Record) -> Result<()> {
    Ok(())
}

/// What init(8) starts here notes it.
#[cfg(not(target_os = "netbsd"))]
pub(super) fn note(_boot: bool, _now: u64) -> Result<()> {
    Ok(())
}

/// init(8): who is logged in is told by a record without a user, whose line says what happened;
/// last(1) wants another one, as in the old files.
#[cfg(target_os = "netbsd")]
pub(super) fn note(boot: bool, now: u64) -> Result<()> {
    let (present, mut history) = moment(boot, now);
    // SAFETY: the record is a local one.
    if unsafe { libc::pututxline(ptr::from_ref(&present)) }.is_null() {
        return Err(Errno::last());
    }
    // SAFETY: no arguments.
    unsafe { libc::endutxent() };
    remember(&mut history)
}

/// What utmpx(5) and wtmpx(5) are told.
#[cfg(target_os = "netbsd")]
fn moment(boot: bool, now: u64) -> (Record, Record) {
    // <utmpx.h>; not in the libc crate.
    const BOOT_TIME: u16 = 2;
    const INIT_PROCESS: u16 = 5;
    const DOWN_TIME: u16 = 11;
    let (kind, line, name): (u16, &[u8], &[u8]) =
        if boot { (BOOT_TIME, b"system boot", b"reboot") } else { (DOWN_TIME, b"system down", b"shutdown") };
    let record = |kind: u16, line: &[u8], name: &[u8]| {
        // SAFETY: the record holds numbers only.
        let mut record: Record = unsafe { core::mem::zeroed() };
        record.ut_line.iter_mut().zip(line).for_each(|(to, from)| *to = *from as c_char);
        user(&mut record).iter_mut().zip(name).for_each(|(to, from)| *to = *from as c_char);
        record.ut_type = kind as _;
        record.ut_tv.tv_sec = now as _;
        record
    };
    (record(kind, line, b""), record(INIT_PROCESS, b"~", name))
}

#[cfg(all(test, target_os = "netbsd"))]
mod tests {
    use super::*;

    #[test]
    fn last_shows_boot_and_shutdown() {
        for (boot, name, line) in
            [(true, b"reboot".as_slice(), b"system boot"), (false, b"shutdown", b"system down")]
        {
            let (present, mut history) = moment(boot, 1);
            assert!(on(&present, line) && !is_login(&present));
            // The line alone says that it concerns the whole system.
            assert!(on(&history, b"~") && !is_login(&history));
            let found = user(&mut history).iter().map(|byte| *byte as u8).take_while(|byte| *byte != 0);
            assert!(found.eq(name.iter().copied()));
        }
    }
}
