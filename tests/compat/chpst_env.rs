//! chpst -e, envdir, and the order of the environment.
use crate::tools::{Tools, chpst, fatal, ids, said};
use runit_tests::suite::{Case, case, needs_proc, skip};
use std::fs;
use std::os::unix::fs::symlink;

/// One variable from one file.
fn value(content: &[u8]) -> String {
    let tools = Tools::new();
    tools.rig.place.file("e/X", content);
    let done = tools.run(&["chpst", "-e", "e", "sh", "-c", "printf '<%s>' \"${X-unset}\""]);
    assert_eq!((done.err.as_str(), done.code), ("", Some(0)));
    done.out
}

/// The whole environment behind `chpst -e e env`, with SETTINGS and nothing else before, in the order of their
/// names; e is made of files. Not by `env -i`, which turns the order round on FreeBSD.
fn environment(settings: &str, files: &[(&str, &str)]) -> String {
    let tools = Tools::new();
    tools.rig.place.dir("e");
    files.iter().for_each(|(name, text)| drop(tools.rig.place.file(format!("e/{name}"), text)));
    let mut command = tools.rig.place.command(tools.alias("chpst"));
    command.env_clear().envs(settings.split(' ').filter_map(|setting| setting.split_once('=')));
    let done = tools.rig.place.run(command.args(["-e", "e", "/usr/bin/env"]));
    assert_eq!((done.err.as_str(), done.code), ("", Some(0)));
    done.out
}

