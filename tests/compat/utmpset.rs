//! utmpset, in a mount namespace where the files of logins are ours.
use crate::utmpset_rig::{BOOT, LOGIN, Logins, MOUNT, NOW, OTHER, Record, USER, ended, entry, now, seconds};
use nix::fcntl::{Flock, FlockArg};
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::PermissionsExt;

fn usage(words: &[&str], complaint: &str) {
    let done = Rig::new().run("utmpset", words);
    let text = format!("{complaint}usage: {} [-w] line\n\n", program("utmpset").display());
    assert_eq!((done.err, done.out.as_str(), done.code), (text, "", Some(1)), "{words:?}");
}

pub const CASES: &[Case] = &[
    case("utmp_usage", || {
        usage(&[], "");
        usage(&["-w"], "");
        usage(&["-w", "--"], "");
        usage(&["-x", "tty1"], "utmpset: illegal option -- x\n");
        usage(&["-wx"], "utmpset: illegal option -- x\n");
    }),
    case("utmp_version_is_a_usage_error", || {
        let done = Rig::new().run("utmpset", &["-V", "tty1"]);
        let (line, rest) = done.err.split_once('\n').unwrap();
        assert!(!line.is_empty() && rest.starts_with("usage: ") && done.code == Some(1), "{done:?}");
    }),
    case("utmp_boot_and_shutdown", || {
        let logins = Logins::of(&[OTHER]);
        logins.rig.place.file("log/wtmp", "");
        logins.does(&["--boot"]);
        logins.does(&["--shutdown"]);
        // Once more: in the place of the last one.
        logins.does(&["--boot"]);
        let release = nix::sys::utsname::uname().expect("uname");
        let release: &'static str = release.release().to_str().expect("text").to_owned().leak();
        let of = |kind, user| Record { kind, line: "~", user, host: release, time: NOW, rest: 0 };
        let layout = logins.layout;
        let id = layout.id.expect("a short name");
        let with_id = |record: &Record, found: &[u8]| {
            let record = Record { time: seconds(&layout, found), ..record.clone() };
            let mut bytes = record.bytes(&layout);
            bytes[id.at..id.at + 2].copy_from_slice(b"~~");
            assert!((now() - 60..=now()).contains(&record.time));
            bytes
        };
        let (up, down) = (of(2, "reboot"), of(1, "shutdown"));
        let wtmp = logins.wtmp();
        let found: Vec<&[u8]> = wtmp.chunks(layout.size).collect();
        assert_eq!(found.len(), 3);
        for (found, record) in found.iter().zip([&up, &down, &up]) {
            assert!(*found == with_id(record, found), "{found:?}");
        }
        let utmp = logins.utmp();
        let present: Vec<&[u8]> = utmp.chunks(layout.size).collect();
        assert_eq!(present.len(), 3);
        assert!(present[0] == OTHER.bytes(&layout));
        assert!(present[1] == with_id(&up, present[1]) && present[2] == with_id(&down, present[2]));
        // What nobody keeps is not begun.
        let logins = Logins::of(&[]);
        logins.does(&["--boot"]);
        assert!(logins.wtmp().is_empty() && logins.utmp().len() == layout.size);
    })
    .ours(),
    case("utmp_logs_out", || {
        let logins = Logins::of(&[BOOT, USER, OTHER]);
        logins.does(&["tty1"]);
        logins.holds(&[BOOT, ended("tty1"), OTHER]);
        assert!(!logins.rig.place.path("log/wtmp").exists());
    }),
    case("utmp_logs_a_getty_out", || {
        let logins = Logins::of(&[LOGIN]);
        logins.does(&["tty1"]);
        logins.holds(&[ended("tty1")]);
    }),
    case("utmp_one_record_at_a_time", || {
        let logins = Logins::of(&[USER, LOGIN]);
        logins.does(&["tty1"]);
        logins.holds(&[ended("tty1"), LOGIN]);
        logins.does(&["tty1"]);
        logins.holds(&[ended("tty1"), ended("tty1")]);
        logins.fails(&["tty1"], "warning: unable to logout line tty1 in utmp: no such entry");
    }),
    case("utmp_nobody_is_there", || {
        let logins = Logins::of(&[Record { user: "", ..USER }]);
        logins.fails(&["tty1"], "warning: unable to logout line tty1 in utmp: no such entry");
    }),
    case("utmp_line_as_it_is", || {
        let logins = Logins::of(&[USER]);
        for line in ["tty", "tty11", "TTY1", "/dev/tty1", "", "tty1 "] {
            let text = format!("warning: unable to logout line {line} in utmp: no such entry");
            logins.fails(&[line], &text);
        }
    }),
    case("utmp_further_words", || {
        let logins = Logins::of(&[USER, OTHER]);
        logins.does(&["tty1", "tty2"]);
        logins.holds(&[ended("tty1"), OTHER]);
    }),
    case("utmp_empty_file", || {
        let logins = Logins::of(&[]);
        logins.fails(&["-w", "tty1"], "warning: unable to logout line tty1 in utmp: no such entry");
        assert!(!logins.rig.place.path("log/wtmp").exists(), "nothing to note");
    }),
    case("utmp_half_a_record_at_the_end", || {
        let logins = Logins::of(&[OTHER]);
        let mut bytes = logins.utmp();
        bytes.extend(&USER.bytes(&logins.layout)[..100]);
        logins.rig.place.file("run/utmp", &bytes);
        logins.fails(&["tty1"], "warning: unable to logout line tty1 in utmp: no such entry");
    }),
    case("utmp_missing", || {
        let logins = Logins::new();
        logins.fails(&["-w", "tty1"], "fatal: unable to open /var/run/utmp: file does not exist");
        assert!(!logins.rig.place.path("run/utmp").exists());
    }),
    case("utmp_long_line", || {
        const LINE: &str = "pts/1234567890123456789012345678";
        let logins = Logins::of(&[entry(7, LINE, "me")]);
        assert_eq!(LINE.len(), logins.layout.line.len);
        logins.does(&[LINE]);
        logins.holds(&[ended(LINE)]);
    })
    .since("2.3.0"),
    case("utmp_too_long_line", || {
        let logins = Logins::of(&[USER]);
        let line = "x".repeat(33);
        logins.fails(&[&line], &format!("fatal: unable to logout line {line} in utmp: name too long"));
    })
    .since("2.3.0"),
    case("wtmp_is_appended_to", || {
        let logins = Logins::of(&[USER]);
        let old = OTHER.bytes(&logins.layout);
        logins.rig.place.file("log/wtmp", &old);
        logins.does(&["-w", "tty1"]);
        logins.holds(&[ended("tty1")]);
        let found = logins.wtmp();
        let (before, added) = found.split_at(logins.layout.size);
        let mut expected = Record { rest: 0, ..ended("tty1") };
        expected.time = seconds(&logins.layout, added);
        assert!((now() - 60..=now()).contains(&expected.time));
        assert!(before == old && added == expected.bytes(&logins.layout));
    }),
    case("wtmp_only_after_utmp", || {
        let logins = Logins::of(&[OTHER]);
        logins.rig.place.file("log/wtmp", "");
        logins.fails(&["-w", "tty1"], "warning: unable to logout line tty1 in utmp: no such entry");
        assert!(logins.wtmp().is_empty());
    }),
    case("wtmp_cannot_be_opened", || {
        let logins = Logins::of(&[USER]);
        logins.rig.place.dir("log/wtmp");
        let done = logins.run(&["-w", "tty1"]);
        assert_eq!(done.err, "utmpset: fatal: unable to open /var/log/wtmp: is a directory\n");
        assert_eq!(done.code, Some(111));
        logins.holds(&[ended("tty1")]);
    }),
    case("wtmp_on_a_full_disk", || {
        let logins = Logins::of(&[USER]);
        let old = OTHER.bytes(&logins.layout);
        logins.rig.place.file("log/wtmp", &old);
        // A file may grow to one block of 512 bytes, which is in the middle of the record.
        let script = format!("trap '' XFSZ; ulimit -f 1; {MOUNT}");
        let mut command = logins.rig.place.command("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]);
        let done = logins.rig.place.run(command.arg(program("utmpset")).args(["-w", "tty1"]));
        let reason = "utmpset: warning: unable to logout line tty1 in wtmp: file too big\n";
        assert_eq!(done.code, Some(111), "{done:?}");
        assert!(logins.wtmp() == old, "taken back");
        assert!(!runit_tests::programs::Programs::get().ours() || done.err == reason, "{done:?}");
    }),
    case("utmp_waits_for_flock", || {
        let logins = Logins::of(&[USER]);
        logins.waits("run/utmp", lock_file);
        logins.holds(&[ended("tty1")]);
    }),
    case("utmp_waits_for_fcntl_DEV-84", || {
        let logins = Logins::of(&[USER]);
        logins.waits("run/utmp", lock_records);
        logins.holds(&[ended("tty1")]);
    })
    .dev("DEV-84"),
    case("wtmp_waits_for_fcntl_DEV-84", || {
        let logins = Logins::of(&[USER]);
        logins.rig.place.file("log/wtmp", "");
        logins.waits("log/wtmp", lock_records);
        assert_eq!(logins.wtmp().len(), logins.layout.size);
    })
    .dev("DEV-84"),
    case("utmp_lock_that_nobody_gives_up", || {
        let logins = Logins::of(&[USER]);
        logins.rig.place.file("log/wtmp", "");
        let path = logins.rig.place.path("run/utmp");
        let _held = lock_file(OpenOptions::new().read(true).write(true).open(path).expect("the file"));
        let done = logins.run(&["-w", "tty1"]);
        let said = "utmpset: fatal: unable to lock: /var/run/utmp: temporary failure\n";
        assert_eq!((done.err.as_str(), done.code), (said, Some(111)));
        logins.holds(&[USER]);
        assert_eq!(logins.wtmp().len(), 0);
    })
    .dev("DEV-85"),
    case("utmp_other_records_are_left_alone", || {
        let dead = entry(8, "tty1", "old");
        let logins = Logins::of(&[BOOT, dead.clone(), USER]);
        logins.fails(&["~"], "warning: unable to logout line ~ in utmp: no such entry");
        logins.does(&["tty1"]);
        logins.holds(&[BOOT, dead, ended("tty1")]);
    })
    .ours(),
    case("wtmp_is_not_made", || {
        let logins = Logins::of(&[USER]);
        logins.does(&["-w", "tty1"]);
        logins.holds(&[ended("tty1")]);
        assert!(!logins.rig.place.path("log/wtmp").exists());
    })
    .ours(),
    case("wtmp_mode_is_left_alone", || {
        let logins = Logins::of(&[USER]);
        logins.rig.place.file("log/wtmp", "");
        logins.rig.place.chmod("log/wtmp", 0o640);
        logins.does(&["-w", "tty1"]);
        assert_eq!(logins.rig.place.path("log/wtmp").metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }),
    case("utmp_long_options", || {
        let rig = Rig::new();
        let done = rig.run("utmpset", &["-w", "--version"]);
        assert!(done.out.starts_with("utmpset ") && done.code == Some(0), "{done:?}");
        assert!(rig.run("utmpset", &["--help"]).out.starts_with("usage: "));
    })
    .ours(),
];

fn lock_file(file: File) -> Box<dyn std::any::Any> {
    Box::new(Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, why)| why).expect("the lock"))
}

#[cfg(target_os = "linux")]
fn lock_records(file: File) -> Box<dyn std::any::Any> {
    use nix::fcntl::{FcntlArg, fcntl};
    let whole = nix::libc::flock {
        l_type: nix::libc::F_WRLCK as _,
        l_whence: nix::libc::SEEK_SET as _,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    // The lock of an open file, not of a process: other cases here open files as well.
    fcntl(&file, FcntlArg::F_OFD_SETLK(&whole)).expect("the lock");
    Box::new(file)
}

/// Elsewhere there is no such lock, but one kind excludes the other.
#[cfg(not(target_os = "linux"))]
fn lock_records(file: File) -> Box<dyn std::any::Any> {
    lock_file(file)
}
