//! proc_pidinfo(3), PROC_PIDTBSDINFO: what tells a process from every other that had or will have its number.
use core::mem::MaybeUninit;

/// When it was started, in microseconds.
pub(crate) fn birth(pid: i32) -> Option<u64> {
    let mut found = MaybeUninit::<libc::proc_bsdinfo>::zeroed();
    let size = size_of::<libc::proc_bsdinfo>() as libc::c_int;
    let room = found.as_mut_ptr().cast();
    // SAFETY: the record is a local one, and its size is passed.
    let got = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, room, size) };
    // SAFETY: all zero is valid, and so is what the kernel wrote.
    let found = unsafe { found.assume_init() };
    let start = found.pbi_start_tvsec.wrapping_mul(1_000_000).wrapping_add(found.pbi_start_tvusec);
    (got == size).then_some(start)
}
