//! Limits of resources.
use crate::{Result, wrong};
use nix::errno::Errno as Number;
use platform::{Errno, Resource};

// <sys/resource.h>, the same everywhere.
platform::layout!(libc::rlimit: 16 align 8, rlim_cur 0, rlim_max 8);

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The system has no such limit.
    Unsupported,
    /// getrlimit(2) failed.
    Get(Errno),
    /// setrlimit(2) failed.
    Set(Errno),
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Kind = libc::__rlimit_resource_t;
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
type Kind = core::ffi::c_int;

/// The system's number for a resource.
const fn kind(resource: Resource) -> Option<Kind> {
    match resource {
        Resource::Data => Some(libc::RLIMIT_DATA as Kind),
        Resource::Stack => Some(libc::RLIMIT_STACK as Kind),
        #[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
        Resource::Locked => Some(libc::RLIMIT_MEMLOCK as Kind),
        #[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
        Resource::Processes => Some(libc::RLIMIT_NPROC as Kind),
        #[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
        Resource::Resident => Some(libc::RLIMIT_RSS as Kind),
        #[cfg(any(target_os = "illumos", target_os = "solaris"))]
        Resource::Locked | Resource::Processes | Resource::Resident => None,
        #[cfg(not(target_os = "openbsd"))]
        Resource::AddressSpace => Some(libc::RLIMIT_AS as Kind),
        #[cfg(target_os = "openbsd")]
        Resource::AddressSpace => None,
        Resource::Files => Some(libc::RLIMIT_NOFILE as Kind),
        Resource::FileSize => Some(libc::RLIMIT_FSIZE as Kind),
        Resource::Core => Some(libc::RLIMIT_CORE as Kind),
        Resource::Cpu => Some(libc::RLIMIT_CPU as Kind),
    }
}

/// Sets a soft limit to what the closure makes of the hard one, which stays.
///
/// # Errors
/// See [`Failure`].
#[allow(clippy::unnecessary_cast, reason = "FreeBSD's numbers are signed")]
pub fn set_soft(resource: Resource, soft: impl FnOnce(u64) -> u64) -> core::result::Result<(), Failure> {
    set_soft_from(kind(resource).ok_or(Failure::Unsupported)?, |_, hard| soft(hard))
}

#[allow(clippy::unnecessary_cast, reason = "FreeBSD's numbers are signed")]
fn set_soft_from(kind: Kind, soft: impl FnOnce(u64, u64) -> u64) -> core::result::Result<(), Failure> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: fills the structure in.
    done(unsafe { libc::getrlimit(kind, &raw mut limit) }).map_err(Failure::Get)?;
    // Numbers of 32 bits on a system that has no other ones.
    let wanted = soft(limit.rlim_cur as u64, limit.rlim_max as u64);
    limit.rlim_cur = libc::rlim_t::try_from(wanted).unwrap_or(limit.rlim_max);
    // SAFETY: reads the structure.
    done(unsafe { libc::setrlimit(kind, &raw const limit) }).map_err(Failure::Set)
}

/// Raises the soft limit of open files to this, or as far as the hard one allows; never lowers it. A
/// system that does not let it be raised has the limit that it has.
#[allow(clippy::unnecessary_cast, reason = "FreeBSD's numbers are signed")]
pub fn make_room(files: u64) {
    let _ = set_soft_from(libc::RLIMIT_NOFILE as Kind, |soft, hard| soft.max(files.min(hard)));
}

fn done(result: core::ffi::c_int) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(wrong(Number::last())) }
}
