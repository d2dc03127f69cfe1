//! The log argument of runsvdir, which shows in the list of processes what is written to
//! descriptor 2.
use crate::runsvdir::{parent, start};
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, await_death, is_alive, program, search_path, send};
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;
use std::fs;

const AREA: &str = "log: ..............................";

pub const CASES: &[Case] = &[
    case("area_shows_what_services_write", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv", AREA]);
        service.tell("echo hello >&2; echo elsewhere");
        let text = until("the text", || Some(area(&runsvdir)).filter(|text| text.contains("hello\n")));
        assert_eq!((text.len(), &text[..5], &text[text.len() - 6..]), (AREA.len(), "log: ", "hello\n"));
        until("the other line", || (runsvdir.out() == "elsewhere\n").then_some(()));
        assert_eq!(runsvdir.err(), "");
    }),
    case("area_though_nothing_was_open", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut command = rig.place.command("sh");
        command.args(["-c", "exec >&- 2>&-; exec \"$0\" \"$@\""]).arg(program("runsvdir"));
        let mut runsvdir = rig.place.start(command.args(["sv", AREA]).env("PATH", search_path()));
        // It hears of a death, and of HUP.
        send(parent(service.await_runs(1)), Signal::SIGKILL);
        service.await_runs(2);
        // It finds its way home, and back.
        let other = rig.service("bar");
        other.probe();
        other.await_runs(1);
        runsvdir.signal(Signal::SIGHUP);
        assert_eq!(runsvdir.wait().code(), Some(111));
    }),
    case("area_leaves_the_other_words", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["-P", "sv", AREA, "more"]);
        service.tell("echo 0123456789012345678901234567890123456789 >&2");
        until("the text", || area_at(&runsvdir, 3).ends_with("0123456789\n").then_some(()));
        let words = words(&runsvdir);
        assert_eq!((&words[1][..], &words[2][..], &words[4][..]), (&b"-P"[..], &b"sv"[..], &b"more"[..]));
    }),
    case("area_begins_with_a_dot", || {
        let rig = Rig::new();
        let runsvdir = start(&rig, &["sv", "log: abcdefgh"]);
        until("a dot", || (area(&runsvdir) == "log: bcdefgh.").then_some(()));
    }),
    case("area_scrolls", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv", "xyzab12345678"]);
        service.tell("printf 'one two three four' >&2");
        until("the end", || (area(&runsvdir) == "xyzabree four").then_some(()));
        service.tell("printf '!' >&2");
        until("one more", || (area(&runsvdir) == "xyzabee four!").then_some(()));
    }),
    case("area_leaves_out_nul", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv", "log: ........"]);
        service.tell("printf 'a\\000b\\nc\\000\\000d\\te' >&2");
        until("the text", || (area(&runsvdir) == "log: .ab\ncd\te").then_some(()));
    }),
    case("area_of_seven", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let runsvdir = start(&rig, &["sv", "log: .."]);
        service.tell("printf xyz >&2");
        until("the text", || (area(&runsvdir) == "log: yz").then_some(()));
    }),
    case("area_too_short", || {
        for word in ["log: .", "", "x"] {
            let rig = Rig::new();
            let service = rig.service("foo");
            service.probe();
            let runsvdir = start(&rig, &["sv", word]);
            service.tell("echo here >&2");
            let text = "runsvdir sv: warning: log must have at least seven characters.\n\
                runsvdir sv: warning: log service disabled.\nhere\n";
            until("the warnings", || (runsvdir.err() == text).then_some(()));
        }
    }),
    case("area_has_the_messages_of_runsv", || {
        let rig = Rig::new();
        rig.service("foo").file("run", "");
        let runsvdir = start(&rig, &["sv", &format!("log: {}", ".".repeat(200))]);
        let text = "runsv foo: fatal: unable to start ./run: access denied\n";
        until("the message", || area(&runsvdir).contains(text).then_some(()));
    }),
    case("area_has_the_warnings_of_runsvdir", || {
        let rig = Rig::new();
        std::os::unix::fs::symlink("nowhere", rig.place.path("sv/foo")).unwrap();
        let runsvdir = start(&rig, &["sv", &format!("log: {}", ".".repeat(200))]);
        let text = "runsvdir sv: warning: unable to stat foo: file does not exist\n";
        until("the message", || area(&runsvdir).contains(text).then_some(()));
    }),
    case("area_loses_nothing_of_a_burst", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        // Whoever writes is not told to come again later.
        service.script(
            "run",
            "head -c 1000000 /dev/zero | tr '\\000' x >&2; echo wrote $? >>trace; exec sleep 1000",
        );
        let runsvdir = start(&rig, &["sv", AREA]);
        service.await_trace("wrote 0");
        until("the text", || area(&runsvdir).ends_with("xxxxxxxx").then_some(()));
    })
    .dev("DEV-24"),
    case("area_descriptor_blocks", || {
        needs_proc();
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", "cat /proc/self/fdinfo/2 >info; echo run $$ >>trace; exec sleep 1000");
        let _runsvdir = start(&rig, &["sv", AREA]);
        service.await_trace("run");
        let info = service.text("info");
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim().to_owned();
        let flags = i32::from_str_radix(&flags, 8).unwrap();
        assert_eq!(flags & nix::fcntl::OFlag::O_NONBLOCK.bits(), 0, "{info}");
    })
    .dev("DEV-24"),
    case("area_writers_outlive_runsvdir", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe_with("trap 'echo still here >&2; echo wrote $? >>trace' USR1");
        let mut runsvdir = start(&rig, &["sv", AREA]);
        let pid = service.await_runs(1);
        runsvdir.signal(Signal::SIGKILL);
        runsvdir.wait();
        for _ in 0..3 {
            service.control("1");
            service.await_trace("wrote 0");
        }
        assert!(is_alive(pid));
        // Nor does runsv die of its own messages.
        service.control("d");
        service.await_stat("down");
        rig.place.chmod("sv/foo/run", 0o644);
        service.control("o");
        service.control("p");
        until("runsv's answer", || service.stat().contains("paused").then_some(()));
    })
    .dev("DEV-24"),
    case("area_reader_ends_with_its_writers", || {
        needs_proc();
        // Whatever reads on after runsvdir's end, ends when nobody is left.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsvdir = start(&rig, &["sv", AREA]);
        service.await_runs(1);
        let children = format!("/proc/{0}/task/{0}/children", runsvdir.pid());
        let children: Vec<i32> = fs::read_to_string(children)
            .unwrap()
            .split_whitespace()
            .map(|pid| pid.parse().unwrap())
            .collect();
        runsvdir.signal(Signal::SIGHUP);
        assert_eq!(runsvdir.wait().code(), Some(111));
        children.into_iter().for_each(await_death);
    }),
];

fn words(runsvdir: &Running) -> Vec<Vec<u8>> {
    needs_proc();
    let bytes = fs::read(format!("/proc/{}/cmdline", runsvdir.pid())).unwrap_or_default();
    bytes.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect()
}

fn area_at(runsvdir: &Running, index: usize) -> String {
    words(runsvdir).get(index).map(|word| String::from_utf8_lossy(word).into_owned()).unwrap_or_default()
}

fn area(runsvdir: &Running) -> String {
    area_at(runsvdir, 2)
}
