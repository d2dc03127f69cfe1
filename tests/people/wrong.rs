//! Wrong calls of what is new, and calls that are what they always were.
use crate::host::{fake, now, run};
use runit_tests::rig::{Rig, masked};
use runit_tests::status::RUN;
use runit_tests::suite::{Case, case};

const USAGE: &str = "usage: sv [-v] [-w sec] command service ...\n\n";

/// These calls are wrong, and it is said why.
fn wrong(calls: &[(&[&str], &str)]) {
    for (args, why) in calls {
        let done = run(&Rig::new(), args);
        let text = if why.is_empty() { USAGE.to_owned() } else { format!("sv: {why}\n{USAGE}") };
        assert_eq!((done.out.as_str(), done.err, done.code), ("", text, Some(100)), "{args:?}");
    }
}

/// A call that means what it means to C runit.
fn frozen(args: &[&str], out: &str, code: i32) {
    let rig = Rig::new();
    let _fake = fake(&rig, "web", now(RUN, 7, b'u').before(9)).1;
    let done = run(&rig, args);
    assert_eq!((masked(&done.out).as_str(), done.code), (out, Some(code)), "{args:?}: {}", done.err);
}

pub const CASES: &[Case] = &[
    case("wrong_colour", || {
        let why = "--color=red: not auto, always or never";
        wrong(&[
            (&["--color=red", "status"], why),
            (&["status", "--color=red"], why),
            (&["--watch", "--color=red"], why),
        ]);
    }),
    case("wrong_wait", || {
        wrong(&[
            (&["--wait"], "--wait wants up, down, ready, done or failed"),
            (&["--wait", "up"], "--wait wants services"),
            (&["--wait", "running", "a"], "running: not up, down, ready, done or failed"),
            (&["--wait", "up", "a", "-w"], "-w: an argument is missing"),
            (&["--wait", "up", "a", "--all"], "--all names every service already"),
            (&["--wait", "up", "a", "--now"], "--now is for --enable, --disable and --new"),
        ]);
    }),
    case("wrong_watch", || {
        wrong(&[
            (&["--watch", "--all", "a"], "--all names every service already"),
            (&["--watch", "-q"], "-q: no such option"),
            (&["--watch", "--wait"], "--wait: not with this"),
            (&["--watch", "--nothing"], "--nothing: not with this"),
        ]);
    }),
    case("wrong_enable", || {
        wrong(&[
            (&["--enable"], "which services?"),
            (&["--disable", "--now"], "which services?"),
            (&["--enable", "--disable", "a"], "--disable: not with this"),
            (&["--enable", "--json", "a"], "--all and formats are for what shows states"),
            (&["--disable", "--all"], "which services?"),
            (&["--list-available", "a"], "--list-available takes no services"),
            (&["--list-available", "--json"], "--all and formats are for what shows states"),
        ]);
    }),
    case("wrong_new", || {
        wrong(&[
            (&["--new"], "--new wants a name and a command"),
            (&["--new", "web"], "--new wants a name and a command"),
            (&["--new", "web", "--"], "--new wants a name and a command"),
            (&["--new", "--now", "web", "a"], "--now wants --enable beside --new"),
        ]);
    }),
    case("wrong_now_alone_is_dropped", || wrong(&[(&["--now"], ""), (&["--now", "status"][..1], "")])),
    case("wrong_json_without_a_command", || {
        wrong(&[(&["--json"], ""), (&["--json", "up"], ""), (&["--all"], "")])
    }),
    case("frozen_status", || frozen(&["status", "web"], "run: web: (pid p) Ts\n", 0)),
    case("frozen_unknown_long_option", || {
        frozen(&["--verbose", "status", "web"], "run: web: (pid p) Ts\n", 0);
        frozen(&["--now", "status", "web"], "run: web: (pid p) Ts\n", 0);
    }),
    case("frozen_help_behind_is_a_service", || {
        let line = "fail: --help: unable to change to service directory: file does not exist\n";
        frozen(&["status", "--help"], line, 1);
    }),
    case("frozen_watch_behind_is_a_service", || {
        let line = "fail: --watch: unable to change to service directory: file does not exist\n";
        frozen(&["status", "--watch"], line, 1);
    }),
    case("frozen_enable_is_exit", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "web", now(RUN, 7, b'u'));
        assert_eq!(run(&rig, &["enable", "web"]).code, Some(0));
        assert_eq!(fake.taken(), "x");
    }),
    case("frozen_no_services", || {
        wrong(&[(&["up"], ""), (&["start"], ""), (&["check"], ""), (&[""], ""), (&[], "")])
    }),
];
