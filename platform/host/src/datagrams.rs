//! Datagrams between processes of one machine, as sd_notify(3) sends them. (With the standard library's sockets
//! chpst were 8 KiB larger.)
use crate::{Result, wrong};
use core::ffi::c_int;
use core::mem::{MaybeUninit, offset_of, size_of};
use libc::{sockaddr_un, socklen_t};
use nix::errno::Errno as Number;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use platform::Errno;
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

cfg_if::cfg_if! {
    if #[cfg(all(target_os = "linux", not(runit_force_poll)))] {
        #[path = "datagrams/linux.rs"]
        mod system;
    } else {
        #[path = "datagrams/portable.rs"]
        mod system;
    }
}

/// The sender of a datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sender {
    /// The process; 0 if it is in another namespace.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
}

/// A socket that receives, under a name that nobody has had. On Linux it is an abstract one: it can be reached
/// from behind every root directory. Elsewhere it is in a directory that only its maker's processes and root's
/// can enter, in the first of these directories where one can be made.
///
/// # Errors
/// Those of socket(2), bind(2), mkdtemp(3).
pub fn receiver(dirs: &[&[u8]]) -> Result<OwnedFd> {
    system::receiver(dirs)
}

/// The name of a socket as the variable NOTIFY_SOCKET has it.
///
/// # Errors
/// Those of getsockname(2).
pub fn name(socket: impl AsFd) -> Result<Vec<u8>> {
    // SAFETY: all zeros are an address.
    let mut address = unsafe { MaybeUninit::<sockaddr_un>::zeroed().assume_init() };
    let mut length = size_of::<sockaddr_un>() as socklen_t;
    let to = (&raw mut address).cast();
    // SAFETY: the kernel stores an address of at most that length.
    done(unsafe { libc::getsockname(socket.as_fd().as_raw_fd(), to, &raw mut length) })?;
    let length = (length as usize).saturating_sub(offset_of!(sockaddr_un, sun_path));
    let mut name: Vec<u8> = address.sun_path.iter().take(length).map(|byte| byte.to_ne_bytes()[0]).collect();
    match name.first_mut() {
        Some(first @ 0) => *first = b'@',
        Some(_) | None => name.retain(|byte| *byte != 0),
    }
    Ok(name)
}

/// The next datagram, or as much of it as there is room for, and its sender, if the system tells. It does not
/// wait. Descriptors that come with it are closed.
///
/// # Errors
/// Those of recvmsg(2); EAGAIN: there is none.
pub fn receive(socket: impl AsFd, into: &mut [u8]) -> Result<(usize, Option<Sender>)> {
    system::receive(socket.as_fd(), into)
}

/// Removes the name of a socket that was made by [`receiver()`], and the directory in which it is.
pub fn remove(name: &[u8]) {
    // What has no directory is abstract.
    let slash = name.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    let dir = CString::new(name.get(..slash).unwrap_or_default());
    if let (true, Ok(path), Ok(dir)) = (name.starts_with(b"/"), CString::new(name), dir) {
        let _ = nix::unistd::unlink(path.as_c_str());
        remove_dir(&dir);
    }
}

/// rmdir(2).
fn remove_dir(path: &CStr) {
    // SAFETY: a string that ends with NUL.
    unsafe { libc::rmdir(path.as_ptr()) };
}

/// A socket that sends to the one of this name, as the variable NOTIFY_SOCKET has it: a path, or after an `@`
/// an abstract name.
///
/// # Errors
/// Those of socket(2) and connect(2); EAFNOSUPPORT: a name of another kind, or of one that the system has not.
pub fn connected(name: &[u8]) -> Result<OwnedFd> {
    let (address, length) = match name {
        [b'/', ..] => address(name)?,
        [b'@', _, ..] if cfg!(target_os = "linux") => {
            let (mut address, length) = address(name)?;
            address.sun_path[0] = 0;
            // No NUL ends such a name.
            (address, length.saturating_sub(1))
        }
        _ => return Err(Errno(libc::EAFNOSUPPORT)),
    };
    let socket = socket()?;
    // SAFETY: the kernel reads an address of this length.
    done(unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), length) })?;
    Ok(socket)
}

/// The address of a path, and its length with the NUL.
fn address(path: &[u8]) -> Result<(sockaddr_un, socklen_t)> {
    // SAFETY: all zeros are an address.
    let mut address = unsafe { MaybeUninit::<sockaddr_un>::zeroed().assume_init() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    if path.len() >= address.sun_path.len() {
        return Err(Errno::NAMETOOLONG);
    }
    for (slot, byte) in address.sun_path.iter_mut().zip(path) {
        *slot = libc::c_char::from_ne_bytes([*byte]);
    }
    let length = offset_of!(sockaddr_un, sun_path) + path.len() + 1;
    Ok((address, length as socklen_t))
}

fn socket() -> Result<OwnedFd> {
    // SAFETY: numbers are passed.
    let fd = unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM, 0) };
    if fd < 0 {
        return Err(wrong(Number::last()));
    }
    // SAFETY: it was just opened, and nobody else has it.
    let fd = unsafe { OwnedFd::from_raw_fd(fd) };
    fcntl(&fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map_err(wrong)?;
    Ok(fd)
}

/// Sends a datagram to where the socket is connected, in the name of another process of the same user, where the
/// system lets this one do it (Linux lets root); else in this one's own.
///
/// # Errors
/// Those of sendmsg(2).
pub fn send_for(socket: impl AsFd, bytes: &[u8], pid: i32) -> Result<()> {
    let socket = socket.as_fd();
    system::send_for(socket, bytes, pid).or_else(|_| send(socket, bytes))
}

