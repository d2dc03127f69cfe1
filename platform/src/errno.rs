//! Error numbers and their texts, which are runit's own and the same on every system.
use crate::packed;

/// A number from `<errno.h>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Errno(pub i32);

impl Errno {
    /// Nothing went wrong.
    pub const NONE: Errno = Errno(0);
    /// No such file.
    pub const NOENT: Errno = Errno(libc::ENOENT);
    /// It is there already.
    pub const EXIST: Errno = Errno(libc::EEXIST);
    /// Nobody reads the FIFO.
    pub const NXIO: Errno = Errno(libc::ENXIO);
    /// Not now.
    pub const AGAIN: Errno = Errno(libc::EAGAIN);
    /// A signal came in between.
    pub const INTR: Errno = Errno(libc::EINTR);
    /// Not a link, not a valid argument.
    pub const INVAL: Errno = Errno(libc::EINVAL);
    /// Not allowed at all.
    pub const PERM: Errno = Errno(libc::EPERM);
    /// Not allowed by the file's mode.
    pub const ACCES: Errno = Errno(libc::EACCES);
    /// Not a directory.
    pub const NOTDIR: Errno = Errno(libc::ENOTDIR);
    /// A directory.
    pub const ISDIR: Errno = Errno(libc::EISDIR);
    /// Out of memory.
    pub const NOMEM: Errno = Errno(libc::ENOMEM);
    /// Out of descriptors.
    pub const MFILE: Errno = Errno(libc::EMFILE);
    /// The system has too many open files.
    pub const NFILE: Errno = Errno(libc::ENFILE);
    /// The disk is full.
    pub const NOSPC: Errno = Errno(libc::ENOSPC);
    /// Input or output failed.
    pub const IO: Errno = Errno(libc::EIO);
    /// The name is too long.
    pub const NAMETOOLONG: Errno = Errno(libc::ENAMETOOLONG);
    /// The system has no such call.
    pub const NOSYS: Errno = Errno(libc::ENOSYS);
    /// Nobody reads the pipe.
    pub const PIPE: Errno = Errno(libc::EPIPE);
    /// No such process.
    pub const SRCH: Errno = Errno(libc::ESRCH);
    /// Not an open descriptor.
    pub const BADF: Errno = Errno(libc::EBADF);

    /// The error of the call that just failed.
    #[must_use]
    pub fn last() -> Errno {
        Errno(errno::errno().0)
    }

    /// runit's text for it.
    #[must_use]
    pub fn text(self) -> Reason {
        let row = usize::try_from(self.0).map_or(UNKNOWN, |number| number.min(UNKNOWN));
        let mut reason = Reason { bytes: [0; Reason::ROOM], len: 0 };
        for row in [row, UNKNOWN] {
            if reason.len == 0 {
                reason.len = packed::unpack(&TEXTS, row, &mut reason.bytes);
            }
        }
        reason
    }
}

/// Why something failed, in words.
pub struct Reason {
    bytes: [u8; Reason::ROOM],
    len: usize,
}

impl Reason {
    /// For the longest text.
    const ROOM: usize = 36;