pub const CASES: &[Case] = &[
    case("env_value", || {
        assert_eq!(value(b"a"), "<a>");
        assert_eq!(value(b"a\n"), "<a>");
        assert_eq!(value(b"a b=c\nsecond\n"), "<a b=c>");
    }),
    case("env_blanks", || {
        assert_eq!(value(b"  a \t \t\n"), "<  a>");
        assert_eq!(value(b" \t \n"), "<>");
        assert_eq!(value(b"a\r\n"), "<a\r>");
    }),
    case("env_empty_line_sets_to_nothing", || assert_eq!(value(b"\n"), "<>")),
    case("env_nul_is_a_newline", || {
        assert_eq!(value(b"a\0b\n"), "<a\nb>");
        assert_eq!(value(b"a \0\n"), "<a \n>", "blanks are cut before");
        assert_eq!(value(b"\0\0x"), "<\n\nx>");
    }),
    case("env_long_value", || {
        let text = "x".repeat(100_000);
        assert_eq!(value(text.as_bytes()), format!("<{text}>"));
    }),
    case("env_long_first_line_in_a_long_file", || {
        let line = "y".repeat(5000);
        assert_eq!(value(format!("{line}\n{}", "z\n".repeat(9000)).as_bytes()), format!("<{line}>"));
    }),
    case("env_empty_file_removes", || {
        assert_eq!(environment("A=1 B=2 C=3", &[("B", "")]), "A=1\nC=3\n");
        assert_eq!(environment("A=1", &[("B", "")]), "A=1\n");
    }),
    case("env_fifo_removes", || {
        if cfg!(target_os = "freebsd") {
            skip("to read a FIFO that nobody has opened to write is an error here");
        }
        let tools = Tools::new();
        tools.rig.place.fifo("e/X");
        said(
            &tools.rig.place.run(tools.shell("chpst -e e sh -c 'echo ${X-unset}'").env("X", "1")),
            "unset\n",
        );
    }),
    case("env_order_of_a_removal", || {
        // The last one takes the place.
        assert_eq!(environment("A=1 B=2 C=3 D=4", &[("A", "")]), "D=4\nB=2\nC=3\n");
    }),
    case("env_order_of_a_change", || {
        assert_eq!(environment("A=1 B=2 C=3", &[("A", "x")]), "C=3\nB=2\nA=x\n");
        assert_eq!(environment("A=1 B=2 C=3", &[("C", "x")]), "A=1\nB=2\nC=x\n");
        assert_eq!(environment("A=1 B=2", &[("D", "x")]), "A=1\nB=2\nD=x\n");
    }),
    case("env_prefixes_are_other_names", || {
        assert_eq!(environment("AB=1 A=2", &[("A", "")]), "AB=1\n");
        assert_eq!(environment("AB=1", &[("A", "x")]), "AB=1\nA=x\n");
    }),
    case("env_dot_files_do_not_count", || {
        assert_eq!(environment("A=1", &[(".A", "x"), (".B", "x")]), "A=1\n");
    }),
    case("env_names_with_an_equals_sign", || {
        assert_eq!(environment("A=1", &[("a=b", "q")]), "A=1\na=b=q\n");
        assert_eq!(environment("a=1 A=1", &[("a=b", "q")]), "A=1\na=b=q\n");
        assert_eq!(environment("A=1", &[("c=d", "")]), "A=1\nc=d\n");
    }),
    case("env_bytes_that_are_no_text", || {
        let tools = Tools::new();
        tools.rig.place.file("e/X", b"\xff\xfe\n");
        tools.sh("chpst -e e sh -c 'printf %s \"$X\"' >shown");
        assert_eq!(fs::read(tools.rig.place.path("shown")).unwrap(), b"\xff\xfe");
    }),
    case("env_names_that_are_no_text", || {
        let tools = Tools::new();
        let done = tools
            .sh("mkdir e; n=$(printf '\\377Z'); echo v >\"e/$n\"; chpst -e e env | LC_ALL=C grep -ac 'Z=v$'");
        assert_eq!(done.out, "1\n");
    }),
    case("env_subdirectory_is_skipped", || {
        let tools = Tools::new();
        tools.rig.place.dir("e/sub");
        tools.rig.place.file("e/X", "1");
        said(&tools.run(&["chpst", "-e", "e", "sh", "-c", "echo $X"]), "1\n");
        let done = tools.run(&["chpst", "-v", "-e", "e", "sh", "-c", "echo $X"]);
        assert_eq!(done.err, "chpst: warning: unable to read e/sub: is a directory\n");
        assert_eq!((done.out.as_str(), done.code), ("1\n", Some(0)));
    }),
    case("env_link_to_a_file", || {
        let tools = Tools::new();
        tools.rig.place.file("value", "1");
        symlink("../value", tools.rig.place.dir("e").join("X")).unwrap();
        said(&tools.run(&["chpst", "-e", "e", "sh", "-c", "echo $X"]), "1\n");
    }),
    case("env_unreadable_file", || {
        let tools = Tools::new();
        tools.rig.place.file("e/X", "1");
        tools.rig.place.chmod("e/X", 0o000);
        let done = tools.rig.place.run(&mut tools.rig.unprivileged("chpst", &["-e", "e", "echo", "ran"]));
        fatal(&done, "unable to read e/X: access denied");
    }),
    case("env_no_such_directory", || {
        fatal(&chpst(&["-e", "no", "echo"]), "unable to switch to directory: no: file does not exist");
        fatal(&chpst(&["-e", "", "echo"]), "unable to switch to directory: : file does not exist");
        let tools = Tools::new();
        tools.rig.place.file("file", "");
        fatal(
            &tools.run(&["chpst", "-e", "file", "echo"]),
            "unable to switch to directory: file: not a directory",
        );
    }),
    case("env_dangling_link_is_fatal_DEV-82", || {
        let tools = Tools::new();
        symlink("nowhere", tools.rig.place.dir("e").join("X")).unwrap();
        fatal(&tools.run(&["chpst", "-e", "e", "echo", "ran"]), "unable to read e/X: file does not exist");
        fatal(&tools.run(&["envdir", "e", "echo", "ran"]), "unable to read e/X: file does not exist");
    })
    .dev("DEV-82"),
    case("env_relative_to_the_start", || {
        let tools = Tools::new();
        tools.rig.place.file("e/X", "1");
        said(&tools.run(&["chpst", "-e", "e", "sh", "-c", "test -d e && echo $X"]), "1\n");
    }),
    case("env_last_directory_counts", || {
        let tools = Tools::new();
        tools.rig.place.file("a/A", "1");
        tools.rig.place.file("b/B", "2");
        said(&tools.run(&["chpst", "-e", "a", "-e", "b", "sh", "-c", "echo $A-$B"]), "-2\n");
    }),
    case("env_no_descriptors_are_left", || {
        needs_proc();
        let tools = Tools::new();
        tools.rig.place.file("e/X", "1");
        let list = |words: &str| tools.sh(&format!("{words} sh -c 'cd /proc/self/fd && echo *'")).out;
        assert_eq!(list("chpst -e e"), list(""));
    }),
    case("env_path_does_not_change_the_search", || {
        let tools = Tools::new();
        tools.rig.place.script("bin/only-here", "echo ran");
        tools.rig.place.file("e/PATH", tools.rig.place.path("bin").to_str().unwrap());
        fatal(
            &tools.run(&["chpst", "-e", "e", "only-here"]),
            "unable to run: only-here: file does not exist",
        );
        let done = tools.run(&["chpst", "-e", "e", "/bin/sh", "-c", "only-here"]);
        said(&done, "ran\n");
    }),
    case("envdir_sets", || {
        let tools = Tools::new();
        tools.rig.place.file("e/X", "1 \n");
        tools.rig.place.file("e/Y", "");
        let mut command = tools.command(&["envdir", "e", "sh", "-c", "echo $X ${Y-unset}"]);
        said(&tools.rig.place.run(command.env("Y", "0")), "1 unset\n");
    }),
    case("envdir_subdirectory_is_fatal", || {
        let tools = Tools::new();
        tools.rig.place.dir("e/sub");
        fatal(&tools.run(&["envdir", "e", "echo", "ran"]), "unable to read e/sub: is a directory");
    }),
    case("envdir_with_a_d", || {
        let tools = Tools::new();
        tools.rig.place.file("e/X", "1");
        said(&tools.run(&["denvdir", "e", "sh", "-c", "echo $X"]), "1\n");
    }),
    case("env_ids", || {
        let (uid, gid) = ids("daemon");
        said(
            &chpst(&["-U", "daemon", "sh", "-c", "echo $GID; env | grep ^UID="]),
            &format!("{gid}\nUID={uid}\n"),
        );
    }),
    case("env_ids_of_a_group", || {
        let bin = crate::tools::gid("bin");
        said(&chpst(&["-U", "daemon:bin:sys", "sh", "-c", "echo $GID"]), &format!("{bin}\n"));
    }),
    case("env_ids_as_numbers", || {
        said(&chpst(&["-U", ":4711:0815:3", "sh", "-c", "echo $GID; env | grep ^UID="]), "815\nUID=4711\n");
    }),
    case("env_ids_override_files", || {
        let tools = Tools::new();
        tools.rig.place.file("e/GID", "file");
        tools.rig.place.file("e/UID", "file");
        let done = tools.run(&["chpst", "-U", ":1:2", "-e", "e", "sh", "-c", "env | grep ID= | sort"]);
        said(&done, "GID=2\nUID=1\n");
    }),
    case("env_ids_come_group_first", || {
        let chpst = Tools::new();
        let path = chpst.alias("chpst");
        let done = chpst.sh(&format!("env -i A=1 GID=x {} -U :1:2 /usr/bin/env", path.display()));
        said(&done, "A=1\nGID=2\nUID=1\n");
    }),
    case("env_ids_need_no_rights", || {
        let tools = Tools::new();
        let done = tools
            .rig
            .place
            .run(&mut tools.rig.unprivileged("chpst", &["-U", ":1:2", "sh", "-c", "echo $GID"]));
        said(&done, "2\n");
    }),
    case("envuidgid_sets", || {
        let (uid, gid) = ids("daemon");
        let done = Tools::new().run(&["envuidgid", "daemon", "sh", "-c", "echo $GID; env | grep ^UID="]);
        said(&done, &format!("{gid}\nUID={uid}\n"));
    }),
    case("envuidgid_unknown", || {
        let tools = Tools::new();
        fatal(&tools.run(&["envuidgid", "no such user", "echo"]), "unknown account: no such user");
        fatal(&tools.run(&["envuidgid", ":1:2", "echo"]), "unknown account: :1:2");
        fatal(&tools.run(&["envuidgid", "daemon:bin", "echo"]), "unknown account: daemon:bin");
        fatal(&tools.run(&["envuidgid", "", "echo"]), "unknown account: ");
    }),
];
