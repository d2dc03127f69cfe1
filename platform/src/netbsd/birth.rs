//! sysctl(3), kern.proc2.pid: what tells a process from every other that had or will have its number.
use crate::unix::check;
use core::mem::MaybeUninit;
use core::ptr;

/// When it was started, in microseconds.
pub(crate) fn birth(pid: i32) -> Option<u64> {
    let mut size = size_of::<libc::kinfo_proc2>();
    let mib = [libc::CTL_KERN, libc::KERN_PROC2, libc::KERN_PROC_PID, pid, size as libc::c_int, 1];
    let mut found = MaybeUninit::<libc::kinfo_proc2>::zeroed();
    let room = found.as_mut_ptr().cast();
    // SAFETY: the name has six numbers, the record is a local one, and its size is passed.
    check(unsafe { libc::sysctl(mib.as_ptr(), 6, room, &raw mut size, ptr::null(), 0) }).ok()?;
    // SAFETY: all zero is valid, and so is what the kernel wrote.
    let found = unsafe { found.assume_init() };
    let (secs, micros) = (u64::from(found.p_ustart_sec), u64::from(found.p_ustart_usec));
    (size != 0).then_some(secs.wrapping_mul(1_000_000).wrapping_add(micros))
}
