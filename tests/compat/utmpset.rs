//! utmpset, in a mount namespace where the files of logins are ours.
use crate::rig::{Rig, process_state, program};
use nix::fcntl::{Flock, FlockArg};
use platform::{LOGINS, Layout};
use runit_tests::place::{Output, Running};
use runit_tests::suite::{Case, case, skip};
use runit_tests::wait::until;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Puts the directories `run` and `log` in the place of those that have the files.
const MOUNT: &str = "mount --bind run /var/run && mount --bind log /var/log && exec \"$@\"";

/// A machine with nobody logged in.
struct Logins {
    rig: Rig,
    layout: Layout,
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Logins {
    fn new() -> Logins {
        let Some(logins) = LOGINS else { skip("this system has no files of logins") };
        let probe = ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
        if !Command::new("unshare").args(probe).output().is_ok_and(|done| done.status.success()) {
            skip("no mounts in a user namespace");
        }
        let rig = Rig::new();
        ["run", "log"].iter().for_each(|name| drop(rig.place.dir(name)));
        Logins { rig, layout: logins.layout }
    }

    /// The same with a file of logins of these records.
    fn of(records: &[Record]) -> Logins {
        let logins = Logins::new();
        let bytes: Vec<u8> = records.iter().flat_map(|record| record.bytes(&logins.layout)).collect();
        logins.rig.place.file("run/utmp", bytes);
        logins
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.rig.place.command("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"])
            .arg(program("utmpset"))
            .args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        self.rig.place.run(&mut self.command(words))
    }

    /// Runs it, with success.
    fn does(&self, words: &[&str]) {
        let done = self.run(words);
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), ("", "", Some(0)));
    }

    /// Runs it in vain: nothing is changed.
    fn fails(&self, words: &[&str], text: &str) {
        let before = self.utmp();
        let done = self.run(words);
        let line = format!("utmpset: {text}\n");
        assert_eq!((done.err.as_str(), done.out.as_str(), done.code), (line.as_str(), "", Some(111)));
        assert!(self.utmp() == before);
    }

    fn utmp(&self) -> Vec<u8> {
        fs::read(self.rig.place.path("run/utmp")).unwrap_or_default()
    }

    fn wtmp(&self) -> Vec<u8> {
        fs::read(self.rig.place.path("log/wtmp")).unwrap_or_default()
    }

    /// The records must be these, those marked as ended just now.
    fn holds(&self, records: &[Record]) {
        let (bytes, now) = (self.utmp(), now());
        assert_eq!(bytes.len(), records.len() * self.layout.size);
        for (at, (found, record)) in bytes.chunks(self.layout.size).zip(records).enumerate() {
            let mut expected = record.clone();
            if record.time == NOW {
                expected.time = seconds(&self.layout, found);
                assert!((now - 60..=now).contains(&expected.time), "record {at}: {}", expected.time);
            }
            assert!(found == expected.bytes(&self.layout), "record {at}: {found:?}");
        }
    }

    /// Starts it and checks that it waits for the lock, then lets it go on.
    fn waits(&self, file: &str, lock: impl FnOnce(File) -> Box<dyn std::any::Any>) {
        let path = self.rig.place.path(file);
        let held = lock(OpenOptions::new().read(true).write(true).open(&path).expect("the file"));
        let mut running: Running = self.rig.place.start(&mut self.command(&["-w", "tty1"]));
        let pid = running.pid();
        let name = file.split('/').next_back().unwrap_or(file);
        let has_it_open = || {
            let fds = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            let is_utmpset =
                fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm == "utmpset\n");
            is_utmpset && fds.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|to| to.ends_with(name))
        };
        let ended = until("an attempt", || match running.ended() {
            Some(status) => Some(Some(status)),
            None if has_it_open() && process_state(pid) == Some('S') => Some(None),
            None => None,
        });
        assert!(ended.is_none(), "did not wait for {file}");
        drop(held);
        assert_eq!((running.wait().code(), running.err().as_str()), (Some(0), ""));
    }
}

fn seconds(layout: &Layout, record: &[u8]) -> u64 {
    let field = &record[layout.seconds.at..][..layout.seconds.len];
    match <[u8; 8]>::try_from(field) {
        Ok(bytes) => u64::from_ne_bytes(bytes),
        Err(_) => u32::from_ne_bytes(field.try_into().expect("four bytes")).into(),
    }
}

/// Stands for the present.
const NOW: u64 = 0;

#[derive(Clone)]
struct Record {
    kind: u16,
    line: &'static str,
    user: &'static str,
    host: &'static str,
    time: u64,
    /// What is in the fields that nobody looks at.
    rest: u8,
}

const fn entry(kind: u16, line: &'static str, user: &'static str) -> Record {
    Record { kind, line, user, host: "host", time: 1000, rest: 0x5a }
}

/// What becomes of an entry.
const fn ended(line: &'static str) -> Record {
    Record { kind: 8, line, user: "", host: "", time: NOW, rest: 0x5a }
}

impl Record {
    fn bytes(&self, layout: &Layout) -> Vec<u8> {
        let mut bytes = vec![self.rest; layout.size];
        let mut put = |at: usize, len: usize, text: &[u8]| {
            bytes[at..at + len].fill(0);
            bytes[at..at + text.len().min(len)].copy_from_slice(&text[..text.len().min(len)]);
        };
        if let Some(kind) = layout.kind {
            put(kind.at, 2, &self.kind.to_ne_bytes());
        }
        put(layout.line.at, layout.line.len, self.line.as_bytes());
        put(layout.user.at, layout.user.len, self.user.as_bytes());
        put(layout.host.at, layout.host.len, self.host.as_bytes());
        let time = if layout.seconds.len == 8 {
            self.time.to_ne_bytes().to_vec()
        } else {
            u32::try_from(self.time).expect("until 2106").to_ne_bytes().to_vec()
        };
        put(layout.seconds.at, layout.seconds.len, &time);
        bytes
    }
}

const BOOT: Record = entry(2, "~", "reboot");
const LOGIN: Record = entry(6, "tty1", "LOGIN");
const USER: Record = entry(7, "tty1", "me");
const OTHER: Record = entry(7, "tty2", "you");

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
