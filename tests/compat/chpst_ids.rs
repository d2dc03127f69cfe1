//! chpst -u and setuidgid.
use crate::tools::{Tools, chpst, fatal, gid, ids, need_root, said};
use runit_tests::place::Output;
use runit_tests::suite::{Case, case, needs_proc, needs_tool};

const SHOW: &[&str] = &["sed", "-n", "s/^\\(Uid\\|Gid\\|Groups\\):[\t ]*//p", "/proc/self/status"];

/// Becomes somebody and shows all the ids of the process: users, groups, supplementary groups.
fn become_user(words: &[&str]) -> Output {
    needs_proc();
    Tools::new().run(&[words, SHOW].concat())
}

/// The process has these ids, real, effective, saved and of the file system, and groups.
fn is(done: &Output, uid: &str, gid: &str, groups: &[&str]) {
    let line = |id: &str| [id; 4].join("\t");
    let mut lines: Vec<String> = done.out.lines().map(|line| line.trim().to_owned()).collect();
    let found = lines.pop().unwrap_or_default();
    let mut found: Vec<&str> = found.split_whitespace().collect();
    let mut groups = groups.to_vec();
    found.sort_unstable();
    groups.sort_unstable();
    assert_eq!((lines, found), (vec![line(uid), line(gid)], groups), "{done:?}");
    assert_eq!((done.err.as_str(), done.code), ("", Some(0)));
}

/// What -u says that is refused for what it is.
fn refused(account: &str, text: &str) {
    fatal(&chpst(&["-u", account, "echo", "ran"]), text);
    fatal(&chpst(&["-U", account, "echo", "ran"]), text);
}

