//! `.supervise` at work: who uses it, what becomes of it, what it costs.
use crate::beside::{
    self, await_ok, await_says, await_starts, await_stat, control, kept, kept_log, kill, names, says, scan,
    sv, sv_in, up,
};
use crate::told::foreign_sv;
use nix::sys::signal::Signal;
use runit::state::{Doing, State};
use runit_tests::full::Full;
use runit_tests::place::write_fifo;
use runit_tests::rig::{Rig, await_death, is_alive, program, send};
use runit_tests::suite::{Case, case, needs_tool, skip};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn state(dir: &Path) -> Option<State> {
    State::read(&fs::read(dir.join("state")).ok()?)
}

/// The system calls that mention the scan directory or what is in it, of a runsv that has been here before if
/// `again`.
fn calls(again: bool) -> Vec<String> {
    let rig = Rig::new();
    let there = rig.place.command("strace").args(["-o", "/dev/null", "true"]).status();
    if !there.is_ok_and(|done| done.success()) {
        skip("no strace");
    }
    let service = rig.service("foo");
    service.probe();
    if again {
        let mut runsv = service.up();
        runsv.signal(Signal::SIGTERM);
        runsv.wait();
        fs::remove_file(service.path("trace")).unwrap();
    }
    let mut command = rig.place.command("strace");
    command.args(["-qq", "-o"]).arg(rig.place.path("calls")).arg(program("runsv")).arg("foo");
    let _strace = rig.place.start(command.current_dir(rig.place.path("sv")));
    service.await_trace("run");
    service.await_stat("run");
    let text = rig.place.text("calls");
    let start = text.find("chdir(\"foo\")").expect("chdir");
    let opened = text[..start].lines().filter(|line| line.contains("\".\"")).map(String::from);
    opened.chain(text.lines().filter(|line| line.contains(".supervise")).map(String::from)).collect()
}

