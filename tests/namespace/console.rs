//! The console and the descriptors that the stages get.
use crate::{ENTER_2, LEAVE_1, LEAVE_2, UP, done, off, powered_off, system};
use runit_tests::namespace::How;
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("stage_1_owns_the_console", stage_1_owns_the_console).dev("DEV-03"),
    case("control_c_in_stage_1", control_c_in_stage_1).dev("DEV-03"),
    case("control_z_in_stage_1", control_z_in_stage_1),
    case("control_z_stops_a_child_alone", control_z_stops_a_child_alone),
    case("stage_1_gets_the_console_back", stage_1_gets_the_console_back),
    case("stage_1_reads_the_console", stage_1_reads_the_console),
    case("descriptors_of_stages", descriptors_of_stages).dev("DEV-04"),
    case("descriptors_without_console", descriptors_without_console).dev("DEV-04"),
    case("a_burst_of_output", a_burst_of_output).dev("DEV-04"),
    case("a_stopped_console", a_stopped_console),
    case("no_console", no_console),
];

fn stage_1_owns_the_console() {
    let one = "sh -c ': </dev/tty && echo it is ours'
        [ $(cut -d ' ' -f 6 /proc/$$/stat) != 1 ] && echo a session of its own
        [ $(cut -d ' ' -f 8 /proc/$$/stat) = $(cut -d ' ' -f 5 /proc/$$/stat) ] && echo in front";
    let mut machine = system().stage("1", one).boot();
    machine.line("it is ours");
    machine.line("a session of its own");
    machine.line("in front");
    machine.line(UP);
    powered_off(&off(machine), &[LEAVE_1, ENTER_2, LEAVE_2]);
}

fn control_c_in_stage_1() {
    // A shell that is interrupted just before it starts a program runs its trap after that.
    let one = "trap 'echo interrupted; exit 0' INT; echo ready; while :; do sleep 1; done";
    let mut machine = system().stage("1", one).boot();
    machine.line("ready");
    machine.type_in(b"\x03");
    // The terminal shows what was typed.
    machine.line_where("interrupted", |line| line.ends_with("interrupted"));
    machine.line(UP);
    off(machine);
}

/// A stage 1 that waits for a file. ^Z comes meanwhile, and no shell is there that could continue what it stops.
const WAITS: &str = "echo ready; until [ -e /run/go ]; do sleep 0.1; done";

fn goes_on_after_control_z(one: &str) {
    let mut machine = system().stage("1", one).boot();
    machine.line("ready");
    machine.type_in(b"\x1ahello\n");
    // The terminal shows what was typed.
    machine.line_where("hello", |line| line.ends_with("hello"));
    assert_eq!(machine.run(": >/run/go").code, Some(0));
    machine.line(UP);
    off(machine);
}

fn control_z_in_stage_1() {
    goes_on_after_control_z(WAITS);
}

/// A script goes on while its child stops: it ignores ^Z, or it waits in vfork(2) for a child that has not
/// called execve(2) yet.
fn control_z_stops_a_child_alone() {
    goes_on_after_control_z(&format!("trap '' TSTP; env --default-signal=TSTP sh -c '{WAITS}'"));
}

/// A shell that had it died without giving it back.
fn stage_1_gets_the_console_back() {
    let one = "sh -ic 'kill -KILL $$'; echo name?; read -r name; echo hello, $name";
    let mut machine = system().stage("1", one).boot();
    machine.line_where("the question", |line| line.ends_with("name?"));
    machine.type_in(b"anna\n");
    machine.line("hello, anna");
    machine.line(UP);
    off(machine);
}

fn stage_1_reads_the_console() {
    let mut machine = system().stage("1", "echo name?; read -r name; echo hello, $name").boot();
    machine.line("name?");
    machine.type_in(b"anna\n");
    machine.line("hello, anna");
    machine.line(UP);
    off(machine);
}

/// Names, and flags without what the system adds.
const DESCRIPTORS: &str = "for fd in 0 1 2; do
        flags=$(sed -n 's/^flags:.*\\([0-9]\\{5\\}\\)$/\\1/p' /proc/$$/fdinfo/$fd)
        echo ${0##*/} $fd $(readlink /proc/$$/fd/$fd) $(($flags & 04003))
    done";

fn descriptors_of_stages() {
    let system = system().stage("1", DESCRIPTORS).stage("2", &format!("{DESCRIPTORS}; exec sleep 100000"));
    let key = format!("{DESCRIPTORS}; : >/etc/runit/stopit; chmod 100 /etc/runit/stopit");
    let mut machine = system.stage("3", DESCRIPTORS).stage("ctrlaltdel", &key).boot();
    machine.line_where("stage 2", |line| line.starts_with("2 2 "));
    let _ = machine.run("kill -INT 1");
    let end = machine.end();
    for stage in ["1", "2", "ctrlaltdel", "3"] {
        for fd in 0..3 {
            // 2 is O_RDWR, 04000 would be O_NONBLOCK.
            let line = format!("{stage} {fd} /dev/console 2");
            assert!(end.lines.contains(&line), "{line}: {end:#?}");
        }
    }
}

fn descriptors_without_console() {
    let one = "for fd in 0 2; do echo $fd $(readlink /proc/$$/fd/$fd); done";
    let system = system().without_console().prepare("exec 0<&- 2>&-");
    let mut machine = system.stage("1", one).stage("2", "exit 0").boot();
    machine.line("0 /dev/null");
    machine.line("2 /dev/null");
    let _ = machine.end();
}

/// More than a terminal takes at once.
fn a_burst_of_output() {
    let mut machine = system().stage("2", "seq 1 50000; echo over; exec sleep 100000").boot();
    machine.line("50000");
    machine.line("over");
    let count = machine.lines().iter().filter(|line| line.parse::<u32>().is_ok()).count();
    assert_eq!(count, 50_000);
    off(machine);
}

fn no_console() {
    let mut machine = system().without_console().boot();
    machine.line("- runit: warning: unable to open /dev/console: file does not exist");
    machine.line(UP);
    let end = off(machine);
    assert!(end.lines.iter().any(|line| line == "- runit: power off..."), "{end:#?}");
}

/// ^S, or a terminal server that is gone: nobody reads what is said, and everything goes on. Stage 2 is killed
/// first: its messages and those of the stages that follow fill what the terminal has room for.
fn a_stopped_console() {
    let mut machine = system().stage("3", ": >/run/three; sync").boot();
    machine.line(UP);
    machine.type_in(b"\x13");
    let stopped = "timeout 1 sh -c 'while :; do echo; done' >/dev/console; test $? = 124";
    assert_eq!(machine.run(stopped).code, Some(0), "it takes something all the same");
    done(&machine, "init 0");
    assert_eq!(machine.end().how, How::PoweredOff);
}
