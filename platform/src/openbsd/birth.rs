//! sysctl(2), kern.proc.pid: what tells a process from every other that had or will have its number.
use crate::unix::check;
use core::mem::MaybeUninit;
use core::ptr;
use libc::c_int;

/// When it was started, in milliseconds since the system was. The kernel adds its idea of when that was, which changes
/// whenever the clock is set; so this is taken off again, and what was lost in rounding with it.
pub(crate) fn birth(pid: i32) -> Option<u64> {
    let size = size_of::<libc::kinfo_proc>() as c_int;
    let process: libc::kinfo_proc =
        ask(&[libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PID, pid, size, 1])?;
    let booted: libc::timeval = ask(&[libc::CTL_KERN, libc::KERN_BOOTTIME])?;
    let start = process.p_ustart_sec.wrapping_mul(1_000_000).wrapping_add(process.p_ustart_usec.into());
    let boot = (booted.tv_sec as u64).wrapping_mul(1_000_000).wrapping_add(booted.tv_usec as u64);
    Some(start.wrapping_sub(boot) / 1_000)
}

/// A record, if the kernel has one of that name. All of its fields are numbers.
fn ask<T: Copy>(name: &[c_int]) -> Option<T> {
    let mut found = MaybeUninit::<T>::zeroed();
    let mut size = size_of::<T>();
    let (room, count) = (found.as_mut_ptr().cast(), name.len() as libc::c_uint);
    // SAFETY: the name has so many numbers, the record is a local one, and its size is passed.
    check(unsafe { libc::sysctl(name.as_ptr(), count, room, &raw mut size, ptr::null_mut(), 0) }).ok()?;
    // SAFETY: all zero is valid where there are only numbers, and so is what the kernel wrote.
    (size == size_of::<T>()).then(|| unsafe { found.assume_init() })
}