pub const CASES: &[Case] = &[
    case("ids_user", || {
        need_root();
        let (uid, gid) = ids("daemon");
        is(&become_user(&["chpst", "-u", "daemon"]), &uid, &gid, &[&gid]);
    }),
    case("ids_user_and_group", || {
        need_root();
        let ((uid, _), bin) = (ids("daemon"), gid("bin"));
        is(&become_user(&["chpst", "-u", "daemon:bin"]), &uid, &bin, &[&bin]);
    }),
    case("ids_user_and_groups", || {
        need_root();
        let ((uid, _), bin, sys) = (ids("daemon"), gid("bin"), gid("sys"));
        is(&become_user(&["chpst", "-u", "daemon:bin:sys"]), &uid, &bin, &[&bin, &sys]);
    }),
    case("ids_numbers", || {
        need_root();
        is(&become_user(&["chpst", "-u", ":4711:815"]), "4711", "815", &["815"]);
        is(&become_user(&["chpst", "-u", ":4711:00815:3:4"]), "4711", "815", &["3", "4", "815"]);
        is(&become_user(&["chpst", "-u", ":0:0"]), "0", "0", &["0"]);
    }),
    case("ids_large_numbers", || {
        need_root();
        is(
            &become_user(&["chpst", "-u", ":4294967294:4294967294"]),
            "4294967294",
            "4294967294",
            &["4294967294"],
        );
    }),
    case("ids_sixty_groups", || {
        need_root();
        let groups: Vec<String> = (1000..1060).map(|gid| gid.to_string()).collect();
        let list: Vec<&str> = groups.iter().map(String::as_str).collect();
        is(&become_user(&["chpst", "-u", &format!(":1:{}", groups.join(":"))]), "1", "1000", &list);
    }),
    case("ids_more_than_sixty_numbers", || {
        let numbers = format!("1{}", ":2".repeat(61));
        refused(&format!(":{numbers}"), &format!("invalid uid/gids: {numbers}"));
    }),
    case("ids_more_than_sixty_names", || {
        need_root();
        let ((uid, _), bin) = (ids("daemon"), gid("bin"));
        let account = format!("daemon{}{}", ":bin".repeat(60), ":nobody knows it".repeat(5));
        let done = become_user(&["chpst", "-u", &account]);
        assert!(done.out.starts_with(&format!("{uid}\t")), "{done:?}");
        assert!(done.out.lines().nth(2).unwrap().split_whitespace().all(|gid| gid == bin));
    }),
    case("ids_a_number_is_a_name", || refused("0", "unknown user/group: 0")),
    case("ids_unknown", || {
        refused("no such user", "unknown user/group: no such user");
        refused("root:no such group", "unknown user/group: root:no such group");
        refused("root:", "unknown user/group: root:");
        refused("root:root:", "unknown user/group: root:root:");
        refused("root::root", "unknown user/group: root::root");
        refused("", "unknown user/group: ");
    }),
    case("ids_invalid_numbers", || {
        refused(":", "invalid uid/gids: ");
        refused(":1", "invalid uid/gids: 1");
        refused(":1:x", "invalid uid/gids: 1:x");
        refused(":1x:1", "invalid uid/gids: 1x:1");
        refused(":-1:1", "invalid uid/gids: -1:1");
        refused(":1:2 ", "invalid uid/gids: 1:2 ");
    }),
    case("ids_nothing_is_not_0_DEV-81", || refused(":1:", "invalid uid/gids: 1:")).dev("DEV-81"),
    case("ids_nothing_is_not_root_DEV-81", || refused("::5", "invalid uid/gids: :5")).dev("DEV-81"),
    case("ids_no_empty_group_at_the_end_DEV-81", || refused(":1:2:", "invalid uid/gids: 1:2:")).dev("DEV-81"),
    case("ids_do_not_wrap_DEV-81", || refused(":4294967296:1", "invalid uid/gids: 4294967296:1"))
        .dev("DEV-81"),
    case("ids_do_not_wrap_twice_DEV-81", || {
        refused(":1:18446744073709551616", "invalid uid/gids: 1:18446744073709551616");
    })
    .dev("DEV-81"),
    case("ids_without_rights", || {
        let tools = Tools::new();
        let run = |account: &str| {
            tools.rig.place.run(&mut tools.rig.unprivileged("chpst", &["-u", account, "echo", "ran"]))
        };
        fatal(&run("root"), "unable to setgroups: permission denied");
        fatal(&run(":65534:65534"), "unable to setgroups: permission denied");
    }),
    case("ids_are_looked_up_in_the_new_root", || {
        let tools = Tools::new();
        tools.rig.place.dir("empty");
        // NetBSD's C library says the same where there is no file as where nobody has the name.
        let text = if cfg!(target_os = "netbsd") {
            "unknown user/group: root"
        } else {
            "unable to get password/group file entry: file does not exist"
        };
        let done = tools.run_as_root(&["chpst", "-/", "empty", "-u", "root", "echo", "ran"]);
        fatal(&done, text);
        let done = tools.run_as_root(&["chpst", "-/", "empty", "-U", "root", "echo", "ran"]);
        fatal(&done, text);
    }),
    case("ids_as_numbers_need_no_files", || {
        need_root();
        let tools = Tools::new();
        tools.rig.place.dir("empty");
        let done = tools.run(&["chpst", "-/", "empty", "-u", ":1:1", "/missing"]);
        fatal(&done, "unable to run: /missing: file does not exist");
    }),
    case("ids_leave_home_and_user_alone", || {
        need_root();
        let tools = Tools::new();
        let mut command = tools.command(&["chpst", "-u", "daemon", "sh", "-c", "echo $HOME $USER $LOGNAME"]);
        said(
            &tools.rig.place.run(command.env("HOME", "/h").env("USER", "u").env("LOGNAME", "l")),
            "/h u l\n",
        );
    }),
    case("ids_of_the_last_u", || {
        need_root();
        is(&become_user(&["chpst", "-u", ":1:1", "-u", ":2:3"]), "2", "3", &["3"]);
    }),
    case("ids_and_environment", || {
        need_root();
        said(&chpst(&["-u", ":1:2", "-U", ":3:4", "sh", "-c", "echo $(id -u) $(id -g) $GID"]), "1 2 4\n");
    }),
    case("setuidgid_becomes", || {
        need_root();
        let (uid, gid) = ids("daemon");
        is(&become_user(&["setuidgid", "daemon"]), &uid, &gid, &[&gid]);
        is(&become_user(&["dsetuidgid", "daemon"]), &uid, &gid, &[&gid]);
    }),
    case("setuidgid_knows_names_only", || {
        let tools = Tools::new();
        for name in [":1:1", "daemon:bin", "0", "", "no such"] {
            fatal(&tools.run(&["setuidgid", name, "echo"]), &format!("unknown account: {name}"));
        }
    }),
    case("groups_all_of_them", || {
        need_root();
        needs_tool("unshare");
        let tools = Tools::new();
        tools.rig.place.file("passwd", "root:x:0:0::/:/bin/sh\nme:x:4711:815::/:/bin/sh\n");
        let group = "root:x:0:\nmine:x:815:\nother:x:3:root,me\nthird:x:4:me\nnot:x:5:you\n";
        tools.rig.place.file("group", group);
        // Another /etc for this process alone.
        let run = |words: &[&str]| {
            let script = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$@\"";
            let mut command = tools.rig.place.command("unshare");
            command.args(["--mount", "sh", "-c", script, "sh"]).arg(tools.alias("chpst"));
            tools.rig.place.run(command.args(words).args(SHOW))
        };
        is(&run(&["-u", "me"]), "4711", "815", &["815"]);
        is(&run(&["--groups", "-u", "me"]), "4711", "815", &["3", "4", "815"]);
        is(&run(&["-u", "me:not", "--groups"]), "4711", "5", &["3", "4", "5", "815"]);
        is(&run(&["-u", "me:not:third", "--groups"]), "4711", "5", &["3", "4", "5", "815"]);
        fatal(&run(&["--groups", "-u", "me:x"]), "unknown user/group: me:x");
    })
    .ours(),
];
