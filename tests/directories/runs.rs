//! What `run` can be.
use crate::host::{Host, SLEEPER, needs_root};
use runit_tests::process;
use runit_tests::programs::Programs;
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

pub const CASES: &[Case] = &[
    case("run_with_an_environment_directory", run_with_an_environment_directory),
    case("run_with_an_optional_configuration", run_with_an_optional_configuration),
    case("run_as_another_user", run_as_another_user),
    case("run_of_one_shot_that_sleeps", run_of_one_shot_that_sleeps),
    case("run_of_one_shot_that_takes_itself_down", run_of_one_shot_that_takes_itself_down),
    case("run_of_one_shot_by_once", run_of_one_shot_by_once),
    case("run_of_many_one_shots_by_once", run_of_many_one_shots_by_once).ours(),
    case("run_ends_at_once_again_and_again", run_ends_at_once_again_and_again),
    case("run_is_a_link_to_a_program", run_is_a_link_to_a_program),
    case("run_is_a_link_to_a_shared_script", run_is_a_link_to_a_shared_script),
    case("run_in_python", run_in_python),
    case("run_in_perl", run_in_perl),
    case("run_without_interpreter", || not_started("#!/opt/none/sh\n", "755", "file does not exist")),
    case("run_with_crlf", || not_started("#!/bin/sh\r\nexit 0\r\n", "755", "file does not exist")),
    case("run_not_executable", || not_started("exec sleep 100000", "644", "access denied")),
    case("run_empty", || not_started("#!", "755", "exec format error")),
    case("run_waits_for_its_child", run_waits_for_its_child),
    case("run_with_limits_and_a_lock", run_with_limits_and_a_lock),
];

fn run_with_an_environment_directory() {
    let host = Host::up();
    let run =
        "exec 2>&1\nexec chpst -e ./env sh -c 'echo \"$PORT $GREETING ${REMOVED-none}\"; exec sleep 100000'";
    let files =
        [("run", run), ("env/PORT", "8080\n"), ("env/GREETING", "good day \t\nmore\n"), ("env/REMOVED", "")];
    host.service("web", &[&files[..], &[("log/run", "exec cat >>logged")]].concat());
    until_equal("the log", &"8080 good day none\n".to_owned(), || host.place.text("etc/web/log/logged"));
    // The next start has what is there then.
    host.must("echo 8081 >etc/web/env/PORT");
    host.await_up("web");
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    until("the new port", || {
        host.place.text("etc/web/log/logged").ends_with("8081 good day none\n").then_some(())
    });
}

/// Void's line.
fn run_with_an_optional_configuration() {
    let host = Host::up();
    let run = "[ -r conf ] && . ./conf\necho ${PWD##*/} ${OPTS:---quiet} >>$T\nexec sleep 100000";
    host.service("web", &[("run", run)]);
    host.service("db", &[("run", run), ("conf", "OPTS='--verbose -p 1'\n")]);
    host.await_line("web --quiet");
    host.await_line("db --verbose -p 1");
}

fn run_as_another_user() {
    needs_root();
    let host = Host::up();
    host.must(&format!("mkdir bin; cp {} bin/; chmod 666 trace", Programs::get().path("chpst").display()));
    let run = "exec \"$P\"/bin/chpst -u :65534:65534 sh -c 'echo web $(id -u) $(id -g) $(id -G) >>$T; exec sleep 100000'";
    host.service("web", &[("run", run), ("finish", "echo web finish $(id -u) >>$T")]);
    host.await_line("web 65534 65534 65534");
    host.await_up("web");
    host.sv_ok(&["stop", "web"], "ok: down: web: ");
    assert_eq!(host.count("web finish 0"), 1);
}

