//! The engine of runit: it decides, `platform` acts.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