/// Sends a datagram to where the socket is connected.
///
/// # Errors
/// Those of send(2).
pub fn send(socket: impl AsFd, bytes: &[u8]) -> Result<()> {
    // SAFETY: the kernel reads within the slice.
    sent(unsafe { libc::send(socket.as_fd().as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) })
}

/// The same with a descriptor, as sd_notify_barrier(3) does.
///
/// # Errors
/// Those of sendmsg(2).
pub fn send_descriptor(socket: impl AsFd, bytes: &[u8], fd: BorrowedFd<'_>) -> Result<()> {
    send_with(socket.as_fd(), bytes, libc::SCM_RIGHTS, &fd.as_raw_fd().to_ne_bytes())
}

/// Room for what is beside the bytes of a message, aligned as its header has to be: for the numbers of a sender,
/// and then not for one descriptor more. What has no room the kernel closes.
#[repr(align(8))]
struct Control([u8; 32]);

/// sendmsg(2) with one thing beside the bytes.
fn send_with(socket: BorrowedFd<'_>, bytes: &[u8], kind: c_int, data: &[u8]) -> Result<()> {
    let mut control = Control([0; 32]);
    let mut part = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: all zeros are an empty message.
    let mut message = unsafe { MaybeUninit::<libc::msghdr>::zeroed().assume_init() };
    let length = data.len() as libc::c_uint;
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    // SAFETY: it is arithmetic.
    let space = unsafe { libc::CMSG_SPACE(length) };
    if space as usize > size_of::<Control>() {
        return Err(Errno::INVAL);
    }
    message.msg_controllen = space as _;
    // SAFETY: there is room for a header and the data, as was seen above.
    let header = unsafe { &mut *libc::CMSG_FIRSTHDR(&raw const message) };
    header.cmsg_level = libc::SOL_SOCKET;
    header.cmsg_type = kind;
    // SAFETY: it is arithmetic.
    header.cmsg_len = unsafe { libc::CMSG_LEN(length) } as _;
    // SAFETY: as above; the two do not overlap.
    unsafe { libc::CMSG_DATA(header).copy_from_nonoverlapping(data.as_ptr(), data.len()) };
    // SAFETY: the kernel reads the message, its part and its control bytes, which live.
    sent(unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const message, 0) })
}

fn sent(count: libc::ssize_t) -> Result<()> {
    if count >= 0 { Ok(()) } else { Err(wrong(Number::last())) }
}

fn done(result: c_int) -> Result<()> {
    if result == 0 { Ok(()) } else { Err(wrong(Number::last())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn pair() -> (OwnedFd, OwnedFd) {
        let dir = std::env::temp_dir().canonicalize().unwrap().into_os_string().into_encoded_bytes();
        let receiver = receiver(&[b"not absolute", b"/no/such/directory", &dir]).unwrap();
        let sender = connected(&name(&receiver).unwrap()).unwrap();
        (receiver, sender)
    }

    #[test]
    fn what_is_sent_arrives() {
        let (receiver, sender) = pair();
        let mut bytes = [0; 4];
        assert_eq!(receive(&receiver, &mut bytes), Err(Errno::AGAIN));
        let own = i32::try_from(std::process::id()).unwrap();
        send(&sender, b"one").unwrap();
        send(&sender, b"").unwrap();
        send_for(&sender, b"longer", own).unwrap();
        let whom = receive(&receiver, &mut bytes).unwrap().1;
        let uid = crate::ids::user_of_process();
        assert!(whom.is_none_or(|it| it == Sender { pid: own, uid }), "{whom:?}");
        assert_eq!(whom.is_some(), cfg!(all(target_os = "linux", not(runit_force_poll))));
        assert_eq!(receive(&receiver, &mut bytes).unwrap().0, 0);
        assert_eq!((receive(&receiver, &mut bytes).unwrap().0, &bytes), (4, b"long"));
        assert_eq!(receive(&receiver, &mut bytes), Err(Errno::AGAIN));
        remove(&name(&receiver).unwrap());
    }

    #[test]
    fn a_descriptor_is_closed_with_its_datagram() {
        let _alone = crate::alone();
        let (receiver, sender) = pair();
        let (one, mut other) = UnixStream::pair().unwrap();
        other.set_nonblocking(true).unwrap();
        send_descriptor(&sender, b"BARRIER=1", one.as_fd()).unwrap();
        drop(one);
        let ended = |other: &mut UnixStream| std::io::Read::read(other, &mut [0]).ok();
        assert_eq!(ended(&mut other), None, "it is on its way");
        assert_eq!(receive(&receiver, &mut [0; 9]).unwrap().0, 9);
        assert_eq!(ended(&mut other), Some(0));
        remove(&name(&receiver).unwrap());
    }

    #[test]
    fn names() {
        let (receiver, sender) = pair();
        assert_eq!(name(&sender).unwrap(), b"");
        remove(&name(&receiver).unwrap());
        for name in [b"".as_slice(), b"@", b"socket", b"vsock:2:1234"] {
            assert_eq!(connected(name).unwrap_err(), Errno(libc::EAFNOSUPPORT));
        }
        assert_eq!(connected(b"/no/such/socket").unwrap_err(), Errno::NOENT);
        assert_eq!(connected(&[b'/'; 200]).unwrap_err(), Errno::NAMETOOLONG);
        if cfg!(target_os = "linux") {
            assert_eq!(connected(b"@nobody listens here").unwrap_err(), Errno(libc::ECONNREFUSED));
        }
        let names: Vec<Vec<u8>> = [pair(), pair()]
            .map(|(receiver, _)| {
                let name = name(&receiver).unwrap();
                remove(&name);
                assert!(connected(&name).is_err() || name.starts_with(b"@"), "its directory is gone");
                name
            })
            .into();
        assert_ne!(names[0], names[1]);
    }
}
