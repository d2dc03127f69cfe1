//! runit-init and the messages of runit, in namespaces. `tests/namespace` has the rest of process 1.
use runit_tests::namespace::{How, Machine, System, demand};
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("init_0", || asks("0", &["0 stopit", "gone reboot"], How::PoweredOff)),
    case("init_6", || asks("6", &["0 stopit", "100 reboot"], How::Restarted)),
    case("init_0_takes_a_restart_back", || {
        let machine = system().prepare("echo >/run/runit.reboot; chmod 100 /run/runit.reboot").boot();
        asked(machine, "0", &["0 stopit", "0 reboot"], How::PoweredOff);
    }),
    case("init_further_words_are_ignored", || {
        let mut machine = system().boot();
        machine.line(ENTER_2);
        let done = machine.run("/sbin/init 6 0 now");
        assert_eq!((done.out.as_str(), done.err.as_str()), ("", ""));
        assert_eq!(machine.end().how, How::Restarted);
    }),
    case("init_0_needs_exactly_that", || {
        let mut machine = system().boot();
        machine.line(ENTER_2);
        for word in ["0x", "6foo", "00", "06", "66", "0 "] {
            let done = machine.run(&format!("/sbin/init '{word}'"));
            assert_eq!((done.code, done.err.as_str()), (Some(0), "usage: /sbin/init 0|6\n\n"), "{word}");
        }
        let left = machine.run("ls /run; cat /proc/1/comm");
        assert!(!left.out.contains("runit."), "{left:?}");
        assert!(machine.up());
    })
    .dev("DEV-10"),
    case("init_stopit_cannot_be_made", || drop(fails("0", "stopit"))),
    case("init_reboot_cannot_be_made", || drop(fails("6", "reboot"))),
    case("init_says_why", || assert!(fails("0", "stopit").ends_with("stopit: is a directory\n"))).ours(),
    case("init_as_process_1_without_runit", || {
        // Where runit is looked for, there is none.
        let end = system().prepare("rm -f /sbin/runit").boot().end();
        assert_eq!(end.how, How::Exited(111));
        assert_eq!(end.lines, ["init: fatal: unable to start runit: file does not exist"]);
    }),
    case("init_as_process_1_drops_words", || {
        let mut machine = system().stage("1", "tr '\\0' ' ' </proc/1/cmdline; echo").boot();
        machine.line("runit ");
    }),
    case("runit_says_what_it_does", || {
        let mut machine = system().boot();
        machine.line(ENTER_2);
        let _ = machine.run("/sbin/init 0");
        let end = machine.end();
        let mut lines: Vec<&str> = end.lines.iter().map(String::as_str).collect();
        lines.retain(|line| line.starts_with("- "));
        assert!(lines[0].starts_with("- runit: ") && lines[0].ends_with(": booting."), "{lines:?}");
        let rest = [
            "- runit: enter stage: /etc/runit/1",
            "- runit: leave stage: /etc/runit/1",
            ENTER_2,
            "- runit: leave stage: /etc/runit/2",
            "- runit: enter stage: /etc/runit/3",
            "- runit: leave stage: /etc/runit/3",
            "- runit: sending KILL signal to all processes...",
            "- runit: power off...",
        ];
        assert_eq!(lines[1..], rest);
        assert_eq!(end.how, How::PoweredOff);
    }),
    case("runit_decides_at_the_very_end", || {
        let third = "test -e /run/runit.reboot || echo >/run/runit.reboot; chmod 700 /run/runit.reboot";
        let mut machine = system().stage("3", third).boot();
        machine.line(ENTER_2);
        let _ = machine.run("/sbin/init 0");
        assert_eq!(machine.end().how, How::Restarted);
    }),
    case("runit_second_process_refuses", || {
        let mut machine = system().boot();
        machine.line(ENTER_2);
        let done = machine.run("/sbin/runit");
        assert_eq!(done.err, "- runit: fatal: must be run as process no 1.\n");
        assert_eq!(done.code, Some(111));
    }),
    case("runit_remembers_a_request_in_stage_1", || {
        let mut machine = system().stage("1", "/sbin/init 0; echo asked").boot();
        machine.line("asked");
        let end = machine.end();
        assert!(!end.lines.iter().any(|line| line == ENTER_2), "{:?}", end.lines);
        assert_eq!(end.how, How::PoweredOff);
    })
    .dev("DEV-07"),
];

const ENTER_2: &str = "- runit: enter stage: /etc/runit/2";

/// Stages that do nothing, and a second that waits.
fn system() -> System {
    demand(&["runit", "runit-init"]);
    System::new().stage("1", "exit 0").stage("2", "exec sleep 100000").stage("3", SHOW)
}

/// Shows what became of the files by which process 1 is asked.
const SHOW: &str = "for name in stopit reboot; do
    if test -e /run/runit.$name; then
        echo $(stat -c %a /run/runit.$name) $name
    else
        echo gone $name
    fi
done";

fn asks(word: &str, files: &[&str], how: How) {
    asked(system().boot(), word, files, how);
}

fn asked(mut machine: Machine, word: &str, files: &[&str], how: How) {
    machine.line(ENTER_2);
    // Whether it still lives to say 0 when all are killed is another matter.
    let done = machine.run(&format!("/sbin/init {word}"));
    assert_eq!((done.code.unwrap_or(0), done.out.as_str(), done.err.as_str()), (0, "", ""));
    for file in files {
        machine.line(file);
    }
    assert_eq!(machine.end().how, how);
}

/// The request fails, since there is a directory in the place of the file, and nothing happens.
/// (The reason that C runit gives is that of its own second mistake.)
fn fails(word: &str, file: &str) -> String {
    let mut machine = system().prepare(&format!("mkdir /run/runit.{file}")).boot();
    machine.line(ENTER_2);
    let done = machine.run(&format!("/sbin/init {word}"));
    assert!(done.err.starts_with("init: fatal: unable to create /"), "{done:?}");
    assert!(done.err.contains(&format!("{file}: ")) && done.err.ends_with('\n'), "{done:?}");
    assert_eq!(done.code, Some(111));
    assert!(machine.up());
    done.err
}
