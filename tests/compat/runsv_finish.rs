//! `./finish`: what it is told, when it runs, and when not.
use runit_tests::rig::{Rig, Service, by_term, end_by};
use runit_tests::status::FINISH;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::time::{Duration, Instant, SystemTime};

pub const CASES: &[Case] = &[
    case("finish_exit_codes", || {
        for (line, said) in [
            ("exit 0", "finish 0 0"),
            ("exit 3", "finish 3 0"),
            ("exit 100", "finish 100 0"),
            ("exit 111", "finish 111 0"),
            ("exit 255", "finish 255 0"),
        ] {
            finishes(line, said);
        }
    }),
    case("finish_signals", || {
        finishes("kill -9 $$", "finish -1 9");
        for signal in ["TERM", "HUP", "USR1"] {
            finishes(&format!("trap - {signal}; kill -{signal} $$"), &end_by(signal, ":"));
        }
    }),
    case("finish_core", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        // No probe: a shell of FreeBSD that had a trap for QUIT does not die of it any more.
        service.finish().script("run", "test ! -e again || exec sleep 1000; >again; kill -QUIT $$");
        let _runsv = rig.place.start(&mut service.command_after("ulimit -c unlimited"));
        service.await_trace(&end_by("QUIT", "ulimit -c unlimited"));
    }),
    case("finish_after_down", || {
        with_finish(|service| {
            service.control("d");
            service.await_stat("down");
            assert_eq!(service.trace(), ["run", by_term()]);
        });
    }),
    case("finish_after_each_end", || {
        with_finish(|service| {
            for count in 2..4 {
                service.tell("exit 1");
                service.await_runs(count);
            }
            assert_eq!(service.trace(), ["run", "finish 1 0", "run", "finish 1 0", "run"]);
        });
    }),
    // The pause is counted from the start, and a command that comes before it has begun does not take it away.
    case("finish_told_up_keeps_the_second", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.script("run", "test -e first || { >first; exit 1; }; >second; exec sleep 1000");
        service.script("finish", ">finishing; until test -e go; do sleep 0.02; done");
        // What the first run has written may be later than its start.
        let before = SystemTime::now();
        let _runsv = service.supervise();
        let written = |name: &str| fs::metadata(service.path(name)).and_then(|found| found.modified()).ok();
        until("finish", || written("finishing"));
        for (letter, stat) in [("d", "finish, want down"), ("u", "finish")] {
            service.control(letter);
            service.await_stat(stat);
        }
        service.file("go", "");
        let pause = until("another", || written("second")).duration_since(before).unwrap_or_default();
        assert!(pause >= Duration::from_millis(950), "after {pause:?}");
    }),
    case("finish_before_exit", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let mut runsv = service.finish().probe().up();
        service.control("x");
        assert_eq!(runsv.wait().code(), Some(0));
        assert_eq!(service.trace(), ["run", by_term()]);
        assert_eq!((service.stat().as_str(), service.text("supervise/pid").as_str()), ("down", ""));
    }),
    case("finish_record", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.long_finish().probe().up();
        let started = until("a start", || Some(service.status()).filter(|record| record.pid != 0));
        service.await_age();
        service.tell("exit 0");
        service.await_stat("finish");
        let record =
            until("a number", || Some(service.status()).filter(|it| it.state == FINISH && it.pid != 0));
        assert_eq!((record.want, record.got_term, record.paused), (b'u', 0, 0));
        assert_eq!((record.secs, record.nanos), (started.secs, started.nanos), "the age is that of ./run");
        assert_eq!(service.text("supervise/pid"), format!("{}\n", record.pid));
    }),
    case("finish_is_not_told_got_term", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.long_finish().probe().up();
        service.control("d");
        service.await_trace(by_term());
        service.await_stat("finish, want down");
    }),
    case("finish_sees_the_status", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("finish", "cat supervise/stat >>trace").probe().up();
        service.control("d");
        service.await_stat("down");
        assert_eq!(service.trace(), ["run", "finish, want down"]);
    }),
    case("finish_of_a_run_that_cannot_start", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.finish().file("run", "").supervise();
        service.await_trace("finish 111 0");
    }),
    case("finish_not_executable", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let runsv = service.file("finish", "").probe().up();
        service.tell("exit 0");
        service.await_runs(2);
        assert_eq!(runsv.err(), "runsv foo: fatal: unable to start ./finish: access denied\n");
    }),
    case("finish_is_a_directory", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        rig.place.dir(service.path("finish"));
        let runsv = service.probe().up();
        service.tell("exit 0");
        service.await_runs(2);
        assert_eq!(runsv.err(), "runsv foo: fatal: unable to start ./finish: access denied\n");
    }),
    case("finish_added_and_removed_later", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.probe().up();
        service.finish().tell("exit 4");
        service.await_runs(2);
        std::fs::remove_file(service.path("finish")).unwrap();
        service.tell("exit 5");
        service.await_runs(3);
        assert_eq!(service.trace(), ["run", "finish 4 0", "run", "run"]);
    }),
    case("finish_does_not_wait_for_the_pause", || {
        let quickest = (0..3)
            .map(|_| {
                let rig = Rig::new();
                let service = rig.service("foo");
                let _runsv = service.finish().probe().file("down", "").supervise();
                service.control("o");
                service.await_trace("run");
                let start = Instant::now();
                service.tell("exit 0");
                service.await_trace("finish 0 0");
                start.elapsed()
            })
            .min();
        assert!(quickest < Some(Duration::from_millis(900)), "{quickest:?}");
    }),
    case("finish_has_the_logs_pipe", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.log().script("finish", "echo $0 $*").probe().up();
        service.control("d");
        until("a line", || (service.text("logged") == format!("./{}\n", by_term())).then_some(()));
    }),
    case("finish_killed_from_outside", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.long_finish().probe().up();
        service.control("d");
        service.await_trace(by_term());
        service.tell_finish("kill -9 $$");
        service.await_stat("down");
        assert_eq!(service.trace(), ["run", by_term()]);
    }),
];

/// `./run` does this, and `./finish` is told so.
fn finishes(line: &str, said: &str) {
    with_finish(|service| {
        service.tell(line);
        service.await_trace(said);
        service.await_runs(2);
    });
}

fn with_finish(look: impl FnOnce(&Service<'_>)) {
    let rig = Rig::new();
    let service = rig.service("foo");
    let _runsv = service.finish().probe().up();
    look(&service);
}
