//! Requests to stop: runit-init, signals, three fingers.
use crate::{
    ENTER_2, ENTER_3, LEAVE_1, LEAVE_2, SKIP_2, UP, done, off, powered_off, restarted, said, system,
};
use runit_tests::namespace::How;
use runit_tests::suite::{Case, case};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("words_that_are_not_0_or_6", words_that_are_not_0_or_6).dev("DEV-10"),
    case("signals_without_magic_files", signals_without_magic_files),
    case("other_signals", || other_signals("HUP TERM PIPE QUIT USR1 USR2 CHLD WINCH TSTP KILL STOP")),
    // After it C runit says in the middle of a stop that it restarts stage 2.
    case("alarm", || other_signals("ALRM")).ours(),
    case("stopit_is_used_up", stopit_is_used_up),
    case("only_stage_2_gets_term", only_stage_2_gets_term),
    case("stage_2_ignores_term", stage_2_ignores_term),
    case("a_later_request_wins", a_later_request_wins),
    case("magic_files_are_files", magic_files_are_files),
    case("run_is_noexec", run_is_noexec),
    case("run_is_full", run_is_full),
    case("run_is_full_and_empty_handed", run_is_full_and_empty_handed),
    case("restart_asked_for_in_stage_1", restart_asked_for_in_stage_1).dev("DEV-07"),
    case("off_asked_for_in_stage_1", off_asked_for_in_stage_1).dev("DEV-07"),
    case("three_fingers_in_stage_1", three_fingers_in_stage_1).dev("DEV-07"),
    case("restart_asked_for_in_stage_3", restart_asked_for_in_stage_3).dev("DEV-07"),
    case("three_fingers", three_fingers),
    case("three_fingers_and_no_stopit", three_fingers_and_no_stopit),
    case("ctrlaltdel_crashes", ctrlaltdel_crashes),
    case("ctrlaltdel_has_no_signal_blocked", ctrlaltdel_has_no_signal_blocked).dev("DEV-09"),
    case("orphans_while_ctrlaltdel_runs", orphans_while_ctrlaltdel_runs).dev("DEV-09"),
    case("three_fingers_in_the_pause", three_fingers_in_the_pause).dev("DEV-06"),
    case("stop_in_the_pause", stop_in_the_pause).dev("DEV-06"),
];

const REQUEST: &str = "- runit: ctrl-alt-del request...";
const ENTER_KEY: &str = "- runit: enter stage: /etc/runit/ctrlaltdel";
const LEAVE_KEY: &str = "- runit: leave stage: /etc/runit/ctrlaltdel";
const NOTED_1: &str = "- runit: request noted, waiting for /etc/runit/1...";
const KILL_2: &str = "- runit: warning: killing all processes in stage 2...";
const RESTARTING: &str = "- runit: warning: restarting.";
const NOT_TERMINATED: &str = "- runit: warning: stage 2 not terminated, sending sigkill...";
const ALREADY: &str = "- runit: warning: stopping already.";

/// Makes the files of a restart, as `etc/linux/ctrlaltdel` does.
const RESTART: &str = "for file in reboot stopit; do : >/etc/runit/$file; chmod 100 /etc/runit/$file; done";
/// A stage that says so and then waits for a file.
const GATE: &str = "echo ready; until [ -e /run/go ]; do sleep 0.02; done";

