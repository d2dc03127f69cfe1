//! Boots systems under QEMU, without hardware acceleration, and compares what their serial consoles
//! say with a transcript.

pub mod cpio;
pub mod linux;
pub mod qemu;
pub mod transcript;
