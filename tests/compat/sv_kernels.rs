//! sv where the kernel tells less than Linux: of what waits in a FIFO, of its last reader, of closed descriptors. What
//! Linux answers otherwise, `tests/src/foreign.c` does.
use crate::sv_wait::{OLD, down, ends, run};
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case, needs_proc};
use std::thread;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("sv_start_is_not_satisfied_before_the_command_was_read", || {
        // The record is older than the command, and says what the command asks for.
        let rig = Rig::new();
        let fake = rig.service("foo").fake(run(OLD, b'u').before(100));
        let sv = rig.start_sv(&["-w", "1", "start", "foo"]);
        ends(sv, "timeout: run: foo: (pid p) Ts\n", 1);
        assert_eq!(fake.taken(), "u");
    })
    .dev("DEV-51"),
    case("sv_has_standard_descriptors", || {
        needs_proc();
        let rig = Rig::new();
        let fake = rig.service("foo").fake(run(OLD, b'u'));
        let mut command = rig.place.command("sh");
        command.args(["-c", "exec \"$0\" -w 60 stop foo <&- >&- 2>&-"]).arg(program("sv"));
        let mut sv = rig.place.start(command.env("SVDIR", rig.place.path("sv")));
        fake.await_command("d");
        let open = |fd| std::fs::read_link(format!("/proc/{}/fd/{fd}", sv.pid())).unwrap_or_default();
        let open = [0, 1, 2].map(|fd| open(fd).into_os_string().into_string().unwrap_or_default());
        fake.set(down(b'd'));
        assert_eq!((sv.wait().code(), open), (Some(0), ["/dev/null"; 3].map(String::from)));
    })
    .ours(),
    case("sv_shutdown_is_answered_soon", || {
        // Nothing is renamed when a supervisor is killed.
        let delay = || {
            let rig = Rig::new();
            let fake = rig.service("foo").fake(run(OLD, b'u'));
            let mut sv = rig.start_sv(&["shutdown", "foo"]);
            fake.await_command("x");
            thread::sleep(Duration::from_millis(130));
            let start = Instant::now();
            drop(fake);
            sv.wait();
            start.elapsed()
        };
        let quickest = (0..5).map(|_| delay()).min();
        assert!(quickest < Some(Duration::from_millis(100)), "{quickest:?}");
    })
    .dev("DEV-50"),
];
