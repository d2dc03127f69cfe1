//! The state of the process, and becoming another program.
use crate::{Result, wrong};
use core::ffi::{CStr, c_char, c_int};
use core::marker::PhantomData;
use core::ptr;
use nix::errno::Errno as Number;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use platform::Errno;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

/// The environment the process was started with, entry by entry. Nothing in these programs changes
/// it.
#[must_use]
pub fn environment() -> Vec<&'static CStr> {
    let mut entries = Vec::new();
    let mut at = environ();
    while !at.is_null() {
        // SAFETY: the list ends with a null pointer, and this is not behind it.
        let entry = unsafe { *at };
        if entry.is_null() {
            break;
        }
        // SAFETY: the strings end with a NUL and live as long as the process.
        entries.push(unsafe { CStr::from_ptr(entry) });
        // SAFETY: what is here is not the end.
        at = unsafe { at.add(1) };
    }
    entries
}

#[cfg(target_vendor = "apple")]
fn environ() -> *const *const c_char {
    // SAFETY: returns a pointer to the list's address.
    unsafe { (*libc::_NSGetEnviron()).cast_const().cast() }
}

#[cfg(not(target_vendor = "apple"))]
fn environ() -> *const *const c_char {
    // SAFETY: environ(7); defined by every C library.
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: nobody writes to it.
    unsafe { environ }
}

/// Strings as execve(2) takes them.
#[derive(Debug)]
pub struct Words<'a> {
    pointers: Vec<*const c_char>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Words<'a> {
    /// The list of these.
    pub fn of(strings: impl Iterator<Item = &'a CStr>) -> Words<'a> {
        let pointers = strings.map(CStr::as_ptr).chain([ptr::null()]).collect();
        Words { pointers, strings: PhantomData }
    }
}

/// Replaces the process (execve(2)); returns only with the reason why not. It needs no memory.
#[must_use]
pub fn exec(path: &CStr, argv: &Words<'_>, environment: &Words<'_>) -> Errno {
    // SAFETY: strings that outlive their lists, which end with null.
    unsafe { libc::execve(path.as_ptr(), argv.pointers.as_ptr(), environment.pointers.as_ptr()) };
    wrong(Number::last())
}

/// setsid(2); a process that leads a group stays where it is.
pub fn new_session() {
    let _ = nix::unistd::setsid();
}

/// nice(3).
///
/// # Errors
/// Those of nice(3).
pub fn add_nice(increment: i32) -> Result<()> {
    Number::clear();
    // SAFETY: no memory is involved.
    let level = unsafe { libc::nice(increment) };
    match Number::last_raw() {
        number if level == -1 && number != 0 => Err(Errno(number)),
        _ => Ok(()),
    }
}

/// Makes the current directory the root directory (chroot(2)).
///
/// # Errors
/// Those of chroot(2).
pub fn root_here() -> Result<()> {
    nix::unistd::chroot(c".").map_err(wrong)
}

/// close(2) of a standard descriptor.
///
/// # Errors
/// Those of close(2).
pub fn close_standard(fd: u8) -> Result<()> {
    // SAFETY: nothing in this process owns the standard descriptors.
    match unsafe { libc::close(c_int::from(fd)) } {
        0 => Ok(()),
        _ => Err(wrong(Number::last())),
    }
}

/// A copy of a descriptor with another number. The program that this process becomes gets neither.
///
/// # Errors
/// Those of fcntl(2); EBADF: it is not open.
pub fn hide(fd: i32) -> Result<OwnedFd> {
    // SAFETY: numbers are passed.
    let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3) };
    if copy < 0 {
        return Err(wrong(Number::last()));
    }
    // SAFETY: numbers are passed.
    unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    // SAFETY: it was just opened, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// A pipe: the writing end gets this number, for the program that this process becomes. The reading end is
/// returned; it does not wait.
///
/// # Errors
/// Those of pipe(2), fcntl(2) and dup2(2).
pub fn pipe_onto(fd: i32) -> Result<OwnedFd> {
    let (mut read, write) = nix::unistd::pipe().map_err(wrong)?;
    if read.as_raw_fd() == fd {
        let copy = read.try_clone().map_err(|_| wrong(Number::last()))?;
        // The number goes to the other end.
        let _ = core::mem::replace(&mut read, copy).into_raw_fd();
    }
    fcntl(&read, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(wrong)?;
    fcntl(&read, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map_err(wrong)?;
    onto(write, fd).map(|()| read)
}

/// Gives this number to something that takes whatever is written to it, for the program that this process becomes.
///
/// # Errors
/// Those of open(2) and dup2(2).
pub fn nothing_onto(fd: i32) -> Result<()> {
    onto(open(c"/dev/null", OFlag::O_WRONLY, Mode::empty()).map_err(wrong)?, fd)
}

/// Gives a descriptor another number.
fn onto(from: OwnedFd, to: i32) -> Result<()> {
    if from.as_raw_fd() == to {
        let _ = from.into_raw_fd();
        return Ok(());
    }
    // SAFETY: what has the number so far was given to this process for the caller to replace.
    match unsafe { libc::dup2(from.as_raw_fd(), to) } {
        0.. => Ok(()),
        _ => Err(wrong(Number::last())),
    }
}

/// umask(2).
pub fn set_umask(mask: u32) {
    // The type is narrower on some systems; what does not fit is no permission.
    let mode = nix::sys::stat::Mode::from_bits_truncate((mask & 0o777) as libc::mode_t);
    let _ = nix::sys::stat::umask(mode);
}

/// Gives up to gain privileges by execve(2), for ever (PR_SET_NO_NEW_PRIVS).
///
/// # Errors
/// Those of prctl(2); ENOSYS where the system has nothing like it.
#[cfg(target_os = "linux")]
pub fn no_new_privileges() -> Result<()> {
    nix::sys::prctl::set_no_new_privs().map_err(wrong)?;
    // A process that is not sure of it does not go on.
    match nix::sys::prctl::get_no_new_privs() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Errno::NOSYS),
        Err(error) => Err(wrong(error)),
    }
}

/// Gives up to gain privileges by execve(2), for ever (procctl(2), PROC_NO_NEW_PRIVS_CTL).
///
/// # Errors
/// Those of procctl(2), EINVAL from kernels that do not know it.
#[cfg(target_os = "freebsd")]
pub fn no_new_privileges() -> Result<()> {
    let mut how = libc::PROC_NO_NEW_PRIVS_ENABLE;
    // SAFETY: the command reads one int.
    let done = unsafe { libc::procctl(libc::P_PID, 0, libc::PROC_NO_NEW_PRIVS_CTL, (&raw mut how).cast()) };
    if done == 0 { Ok(()) } else { Err(wrong(Number::last())) }
}

/// This system has nothing like it.
///
/// # Errors
/// ENOSYS.
#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
pub fn no_new_privileges() -> Result<()> {
    Err(Errno::NOSYS)
}
