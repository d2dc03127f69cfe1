//! Clock, open and fork without the C library, which does more than is wanted here.
use crate::unix::{Os, check_size, files};
use crate::{Errno, Fd, Files, Result};
use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};

/// clock_gettime(2). The vDSO would map three more pages into every supervisor for ever, so the
/// kernel is asked directly where the C library's and the kernel's records are the same.
pub(crate) fn clock(which: libc::clockid_t) -> libc::timespec {
    let mut time = MaybeUninit::<libc::timespec>::zeroed();
    #[cfg(target_pointer_width = "64")]
    // SAFETY: the record is the kernel's own on 64-bit systems.
    unsafe {
        libc::syscall(libc::SYS_clock_gettime, libc::c_long::from(which), time.as_mut_ptr())
    };
    #[cfg(not(target_pointer_width = "64"))]
    // SAFETY: the record is a local one.
    unsafe {
        libc::clock_gettime(which, time.as_mut_ptr())
    };
    // SAFETY: all zero, or filled by the kernel.
    unsafe { time.assume_init() }
}

/// openat(2) without the C library: musl's open(3) asks for close-on-exec a second time.
pub(crate) fn open(from: libc::c_int, path: &CStr, flags: libc::c_int, mode: libc::c_uint) -> libc::c_int {
    // 32-bit kernels need it said; elsewhere it is 0 or the default.
    let flags = flags | libc::O_LARGEFILE;
    // SAFETY: `path` is a string; the mode is there whether the flags need it or not.
    unsafe { libc::syscall(libc::SYS_openat, from, path.as_ptr(), flags, mode) as libc::c_int }
}

/// openat(2): one descriptor is reader and writer (fifo(7)).
pub(crate) fn open_fifo(dir: Fd, path: &CStr) -> Result<(Fd, Fd)> {
    files::openat(dir, path, libc::O_RDWR | libc::O_NONBLOCK, 0).map(|both| (both, Fd(-1)))
}

/// mkfifoat(3).
pub(crate) fn mkfifoat(dir: Fd, path: &CStr, mode: libc::mode_t) -> libc::c_int {
    // SAFETY: `path` is a string.
    unsafe { libc::mkfifoat(dir.0, path.as_ptr(), mode) }
}

/// proc(5), /proc/PID/fd: opening what a descriptor leads to makes another open file of it, be it a terminal, the
/// console or a pipe without a name.
pub(crate) fn reopen_stderr() -> Result<Fd> {
    files::open(c"/proc/self/fd/2", libc::O_WRONLY | libc::O_NONBLOCK | libc::O_NOCTTY, 0)
}

/// preadv2(2) with RWF_NOWAIT; read(2) where the kernel does not know that, or not for this kind of file
/// (pipes: before Linux 6.4).
pub(crate) fn read_shared(os: &mut Os, fd: Fd, into: &mut [u8]) -> Result<usize> {
    const RWF_NOWAIT: libc::c_long = libc::RWF_NOWAIT as libc::c_long;
    // The file's own position.
    const HERE: libc::c_long = -1;
    static UNKNOWN: AtomicBool = AtomicBool::new(false);
    if !UNKNOWN.load(Ordering::Relaxed) {
        let room = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
        let (number, count) = (libc::c_long::from(fd.0), 1 as libc::c_long);
        // SAFETY: one record is passed and one counted, and it is that of the slice.
        let got = unsafe {
            libc::syscall(libc::SYS_preadv2, number, &raw const room, count, HERE, HERE, RWF_NOWAIT)
        };
        match check_size(got as libc::ssize_t) {
            done @ (Ok(_) | Err(Errno::AGAIN | Errno::INTR)) => return done,
            // If it is not that, read(2) says what it is.
            Err(_) => UNKNOWN.store(true, Ordering::Relaxed),
        }
    }
    os.read(fd, into)
}

/// fork(2) without what the C library does around it for programs with threads, a tenth of a static
/// program: handlers of others, locks, and the number of the thread, which exec sets anyhow. Where
/// the kernel takes clone(2)'s arguments in another order or answers in two registers, the C
/// library's.
pub(crate) fn fork() -> libc::c_int {
    #[cfg(not(any(target_arch = "s390x", target_arch = "sparc64", target_arch = "sparc")))]
    // SAFETY: a copy of the process, which has one thread, on a copy of its stack.
    unsafe {
        libc::syscall(libc::SYS_clone, libc::c_long::from(libc::SIGCHLD), 0, 0, 0, 0) as libc::c_int
    }
    #[cfg(any(target_arch = "s390x", target_arch = "sparc64", target_arch = "sparc"))]
    // SAFETY: a process with one thread forks.
    unsafe {
        libc::fork()
    }
}
