//! Abstract names and the senders of datagrams (unix(7)).
use super::{Control, Sender, done, send_with, socket};
use crate::{Result, wrong};
use core::mem::{MaybeUninit, size_of};
use nix::errno::Errno as Number;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// See [`super::receiver()`]. The kernel chooses the name (autobind), so that nobody can take it before.
pub fn receiver(_: &[&[u8]]) -> Result<OwnedFd> {
    let socket = socket()?;
    let on: libc::c_int = 1;
    let (fd, size) = (socket.as_raw_fd(), size_of::<libc::c_int>() as libc::socklen_t);
    // SAFETY: the kernel reads one int.
    done(unsafe { libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_PASSCRED, (&raw const on).cast(), size) })?;
    let family = libc::AF_UNIX as libc::sa_family_t;
    let size = size_of::<libc::sa_family_t>() as libc::socklen_t;
    // SAFETY: the kernel reads an address that is no longer than its family.
    done(unsafe { libc::bind(fd, (&raw const family).cast(), size) })?;
    Ok(socket)
}

/// See [`super::receive()`].
pub fn receive(socket: BorrowedFd<'_>, into: &mut [u8]) -> Result<(usize, Option<Sender>)> {
    let mut control = Control([0; 32]);
    let mut part = libc::iovec { iov_base: into.as_mut_ptr().cast(), iov_len: into.len() };
    // SAFETY: all zeros are an empty message.
    let mut message = unsafe { MaybeUninit::<libc::msghdr>::zeroed().assume_init() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = size_of::<Control>() as _;
    // SAFETY: the kernel writes into the part and the control bytes, which have these lengths.
    let count = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT) };
    let count = usize::try_from(count).map_err(|_| wrong(Number::last()))?;
    // SAFETY: null, or a header in the control bytes.
    let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message).as_ref() };
    let told = header.filter(|it| (it.cmsg_level, it.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_CREDENTIALS));
    let sender = told.map(|header| {
        // SAFETY: so many bytes are behind a header of this type.
        let ucred = unsafe { libc::CMSG_DATA(header).cast::<libc::ucred>().read_unaligned() };
        Sender { pid: ucred.pid, uid: ucred.uid }
    });
    Ok((count, sender))
}

/// See [`super::send_for`].
pub fn send_for(socket: BorrowedFd<'_>, bytes: &[u8], pid: i32) -> Result<()> {
    let (uid, gid) = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
    // The fields of a ucred.
    let fields = [pid.to_ne_bytes(), uid.to_ne_bytes(), gid.to_ne_bytes()];
    send_with(socket, bytes, libc::SCM_CREDENTIALS, fields.as_flattened())
}
