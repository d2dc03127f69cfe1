//! See runit(8).
#![no_std]
#![no_main]
platform::entry!(runit::runit::main);
