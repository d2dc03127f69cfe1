//! Services that are taken away, moved, turned and switched.
use crate::host::{DAEMON, Host, SLEEPER};
use crate::in_place::{await_whole, model};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::path::Path;

pub const CASES: &[Case] = &[
    case("removal_of_the_link", removal_of_the_link),
    case("removal_of_the_directory", removal_of_the_directory),
    case("removal_of_a_service_that_crashes", removal_of_a_service_that_crashes),
    case("removal_after_exit", removal_after_exit),
    case("removal_after_shutdown", removal_after_shutdown),
    case("removal_after_shutdown_by_another_sv", removal_after_shutdown_by_another_sv).ours(),
    case("removal_and_a_new_directory_at_once", removal_and_a_new_directory_at_once).ours(),
    case("removal_and_back_at_once", removal_and_back_at_once),
    case("rename_of_a_directory", rename_of_a_directory),
    case("rename_to_a_hidden_name", rename_to_a_hidden_name),
    case("link_turned_to_another_version", link_turned_to_another_version),
    case("link_turned_by_ln", link_turned_by_ln),
    case("link_made_again", link_made_again),
    case("replaced_by_a_directory", replaced_by_a_directory),
    case("runsvchdir_to_another_set", runsvchdir_to_another_set),
    case("removal_of_all_at_shutdown", removal_of_all_at_shutdown),
];

fn removal_of_the_link() {
    let host = Host::up();
    let finish = "echo web finish $1 $2 >>$T";
    host.service(
        "web",
        &[("run", SLEEPER), ("finish", finish), ("log/run", "cat >>logged; echo log end >>$T")],
    );
    host.await_line("web run");
    let pid = host.await_up("web");
    host.must("rm sd/web");
    host.await_line("web finish -1 15");
    host.await_line("log end");
    host.await_end(pid);
    host.await_runsvs("web", 0);
    assert_eq!(host.trace(), ["web run", "web finish -1 15", "log end"]);
}

/// All that is left of it is what runs.
fn removal_of_the_directory() {
    let host = Host::up();
    host.service("db", &[("run", SLEEPER)]);
    model(&host, false);
    host.must("find etc/model -exec touch -t 202001010000 {} +; mv etc/model sd/web");
    await_whole(&host, "web");
    let pid = host.await_up("web");
    host.must("rm -rf sd/web || rm -rf sd/web");
    host.await_end(pid);
    host.await_runsvs("web", 0);
    assert!(!host.place.path("sd/web").exists());
    assert_eq!((host.count("web run"), host.runsvs("db"), host.count("db run")), (1, 1, 1));
}

fn removal_of_a_service_that_crashes() {
    let host = Host::up();
    host.service("web", &[("run", "echo web run >>$T\nexit 1")]);
    host.await_lines("web run", 2);
    host.must("rm sd/web");
    host.await_runsvs("web", 0);
}

/// As a package's script does; `exit` does not wait.
fn removal_after_exit() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    host.await_up("web");
    host.after_a_look();
    host.must("sv exit web && rm sd/web");
    host.await_line("web TERM");
    host.await_runsvs("web", 0);
    assert_eq!(host.count("web run"), 1);
}

/// `shutdown` waits for the end of the supervisor, which must be seen.
fn removal_after_shutdown() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    host.await_up("web");
    host.after_a_look();
    let said = host.must("sv shutdown web && rm sd/web");
    assert_eq!(said, "ok: web: runsv not running\n");
    host.await_runsvs("web", 0);
    assert_eq!(host.trace(), ["web run", "web TERM"]);
}

/// The sv of C runit looks every 0.42 s: the gap between two supervisors must be longer.
fn removal_after_shutdown_by_another_sv() {
    let sv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/c-runit/2.3.1/sv");
    if !sv.exists() {
        skip("no sv of C runit (see ci/c-runit)");
    }
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    host.await_up("web");
    for count in 1..3 {
        let said = host.must(&format!("{} shutdown web", sv.display()));
        assert_eq!(said, "ok: web: runsv not running\n");
        host.await_lines("web run", count + 1);
        host.await_up("web");
    }
}

