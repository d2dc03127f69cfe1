//! See runsvdir(8).
#![no_std]
#![no_main]
platform::entry!(main);
fn main(_: &mut platform::Os, _: platform::Args) -> u8 {
    0
}
