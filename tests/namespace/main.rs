//! `runit` and `runsvdir` as process 1 of namespaces: ours and, with `RUNIT_UNDER_TEST=DIR RUNIT_VERSION=2.3.1`,
//! C runit.
#![allow(missing_docs)]
use runit_tests::namespace::{End, How, Machine, System, demand};
use runit_tests::suite::{self, Case};
use std::process::ExitCode;

mod console;
mod container;
mod container_image;
mod container_life;
mod container_main;
mod limits;
mod requests;
mod stages;

/// A system whose stages 1 and 3 do nothing and whose stage 2 waits.
fn system() -> System {
    demand(&["runit", "runit-init"]);
    System::new().stage("1", "exit 0").stage("2", WAIT).stage("3", "exit 0")
}

/// A stage that stays.
const WAIT: &str = "exec sleep 100000";
/// With these stages, the line that tells that it is there.
const UP: &str = ENTER_2;

const ENTER_1: &str = "- runit: enter stage: /etc/runit/1";
const LEAVE_1: &str = "- runit: leave stage: /etc/runit/1";
const ENTER_2: &str = "- runit: enter stage: /etc/runit/2";
const LEAVE_2: &str = "- runit: leave stage: /etc/runit/2";
const SKIP_2: &str = "- runit: warning: skipping stage 2...";
const ENTER_3: &str = "- runit: enter stage: /etc/runit/3";
const LEAVE_3: &str = "- runit: leave stage: /etc/runit/3";
const KILL_ALL: &str = "- runit: sending KILL signal to all processes...";
const OFF: &str = "- runit: power off...";
const AGAIN: &str = "- runit: system reboot.";

/// What process 1 said, without its greeting.
fn said(end: &End) -> Vec<&str> {
    let mut lines: Vec<&str> = end.lines.iter().map(String::as_str).collect();
    lines.retain(|line| line.starts_with("- runit: ") && !line.ends_with(": booting."));
    lines
}

/// The system ended by power off, and process 1 said this, the ordinary begin and end apart.
fn powered_off(end: &End, middle: &[&str]) {
    assert_eq!(said(end), [&[ENTER_1], middle, &[ENTER_3, LEAVE_3, KILL_ALL, OFF]].concat());
    assert_eq!(end.how, How::PoweredOff);
}

/// The same with a restart.
fn restarted(end: &End, middle: &[&str]) {
    assert_eq!(said(end), [&[ENTER_1], middle, &[ENTER_3, LEAVE_3, KILL_ALL, AGAIN]].concat());
    assert_eq!(end.how, How::Restarted);
}

/// Runs a command that must not fail; only the end of the system may be quicker.
fn done(machine: &Machine, command: &str) {
    let output = machine.run(command);
    assert!(output.code == Some(0) || output.signal == Some(9), "{command}: {output:?}");
}

/// Asks for power off and waits for it.
fn off(machine: Machine) -> End {
    done(&machine, "init 0");
    machine.end()
}

fn main() -> ExitCode {
    let cases: Vec<Case> = [
        stages::CASES,
        requests::CASES,
        console::CASES,
        limits::CASES,
        container::CASES,
        container_life::CASES,
        container_main::CASES,
        container_image::CASES,
    ]
    .concat();
    suite::main("namespace", &cases).into()
}
