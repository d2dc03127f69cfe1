//! daemontools and s6: they read supervise/status, hold and try supervise/lock, write to
//! supervise/control, and understand the time stamps of svlogd.
use crate::fetched::client;
use crate::scan::{Scan, await_rest};
use runit_tests::place::Output;
use runit_tests::rig::{Service, await_death, await_process_state, is_alive};
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::io::Write;
use std::process::Stdio;

pub const CASES: &[Case] = &[
    case("svstat_of_an_up_one", || {
        let scan = Scan::new();
        let (_service, pid) = scan.up("web");
        until_equal("the line", &format!("web: up (pid {pid}) T seconds\n"), || svstat(&scan));
    }),
    case("svstat_of_a_down_one", || {
        let scan = Scan::new();
        let _service = scan.down("web");
        assert_eq!(svstat(&scan), "web: down T seconds\n");
    }),
    case("svstat_after_stop", || {
        let scan = Scan::new();
        let (_service, _) = scan.up("web");
        assert_eq!(scan.sv(&["stop", "web"]).code, Some(0));
        assert_eq!(svstat(&scan), "web: down T seconds, normally up\n");
    }),
    case("svstat_of_a_paused_one", || {
        let scan = Scan::new();
        let (_service, pid) = scan.up("web");
        svc(&scan, "-p");
        await_process_state(pid, 'T');
        until_equal("the line", &format!("web: up (pid {pid}) T seconds, paused\n"), || svstat(&scan));
        svc(&scan, "-c");
        await_process_state(pid, 'S');
        until_equal("the line", &format!("web: up (pid {pid}) T seconds\n"), || svstat(&scan));
    }),
    case("svstat_of_one_that_shall_go_down", || {
        let scan = Scan::new();
        let (service, pid) = scan.stubborn("web");
        svc(&scan, "-d");
        service.await_trace("TERM");
        until_equal("the line", &format!("web: up (pid {pid}) T seconds, want down\n"), || svstat(&scan));
    }),
    case("svstat_of_one_with_nobody", || {
        let scan = Scan::new();
        let (service, _) = scan.up("web");
        std::fs::remove_file(scan.link_path("web")).expect("remove");
        until("the end of the supervisor", || {
            runit_tests::place::write_fifo(&service.path("supervise/ok"), b"").is_err().then_some(())
        });
        let done = tool(&scan, "svstat", &[&service.dir.to_string_lossy()]);
        assert!(done.out.ends_with("web: supervise not running\n"), "{done:?}");
    }),
    case("svok", || {
        let scan = Scan::new();
        let (_service, _) = scan.up("web");
        assert_eq!(tool(&scan, "svok", &["web"]).code, Some(0));
        let service = scan.rig.service("mail");
        service.probe();
        assert_eq!(tool(&scan, "svok", &[&service.dir.to_string_lossy()]).code, Some(100));
    }),
    case("svc_u_and_d", || {
        let scan = Scan::new();
        let service = scan.down("web");
        svc(&scan, "-u");
        let pid = service.await_runs(1);
        service.await_stat("run");
        svc(&scan, "-d");
        await_death(pid);
        await_rest(&service);
    }),
    case("svc_o", || {
        let scan = Scan::new();
        let service = scan.down("web");
        svc(&scan, "-o");
        service.await_runs(1);
        service.tell("exit 0");
        await_rest(&service);
        assert_eq!(service.runs().len(), 1);
    }),
    case("svc_t_and_k", || {
        let scan = Scan::new();
        let (service, first) = scan.up("web");
        svc(&scan, "-t");
        let second = service.await_runs(2);
        service.await_stat("run");
        svc(&scan, "-k");
        service.await_runs(3);
        assert!(!is_alive(first) && !is_alive(second));
    }),
    case("svc_h_a_i", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        for (letter, signal) in [("-h", "HUP"), ("-a", "ALRM"), ("-i", "INT")] {
            svc(&scan, letter);
            service.await_trace(signal);
        }
        assert_eq!(service.runs(), [pid]);
    }),
    case("svc_dx", || {
        let scan = Scan::new();
        // Not by runsvdir, which would start another supervisor.
        let service = scan.rig.service("web");
        service.probe();
        let mut running = service.up();
        let done = tool(&scan, "svc", &["-dx", &service.dir.to_string_lossy()]);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
        assert_eq!(running.wait().code(), Some(0));
    }),
    case("supervise_refuses_what_runsv_has", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = tool(&scan, "supervise", &["web"]);
        assert_eq!(done.code, Some(111));
        assert!(done.err.contains("unable to acquire web/supervise/lock: temporary failure"), "{done:?}");
        assert_eq!(service.runs(), [pid]);
    }),
    case("setlock_finds_what_runsv_has", locked),
    case("s6_svc_signals", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        for (letter, signal) in [("-h", "HUP"), ("-a", "ALRM"), ("-i", "INT"), ("-q", "QUIT")] {
            assert_eq!(tool(&scan, "s6-svc", &[letter, "web"]).code, Some(0));
            service.await_trace(signal);
        }
        assert_eq!(tool(&scan, "s6-svc", &["-d", "web"]).code, Some(0));
        await_death(pid);
        await_rest(&service);
        assert_eq!(tool(&scan, "s6-svc", &["-u", "web"]).code, Some(0));
        service.await_runs(2);
    }),
    // Its record is another one; it must say so, not something wrong.
    case("s6_does_not_know_the_record", || {
        let scan = Scan::new();
        let (_service, _) = scan.up("web");
        let done = tool(&scan, "s6-svstat", &["web"]);
        assert!(done.code == Some(1) && done.out.is_empty() && done.err.contains("not running"), "{done:?}");
        assert_eq!(tool(&scan, "s6-svok", &["web"]).code, Some(1));
    }),
    case("tai64nlocal_reads_svlogd", || local_time("tai64nlocal")),
    case("s6_tai64nlocal_reads_svlogd", || local_time("s6-tai64nlocal")),
    case("multilog_as_the_log_service", || logger("multilog ./main")),
    case("s6_log_as_the_log_service", || logger("s6-log n3 ./main")),
    case("readproctitle_shows_what_is_said", || {
        let scan = Scan::new();
        let service = scan.service("web");
        service.probe_with("echo I am here >&2");
        let area = ".".repeat(60);
        let mut command = scan.command("sh");
        command.args(["-c", "runsvdir \"$1\" 2>&1 | \"$2\" \"$3\" & echo $! >reader; wait", "sh"]);
        command.arg(scan.dir()).arg(client("tools/usr/bin/readproctitle")).arg(&area);
        let _running = scan.place().start(&mut command);
        service.await_runs(1);
        until("the words in the title", || {
            let pid = scan.place().text("reader");
            let words = std::fs::read(format!("/proc/{}/cmdline", pid.trim())).ok()?;
            String::from_utf8_lossy(&words).contains("I am here").then_some(())
        });
    }),
];

