//! From words to service directories; sv under other names.
use runit_tests::fake::Fake;
use runit_tests::place::Output;
use runit_tests::rig::{Rig, masked, program};
use runit_tests::status::{DOWN, FINISH, RUN, Status};
use runit_tests::suite::{Case, case};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

pub const CASES: &[Case] = &[
    case("sv_name_bare", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        found(&rig.sv(&["status", "foo"]), "foo");
    }),
    case("sv_name_below_svdir", || {
        let rig = Rig::new();
        let _fake = running(&rig, "group/foo");
        found(&rig.sv(&["status", "group/foo"]), "group/foo");
    }),
    case("sv_name_relative_svdir", || {
        let rig = Rig::new();
        let (_foo, _bar) = (running(&rig, "foo"), running(&rig, "bar"));
        let done = rig.place.run(rig.command("sv", &["status", "foo", "bar", "foo"]).env("SVDIR", "sv"));
        let text = ["foo", "bar", "foo"].map(|name| format!("run: {name}: (pid p) Ts\n")).concat();
        assert_eq!((masked(&done.out), done.code), (text, Some(0)));
    }),
    case("sv_name_empty_svdir", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        let done = rig.place.run(rig.command("sv", &["status", "foo"]).env("SVDIR", ""));
        missing(&done, "foo", "file does not exist");
        let done = rig.place.run(rig.command("sv", &["status", "./sv/foo"]).env("SVDIR", ""));
        found(&done, "./sv/foo");
    }),
    case("sv_name_without_svdir", || {
        let rig = Rig::new();
        let name = rig.place.root().file_name().unwrap().to_str().unwrap();
        missing(&rig.run("sv", &["status", name]), name, "file does not exist");
    }),
    case("sv_name_absolute", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        let path = rig.place.path("sv/foo");
        let path = path.to_str().unwrap();
        found(&rig.run("sv", &["status", path]), path);
    }),
    case("sv_name_with_a_dot", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        for name in ["./sv/foo", "./sv/../sv/foo", ".//sv/foo/", "../"] {
            if name == "../" {
                missing(&rig.run("sv", &["status", "./nothing"]), "./nothing", "file does not exist");
            } else {
                found(&rig.run("sv", &["status", name]), name);
            }
        }
        let mut command = rig.command("sv", &["status", "."]);
        found(&rig.place.run(command.current_dir(rig.place.path("sv/foo"))), ".");
        // A hidden one in SVDIR is out of reach by its bare name.
        let _hidden = running(&rig, ".hidden");
        missing(&rig.sv(&["status", ".hidden"]), ".hidden", "file does not exist");
    }),
    case("sv_name_with_a_slash_at_the_end", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        let mut command = rig.command("sv", &["status", "foo/"]);
        found(&rig.place.run(command.current_dir(rig.place.path("sv"))), "foo/");
        // Relative to where sv was started, not to SVDIR.
        missing(&rig.sv(&["status", "foo/"]), "foo/", "file does not exist");
    }),
    case("sv_name_empty", || missing(&Rig::new().sv(&["status", ""]), "", "file does not exist")),
    case("sv_name_of_a_file", || {
        let rig = Rig::new();
        rig.place.file("sv/file", "");
        missing(&rig.sv(&["status", "file"]), "file", "not a directory");
        missing(&rig.sv(&["up", "file"]), "file", "not a directory");
    }),
    case("sv_name_out_of_reach", || {
        let rig = Rig::new();
        rig.service("foo");
        rig.place.chmod("sv/foo", 0);
        let mut command = rig.unprivileged("sv", &["status", "foo"]);
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        missing(&done, "foo", "access denied");
    }),
    case("sv_name_too_long", || {
        let name = "x".repeat(300);
        missing(&Rig::new().sv(&["status", &name]), &name, "file name too long");
    }),
    case("sv_name_link", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        symlink("foo", rig.place.path("sv/link")).unwrap();
        found(&rig.sv(&["status", "link"]), "link");
        symlink("nowhere", rig.place.path("sv/dangling")).unwrap();
        missing(&rig.sv(&["status", "dangling"]), "dangling", "file does not exist");
    }),
    case("sv_name_odd", || {
        let rig = Rig::new();
        for name in ["a b", "a\nb", "ünï", "%s%n", "*", "a:b", &"y".repeat(255)] {
            let _fake = running(&rig, name);
            found(&rig.sv(&["status", name]), name);
        }
    }),
    case("sv_name_not_utf8", || {
        let rig = Rig::new();
        let mut command = rig.command("sv", &["status"]);
        let name = OsStr::from_bytes(b"caf\xe9");
        let done = rig.place.run(command.arg(name).env("SVDIR", rig.place.path("sv")));
        missing(&done, "caf\u{fffd}", "file does not exist");
    }),
    case("sv_name_after_options_only", || {
        // No word is moved: what follows the command is a service.
        let done = Rig::new().sv(&["status", "-v", "--", "x"]);
        let lines = ["-v", "--", "x"].map(|name| {
            format!("fail: {name}: unable to change to service directory: file does not exist\n")
        });
        assert_eq!((done.out, done.code), (lines.concat(), Some(3)));
    }),
    case("sv_name_log", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo/log");
        found(&rig.sv(&["status", "foo/log"]), "foo/log");
    }),
    case("sv_options_end", || {
        let rig = Rig::new();
        let _fake = running(&rig, "foo");
        for option in ["--", "--nonsense"] {
            found(&rig.sv(&["-v", option, "status", "foo"]), "foo");
        }
    }),
    case("sv_start_with_a_slash_at_the_end", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(Status::now(DOWN, 0, b'd').before(5));
        let mut command = rig.command("sv", &["start", "foo/"]);
        let mut sv = rig.place.start(command.current_dir(rig.place.path("sv")));
        fake.await_command("u");
        fake.set(Status::now(RUN, 7, b'u'));
        let code = sv.wait().code();
        assert_eq!((masked(&sv.out()).as_str(), code), ("ok: run: foo/: (pid p) Ts\n", Some(0)));
    })
    .dev("DEV-52"),
    case("sv_directory_unreadable", || {
        let rig = Rig::new();
        rig.place.dir("dark");
        rig.place.chmod("dark", 0o311);
        let mut command = rig.unprivileged("sv", &["status", "foo"]);
        let done = rig.place.run(command.current_dir(rig.place.path("dark")));
        assert_eq!(done.err, "fatal: unable to open current directory: access denied\n");
        assert_eq!((done.out.as_str(), done.code), ("", Some(100)));
    }),
    case("lsb_directory_unreadable", || {
        let rig = Rig::new();
        rig.place.dir("dark");
        rig.place.chmod("dark", 0o311);
        let mut command = rig.unprivileged("sv", &["status"]);
        drop(command);
        let copy = rig.place.path("bin/sv");
        let link = rig.place.dir("bin").join("web");
        if copy.exists() {
            std::fs::rename(copy, &link).unwrap();
            command = rig.place.command("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(link);
        } else {
            symlink(program("sv"), &link).unwrap();
            command = rig.place.command(link);
        }
        let done = rig.place.run(command.arg("status").current_dir(rig.place.path("dark")));
        assert_eq!(done.err, "fatal: unable to open current directory: access denied\n");
        assert_eq!((done.out.as_str(), done.code), ("", Some(151)));
    }),
    case("lsb_status_run", || {
        let rig = Rig::new();
        let _fake = running(&rig, "web");
        lsb(&rig, &["status"], "run: web: (pid p) Ts\n", 0);
    }),
    case("lsb_status_finish", || {
        let rig = Rig::new();
        let _fake = rig.service("web").fake(Status::now(FINISH, 7, b'u'));
        lsb(&rig, &["status"], "finish: web: (pid p) Ts\n", 0);
    }),
    case("lsb_status_down", || {
        let rig = Rig::new();
        let _fake = rig.service("web").fake(Status::now(DOWN, 0, b'd'));
        lsb(&rig, &["status"], "down: web: Ts, normally up\n", 3);
    }),
    case("lsb_status_unreadable", || {
        let rig = Rig::new();
        rig.service("web");
        lsb(&rig, &["status"], "warning: web: unable to open supervise/ok: file does not exist\n", 4);
        let fake = running(&rig, "web");
        fake.put(b"?");
        lsb(&rig, &["status"], "warning: web: unable to read supervise/status: bad format\n", 4);
    }),
    case("lsb_status_runsv_gone", || {
        let rig = Rig::new();
        drop(running(&rig, "web"));
        lsb(&rig, &["status"], "fail: web: runsv not running\n", 1);
    }),
    case("lsb_status_is_the_services", || {
        let rig = Rig::new();
        let _fake = running(&rig, "web");
        let _log = rig.service("web/log").fake(Status::now(DOWN, 0, b'd'));
        lsb(&rig, &["status"], "run: web: (pid p) Ts; down: log: Ts, normally up\n", 0);
    })
    .since("2.3.0"),
    case("lsb_no_such_service", || {
        let text = "fail: web: unable to change to service directory: file does not exist\n";
        lsb(&Rig::new(), &["start"], text, 1);
    }),
    case("lsb_actions", || {
        let rig = Rig::new();
        let fake = rig.service("web").fake(Status { state: 7, ..Status::now(DOWN, 0, 0) });
        for (word, bytes) in [
            ("start", "u"),
            ("stop", "d"),
            ("restart", "tcu"),
            ("try-restart", "tc"),
            ("force-reload", "tck"),
            ("force-stop", "dk"),
        ] {
            let how = if bytes.ends_with('k') { "kill" } else { "timeout" };
            lsb(&rig, &["-w", "0", word], &format!("{how}: web: (pid p) Ts, normally up\n"), 1);
            assert_eq!(fake.taken(), bytes, "{word}");
        }
    }),
    case("lsb_every_command", || {
        let rig = Rig::new();
        let fake = running(&rig, "web");
        for (word, bytes) in
            [("up", "u"), ("down", "d"), ("once", "o"), ("hup", "h"), ("1", "1"), ("exit", "x")]
        {
            fake.set(Status::now(RUN, 7, 0));
            lsb(&rig, &[word], "", 0);
            assert_eq!(fake.taken(), bytes, "{word}");
        }
    }),
    case("lsb_further_words_are_ignored", || {
        let rig = Rig::new();
        let _fake = running(&rig, "web");
        lsb(&rig, &["status", "other", "-x"], "run: web: (pid p) Ts\n", 0);
        lsb(&rig, &["-v", "-w1", "--", "status"], "run: web: (pid p) Ts\n", 0);
    }),
];

fn running(rig: &Rig, name: &str) -> Fake {
    rig.service(name).fake(Status::now(RUN, 7, b'u'))
}

fn found(done: &Output, name: &str) {
    let text = format!("run: {name}: (pid p) Ts\n");
    assert_eq!((masked(&done.out), done.err.as_str(), done.code), (text, "", Some(0)));
}

fn missing(done: &Output, name: &str, why: &str) {
    let text = format!("fail: {name}: unable to change to service directory: {why}\n");
    assert_eq!((done.out.as_str(), done.err.as_str(), done.code), (text.as_str(), "", Some(1)));
}

/// Calls sv as the script of the service `web`.
fn lsb(rig: &Rig, args: &[&str], out: &str, code: i32) {
    let link = rig.place.path("web");
    let _ = symlink(program("sv"), &link);
    let done = rig.place.run(rig.place.command(&link).args(args).env("SVDIR", rig.place.path("sv")));
    assert_eq!((masked(&done.out).as_str(), done.err.as_str(), done.code), (out, "", Some(code)), "{args:?}");
}
