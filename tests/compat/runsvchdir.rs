//! runsvchdir. C runit 2.1.2 knows no RUNSVDIR.
use runit_tests::place::Output;
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::Command;

/// A working directory with the directories `a`, `b` and `c`.
struct Dirs {
    rig: Rig,
}

impl Dirs {
    fn new() -> Dirs {
        let rig = Rig::new();
        ["a", "b", "c"].iter().for_each(|name| drop(rig.place.dir(format!("w/{name}"))));
        Dirs { rig }
    }

    /// The same with `a` current.
    fn in_a() -> Dirs {
        let dirs = Dirs::new();
        dirs.link("a", "current");
        dirs
    }

    fn link(&self, text: &str, name: &str) {
        let path = self.rig.place.path("w").join(name);
        let _ = fs::remove_file(&path);
        symlink(text, path).expect("a link");
    }

    fn command(&self, name: &str) -> Command {
        let mut command = self.rig.command("runsvchdir", &[name]);
        command.env("RUNSVDIR", self.rig.place.path("w"));
        command
    }

    fn run(&self, name: &str) -> Output {
        self.rig.place.run(self.command(name).arg0("argv0"))
    }

    /// Names and texts of the links there, in order.
    fn links(&self) -> Vec<String> {
        let entries = fs::read_dir(self.rig.place.path("w")).expect("a directory").flatten();
        let text = |entry: fs::DirEntry| {
            let text = fs::read_link(entry.path()).ok()?;
            Some(format!("{} -> {}", entry.file_name().to_string_lossy(), text.display()))
        };
        let mut links: Vec<String> = entries.filter_map(text).collect();
        links.sort();
        links
    }

    fn switches(&self, name: &str, line: &str, links: &[&str]) {
        let done = self.run(name);
        let line = format!("runsvchdir: {line}\n");
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), (line.as_str(), "", Some(0)));
        assert_eq!(self.links(), links);
    }

    fn refuses(&self, name: &str, line: &str) {
        let before = self.links();
        let done = self.run(name);
        let line = format!("argv0: fatal: {line}\n");
        assert_eq!((done.err.as_str(), done.out.as_str(), done.code), (line.as_str(), "", Some(111)));
        assert_eq!(self.links(), before);
    }
}

