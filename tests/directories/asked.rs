//! What sv is asked, mostly right after something was changed.
use crate::host::{DAEMON, Host, SLEEPER};
use runit_tests::programs::Programs;
use runit_tests::suite::{Case, case};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("asked_start_right_after_the_link", || right_after("ln -s ../etc/$1 sd/ && sv start $1")).ours(),
    case("asked_check_right_after_the_link", || right_after("ln -s ../etc/$1 sd/ && sv check $1")).ours(),
    case("asked_restart_right_after_the_link", || {
        right_after("ln -s ../etc/$1 sd/ && sv -w 5 restart $1");
    })
    .ours(),
    case("asked_start_right_after_a_copy", || right_after("cp -r etc/$1 sd/ && sv start $1")).ours(),
    case("asked_start_of_what_is_not_linked", asked_start_of_what_is_not_linked),
    case("asked_once_with_down", asked_once_with_down),
    case("asked_once_of_a_daemon", asked_once_of_a_daemon),
    case("asked_restart_with_a_broken_configuration", asked_restart_with_a_broken_configuration),
    case("asked_start_of_what_crashes", || cannot_run("echo no >&2; exit 1", "755", &["start", "restart"])),
    case("asked_start_without_interpreter", || {
        cannot_run("#!/opt/none/bin/ruby\nrun!\n", "755", &["start", "check"])
    }),
    case("asked_start_with_crlf", || cannot_run("#!/bin/sh\r\nexec sleep 100000\r\n", "755", &["start"])),
    case("asked_start_without_permission", || cannot_run("exec sleep 100000", "644", &["restart"])),
    case("asked_start_of_one_that_dies_after_a_moment", asked_start_of_one_that_dies_after_a_moment).ours(),
    case("asked_restart_gives_a_new_process", asked_restart_gives_a_new_process),
    case("asked_down_for_good", asked_down_for_good),
    case("asked_when_the_pipes_are_there", asked_when_the_pipes_are_there),
    case("asked_from_cron", asked_from_cron),
    case("asked_by_an_init_script", asked_by_an_init_script),
    case("asked_force_stop_of_the_deaf", asked_force_stop_of_the_deaf),
    case("asked_how_long_it_has_run", asked_how_long_it_has_run),
    case("asked_of_an_editor", asked_of_an_editor),
];

/// Three times, for it is a race.
fn right_after(commands: &str) {
    let host = Host::up();
    for name in ["a", "b", "c"] {
        host.define(name, &[("run", SLEEPER)]);
        let done = host.place.run(host.command("sh").args(["-c", commands, "sh", name]));
        let begins = format!("ok: run: {name}: (pid ");
        assert!(done.code == Some(0) && done.out.starts_with(&begins), "{name}: {done:?}");
        host.await_line(&format!("{name} run"));
        host.await_up(name);
        host.await_runsvs(name, 1);
    }
}

fn asked_start_of_what_is_not_linked() {
    let host = Host::up();
    host.define("web", &[("run", SLEEPER)]);
    host.sv_fails(
        &["start", "web"],
        "fail: web: unable to change to service directory: file does not exist\n",
    );
    host.sv_fails(
        &["check", "web"],
        "fail: web: unable to change to service directory: file does not exist\n",
    );
}

/// A job that somebody starts by hand.
fn asked_once_with_down() {
    let host = Host::up();
    let dir = host.define("job", &[("run", "echo job run >>$T"), ("finish", "echo job finish $1 >>$T")]);
    host.must("touch etc/job/down && ln -s ../etc/job sd/");
    host.await_supervisor("job");
    for count in 1..3 {
        host.sv_ok(&["once", "job"], "");
        host.await_lines("job finish 0", count);
        host.await_down("job");
    }
    assert_eq!(host.trace(), ["job run", "job finish 0", "job run", "job finish 0"]);
    assert!(dir.join("down").exists());
}

/// It stays until it dies, and then stays away.
fn asked_once_of_a_daemon() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON), ("down", "")]);
    host.await_supervisor("web");
    host.await_age("web");
    host.sv_ok(&["-w", "5", "once", "web"], "ok: run: web: ");
    host.await_line("web run");
    host.await_up("web");
    host.sv_ok(&["term", "web"], "");
    host.await_down("web");
    assert_eq!(host.trace(), ["web run", "web TERM"]);
}

