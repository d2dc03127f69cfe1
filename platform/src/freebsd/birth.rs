//! sysctl(3), kern.proc.pid: what tells a process from every other that had or will have its number.
use crate::unix::check;
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr;
use libc::{c_int, c_uint};

/// When it was started: which life of the system that was, and the milliseconds since it began. To those the kernel adds
/// its idea of when it began, which changes whenever the clock is set; so this is taken off again.
pub(crate) fn birth(pid: i32) -> Option<u64> {
    let process: libc::kinfo_proc = ask(&[libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PID, pid])?;
    let booted: libc::timeval = ask(&[libc::CTL_KERN, libc::KERN_BOOTTIME])?;
    let micros =
        |time: libc::timeval| (time.tv_sec as u64).wrapping_mul(1_000_000).wrapping_add(time.tv_usec as u64);
    let start = micros(process.ki_start).wrapping_sub(micros(booted)) / 1_000;
    Some(life() | start & u64::from(u32::MAX))
}

/// Whether a process that was born then may still be there.
pub(crate) fn is_of_now(birth: u64) -> bool {
    birth & !u64::from(u32::MAX) == life()
}

/// What tells this life of the system from others, in the upper half. Kernels before FreeBSD 13 have nothing that does.
fn life() -> u64 {
    const NAME: &CStr = c"kern.boot_id";
    let mut id = [0_u8; 16];
    let mut size = id.len();
    let room = id.as_mut_ptr().cast();
    // SAFETY: a string, and room of the size that is passed.
    unsafe { libc::sysctlbyname(NAME.as_ptr(), room, &raw mut size, ptr::null(), 0) };
    crate::hash(&id) << 32
}

/// A record of the kernel. All of its fields are numbers.
fn ask<T: Copy>(name: &[c_int]) -> Option<T> {
    let mut found = MaybeUninit::<T>::zeroed();
    let mut size = size_of::<T>();
    let (room, count) = (found.as_mut_ptr().cast(), name.len() as c_uint);
    // SAFETY: the name has so many numbers, the record is a local one, and its size is passed.
    check(unsafe { libc::sysctl(name.as_ptr(), count, room, &raw mut size, ptr::null(), 0) }).ok()?;
    // SAFETY: all zero is valid where there are only numbers, and so is what the kernel wrote.
    (size == size_of::<T>()).then(|| unsafe { found.assume_init() })
}