/// Runs a program of daemontools or s6 where the services are.
fn tool(scan: &Scan, name: &str, words: &[&str]) -> Output {
    let mut command = scan.command(client(&format!("tools/usr/bin/{name}")));
    command.args(words).current_dir(scan.dir()).env("LD_LIBRARY_PATH", libraries());
    scan.place().run(&mut command)
}

fn libraries() -> std::path::PathBuf {
    client("tools/usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH))
}

fn svc(scan: &Scan, letter: &str) {
    let done = tool(scan, "svc", &[letter, "web"]);
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
}

/// The line of svstat with `T` for the seconds.
fn svstat(scan: &Scan) -> String {
    let done = tool(scan, "svstat", &["web"]);
    assert_eq!(done.code, Some(0));
    let words = done.out.trim_end().split(' ').collect::<Vec<&str>>();
    let is_count = |at: usize| words.get(at + 1).is_some_and(|next| next.trim_end_matches(',') == "seconds");
    let shown = words.iter().enumerate().map(|(at, word)| if is_count(at) { "T" } else { word });
    shown.collect::<Vec<&str>>().join(" ") + "\n"
}

/// A lock can be had only while nobody supervises.
fn locked() {
    let scan = Scan::new();
    let service = scan.rig.service("web");
    service.probe();
    let mut running = service.up();
    let lock = service.path("supervise/lock").to_string_lossy().into_owned();
    let setlock = |option| tool(&scan, "setlock", &[option, &lock, "echo", "mine"]);
    let done = setlock("-nx");
    assert_eq!((done.code, done.out.as_str()), (Some(0), ""), "{done:?}");
    assert_eq!(setlock("-n").code, Some(111));
    service.control("dx");
    assert_eq!(running.wait().code(), Some(0));
    assert_eq!(setlock("-n").out, "mine\n");
}

/// Lines that svlogd stamped become dates.
fn local_time(name: &str) {
    let scan = Scan::new();
    scan.place().dir("log");
    let mut command = scan.command(runit_tests::rig::program("svlogd"));
    command.args(["-t", "log"]).stdin(Stdio::piped());
    let mut child = command.spawn().expect("svlogd");
    child.stdin.take().expect("a pipe").write_all(b"hello\n").expect("write");
    assert!(child.wait().expect("svlogd").success());
    let mut command = scan.command(client(&format!("tools/usr/bin/{name}")));
    let current = std::fs::File::open(scan.place().path("log/current")).expect("current");
    command.stdin(current).env("TZ", "UTC").env("LD_LIBRARY_PATH", libraries());
    let line = scan.place().run(&mut command).out;
    let today = {
        let done = scan.place().run(scan.command("date").args(["-u", "+%Y-%m-"]));
        done.out.trim().to_owned()
    };
    assert!(line.starts_with(&today) && line.ends_with(" hello\n"), "{line}");
}

/// A log service that is one of theirs gets each line, and ends with its service.
fn logger(command: &str) {
    let scan = Scan::new();
    let service: Service<'_> = scan.service("web");
    let (program, rest) = command.split_once(' ').expect("words");
    let program = client(&format!("tools/usr/bin/{program}"));
    let text = format!("LD_LIBRARY_PATH='{}' exec '{}' {rest}", libraries().display(), program.display());
    service.probe_with("echo one\nexec 2>&1").script("log/run", &text);
    scan.start();
    service.await_runs(1);
    service.tell("echo two >&2");
    let lines = || service.text("log/main/current");
    until_equal("the lines", &"one\ntwo\n".to_owned(), lines);
    assert_eq!(scan.sv(&["stop", "web"]).code, Some(0));
    assert_eq!(lines(), "one\ntwo\n");
    std::fs::remove_file(scan.link_path("web")).expect("remove");
    until("the end of the supervisor", || {
        runit_tests::place::write_fifo(&service.path("log/supervise/ok"), b"").is_err().then_some(())
    });
}
