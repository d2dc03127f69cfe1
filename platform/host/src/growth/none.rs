//! Nothing tells: a program that follows a log looks now and then.
use super::Grown;
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

/// Watches nothing.
#[derive(Debug, Default)]
pub struct Growth;

impl Growth {
    /// One that watches nothing.
    #[must_use]
    pub const fn new() -> Growth {
        Growth
    }

    /// It cannot be watched: `false`.
    pub const fn add(&mut self, _number: usize, _path: &CStr) -> bool {
        false
    }

    /// Names the file that grows in a directory, where the system wants to know.
    pub fn hold(&mut self, _number: usize, _file: BorrowedFd<'_>) {}

    pub(super) const fn tells(&self) -> bool {
        false
    }

    pub(super) const fn fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// Reports what happened since the last call: it does not know.
    pub fn notices(&mut self, mut tell: impl FnMut(Grown<'_>)) {
        tell(Grown::Lost);
    }
}
