//! chpst: whichever step fails, the program does not run. strace(1) makes system calls fail.
use crate::tools::{Tools, fatal, need_root, said};
use runit_tests::place::Output;
use runit_tests::rig::program;
use runit_tests::suite::{Case, case, skip};
use std::process::Command;

/// Runs `chpst WORDS sh -c 'echo ran'` with faults such as `setuid:error=EAGAIN`. Faults are put in
/// before the program runs only: chpst executes nothing else, and dies with the tracer's help.
fn with_faults(words: &[&str], faults: &[&str]) -> Output {
    behind(&["env"], words, faults)
}

/// The same, started by something else.
fn behind(start: &[&str], words: &[&str], faults: &[&str]) -> Output {
    if Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output().is_err() {
        skip("no strace");
    }
    let tools = Tools::new();
    tools.rig.place.dir("e");
    let mut command = tools.rig.place.command(start[0]);
    command.args(&start[1..]).args(["strace", "-qq", "-o", "/dev/null"]);
    for fault in faults {
        command.args(["-e", &format!("inject={fault}")]);
    }
    tools.rig.place.run(command.arg(program("chpst")).args(words).args(["sh", "-c", "echo ran"]))
}

pub const CASES: &[Case] = &[
    case("step_environment", || {
        let done = with_faults(&["-e", "e"], &["getdents64:error=EIO"]);
        fatal(&done, "unable to read directory: e: input/output error");
        let done = with_faults(&["-e", "e"], &["fchdir:error=EIO"]);
        fatal(&done, "unable to switch to starting directory: input/output error");
    }),
    case("step_root", || {
        let done = with_faults(&["-/", "e"], &["chroot:error=ENOSYS"]);
        fatal(&done, "unable to change root directory: system call not available");
    }),
    case("step_nice", || {
        let done = with_faults(&["-n", "5"], &["setpriority:error=EIO"]);
        fatal(&done, "unable to set nice level: input/output error");
    }),
    case("step_groups", || {
        let done = with_faults(&["-u", ":1:1"], &["setgroups:error=ENOMEM"]);
        fatal(&done, "unable to setgroups: out of memory");
    }),
    case("step_group", || {
        let done = with_faults(&["-u", ":1:1"], &["setgroups:retval=0", "setgid:error=EAGAIN"]);
        fatal(&done, "unable to setgid: temporary failure");
    }),
    case("step_user", || {
        let faults = ["setgroups:retval=0", "setgid:retval=0", "setuid:error=EAGAIN"];
        fatal(&with_faults(&["-u", ":1:1"], &faults), "unable to setuid: temporary failure");
    }),
    case("step_lock", || {
        let done = with_faults(&["-l", "lock"], &["flock:error=ENOLCK"]);
        fatal(&done, "unable to lock: lock: no locks available");
    }),
    case("step_limit", || {
        // The C library asks for a limit before the program does.
        let mut seen = Vec::new();
        for number in 1..6 {
            let done = with_faults(&["-o", "20"], &[&format!("prlimit64:error=EPERM:when={number}")]);
            if done.code == Some(0) {
                said(&done, "ran\n");
            } else {
                assert_eq!((done.out.as_str(), done.code), ("", Some(111)));
                seen.push(done.err);
            }
        }
        let text = |call| format!("chpst: fatal: unable to {call}(): permission denied\n");
        assert_eq!(seen, [text("getrlimit"), text("setrlimit")]);
    }),
    case("step_session_may_fail", || {
        said(&with_faults(&["-P"], &["setsid:error=ENOSYS"]), "ran\n");
    }),
    case("step_no_new_privileges", || {
        let done = with_faults(&["--no-new-privs"], &["prctl:error=EINVAL"]);
        fatal(&done, "unable to set no_new_privs: invalid argument");
        let done = with_faults(&["--no-new-privs"], &["prctl:retval=0"]);
        fatal(&done, "unable to set no_new_privs: system call not available");
    })
    .ours(),
    case("step_notify", || {
        let start = ["sh", "-c", "exec 3>ready; exec \"$@\"", "sh"];
        for (fault, why) in [
            ("bind:error=EADDRINUSE", "unable to make a notify socket: address already used"),
            ("clone:error=EAGAIN", "unable to start a relay: temporary failure"),
            ("pipe2:error=EMFILE", "unable to start a relay: process cannot open more files"),
        ] {
            fatal(&behind(&start, &["--notify-socket=3"], &[fault]), why);
        }
        let start = ["env", "NOTIFY_SOCKET=/dev/null"];
        let done = behind(&start, &["--notify-fd=3"], &[]);
        fatal(&done, "unable to reach notify socket /dev/null: connection refused");
        let done = behind(&start, &["--notify-fd=3"], &["pipe2:error=EMFILE"]);
        fatal(&done, "unable to use descriptor 3: process cannot open more files");
    })
    .ours(),
    case("step_that_lies", || {
        need_root();
        for (call, fault) in [
            ("setgroups", "setgroups:retval=0"),
            ("setgid", "setgid:retval=0"),
            ("setuid", "setuid:retval=0"),
        ] {
            // Somebody who has a group to lose.
            let chpst = program("chpst");
            let start = [chpst.to_str().expect("a path"), "-u", ":0:0:7"];
            let done = behind(&start, &["-u", ":1:1"], &[fault]);
            fatal(&done, &format!("unable to {call}: permission denied"));
        }
    })
    .ours(),
];
