//! See svlogd(8).
#![no_std]
#![no_main]
platform::entry!(runit::svlogd::main);