pub const CASES: &[Case] = &[
    case("places_of_a_read_only_directory", || {
        needs_tool("unshare");
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        service
            .script("run", "echo run $$ >>../trace; exec sleep 1000")
            .script("log/run", "exec cat >>../../logged");
        let script = "mount --bind foo foo && mount -o remount,bind,ro foo && ! touch foo/x 2>/dev/null \
            && echo mounted && exec \"$0\" foo";
        let mut command = rig.place.command("unshare");
        command.args(["--map-root-user", "--mount", "--user", "sh", "-c", script]).arg(program("runsv"));
        let mut runsv = rig.place.start(command.current_dir(rig.place.path("sv")));
        let mounted = until("a mount", || match runsv.ended() {
            Some(_) => Some(false),
            None => runsv.out().contains("mounted").then_some(true),
        });
        if !mounted {
            skip("no mounts in a namespace");
        }
        await_ok(&kept(&service));
        await_stat(&kept(&service), "run");
        await_stat(&kept_log(&service), "run");
        assert_eq!(sv(&rig, &["-w", "30", "restart", "foo"]), says("ok: run: foo: (pid p) Ts", 0));
        assert_eq!(sv(&rig, &["-w", "30", "exit", "foo"]), says("ok: foo: runsv not running", 0));
        assert_eq!((runsv.wait().code(), runsv.err().as_str()), (Some(0), ""));
        assert!(!service.path("supervise").exists());
    }),
    case("places_of_a_directory_that_may_not_be_written_to", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        rig.place.chmod("sv/.supervise", 0o777);
        let service = rig.service("foo");
        service.script("run", "exec sleep 1000");
        rig.place.chmod("sv/foo", 0o555);
        let mut command = rig.unprivileged("runsv", &["foo"]);
        let runsv = rig.place.start(command.current_dir(rig.place.path("sv")));
        await_ok(&kept(&service));
        await_stat(&kept(&service), "run");
        assert_eq!((runsv.err().as_str(), names(&service.dir)), ("", vec!["run".to_owned()]));
    }),
    case("places_of_two_scan_directories", || {
        let rig = Rig::new();
        let service = rig.service("../all/foo");
        service.script("run", "exec sleep 1000").script("log/run", "exec cat");
        let mut scans = ["one", "two"].map(|dir| {
            rig.place.dir(Path::new(dir).join(".supervise"));
            symlink("../all/foo", rig.place.path(dir).join("foo")).unwrap();
            scan(&rig, dir)
        });
        let places = ["one", "two"].map(|dir| rig.place.path(dir).join(".supervise/foo"));
        let both = "run: foo: (pid p) Ts; run: log: (pid p) Ts";
        for dir in ["one", "two"] {
            until_equal("both", &says(both, 0), || sv_in(&rig, dir, &["status", "foo"]));
        }
        let pid = |place: &Path| state(place).and_then(|state| state.pid).map(|pid| pid.0);
        let [one, two] = [&places[0], &places[1]].map(|place| pid(place).expect("a process"));
        assert_ne!(one, two);
        assert_eq!(sv_in(&rig, "one", &["-w", "30", "stop", "foo"]).1, Some(0));
        await_death(one);
        assert!(is_alive(two));
        assert_eq!(sv_in(&rig, "two", &["-w", "30", "restart", "foo"]).1, Some(0));
        assert!(sv_in(&rig, "one", &["status", "foo"]).0.starts_with("down: foo: Ts, normally up; run: log"));
        scans[0].signal(Signal::SIGHUP);
        scans[0].wait();
        until("its end", || write_fifo(&places[0].join("ok"), b"").is_err().then_some(()));
        assert_eq!(sv_in(&rig, "two", &["status", "foo"]), says(both, 0));
        assert!(!service.path("supervise").exists() && !service.path("log/supervise").exists());
    }),
    case("places_and_down", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        service.probe().log().file("down", "").file("log/down", "");
        let _runsv = service.start();
        await_ok(&kept(&service));
        await_stat(&kept(&service), "down");
        let line = "down: foo: Ts; down: log: Ts";
        await_says(&rig, "sv", "foo", line);
        assert_eq!(
            sv(&rig, &["-w", "30", "start", "foo"]),
            says("ok: run: foo: (pid p) Ts, normally down", 0)
        );
    }),
    case("places_of_runsvdir", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        service.probe();
        let _runsvdir = scan(&rig, "sv");
        let first = await_starts(&service, 1);
        await_stat(&kept(&service), "run");
        // Its supervisor is killed, and what it left.
        let text = fs::read_to_string(format!("/proc/{first}/status")).unwrap_or_else(|_| skip("no /proc"));
        let runsv = text.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse().ok()).unwrap();
        send(runsv, Signal::SIGKILL);
        send(first, Signal::SIGKILL);
        let second = await_starts(&service, 2);
        until_equal("its line", &Some(second), || state(&kept(&service))?.pid.map(|pid| pid.0));
        assert_eq!(names(&rig.place.path("sv/.supervise")), ["foo"]);
        // Removed from the scan directory it ends, though its place stays.
        fs::rename(&service.dir, rig.place.path("gone")).unwrap();
        await_death(second);
        until("its end", || write_fifo(&kept(&service).join("ok"), b"").is_err().then_some(()));
    }),
    case("places_appear_while_all_runs", || {
        // What runs goes on where it is; the next runsv still finds its own there.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsv = service.up();
        rig.place.dir("sv/.supervise");
        assert_eq!(sv(&rig, &["-w", "30", "restart", "foo"]).1, Some(0));
        let pid = service.await_runs(2);
        kill(&mut runsv, pid);
        let mut runsv = service.supervise();
        let pid = service.await_runs(3);
        assert_eq!(names(&rig.place.path("sv/.supervise")), [""; 0]);
        // Without it, it moves.
        kill(&mut runsv, pid);
        fs::remove_dir_all(service.path("supervise")).unwrap();
        let _runsv = service.start();
        await_starts(&service, 4);
        await_stat(&kept(&service), "run");
    }),
    case("places_and_a_killed_runsv", || {
        beside::with(|service, runsv| {
            kill(runsv, service.runs()[0]);
            assert_eq!(sv(service.rig, &["status", "foo"]), says("fail: foo: runsv not running", 1));
            let _runsv = service.start();
            await_starts(service, 2);
            await_ok(&kept(service));
            until_equal("its starts", &Some(1), || state(&kept(service)).map(|state| state.starts));
        });
    }),
    case("places_and_the_words_of_sv", || {
        beside::with(|service, runsv| {
            let rig = service.rig;
            for (word, line) in [
                ("stop", "ok: down: foo: Ts, normally up"),
                ("start", "ok: run: foo: (pid p) Ts"),
                ("check", "ok: run: foo: (pid p) Ts"),
                ("restart", "ok: run: foo: (pid p) Ts"),
                ("force-restart", "ok: run: foo: (pid p) Ts"),
                ("reload", "ok: run: foo: (pid p) Ts"),
                ("try-restart", "ok: run: foo: (pid p) Ts"),
                ("force-stop", "ok: down: foo: Ts, normally up"),
                ("shutdown", "ok: foo: runsv not running"),
            ] {
                assert_eq!(sv(rig, &["-w", "30", word, "foo"]), says(line, 0), "{word}");
            }
            assert_eq!(runsv.wait().code(), Some(0));
        });
    }),
    case("places_and_letters", || {
        beside::with(|service, _| {
            for (word, stat) in [("pause", "run, paused"), ("cont", "run"), ("once", "run, want down")] {
                assert_eq!(sv(service.rig, &[word, "foo"]), says("", 0));
                await_stat(&kept(service), stat);
            }
        });
    }),
    case("places_and_the_log_by_its_name", || {
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        // A shell may wait for its child when TERM has come.
        service.probe().script("log/run", "exec cat >>../logged");
        let _runsv = up(&service);
        await_stat(&kept_log(&service), "run");
        await_says(&rig, "sv", "foo/log", "run: foo/log: (pid p) Ts");
        assert_eq!(sv(&rig, &["-w", "30", "restart", "foo/log"]), says("ok: run: foo/log: (pid p) Ts", 0));
        assert_eq!(sv(&rig, &["-w", "30", "stop", "foo/log"]), says("ok: down: foo/log: Ts, normally up", 0));
        await_stat(&kept_log(&service), "down");
    }),
    case("places_by_the_way_round", || {
        // The path through the link's target has another scan directory.
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("../all/foo");
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        service.probe();
        let mut command = rig.command("runsv", &["foo"]);
        let _runsv = rig.place.start(command.current_dir(rig.place.path("sv")));
        await_ok(&rig.place.path("sv/.supervise/foo"));
        let target = service.dir.canonicalize().unwrap();
        let target = target.to_str().unwrap();
        let line = format!("warning: {target}: unable to open supervise/ok: file does not exist\n");
        let done = rig.run("sv", &["status", target]);
        assert_eq!((done.out, done.code), (line, Some(1)));
    }),
    case("places_and_the_sv_of_others", || {
        // It knows of none of this, and says so.
        let old = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/c-runit/2.3.1/sv");
        if !old.is_file() {
            skip("no sv of C runit (see ci/c-runit)");
        }
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let mut runsv = service.up();
        assert!(foreign_sv(&rig, &old, &["status", "foo"]).out.starts_with("run: foo: "));
        kill(&mut runsv, service.runs()[0]);
        fs::remove_dir_all(service.path("supervise")).unwrap();
        rig.place.dir("sv/.supervise");
        let _runsv = service.start();
        await_ok(&kept(&service));
        let line = "warning: foo: unable to open supervise/ok: file does not exist\n";
        assert_eq!(foreign_sv(&rig, &old, &["status", "foo"]).out, line);
    }),
    case("places_and_a_control_script_that_calls_sv", || {
        // Its supervisor waits for it: sv must not wait for the supervisor.
        let rig = Rig::new();
        rig.place.dir("sv/.supervise");
        let service = rig.service("foo");
        let sv = program("sv");
        let script = format!("SVDIR=.. {} -w 600 restart foo >>trace; exit 1", sv.display());
        service.probe().script("control/q", &script);
        let _runsv = up(&service);
        control(&kept(&service), "q");
        await_starts(&service, 2);
    }),
    case("places_on_a_full_disk", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let place = rig.place.dir("sv/.supervise");
        let full = Full::new(&rig.place, &place, "size=64k");
        let mut command = service.command_after(&full.enter());
        let _runsv = rig.place.start(&mut command);
        let line = || State::read(full.text("foo/state").as_bytes());
        until("its line", || line().filter(|state| state.doing == Doing::Run));
        full.fill();
        service.tell("exit 0");
        await_starts(&service, 2);
        full.make_room();
        until("the truth", || line().filter(|state| state.starts >= 2));
    }),
    case("places_on_a_disk_without_names", || {
        // There is room for nothing: it does not begin, and nothing is left.
        let rig = Rig::new();
        let service = rig.service("foo");
        service.probe();
        let place = rig.place.dir("sv/.supervise");
        let full = Full::new(&rig.place, &place, "nr_inodes=1");
        let done = rig.place.run(&mut service.command_after(&full.enter()));
        let line = "runsv foo: fatal: unable to open .supervise/foo/lock: file does not exist\n";
        assert_eq!((done.err.as_str(), done.code), (line, Some(111)));
    }),
    case("places_move_with_their_scan_directory", || {
        beside::with(|service, _| {
            let rig = service.rig;
            fs::rename(rig.place.path("sv"), rig.place.path("moved")).unwrap();
            assert_eq!(sv_in(rig, "moved", &["-w", "30", "stop", "foo"]).1, Some(0));
            assert_eq!(rig.place.text("moved/.supervise/foo/stat"), "down\n");
        });
    }),
    case("places_and_the_calls_of_a_start", || {
        // The scan directory is opened, and once the place is looked for in vain.
        for (again, expected) in [(false, 2), (true, 1)] {
            let calls = calls(again);
            assert_eq!(calls.len(), expected, "{calls:#?}");
        }
    }),
];
