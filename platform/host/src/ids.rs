//! Users and groups: their numbers, and becoming one of them. The C library is asked directly, for
//! names are bytes.
mod getent;

use crate::{Result, wrong};
use core::ffi::{CStr, c_int};
use libc::{gid_t, uid_t};
use nix::errno::Errno as Number;
use platform::Errno;

/// Which call failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Denied {
    /// setgroups(2).
    Groups(Errno),
    /// setgid(2).
    Group(Errno),
    /// setuid(2).
    User(Errno),
}

/// User and group of a name, `None` if nobody has it (getpwnam(3)).
///
/// # Errors
/// Why that cannot be told.
pub fn user(name: &CStr) -> Result<Option<(u32, u32)>> {
    Number::clear();
    // SAFETY: a string that ends with NUL.
    let entry = unsafe { libc::getpwnam(name.as_ptr()) };
    // SAFETY: null or valid until the next call, and there is one thread.
    let found = found(unsafe { entry.as_ref() }.map(|entry| (entry.pw_uid, entry.pw_gid)));
    or_else(found, || getent::user(name))
}

/// The number of a group, `None` if there is no such group (getgrnam(3)).
///
/// # Errors
/// Why that cannot be told.
pub fn group(name: &CStr) -> Result<Option<u32>> {
    Number::clear();
    // SAFETY: a string that ends with NUL.
    let entry = unsafe { libc::getgrnam(name.as_ptr()) };
    // SAFETY: null or valid until the next call, and there is one thread.
    let found = found(unsafe { entry.as_ref() }.map(|entry| entry.gr_gid));
    or_else(found, || getent::group(name))
}

/// musl reads files alone. A program that is linked with it, by `ci/static-commands` also one that is compiled for glibc,
/// may run where the C library asks LDAP and the like.
const FILES_ALONE: bool = cfg!(any(target_env = "musl", runit_musl));

/// What the C library has found, or else the system's own answer.
fn or_else<T>(found: Result<Option<T>>, ask: impl FnOnce() -> Option<T>) -> Result<Option<T>> {
    match found {
        Ok(None) | Err(_) if FILES_ALONE => ask().map_or(found, |entry| Ok(Some(entry))),
        Ok(_) | Err(_) => found,
    }
}

/// NetBSD without /etc/nsswitch.conf says of a name that nobody has that there is no such file. Elsewhere that
/// means that the password file is missing, which has to be told.
const UNKNOWN_IS_NO_FILE: bool = cfg!(target_os = "netbsd");

/// An entry; without one the reason, if there is any.
fn found<T>(entry: Option<T>) -> Result<Option<T>> {
    match (entry, Number::last_raw()) {
        (Some(entry), _) => Ok(Some(entry)),
        (None, 0) => Ok(None),
        (None, libc::ENOENT) if UNKNOWN_IS_NO_FILE => Ok(None),
        (None, number) => Err(Errno(number)),
    }
}

#[cfg(target_vendor = "apple")]
type Listed = c_int;
#[cfg(not(target_vendor = "apple"))]
type Listed = gid_t;

/// All groups that the group database puts a user into, and the given one, which is the first
/// (getgrouplist(3)).
///
/// # Errors
/// ENOMEM if there are too many for any system.
#[allow(clippy::unnecessary_cast, reason = "macOS has other types")]
pub fn groups_of(name: &CStr, gid: u32) -> Result<Vec<u32>> {
    let mut room: usize = 64;
    while room <= 1 << 20 {
        let mut list: Vec<Listed> = vec![0; room];
        let mut count = c_int::try_from(room).unwrap_or(c_int::MAX);
        // SAFETY: the list has room for `count`.
        let all =
            unsafe { libc::getgrouplist(name.as_ptr(), gid as Listed, list.as_mut_ptr(), &raw mut count) };
        let count = usize::try_from(count).unwrap_or(0);
        if all >= 0 && count <= room {
            list.truncate(count);
            let mut groups: Vec<u32> = list.into_iter().map(|gid| gid as u32).collect();
            if FILES_ALONE {
                groups.extend(getent::groups_of(name));
            }
            return Ok(groups);
        }
        room = room.saturating_mul(4).max(count);
    }
    Err(Errno::NOMEM)
}

