//! What becomes of a rotated log that a processor is to read.
mod machine;
mod perform;

pub(super) use machine::Event;
pub(super) use perform::Worker;
