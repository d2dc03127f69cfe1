//! See runsv(8).
#![no_std]
#![no_main]
platform::entry!(runit::runsv::main);
