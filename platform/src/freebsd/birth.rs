//! sysctl(3), kern.proc.pid: what tells a process from every other that had or will have its number.
use crate::unix::check;
use core::mem::MaybeUninit;
use core::ptr;

/// When it was started, in microseconds.
pub(crate) fn birth(pid: i32) -> Option<u64> {
    let mib = [libc::CTL_KERN, libc::KERN_PROC, libc::KERN_PROC_PID, pid];
    let mut found = MaybeUninit::<libc::kinfo_proc>::zeroed();
    let mut size = size_of::<libc::kinfo_proc>();
    let room = found.as_mut_ptr().cast();
    // SAFETY: the name has four numbers, the record is a local one, and its size is passed.
    check(unsafe { libc::sysctl(mib.as_ptr(), 4, room, &raw mut size, ptr::null(), 0) }).ok()?;
    // SAFETY: all zero is valid, and so is what the kernel wrote.
    let start = unsafe { found.assume_init() }.ki_start;
    (size != 0).then_some((start.tv_sec as u64).wrapping_mul(1_000_000).wrapping_add(start.tv_usec as u64))
}
