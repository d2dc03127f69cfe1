//! One service whose files are damaged.
use nix::sys::signal::Signal;
use runit_tests::rig::{Rig, masked, program};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::PermissionsExt;

pub const CASES: &[Case] = &[
    case("status_of_wrong_length", status_of_wrong_length),
    case("status_of_nonsense", status_of_nonsense),
    case("status_is_a_directory", status_is_a_directory),
    case("control_is_a_file_at_start", control_is_a_file_at_start),
    case("control_is_replaced_by_a_file", control_is_replaced_by_a_file),
    case("service_directory_vanishes", service_directory_vanishes),
    case("service_directory_is_read_only", service_directory_is_read_only),
    case("supervise_is_a_dangling_link", supervise_is_a_dangling_link),
    case("run_is_not_executable", run_is_not_executable),
];

/// sv says what is wrong, and the next runsv puts it right.
fn status_of_wrong_length() {
    for length in [0, 19] {
        let rig = Rig::new();
        let service = rig.service("odd");
        service.probe();
        let mut running = service.up();
        fs::write(service.path("supervise/status"), vec![b'x'; length]).expect("a bad status");
        let seen = rig.sv(&["status", "odd"]);
        let text = seen.out + &seen.err;
        assert!(text.contains("odd: unable to read supervise/status: bad format"), "{text}");
        assert_eq!(seen.code, Some(1), "{text}");
        service.control("dx");
        assert_eq!(running.wait().code(), Some(0));
        let _again = service.up();
        assert!(Status::read(&service.path("")).is_some());
    }
}

/// 20 bytes that mean nothing: an answer, not a crash.
fn status_of_nonsense() {
    let rig = Rig::new();
    let service = rig.service("odd");
    service.probe();
    let _running = service.up();
    for byte in [0, 0xff, b'u'] {
        fs::write(service.path("supervise/status"), [byte; 20]).expect("a bad status");
        let seen = rig.sv(&["status", "odd"]);
        assert!(seen.signal.is_none() && seen.out.contains("odd: "), "{seen:?}");
    }
    service.control("d");
    until("a good one", || Status::read(&service.path("")).filter(|status| status.want == b'd'));
}

/// What cannot be written is tried again, and everything else goes on.
fn status_is_a_directory() {
    let rig = Rig::new();
    let service = rig.service("odd");
    service.probe();
    let mut running = service.up();
    fs::remove_file(service.path("supervise/status")).expect("remove");
    fs::create_dir(service.path("supervise/status")).expect("mkdir");
    service.control("d");
    until("the words", || running.err().contains("warning: unable to rename status.new").then_some(()));
    until("the end of run", || (service.text("supervise/stat") == "down\n").then_some(()));
    fs::remove_dir(service.path("supervise/status")).expect("rmdir");
    // Without a further event: by its own timer.
    until("a status", || {
        Status::read(&service.path("")).filter(|status| status.want == b'd' && status.pid == 0)
    });
    running.signal(Signal::SIGTERM);
    assert_eq!(running.wait().code(), Some(0));
}

fn control_is_a_file_at_start() {
    let rig = Rig::new();
    let service = rig.service("odd");
    service.probe().file("supervise/control", "");
    service.refuses("fatal: supervise/control exists but is not a fifo");
}

/// Who holds the pipe keeps it; a new one appears at the next start only.
fn control_is_replaced_by_a_file() {
    let rig = Rig::new();
    let service = rig.service("odd");
    service.probe();
    let mut running = service.up();
    fs::remove_file(service.path("supervise/control")).expect("remove");
    fs::write(service.path("supervise/control"), "").expect("a file");
    let seen = rig.sv(&["status", "odd"]);
    assert_eq!(masked(&seen.out), "run: odd: (pid p) Ts\n");
    assert_eq!(running.ended(), None);
    running.signal(Signal::SIGTERM);
    assert_eq!(running.wait().code(), Some(0));
}

fn service_directory_vanishes() {
    let rig = Rig::new();
    let service = rig.service("gone");
    service.script("run", "exec sleep 100000");
    let mut running = service.supervise();
    let pid = until("run", || Some(Status::read(&service.path(""))?.pid).filter(|pid| *pid != 0));
    fs::remove_dir_all(service.path("")).expect("remove");
    // It cannot be started again, and that is no reason to leave.
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).expect("kill");
    until("words about it", || running.err().contains("warning: unable to open").then_some(()));
    assert_eq!(running.ended(), None);
    running.signal(Signal::SIGTERM);
    assert_eq!(running.wait().code(), Some(0));
}

fn service_directory_is_read_only() {
    let rig = Rig::new();
    let service = rig.service("fixed");
    service.script("run", "exec sleep 100000");
    rig.place.chmod("sv/fixed", 0o555);
    let done = rig.place.run(rig.unprivileged("runsv", &["fixed"]).current_dir(rig.place.path("sv")));
    assert_eq!(done.err, "runsv fixed: fatal: unable to open supervise/lock: file does not exist\n");
    assert_eq!(done.code, Some(111));
    // With the state elsewhere it can be supervised.
    rig.place.chmod("sv/fixed", 0o755);
    let state = rig.place.dir("state");
    rig.place.chmod("state", 0o777);
    std::os::unix::fs::symlink(state.join("fixed"), service.path("supervise")).expect("a link");
    rig.place.chmod("sv/fixed", 0o555);
    let command = &mut rig.unprivileged("runsv", &["fixed"]);
    let _running = rig.place.start(command.current_dir(rig.place.path("sv")));
    until("a status", || fs::read(state.join("fixed/status")).ok().filter(|bytes| bytes.len() == 20));
}

fn supervise_is_a_dangling_link() {
    let rig = Rig::new();
    let service = rig.service("linked");
    service.probe();
    std::os::unix::fs::symlink("../../state", service.path("supervise")).expect("a link");
    let _running = service.up();
    let mode = fs::metadata(rig.place.path("state")).expect("made").permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
}

/// It is tried once a second, the others live, and the first good one is taken.
fn run_is_not_executable() {
    needs_proc();
    let rig = Rig::new();
    let service = rig.service("plain");
    service.file("run", "#!/bin/sh\nexec sleep 100000\n");
    rig.place.chmod("sv/plain/run", 0o644);
    let running = service.supervise();
    let words = "runsv plain: fatal: unable to start ./run: access denied\n";
    until("words about it", || running.err().contains(words).then_some(()));
    rig.place.chmod("sv/plain/run", 0o755);
    let sleeps =
        |pid: i32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n");
    until("the process", || Status::read(&service.path("")).filter(|status| sleeps(status.pid)));
    let _ = program("runsv");
}
