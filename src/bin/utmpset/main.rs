//! utmpset: writes down that nobody is logged in on a line any more. See utmpset(8).
#![no_main]
mod history;
mod present;

use platform::{Args, Errno, LOGINS, Logins};
use platform_host::{console, logins};
use runit::args::basename;
use runit::utmpset::{ABOUT, CommandLine, Moment, USAGE};
use runit::words;
use std::ffi::CStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Every user who may read the files can lock them. A login that does not come back because somebody does so
/// is worse than one that is not written down.
const PATIENCE: Duration = Duration::from_secs(10);

platform_host::entry!(main);

fn main(args: Args) -> u8 {
    let argv0 = args.get(0).unwrap_or(c"").to_bytes();
    let usage: [&[u8]; 4] = [b"usage: ", argv0, USAGE.as_bytes(), b"\n\n"];
    let version: [&[u8]; 3] = [b"utmpset ", runit::VERSION.as_bytes(), b"\n"];
    match CommandLine::of(|at| args.get(at).map(CStr::to_bytes)) {
        CommandLine::Logout { line, history } => done(logout(line, history)),
        CommandLine::Note(moment) => done(note(moment)),
        CommandLine::Version => {
            console::tell(&version);
            0
        }
        CommandLine::Help => {
            let mut options = Vec::new();
            words::help(words::UTMPSET, &mut |text| options.extend_from_slice(text));
            console::tell(&[&usage[..], &[ABOUT.as_bytes(), &options]].concat());
            0
        }
        CommandLine::ShortVersion => {
            console::complain(&[&version[..], &usage].concat());
            1
        }
        CommandLine::Usage(None) => {
            console::complain(&usage);
            1
        }
        CommandLine::Usage(Some(letter)) => {
            let wrong: [&[u8]; 4] = [basename(argv0), b": illegal option -- ", &[letter], b"\n"];
            console::complain(&[&wrong[..], &usage].concat());
            1
        }
    }
}

fn done(result: Result<(), Vec<u8>>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(text) => {
            console::complain(&[b"utmpset: ", &text, b"\n"]);
            111
        }
    }
}

/// Parts and a reason.
fn text(parts: &[&[u8]], why: Errno) -> Vec<u8> {
    [&parts.concat(), b": ".as_slice(), why.text().bytes()].concat()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Where native init does it, or what it starts, a stage has nothing to note.
fn note(moment: Moment) -> Result<(), Vec<u8>> {
    let now = now();
    let by_library = logins::note(moment == Moment::Boot, now);
    let Some(logins) = LOGINS else {
        return Err(b"fatal: this system notes its start and its end itself".to_vec());
    };
    let mut record = vec![0; logins.layout.size];
    moment.record(&logins.layout, &mut record, &logins::release(), now);
    present::note(&logins, moment, &record)?;
    history::append(&logins, &record, &[b"warning: unable to write ", logins.wtmp.to_bytes()])?;
    by_library.map_err(|why| text(&[b"warning: unable to write utmpx"], why))
}

/// Some systems have files, some have functions of the C library, one has both.
fn logout(line: &[u8], history: bool) -> Result<(), Vec<u8>> {
    let now = now();
    let in_files = || LOGINS.map(|logins| in_files(&logins, line, now, history));
    match logins::end(line, now, history) {
        None => in_files().unwrap_or_else(|| Err(text(&[b"fatal: unable to open utmp"], Errno::NOSYS))),
        Some(Ok(true)) => {
            in_files();
            Ok(())
        }
        Some(result) => match in_files() {
            Some(Ok(())) => Ok(()),
            Some(Err(_)) | None => Err(missing(line, result)),
        },
    }
}

/// Why the C library did not end it.
fn missing(line: &[u8], result: platform_host::Result<bool>) -> Vec<u8> {
    match result {
        Ok(_) => [b"warning: unable to logout line ", line, b" in utmp: no such entry"].concat(),
        Err(Errno::NAMETOOLONG) => too_long(line),
        Err(why) => text(&[b"warning: unable to logout line ", line, b" in utmp"], why),
    }
}

fn too_long(line: &[u8]) -> Vec<u8> {
    [b"fatal: unable to logout line ", line, b" in utmp: name too long"].concat()
}

/// History is made only of what was present.
fn in_files(logins: &Logins, line: &[u8], now: u64, history: bool) -> Result<(), Vec<u8>> {
    if line.len() > logins.layout.line.len {
        return Err(too_long(line));
    }
    present::end(logins, line, now)?;
    if history { history::note(logins, line, now) } else { Ok(()) }
}