/// Thrown away and copied anew: C runit takes a directory with the same inode number for the old
/// one.
fn removal_and_a_new_directory_at_once() {
    let host = Host::up();
    host.define("old", &[("run", SLEEPER)]);
    model(&host, false);
    host.must("sed 's/^echo.* run/echo old run/' etc/old/run >tmp/run; cat tmp/run >etc/old/run; cp -r etc/old sd/web");
    host.await_line("old run");
    let pid = host.await_up("web");
    host.must("rm -rf sd/web; cp -r etc/model sd/web");
    host.await_end(pid);
    await_whole(&host, "web");
    host.sv_ok(&["-w", "15", "stop", "web"], "ok: down: web: ");
}

/// Whether or not somebody saw that it was away: one supervisor, and it is up.
fn removal_and_back_at_once() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.service("db", &[("run", SLEEPER)]);
    host.await_line("web run");
    host.await_line("db run");
    host.await_up("web");
    host.after_a_look();
    host.must("rm sd/web; ln -s ../etc/web sd/web");
    // What comes later has been seen later.
    host.service("bus", &[("run", SLEEPER)]);
    host.await_line("bus run");
    until("as many starts as ends, and one", || {
        (host.count("web run") == host.count("web TERM") + 1 && host.runsvs("web") == 1).then_some(())
    });
    host.sv_ok(&["-w", "15", "check", "web"], "ok: run: web: ");
    host.await_runsvs("web", 1);
    assert_eq!(host.count("db run"), 1);
}

/// The same service under another name: nothing is interrupted.
fn rename_of_a_directory() {
    let mut host = Host::new();
    host.write("sd/old", &[("run", DAEMON)]);
    host.boot();
    host.await_line("old run");
    let pid = host.await_up("old");
    host.must("mv sd/old sd/new");
    host.service("db", &[("run", SLEEPER)]);
    host.await_line("db run");
    assert_eq!((host.await_up("new"), host.count("old TERM")), (pid, 0));
    host.sv_ok(&["check", "new"], &format!("ok: run: new: (pid {pid})"));
    host.sv_ok(&["stop", "new"], "ok: down: new: ");
}

/// A name that begins with a dot is how one puts a service aside.
fn rename_to_a_hidden_name() {
    let mut host = Host::new();
    host.write("sd/web", &[("run", DAEMON)]);
    host.boot();
    host.await_line("web run");
    host.must("mv sd/web sd/.web");
    host.await_line("web TERM");
    host.await_runsvs("web", 0);
    host.must("mv sd/.web sd/web");
    host.await_lines("web run", 2);
    host.await_runsvs("web", 1);
}

/// A deployment: releases side by side and a link that is turned.
fn link_turned_to_another_version() {
    let host = Host::up();
    for name in ["v1", "v2", "v3"] {
        host.define(name, &[("run", DAEMON)]);
    }
    host.must("ln -s ../etc/v1 sd/app");
    host.await_line("v1 run");
    // Without a moment in which there is none, and with one.
    host.must("ln -s ../etc/v2 tmp/new");
    std::fs::rename(host.place.path("tmp/new"), host.place.path("sd/app")).expect("a turned link");
    host.await_line("v2 run");
    host.await_line("v1 TERM");
    host.must("rm sd/app; ln -s ../etc/v3 sd/app");
    host.await_line("v3 run");
    host.await_line("v2 TERM");
    host.await_runsvs("app", 1);
    host.await_up("app");
    assert_eq!(["v1 run", "v2 run", "v3 run"].map(|line| host.count(line)), [1; 3]);
}

