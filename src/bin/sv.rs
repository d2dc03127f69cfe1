//! sv: controls services.
fn main() {}
