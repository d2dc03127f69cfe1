//! See runit-init(8).
#![no_std]
#![no_main]
platform::entry!(runit::runit_init::main);
