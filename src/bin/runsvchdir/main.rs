//! runsvchdir: makes another directory of services the current one. See runsvchdir(8).
#![no_main]
mod turn;

use platform::{Args, Errno};
use platform_host::{console, files, links};
use runit::paths::RUNSVDIR;
use runit::runsvchdir::{Change, Current, Found, HELP, USAGE, change, is_hidden};
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStringExt;

platform_host::entry!(main);

fn main(args: Args) -> u8 {
    let argv0 = args.get(0).unwrap_or(c"").to_bytes();
    let usage: [&[u8]; 4] = [b"usage: ", argv0, USAGE.as_bytes(), b"\n\n"];
    let Some(name) = args.get(1) else {
        console::complain(&usage);
        return 1;
    };
    let base = std::env::var_os("RUNSVDIR").map_or_else(|| RUNSVDIR.into(), OsString::into_vec);
    if args.get(2).is_none() && answered(name, &base, &usage) {
        return 0;
    }
    match switch(name, base) {
        Ok((target, state)) => {
            console::tell(&[b"runsvchdir: ", &target, state, b"\n"]);
            0
        }
        Err(text) => {
            console::complain(&[argv0, b": fatal: ", &text, b"\n"]);
            111
        }
    }
}

/// Answers `--help` and `--version`, unless a directory has that name.
fn answered(name: &CStr, base: &[u8], usage: &[&[u8]]) -> bool {
    let text: Vec<&[u8]> = match name.to_bytes() {
        b"--help" => [usage, &[HELP.as_bytes()]].concat(),
        b"--version" => vec![b"runsvchdir ", runit::VERSION.as_bytes(), b"\n"],
        _ => return false,
    };
    let there = CString::new([base, b"/", name.to_bytes()].concat());
    if there.is_ok_and(|there| links::follow(&there).is_ok()) {
        return false;
    }
    console::tell(&text);
    true
}

/// Parts and a reason.
fn text(parts: &[&[u8]], why: Errno) -> Vec<u8> {
    [&parts.concat(), b": ".as_slice(), why.text().bytes()].concat()
}

/// Does it all: what is current afterwards, and whether it was before.
fn switch(name: &CStr, base: Vec<u8>) -> Result<(Vec<u8>, &'static [u8]), Vec<u8>> {
    let bytes = name.to_bytes();
    if is_hidden(bytes) {
        return Err([bytes, b": must not start with a dot."].concat());
    }
    let dir = CString::new(base).unwrap_or_default();
    files::chdir(&dir).map_err(|why| text(&[b"unable to chdir: ", dir.to_bytes()], why))?;
    let lock = turn::lock();
    let wanted = match links::follow(name) {
        Ok(found) if found.is_dir => found.id,
        // DEV-27.
        Ok(_) => return Err([bytes, b": not a directory."].concat()),
        Err(Errno::NOENT) => return Err(text(&[bytes], Errno::NOENT)),
        Err(why) => return Err(text(&[b"unable to stat: ", bytes], why)),
    };
    let previous = links::text(c"previous").ok();
    let back = if is_previous(name) { previous.as_deref() } else { None };
    let (leads, link) = (links::follow(c"current"), links::text(c"current"));
    let current = match (leads, &link) {
        (Err(Errno::NOENT), _) => Current::Missing,
        (Err(why), _) => return Err(text(&[b"unable to stat: current"], why)),
        (Ok(found), Err(_)) => Current::Other(found.id),
        (Ok(found), Ok(text)) => {
            let names_previous = CString::new(text.as_slice()).is_ok_and(|text| is_previous(&text));
            Current::Link { text, leads: found.id, names_previous }
        }
    };
    match change(&Found { name: bytes, wanted, back, current }) {
        None => Ok((bytes.to_vec(), b": current.")),
        Some(change) => {
            turn::turn(&change, previous.as_deref())?;
            if let Some(lock) = lock {
                links::settle(lock);
            }
            let Change { target, .. } = change;
            Ok((target.to_vec(), b": now current."))
        }
    }
}

/// Whether a path is that of the link `previous`. (With a slash at its end it would be what that
/// leads to.)
fn is_previous(path: &CStr) -> bool {
    let mut bytes = path.to_bytes();
    while let [rest @ .., b'/'] = bytes {
        bytes = rest;
    }
    let path = CString::new(bytes).unwrap_or_default();
    matches!((links::itself(&path), links::itself(c"previous")), (Ok(one), Ok(other)) if one == other)
        && links::text(c"previous").is_ok()
}