/// It ran, and what it runs with now is wrong.
fn asked_restart_with_a_broken_configuration() {
    let host = Host::up();
    let run = "exec 2>/dev/null\n. ./conf || exit 1\necho web run >>$T\nexec sleep 100000";
    let dir = host.service("web", &[("run", run), ("conf", ":\n")]);
    host.await_line("web run");
    host.await_age("web");
    fs::write(dir.join("conf"), "exit 1\n").expect("write");
    host.sv_fails(&["-w", "1", "restart", "web"], "timeout: ");
    host.sv_fails(&["-w", "1", "check", "web"], "timeout: ");
    // Repaired, it comes up by itself.
    fs::write(dir.join("conf"), ":\n").expect("write");
    host.await_lines("web run", 2);
    host.sv_ok(&["-w", "15", "check", "web"], "ok: run: web: ");
}

/// A service that never gets beyond its first moment; it is repaired in the end.
fn cannot_run(run: &str, mode: &str, commands: &[&str]) {
    let host = Host::up();
    host.define("web", &[("run", run), ("finish", "echo web finish >>$T"), ("log/run", "exec cat >>logged")]);
    host.must(&format!("chmod {mode} etc/web/run; ln -s ../etc/web sd/"));
    for command in commands {
        // C runit believes in a process that it sees in the moment between its birth and its death:
        // it is asked just after one, and its looks come at other times than the starts.
        host.await_lines("web finish", host.count("web finish") + 1);
        host.sv_fails(&["-w", "1", command, "web"], "timeout: ");
    }
    // An editor or a mode later.
    host.place.script("etc/web/run", SLEEPER);
    host.await_line("web run");
    host.sv_ok(&["-w", "15", "check", "web"], "ok: run: web: ");
    host.sv_ok(&["-w", "15", "stop", "web"], "ok: down: web: ");
}

/// It lives a moment each time: C runit looks at moments in which it may run.
fn asked_start_of_one_that_dies_after_a_moment() {
    let host = Host::up();
    host.service("web", &[("run", "sleep 0.05\nexit 1")]);
    host.await_supervisor("web");
    // On a machine that stands still the moment may be as long as that of a process that stays.
    let fails = |word: &str| {
        let done = host.sv(&["-w", "1", word, "web"]);
        done.code == Some(1) && done.out.starts_with("timeout: ")
    };
    for word in ["start", "check"] {
        assert!((0..3).any(|_| fails(word)), "{word} says ok");
    }
}

fn asked_restart_gives_a_new_process() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    for count in 2..4 {
        let before = host.await_up("web");
        host.await_age("web");
        host.sv_ok(&["restart", "web"], "ok: run: web: ");
        assert_ne!(host.await_up("web"), before);
        host.await_end(before);
        host.await_lines("web run", count);
    }
}

/// `down` keeps it down through the next start of runsvdir.
fn asked_down_for_good() {
    let mut host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.service("db", &[("run", DAEMON)]);
    host.await_line("web run");
    host.await_line("db run");
    host.must("touch sd/web/down; sv down web");
    host.await_line("web TERM");
    host.await_down("web");
    host.boot();
    host.await_lines("db run", 2);
    host.await_supervisor("web");
    host.await_runsvs("web", 1);
    host.await_down("web");
    assert_eq!((host.count("web run"), host.count("db TERM")), (1, 1));
    // And back.
    host.must("rm sd/web/down; sv up web");
    host.await_lines("web run", 2);
}

/// A configuration manager: it makes all, waits for both named pipes, opens them to a group, and
/// restarts what it has changed.
fn asked_when_the_pipes_are_there() {
    let host = Host::up();
    let conf = "echo web ${MODE} >>$T\nexec sleep 100000";
    let run = format!("exec 2>&1\n. ./env.sh\n{conf}");
    host.define("web", &[("run", &run), ("env.sh", "MODE=first\n"), ("log/run", "exec cat >>logged")]);
    host.must("ln -s ../etc/web sd/");
    let wait = "until test -p sd/web/supervise/ok && test -p sd/web/log/supervise/ok; do sleep 0.05; done";
    host.must(&format!("{wait}; chmod 770 sd/web/supervise sd/web/log/supervise"));
    host.must("chmod 660 sd/web/supervise/ok sd/web/supervise/control");
    host.await_line("web first");
    host.await_age("web");
    host.must("echo MODE=second >etc/web/env.sh");
    let said = host.must("sv -w 15 restart \"$P/sd/web\"; sv -w 15 restart \"$P/sd/web/log\"");
    assert_eq!(said.matches("ok: run: ").count(), 2, "{said}");
    host.await_line("web second");
    for name in ["ok", "control"] {
        let path = host.place.path("etc/web/supervise").join(name);
        assert_eq!(fs::metadata(path).expect("the FIFO").permissions().mode() & 0o7777, 0o660, "{name}");
    }
}

