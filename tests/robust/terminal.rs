//! A terminal that takes nothing, or less than a message, as descriptor 2: nobody waits for it.
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::openpty;
use nix::sys::signal::Signal;
use nix::sys::termios::{FlowArg, tcflow};
use runit_tests::rig::{Rig, is_alive, search_path, send};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};

pub const CASES: &[Case] = &[
    case("runsv_with_a_terminal_that_nobody_reads", runsv),
    case("runsvdir_with_a_terminal_that_nobody_reads", runsvdir),
    case("svlogd_with_a_terminal_that_nobody_reads", svlogd),
];

/// A terminal in a state, and the side that nobody reads.
struct Terminal {
    line: OwnedFd,
    _other: OwnedFd,
}

/// Writes so many bytes, or as many as have room; how many.
fn fill(line: &OwnedFd, most: usize) -> usize {
    let flags = |flags| fcntl(line, FcntlArg::F_SETFL(flags)).expect("its flags");
    flags(OFlag::O_NONBLOCK);
    let mut count = 0;
    while count < most && nix::unistd::write(line, b"x").is_ok() {
        count += 1;
    }
    flags(OFlag::empty());
    count
}

/// Full but for so many bytes; none: stopped, as by ^S.
fn terminal(room: Option<usize>) -> Terminal {
    let new = || openpty(None, None).expect("a terminal");
    let pty = new();
    match room {
        Some(room) => drop(fill(&pty.slave, fill(&new().slave, usize::MAX) - room)),
        None => tcflow(&pty.slave, FlowArg::TCOOFF).expect("a stop"),
    }
    Terminal { line: pty.slave, _other: pty.master }
}

const ROOMS: [Option<usize>; 3] = [None, Some(0), Some(40)];

/// Its child says that it cannot start `run`, it says itself that it cannot write the status.
fn runsv() {
    for room in ROOMS {
        let terminal = terminal(room);
        let rig = Rig::new();
        let service = rig.service("quiet");
        service.probe();
        let run = service.path("run");
        fs::set_permissions(&run, fs::Permissions::from_mode(0o644)).expect("chmod");
        let mut running = rig.place.start_on(&mut service.command(), &terminal.line);
        service.await_ok();
        fs::set_permissions(&run, fs::Permissions::from_mode(0o755)).expect("chmod");
        let first = service.await_runs(1);
        send(first, Signal::SIGKILL);
        let second = service.await_runs(2);
        assert!(is_alive(second));
        fs::remove_file(service.path("supervise/status")).expect("remove");
        fs::create_dir(service.path("supervise/status")).expect("mkdir");
        service.control("d");
        until("the end of run", || (service.text("supervise/stat") == "down\n").then_some(()));
        running.signal(Signal::SIGTERM);
        assert_eq!(running.wait().code(), Some(0), "{room:?}");
    }
}

/// It says that an entry leads nowhere.
fn runsvdir() {
    for room in ROOMS {
        let terminal = terminal(room);
        let rig = Rig::new();
        rig.place.dir("sv");
        symlink("/nowhere/at/all", rig.place.path("sv/dangling")).expect("a link");
        rig.place.dir("new");
        rig.place.script("new/run", "exec sleep 100000");
        let mut command = rig.command("runsvdir", &["sv"]);
        command.env("PATH", search_path());
        let mut running = rig.place.start_on(&mut command, &terminal.line);
        symlink(rig.place.path("new"), rig.place.path("sv/new")).expect("a link");
        until("a service up", || Status::read(&rig.place.path("new")).filter(Status::is_up));
        running.signal(Signal::SIGHUP);
        assert_eq!(running.wait().code(), Some(111), "{room:?}");
    }
}

/// It says that a directory cannot be used.
fn svlogd() {
    for room in ROOMS {
        let terminal = terminal(room);
        let rig = Rig::new();
        rig.place.dir("log");
        let input = rig.place.fifo("input");
        let mut command = rig.command("svlogd", &["nowhere", "log"]);
        let keep = fs::OpenOptions::new().read(true).write(true).open(&input).expect("the input");
        command.stdin(fs::File::open(&input).expect("the input"));
        let mut running = rig.place.start_on(&mut command, &terminal.line);
        runit_tests::place::write_fifo(&input, b"hello\n").expect("a line");
        until("the line", || (rig.place.text("log/current") == "hello\n").then_some(()));
        running.signal(Signal::SIGHUP);
        running.signal(Signal::SIGTERM);
        drop(keep);
        assert_eq!(running.wait().code(), Some(0), "{room:?}");
    }
}
