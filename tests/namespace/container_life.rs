//! `runsvdir --container` while it lives: orphans, sessions, mounts, and what a container may have not.
use crate::container::{LONG, STUBBORN, Services as _, both, container, killed, order, ordinary, stop};
use nix::sys::signal::Signal::SIGTERM;
use runit_tests::namespace::{How, System, demand};
use runit_tests::suite::{Case, case};
use runit_tests::wait;

pub const CASES: &[Case] = &[
    case("container_reaps", reaps).ours(),
    case("container_has_no_zombie_while_it_ends", no_zombie).ours(),
    case("container_service_by_bind_mount", bind_mount).ours(),
    case("container_read_only", read_only).ours(),
    case("container_without_proc", without_proc).ours(),
    case("container_services_lead_sessions", sessions).ours(),
    case("container_not_process_1", not_process_1).ours(),
    case("container_log_area", log_area),
];

const ZOMBIES: &str = "for dir in /proc/[0-9]*; do
    grep -qs '^State:.Z' $dir/status && grep -qs '^PPid:.1$' $dir/status && echo ${dir#/proc/}
done; :";

fn reaps() {
    let orphans = "i=0; while [ $i -lt 50 ]; do (sleep 0.01 &); i=$((i + 1)); done";
    let system = container(LONG, "/service").service("a", &ordinary("a"));
    let mut machine = system.program("b/run", &format!("{orphans}; echo b is up; exec sleep 100000")).boot();
    both(&mut machine);
    wait::until("no zombie", || machine.run(ZOMBIES).out.is_empty().then_some(()));
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}

fn no_zombie() {
    let gate = "echo a waits; until [ -e /run/go ]; do sleep 0.02; done; exit 0";
    let system = container(LONG, "/service").service("a", gate).service("b", &ordinary("b"));
    let mut machine = system.boot();
    both(&mut machine);
    machine.signal(SIGTERM);
    machine.line_where("the others", |line| line == "a waits" || line == "b ends");
    machine.line_where("the others", |line| line == "a waits" || line == "b ends");
    let runsv = "for dir in /proc/[0-9]*; do read -r name <$dir/comm && [ \"$name\" = runsv ] && echo one; done 2>/dev/null; :";
    wait::until("one supervisor", || (machine.run(runsv).out == "one\n").then_some(()));
    wait::until("no zombie", || machine.run(ZOMBIES).out.is_empty().then_some(()));
    assert_eq!(machine.run(": >/run/go").code, Some(0));
    assert_eq!(machine.end().how, How::Exited(0));
}

fn bind_mount() {
    let system = container(LONG, "/service").service("a", &ordinary("a")).file("srv/b/kept", "");
    let mut machine = system.boot();
    machine.line("a is up");
    let run = "printf '#!/bin/sh\\ntrap \"echo b ends; exit 0\" TERM\\necho b is up\\nwhile :; do sleep 1000 & wait $!; done\\n' \
        >/srv/b/run && chmod +x /srv/b/run && mkdir /service/b && mount --bind /srv/b /service/b";
    let mounted = machine.run(run);
    assert_eq!(mounted.code, Some(0), "{mounted:?}");
    machine.line("b is up");
    let (end, _) = stop(machine, SIGTERM);
    order(&end, &["a ends"]);
    order(&end, &["b ends"]);
    assert_eq!(end.how, How::Exited(0));
}

/// Nothing can be written but in a tmpfs, where the supervise directories are: services are stopped in order and
/// killed there too, and the main service is looked at there.
fn read_only() {
    let system = container("export SVWAIT=4", "--main main /service")
        .service("a", STUBBORN)
        .program("main/run", "echo main is up; until [ -e /run/go ]; do sleep 0.02; done; exit 5")
        .program("a/log/run", "exec cat")
        .file("service/main/restart-limit", "1 1\n")
        .prepare(
            "mkdir /run/supervise; mount -t tmpfs tmpfs /run; mkdir /run/supervise
            ln -s /run/supervise /service/.supervise; mount -o remount,bind,ro /",
        );
    let mut machine = system.boot();
    machine.line("main is up");
    let refused = machine.run(": >/service/main/new");
    assert_ne!(refused.code, Some(0), "{refused:?}");
    wait::until("a", || machine.run("cat /run/supervise/a/stat").out.starts_with("run").then_some(()));
    assert_eq!(machine.run(": >/run/go").code, Some(0));
    let end = machine.end();
    assert!(killed(&end, "a"), "{end:#?}");
    assert_eq!(end.how, How::Exited(5), "{end:#?}");
}

fn without_proc() {
    let system = container(LONG, "--main main /service log:........................")
        .service("a", &ordinary("a"))
        .program("main/run", "echo main is up; exit 6")
        .file("service/main/restart-limit", "1 1\n")
        .prepare("umount /proc");
    let end = system.boot().end();
    assert!(!end.lines.is_empty(), "{end:#?}");
    assert_eq!(end.how, How::Exited(6), "{end:#?}");
}

/// ^C on the terminal of a container goes to process 1 alone.
fn sessions() {
    let mut machine = container(LONG, "/service").service("a", &ordinary("a")).boot();
    machine.line("a is up");
    let sessions = machine.run(
        "for dir in /proc/[0-9]*; do
            read -r name <$dir/comm && [ \"$name\" = runsv ] || continue
            read -r pid _ _ _ group session _ <$dir/stat && echo $((pid - group)) $((pid - session))
        done 2>/dev/null; :",
    );
    assert_eq!(sessions.out, "0 0\n", "{sessions:?}");
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}

/// Below another process it stops all the same, and leaves nothing behind.
fn not_process_1() {
    demand(&["runsvdir", "runsv"]);
    let entry = "export PATH=/sbin:/bin:/usr/sbin:/usr/bin SVWAIT=3
        runsvdir --container /service &\necho $! >/run/pid\nwait $!\necho code $?\nexec sleep 100000\n";
    let system = System::new().script("entry", entry).before("/entry");
    let mut machine = system.service("a", STUBBORN).service("b", &ordinary("b")).boot();
    both(&mut machine);
    assert_eq!(machine.run("kill -TERM $(cat /run/pid)").code, Some(0));
    machine.line("code 0");
    let left =
        "for dir in /proc/[0-9]*; do read -r name <$dir/comm; echo $name; done 2>/dev/null | grep runsv; :";
    assert_eq!(machine.run(left).out, "");
    let lines = machine.lines();
    assert!(lines.contains(&"b ends".to_owned()), "{lines:#?}");
}

fn log_area() {
    let mut machine =
        container("", "/service log:........................").service("a", &ordinary("a")).boot();
    machine.line("a is up");
    assert_eq!(stop(machine, SIGTERM).0.how, How::Exited(0));
}
