//! Boots runit as process 1 of namespaces of its own and reads what it says.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const RUNIT: &str = env!("CARGO_BIN_EXE_runit");
const INIT: &str = env!("CARGO_BIN_EXE_runit-init");
/// How the namespace's death looks from outside (reboot(2)).
const POWER_OFF: i32 = 2;
const RESTART: i32 = 1;

struct System {
    dir: PathBuf,
    before: &'static str,
}

impl System {
    /// `None` where namespaces are not allowed.
    fn new(name: &str) -> Option<System> {
        let allowed = Command::new("unshare").args(["-Urmpf", "--mount-proc", "true"]).output();
        if !allowed.is_ok_and(|output| output.status.success()) {
            eprintln!("skipped: no unprivileged namespaces here");
            return None;
        }
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pid1-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Some(System { dir, before: "" })
    }

    fn file(self, name: &str, script: &str) -> System {
        let path = self.dir.join(name);
        fs::write(&path, format!("#!/bin/sh\nINIT='{INIT}'\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// What was said up to the end of the namespace, and how that ended. There is no console: the
    /// messages go where process 1's descriptors lead.
    fn boot(self) -> (Vec<String>, ExitStatus) {
        let prepare = "mount -t tmpfs t /etc && mkdir /etc/runit && cp -p \"$1\"/* /etc/runit &&
            mount -t tmpfs t /dev && >/dev/null && exec $2 \"$3\"";
        let mut child = Command::new("unshare")
            .args([
                "-Urmpf",
                "--mount-proc",
                "--kill-child",
                "sh",
                "-c",
                &format!("exec 2>&1; {prepare}"),
                "sh",
            ])
            .arg(&self.dir)
            .args([self.before, RUNIT])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let (done, said) = mpsc::channel();
        thread::spawn(move || {
            let mut text = String::new();
            done.send(output.read_to_string(&mut text).map(|_| text)).unwrap();
        });
        let said = said.recv_timeout(Duration::from_secs(60));
        if said.is_err() {
            child.kill().unwrap();
        }
        let status = child.wait().unwrap();
        fs::remove_dir_all(&self.dir).unwrap();
        let said = said.expect("the system is still up after a minute").unwrap();
        (said.lines().map(str::to_owned).collect(), status)
    }
}

const BOOT: &[&str] = &[
    concat!("- runit: runit ", env!("CARGO_PKG_VERSION"), ": booting."),
    "- runit: warning: unable to open /dev/console: file does not exist",
    "- runit: enter stage: /etc/runit/1",
];
const LEAVE_1: &str = "- runit: leave stage: /etc/runit/1";
const ENTER_2: &str = "- runit: enter stage: /etc/runit/2";
const LEAVE_2: &str = "- runit: leave stage: /etc/runit/2";
const SKIP_2: &str = "- runit: warning: skipping stage 2...";
const END: &[&str] = &[
    "- runit: enter stage: /etc/runit/3",
    "- runit: leave stage: /etc/runit/3",
    "- runit: sending KILL signal to all processes...",
];
const OFF: &str = "- runit: power off...";
const AGAIN: &str = "- runit: system reboot.";

fn transcript(middle: &[&str], last: &[&str]) -> Vec<String> {
    [BOOT, middle, END, last].concat().into_iter().map(str::to_owned).collect()
}

#[test]
fn up_and_off() {
    let Some(system) = System::new("off") else { return };
    let (said, status) = system
        .file("1", "exit 0")
        // The words beside it ask for nothing (DEV-10), and an orphan's death means nothing.
        .file(
            "2",
            "\"$INIT\" 0x 2>/dev/null; \"$INIT\" 6foo 2>/dev/null; (exit 7 &); \"$INIT\" 0; exec sleep 100",
        )
        .file("3", "exit 0")
        .boot();
    assert_eq!(said, transcript(&[LEAVE_1, ENTER_2, LEAVE_2], &[OFF]));
    assert_eq!(status.signal(), Some(POWER_OFF));
}

#[test]
fn up_and_again() {
    let Some(system) = System::new("again") else { return };
    let (said, status) = system.file("1", "").file("2", "\"$INIT\" 6; exec sleep 100").file("3", "").boot();
    assert_eq!(said, transcript(&[LEAVE_1, ENTER_2, LEAVE_2], &[AGAIN]));
    assert_eq!(status.signal(), Some(RESTART));
}

/// DEV-01: the code of a container's process 1 tells what was meant.
#[test]
fn without_permission() {
    const GONE: &str = "- runit: no permission to end the system, exiting.";
    for (word, text, code) in [("0", OFF, 0), ("6", AGAIN, 121)] {
        let Some(mut system) = System::new(&format!("refused-{word}")) else { return };
        system.before = "setpriv --bounding-set=-sys_boot --inh-caps=-sys_boot";
        let two = format!("\"$INIT\" {word}; exec sleep 100");
        let (said, status) = system.file("1", "").file("2", &two).file("3", "").boot();
        assert_eq!(said, transcript(&[LEAVE_1, ENTER_2, LEAVE_2], &[text, GONE]));
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn stage_one_crashes() {
    let Some(system) = System::new("crash") else { return };
    let (said, _) = system.file("1", "kill -9 $$").file("2", "").file("3", "").boot();
    assert_eq!(said, transcript(&["- runit: warning: child crashed: /etc/runit/1", LEAVE_1, SKIP_2], &[OFF]));
}

/// DEV-07: a restart asked for in stage 1 stays one though stage 1 resets the files.
#[test]
fn requests_in_stage_one() {
    let Some(system) = System::new("early") else { return };
    // The signal wakes process 1 before kill(2) returns; once it sleeps again, it has looked.
    let one = "\"$INIT\" 6; until read -r pid name state rest </proc/1/stat; test $state = S; do :; done
        chmod 0 /etc/runit/stopit /etc/runit/reboot";
    let (said, status) = system.file("1", one).file("2", "").file("3", "").boot();
    let noted = "- runit: request noted, waiting for /etc/runit/1...";
    assert_eq!(said, transcript(&[noted, LEAVE_1, SKIP_2], &[AGAIN]));
    assert_eq!(status.signal(), Some(RESTART));
}

/// Ctrl-alt-del with a stage 2 that crashed, and a pause that does not keep the key waiting (DEV-06).
#[test]
fn three_fingers() {
    let Some(system) = System::new("key") else { return };
    let (said, _) = system
        .file("1", "")
        .file("2", "kill -INT 1; exit 111")
        .file("3", "")
        .file("ctrlaltdel", ">/etc/runit/stopit; chmod 100 /etc/runit/stopit")
        .boot();
    let said: Vec<&str> = said.iter().map(String::as_str).collect();
    let order = |line: &str| said.iter().position(|found| *found == line);
    let enter = order("- runit: enter stage: /etc/runit/ctrlaltdel");
    let leave = order("- runit: leave stage: /etc/runit/ctrlaltdel");
    assert!(enter.is_some() && enter < leave && leave < END.first().and_then(|line| order(line)), "{said:?}");
    assert!(order("- runit: warning: restarting.").is_none(), "{said:?}");
    assert_eq!(said.last(), Some(&OFF));
}

#[test]
fn nothing_there() {
    let Some(system) = System::new("nothing") else { return };
    let (said, _) = system.file("unused", "").boot();
    let failed = "- runit: fatal: unable to start child: /etc/runit/1: file does not exist";
    assert_eq!(said.get(3).map(String::as_str), Some(failed));
    assert_eq!(said.last().map(String::as_str), Some(OFF));
    assert_eq!(said.len(), BOOT.len() + 2 + 3 + 3 + 2, "{said:?}");
}
