//! Log services.
use crate::host::{Host, needs_root};
use runit_tests::programs::Programs;
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::os::unix::fs::{MetadataExt, symlink};

pub const CASES: &[Case] = &[
    case("log_svlogd", log_svlogd),
    case("log_svlogd_keeps_all_through_rotations", log_svlogd_keeps_all_through_rotations),
    case("log_svlogd_as_another_user", log_svlogd_as_another_user),
    case("log_directory_is_a_link", log_directory_is_a_link),
    case("log_directory_shared_by_two", log_directory_shared_by_two).dev("DEV-37"),
    case("log_run_is_a_link", log_run_is_a_link),
    case("log_down", log_down),
    case("log_crashes_once", log_crashes_once),
    case("log_program_is_missing", log_program_is_missing),
    case("log_gets_descriptor_2_too", log_gets_descriptor_2_too),
    case("log_is_kept_while_the_service_restarts", log_is_kept_while_the_service_restarts),
    case("log_added_to_what_runs", log_added_to_what_runs),
    case("log_gets_what_finish_says", log_gets_what_finish_says),
];

const CAT: &str = "exec cat >>logged";
/// Says 200 lines and stays.
const SAYS: &str = "echo ${PWD##*/} run >>$T\nseq 1 200\nexec sleep 100000";

fn lines(count: usize) -> String {
    (1..=count).map(|number| format!("{number}\n")).collect()
}

fn await_text(host: &Host, name: &str, text: &str) {
    until_equal(name, &text.to_owned(), || host.place.text(name));
}

fn log_svlogd() {
    let host = Host::up();
    let run = "mkdir -p main\nexec svlogd -tt ./main";
    host.service("web", &[("run", SAYS), ("log/run", run)]);
    // Without the time stamps.
    let text = || -> String {
        let text = host.place.text("etc/web/log/main/current");
        text.lines()
            .map(|line| line.split_once(' ').map_or(line, |(_, rest)| rest).to_owned() + "\n")
            .collect()
    };
    until_equal("the log", &lines(200), text);
    host.await_up("web");
    host.sv_ok(&["status", "web"], "run: web: (pid ");
    let said = host.sv(&["status", "web"]).out;
    assert!(said.contains("; run: log: (pid "), "{said}");
}

fn log_svlogd_keeps_all_through_rotations() {
    let host = Host::up();
    let run = "exec svlogd ./main";
    let says = "seq 1 3000\nexec sleep 100000";
    let config = "s4096\nn20\n";
    host.service("web", &[("run", says), ("log/run", run), ("log/main/config", config)]);
    until_equal("all lines", &lines(3000), || {
        host.sh("cat etc/web/log/main/@*.s etc/web/log/main/current 2>/dev/null").out
    });
}

fn log_svlogd_as_another_user() {
    needs_root();
    let host = Host::up();
    // The programs may lie where others may not go.
    host.place.dir("bin");
    for name in ["svlogd", "chpst"] {
        host.must(&format!("cp {} bin/", Programs::get().path(name).display()));
    }
    host.define(
        "web",
        &[("run", SAYS), ("log/run", "exec \"$P\"/bin/chpst -u :65534:65534 \"$P\"/bin/svlogd main")],
    );
    host.must("install -d -o 65534 -g 65534 etc/web/log/main && ln -s ../etc/web sd/");
    await_text(&host, "etc/web/log/main/current", &lines(200));
    let current = std::fs::metadata(host.place.path("etc/web/log/main/current")).expect("the log");
    assert_eq!(current.uid(), 65534);
}

/// All log services in a tree of their own.
fn log_directory_is_a_link() {
    let host = Host::up();
    host.write("log.d/web", &[("run", CAT)]);
    host.define("web", &[("run", SAYS)]);
    symlink("../../log.d/web", host.place.path("etc/web/log")).expect("a link");
    host.enable("web");
    await_text(&host, "log.d/web/logged", &lines(200));
    host.await_runsvs("web", 1);
}

/// Two services cannot have one log service: the second says so and is not started without its
/// log. Once the first has gone it has its turn.
fn log_directory_shared_by_two() {
    let mut host = Host::new();
    host.write("log.d/all", &[("run", CAT)]);
    for name in ["one", "two"] {
        host.define(name, &[("run", SAYS)]);
        symlink("../../log.d/all", host.place.path("etc").join(name).join("log")).expect("a link");
    }
    host.enable("one");
    host.boot();
    host.await_line("one run");
    host.enable("two");
    let line = "runsv two: fatal: unable to lock log/supervise/lock: temporary failure\n";
    until("words about it", || host.said().contains(line).then_some(()));
    assert_eq!(host.count("two run"), 0);
    host.must("rm sd/one");
    host.await_line("two run");
    await_text(&host, "log.d/all/logged", &(lines(200) + &lines(200)));
}

