//! The system as the commands see it: with std, on top of nix.

pub mod check;
pub mod entry;
pub mod files;
pub mod notice;

/// The result of everything that can fail: runit's errors, which know runit's texts.
pub type Result<T> = core::result::Result<T, platform::Errno>;

fn wrong(error: nix::errno::Errno) -> platform::Errno {
    platform::Errno(error as i32)
}