/// It works, then stays, so that *run* means: done. `finish` undoes it.
fn run_of_one_shot_that_sleeps() {
    let host = Host::up();
    let run = "set -e\nmkdir mounted\necho setup done >>$T\nexec chpst -b setup-is-done sleep 100000";
    host.service("setup", &[("run", run), ("finish", "rmdir mounted; echo setup undone >>$T")]);
    let after = "sv check setup >/dev/null || exit 1\ntest -d ../setup/mounted || exit 1\necho web run >>$T\nexec sleep 100000";
    host.service("web", &[("run", after)]);
    host.await_line("web run");
    host.before("setup done", "web run");
    let pid = host.await_up("setup");
    until("its name", || process::arguments(pid).starts_with("setup-is-done ").then_some(()));
    host.sv_ok(&["stop", "setup"], "ok: down: setup: ");
    assert!(!host.place.path("etc/setup/mounted").exists());
    assert_eq!((host.count("setup done"), host.count("setup undone")), (1, 1));
}

/// It does its work and says that this was all.
fn run_of_one_shot_that_takes_itself_down() {
    let host = Host::up();
    host.service("setup", &[("run", "echo setup run >>$T\nexec sv down .")]);
    host.await_line("setup run");
    host.await_down("setup");
    // Nothing comes after.
    host.service("db", &[("run", SLEEPER)]);
    host.await_line("db run");
    assert_eq!(host.count("setup run"), 1);
    let said = host.sv(&["status", "setup"]).out;
    assert!(said.starts_with("down: setup: ") && said.contains("normally up"), "{said}");
}

/// The same said before the work. What a process has said before its death is obeyed before its death
/// is noticed.
fn run_of_one_shot_by_once() {
    let host = Host::up();
    let run = "sv once .\necho setup run >>$T\nexit 0";
    host.service("setup", &[("run", run), ("finish", "echo setup finish $1 >>$T")]);
    host.await_line("setup finish 0");
    host.await_down("setup");
    assert_eq!(host.trace(), ["setup run", "setup finish 0"]);
}

/// In a crowd, C runit notices the death first now and then, and starts the service once more.
fn run_of_many_one_shots_by_once() {
    let mut host = Host::new();
    let jobs: Vec<String> = (0..12).map(|number| format!("job{number}")).collect();
    for job in &jobs {
        host.service(job, &[("run", "sv once .\necho ${PWD##*/} run >>$T\nexit 0")]);
    }
    host.boot();
    for job in &jobs {
        host.await_line(&format!("{job} run"));
        host.await_down(job);
    }
    // All have had the time for another start.
    host.service("late", &[("run", "echo late run >>$T\nexit 0")]);
    host.await_lines("late run", 3);
    assert_eq!(host.trace().iter().filter(|line| line.starts_with("job")).count(), jobs.len());
    // Anybody may ask for it again.
    host.sv_ok(&["up", "job0"], "");
    host.await_lines("job0 run", 2);
    host.await_down("job0");
}

/// A poor man's cron: once a second, never faster.
fn run_ends_at_once_again_and_again() {
    let host = Host::up();
    host.service("web", &[("run", "date +%s >>stamps")]);
    until("four starts", || (host.place.text("etc/web/stamps").lines().count() >= 4).then_some(()));
    let text = host.place.text("etc/web/stamps");
    let stamps: Vec<u64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(stamps[3] - stamps[0] >= 2, "{stamps:?}");
}

