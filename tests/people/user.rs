//! `sv --user`: services of whoever calls it, as somebody who is not root and has a home.
use runit_tests::place::{Output, Running};
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case};
use runit_tests::tools;
use runit_tests::wait::until;
use std::process::Command;

/// The samples, which the machine that runs this need not have.
const SESSION: &str = include_str!("../../etc/linux/user/session");
const LOG: &str = include_str!("../../etc/linux/user/log-run");

/// A program as the user, who is nobody if this is root, with this home.
fn as_user(rig: &Rig, name: &str, args: &[&str]) -> Command {
    rig.place.dir("home");
    if nix::unistd::geteuid().is_root() {
        nix::unistd::chown(&rig.place.path("home"), Some(65534.into()), Some(65534.into())).expect("chown");
    }
    let mut command = rig.unprivileged(name, args);
    command.env("HOME", rig.place.path("home"));
    command
}

fn run(rig: &Rig, args: &[&str]) -> Output {
    rig.place.run(as_user(rig, "sv", args).env("SVDIR", "/nowhere"))
}

/// A service of the user, and a runsvdir over it as etc/linux/user starts it.
fn session(rig: &Rig) -> Running {
    let mut command = as_user(rig, "runsv", &[]);
    drop(command);
    let bin = if nix::unistd::geteuid().is_root() {
        for name in ["runsvdir", "svlogd", "sv", "chpst"] {
            as_user(rig, name, &[]);
        }
        rig.place.path("bin")
    } else {
        program("runsv").parent().expect("a directory").to_owned()
    };
    rig.place.executable("session", SESSION);
    let copy = rig.place.path("session");
    command = if nix::unistd::geteuid().is_root() {
        // By its path, since the command has another PATH.
        let mut command = rig.place.command(tools::find("setpriv").expect("setpriv"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
        command
    } else {
        rig.place.command(copy)
    };
    command.env("HOME", rig.place.path("home")).env("PATH", tools::search_path_behind(&bin));
    rig.place.start(&mut command)
}

/// Makes a directory of the user's.
fn service(rig: &Rig, name: &str) {
    let run = format!(
        "sv={}; mkdir -p $sv; printf '#!/bin/sh\\necho hello\\nexec sleep 1000\\n' >$sv/run; chmod +x $sv/run",
        rig.place.path(format!("home/.config/service/{name}")).display()
    );
    let mut command = if nix::unistd::geteuid().is_root() {
        let mut command = rig.place.command("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh"]);
        command
    } else {
        rig.place.command("sh")
    };
    let done = rig.place.run(command.args(["-c", &run]));
    assert_eq!(done.code, Some(0), "{done:?}");
}

pub const CASES: &[Case] = &[
    case("user_says_where", || {
        let rig = Rig::new();
        as_user(&rig, "sv", &[]);
        let done = run(&rig, &["--user", "--explain", "web"]);
        let place = rig.place.path("home/.config/service").display().to_string();
        assert!(done.out.contains(&format!("no service of that name in {place}.")), "{done:?}");
        let config = rig.place.path("config");
        let mut command = as_user(&rig, "sv", &["--explain", "--user", "web"]);
        let done = rig.place.run(command.env("XDG_CONFIG_HOME", &config));
        assert!(done.out.contains(&format!("in {}/service.", config.display())), "{done:?}");
        let mut command = as_user(&rig, "sv", &["--user", "--explain", "web"]);
        let done = rig.place.run(command.env("XDG_CONFIG_HOME", "relative"));
        assert!(done.out.contains(&format!("in {place}.")), "no path: {done:?}");
    }),
    case("user_without_a_home", || {
        let rig = Rig::new();
        for args in
            [&["--user", "status", "web"] as &[&str], &["--user", "--log", "web"], &["--user", "--watch"]]
        {
            let done = rig.place.run(&mut rig.command("sv", args));
            let why = "fatal: unable to find the user's services: neither XDG_CONFIG_HOME nor HOME is a path: file does not exist\n";
            assert_eq!((done.err.as_str(), done.code), (why, Some(100)), "{args:?}");
        }
    }),
    case("user_session_with_every_word", || {
        let rig = Rig::new();
        as_user(&rig, "sv", &[]);
        service(&rig, "web");
        let _session = session(&rig);
        until("it runs", || {
            run(&rig, &["--user", "status", "web"]).out.starts_with("run: web: ").then_some(())
        });
        // SVDIR is something else all the time.
        assert!(run(&rig, &["--user", "status"]).out.starts_with("run: web: "), "of all");
        assert!(run(&rig, &["status", "--user", "web"]).out.starts_with("run: web: "), "behind");
        let done = run(&rig, &["--user", "-w", "20", "restart", "web"]);
        assert!(done.out.starts_with("ok: run: web: ") && done.code == Some(0), "{done:?}");
        assert_eq!(run(&rig, &["--user", "--explain", "web"]).code, Some(0));
        let done = run(&rig, &["--user", "--wait", "-w", "20", "up", "web"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        let done = run(&rig, &["--user", "-w", "20", "stop", "web"]);
        assert!(done.out.starts_with("ok: down: web: "), "{done:?}");
        assert_eq!(run(&rig, &["status", "web"]).code, Some(1), "without it SVDIR counts");
    }),
    case("user_log_under_the_state_directory", || {
        let rig = Rig::new();
        as_user(&rig, "sv", &[]);
        service(&rig, "web");
        rig.place.executable("home/.config/service/web/log/run", LOG);
        if nix::unistd::geteuid().is_root() {
            let log = rig.place.path("home/.config/service/web/log");
            nix::unistd::chown(&log, Some(65534.into()), Some(65534.into())).expect("chown");
        }
        let _session = session(&rig);
        until("its line", || run(&rig, &["--user", "--log", "web"]).out.ends_with(" hello\n").then_some(()));
        assert!(rig.place.path("home/.local/state/log/web/current").exists());
    }),
];
