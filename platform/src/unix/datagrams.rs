//! Datagrams to IPv4 addresses.
use super::{Os, check, check_size};
use crate::{Datagrams, Fd, Files, Result};
use core::mem::{MaybeUninit, size_of};

impl Datagrams for Os {
    fn datagrams(&mut self) -> Result<Fd> {
        // SAFETY: numbers are passed.
        let fd = Fd(check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM, 0) })?);
        // SAFETY: numbers are passed.
        let closes = check(unsafe { libc::fcntl(fd.0, libc::F_SETFD, libc::FD_CLOEXEC) });
        match closes.and_then(|_| self.set_nonblocking(fd).map(|()| 0)) {
            Ok(_) => Ok(fd),
            Err(errno) => {
                self.close(fd);
                Err(errno)
            }
        }
    }

    fn send(&mut self, fd: Fd, ip: [u8; 4], port: u16, bytes: &[u8]) -> Result<usize> {
        // SAFETY: all zero is an address.
        let mut to = unsafe { MaybeUninit::<libc::sockaddr_in>::zeroed().assume_init() };
        to.sin_family = libc::AF_INET as libc::sa_family_t;
        to.sin_port = port.to_be();
        to.sin_addr.s_addr = u32::from_ne_bytes(ip);
        let (to, length) = (&raw const to, size_of::<libc::sockaddr_in>() as libc::socklen_t);
        // SAFETY: the kernel reads within the slice and a local address of that length.
        check_size(unsafe { libc::sendto(fd.0, bytes.as_ptr().cast(), bytes.len(), 0, to.cast(), length) })
    }
}
