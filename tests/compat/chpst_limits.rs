//! chpst: limits and locks, softlimit, setlock.
use crate::tools::{Tools, chpst, fatal, said};
use nix::fcntl::{Flock, FlockArg};
use runit_tests::place::Output;
use runit_tests::rig::process_state;
use runit_tests::suite::{Case, case, needs_proc};
use runit_tests::wait::until;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;

/// A soft and a hard limit as the kernel names them in /proc.
fn limit(done: &Output, name: &str) -> (String, String) {
    let line =
        done.out.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{done:?}"));
    let mut words = line.split_whitespace();
    let mut word = || words.next().expect("a number").to_owned();
    (word(), word())
}

/// The soft limits after a command line, and that no hard one was changed.
fn soft(words: &[&str], names: &[&str]) -> Vec<String> {
    needs_proc();
    let tools = Tools::new();
    let show = ["cat", "/proc/self/limits"];
    let before = tools.rig.place.run(tools.rig.place.command(show[0]).arg(show[1]));
    let after = tools.run(&[words, &show].concat());
    assert_eq!((after.err.as_str(), after.code), ("", Some(0)));
    for line in before.out.lines().skip(1) {
        let name = line.get(..26).unwrap_or(line).trim_end();
        assert_eq!(limit(&before, name).1, limit(&after, name).1, "the hard limit of {name}");
    }
    names.iter().map(|name| limit(&after, name).0).collect()
}

const MEMORY: [&str; 4] = ["Max data size", "Max stack size", "Max locked memory", "Max address space"];
const ALL: [&str; 10] = [
    "Max data size",
    "Max stack size",
    "Max locked memory",
    "Max address space",
    "Max open files",
    "Max processes",
    "Max file size",
    "Max core file size",
    "Max resident set",
    "Max cpu time",
];

/// A lock that is held as long as the result lives.
fn held(tools: &Tools, name: &str) -> Flock<File> {
    let file = File::create(tools.rig.place.path(name)).expect("a file");
    Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, why)| why).expect("the lock")
}

/// Starts a command that is to wait for the lock on `lock`; checks that it does, lets it go on, and
/// returns what becomes of it.
fn waits(tools: &Tools, words: &[&str]) -> Output {
    needs_proc();
    let lock = held(tools, "lock");
    let mut running = tools.rig.place.start(&mut tools.command(words));
    let pid = running.pid();
    let has_it_open = || {
        let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        fds.filter_map(|fd| std::fs::read_link(fd.path()).ok()).any(|to| to.ends_with("lock"))
    };
    let ended = until("an attempt", || match running.ended() {
        Some(status) => Some(Some(status)),
        None if has_it_open() && process_state(pid) == Some('S') => Some(None),
        None => None,
    });
    assert!(ended.is_none(), "did not wait: {}", running.err());
    drop(lock);
    let status = running.wait();
    Output { code: status.code(), signal: None, out: running.out(), err: running.err() }
}

