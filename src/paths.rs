//! Places that are chosen when the programs are built.

/// The directory of services where the environment names no other: upstream's, unless the build
/// sets `RUNIT_SVDIR`.
pub const SERVICES: &str = match option_env!("RUNIT_SVDIR") {
    Some(path) => path,
    None => "/service",
};
