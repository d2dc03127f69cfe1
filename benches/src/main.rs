//! Measures at the level of processes.
fn main() {}
