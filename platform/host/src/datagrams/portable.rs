//! Names in directories. That nobody else can send is a matter of the directory's mode.
use super::{Sender, address, done, remove_dir, socket};
use crate::{Result, wrong};
use nix::errno::Errno as Number;
use platform::Errno;
use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// See [`super::receiver()`].
pub fn receiver(dirs: &[&[u8]]) -> Result<OwnedFd> {
    let mut failed = Errno::NOENT;
    for dir in dirs.iter().filter(|dir| dir.starts_with(b"/")) {
        match below(dir) {
            Ok(socket) => return Ok(socket),
            Err(why) => failed = why,
        }
    }
    Err(failed)
}

fn below(dir: &[u8]) -> Result<OwnedFd> {
    let template = CString::new([dir, b"/notify-XXXXXX"].concat()).map_err(|_| Errno::INVAL)?;
    let dir = nix::unistd::mkdtemp(template.as_c_str()).map_err(wrong)?.into_os_string().into_encoded_bytes();
    bound(&[&dir, b"/socket".as_slice()].concat()).inspect_err(|_| {
        if let Ok(dir) = CString::new(dir) {
            remove_dir(&dir);
        }
    })
}

fn bound(path: &[u8]) -> Result<OwnedFd> {
    let (address, length) = address(path)?;
    let socket = socket()?;
    // SAFETY: the kernel reads an address of this length.
    done(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) })?;
    Ok(socket)
}

/// See [`super::receive()`]: where there is no room for descriptors, none is taken.
pub fn receive(socket: BorrowedFd<'_>, into: &mut [u8]) -> Result<(usize, Option<Sender>)> {
    let (fd, how) = (socket.as_raw_fd(), libc::MSG_DONTWAIT);
    // SAFETY: the kernel writes into the slice.
    let count = unsafe { libc::recv(fd, into.as_mut_ptr().cast(), into.len(), how) };
    usize::try_from(count).map(|count| (count, None)).map_err(|_| wrong(Number::last()))
}

/// See [`super::send_for`]: a process speaks for itself alone.
pub fn send_for(_: BorrowedFd<'_>, _: &[u8], _: i32) -> Result<()> {
    Err(Errno::NOSYS)
}