/// `ln -sfn` makes a link with a name of its own choice beside the old one and renames it: that name
/// is not the service's.
fn link_turned_by_ln() {
    let host = Host::up();
    let names: Vec<String> = (0..7).map(|number| format!("v{number}")).collect();
    for name in &names {
        host.define(name, &[("run", DAEMON)]);
    }
    host.must("ln -s ../etc/v0 sd/app");
    host.await_line("v0 run");
    for turn in names.windows(2) {
        let [old, new] = turn else { continue };
        host.must(&format!("ln -sfn ../etc/{new} sd/app"));
        host.await_line(&format!("{new} run"));
        host.await_line(&format!("{old} TERM"));
        host.sv_ok(&["-w", "15", "check", "app"], "ok: run: app: ");
    }
    // A machine that stands still between the two calls of ln shows the first name for that long, and a
    // supervisor may meet it; the simulation has what happens where it does not.
    host.await_runsvs("app", 1);
    assert_eq!(host.trace().iter().filter(|line| line.ends_with(" run")).count(), names.len());
}

/// A script that makes sure of its links, with an `ln -sf` that removes and makes, as busybox's does:
/// nothing is interrupted.
fn link_made_again() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    let pid = host.await_up("web");
    for name in ["one", "two"] {
        host.after_a_look();
        host.must("rm sd/web; ln -s ../etc/web sd/web");
        host.service(name, &[("run", SLEEPER)]);
        host.await_line(&format!("{name} run"));
    }
    assert_eq!((host.count("web TERM"), host.count("web run")), (0, 1));
    assert_eq!((host.await_up("web"), host.runsvs("web")), (pid, 1));
}

/// A link becomes a directory of the same name.
fn replaced_by_a_directory() {
    let host = Host::up();
    host.service("web", &[("run", DAEMON)]);
    host.await_line("web run");
    model(&host, false);
    host.must("cp -r etc/model tmp/web; rm sd/web; mv tmp/web sd/web");
    host.await_line("web TERM");
    host.await_line("web whole");
    host.await_runsvs("web", 1);
    host.await_up("web");
    assert_eq!(host.count("web whole"), 1);
}

/// Run levels: what is in both goes on, the rest goes and comes.
fn runsvchdir_to_another_set() {
    let mut host = Host::new();
    host.scans("levels/current");
    for name in ["getty", "web", "backup"] {
        host.define(name, &[("run", DAEMON)]);
    }
    host.must(
        "mkdir -p levels/default levels/single
        ln -s ../../etc/getty ../../etc/web levels/default/
        ln -s ../../etc/getty ../../etc/backup levels/single/
        ln -s default levels/current; ln -s default levels/previous",
    );
    host.boot();
    host.await_line("getty run");
    host.await_line("web run");
    let pid = host.await_up("getty");
    host.must("RUNSVDIR=\"$P/levels\" runsvchdir single >/dev/null");
    host.await_line("backup run");
    host.await_line("web TERM");
    host.await_runsvs("web", 0);
    host.must("RUNSVDIR=\"$P/levels\" runsvchdir default >/dev/null");
    host.await_line("backup TERM");
    host.await_lines("web run", 2);
    assert_eq!((host.await_up("getty"), host.count("getty TERM")), (pid, 0));
    host.await_runsvs("getty", 1);
}

/// What stage 3 does: all are stopped by force, then their supervisors are told to go.
fn removal_of_all_at_shutdown() {
    let mut host = Host::new();
    let stubborn = "trap '' TERM HUP INT\necho deaf run >>$T\nwhile :; do sleep 1; done";
    host.service("deaf", &[("run", stubborn)]);
    host.service("web", &[("run", DAEMON), ("log/run", "exec cat >>logged")]);
    host.service("db", &[("run", DAEMON), ("finish", "echo db finish >>$T")]);
    host.boot();
    for line in ["deaf run", "web run", "db run"] {
        host.await_line(line);
    }
    let pid = host.await_up("deaf");
    let runsvdir = host.runsvdir().pid();
    // Nobody is to start the supervisors anew.
    host.must(&format!("kill -TERM {runsvdir}"));
    host.runsvdir().wait();
    let done = host.sh("sv -w 2 force-stop \"$SVDIR\"/*; sv exit \"$SVDIR\"/*");
    assert!(done.out.contains("kill: run: "), "{done:?}");
    host.await_end(pid);
    host.await_line("db finish");
    for name in ["deaf", "web", "db"] {
        host.await_runsvs(name, 0);
    }
}