pub const CASES: &[Case] = &[
    case("chdir_usage", || {
        let rig = Rig::new();
        let done = rig.run("runsvchdir", &[]);
        let text = format!("usage: {} dir\n\n", program("runsvchdir").display());
        assert_eq!((done.err.as_str(), done.out.as_str(), done.code), (text.as_str(), "", Some(1)));
    }),
    case("chdir_dot", || {
        for name in [".", "..", ".a", "./a"] {
            Dirs::in_a().refuses(name, &format!("{name}: must not start with a dot."));
        }
    }),
    case("chdir_default_directory", || {
        let dirs = Dirs::in_a();
        let done = dirs.rig.place.run(dirs.command("no-such-directory").env_remove("RUNSVDIR").arg0("argv0"));
        let texts = [
            "argv0: fatal: unable to chdir: /etc/runit/runsvdir: file does not exist\n",
            "argv0: fatal: no-such-directory: file does not exist\n",
        ];
        assert!(texts.contains(&done.err.as_str()) && done.code == Some(111), "{done:?}");
    }),
    case("chdir_no_working_directory", || {
        let dirs = Dirs::in_a();
        for (base, shown) in [("/missing", "/missing"), ("", "")] {
            let done = dirs.rig.place.run(dirs.command("a").env("RUNSVDIR", base).arg0("argv0"));
            assert_eq!(done.err, format!("argv0: fatal: unable to chdir: {shown}: file does not exist\n"));
            assert_eq!(done.code, Some(111));
        }
    })
    .since("2.3.0"),
    case("chdir_switches", || {
        let dirs = Dirs::in_a();
        dirs.switches("b", "b: now current.", &["current -> b", "previous -> a"]);
        dirs.switches("c", "c: now current.", &["current -> c", "previous -> b"]);
    })
    .since("2.3.0"),
    case("chdir_already_current", || {
        let dirs = Dirs::in_a();
        dirs.switches("a", "a: current.", &["current -> a"]);
        dirs.switches("b/../a", "b/../a: current.", &["current -> a"]);
        dirs.switches("current", "current: current.", &["current -> a"]);
    })
    .since("2.3.0"),
    case("chdir_text_as_given", || {
        let dirs = Dirs::in_a();
        dirs.switches("b//", "b//: now current.", &["current -> b//", "previous -> a"]);
        let path = dirs.rig.place.path("w/c");
        let path = path.to_str().unwrap();
        let current = format!("current -> {path}");
        dirs.switches(path, &format!("{path}: now current."), &[&current, "previous -> b//"]);
    })
    .since("2.3.0"),
    case("chdir_through_a_link", || {
        let dirs = Dirs::in_a();
        dirs.link("b", "name");
        dirs.switches("name", "name: now current.", &["current -> name", "name -> b", "previous -> a"]);
    })
    .since("2.3.0"),
    case("chdir_further_words", || {
        let dirs = Dirs::in_a();
        let done = dirs.rig.place.run(dirs.command("b").args(["c", "--"]));
        assert_eq!((done.out.as_str(), done.code), ("runsvchdir: b: now current.\n", Some(0)));
    })
    .since("2.3.0"),
    case("chdir_missing", || {
        Dirs::in_a().refuses("no", "no: file does not exist");
        Dirs::in_a().refuses("", ": file does not exist");
        Dirs::in_a().refuses("-V", "-V: file does not exist");
        Dirs::in_a().refuses("previous", "previous: file does not exist");
    })
    .since("2.3.0"),
    case("chdir_unable_to_look", || {
        let dirs = Dirs::in_a();
        dirs.rig.place.file("w/file", "");
        dirs.refuses("file/x", "unable to stat: file/x: not a directory");
        dirs.link("loop", "loop");
        dirs.refuses("loop", "unable to stat: loop: symbolic link loop");
    })
    .since("2.3.0"),
    case("chdir_unable_to_look_at_current", || {
        let dirs = Dirs::new();
        dirs.link("current", "current");
        dirs.refuses("a", "unable to stat: current: symbolic link loop");
    })
    .since("2.3.0"),
    case("chdir_previous_is_a_directory", || {
        let dirs = Dirs::in_a();
        dirs.rig.place.dir("w/previous");
        let done = dirs.run("b");
        assert_eq!(done.err, "argv0: fatal: unable to unlink: previous: is a directory\n");
        assert_eq!((done.out.as_str(), done.code), ("", Some(111)));
        assert!(dirs.links().contains(&"current -> a".into()), "{:?}", dirs.links());
    })
    .since("2.3.0"),
    case("chdir_leftovers", || {
        let dirs = Dirs::in_a();
        dirs.link("nowhere", "current.new");
        dirs.switches("b", "b: now current.", &["current -> b", "previous -> a"]);
    })
    .since("2.3.0"),
    case("chdir_current_is_a_directory", || {
        let dirs = Dirs::new();
        dirs.rig.place.file("w/current/here", "");
        dirs.switches("b", "b: now current.", &["current -> b"]);
        assert!(dirs.rig.place.path("w/previous/here").exists());
    })
    .since("2.3.0"),
    case("chdir_without_permission", || {
        let dirs = Dirs::in_a();
        dirs.rig.place.chmod("w", 0o555);
        let mut command = dirs.rig.unprivileged("runsvchdir", &["b"]);
        let done = dirs.rig.place.run(command.env("RUNSVDIR", dirs.rig.place.path("w")));
        let end = ": fatal: unable to create: current.new -> b: access denied\n";
        assert!(done.err.ends_with(end) && done.code == Some(111), "{done:?}");
        assert_eq!(dirs.links(), ["current -> a"]);
    })
    .since("2.3.0"),
    case("chdir_mode_of_the_directory_is_left_alone", || {
        let dirs = Dirs::in_a();
        dirs.rig.place.chmod("w", 0o711);
        assert_eq!(dirs.run("b").code, Some(0));
        assert_eq!(dirs.rig.place.path("w").metadata().unwrap().permissions().mode() & 0o777, 0o711);
    })
    .since("2.3.0"),
    case("chdir_not_a_directory_DEV-27", || {
        let dirs = Dirs::in_a();
        dirs.rig.place.file("w/file", "");
        dirs.refuses("file", "file: not a directory.");
    })
    .dev("DEV-27"),
    case("chdir_first_time_DEV-27", || {
        let dirs = Dirs::new();
        dirs.switches("a", "a: now current.", &["current -> a"]);
        dirs.switches("b", "b: now current.", &["current -> b", "previous -> a"]);
    })
    .dev("DEV-27"),
    case("chdir_current_leads_nowhere_DEV-27", || {
        let dirs = Dirs::new();
        dirs.link("gone", "current");
        dirs.link("c", "previous");
        dirs.switches("b", "b: now current.", &["current -> b", "previous -> c"]);
    })
    .dev("DEV-27"),
    case("chdir_previous_goes_back_DEV-27", || {
        let dirs = Dirs::in_a();
        dirs.link("b", "previous");
        dirs.switches("previous", "b: now current.", &["current -> b", "previous -> a"]);
        dirs.switches("previous/", "a: now current.", &["current -> a", "previous -> b"]);
    })
    .dev("DEV-27"),
    case("chdir_out_of_a_loop_DEV-27", || {
        // What C runit makes of `runsvchdir previous`.
        let dirs = Dirs::new();
        dirs.link("previous", "current");
        dirs.link("a", "previous");
        dirs.switches("b", "b: now current.", &["current -> b", "previous -> a"]);
    })
    .dev("DEV-27"),
    case("chdir_killed_at_any_moment_DEV-27", || {
        const CALLS: [&str; 7] =
            ["rename", "renameat", "renameat2", "symlink", "symlinkat", "unlink", "unlinkat"];
        if Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output().is_err() {
            skip("no strace");
        }
        let dirs = Dirs::in_a();
        // Kills runsvchdir when it begins such a call for the so manieth time.
        let killed_at = |call: &str, number: u32| {
            dirs.link("a", "current");
            dirs.link("c", "previous");
            let mut command = dirs.rig.place.command("strace");
            command.args(["-qq", "-o", "/dev/null", "-e", &format!("trace=?{call}")]);
            command.args(["-e", &format!("inject=?{call}:signal=KILL:when={number}")]);
            command.arg(program("runsvchdir")).arg("b").env("RUNSVDIR", dirs.rig.place.path("w"));
            let done = dirs.rig.place.run(&mut command);
            if done.code == Some(0) {
                return false;
            }
            assert!(done.signal == Some(9), "{done:?}");
            for name in ["current/", "previous/"] {
                assert!(dirs.rig.place.path("w").join(name).exists(), "{call} {number}: {:?}", dirs.links());
            }
            true
        };
        let killed: usize =
            CALLS.iter().map(|call| (1..10).take_while(|number| killed_at(call, *number)).count()).sum();
        assert!(killed > 3, "{killed}");
        assert!(dirs.links().contains(&"current -> b".into()));
    })
    .dev("DEV-27"),
    case("chdir_many_at_once", || {
        let dirs = Dirs::in_a();
        dirs.link("b", "previous");
        for _ in 0..5 {
            let names = ["a", "b", "c", "previous", "a", "b", "c", "previous"];
            let mut running: Vec<_> =
                names.iter().map(|name| dirs.rig.place.start(&mut dirs.command(name))).collect();
            for (one, name) in running.iter_mut().zip(names) {
                assert_eq!(one.wait().code(), Some(0), "{name}: {}", one.err());
            }
            let links = dirs.links();
            assert_eq!(links.len(), 2, "{links:?}");
            let texts: Vec<&str> = links.iter().filter_map(|link| link.split(" -> ").nth(1)).collect();
            assert!(texts[0] != texts[1] && texts.iter().all(|text| text.len() == 1), "{links:?}");
        }
    })
    .ours(),
    case("chdir_one_after_the_other", || {
        const RENAMES: &str = "?rename,?renameat,?renameat2";
        if Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output().is_err() {
            skip("no strace");
        }
        let dirs = Dirs::in_a();
        let mut slow = dirs.rig.place.command("strace");
        slow.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={RENAMES}")]);
        slow.args(["-e", &format!("inject={RENAMES}:delay_enter=300000:when=1")]);
        slow.arg(program("runsvchdir")).arg("b").env("RUNSVDIR", dirs.rig.place.path("w"));
        let mut slow = dirs.rig.place.start(&mut slow);
        // It is about to rename what it has made; the other one comes in between.
        until("the links in the making", || (dirs.links().len() > 2 || slow.ended().is_some()).then_some(()));
        assert_eq!(dirs.run("c").code, Some(0));
        assert_eq!(slow.wait().code(), Some(0), "{}", slow.err());
        assert_eq!(dirs.links(), ["current -> c", "previous -> b"]);
    })
    .ours(),
    case("chdir_lock_that_nobody_gives_up", || {
        let dirs = Dirs::in_a();
        let dir = fs::File::open(dirs.rig.place.path("w")).unwrap();
        let how = nix::fcntl::FlockArg::LockExclusive;
        let _lock = nix::fcntl::Flock::lock(dir, how).map_err(|(_, why)| why).unwrap();
        dirs.switches("b", "b: now current.", &["current -> b", "previous -> a"]);
    })
    .ours(),
    case("chdir_long_options", || {
        let rig = Rig::new();
        let done = rig.run("runsvchdir", &["--version"]);
        assert!(done.out.starts_with("runsvchdir ") && done.code == Some(0), "{done:?}");
        assert!(rig.run("runsvchdir", &["--help"]).out.contains(" dir\n\n"));
        let dirs = Dirs::in_a();
        dirs.rig.place.dir("w/--help");
        dirs.switches("--help", "--help: now current.", &["current -> --help", "previous -> a"]);
    })
    .ours(),
];
