//! chpst --notify-fd: a newline in, sd_notify(3) out.
use crate::notifier::{Supervisor, notifier};
use crate::tools::{Tools, fatal, need_root, said};
use nix::sys::signal::Signal;
use platform_host::datagrams;
use runit_tests::place::Running;
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;
use std::os::fd::OwnedFd;

/// A manager that waits for datagrams.
struct Manager {
    supervisor: Supervisor,
    socket: OwnedFd,
    name: String,
}

impl Manager {
    fn new() -> Manager {
        let supervisor = Supervisor::new();
        let dir = supervisor.tools.rig.place.root().to_str().unwrap().to_owned();
        let socket = datagrams::receiver(&[dir.as_bytes()]).expect("a socket");
        let name = String::from_utf8(datagrams::name(&socket).unwrap()).unwrap();
        Manager { supervisor, socket, name }
    }

    /// Starts `chpst WORDS` as the manager does.
    fn start(&self, words: &[&str]) -> Running {
        self.supervisor.start_after(&format!("export NOTIFY_SOCKET={}", self.name), words)
    }

    /// The next datagram, and its sender.
    fn taken(&self) -> Option<(String, Option<datagrams::Sender>)> {
        let mut bytes = [0; 200];
        let (count, sender) = datagrams::receive(&self.socket, &mut bytes).ok()?;
        Some((String::from_utf8_lossy(&bytes[..count]).into_owned(), sender))
    }

    /// Waits for the news that this process is ready; there is nothing else.
    fn await_ready(&self, running: &Running) -> Option<datagrams::Sender> {
        let (text, sender) = until("a datagram", || self.taken());
        assert_eq!(text, format!("READY=1\nMAINPID={}", running.pid()));
        self.nothing();
        sender
    }

    /// Nothing has been sent by a process that is gone.
    fn nothing(&self) {
        assert_eq!(self.taken(), None);
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        datagrams::remove(self.name.as_bytes());
    }
}

pub const CASES: &[Case] = &[
    case("notify_fd_newline", || {
        needs_proc();
        // Numbers that the pipe has itself, or not.
        for fd in ["3", "4", "5", "9", "200"] {
            let manager = Manager::new();
            let script = format!(
                "echo ${{NOTIFY_SOCKET-none}} >>trace; cat go >/dev/fd/{fd}; echo told >>trace; exec sleep 1000"
            );
            let running = manager.start(&["--notify-fd", fd, "sh", "-c", &script]);
            manager.supervisor.await_trace("none\n");
            manager.nothing();
            assert_eq!(manager.supervisor.relays().len(), 1);
            manager.supervisor.go();
            manager.await_ready(&running);
            manager.supervisor.await_no_relay();
            manager.supervisor.await_trace("none\ntold\n");
        }
    })
    .ours(),
    case("notify_fd_newline_later", || {
        needs_proc();
        let manager = Manager::new();
        let script = "printf abc >&5; cat go; printf 'd\\ne' >&5; exec sleep 1000";
        let running = manager.start(&["--notify-fd=5", "sh", "-c", script]);
        manager.supervisor.go();
        manager.await_ready(&running);
        manager.supervisor.await_no_relay();
    })
    .ours(),
    case("notify_fd_newline_at_the_end", || {
        needs_proc();
        let manager = Manager::new();
        let mut running = manager.start(&["--notify-fd=5", "sh", "-c", "echo >&5"]);
        manager.await_ready(&running);
        assert!(running.wait().success());
    })
    .ours(),
    case("notify_fd_closed_without_a_newline", || {
        needs_proc();
        let manager = Manager::new();
        let script = "printf abc >&5; exec 5>&-; echo closed >>trace; exec sleep 1000";
        let _running = manager.start(&["--notify-fd=5", "sh", "-c", script]);
        manager.supervisor.await_trace("closed\n");
        manager.supervisor.await_no_relay();
        manager.nothing();
    })
    .ours(),
    case("notify_fd_death", || {
        needs_proc();
        let manager = Manager::new();
        // Somebody else has the descriptor still.
        let mut running = manager.start(&["--notify-fd=5", "sh", "-c", "sleep 1000 & echo up >>trace; exec sleep 1000"]);
        manager.supervisor.await_trace("up\n");
        assert_eq!(manager.supervisor.relays().len(), 1);
        running.signal(Signal::SIGKILL);
        running.wait();
        manager.supervisor.await_no_relay();
        manager.nothing();
    })
    .ours(),
    case("notify_fd_without_a_manager", || {
        let script = "echo ${NOTIFY_SOCKET-none}; echo >&5; echo x >&5; yes 2>/dev/null | head -n 100000 >&5; echo $?";
        let tools = Tools::new();
        said(&tools.run(&["chpst", "--notify-fd=5", "sh", "-c", script]), "none\n0\n");
        let mut command = tools.command(&["chpst", "--notify-fd=5", "sh", "-c", script]);
        said(&tools.rig.place.run(command.env("NOTIFY_SOCKET", "")), "none\n0\n");
    })
    .ours(),
    case("notify_fd_in_the_place_of_another", || {
        needs_proc();
        let manager = Manager::new();
        let words = ["--notify-fd=3", "sh", "-c", "echo >&3; exec sleep 1000"];
        let running = manager.start(&words);
        manager.await_ready(&running);
    })
    .ours(),
    case("notify_fd_and_the_lock", || {
        needs_proc();
        let manager = Manager::new();
        let running = manager.start(&["-l", "lock", "--notify-fd=4", "sh", "-c", "echo >&4; exec sleep 1000"]);
        manager.await_ready(&running);
        let done = manager.supervisor.tools.run(&["chpst", "-L", "lock", "true"]);
        fatal(&done, "unable to lock: lock: temporary failure");
    })
    .ours(),
    case("notify_fd_another_user_and_root", || {
        need_root();
        let manager = Manager::new();
        let words = ["--notify-fd=5", "-/", "/", "-u", ":65534:65534", "sh", "-c", "echo >&5; exec sleep 1000"];
        let running = manager.start(&words);
        // In the program's name: a manager may listen to nobody else.
        let sender = manager.await_ready(&running);
        let speaks_for_it = sender.is_none_or(|it| it.pid == running.pid());
        assert!(speaks_for_it || std::env::var_os("RUNIT_PORTABLE").is_some(), "{sender:?}");
    })
    .ours(),
    case("notify_fd_bad_sockets", || {
        let tools = Tools::new();
        for (name, why) in [
            ("/missing/socket", "file does not exist"),
            ("relative", "address family not supported"),
            ("@", "address family not supported"),
            ("vsock:2:1", "address family not supported"),
        ] {
            let mut command = tools.command(&["chpst", "--notify-fd=5", "echo", "ran"]);
            let done = tools.rig.place.run(command.env("NOTIFY_SOCKET", name));
            fatal(&done, &format!("unable to reach notify socket {name}: {why}"));
        }
    })
    .ours(),
    case("notify_there_and_back", || {
        let mut supervisor = Supervisor::new();
        let words = ["--notify-socket=3", "chpst", "--notify-fd=4", "sh", "-c", "echo >&4; exec sleep 1000"];
        let _running = supervisor.start(&words);
        assert_eq!(supervisor.await_end(), "\n");
        let manager = Manager::new();
        let program = notifier(&["send=READY=1", "await=never"]);
        let running = manager.start(&[&["--notify-fd=4", "chpst", "--notify-socket=4"], &program[..]].concat());
        manager.await_ready(&running);
    })
    .ours(),
];
