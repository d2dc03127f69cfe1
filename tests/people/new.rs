//! `--new`: a service out of a command line.
use crate::host::{run, supervised, sv};
use runit_tests::place::Output;
use runit_tests::rig::{Rig, masked};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

fn shows(done: &Output, out: &str, code: i32) {
    assert_eq!((masked(&done.out).as_str(), done.err.as_str(), done.code), (out, "", Some(code)));
}

/// The `run` that is made of these words.
fn made(words: &[&str], text: &str) {
    let rig = Rig::new();
    let mut all = vec!["--new", "web", "--"];
    all.extend(words);
    assert_eq!(run(&rig, &all).code, Some(0));
    assert_eq!(rig.place.text("available/web/run"), format!("#!/bin/sh\nexec 2>&1\nexec {text}\n"));
}

fn refused(args: &[&str], end: &str) {
    let rig = Rig::new();
    rig.place.dir("available");
    let done = run(&rig, args);
    assert!(done.out.starts_with("fail: ") && done.out.ends_with(end), "{done:?}");
    assert_eq!(done.code, Some(1));
    assert_eq!(fs::read_dir(rig.place.path("available")).unwrap().count(), 0, "nothing is left behind");
}

pub const CASES: &[Case] = &[
    case("new_a_service", || {
        let rig = Rig::new();
        let done = run(&rig, &["--new", "web", "--", "httpd", "-f"]);
        shows(&done, &format!("ok: web: made in {}\n", rig.place.path("available/web").display()), 0);
        let mode = |name: &str| {
            fs::metadata(rig.place.path("available/web").join(name)).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(["run", "log/run"].map(mode), [0o755; 2]);
        assert!(rig.place.path("available/web/log/main").is_dir());
        assert_eq!(rig.place.text("available/web/log/run"), "#!/bin/sh\nexec svlogd -tt ./main\n");
        assert!(!rig.place.path("sv/web").exists(), "it is not enabled");
    }),
    case("new_leaves_nothing_else", || {
        let rig = Rig::new();
        run(&rig, &["--new", "web", "httpd"]);
        let names: Vec<_> =
            fs::read_dir(rig.place.path("available")).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["web"]);
    }),
    case("new_plain_words", || made(&["httpd", "-f", "--port=80"], "httpd -f --port=80")),
    case("new_blanks", || made(&["echo", "a b", ""], "echo 'a b' ''")),
    case("new_quotes", || made(&["echo", "it's", "\"x\""], "echo 'it'\\''s' '\"x\"'")),
    case("new_what_shells_take_for_something", || {
        made(&["echo", "$HOME", "`id`", "a;b", "*", "a\\b", "~"], "echo '$HOME' '`id`' 'a;b' '*' 'a\\b' '~'");
    }),
    case("new_full_paths", || made(&["/usr/bin/env", "a/b"], "/usr/bin/env a/b")),
    case("new_words_that_look_like_options", || made(&["a", "--now", "--", "-w"], "a --now -- -w")),
    case("new_without_dashes", || {
        let rig = Rig::new();
        assert_eq!(run(&rig, &["--new", "web", "httpd", "--now", "-f"]).code, Some(0));
        assert!(rig.place.text("available/web/run").ends_with("\nexec httpd --now -f\n"));
    }),
    case("new_a_program_here", || {
        let rig = Rig::new();
        assert_eq!(run(&rig, &["--new", "web", "--", "./bin/server"]).code, Some(0));
        let line = format!("\nexec {}\n", rig.place.path("bin/server").display());
        assert!(rig.place.text("available/web/run").ends_with(&line));
    }),
    case("new_every_byte_comes_back", || {
        let rig = Rig::new();
        let all: Vec<u8> = (1..=255).collect();
        let mut command = sv(&rig, &["--new", "web", "--", "printf", "%s"]);
        command.arg(std::ffi::OsStr::from_bytes(&all));
        assert_eq!(rig.place.run(&mut command).code, Some(0));
        let done = rig.place.command(rig.place.path("available/web/run")).output().unwrap();
        assert_eq!(done.stdout, all);
    }),
    case("new_by_path", || {
        let rig = Rig::new();
        let path = rig.place.path("elsewhere");
        rig.place.dir("elsewhere");
        let place = path.join("web");
        let done = run(&rig, &["--new", place.to_str().unwrap(), "httpd"]);
        shows(&done, &format!("ok: web: made in {}\n", place.display()), 0);
        assert!(place.join("run").exists());
    }),
    case("new_over_a_service", || {
        let rig = Rig::new();
        rig.place.file("available/web/run", "precious");
        let done = run(&rig, &["--new", "web", "httpd"]);
        let place = rig.place.path("available/web");
        shows(&done, &format!("fail: web: {}: is there already\n", place.display()), 1);
        assert_eq!(rig.place.text("available/web/run"), "precious");
    }),
    case("new_over_a_file", || {
        let rig = Rig::new();
        rig.place.file("available/web", "precious");
        assert_eq!(run(&rig, &["--new", "web", "httpd"]).code, Some(1));
        assert_eq!(rig.place.text("available/web"), "precious");
    }),
    case("new_over_a_link_that_leads_nowhere", || {
        let rig = Rig::new();
        rig.place.dir("available");
        std::os::unix::fs::symlink("/nowhere", rig.place.path("available/web")).unwrap();
        assert_eq!(run(&rig, &["--new", "web", "httpd"]).code, Some(1));
        assert!(fs::symlink_metadata(rig.place.path("available/web")).unwrap().is_symlink());
    }),
    case("new_over_an_empty_directory", || {
        let rig = Rig::new();
        rig.place.dir("available/web");
        assert_eq!(run(&rig, &["--new", "web", "httpd"]).code, Some(1));
        assert_eq!(fs::read_dir(rig.place.path("available/web")).unwrap().count(), 0);
    }),
    case("new_names_that_cannot_be", || {
        refused(&["--new", "a/b", "httpd"], ": no name for a service\n");
        refused(&["--new", "./.web", "httpd"], ": no name for a service\n");
    }),
    case("new_commands_that_cannot_be", || {
        refused(&["--new", "web", "--", ""], ": the command is empty\n");
        refused(&["--new", "web", "--", "-x"], ": a command cannot begin with a dash\n");
    }),
    case("new_where_nothing_can_be_made", || {
        refused(&["--new", "/nowhere/web", "httpd"], ": file does not exist\n");
    }),
    case("new_enable", || {
        let rig = Rig::new();
        let place = rig.place.path("available/web");
        let done = run(&rig, &["--new", "--enable", "web", "httpd"]);
        shows(&done, &format!("ok: web: made in {}\nok: web: enabled\n", place.display()), 0);
        assert_eq!(fs::read_link(rig.place.path("sv/web")).unwrap(), place);
    }),
    case("new_from_nothing_to_supervised_and_logged", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        let script = "echo \"hello $0\"; echo error >&2; exec sleep 1000";
        let args = ["-w", "20", "--new", "talk", "--enable", "--now", "--", "sh", "-c", script, "it's"];
        let done = run(&rig, &args);
        assert!(masked(&done.out).ends_with("ok: talk: enabled\nok: run: talk: (pid p) Ts\n"), "{done:?}");
        until("the log", || {
            let text = rig.place.text("available/talk/log/main/current");
            let mut lines = text.lines().map(|line| line.split_once(' ').map_or("", |parts| parts.1));
            (lines.next() == Some("hello it's") && lines.next() == Some("error")).then_some(())
        });
        assert!(masked(&run(&rig, &["status"]).out).contains("; run: log: (pid p) Ts\n"));
    }),
    case("new_in_the_directory_of_services", || {
        let rig = Rig::new();
        let _runsvdir = supervised(&rig);
        let place = rig.place.path("sv/web");
        assert_eq!(run(&rig, &["--new", place.to_str().unwrap(), "sleep", "1000"]).code, Some(0));
        assert_eq!(run(&rig, &["--wait", "-w", "20", "up", "web"]).code, Some(0));
        let (_, err) = (0, rig.place.text(".err-0"));
        assert_eq!(err, "", "it was complete when it was seen");
    }),
];