fn words_that_are_not_0_or_6() {
    let mut machine = system().boot();
    machine.line(UP);
    for word in ["0x", "6foo", "00", "06", "1", "", "-"] {
        let output = machine.run(&format!("init '{word}'"));
        assert_eq!(output.code, Some(0), "{word:?}");
        assert!(output.err.starts_with("usage: init 0|6\n"), "{word:?}: {output:?}");
        assert!(!machine.path("/run/runit.stopit").exists(), "{word:?} acts");
    }
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn signals_without_magic_files() {
    let mut machine = system().stage("ctrlaltdel", RESTART).prepare("chmod 644 /etc/runit/ctrlaltdel").boot();
    machine.line(UP);
    done(&machine, "kill -CONT 1; kill -INT 1; : >/etc/runit/stopit; kill -CONT 1; kill -INT 1");
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn other_signals(names: &str) {
    let mut machine = system().boot();
    machine.line(UP);
    done(&machine, &format!("for name in {names}; do kill -$name 1; done"));
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn stopit_is_used_up() {
    let three = "stat -L -c 'stopit %a' /etc/runit/stopit; stat -L -c 'reboot %a' /etc/runit/reboot";
    let mut machine = system().stage("3", three).boot();
    machine.line(UP);
    done(&machine, "init 6");
    machine.line(ENTER_3);
    machine.line("stopit 0");
    machine.line("reboot 100");
    restarted(&machine.end(), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn only_stage_2_gets_term() {
    let two = "sleep 100000 & echo $! >/run/other; exec sleep 100000";
    let mut machine =
        system().stage("2", two).stage("3", "kill -0 $(cat /run/other) && echo it lives").boot();
    machine.line(UP);
    runit_tests::wait::until("the other", || (!machine.run("cat /run/other").out.is_empty()).then_some(()));
    let end = off(machine);
    assert!(end.lines.iter().any(|line| line == "it lives"), "{end:#?}");
}

fn stage_2_ignores_term() {
    let mut machine = system().stage("2", "trap '' TERM; echo ready; exec sleep 100000").boot();
    machine.line("ready");
    let asked = Instant::now();
    done(&machine, "init 0");
    machine.line(NOT_TERMINATED);
    assert!(asked.elapsed() > Duration::from_millis(3900), "after {:?}", asked.elapsed());
    powered_off(&machine.end(), &[LEAVE_1, ENTER_2, NOT_TERMINATED, LEAVE_2]);
}

fn a_later_request_wins() {
    let mut machine = system().stage("2", "trap '' TERM; echo ready; exec sleep 100000").boot();
    machine.line("ready");
    done(&machine, "init 6; init 0");
    assert_eq!(machine.end().how, How::PoweredOff);
}

fn magic_files_are_files() {
    let mut machine = system().prepare("rm /etc/runit/stopit /etc/runit/reboot").boot();
    machine.line(UP);
    done(&machine, "init 6");
    restarted(&machine.end(), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn run_is_noexec() {
    let mut machine = system().prepare("mount -t tmpfs -o noexec tmpfs /run").boot();
    machine.line(UP);
    done(&machine, "init 6");
    restarted(&machine.end(), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

/// With the files made in stage 1, as `etc/linux/1` does, nothing is needed later.
fn run_is_full() {
    let one = "for file in stopit reboot; do : >/etc/runit/$file; chmod 0 /etc/runit/$file; done
        cat /dev/zero >/run/full; i=0; while true >/run/$i; do i=$((i + 1)); done 2>/dev/null; true";
    let small = "mount -t tmpfs -o size=16k,nr_inodes=12 tmpfs /run";
    let mut machine = system().stage("1", one).prepare(small).boot();
    machine.line(UP);
    done(&machine, "init 6");
    assert_eq!(machine.end().how, How::Restarted);
}

/// Without them runit-init says what is wrong, and nothing happens.
fn run_is_full_and_empty_handed() {
    let one = "i=0; while true >/run/$i; do i=$((i + 1)); done 2>/dev/null; true";
    let mut machine = system().stage("1", one).prepare("mount -t tmpfs -o nr_inodes=12 tmpfs /run").boot();
    machine.line(UP);
    let output = machine.run("init 6");
    assert_eq!(output.code, Some(111));
    // Debian's 2.1.2 has another path.
    assert!(output.err.starts_with("init: fatal: unable to create /"), "{output:?}");
    assert!(output.err.contains("stopit: "), "{output:?}");
    done(&machine, "rm /run/1 /run/2");
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn restart_asked_for_in_stage_1() {
    // It resets what it may have found at its start.
    let one = format!("{GATE}; chmod 0 /etc/runit/stopit /etc/runit/reboot");
    let mut machine = system().stage("1", &one).boot();
    machine.line("ready");
    done(&machine, "init 6");
    machine.line(NOTED_1);
    done(&machine, ": >/run/go");
    restarted(&machine.end(), &[NOTED_1, LEAVE_1, SKIP_2]);
}

fn off_asked_for_in_stage_1() {
    let mut machine = system().stage("1", GATE).boot();
    machine.line("ready");
    done(&machine, "init 0");
    machine.line(NOTED_1);
    done(&machine, ": >/run/go");
    powered_off(&machine.end(), &[NOTED_1, LEAVE_1, SKIP_2]);
}

fn three_fingers_in_stage_1() {
    let mut machine = system().stage("1", GATE).stage("ctrlaltdel", RESTART).boot();
    machine.line("ready");
    done(&machine, "kill -INT 1");
    machine.line(NOTED_1);
    done(&machine, ": >/run/go");
    restarted(&machine.end(), &[NOTED_1, LEAVE_1, REQUEST, ENTER_KEY, LEAVE_KEY, SKIP_2]);
}

fn restart_asked_for_in_stage_3() {
    let mut machine = system().stage("3", GATE).stage("ctrlaltdel", "echo too late").boot();
    machine.line(UP);
    done(&machine, "init 0");
    machine.line("ready");
    done(&machine, "kill -INT 1; init 6");
    // It must not stay behind for the next boot.
    let stopit = || machine.run("stat -L -c %a /etc/runit/stopit").out;
    runit_tests::wait::until("its obedience", || (stopit() == "0\n").then_some(()));
    machine.line(ALREADY);
    done(&machine, ": >/run/go");
    let end = machine.end();
    assert!(!end.lines.iter().any(|line| line == "too late"), "{end:#?}");
    assert_eq!(end.how, How::Restarted);
}

fn three_fingers() {
    let mut machine = system().stage("ctrlaltdel", RESTART).boot();
    machine.line(UP);
    done(&machine, "kill -INT 1");
    restarted(&machine.end(), &[LEAVE_1, ENTER_2, REQUEST, ENTER_KEY, LEAVE_KEY, LEAVE_2]);
}

fn three_fingers_and_no_stopit() {
    let mut machine = system().stage("ctrlaltdel", "echo not today").boot();
    machine.line(UP);
    done(&machine, "kill -INT 1");
    machine.line("not today");
    machine.line(LEAVE_KEY);
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, REQUEST, ENTER_KEY, LEAVE_KEY, LEAVE_2]);
}

fn ctrlaltdel_crashes() {
    let mut machine = system().stage("ctrlaltdel", &format!("{RESTART}; kill -KILL $$")).boot();
    machine.line(UP);
    done(&machine, "kill -INT 1");
    let crashed = "- runit: warning: child crashed: /etc/runit/ctrlaltdel";
    restarted(&machine.end(), &[LEAVE_1, ENTER_2, REQUEST, ENTER_KEY, crashed, LEAVE_KEY, LEAVE_2]);
}

fn ctrlaltdel_has_no_signal_blocked() {
    let key = "echo blocked $(sed -n 's/^SigBlk:.//p' /proc/self/status).";
    let mut machine = system().stage("ctrlaltdel", key).boot();
    machine.line(UP);
    done(&machine, "kill -INT 1");
    machine.line("blocked 0000000000000000.");
    off(machine);
}

fn orphans_while_ctrlaltdel_runs() {
    let key = "(exit 0 &); (exit 0 &)
        while cat /proc/[0-9]*/status 2>/dev/null | grep -q '^State:.Z'; do :; done; echo clean";
    let mut machine = system().stage("ctrlaltdel", key).boot();
    machine.line(UP);
    done(&machine, "kill -INT 1");
    machine.line("clean");
    off(machine);
}

fn three_fingers_in_the_pause() {
    let mut machine = system().stage("2", "exit 111").stage("ctrlaltdel", RESTART).boot();
    machine.line(KILL_2);
    done(&machine, "kill -INT 1");
    let end = machine.end();
    assert!(said(&end).contains(&ENTER_KEY) && !said(&end).contains(&RESTARTING), "{end:#?}");
    assert_eq!(end.how, How::Restarted);
}

fn stop_in_the_pause() {
    let mut machine = system().stage("2", "exit 111").boot();
    machine.line(KILL_2);
    done(&machine, "init 6");
    let end = machine.end();
    assert!(said(&end).contains(&SKIP_2) && !said(&end).contains(&RESTARTING), "{end:#?}");
    assert_eq!(end.how, How::Restarted);
}