/// Another directory, hardly an environment, whole paths.
fn asked_from_cron() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON), ("log/run", "exec cat >>logged")]);
    host.await_line("web run");
    host.await_up("web");
    let sv = Programs::get().path("sv").display().to_string();
    let said = host.must(&format!("cd /; env -i {sv} status \"$P/sd/web\" \"$P/sd/web/\" \"$P/sd/web/log\""));
    assert_eq!(said.matches("run: ").count(), 5, "{said}");
    host.must(&format!("cd /; env -i {sv} hup \"$P/sd/web\""));
    host.await_line("web HUP");
    let said = host.must(&format!("cd /; env -i {sv} -w 15 restart \"$P/sd/web\""));
    assert!(said.starts_with("ok: run: "), "{said}");
}

/// Debian's way: a link of the service's name to sv in place of an init script.
fn asked_by_an_init_script() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON), ("down", "")]);
    host.await_supervisor("web");
    host.place.dir("init.d");
    symlink(Programs::get().path("sv"), host.place.path("init.d/web")).expect("a link");
    assert_eq!(host.sh("init.d/web status").code, Some(3));
    assert!(host.must("init.d/web start").starts_with("ok: run: web: (pid "));
    host.await_line("web run");
    assert!(host.must("init.d/web status").starts_with("run: web: (pid "));
    assert!(host.must("init.d/web stop").starts_with("ok: down: web: "));
    assert_eq!(host.sh("init.d/web bogus").code, Some(2));
}

fn asked_force_stop_of_the_deaf() {
    let host = Host::up();
    host.service("web", &[("run", "trap '' TERM\necho web run >>$T\nwhile :; do sleep 1; done")]);
    host.await_line("web run");
    let pid = host.await_up("web");
    host.sv_fails(&["-w", "1", "stop", "web"], "timeout: run: web: ");
    host.sv_fails(&["-w", "1", "force-stop", "web"], "kill: run: web: ");
    host.await_end(pid);
    host.await_down("web");
    assert_eq!(host.count("web run"), 1);
}

/// Monitors take the date of `supervise/stat` for the time of the start.
fn asked_how_long_it_has_run() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    host.await_up("web");
    // Old enough to come back without a pause.
    host.await_age("web");
    host.must("touch -t 202001010000 etc/web/supervise/stat; sv kill web");
    host.await_lines("web run", 2);
    let stat = host.place.path("sd/web/supervise/stat");
    until("a date of today", || {
        let age = fs::metadata(&stat).and_then(|data| data.modified()).ok()?.elapsed().unwrap_or_default();
        (age < Duration::from_secs(1800)).then_some(())
    });
    until_equal("what it says", &"run\n".to_owned(), || host.place.text("sd/web/supervise/stat"));
}

/// Backups and temporary files beside `run`, and renames over it, leave the process alone.
fn asked_of_an_editor() {
    let mut host = Host::new();
    host.write("sd/web", &[("run", DAEMON)]);
    host.boot();
    host.await_line("web run");
    let pid = host.await_up("web");
    let start = Instant::now();
    host.must(
        "cd sd/web; cp -p run run~; cp -p run .run.swp
        sed 's/^n=.*/n=edited/' run >4913; chmod 755 4913; mv 4913 run; rm .run.swp; ln -s nobody@host:1 '.#run'
        sed -i.b 's/100000/200000/' run; rm '.#run' run.b",
    );
    host.service("db", &[("run", SLEEPER)]);
    host.await_line("db run");
    assert_eq!((host.await_up("web"), host.count("edited run")), (pid, 0), "{:?}", start.elapsed());
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    host.await_line("edited run");
    assert_eq!((host.runsvs("web"), host.said().as_str()), (1, ""));
}
