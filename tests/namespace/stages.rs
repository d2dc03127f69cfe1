//! The three stages, how they may end, and what they leave behind.
use crate::{
    ENTER_1, ENTER_2, ENTER_3, KILL_ALL, LEAVE_1, LEAVE_2, LEAVE_3, OFF, SKIP_2, UP, off, powered_off, said,
};
use crate::{restarted, system};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait;
use std::process::Command;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("three_stages_and_off", three_stages_and_off),
    case("three_stages_and_again", three_stages_and_again),
    case("stage_1_exits_100", stage_1_exits_100),
    case("stage_1_exits_111", stage_1_exits_111),
    case("stage_1_crashes", stage_1_crashes).since("2.3.0"),
    case("stage_2_exits_0", stage_2_exits_0),
    case("stage_2_exits_100", stage_2_exits_100),
    case("stage_2_exits_111", stage_2_exits_111),
    case("stage_2_crashes", stage_2_crashes).since("2.3.0"),
    case("stage_3_fails", stage_3_fails),
    case("stage_3_crashes", stage_3_crashes).since("2.3.0"),
    case("stage_1_missing", || missing_stage("1")),
    case("stage_2_missing", || missing_stage("2")),
    case("stage_3_missing", || missing_stage("3")),
    case("no_stage_at_all", no_stage_at_all),
    case("stage_not_executable", stage_not_executable),
    case("stage_without_interpreter", stage_without_interpreter),
    case("environment_of_stages", environment_of_stages),
    case("no_signal_is_blocked", no_signal_is_blocked),
    case("stage_1_ends_all_others", stage_1_ends_all_others),
    case("background_of_stage_1_lives_on", background_of_stage_1_lives_on),
    case("orphans_300", orphans_300),
    case("orphans_in_stages_1_and_3", orphans_in_stages_1_and_3),
    case("not_process_1", not_process_1),
];

const FAILED_1: &str = "- runit: warning: child failed: /etc/runit/1";
const CRASHED_1: &str = "- runit: warning: child crashed: /etc/runit/1";
const FAILED_2: &str = "- runit: warning: child failed: /etc/runit/2";
const CRASHED_2: &str = "- runit: warning: child crashed: /etc/runit/2";
const KILL_2: &str = "- runit: warning: killing all processes in stage 2...";
const RESTARTING: &str = "- runit: warning: restarting.";