pub const CASES: &[Case] = &[
    case("limit_each", || {
        let words = [
            "chpst",
            "-d",
            "5000000000",
            "-o",
            "123",
            "-p",
            "54321",
            "-f",
            "6000000",
            "-c",
            "0",
            "-r",
            "7000000",
            "-t",
            "88",
        ];
        let names =
            ["Max data size", "Max open files", "Max processes", "Max file size", "Max core file size"];
        assert_eq!(soft(&words, &names), ["5000000000", "123", "54321", "6000000", "0"]);
        assert_eq!(soft(&words, &["Max resident set", "Max cpu time"]), ["7000000", "88"]);
    }),
    case("limit_memory", || {
        let hard = soft(&["softlimit", "-l", "="], &["Max locked memory"]);
        let locked = match hard[0].parse::<u64>() {
            Ok(hard) => hard.min(6_000_000_000).to_string(),
            Err(_) => "6000000000".into(),
        };
        let m = "6000000000";
        assert_eq!(soft(&["chpst", "-m", m], &MEMORY), [m, m, &locked, m]);
        assert_eq!(soft(&["chpst", "-m", m, "-d", "5000000000"], &MEMORY)[0], "5000000000");
        assert_eq!(soft(&["chpst", "-d", "5000000000", "-m", m], &MEMORY)[0], m, "the last one counts");
    }),
    case("limit_that_leaves_no_memory", || {
        // It is the program's, and what chpst has still to do and to say needs none.
        let all = [["chpst", "-d", "1"], ["softlimit", "-a", "1000"], ["chpst", "-m", "1000"]];
        // -m limits the stack too, and these take at once what is above such a limit, in use or not.
        let taken = cfg!(any(target_os = "freebsd", target_os = "openbsd"));
        let all = if taken { &all[..2] } else { &all[..] };
        for words in all {
            // NetBSD refuses such a limit.
            let refused = cfg!(target_os = "netbsd") && words.contains(&"-m");
            let long = format!("no-such-program-{}", "x".repeat(200));
            for program in ["./no-such-program", &long] {
                let done = Tools::new().run(&[words.as_slice(), &[program]].concat());
                if refused {
                    fatal(&done, "unable to setrlimit(): invalid argument");
                } else {
                    fatal(&done, &format!("unable to run: {program}: file does not exist"));
                }
            }
        }
    }),
    case("limit_never_above_the_hard_one", || {
        let done = Tools::new().sh("ulimit -n 50; exec chpst -o 100 sh -c 'ulimit -S -n; ulimit -H -n'");
        said(&done, "50\n50\n");
    }),
    case("limit_up_to_the_hard_one", || {
        let done = Tools::new().sh("ulimit -S -n 20; ulimit -H -n 50; exec chpst -o 40 sh -c 'ulimit -S -n'");
        said(&done, "40\n");
        let all = "18446744073709551615";
        let done = Tools::new()
            .sh(&format!("ulimit -S -n 20; ulimit -H -n 50; exec chpst -o {all} sh -c 'ulimit -S -n'"));
        said(&done, "50\n");
    }),
    case("limit_negative_numbers_ask_for_nothing", || {
        for word in ["18446744073709551614", "9223372036854775808"] {
            let done =
                Tools::new().sh(&format!("ulimit -S -n 20; exec chpst -o {word} sh -c 'ulimit -S -n'"));
            said(&done, "20\n");
        }
    }),
    case("limit_of_nothing_is_0", || said(&chpst(&["-c", "", "sh", "-c", "ulimit -c"]), "0\n")),
    case("limit_is_not_the_hard_one_with_equals", || assert_eq!(chpst(&["-o", "=", "true"]).code, Some(100))),
    case("limits_come_after_locks", || {
        let tools = Tools::new();
        assert_eq!(tools.run(&["chpst", "-f", "0", "-l", "lock", "sh", "-c", "exit 5"]).code, Some(5));
    }),
    case("softlimit_each", || {
        let words = [
            "softlimit",
            "-d",
            "5000000000",
            "-s",
            "6000000",
            "-l",
            "4096",
            "-a",
            "7000000000",
            "-o",
            "123",
            "-p",
            "54321",
            "-f",
            "6000000",
            "-c",
            "0",
            "-r",
            "7000000",
            "-t",
            "88",
        ];
        let expected =
            ["5000000000", "6000000", "4096", "7000000000", "123", "54321", "6000000", "0", "7000000", "88"];
        assert_eq!(soft(&words, &ALL), expected);
    }),
    case("softlimit_memory", || {
        assert_eq!(
            soft(&["softlimit", "-m", "8192000000", "-s", "9000000", "-l", "1"], &MEMORY),
            ["8192000000", "9000000", "1", "8192000000",]
        );
    }),
    case("softlimit_equals_is_the_hard_one", || {
        let done =
            Tools::new().sh("ulimit -S -n 20; ulimit -H -n 50; exec softlimit -o = sh -c 'ulimit -S -n'");
        said(&done, "50\n");
    }),
    case("softlimit_last_one_counts", || {
        assert_eq!(soft(&["softlimit", "-o", "=", "-o", "77"], &["Max open files"]), ["77"]);
    }),
    case("lock_is_made", || {
        let tools = Tools::new();
        said(&tools.sh("umask 002; chpst -l lock echo ran"), "ran\n");
        let path = tools.rig.place.path("lock");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(tools.rig.place.text("lock"), "");
    }),
    case("lock_file_is_left_as_it_is", || {
        let tools = Tools::new();
        tools.rig.place.file("lock", "text");
        tools.rig.place.chmod("lock", 0o664);
        said(&tools.run(&["chpst", "-L", "lock", "echo", "ran"]), "ran\n");
        assert_eq!(tools.rig.place.text("lock"), "text");
        assert_eq!(tools.rig.place.path("lock").metadata().unwrap().permissions().mode() & 0o777, 0o664);
    }),
    case("lock_is_kept_by_the_program", || {
        needs_proc();
        let tools = Tools::new();
        let done = tools.sh("exec chpst -l lock chpst -L lock echo ran");
        fatal(&done, "unable to lock: lock: temporary failure");
        let done = tools.sh("exec chpst -L lock sh -c 'readlink /proc/$$/fd/* | sed -n /lock$/p'");
        said(&done, &format!("{}\n", tools.rig.place.path("lock").display()));
    }),
    case("lock_ends_with_the_program", || {
        said(&Tools::new().sh("chpst -L lock true; chpst -L lock echo ran"), "ran\n");
    }),
    case("lock_held", || {
        let tools = Tools::new();
        let _lock = held(&tools, "lock");
        let done = tools.run(&["chpst", "-L", "lock", "echo", "ran"]);
        fatal(&done, "unable to lock: lock: temporary failure");
    }),
    case("lock_waits", || {
        let tools = Tools::new();
        said(&waits(&tools, &["chpst", "-l", "lock", "echo", "ran"]), "ran\n");
    }),
    case("lock_without_directory", || {
        let text = "unable to open lock: no/lock: file does not exist";
        fatal(&chpst(&["-l", "no/lock", "echo", "ran"]), text);
        fatal(&chpst(&["-L", "no/lock", "echo", "ran"]), text);
    }),
    case("lock_of_a_directory", || {
        fatal(&chpst(&["-l", ".", "echo", "ran"]), "unable to open lock: .: is a directory");
    }),
    case("lock_is_taken_as_the_new_user", || {
        crate::tools::need_root();
        let tools = Tools::new();
        let done = tools.run(&["chpst", "-u", ":65534:65534", "-l", "lock", "echo", "ran"]);
        fatal(&done, "unable to open lock: lock: access denied");
    }),
    case("setlock_runs_the_program", || {
        let tools = Tools::new();
        said(&tools.run(&["setlock", "lock", "echo", "-n", "ran"]), "ran");
        said(&tools.run(&["setlock", "-nNXx", "--", "lock", "echo", "ran"]), "ran\n");
        let mode = tools.rig.place.path("lock").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }),
    case("setlock_complains", || {
        let tools = Tools::new();
        let text = "unable to open lock: no/lock: file does not exist";
        fatal(&tools.run(&["setlock", "no/lock", "echo"]), text);
        fatal(&tools.run(&["setlock", "-xX", "no/lock", "echo"]), text);
        let done = tools.run(&["setlock", "lock", "/missing"]);
        fatal(&done, "unable to run: /missing: file does not exist");
    }),
    case("setlock_is_silent", || {
        let tools = Tools::new();
        said(&tools.run(&["setlock", "-x", "no/lock", "echo", "ran"]), "");
        said(&tools.run(&["setlock", "-Xx", "lock", "/missing"]), "");
        assert_eq!(tools.run(&["setlock", "-x", "lock", "sh", "-c", "exit 3"]).code, Some(3));
    }),
    case("setlock_n_fails_at_once_DEV-80", || {
        let tools = Tools::new();
        let _lock = held(&tools, "lock");
        let done = tools.run(&["setlock", "-n", "lock", "echo", "ran"]);
        fatal(&done, "unable to lock: lock: temporary failure");
    })
    .dev("DEV-80"),
    case("setlock_nx_is_silent_at_once_DEV-80", || {
        let tools = Tools::new();
        let _lock = held(&tools, "lock");
        said(&tools.run(&["setlock", "-nx", "lock", "echo", "ran"]), "");
    })
    .dev("DEV-80"),
    case("setlock_N_waits_DEV-80", || {
        let tools = Tools::new();
        said(&waits(&tools, &["setlock", "-N", "lock", "echo", "ran"]), "ran\n");
    })
    .dev("DEV-80"),
    case("setlock_waits_by_default_DEV-80", || {
        let tools = Tools::new();
        said(&waits(&tools, &["setlock", "lock", "echo", "ran"]), "ran\n");
    })
    .dev("DEV-80"),
];
