//! The text of `sv status` for every record, and the troubles of reading one.
use runit_tests::place::Output;
use runit_tests::rig::{Rig, masked};
use runit_tests::status::{DOWN, FINISH, RUN, Status};
use runit_tests::suite::{Case, case};
use std::fs;
use std::os::unix::fs::symlink;

pub const CASES: &[Case] = &[
    case("sv_status_run", || shows(Status::now(RUN, 4711, b'u'), "run: foo: (pid 4711) 9s")),
    case("sv_status_down", || shows(Status::now(DOWN, 0, b'd'), "down: foo: 9s, normally up")),
    case("sv_status_want_up", || shows(Status::now(DOWN, 0, b'u'), "down: foo: 9s, normally up, want up")),
    case("sv_status_want_down", || shows(Status::now(RUN, 1, b'd'), "run: foo: (pid 1) 9s, want down")),
    case("sv_status_finish", || {
        shows(Status::now(FINISH, 16123, b'd'), "finish: foo: (pid 16123) 9s, want down");
        shows(Status::now(FINISH, 5, b'u'), "finish: foo: (pid 5) 9s");
        shows(Status::now(FINISH, 0, b'u'), "finish: foo: (pid 0) 9s, normally up, want up");
    }),
    case("sv_status_paused", || {
        shows(Status { paused: 1, ..Status::now(RUN, 7242, b'u') }, "run: foo: (pid 7242) 9s, paused");
        shows(Status { paused: 1, ..Status::now(DOWN, 0, b'd') }, "down: foo: 9s, normally up");
    }),
    case("sv_status_got_term", || {
        let term = Status { got_term: 1, ..Status::now(RUN, 9900, b'd') };
        shows(term, "run: foo: (pid 9900) 9s, want down, got TERM");
        shows(Status { paused: 1, ..term }, "run: foo: (pid 9900) 9s, paused, want down, got TERM");
        shows(Status { pid: 0, ..term }, "run: foo: (pid 0) 9s, normally up");
    }),
    case("sv_status_big_pid", || {
        shows(Status::now(RUN, 0x7f01_0203, b'u'), "run: foo: (pid 2130772483) 9s");
    }),
    case("sv_status_unknown_wish", || {
        shows(Status::now(RUN, 3, 0), "run: foo: (pid 3) 9s");
        shows(Status::now(DOWN, 0, b'x'), "down: foo: 9s, normally up");
    }),
    case("sv_status_unknown_state", || shows(Status::now(3, 3, b'u'), "foo: (pid 3) 9s")),
    case("sv_status_normally_down", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = service.file("down", "").fake(Status::now(DOWN, 0, b'd'));
        assert_eq!(masked(&rig.sv(&["status", "foo"]).out), "down: foo: Ts\n");
        fake.set(Status::now(RUN, 7, b'u'));
        assert_eq!(masked(&rig.sv(&["status", "foo"]).out), "run: foo: (pid p) Ts, normally down\n");
        fs::remove_file(service.path("down")).unwrap();
        service.rig.place.dir(service.path("down"));
        assert_eq!(masked(&rig.sv(&["status", "foo"]).out), "run: foo: (pid p) Ts, normally down\n");
    }),
    case("sv_status_dangling_down_is_none", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("nowhere", service.path("down")).unwrap();
        let _fake = service.fake(Status::now(RUN, 7, b'u'));
        assert_eq!(masked(&rig.sv(&["status", "foo"]).out), "run: foo: (pid p) Ts\n");
    }),
    case("sv_status_down_cannot_be_seen", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        symlink("down", service.path("down")).unwrap();
        let _fake = service.fake(Status::now(RUN, 7, b'u'));
        let done = rig.sv(&["status", "foo"]);
        assert_eq!(done.err, "warning: unable to stat foo/down: symbolic link loop\n");
        assert!(done.out.trim_end() == "" && done.code == Some(0), "{done:?}");
    }),
    case("sv_status_age", || {
        for (secs, wanted) in [(3, 3), (86_400, 86_400), (0x1_0000_0000, 0)] {
            let rig = Rig::new();
            let now = Status::now(RUN, 7, b'u');
            // The last one: a label of the far future.
            let record = if wanted == 0 { Status { secs: now.secs + secs, ..now } } else { now.before(secs) };
            let _fake = rig.service("foo").fake(record);
            let out = rig.sv(&["status", "foo"]).out;
            let slack = if wanted == 0 { 0 } else { 20 };
            let fits = (wanted..=wanted + slack).any(|age| out == format!("run: foo: (pid 7) {age}s\n"));
            assert!(fits, "{out} after {wanted} s");
        }
    }),
    case("sv_status_label_of_the_next_second_is_0s", || {
        let rig = Rig::new();
        let now = Status::now(RUN, 7, b'u');
        let _fake = rig.service("foo").fake(Status { secs: now.secs + 1000, ..now });
        assert_eq!(rig.sv(&["status", "foo"]).out, "run: foo: (pid 7) 0s\n");
    }),
    case("sv_status_log", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").fake(Status::now(RUN, 7, b'u'));
        let log = rig.service("foo/log").fake(Status::now(RUN, 8, b'u'));
        expect(&rig.sv(&["status", "foo"]), "run: foo: (pid p) Ts; run: log: (pid p) Ts\n", 0);
        log.set(Status::now(DOWN, 0, b'd'));
        expect(&rig.sv(&["status", "foo"]), "run: foo: (pid p) Ts; down: log: Ts, normally up\n", 0);
        rig.service("foo/log").file("down", "");
        expect(&rig.sv(&["status", "foo"]), "run: foo: (pid p) Ts; down: log: Ts\n", 0);
        expect(&rig.sv(&["status", "foo/log"]), "down: foo/log: Ts\n", 0);
    }),
    case("sv_status_log_not_running", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").fake(Status::now(RUN, 7, b'u'));
        drop(rig.service("foo/log").fake(Status::now(RUN, 8, b'u')));
        let text = "run: foo: (pid p) Ts; fail: foo/log: runsv not running\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
    }),
    case("sv_status_log_is_a_file", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").file("log", "").fake(Status::now(RUN, 7, b'u'));
        let text = "run: foo: (pid p) Ts; warning: foo/log: unable to change directory: not a directory\n";
        let done = rig.sv(&["status", "foo"]);
        assert_eq!(masked(&done.out), text);
    }),
    case("sv_status_log_unsupervised", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").file("log/run", "").fake(Status::now(RUN, 7, b'u'));
        let text =
            "run: foo: (pid p) Ts; warning: foo/log: unable to open supervise/ok: file does not exist\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
    })
    .dev("DEV-55"),
    case("sv_status_log_bad_status", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").fake(Status::now(RUN, 7, b'u'));
        let log = rig.service("foo/log").fake(Status::now(RUN, 8, b'u'));
        log.put(b"short");
        let text = "run: foo: (pid p) Ts; warning: foo/log: unable to read supervise/status: bad format\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
    })
    .dev("DEV-55"),
    case("sv_status_never_supervised", || {
        let rig = Rig::new();
        rig.service("foo");
        let text = "warning: foo: unable to open supervise/ok: file does not exist\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
        expect(&rig.sv(&["check", "foo"]), text, 1);
    }),
    case("sv_status_runsv_gone", || {
        let rig = Rig::new();
        drop(rig.service("foo").fake(Status::now(RUN, 7, b'u')));
        expect(&rig.sv(&["status", "foo"]), "fail: foo: runsv not running\n", 1);
    }),
    case("sv_status_of_other_sizes", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(Status::now(RUN, 7, b'u'));
        let good = Status::now(RUN, 7, b'u').bytes();
        for bytes in [&b""[..], b"x", &good[..18], &good[..19]] {
            fake.put(bytes);
            let text = "warning: foo: unable to read supervise/status: bad format\n";
            expect(&rig.sv(&["status", "foo"]), text, 1);
        }
    }),
    case("sv_status_without_status", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = service.fake(Status::now(RUN, 7, b'u'));
        fs::remove_file(service.path("supervise/status")).unwrap();
        let text = "warning: foo: unable to open supervise/status: file does not exist\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
        service.rig.place.dir(service.path("supervise/status"));
        let text = "warning: foo: unable to read supervise/status: is a directory\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
    }),
    case("sv_status_ok_is_a_directory", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        service.rig.place.dir(service.path("supervise/ok"));
        let text = "warning: foo: unable to open supervise/ok: is a directory\n";
        expect(&rig.sv(&["status", "foo"]), text, 1);
    }),
    case("sv_status_believes_a_file_in_the_place_of_ok", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        drop(service.fake(Status::now(RUN, 7, b'u')));
        fs::remove_file(service.path("supervise/ok")).unwrap();
        service.file("supervise/ok", "");
        expect(&rig.sv(&["status", "foo"]), "run: foo: (pid p) Ts\n", 0);
    }),
    case("sv_status_no_permission_at_all", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = service.fake(Status::now(RUN, 7, b'u'));
        rig.place.chmod(service.path("supervise"), 0);
        let mut command = rig.unprivileged("sv", &["status", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        expect(&done, "warning: foo: unable to open supervise/ok: access denied\n", 1);
    }),
    case("sv_status_without_write_permission", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _fake = service.fake(Status::now(RUN, 7, b'u'));
        rig.place.chmod(service.path("supervise/ok"), 0o400);
        rig.place.chmod(service.path("supervise/control"), 0o400);
        let mut command = rig.unprivileged("sv", &["status", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        let text = "run: foo: (pid p) Ts; warning: foo: unable to open supervise/ok: access denied\n";
        expect(&done, text, 0);
    })
    .dev("DEV-54"),
    case("sv_status_several", || {
        let rig = Rig::new();
        let _a = rig.service("a").fake(Status::now(RUN, 7, b'u'));
        let _b = rig.service("b").fake(Status::now(DOWN, 0, b'd'));
        rig.service("c");
        let text = "down: b: Ts, normally up\n\
            warning: c: unable to open supervise/ok: file does not exist\n\
            run: a: (pid p) Ts\n\
            fail: d: unable to change to service directory: file does not exist\n\
            run: a: (pid p) Ts\n";
        expect(&rig.sv(&["status", "b", "c", "a", "d", "a"]), text, 2);
    }),
    case("sv_status_counts_to_99", || {
        let rig = Rig::new();
        let names: Vec<String> = (0..120).map(|number| format!("none{number}")).collect();
        let mut args = vec!["status"];
        args.extend(names.iter().map(String::as_str));
        let done = rig.sv(&args);
        assert_eq!((done.code, done.out.lines().count()), (Some(99), 120));
    }),
    case("sv_status_ignores_v_and_w", || {
        let rig = Rig::new();
        let _fake = rig.service("foo").fake(Status::now(RUN, 7, b'u'));
        for args in [&["-v", "status", "foo"][..], &["-w", "3", "status", "foo"], &["-vw3", "status", "foo"]]
        {
            expect(&rig.sv(args), "run: foo: (pid p) Ts\n", 0);
        }
    }),
];

fn expect(done: &Output, out: &str, code: i32) {
    assert_eq!((masked(&done.out).as_str(), done.err.as_str(), done.code), (out, "", Some(code)));
}

/// The record is shown like that; its age in the text is 9 s.
fn shows(record: Status, text: &str) {
    let rig = Rig::new();
    let _fake = rig.service("foo").fake(record);
    let done = rig.sv(&["status", "foo"]);
    let ages = |out: &str| masked(out).replace("(pid p)", &format!("(pid {})", record.pid));
    let numbers = masked(text).replace("(pid p)", &format!("(pid {})", record.pid));
    assert_eq!((ages(&done.out), done.err.as_str()), (numbers + "\n", ""));
    assert!(done.out.contains(&format!("(pid {})", record.pid)) == text.contains("(pid "), "{}", done.out);
    assert_eq!(done.code, Some(0));
}