fn three_stages_and_off() {
    let end = system().stage("2", "/sbin/init 0; exec sleep 100000").boot().end();
    powered_off(&end, &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn three_stages_and_again() {
    let end = system().stage("2", "/sbin/init 6; exec sleep 100000").boot().end();
    restarted(&end, &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn stage_1_exits_100() {
    powered_off(&system().stage("1", "exit 100").boot().end(), &[FAILED_1, LEAVE_1, SKIP_2]);
}

fn stage_1_exits_111() {
    let end = system().stage("1", "exit 111").stage("2", "exit 0").boot().end();
    powered_off(&end, &[FAILED_1, LEAVE_1, ENTER_2, LEAVE_2]);
}

fn stage_1_crashes() {
    powered_off(&system().stage("1", "kill -KILL $$").boot().end(), &[CRASHED_1, LEAVE_1, SKIP_2]);
}

fn stage_2_exits_0() {
    powered_off(&system().stage("2", "exit 0").boot().end(), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn stage_2_exits_100() {
    powered_off(&system().stage("2", "exit 100").boot().end(), &[LEAVE_1, ENTER_2, FAILED_2, LEAVE_2]);
}

/// Stage 2 ends badly once, with a companion in its process group and one that left it.
fn stage_2_comes_back(how: &str, said: &str) {
    let first = "mkdir /run/first || { echo second; exec sleep 100000; }
        sleep 100000 & echo $! >/run/companion
        setsid sleep 100000 & echo $! >/run/other
        until [ \"$(ps -o comm= -p \"$(cat /run/other)\")\" = sleep ]; do :; done";
    // Five seconds lie between the two lines, and more between what is before them and behind.
    let before = Instant::now();
    let mut machine = system().stage("2", &format!("{first}\n{how}")).boot();
    machine.line(KILL_2);
    machine.line(RESTARTING);
    assert!(before.elapsed() > Duration::from_secs(5), "after {:?}", before.elapsed());
    machine.line("second");
    assert_ne!(machine.run("kill -0 $(cat /run/companion)").code, Some(0), "the group was killed");
    assert_eq!(machine.run("kill -0 $(cat /run/other)").code, Some(0), "others were not");
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, said, KILL_2, RESTARTING, ENTER_2, LEAVE_2]);
}

fn stage_2_exits_111() {
    stage_2_comes_back("exit 111", FAILED_2);
}

fn stage_2_crashes() {
    stage_2_comes_back("kill -KILL $$", CRASHED_2);
}

fn stage_3_fails() {
    for code in ["1", "100", "111"] {
        let end = system().stage("2", "exit 0").stage("3", &format!("exit {code}")).boot().end();
        let failed = "- runit: warning: child failed: /etc/runit/3";
        assert_eq!(said(&end)[5..], [failed, LEAVE_3, KILL_ALL, OFF]);
    }
}

fn stage_3_crashes() {
    let end = system().stage("2", "exit 0").stage("3", "kill -KILL $$").boot().end();
    let crashed = "- runit: warning: child crashed: /etc/runit/3";
    assert_eq!(said(&end)[5..], [crashed, LEAVE_3, KILL_ALL, OFF]);
}

fn missing_stage(which: &str) {
    let system = system().stage("2", "exit 0").prepare(&format!("rm /etc/runit/{which}"));
    let failed = format!("- runit: fatal: unable to start child: /etc/runit/{which}: file does not exist");
    let mut wanted = vec![ENTER_1, LEAVE_1, ENTER_2, LEAVE_2, ENTER_3, LEAVE_3, KILL_ALL, OFF];
    let at =
        wanted.iter().position(|line| line.ends_with(&format!("leave stage: /etc/runit/{which}"))).unwrap();
    wanted.insert(at, &failed);
    assert_eq!(said(&system.boot().end()), wanted);
}

fn no_stage_at_all() {
    let end = system().prepare("rm /etc/runit/[123]").boot().end();
    let failures = said(&end).iter().filter(|line| line.contains("fatal: unable to start child")).count();
    assert_eq!((failures, said(&end).len()), (3, 11), "{end:#?}");
}

fn stage_not_executable() {
    let end = system().stage("2", "exit 0").prepare("chmod 644 /etc/runit/1").boot().end();
    let failed = "- runit: fatal: unable to start child: /etc/runit/1: access denied";
    powered_off(&end, &[failed, LEAVE_1, ENTER_2, LEAVE_2]);
}

fn stage_without_interpreter() {
    let end = system().stage("2", "exit 0").prepare("echo exit 0 >/etc/runit/1").boot().end();
    let failed = "- runit: fatal: unable to start child: /etc/runit/1: exec format error";
    powered_off(&end, &[failed, LEAVE_1, ENTER_2, LEAVE_2]);
}

fn environment_of_stages() {
    let tell = "echo stage ${0##*/}: $LAMP, $HOME, $TERM";
    let end = system().before("LAMP=on").stage("1", tell).stage("2", tell).stage("3", tell).boot().end();
    for stage in ["1", "2", "3"] {
        let line = format!("stage {stage}: on, /, linux");
        assert!(end.lines.contains(&line), "{line}: {end:#?}");
    }
}

/// Whoever started process 1 may have blocked some.
fn no_signal_is_blocked() {
    // HUP, INT, PIPE, ALRM, TERM, CHLD and CONT: Debian's C runit blocks PWR as well and leaves it so.
    let tell = "blocked=$(sed -n 's/^SigBlk:.//p' /proc/self/status)
        echo stage ${0##*/}: $((0x$blocked & 0x37003))";
    let block = "env --block-signal=ALRM,CHLD,CONT,HUP,INT,PIPE,TERM";
    let mut words = block.split(' ').chain(["true"]);
    let able = words.next().map(|env| Command::new(env).args(words).status());
    if !able.is_some_and(|status| status.is_ok_and(|status| status.success())) {
        skip("env(1) cannot block signals");
    }
    let system = system().before(block);
    let end = system.stage("1", tell).stage("2", tell).stage("3", tell).boot().end();
    for stage in ["1", "2", "3"] {
        let line = format!("stage {stage}: 0");
        assert!(end.lines.contains(&line), "{line}: {end:#?}");
    }
}

/// As somebody does who repairs the system in stage 1. The script itself is spared.
fn stage_1_ends_all_others() {
    let mut machine = system().stage("1", "kill -TERM -1; exit 0").boot();
    machine.line(UP);
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn background_of_stage_1_lives_on() {
    let system = system().stage("1", "sleep 100000 </dev/null >/dev/null 2>&1 & echo $! >/run/left");
    let mut machine = system.boot();
    machine.line(UP);
    assert_eq!(machine.run("kill -0 $(cat /run/left)").code, Some(0), "{:#?}", machine.lines());
    off(machine);
}

const ZOMBIES: &str = "cat /proc/[0-9]*/status 2>/dev/null | grep -c '^State:.Z'";

fn orphans_300() {
    let two = "mkfifo /run/gate; i=0
        while [ $i -lt 300 ]; do (read -r line </run/gate &) && i=$((i + 1)); done; exec sleep 100000";
    let machine = system().stage("2", two).boot();
    let children = || {
        let output = machine.run("cat /proc/[0-9]*/status 2>/dev/null | grep -c '^PPid:.1$'");
        output.out.trim().parse::<u32>().unwrap_or(0)
    };
    wait::until("300 orphans", || (children() >= 300).then_some(()));
    assert_eq!(machine.run(": >/run/gate").code, Some(0));
    wait::until("their end", || (children() < 10 && machine.run(ZOMBIES).out == "0\n").then_some(()));
    off(machine);
}

fn orphans_in_stages_1_and_3() {
    let stage = format!(
        "mkfifo /run/gate$$; for i in 1 2 3 4 5 6 7 8 9; do (read -r line </run/gate$$ &); done
        : >/run/gate$$; until [ \"$({ZOMBIES})\" = 0 ]; do :; done; echo clean ${{0##*/}}"
    );
    let mut machine = system().stage("1", &stage).stage("2", "exit 0").stage("3", &stage).boot();
    machine.line("clean 1");
    machine.line("clean 3");
    let _ = machine.end();
}

fn not_process_1() {
    let mut machine = system().boot();
    machine.line(UP);
    let output = machine.run("runit");
    assert_eq!(
        (output.code, output.err.as_str()),
        (Some(111), "- runit: fatal: must be run as process no 1.\n")
    );
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}