/// One script for all, which takes the name from where it is started.
fn log_run_is_a_link() {
    let host = Host::up();
    let script = "dir=${PWD%/log}\nexec cat >>\"$P/log-of-${dir##*/}\"";
    host.place.script("lib/logger", script);
    for name in ["web", "db"] {
        let dir = host.define(name, &[("run", SAYS)]);
        std::fs::create_dir(dir.join("log")).expect("a directory");
        symlink(host.place.path("lib/logger"), dir.join("log/run")).expect("a link");
        host.enable(name);
    }
    for name in ["web", "db"] {
        await_text(&host, &format!("log-of-{name}"), &lines(200));
    }
}

/// What the service says waits in the pipe.
fn log_down() {
    let host = Host::up();
    host.service("web", &[("run", SAYS), ("log/run", CAT), ("log/down", "")]);
    host.await_line("web run");
    host.await_up("web");
    let said = host.sv(&["status", "web"]).out;
    assert!(said.starts_with("run: web: ") && said.contains("; down: log: "), "{said}");
    assert!(!host.place.path("etc/web/log/logged").exists());
    host.sv_ok(&["start", "web/log"], "ok: run: web/log: ");
    await_text(&host, "etc/web/log/logged", &lines(200));
}

/// It dies before it has read a byte, as one whose disk is mounted a moment later.
fn log_crashes_once() {
    let host = Host::up();
    let run = "if mkdir tried 2>/dev/null; then echo log crashes >>$T; exit 1; fi\nexec cat >>logged";
    host.service("web", &[("run", SAYS), ("log/run", run)]);
    host.await_line("log crashes");
    await_text(&host, "etc/web/log/logged", &lines(200));
    assert_eq!(host.count("web run"), 1);
}

fn log_program_is_missing() {
    let host = Host::up();
    host.service("web", &[("run", SAYS), ("log/run", "exec 2>/dev/null\nexec multilog t ./main")]);
    host.await_line("web run");
    host.await_up("web");
    host.place.script("etc/web/log/run", CAT);
    await_text(&host, "etc/web/log/logged", &lines(200));
    assert_eq!(host.count("web run"), 1);
}

fn log_gets_descriptor_2_too() {
    let host = Host::up();
    let run =
        "exec 2>&1\necho one\necho two >&2\nls /no/such/file >/dev/null || echo three\nexec sleep 100000";
    host.service("web", &[("run", run), ("log/run", CAT)]);
    until("all three", || host.place.text("etc/web/log/logged").ends_with("three\n").then_some(()));
    let text = host.place.text("etc/web/log/logged");
    assert!(text.starts_with("one\ntwo\n") && text.contains("/no/such/file"), "{text}");
    assert_eq!(host.said(), "");
}

fn log_is_kept_while_the_service_restarts() {
    let host = Host::up();
    let run = "echo ${PWD##*/} run >>$T\nseq 1 50\nexec sleep 100000";
    host.service("web", &[("run", run), ("log/run", "echo log run >>$T\nexec cat >>logged")]);
    for count in 1..4 {
        host.await_lines("web run", count);
        await_text(&host, "etc/web/log/logged", &lines(50).repeat(count));
        host.await_up("web");
        host.sv_ok(&["kill", "web"], "");
    }
    host.await_lines("web run", 4);
    assert_eq!(host.count("log run"), 1);
}

/// Whether there is a log is looked at once: a new supervisor sees it.
fn log_added_to_what_runs() {
    let host = Host::up();
    host.service("web", &[("run", SAYS)]);
    host.await_line("web run");
    let pid = host.await_up("web");
    host.write("etc/web/log", &[("run", CAT)]);
    host.service("db", &[("run", SAYS)]);
    host.await_line("db run");
    assert_eq!(host.await_up("web"), pid);
    host.sv_ok(&["exit", "web"], "");
    await_text(&host, "etc/web/log/logged", &lines(200));
    host.await_runsvs("web", 1);
    assert_eq!(host.count("web run"), 2);
}

fn log_gets_what_finish_says() {
    let host = Host::up();
    let finish = "echo ended with $1";
    host.service("web", &[("run", "echo hello\nexit 4"), ("finish", finish), ("log/run", CAT)]);
    until("both", || {
        host.place.text("etc/web/log/logged").starts_with("hello\nended with 4\n").then_some(())
    });
    host.must("rm sd/web");
    host.await_runsvs("web", 0);
}
