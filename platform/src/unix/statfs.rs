//! What a file system says of itself, where there is statfs(2) with flags.
use crate::unix::check;
use core::ffi::CStr;
use core::mem::MaybeUninit;

/// 64 bits wide on one system, 32 on the others.
#[allow(clippy::unnecessary_cast, clippy::cast_sign_loss)]
const LOCAL: u64 = libc::MNT_LOCAL as u64;

/// Whether changes to the file system that a path leads to all go through this kernel; of others a watch does
/// not tell all.
pub(crate) fn is_local(path: &CStr) -> bool {
    let mut found = MaybeUninit::<libc::statfs>::zeroed();
    // SAFETY: `path` is a string and the record has the kernel's size.
    let got = check(unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) });
    // SAFETY: all zero, or filled by the kernel.
    let flags = unsafe { found.assume_init() }.f_flags;
    #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss)]
    let is_local = flags as u64 & LOCAL != 0;
    got.is_err() || is_local
}