    /// The words.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The text of all numbers without one.
const OTHERS: &[u8] = b"unknown error";

macro_rules! texts {
    ($($(#[$there:meta])? $name:ident $text:literal)*) => {
        const LIST: &[(libc::c_int, &[u8])] =
            &[(0, b"no error"), $($(#[$there])? (libc::$name, $text.as_bytes())),*];
    };
}

/// The text of a number, empty if it has none.
const fn listed(number: usize) -> &'static [u8] {
    let mut index = 0;
    while index < LIST.len() {
        if LIST[index].0 as usize == number {
            return LIST[index].1;
        }
        index += 1;
    }
    b""
}

/// One more than the highest number with a text.
const UNKNOWN: usize = {
    let (mut rows, mut index) = (0, 0);
    while index < LIST.len() {
        let (number, text) = LIST[index];
        // So it is on every system that is supported; another one does not compile.
        assert!(0 <= number && number < 256 && text.len() <= Reason::ROOM);
        if number as usize >= rows {
            rows = number as usize + 1;
        }
        index += 1;
    }
    rows
};

const LETTERS: usize = {
    let (mut letters, mut number) = (OTHERS.len() + 1, 0);
    while number < UNKNOWN {
        letters += listed(number).len() + 1;
        number += 1;
    }
    letters
};

/// The texts in the order of their numbers, that of all others behind them.
static TEXTS: [u8; packed::bytes(LETTERS)] = {
    let mut texts = [0; packed::bytes(LETTERS)];
    let (mut at, mut number) = (0, 0);
    while number < UNKNOWN {
        at = packed::pack(&mut texts, at, listed(number));
        number += 1;
    }
    assert!(packed::pack(&mut texts, at, OTHERS) == LETTERS);
    texts
};

// Searched in this order: where two names share a number the first text counts. Errors that only
// some systems have are missing; `docs/undocumented-behaviour.md` lists them.
texts! {
    EINTR "interrupted system call"
    ENOMEM "out of memory"
    ENOENT "file does not exist"
    ETXTBSY "text busy"
    EIO "input/output error"
    EEXIST "file already exists"
    ETIMEDOUT "timed out"
    EINPROGRESS "operation in progress"
    EAGAIN "temporary failure"
    EWOULDBLOCK "input/output would block"
    EPIPE "broken pipe"
    EPERM "permission denied"
    EACCES "access denied"
    ENXIO "device not configured"
    EPROTO "protocol error"
    EISDIR "is a directory"
    ECONNREFUSED "connection refused"
    ENOTDIR "not a directory"
    ESRCH "no such process"
    E2BIG "argument list too long"
    ENOEXEC "exec format error"
    EBADF "file descriptor not open"
    ECHILD "no child processes"
    EDEADLK "operation would cause deadlock"
    EFAULT "bad address"
    ENOTBLK "not a block device"
    EBUSY "device busy"
    EXDEV "cross-device link"
    ENODEV "device does not support operation"
    EINVAL "invalid argument"
    ENFILE "system cannot open more files"
    EMFILE "process cannot open more files"
    ENOTTY "not a tty"
    EFBIG "file too big"
    ENOSPC "out of disk space"
    ESPIPE "unseekable descriptor"
    EROFS "read-only file system"
    EMLINK "too many links"
    EDOM "input out of range"
    ERANGE "output out of range"
    EALREADY "operation already in progress"
    ENOTSOCK "not a socket"
    EDESTADDRREQ "destination address required"
    EMSGSIZE "message too long"
    EPROTOTYPE "incorrect protocol type"
    ENOPROTOOPT "protocol not available"
    EPROTONOSUPPORT "protocol not supported"
    ESOCKTNOSUPPORT "socket type not supported"
    EOPNOTSUPP "operation not supported"
    EPFNOSUPPORT "protocol family not supported"
    EAFNOSUPPORT "address family not supported"
    EADDRINUSE "address already used"
    EADDRNOTAVAIL "address not available"
    ENETDOWN "network down"
    ENETUNREACH "network unreachable"
    ENETRESET "network reset"
    ECONNABORTED "connection aborted"
    ECONNRESET "connection reset"
    ENOBUFS "out of buffer space"
    EISCONN "already connected"
    ENOTCONN "not connected"
    ESHUTDOWN "socket shut down"
    ETOOMANYREFS "too many references"
    ELOOP "symbolic link loop"
    ENAMETOOLONG "file name too long"
    EHOSTDOWN "host down"
    EHOSTUNREACH "host unreachable"
    ENOTEMPTY "directory not empty"
    EUSERS "too many users"
    EDQUOT "disk quota exceeded"
    ESTALE "stale NFS file handle"
    EREMOTE "too many levels of remote in path"
    ENOLCK "no locks available"
    ENOSYS "system call not available"
    #[cfg(not(any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd")))]
    ENOSTR "not a stream device"
    #[cfg(not(any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd")))]
    ETIME "timer expired"
    #[cfg(not(any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd")))]
    ENOSR "out of stream resources"
    ENOMSG "no message of desired type"
    EBADMSG "bad message type"
    EIDRM "identifier removed"
    #[cfg(not(target_os = "openbsd"))]
    ENOLINK "link severed"
    #[cfg(not(target_os = "openbsd"))]
    EMULTIHOP "multihop attempted"
}
// The static residents measure 13 bytes a row; ENONET, EADV, ESRMNT, ECOMM and EREMCHG are
// Linux's alone and come from no call that runit makes.

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        for (number, text) in [
            (libc::EINTR, "interrupted system call"),
            (libc::EAGAIN, "temporary failure"),
            (libc::EPERM, "permission denied"),
            (libc::EACCES, "access denied"),
            (libc::ENOENT, "file does not exist"),
            (libc::EROFS, "read-only file system"),
            (libc::EIDRM, "identifier removed"),
            (0, "no error"),
            (-1, "unknown error"),
            (256 + libc::EINTR, "unknown error"),
            (100_000, "unknown error"),
        ] {
            assert_eq!(Errno(number).text().bytes(), text.as_bytes(), "{number}");
        }
    }
}
