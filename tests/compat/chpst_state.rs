//! chpst: the other state, the search for the program, pgrphack.
use crate::tools::{Tools, chpst, fatal, said};
use nix::unistd::geteuid;
use runit_tests::suite::{Case, case, needs_proc, skip};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// PATH as a program of a case is to see it.
fn search(path: &str, prepare: impl Fn(&Tools), name: &str) -> runit_tests::place::Output {
    let tools = Tools::new();
    prepare(&tools);
    let mut command = tools.command(&["chpst", name]);
    tools.rig.place.run(command.env("PATH", path.replace('@', tools.rig.place.root().to_str().unwrap())))
}

/// The number of the first process that a script's line shows, and its session.
const SESSION: &str = "set -- $(sed 's/.*) //' /proc/$$/stat); test $4 = $$ && echo own || echo other";

/// Leaves the case where nice(1) does not tell its own level, as POSIX does not ask for.
fn needs_nice() {
    if Tools::new().sh("nice").out.is_empty() {
        skip("nice(1) tells no level");
    }
}

/// A nice level so far from that of the tests.
fn from_own(more: i32) -> String {
    let own: i32 = Tools::new().sh("nice").out.trim().parse().expect("a level");
    format!("{}\n", (own + more).clamp(-20, 19))
}

pub const CASES: &[Case] = &[
    case("state_session", || {
        needs_proc();
        said(
            &Tools::new().sh(&format!("chpst -P sh -c '{}'; true", SESSION.replace('\'', "'\\''"))),
            "own\n",
        );
        said(&Tools::new().sh(&format!("chpst sh -c '{}'; true", SESSION.replace('\'', "'\\''"))), "other\n");
    }),
    case("state_session_of_a_leader", || {
        // The process leads a group: it cannot lead a session, and goes on.
        said(&chpst(&["-P", "echo", "ran"]), "ran\n");
    }),
    case("pgrphack_makes_a_session", || {
        needs_proc();
        let script = format!("pgrphack sh -c '{}'; true", SESSION.replace('\'', "'\\''"));
        said(&Tools::new().sh(&script), "own\n");
    }),
    case("state_directory", || {
        let tools = Tools::new();
        tools.rig.place.dir("d/x");
        said(&tools.run(&["chpst", "-C", "d", "ls"]), "x\n");
        let done = tools.run(&["chpst", "-C", "no", "echo", "ran"]);
        fatal(&done, "unable to change directory: no: file does not exist");
        tools.rig.place.file("f", "");
        let done = tools.run(&["chpst", "-C", "f", "echo", "ran"]);
        fatal(&done, "unable to change directory: f: not a directory");
    })
    .since("2.2.0"),
    case("state_root", || {
        let tools = Tools::new();
        tools.rig.place.dir("root/x");
        fatal(&tools.run_as_root(&["chpst", "-/", "root", "sh"]), "unable to run: sh: file does not exist");
        let done = tools.run_as_root(&["chpst", "-/", "/", "sh", "-c", "pwd"]);
        said(&done, "/\n");
    }),
    case("state_root_and_directory_inside", || {
        let tools = Tools::new();
        tools.rig.place.dir("root/x");
        let done = tools.run_as_root(&["chpst", "-/", "root", "-C", "/x", "missing"]);
        fatal(&done, "unable to run: missing: file does not exist");
        let done = tools.run_as_root(&["chpst", "-C", "/etc", "-/", "root", "echo"]);
        fatal(&done, "unable to change directory: /etc: file does not exist");
    })
    .since("2.2.0"),
    case("state_no_such_root", || {
        fatal(&chpst(&["-/", "no", "echo"]), "unable to change directory: no: file does not exist");
    }),
    case("state_root_without_rights", || {
        let tools = Tools::new();
        let mut command = tools.rig.unprivileged("chpst", &["-/", "/", "echo", "ran"]);
        fatal(&tools.rig.place.run(&mut command), "unable to change root directory: permission denied");
    }),
    case("state_nice", || {
        needs_nice();
        let level = |word: &str| Tools::new().sh(&format!("nice -n 3 chpst -n {word} nice; true")).out;
        for (word, more) in [("4", 7), ("+4", 7), ("004", 7), ("0", 3), ("''", 3), ("-", 3)] {
            assert_eq!(level(word), from_own(more), "{word}");
        }
        assert_eq!(level("100"), "19\n", "the system clamps");
    }),
    case("state_nice_less", || {
        needs_nice();
        if !geteuid().is_root() {
            runit_tests::suite::skip("needs root: levels below 0");
        }
        said(&chpst(&["-n", "-4", "nice"]), &from_own(-4));
    }),
    case("state_nice_without_rights", || {
        let tools = Tools::new();
        let mut command = tools.rig.unprivileged("chpst", &["-n", "-1", "echo", "ran"]);
        // nice(3) of OpenBSD has the error of setpriority(2), the others their own.
        let why = if cfg!(target_os = "openbsd") { "access denied" } else { "permission denied" };
        fatal(&tools.rig.place.run(&mut command), &format!("unable to set nice level: {why}"));
    }),
    case("state_nice_does_not_wrap", || {
        needs_nice();
        said(&chpst(&["-n", "4294967295", "nice"]), "19\n");
        // Nor where the C library adds it to the level.
        for word in ["4294967295", "2147483647"] {
            let done = Tools::new().sh(&format!("nice -n 3 chpst -n {word} nice"));
            said(&done, "19\n");
        }
    })
    .ours(),
    case("state_closed_descriptors", || {
        needs_proc();
        let is_open = |option: &str, fd: u8| {
            let done = chpst(&[
                option,
                "sh",
                "-c",
                &format!("test -e /proc/self/fd/{fd}; echo $? >result; cat result >&{}", 1 + fd % 2),
            ]);
            done.out + &done.err
        };
        for (option, fd) in [("-0", 0), ("-2", 2)] {
            assert_eq!(is_open(option, fd), "1\n", "{option}");
        }
        assert_eq!(chpst(&["-1", "sh", "-c", "test -e /proc/self/fd/1 || echo closed >&2"]).err, "closed\n");
        assert_eq!(chpst(&["-012", "sh", "-c", "test -e /proc/self/fd/0 || exit 7"]).code, Some(7));
    }),
    case("state_close_what_is_closed", || {
        for (option, redirect, name) in [("-0", "<&-", "stdin"), ("-1", ">&-", "stdout")] {
            let done = Tools::new().sh(&format!("exec chpst {option} echo ran {redirect}"));
            fatal(&done, &format!("unable to close {name}: file descriptor not open"));
        }
    }),
    case("state_no_messages_after_2", || {
        let done = chpst(&["-2", "/missing"]);
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), ("", "", Some(111)));
    }),
    case("state_close_comes_after_ids", || {
        fatal(&chpst(&["-2", "-u", "no such", "echo"]), "unknown user/group: no such");
    }),
    case("state_closed_stays_closed", || {
        needs_proc();
        let done = Tools::new().sh("exec chpst sh -c 'test -e /proc/self/fd/0 || echo closed' <&-");
        said(&done, "closed\n");
        let done = Tools::new().sh("exec chpst sh -c 'test -e /proc/self/fd/2 || echo closed' 2>&-");
        said(&done, "closed\n");
    }),
    case("state_signals_are_left_alone", || {
        needs_proc();
        let tools = Tools::new();
        let show = "sed -n /^Sig[IB]/p /proc/self/status";
        let plain = tools.sh(&format!("exec {show}"));
        assert_eq!(tools.sh(&format!("exec chpst {show}")), plain);
        let ignoring = tools.sh(&format!("trap '' PIPE TERM; exec {show}"));
        assert!(ignoring != plain);
        assert_eq!(tools.sh(&format!("trap '' PIPE TERM; exec chpst {show}")), ignoring);
    }),
    case("state_argv0", || {
        said(&chpst(&["-b", "other", "sh", "-c", "echo $0"]), "other\n");
        said(&chpst(&["-b", "", "sh", "-c", "echo \"<$0>\""]), "<>\n");
        said(&chpst(&["sh", "-c", "echo $0"]), "sh\n");
    }),
    case("state_argv0_in_the_message", || {
        fatal(&chpst(&["-b", "other", "/missing"]), "unable to run: other: file does not exist");
    }),
    case("run_missing", || {
        fatal(&chpst(&["/missing/x"]), "unable to run: /missing/x: file does not exist");
        fatal(&chpst(&["no-such-program"]), "unable to run: no-such-program: file does not exist");
    }),
    case("run_nothing", || fatal(&chpst(&[""]), "unable to run: : access denied")),
    case("run_not_executable", || {
        let tools = Tools::new();
        tools.rig.place.file("f", "");
        fatal(&tools.run(&["chpst", "./f"]), "unable to run: ./f: access denied");
        fatal(&tools.run(&["chpst", "/etc"]), "unable to run: /etc: access denied");
        fatal(&tools.run(&["chpst", "./f/x"]), "unable to run: ./f/x: not a directory");
    }),
    case("run_no_format", || {
        let tools = Tools::new();
        tools.rig.place.executable("f", "echo ran\n");
        fatal(&tools.run(&["chpst", "./f"]), "unable to run: ./f: exec format error");
        let done = tools.rig.place.run(tools.command(&["chpst", "f"]).env("PATH", tools.rig.place.root()));
        fatal(&done, "unable to run: f: exec format error");
    }),
    case("run_in_order_of_path", || {
        let prepare = |tools: &Tools| {
            tools.rig.place.script("a/prog", "echo a");
            tools.rig.place.script("b/prog", "echo b");
        };
        said(&search("@/missing:@/b:@/a", prepare, "prog"), "b\n");
    }),
    case("run_empty_elements_are_the_current_directory", || {
        let prepare = |tools: &Tools| drop(tools.rig.place.script("prog", "echo $0"));
        for path in ["", ":", "/missing:", ":/missing", "/missing::/missing"] {
            said(&search(path, prepare, "prog"), "./prog\n");
        }
    }),
    case("run_without_path", || {
        let tools = Tools::new();
        let mut command = tools.command(&["chpst", "sh", "-c", "echo ran"]);
        said(&tools.rig.place.run(command.env_remove("PATH")), "ran\n");
        let mut command = tools.command(&["chpst", "only-here"]);
        tools.rig.place.script("only-here", "echo ran");
        let done = tools.rig.place.run(command.env_remove("PATH"));
        fatal(&done, "unable to run: only-here: file does not exist");
    }),
    case("run_passes_what_is_not_executable", || {
        let prepare = |tools: &Tools| {
            tools.rig.place.file("a/prog", "");
            tools.rig.place.dir("b/prog");
            tools.rig.place.script("c/prog", "echo c");
        };
        said(&search("@/a:@/b:@/c", prepare, "prog"), "c\n");
        fatal(&search("@/a:@/b:/missing", prepare, "prog"), "unable to run: prog: access denied");
    }),
    case("run_stops_at_other_errors", || {
        let prepare = |tools: &Tools| {
            tools.rig.place.executable("a/prog", "no format\n");
            tools.rig.place.script("b/prog", "echo b");
            symlink("loop", tools.rig.place.path("loop")).unwrap();
        };
        fatal(&search("@/a:@/b", prepare, "prog"), "unable to run: prog: exec format error");
        fatal(&search("@/loop:@/b", prepare, "prog"), "unable to run: prog: symbolic link loop");
    }),
    case("run_passes_what_is_no_directory_DEV-83", || {
        let prepare = |tools: &Tools| {
            tools.rig.place.file("file", "");
            tools.rig.place.script("b/prog", "echo b");
        };
        said(&search("@/file:@/b", prepare, "prog"), "b\n");
    })
    .dev("DEV-83"),
    case("run_not_found_is_not_found_DEV-83", || {
        let prepare = |tools: &Tools| drop(tools.rig.place.file("file", ""));
        fatal(&search("@/file", prepare, "prog"), "unable to run: prog: file does not exist");
    })
    .dev("DEV-83"),
    case("run_arguments_are_bytes", || {
        let tools = Tools::new();
        tools.sh("chpst printf %s \"$(printf '\\377\\376')\" >shown");
        assert_eq!(fs::read(tools.rig.place.path("shown")).unwrap(), b"\xff\xfe");
    }),
    case("state_umask", || {
        let tools = Tools::new();
        // Shells differ in how many zeros are in front of it.
        for (word, shown) in [("027", "27\n"), ("0", "\n"), ("777", "777\n")] {
            said(&tools.run(&["chpst", "--umask", word, "sh", "-c", "umask | tr -d 0"]), shown);
        }
        said(&tools.run(&["chpst", "--umask=77", "-l", "lock", "sh", "-c", "umask | tr -d 0; >f"]), "77\n");
        let mode = tools.rig.place.path("f").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    })
    .ours(),
    case("state_no_new_privileges", || {
        needs_proc();
        let show = ["sed", "-n", "s/^NoNewPrivs:\t//p", "/proc/self/status"];
        said(&chpst(&[&["--no-new-privs"], &show[..]].concat()), "1\n");
        said(&chpst(&show), "0\n");
        if geteuid().is_root() {
            let words = ["--no-new-privs", "-u", ":1:1", "--umask", "022", "sh", "-c", "id -u; umask"];
            said(&chpst(&words), "1\n0022\n");
        }
    })
    .ours(),
];
