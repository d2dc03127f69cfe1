//! No descriptors, no processes, no space.
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::rig::{Rig, program, search_path};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

pub const CASES: &[Case] = &[
    case("sixty_four_descriptors", sixty_four_descriptors),
    case("no_descriptors_left", no_descriptors_left),
    case("no_space_left", no_space_left),
];

/// Neither runsvdir nor runsv needs more for more services.
fn sixty_four_descriptors() {
    let rig = Rig::new();
    rig.place.script("run", "exec sleep 100000");
    for number in 0..200 {
        let service = rig.place.dir(format!("sv/{number}"));
        symlink(rig.place.path("run"), service.join("run")).expect("a link");
    }
    let mut command = rig.place.command("sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\" sv"]).arg(program("runsvdir")).env("PATH", search_path());
    let running = rig.place.start(&mut command);
    for number in 0..200 {
        until("a service up", || Status::running(&rig.place.path(format!("sv/{number}"))));
    }
    assert_eq!(running.err(), "");
}

/// With every descriptor taken the service is restarted all the same; what was not written is
/// written when there are some again.
fn no_descriptors_left() {
    let rig = Rig::new();
    let service = rig.service("tight");
    service.script("run", "exec sleep 100000");
    let mut running = service.supervise();
    let old = until("run", || Status::running(&service.dir));
    let pid = running.pid().to_string();
    let limit = |count: &str| {
        let done = Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={count}:1024")]).status();
        if !done.is_ok_and(|status| status.success()) {
            skip("no prlimit");
        }
    };
    limit("3");
    kill(Pid::from_raw(old), Signal::SIGKILL).expect("kill");
    until("words about it", || {
        let text = "warning: unable to open supervise/pid.new: file descriptor not available";
        (running.err().contains(text) || running.err().contains("warning: unable to open supervise/pid.new"))
            .then_some(())
    });
    assert_eq!(running.ended(), None);
    limit("1024");
    let new = until("the new process", || Status::running(&service.dir).filter(|pid| *pid != old));
    assert_eq!(service.text("supervise/pid"), format!("{new}\n"));
    running.signal(Signal::SIGTERM);
    assert_eq!(running.wait().code(), Some(0));
}

/// The records of a service on a full file system: what is on it stays whole, and the truth is
/// written as soon as there is room.
fn no_space_left() {
    let allowed = Command::new("unshare").args(["-Urm", "true"]).output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        skip("no namespaces");
    }
    let rig = Rig::new();
    let service = rig.service("full");
    service.script("run", "exec sleep 100000");
    let script = "
        mount -t tmpfs -o size=128k,nr_inodes=64 t state || exit
        ln -s ../../state/supervise sv/full/supervise
        (cd sv && exec \"$1\" full) &
        until test -s state/supervise/pid; do :; done
        old=$(cat state/supervise/pid)
        dd if=/dev/zero of=state/fill bs=4096 2>/dev/null
        i=x; while (: >state/fill.$i) 2>/dev/null; do i=x$i; done
        kill -9 \"$old\"
        until grep -q 'out of disk space' \"$2\"; do :; done
        test \"$(wc -c <state/supervise/status)\" = 20 && echo whole
        rm -f state/fill*
        until new=$(cat state/supervise/pid) && test -n \"$new\" && test \"$new\" != \"$old\"; do :; done
        kill -0 \"$new\" && echo true
        printf x >state/supervise/control
        wait && echo ended";
    rig.place.dir("state");
    let errors = rig.place.file("errors", "");
    let mut command = rig.place.command("unshare");
    command.args(["-Urm", "sh", "-c", &format!("exec 2>>\"$2\"; {script}"), "sh"]);
    command.arg(program("runsv")).arg(&errors);
    let done = rig.place.run(&mut command);
    let said = fs::read_to_string(&errors).unwrap_or_default();
    assert_eq!(done.out, "whole\ntrue\nended\n", "{said}");
}
