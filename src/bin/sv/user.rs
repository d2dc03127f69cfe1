//! `sv --user`: the services of whoever calls it.
use crate::Fatal;
use platform::Errno;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

/// The directory of the user's services: `service` in `XDG_CONFIG_HOME` or `~/.config`. A relative path there is none,
/// as the XDG base directory specification has it.
pub fn services() -> Result<Vec<u8>, Fatal> {
    let absolute =
        |name| std::env::var_os(name).map(OsString::into_vec).filter(|path| path.starts_with(b"/"));
    let config = absolute("XDG_CONFIG_HOME");
    let config = config.or_else(|| absolute("HOME").map(|home| [&home, b"/.config".as_slice()].concat()));
    match config {
        Some(config) => Ok([&config, b"/service".as_slice()].concat()),
        None => Err(crate::fatal(
            &[b"unable to find the user's services: neither XDG_CONFIG_HOME nor HOME is a path"],
            Errno::NOENT,
        )),
    }
}
