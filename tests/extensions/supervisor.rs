//! What becomes of a service's states when its supervisor ends, is killed, or cannot write.
use crate::told::{Told, files, state_in, with, with_run};
use nix::sys::signal::Signal;
use runit::state::{Doing, LENGTH, State};
use runit_tests::full::Full;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, await_death, search_path, send};
use runit_tests::status::{RUN, Status};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::MetadataExt;

/// It is killed, and what it left with it; another one takes its place.
fn killed(service: &Service<'_>, runsv: &mut Running, signal: Signal) -> Running {
    let pid = service.status().pid;
    runsv.signal(signal);
    runsv.wait();
    if pid != 0 {
        send(pid, Signal::SIGKILL);
        await_death(pid);
    }
    service.start()
}

/// A service in a file system that may be full.
fn with_full(said: crate::told::Files<'_>, look: impl FnOnce(&Service<'_>, &Full)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let supervise = rig.place.dir("sv/foo/supervise");
    let full = Full::new(&rig.place, &supervise, "size=64k");
    files(service.probe(), said);
    let mut command = service.command_after(&full.enter());
    let _runsv = rig.place.start(&mut command);
    until("its start", || service.runs().first().copied());
    until("its line", || state(&full).filter(|state| state.doing == Doing::Run));
    look(&service, &full);
}

fn state(full: &Full) -> Option<State> {
    State::read(full.text("state").as_bytes())
}

