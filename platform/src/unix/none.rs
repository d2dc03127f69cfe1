//! What a system does without that has no such call.
use core::ffi::CStr;

/// ps(1) reads the arguments where they lie.
#[allow(dead_code, reason = "each system takes what it lacks")]
pub(crate) fn setproctitle(_text: &[u8]) {}

/// A process has no other name than its arguments.
#[allow(dead_code, reason = "each system takes what it lacks")]
pub(crate) fn pr_set_name(_name: &CStr) {}

/// Nothing tells processes of the same number apart: what a dead program has left cannot be told from strangers.
#[allow(dead_code, reason = "each system takes what it lacks")]
pub(crate) fn birth(_pid: i32) -> Option<u64> {
    None
}

/// Nothing takes the console from the processes that have it open.
#[allow(dead_code, reason = "each system takes what it lacks")]
pub(crate) fn revoke(_console: &CStr) {}
