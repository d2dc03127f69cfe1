//! Messages of commands that say little.
use crate::files;
use platform::Errno;
use std::os::fd::AsFd;

/// Writes the parts to descriptor 2, in one write where they are short. A single part needs no memory.
pub fn complain(parts: &[&[u8]]) {
    match parts {
        [whole] => write_all(std::io::stderr(), whole),
        _ => write_all(std::io::stderr(), &parts.concat()),
    }
}

/// Writes the parts to descriptor 1.
pub fn tell(parts: &[&[u8]]) {
    write_all(std::io::stdout(), &parts.concat());
}

fn write_all(fd: impl AsFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match files::write(&fd, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::AGAIN) => files::wait_writable(&fd),
            Err(_) => return,
        }
    }
}
