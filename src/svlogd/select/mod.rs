//! Which lines go where, and what the file `config` says about that.
pub(super) mod config;
pub(super) mod lines;
pub(super) mod pattern;
pub(super) mod settings;
