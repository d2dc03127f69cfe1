//! What process 1 may not do, cannot do, and should not do.
use crate::{
    AGAIN, ENTER_1, ENTER_2, ENTER_3, KILL_ALL, LEAVE_1, LEAVE_2, LEAVE_3, OFF, SKIP_2, UP, off, said, system,
};
use runit_tests::namespace::{How, Machine};
use runit_tests::suite::{Case, case};
use runit_tests::wait;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    // The longest first.
    case("idle", idle).dev("DEV-05"),
    case("not_allowed_to_power_off", || not_allowed("0", OFF, 0)).dev("DEV-01"),
    case("not_allowed_to_restart", || not_allowed("6", AGAIN, 121)).dev("DEV-01"),
    case("fork_fails", fork_fails),
    case("request_while_fork_fails", request_while_fork_fails).dev("DEV-06"),
    case("without_root", without_root),
];

/// C runit wakes up every 14 seconds.
fn idle() {
    const LONG_ENOUGH: Duration = Duration::from_secs(16);
    let mut machine = system().boot();
    machine.line(UP);
    let switches = |machine: &Machine| {
        ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"].map(|name| machine.status(name))
    };
    // It may still be on its way to sleep.
    let mut last = (switches(&machine), Instant::now());
    wait::until("rest", || {
        let now = switches(&machine);
        if now != last.0 {
            last = (now, Instant::now());
        }
        (last.1.elapsed() > Duration::from_millis(300)).then_some(())
    });
    while last.1.elapsed() < LONG_ENOUGH {
        thread::sleep(Duration::from_millis(100));
        assert_eq!(switches(&machine), last.0, "it woke after {:?}", last.1.elapsed());
    }
    off(machine);
}

fn not_allowed(word: &str, text: &str, code: i32) {
    let system = system().before("setpriv --bounding-set=-sys_boot --inh-caps=-sys_boot");
    let mut machine = system.boot();
    machine.line(UP);
    let _ = machine.run(&format!("init {word}"));
    let end = machine.end();
    let gone = "- runit: no permission to end the system, exiting.";
    let wanted = [ENTER_1, LEAVE_1, ENTER_2, LEAVE_2, ENTER_3, LEAVE_3, KILL_ALL, text, gone];
    assert_eq!(said(&end), wanted);
    assert_eq!(end.how, How::Exited(code));
}

const CANNOT_FORK: &str = r#"- runit: fatal: unable to fork for "/etc/runit/1" pausing: temporary failure"#;

/// A system that may have only as many processes as it has already.
fn without_processes() -> Machine {
    let mut machine = system().as_nobody().before("prlimit --nproc=1:").boot();
    machine.line(CANNOT_FORK);
    machine
}

/// Gives it as many as it can have.
fn give_processes(machine: &Machine) {
    let init = machine.init();
    let limits = fs::read_to_string(format!("/proc/{init}/limits")).expect("limits");
    let line = limits.lines().find(|line| line.starts_with("Max processes")).expect("processes");
    let hard = line.split_whitespace().nth(3).expect("the hard limit");
    let mut prlimit = machine.outside("prlimit");
    let status = prlimit.arg(format!("--pid={init}")).arg(format!("--nproc={hard}:")).status();
    assert!(status.expect("prlimit").success());
}

fn fork_fails() {
    let mut machine = without_processes();
    give_processes(&machine);
    let start = Instant::now();
    machine.line(UP);
    assert!(start.elapsed() < Duration::from_secs(7), "after {:?}", start.elapsed());
    off(machine);
}

fn request_while_fork_fails() {
    let mut machine = without_processes();
    let _ = machine.run("init 6");
    machine.line("- runit: request noted, waiting for /etc/runit/1...");
    give_processes(&machine);
    let end = machine.end();
    assert!(said(&end).contains(&SKIP_2) && !said(&end).contains(&ENTER_2), "{end:#?}");
    assert_eq!(end.how, How::Restarted);
}

/// Nothing of this needs root.
fn without_root() {
    let mut machine = system().as_nobody().boot();
    machine.line(UP);
    assert_eq!(off(machine).how, How::PoweredOff);
}
