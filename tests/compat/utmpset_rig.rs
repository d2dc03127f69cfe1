//! Files of logins that are ours, and what utmpset does to them.
use platform::{LOGINS, Layout};
use runit_tests::place::{Output, Running};
use runit_tests::rig::{Rig, process_state, program};
use runit_tests::suite::skip;
use runit_tests::wait::until;
use std::fs::{self, File, OpenOptions};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// Puts the directories `run` and `log` in the place of those that have the files.
pub const MOUNT: &str = "mount --bind run /var/run && mount --bind log /var/log && exec \"$@\"";

/// A machine with nobody logged in.
pub struct Logins {
    pub rig: Rig,
    pub layout: Layout,
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl Logins {
    pub fn new() -> Logins {
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
    pub fn of(records: &[Record]) -> Logins {
        let logins = Logins::new();
        let bytes: Vec<u8> = records.iter().flat_map(|record| record.bytes(&logins.layout)).collect();
        logins.rig.place.file("run/utmp", bytes);
        logins
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.rig.place.command("unshare");
        command
            .args(["--map-root-user", "--mount", "sh", "-c", MOUNT, "sh"])
            .arg(program("utmpset"))
            .args(words);
        command
    }

    pub fn run(&self, words: &[&str]) -> Output {
        self.rig.place.run(&mut self.command(words))
    }

    /// Runs it, with success.
    pub fn does(&self, words: &[&str]) {
        let done = self.run(words);
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), ("", "", Some(0)));
    }

    /// Runs it in vain: nothing is changed.
    pub fn fails(&self, words: &[&str], text: &str) {
        let before = self.utmp();
        let done = self.run(words);
        let line = format!("utmpset: {text}\n");
        assert_eq!((done.err.as_str(), done.out.as_str(), done.code), (line.as_str(), "", Some(111)));
        assert!(self.utmp() == before);
    }

    pub fn utmp(&self) -> Vec<u8> {
        fs::read(self.rig.place.path("run/utmp")).unwrap_or_default()
    }

    pub fn wtmp(&self) -> Vec<u8> {
        fs::read(self.rig.place.path("log/wtmp")).unwrap_or_default()
    }

    /// The records must be these, those marked as ended just now.
    pub fn holds(&self, records: &[Record]) {
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
    pub fn waits(&self, file: &str, lock: impl FnOnce(File) -> Box<dyn std::any::Any>) {
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

pub fn seconds(layout: &Layout, record: &[u8]) -> u64 {
    let field = &record[layout.seconds.at..][..layout.seconds.len];
    match <[u8; 8]>::try_from(field) {
        Ok(bytes) => u64::from_ne_bytes(bytes),
        Err(_) => u32::from_ne_bytes(field.try_into().expect("four bytes")).into(),
    }
}

/// Stands for the present.
pub const NOW: u64 = 0;

#[derive(Clone)]
pub struct Record {
    pub kind: u16,
    pub line: &'static str,
    pub user: &'static str,
    pub host: &'static str,
    pub time: u64,
    /// What is in the fields that nobody looks at.
    pub rest: u8,
}

pub const fn entry(kind: u16, line: &'static str, user: &'static str) -> Record {
    Record { kind, line, user, host: "host", time: 1000, rest: 0x5a }
}

/// What becomes of an entry.
pub const fn ended(line: &'static str) -> Record {
    Record { kind: 8, line, user: "", host: "", time: NOW, rest: 0x5a }
}

impl Record {
    pub fn bytes(&self, layout: &Layout) -> Vec<u8> {
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

pub const BOOT: Record = entry(2, "~", "reboot");
pub const LOGIN: Record = entry(6, "tty1", "LOGIN");
pub const USER: Record = entry(7, "tty1", "me");
pub const OTHER: Record = entry(7, "tty2", "you");