fn found(names: &[&str]) -> Option<PathBuf> {
    names.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// A binary, which waits because nobody reads what it says.
fn run_is_a_link_to_a_program() {
    let host = Host::up();
    let Some(yes) = found(&["/usr/bin/yes", "/bin/yes"]) else { runit_tests::suite::skip("no yes") };
    needs_proc();
    let dir = host.define("web", &[("log/run", "exec sleep 100000")]);
    symlink(&yes, dir.join("run")).expect("a link");
    host.enable("web");
    let pid = host.await_up("web");
    let program = || fs::read_link(format!("/proc/{pid}/exe")).ok();
    until_equal("the program", &yes.canonicalize().ok(), program);
    let line = || fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    until_equal("its command line", &b"./run\0".to_vec(), line);
    host.sv_ok(&["stop", "web"], "ok: down: web: ");
}

/// Instances of one script: getty does it so.
fn run_is_a_link_to_a_shared_script() {
    let host = Host::up();
    host.define("agetty", &[("run", "n=${PWD##*-}\necho getty on $n >>$T\nexec sleep 100000")]);
    for name in ["agetty-tty1", "agetty-tty2"] {
        let dir = host.place.dir(format!("etc/{name}"));
        symlink("../agetty/run", dir.join("run")).expect("a link");
        host.enable(name);
    }
    host.await_line("getty on tty1");
    host.await_line("getty on tty2");
    host.await_runsvs("agetty-tty1", 1);
}

fn speaks(interpreter: &Path, text: &str) {
    let host = Host::up();
    let run = format!("#!{}\n{text}", interpreter.display());
    host.service("web", &[("run", &run), ("log/run", "exec cat >>logged")]);
    until_equal("the log", &"hello\n".to_owned(), || host.place.text("etc/web/log/logged"));
    host.await_up("web");
    host.sv_ok(&["-w", "15", "stop", "web"], "ok: down: web: ");
    until_equal("the log", &"hello\nbye\n".to_owned(), || host.place.text("etc/web/log/logged"));
}

fn run_in_python() {
    let Some(python) = found(&["/usr/bin/python3", "/usr/local/bin/python3"]) else {
        runit_tests::suite::skip("no python3")
    };
    speaks(
        &python,
        "import signal, sys
def bye(*_):
    print('bye', flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
print('hello', flush=True)
while True:
    signal.pause()
",
    );
}

fn run_in_perl() {
    let Some(perl) = found(&["/usr/bin/perl"]) else { runit_tests::suite::skip("no perl") };
    speaks(
        &perl,
        "$| = 1; $SIG{TERM} = sub { print qq(bye\\n); exit 0 }; print qq(hello\\n); sleep 1 while 1;\n",
    );
}

/// It is said why, and `finish` gets to know.
fn not_started(run: &str, mode: &str, why: &str) {
    let host = Host::up();
    let dir = host.define("web", &[("finish", "echo web finish $* >>$T")]);
    let text = if run == "#!" { String::new() } else { run.to_owned() };
    let text = if text.is_empty() || text.starts_with("#!") { text } else { format!("#!/bin/sh\n{text}\n") };
    host.place.executable(dir.join("run"), &text);
    host.must(&format!("chmod {mode} etc/web/run; ln -s ../etc/web sd/"));
    host.await_lines("web finish 111 0", 2);
    let line = format!("runsv web: fatal: unable to start ./run: {why}\n");
    assert!(host.said().starts_with(&line.repeat(2)), "{}", host.said());
    host.place.script(dir.join("run"), SLEEPER);
    host.await_line("web run");
}

/// A wrapper that passes the end on.
fn run_waits_for_its_child() {
    let host = Host::up();
    let run = "sleep 100000 & child=$!
trap 'kill $child; wait $child; echo web gone >>$T; exit 0' TERM INT
echo $child >child\necho web run >>$T\nwait $child";
    host.service("web", &[("run", run)]);
    host.await_line("web run");
    host.await_up("web");
    let child = host.place.text("etc/web/child").trim().parse().expect("a number");
    host.sv_ok(&["-w", "15", "stop", "web"], "ok: down: web: ");
    host.await_line("web gone");
    host.await_end(child);
}

/// chpst with what services use most besides users.
fn run_with_limits_and_a_lock() {
    let host = Host::up();
    // nice(1) of the BSDs does not tell it.
    let run = "exec chpst -n 5 -o 64 -c 0 -l lock -0 sh -c '
        echo web $(ulimit -n) $(ulimit -c) $(ps -o nice= -p $$) >>$T; exec sleep 100000'";
    host.service("web", &[("run", run)]);
    let nice: i32 = host.must("ps -o nice= -p $$").trim().parse().expect("a number");
    host.await_line(&format!("web 64 0 {}", (nice + 5).min(19)));
    assert!(host.place.path("etc/web/lock").exists());
}
