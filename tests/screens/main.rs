//! What sv shows on a terminal, at 80 and 200 columns, of services that run: `ci/screens` writes it.
#![allow(missing_docs, dead_code)]
#[path = "../people/host.rs"]
mod host;

use host::{Shown, on_terminal, run, supervised, sv};
use runit_tests::rig::Rig;
use runit_tests::wait::until;
use std::os::unix::fs::symlink;

/// Name, `run`, and other files.
type Sample = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SAMPLES: [Sample; 9] = [
    (
        "sshd",
        "echo 'Server listening on 0.0.0.0 port 22.'; echo 'Server listening on :: port 22.'; exec sleep 1000",
        &[("log/run", "#!/bin/sh\nexec svlogd -tt ./main\n"), ("log/main/config", "n5\n")],
    ),
    ("postgresql", "echo >&3; exec sleep 1000", &[("notification-fd", "3")]),
    ("web-shop-of-the-department-for-garden-furniture", "exec sleep 1000", &[("notification-fd", "3")]),
    ("mail", "exit 75", &[("restart-delay", "50"), ("restart-limit", "5 60")]),
    ("mount-data", "exit 0", &[("oneshot", "")]),
    ("backup", "exec sleep 1000", &[("down", "")]),
    ("crawler", "exit 1", &[("restart-delay", "60000")]),
    ("ntpd", "exec sleep 1000", &[]),
    ("wiki", "exec sleep 1000", &[("needs/mail", "")]),
];

/// A command as it is typed, and what it shows.
fn screen(typed: &str, columns: u16, shown: &Shown) {
    println!("$ {typed}   # {columns} columns\n{}", shown.text);
}

fn main() {
    let rig = Rig::new();
    for (name, script, files) in SAMPLES {
        rig.place.script(format!("available/{name}/run"), script);
        for (file, text) in files {
            let path = format!("available/{name}/{file}");
            if text.starts_with("#!") {
                rig.place.executable(path, text)
            } else {
                rig.place.file(path, text)
            };
        }
        symlink(rig.place.path("available").join(name), rig.place.path("sv").join(name)).expect("a link");
    }
    symlink("/nowhere", rig.place.path("sv/old")).expect("a link");
    let _runsvdir = supervised(&rig);
    let settled = |text: &str| {
        ["failed (", "next start in ", "done: mount-data", "not ready", "run: log", "waits for mail, failed"]
            .iter()
            .all(|part| text.contains(part))
    };
    until("all of them", || settled(&run(&rig, &["status"]).out).then_some(()));
    run(&rig, &["-w", "20", "stop", "ntpd"]);
    for columns in [80, 200] {
        let shown = on_terminal(&rig, sv(&rig, &["status"]).env("NO_COLOR", "1"), columns);
        screen("sv status", columns, &shown);
    }
    for words in [["--explain", "mail"], ["--explain", "wiki"], ["--explain", "old"], ["--log", "sshd"]] {
        for columns in [80, 200] {
            let shown = on_terminal(&rig, sv(&rig, &words).env("NO_COLOR", "1"), columns);
            screen(&format!("sv {}", words.join(" ")), columns, &shown);
        }
    }
    let shown = on_terminal(&rig, &mut sv(&rig, &["status"]), 80);
    screen("sv status", 80, &Shown { text: shown.text.replace('\x1b', "\\e"), ..shown });
    for columns in [80, 200] {
        let mut watch = sv(&rig, &["--watch", "ntpd", "sshd"]);
        let shown = std::thread::scope(|scope| {
            // It ends when it is told to, after what is to be seen.
            let watching = scope.spawn(|| on_terminal(&rig, watch.env("NO_COLOR", "1"), columns));
            let pid = until("sv", || child_called("--watch"));
            run(&rig, &["-w", "20", "start", "ntpd"]);
            run(&rig, &["-w", "20", "restart", "sshd"]);
            run(&rig, &["-w", "20", "stop", "ntpd"]);
            until("rest", || asleep(pid));
            runit_tests::rig::send(pid, nix::sys::signal::Signal::SIGTERM);
            watching.join().expect("a terminal")
        });
        screen("sv --watch ntpd sshd", columns, &shown);
    }
}

/// The child of this process with such an argument.
fn child_called(word: &str) -> Option<i32> {
    let own = i32::try_from(std::process::id()).ok()?;
    let threads = std::fs::read_dir("/proc/self/task").ok()?.flatten();
    let mut pids = threads.flat_map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("children")).unwrap_or_default();
        text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<i32>>()
    });
    pids.find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != own && line.split(|byte| *byte == 0).any(|it| it == word.as_bytes())
    })
}

/// Whether it did not wake up for a second.
fn asleep(pid: i32) -> Option<()> {
    let sleeps = || runit_tests::process::sleeps(pid);
    let before = sleeps()?;
    let woken =
        runit_tests::wait::within(std::time::Duration::from_secs(1), || (sleeps()? != before).then_some(()));
    woken.is_none().then_some(())
}
