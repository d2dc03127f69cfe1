//! Of a system that is not asked to tell of renames.
use crate::unix::Os;
use crate::{Fd, Notice};

impl Notice for Os {
    fn notify(&mut self, _dir: Fd) -> bool {
        false
    }

    fn notice_fd(&self) -> Option<Fd> {
        None
    }

    fn end_notices(&mut self) {}
}
