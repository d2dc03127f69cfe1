//! `sv` and the time it takes to see whether a service runs: one that cannot run is never `ok`, one
//! whose supervisor is about to come is waited for, and a script that its supervisor waits for is not
//! kept waiting.
//!
//! C runit sees most of what cannot run, but not all: its first look may find a process that is about to
//! fail.
use crate::runsvdir;
use runit_tests::place::{Output, write_fifo};
use runit_tests::rig::{Rig, Service, masked};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("settled_no_run", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.supervise();
        for word in ["start", "restart", "check"] {
            fails(&rig.sv(&["-w", "2", word, "foo"]), word);
        }
    })
    .ours(),
    case("settled_crash_loop", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.script("run", "echo >>starts; exit 1").supervise();
        for word in ["start", "check", "restart", "try-restart"] {
            // It is not the moment of the first start.
            service.await_more("starts");
            fails(&rig.sv(&["-w", "2", word, "foo"]), word);
        }
    })
    .ours(),
    case("settled_missing_interpreter", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.rig.place.executable(service.path("run"), "#!/nowhere/sh\n");
        let _runsv = service.supervise();
        fails(&rig.sv(&["-w", "2", "start", "foo"]), "start");
    })
    .ours(),
    case("settled_broken_configuration", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let first = "test ! -e broken || exit 1";
        let _runsv = service.probe_with(first).up();
        service.await_age();
        service.file("broken", "");
        fails(&rig.sv(&["-w", "3", "restart", "foo"]), "restart");
    })
    .ours(),
    case("settled_in_the_end", || {
        // It crashes twice and then stays.
        let rig = Rig::new();
        let service = rig.service("foo");
        let text = "echo >>starts; test $(wc -l <starts) -ge 3 || exit 1";
        let _runsv = service.file("down", "").probe_with(text).supervise();
        let done = rig.sv(&["start", "foo"]);
        assert_eq!(
            (masked(&done.out).as_str(), done.code),
            ("ok: run: foo: (pid p) Ts, normally down\n", Some(0))
        );
        assert_eq!(service.text("starts").len(), 3);
    })
    .ours(),
    case("settled_once", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.file("down", "").supervise();
        let done = rig.sv(&["-v", "once", "foo"]);
        assert_eq!((masked(&done.out).as_str(), done.code), ("ok: down: foo: Ts\n", Some(0)));
    })
    .ours(),
    case("settled_side_by_side", || {
        let rig = Rig::new();
        let services: Vec<Service<'_>> = (0..12).map(|number| rig.service(&format!("s{number}"))).collect();
        let _runsvs: Vec<_> =
            services.iter().map(|service| service.file("down", "").probe().supervise()).collect();
        let names: Vec<&str> = services.iter().map(|service| service.name.as_str()).collect();
        let start = Instant::now();
        let done = rig.sv(&[&["start"], names.as_slice()].concat());
        assert_eq!((done.code, done.out.matches("ok: run: ").count()), (Some(0), 12), "{done:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }),
    case("settled_a_check_that_passes_is_enough", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.file("down", "").script("check", "exit 0").probe().supervise();
        let quickest = (0..3).map(|_| {
            rig.sv(&["stop", "foo"]);
            let start = Instant::now();
            let done = rig.sv(&["start", "foo"]);
            assert_eq!(done.code, Some(0), "{done:?}");
            start.elapsed()
        });
        assert!(quickest.min() < Some(Duration::from_millis(400)));
    })
    .dev("DEV-50"),
    case("settled_a_check_that_cannot_run_says_nothing", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.file("check", "").script("run", "echo >>starts; exit 1").supervise();
        service.await_more("starts");
        fails(&rig.sv(&["-w", "2", "start", "foo"]), "start");
    })
    .ours(),
    case("settled_without_much_time", || {
        // `-w 0` is one step, in which a service that can run settles.
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.file("down", "").probe().supervise();
        let done = rig.sv(&["-w", "0", "start", "foo"]);
        assert_eq!(done.code, Some(0), "{done:?}");
    }),
    case("supervisor_comes_after_the_link", || {
        let rig = Rig::new();
        let _runsvdir = runsvdir::start(&rig, &["sv"]);
        for (number, word) in ["start", "check", "restart", "start", "check"].iter().enumerate() {
            let name = format!("s{number}");
            rig.service(&format!("../all/{name}")).probe();
            symlink(format!("../all/{name}"), rig.place.path("sv").join(&name)).unwrap();
            let done = rig.sv(&[word, &name]);
            let said = format!("ok: run: {name}: (pid p) Ts\n");
            assert_eq!((masked(&done.out), done.code), (said, Some(0)), "{word}");
        }
    })
    .ours(),
    case("supervisor_of_a_new_name_is_waited_for_by_all", || {
        let rig = Rig::new();
        let _runsvdir = runsvdir::start(&rig, &["sv"]);
        rig.service("../all/foo").probe();
        symlink("../all/foo", rig.place.path("sv/foo")).unwrap();
        let done = rig.sv(&["stop", "foo"]);
        assert_eq!((masked(&done.out).as_str(), done.code), ("ok: down: foo: Ts, normally up\n", Some(0)));
    })
    .ours(),
    case("supervisor_does_not_come", || {
        let rig = Rig::new();
        rig.service("foo");
        let text = "warning: foo: unable to open supervise/control: file does not exist\n";
        let done = rig.sv(&["start", "foo"]);
        assert_eq!((done.out.as_str(), done.code), (text, Some(1)));
    })
    .since("2.3.1"),
    case("supervisor_waits_for_the_caller", || {
        // Each of these C runit's sv answers at once; a script that waits gets TERM in its place.
        for words in ["reload", "-v hup", "-v 1", "start", "check", "-v cont", "-v up"] {
            let rig = Rig::new();
            let service = rig.service("foo");
            let sv = runit_tests::rig::program("sv");
            let script = format!("{} {words} . >said && echo script t >>trace", sv.display());
            let _runsv = service.stubborn().script("control/t", &script).up();
            // A process that has settled.
            service.await_age();
            until("its age", || {
                (runit_tests::status::Status::now(0, 0, 0).secs > service.status().secs + 1).then_some(())
            });
            service.control("t");
            service.await_trace("script t");
            // Whatever it sent, the last is this.
            service.control("2");
            service.await_trace("USR2");
            assert!(!service.trace().contains(&"TERM".into()), "{words}: {:?}", service.trace());
            assert_eq!(masked(&service.text("said")), "ok: run: .: (pid p) Ts\n", "{words}");
        }
    }),
    case("supervisor_waits_for_the_caller_in_vain", || {
        // What cannot come true while the script runs is not waited for.
        let rig = Rig::new();
        let service = rig.service("foo");
        let sv = runit_tests::rig::program("sv");
        let script = format!("{} stop . >said; echo script t $? >>trace", sv.display());
        let _runsv = service.stubborn().script("control/t", &script).up();
        service.control("t");
        let start = Instant::now();
        service.await_trace("script t 1");
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    })
    .dev("DEV-50"),
    case("supervisor_has_not_sent_what_waits_for_a_script", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv =
            service.probe().fifo("go").script("control/p", "echo script p >>trace; read -r line <go").up();
        // Read at once, the second command waits for the script of the first.
        service.control("ph");
        service.await_trace("script p");
        let done = rig.sv(&["-w", "1", "1", "foo"]);
        assert_eq!(
            (masked(&done.out).as_str(), done.code),
            ("timeout: run: foo: (pid p) Ts, paused\n", Some(1))
        );
        assert_eq!(service.trace(), ["run", "script p"]);
        until("a reader", || write_fifo(&service.path("go"), b"go\n").ok());
        service.await_trace("USR1");
    })
    .ours(),
];

fn fails(done: &Output, word: &str) {
    assert!(done.out.starts_with("timeout: ") && done.code == Some(1), "{word}: {done:?}");
}