pub const CASES: &[Case] = &[
    case("supervisor_killed_and_a_service_not_ready", || {
        with(&[("notification-fd", "5")], |service, runsv| {
            service.tell("echo >&5");
            service.await_ready(Some(true));
            let _next = killed(service, runsv, Signal::SIGKILL);
            service.await_runs(2);
            let state = service.await_ready(Some(false));
            assert_eq!((state.starts, state.doing), (1, Doing::Run));
        });
    }),
    case("supervisor_killed_and_a_service_that_failed", || {
        // Another one knows nothing of it, and tries.
        with_run("exit 1", &[("restart-delay", "50"), ("restart-limit", "2 60")], |service, runsv| {
            service.await_doing(Doing::Failed);
            let _next = killed(service, runsv, Signal::SIGKILL);
            until("its starts", || (service.starts() == 4).then_some(()));
            assert_eq!(service.await_doing(Doing::Failed).starts, 2);
        });
    }),
    case("supervisor_killed_and_a_oneshot_that_is_done", || {
        // It is done once more: nobody knows what it did.
        with_run("exit 0", &[("oneshot", "")], |service, runsv| {
            service.await_doing(Doing::Done);
            let _next = killed(service, runsv, Signal::SIGKILL);
            until("another start", || (service.starts() == 2).then_some(()));
            assert_eq!(service.await_doing(Doing::Done).starts, 1);
            assert_eq!(service.trace(), ["run", "run"]);
        });
    }),
    case("supervisor_killed_and_a_pause", || {
        with_run("exit 1", &[("restart-delay", "60000")], |service, runsv| {
            service.await_doing(Doing::PausedStart);
            let _next = killed(service, runsv, Signal::SIGKILL);
            until("another start", || (service.starts() == 2).then_some(()));
        });
    }),
    case("supervisor_killed_by_hup", || {
        // As C's: it is no signal of runsv.
        with(&[("notification-fd", "5")], |service, runsv| {
            let _next = killed(service, runsv, Signal::SIGHUP);
            service.await_runs(2);
            service.await_ready(Some(false));
        });
    }),
    case("supervisor_killed_during_finish", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe().long_finish(), &[("timeout-finish", "60000")]);
        let mut runsv = service.up();
        service.tell("exit 1");
        until("its finish", || {
            service.state().filter(|state| state.doing == Doing::Finish && state.pid.is_some())
        });
        until("its record", || (service.status().state == 2 && service.status().pid != 0).then_some(()));
        let _next = killed(&service, &mut runsv, Signal::SIGKILL);
        service.await_runs(2);
        assert_eq!(service.await_doing(Doing::Run).starts, 1);
    }),
    case("supervisor_of_old_leaves_a_line_that_is_not_believed", || {
        // A runsv that writes none, after one that has.
        let rig = Rig::new();
        let (service, old) = (rig.service("foo"), rig.service("old"));
        files(old.probe(), &[("notification-fd", "5")]);
        let _runsv = old.up();
        let line = old.text("supervise/state");
        let fake = service.fake(Status { pid: old.runs()[0], ..old.status() });
        service.file("supervise/state", &line);
        assert_eq!(service.line(), "run: foo: (pid p) Ts, not ready");
        fake.set(Status::now(RUN, 4711, b'u'));
        assert_eq!(service.line(), "run: foo: (pid p) Ts");
        service.obeys(&["check"], "ok: run: foo: (pid p) Ts", 0);
    }),
    case("supervisor_between_two_files", || {
        // The line is of what comes, the record of what was: no process is taken for one that is ready, however old.
        let rig = Rig::new();
        let (service, other) = (rig.service("foo"), rig.service("other"));
        files(other.script("run", "exit 1"), &[("notification-fd", "5"), ("restart-limit", "1 60")]);
        let _runsv = other.supervise();
        other.await_doing(Doing::Failed);
        let _fake = service.fake(Status::now(RUN, 4711, b'u').before(60));
        service.file("supervise/state", &other.text("supervise/state"));
        service.obeys(&["-w", "1", "check"], "timeout: run: foo: (pid p) Ts", 1);
    }),
    case("supervisor_of_old_and_a_clock_that_was_set", || {
        // A line of a time to come, and no supervisor to write another.
        let rig = Rig::new();
        let (service, other) = (rig.service("foo"), rig.service("other"));
        files(other.probe(), &[("notification-fd", "5")]);
        let _runsv = other.up();
        let since = other.state().unwrap().since;
        let line = other.text("supervise/state");
        let _fake = service.fake(Status::now(RUN, 4711, b'u').before(60));
        service.file(
            "supervise/state",
            &line.replace(&since.secs.to_string(), &(since.secs + 86_400).to_string()),
        );
        service.obeys(&["check"], "ok: run: foo: (pid p) Ts", 0);
    }),
    case("supervisor_line_without_length_is_not_believed", || {
        with(&[("notification-fd", "5")], |service, _| {
            let path = service.path("supervise/state");
            let line = fs::read(&path).unwrap();
            fs::write(&path, &line[..LENGTH - 1]).unwrap();
            assert_eq!(service.line(), "run: foo: (pid p) Ts");
            fs::write(&path, b"\xff".repeat(5000)).unwrap();
            assert_eq!(service.line(), "run: foo: (pid p) Ts");
            fs::remove_file(&path).unwrap();
            assert_eq!(service.line(), "run: foo: (pid p) Ts");
            // The next change makes it whole.
            service.tell("echo >&5");
            service.await_ready(Some(true));
        });
    }),
    case("supervisor_line_is_written_in_place", || {
        with(&[], |service, _| {
            let inode = || fs::metadata(service.path("supervise/state")).unwrap().ino();
            let before = inode();
            for start in 2..4 {
                service.control("t");
                service.await_runs(start);
                assert_eq!(fs::metadata(service.path("supervise/state")).unwrap().len(), LENGTH as u64);
            }
            assert_eq!(inode(), before);
        });
    }),
    case("supervisor_line_cannot_be_written", || {
        // A directory in its place: all else is as ever.
        let rig = Rig::new();
        let service = rig.service("foo");
        files(service.probe(), &[("restart-limit", "3 60"), ("restart-delay", "50")]);
        rig.place.dir("sv/foo/supervise/state/x");
        let runsv = service.up();
        assert_eq!((service.line().as_str(), runsv.err().as_str()), ("run: foo: (pid p) Ts", ""));
        service.control("t");
        service.await_runs(2);
        service.control("d");
        service.await_stat("down");
    }),
    case("supervisor_that_was_told_to_end_says_so_last", || {
        with_run("exit 0", &[("oneshot", "")], |service, runsv| {
            service.await_doing(Doing::Done);
            runsv.signal(Signal::SIGTERM);
            runsv.wait();
            let state = state_in(&service.dir).unwrap();
            assert_eq!((state.doing, state.ready), (Doing::Down, Some(false)));
        });
    }),
    case("supervisor_full_disk", || {
        // The line is overwritten; where even that is not to be, nothing waits for it.
        with_full(&[("restart-delay", "50"), ("restart-limit", "9 60")], |service, full| {
            full.fill();
            for start in 2..5 {
                service.tell("exit 1");
                until("its start", || service.runs().get(start - 1).copied());
            }
            until("its line", || state(full).filter(|state| state.starts == 4 && state.ends == 3));
            full.make_room();
            until("its record", || {
                let status = Status::of(&fs::read(full.path("status")).ok()?)?;
                (status.pid == *service.runs().last()?).then_some(())
            });
        });
    }),
    case("supervisor_full_disk_and_failed", || {
        with_full(&[("restart-delay", "50"), ("restart-limit", "2 60")], |service, full| {
            full.fill();
            service.tell("exit 1");
            until("its start", || service.runs().get(1).copied());
            service.tell("exit 1");
            until("its line", || state(full).filter(|state| state.doing == Doing::Failed));
        });
    }),
    case("supervisor_full_disk_and_ready", || {
        with_full(&[("notification-fd", "5")], |service, full| {
            full.fill();
            service.tell("echo >&5");
            until("its line", || state(full).filter(|state| state.ready == Some(true)));
        });
    }),
    case("supervisor_full_disk_and_a_oneshot", || {
        with_full(&[("oneshot", "")], |service, full| {
            full.fill();
            service.tell("exit 0");
            until("its line", || state(full).filter(|state| state.doing == Doing::Done));
        });
    }),
    case("supervisor_under_runsvdir", || {
        // HUP stops all of them, as they say.
        let rig = Rig::new();
        let one = rig.service("one");
        files(one.script("run", "exit 0").finish(), &[("oneshot", "")]);
        let slow = rig.service("slow");
        files(slow.probe_with("trap 'echo TERM >>trace' TERM"), &[("timeout-kill", "300")]);
        let int = rig.service("int");
        files(int.probe_with("trap 'echo INT >>trace; exit 0' INT").finish(), &[("down-signal", "INT")]);
        let bad = rig.service("bad");
        files(bad.script("run", "exit 1"), &[("restart-limit", "1 60")]);
        let mut runsvdir = rig.place.start(rig.command("runsvdir", &["sv"]).env("PATH", search_path()));
        until("all", || {
            (one.state()?.doing == Doing::Done && bad.state()?.doing == Doing::Failed).then_some(())
        });
        slow.await_trace("run");
        int.await_trace("run");
        runsvdir.signal(Signal::SIGHUP);
        runsvdir.wait();
        // It does not wait for them.
        for service in [&one, &slow, &int, &bad] {
            until("its end", || {
                runit_tests::place::write_fifo(&service.path("supervise/ok"), b"").err().map(drop)
            });
        }
        int.await_traces(&["run", "INT", "finish 0 0"]);
        one.await_trace("finish 0 0");
        slow.await_trace("TERM");
    }),
];
