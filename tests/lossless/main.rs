//! No line is ever lost or doubled: a service writes numbered lines as fast as its log service takes
//! them, while that is told to rotate, to read its configuration again and to end, its processors
//! are killed and its file system is full for a while. In a second part svlogd itself is killed: then
//! lines that it had read may be missing, but none is torn.
//! Afterwards every line stands once, whole and in order in what all files together say.
//!
//! `LOSSLESS_SECONDS` is how long the first part takes, `LOSSLESS_SEED` which of the troubles come when;
//! the second part takes a third of that.
mod disk;
mod harvest;
mod lines;
mod trouble;

use runit_tests::place::Place;
use runit_tests::wait;
use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long the troubles last unless `LOSSLESS_SECONDS` says otherwise.
const SECONDS: u64 = 60;
/// What begins a call of this program by itself.
const INSIDE: &str = "in-namespaces";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", "all", stop, done] => lines::write(stop.as_ref(), done.as_ref(), lines::Kind::All),
        ["write", "whole", stop, done] => lines::write(stop.as_ref(), done.as_ref(), lines::Kind::Whole),
        [INSIDE, place] => trouble::main(PathBuf::from(place)),
        _ => outside(),
    }
}

/// Seconds from the environment.
pub(crate) fn seconds() -> Duration {
    let given = env::var("LOSSLESS_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(given.unwrap_or(SECONDS))
}

/// A file system that can be full needs a mount, which needs namespaces, or root where there are none.
fn outside() -> ExitCode {
    let missing = runit_tests::namespace::missing();
    if let Some(why) = missing.as_ref().filter(|_| !disk::for_all_to_see()) {
        println!("lossless: 0 passed, 0 failed, 1 skipped");
        println!("{why}");
        return ExitCode::from(3);
    }
    // Built before the clock runs.
    let programs = runit_tests::programs::Programs::get();
    let place = Place::new();
    let own = env::current_exe().expect("the path of this program");
    let mut command = if missing.is_some() {
        place.command(own)
    } else {
        let mut command = place.command("unshare");
        command.args(["--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]);
        command.arg(own);
        command
    };
    command.arg(INSIDE).arg(place.root());
    command.env("RUNIT_UNDER_TEST", programs.dir());
    if let Some(version) = &programs.c {
        command.env("RUNIT_VERSION", version);
    }
    for name in ["LOSSLESS_SECONDS", "LOSSLESS_SEED"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    wait::set_patience(seconds() * 2 + Duration::from_secs(300));
    let output = place.run(&mut command);
    // What it found stands last, below what the programs said.
    print!("{}{}", output.err, output.out);
    if output.code == Some(0) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
