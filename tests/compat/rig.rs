//! What the cases need to say briefly: services made of scripts, supervisors, and sv.
use runit_tests::place::{Output, Place};
use runit_tests::programs::Programs;
use runit_tests::suite::skip;
use std::path::PathBuf;
use std::process::Command;

/// Where a program is; a case for one that is missing is skipped.
pub fn program(name: &str) -> PathBuf {
    let programs = Programs::get();
    if !programs.have(name) {
        skip(format!("no {name}"));
    }
    programs.path(name)
}

/// A place and the programs in it.
pub struct Rig {
    pub place: Place,
}

impl Rig {
    pub fn new() -> Rig {
        Rig { place: Place::new() }
    }

    /// A program under test with its arguments.
    pub fn command(&self, name: &str, args: &[&str]) -> Command {
        let mut command = self.place.command(program(name));
        command.args(args);
        command
    }

    /// Runs a program under test to its end.
    pub fn run(&self, name: &str, args: &[&str]) -> Output {
        self.place.run(&mut self.command(name, args))
    }
}
