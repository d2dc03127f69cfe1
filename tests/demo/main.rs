//! Boots a system in namespaces from `etc/linux` and shows it: three stages, services, sv, a restart
//! and a power off. What it shows it also checks. `--short` waits less for services that do not obey.
use runit_tests::namespace::{How, Machine, System, missing};
use runit_tests::wait;
use std::process::ExitCode;
use std::time::Duration;

/// What was found to be so, and what not.
#[derive(Default)]
struct Checks {
    passed: usize,
    failed: Vec<String>,
}

impl Checks {
    fn that(&mut self, what: &str, holds: bool) {
        if holds {
            self.passed += 1;
        } else {
            println!("         CHECK FAILED: {what}");
            self.failed.push(what.to_owned());
        }
    }

    /// The console says these lines, in this order.
    fn in_order(&mut self, lines: &[String], wanted: &[&str]) {
        let mut rest = lines.iter();
        for line in wanted {
            self.that(
                &format!("{line:?} on the console"),
                rest.any(|found| found.trim_end().starts_with(line)),
            );
        }
    }
}

fn show(time: Duration, line: &str) {
    println!("{:8.3} {line}", time.as_secs_f64());
}

/// Runs a command in the system, shows it and what it says.
fn run(machine: &Machine, command: &str) -> Vec<String> {
    show(machine.uptime(), &format!("# {command}"));
    let output = machine.run(command);
    let lines: Vec<String> = [output.out, output.err].concat().lines().map(str::to_owned).collect();
    lines.iter().for_each(|line| println!("         {line}"));
    lines
}

/// The number of the process that a line of status names.
fn pid(line: Option<&String>) -> Option<i32> {
    line?.split_once("(pid ")?.1.split_once(')')?.0.parse().ok()
}

fn boot(short: bool) -> Machine {
    let mut system = System::new().tell(show).before(if short { "SVWAIT=1" } else { "SVWAIT=4" });
    for stage in ["1", "2", "3", "ctrlaltdel"] {
        system = system.copy(&format!("etc/linux/{stage}"), &format!("etc/runit/{stage}"));
    }
    // No getty: nobody is going to log in.
    for service in ["clock", "crash-once", "stubborn"] {
        system = system.copy(&format!("etc/linux/service/{service}"), &format!("service/{service}"));
    }
    system.file("etc/hostname", "demo\n").boot()
}

const UP: [&str; 3] = [
    "- runit: enter stage: /etc/runit/1",
    "- runit: leave stage: /etc/runit/1",
    "- runit: enter stage: /etc/runit/2",
];
const DOWN: [&str; 4] = [
    "- runit: leave stage: /etc/runit/2",
    "- runit: enter stage: /etc/runit/3",
    "- runit: leave stage: /etc/runit/3",
    "- runit: sending KILL signal to all processes...",
];

/// All services are up, the one that crashes for the second time.
fn wait_for_services(machine: &mut Machine) {
    machine.line(UP[2]);
    machine.line_where("the crash", |line| line.starts_with("crash-once: ended"));
    wait::until("services that are up", || {
        let said = machine.run("sv status /service/*").out;
        (said.lines().filter(|line| line.starts_with("run: ")).count() == 3).then_some(())
    });
}

fn title(text: &str) {
    println!("\n== {text}");
}

fn first(checks: &mut Checks, short: bool) {
    title("stage 1 and 2: the system comes up");
    let mut machine = boot(short);
    wait_for_services(&mut machine);

    title("its services: one with a log, one that crashed once, one that ignores TERM");
    let status = run(&machine, "sv status /service/*");
    for (name, line) in [("clock", 0), ("crash-once", 1), ("stubborn", 2)] {
        let begins = format!("run: /service/{name}: (pid ");
        checks.that(&format!("{name} is up"), status.get(line).is_some_and(|line| line.starts_with(&begins)));
    }
    checks.that("clock has a log", status.first().is_some_and(|line| line.contains("; run: log: (pid ")));
    let log = run(&machine, "head -n 1 /var/log/clock/current");
    checks.that("the log holds the time", log.first().is_some_and(|line| line.contains(':')));

    title("stop one, restart one, kill one");
    let stopped = run(&machine, "sv stop clock");
    checks.that("clock stops", stopped.first().is_some_and(|line| line.starts_with("ok: down: clock: ")));
    let status = run(&machine, "sv status clock");
    checks.that("clock is down", status.first().is_some_and(|line| line.starts_with("down: clock: ")));
    let restarted = run(&machine, "sv restart crash-once");
    checks.that(
        "crash-once restarts",
        restarted.first().is_some_and(|line| line.starts_with("ok: run: crash-once: ")),
    );
    let before = run(&machine, "sv status stubborn");
    let stopped = run(&machine, "sv -w 1 force-restart stubborn");
    checks.that("stubborn is killed", stopped.first().is_some_and(|line| line.starts_with("kill: ")));
    wait::within(Duration::from_secs(10), || {
        let now = machine.run("sv status stubborn").out;
        (pid(Some(&now)).is_some() && pid(Some(&now)) != pid(before.first())).then_some(())
    });
    let after = run(&machine, "sv status stubborn");
    checks.that(
        "stubborn is a new process",
        pid(after.first()).is_some() && pid(after.first()) != pid(before.first()),
    );

    title("init 6: stage 3, and a restart");
    run(&machine, "init 6");
    let end = machine.end();
    checks.in_order(
        &end.lines,
        &[&UP[..], &["crash-once: ended"], &DOWN[..], &["- runit: system reboot."]].concat(),
    );
    checks.that("the kernel was asked for a restart", end.how == How::Restarted);
}

fn second(checks: &mut Checks, short: bool) {
    title("the system comes up again");
    let mut machine = boot(short);
    wait_for_services(&mut machine);
    // So that stage 3 need not wait for it this time.
    run(&machine, "sv -w 1 force-stop stubborn");

    title("init 0: stage 3, and a power off");
    run(&machine, "init 0");
    let end = machine.end();
    checks.in_order(&end.lines, &[&UP[..], &DOWN[..], &["- runit: power off..."]].concat());
    checks.that("the kernel was asked for power off", end.how == How::PoweredOff);
}

fn main() -> ExitCode {
    let short = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--short") => true,
        Some(_) => {
            eprintln!("usage: demo [--short]");
            return ExitCode::from(100);
        }
    };
    if let Some(why) = missing() {
        eprintln!("demo: this needs Linux with unprivileged user namespaces: {why}");
        return ExitCode::FAILURE;
    }
    println!("runit as process 1 of namespaces, with the stages and services of etc/linux.");
    println!("Left: seconds since the start. A line after # is a command run in the system.");
    let mut checks = Checks::default();
    first(&mut checks, short);
    second(&mut checks, short);
    let Checks { passed, failed } = checks;
    println!();
    for what in &failed {
        println!("demo: failed: {what}");
    }
    println!("demo: {passed} passed, {} failed", failed.len());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
