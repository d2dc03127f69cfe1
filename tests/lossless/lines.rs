//! The numbered lines: what is written, and whether it is what was read.
use platform_sim::Random;
use std::fs;
use std::io::Write;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;

/// What a pipe takes all or not at all.
const PIPE_BUF: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };
/// What each line has at least: its number, a blank and its end.
pub(crate) const LEAST: u64 = 12;

/// Which lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Some are longer than what svlogd matches (1,000 bytes), than its buffers, and than a pipe.
    All,
    /// Each is in the pipe as a whole or not at all: a reader that is killed cannot take a part of one
    /// with it.
    Whole,
}

/// The text of a line: its number and as much more as the number decides.
pub(crate) fn line(number: u64, kind: Kind, into: &mut Vec<u8>) {
    let mut random = Random::new(number);
    let more = match random.below(1000) {
        0..900 => random.below(80),
        900..980 => random.below(400),
        980..995 => 900 + random.below(250),
        995..999 => random.below(4000),
        _ if kind == Kind::Whole => 0,
        _ => random.below(90_000),
    };
    let more = if kind == Kind::Whole { more.min(PIPE_BUF as u64 - LEAST) } else { more };
    into.extend_from_slice(format!("{number:010} ").as_bytes());
    let letters = b"abcdefghijklmnopqrstuvwxyz".iter().cycle().skip(random.below(26) as usize);
    into.extend(letters.take(more as usize));
    into.push(b'\n');
}

/// The service: writes lines until there is a file `stop`, says in `done` how many they were, and
/// stays.
pub(crate) fn write(stop: &Path, done: &Path, kind: Kind) -> ExitCode {
    let most = if kind == Kind::Whole { PIPE_BUF } else { 60_000 };
    let (mut written, mut bytes, mut next) = (0, Vec::new(), Vec::new());
    let out = std::io::stdout().as_fd().try_clone_to_owned().expect("a descriptor");
    let mut out = fs::File::from(out);
    while !stop.exists() {
        bytes.clear();
        loop {
            next.clear();
            line(written, kind, &mut next);
            if !bytes.is_empty() && bytes.len() + next.len() > most {
                break;
            }
            bytes.append(&mut next);
            written += 1;
        }
        if let Err(why) = out.write_all(&bytes) {
            eprintln!("the log service is gone: {why}");
            return ExitCode::FAILURE;
        }
    }
    let new = done.with_extension("new");
    fs::write(&new, written.to_string()).and_then(|()| fs::rename(&new, done)).expect("a file");
    loop {
        std::thread::park();
    }
}

/// The numbers of the first and the last line of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// Checks each line of a file; the runs of numbers in it.
pub(crate) fn check(text: &[u8], kind: Kind) -> Result<Vec<Run>, String> {
    let mut runs: Vec<Run> = Vec::new();
    let mut wanted = Vec::new();
    for found in text.split_inclusive(|byte| *byte == b'\n') {
        let shown = || String::from_utf8_lossy(found.get(..80).unwrap_or(found)).into_owned();
        let Some((stamp, rest)) = found.split_at_checked(26) else {
            return Err(format!("torn: {}", shown()));
        };
        if !is_stamp(stamp) {
            return Err(format!("no time stamp: {}", shown()));
        }
        let number = rest.get(..10).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let Some(number) = number else { return Err(format!("no number: {}", shown())) };
        wanted.clear();
        line(number, kind, &mut wanted);
        if rest != wanted {
            return Err(format!("torn, {} of {} bytes: {}", rest.len(), wanted.len(), shown()));
        }
        match runs.last_mut() {
            Some(run) if run.last + 1 == number => run.last = number,
            _ => runs.push(Run { first: number, last: number }),
        }
    }
    Ok(runs)
}

/// `2026-11-22_14:17:41.20344 `.
fn is_stamp(bytes: &[u8]) -> bool {
    let like = |(byte, pattern): (&u8, &u8)| match pattern {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    bytes.len() == 26 && bytes.iter().zip(b"0000-00-00_00:00:00.00000 ").all(like)
}
