//! See runsvdir(8).
#![no_std]
#![no_main]
platform::entry!(runit::runsvdir::main);
