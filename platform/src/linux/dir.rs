//! Reading a directory with getdents64(2) into a buffer of our own: the C library's opendir takes
//! heap memory at every scan.
use crate::unix::{check_size, close, files};
use crate::{Fd, Result};
use core::ffi::CStr;

/// Where the name begins in the kernel's record `linux_dirent64`: inode 8, offset 8, length 2, type 1.
const NAME: usize = 19;
const LENGTH: usize = 16;

#[repr(align(8))]
struct Buffer([u8; 2048]);

/// A directory being read.
pub struct Dir {
    fd: Fd,
    buffer: Buffer,
    /// The unread part of the buffer.
    from: usize,
    to: usize,
}

impl Dir {
    pub(crate) fn open(dir: Fd, path: &CStr) -> Result<Dir> {
        let fd = files::openat(dir, path, libc::O_RDONLY | libc::O_DIRECTORY | libc::O_NONBLOCK, 0)?;
        Ok(Dir { fd, buffer: Buffer([0; 2048]), from: 0, to: 0 })
    }

    pub(crate) fn next(&mut self) -> Result<Option<&CStr>> {
        if self.from >= self.to {
            let bytes = &mut self.buffer.0;
            // SAFETY: the kernel writes within the buffer.
            let got = unsafe {
                libc::syscall(
                    libc::SYS_getdents64,
                    libc::c_long::from(self.fd.0),
                    bytes.as_mut_ptr(),
                    bytes.len(),
                )
            };
            (self.from, self.to) = (0, check_size(got as libc::ssize_t)?);
            if self.to == 0 {
                return Ok(None);
            }
        }
        let record = self.buffer.0.get(self.from..self.to).unwrap_or_default();
        let length = match record.get(LENGTH..LENGTH + 2) {
            Some(&[low, high]) => usize::from(u16::from_ne_bytes([low, high])),
            _ => 0,
        };
        let name = record.get(NAME..length).and_then(|name| crate::c_str(name));
        // A record that makes no sense ends the buffer, not the program.
        self.from = if name.is_some() { self.from + length } else { self.to };
        Ok(Some(name.unwrap_or(c".")))
    }

    pub(crate) fn close(self) {
        close(self.fd);
    }
}
