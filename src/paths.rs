//! Where things are: settled when the program is built.
use core::ffi::CStr;

/// A path as a C string, put together by the compiler. One that holds a NUL does not compile.
macro_rules! place {
    ($dir:expr) => {
        $crate::paths::place!($dir, "")
    };
    ($dir:expr, $name:literal) => {{
        const DIR: &str = $dir;
        const BYTES: &[u8; DIR.len() + $name.len() + 1] = &$crate::paths::join(DIR, $name);
        const PATH: &core::ffi::CStr = match core::ffi::CStr::from_bytes_with_nul(BYTES) {
            Ok(path) => path,
            Err(_) => core::unreachable!(),
        };
        PATH
    }};
}
use place;

/// A magic file: where the build puts it, else under its name in `ETC`.
macro_rules! magic {
    ($variable:literal, $name:literal) => {
        match option_env!($variable) {
            Some(_) => place!(match option_env!($variable) {
                Some(path) => path,
                None => "",
            }),
            None => place!(ETC, $name),
        }
    };
}

/// The directory of services where the environment names no other: upstream's, unless the build
/// sets `RUNIT_SVDIR`.
pub const SERVICES: &str = match option_env!("RUNIT_SVDIR") {
    Some(path) => path,
    None => "/service",
};

/// The directory of the services that can be enabled, where the environment names no other; `RUNIT_SERVICES` at
/// build time.
pub const AVAILABLE: &str = match option_env!("RUNIT_SERVICES") {
    Some(path) => path,
    None => "/etc/sv",
};

/// The directory of the stages and the magic files; `RUNIT_ETC` at build time.
pub const ETC: &str = match option_env!("RUNIT_ETC") {
    Some(dir) => dir,
    None => "/etc/runit",
};

/// Where runsvchdir finds the directories of services, unless `RUNSVDIR` is set when it runs.
pub const RUNSVDIR: &[u8] = place!(ETC, "/runsvdir").to_bytes();

/// The program that runit-init becomes as process 1; `RUNIT_PATH` at build time.
pub const RUNIT: &CStr = place!(match option_env!("RUNIT_PATH") {
    Some(path) => path,
    None => "/sbin/runit",
});

/// Stage 1.
pub const STAGE_1: &CStr = place!(ETC, "/1");
/// Stage 2.
pub const STAGE_2: &CStr = place!(ETC, "/2");
/// Stage 3.
pub const STAGE_3: &CStr = place!(ETC, "/3");
/// Run when three fingers are on the keyboard.
pub const CTRLALTDEL: &CStr = place!(ETC, "/ctrlaltdel");
/// Executable by its owner: a request to stop is meant; `RUNIT_STOPIT` at build time.
pub const STOPIT: &CStr = magic!("RUNIT_STOPIT", "/stopit");
/// Executable by its owner at the very end: restart instead of power off; `RUNIT_REBOOT` at build time.
pub const REBOOT: &CStr = magic!("RUNIT_REBOOT", "/reboot");
/// There: no sync(2) at the end.
pub const NOSYNC: &CStr = place!(ETC, "/nosync");

/// Both texts and zeros up to `N` bytes. Only the compiler calls it.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated at compile time")]
const fn join<const N: usize>(dir: &str, name: &str) -> [u8; N] {
    let (dir, name) = (dir.as_bytes(), name.as_bytes());
    let mut bytes = [0; N];
    let mut at = 0;
    while at < dir.len() + name.len() {
        bytes[at] = if at < dir.len() { dir[at] } else { name[at - dir.len()] };
        at += 1;
    }
    bytes
}
