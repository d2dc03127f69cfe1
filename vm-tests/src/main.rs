//! Boots systems under QEMU.
fn main() {}