/// Becomes a user in these groups, of which the first is the process's own: groups, group, user.
/// The order and the own group's place at the head of the list are right on every system; FreeBSD
/// before 15 takes the first of the list for the own group.
///
/// # Errors
/// Which call failed. One that claims to have worked and has not counts as failed with EPERM.
pub fn become_user(uid: u32, groups: &[u32]) -> core::result::Result<(), Denied> {
    let gid = groups.first().copied().ok_or(Denied::Groups(Errno::INVAL))?;
    let list: Vec<gid_t> = groups.to_vec();
    // SAFETY: reads as many numbers as the list has.
    done(unsafe { libc::setgroups(list.len() as _, list.as_ptr()) }).map_err(Denied::Groups)?;
    // SAFETY: no memory is involved.
    done(unsafe { libc::setgid(gid) }).map_err(Denied::Group)?;
    // SAFETY: no memory is involved.
    done(unsafe { libc::setuid(uid) }).map_err(Denied::User)?;
    if !in_these_groups(groups) {
        return Err(Denied::Groups(Errno::PERM));
    }
    let (user, group) = own();
    if group.iter().any(|own| *own != gid) {
        return Err(Denied::Group(Errno::PERM));
    }
    if user.iter().any(|own| *own != uid) {
        return Err(Denied::User(Errno::PERM));
    }
    Ok(())
}

/// All ids of the process: users, groups.
#[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd"))]
fn own() -> ([uid_t; 3], [gid_t; 3]) {
    let (mut users, mut groups) = ([uid_t::MAX; 3], [gid_t::MAX; 3]);
    let [real, effective, saved] = &mut users;
    // SAFETY: stores three numbers.
    unsafe { libc::getresuid(real, effective, saved) };
    let [real, effective, saved] = &mut groups;
    // SAFETY: stores three numbers.
    unsafe { libc::getresgid(real, effective, saved) };
    (users, groups)
}

/// The ids of the process that this system tells: users, groups.
#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd")))]
fn own() -> ([uid_t; 2], [gid_t; 2]) {
    use nix::unistd::{getegid, geteuid, getgid, getuid};
    ([getuid().as_raw(), geteuid().as_raw()], [getgid().as_raw(), getegid().as_raw()])
}

/// The user as whom the process acts.
#[must_use]
pub fn user_of_process() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// Whether the process is in no group but these. (macOS asks a service for the groups of a user,
/// and the service's answer is not the process's own.)
fn in_these_groups(groups: &[u32]) -> bool {
    if cfg!(target_vendor = "apple") {
        return true;
    }
    // One more, as some systems count the own group apart. If there are still more it fails.
    let mut list: Vec<gid_t> = vec![0; groups.len().saturating_add(1)];
    let room = c_int::try_from(list.len()).unwrap_or(c_int::MAX);
    // SAFETY: the list has room for so many.
    let stored = unsafe { libc::getgroups(room, list.as_mut_ptr()) };
    usize::try_from(stored).is_ok_and(|count| list.iter().take(count).all(|gid| groups.contains(gid)))
}

fn done(result: c_int) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(wrong(Number::last())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(user(c"root"), Ok(Some((0, 0))));
        assert_eq!(user(c"no such user \xff"), Ok(None));
        assert_eq!(group(c""), Ok(None));
        let groups = groups_of(c"root", 4711).unwrap();
        assert_eq!(groups.first(), Some(&4711));
    }

    #[test]
    fn what_is_left_in_errno() {
        let no_file = if UNKNOWN_IS_NO_FILE { Ok(None) } else { Err(Errno(libc::ENOENT)) };
        for (number, wanted) in [(0, Ok(None)), (libc::ENOENT, no_file), (libc::EIO, Err(Errno(libc::EIO)))] {
            Number::from_raw(number).set();
            assert_eq!(found::<()>(None), wanted, "{number}");
        }
    }

    #[test]
    fn nobody_is_in_no_group() {
        assert_eq!(become_user(0, &[]), Err(Denied::Groups(Errno::INVAL)));
    }
}
