//! chpst --notify-socket beside other users, and with another root.
use crate::chpst_notify::{NAME, SOCKET, is_abstract};
use crate::notifier::{Supervisor, as_nobody, copy, notifier};
use crate::tools::need_root;
use runit_tests::suite::{Case, case, needs_tool, skip};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    case("notify_strangers_are_not_heard", || {
        need_root();
        needs_tool("setpriv");
        let mut supervisor = Supervisor::new();
        let copy = copy(&supervisor.tools);
        let script = format!("{NAME}exec \"$@\"");
        let words = notifier(&["await=go", "barrier", "send=READY=1", "await=never"]);
        let _running = supervisor.start(&[&[SOCKET, "sh", "-c", &script, "sh"], &words[..]].concat());
        let name = until("a name", || Some(supervisor.trace()).filter(|text| text.ends_with('\n')));
        let done = as_nobody(&supervisor, &[&copy, "as-notifier", "send=READY=1"], name.trim());
        // It may speak, and is not heard; or it does not get there.
        assert_eq!(done.code == Some(0), is_abstract(&supervisor), "{}", done.err);
        assert_eq!(supervisor.look().as_deref(), Some(""));
        supervisor.go();
        assert_eq!(supervisor.await_end(), "\n");
    })
    .ours(),
    case("notify_a_program_that_becomes_somebody_else", || {
        need_root();
        needs_tool("setpriv");
        let mut supervisor = Supervisor::new();
        let copy = copy(&supervisor.tools);
        let script = format!("{NAME}exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"");
        let words = [SOCKET, "sh", "-c", &script, "sh", &copy, "as-notifier", "send=READY=1", "await=go"];
        let running = supervisor.start(&words);
        until("a name", || Some(supervisor.trace()).filter(|text| text.ends_with('\n')));
        if !is_abstract(&supervisor) {
            skip("the socket is in a directory of root's");
        }
        assert_eq!(supervisor.await_end(), "\n");
        drop(running);
    })
    .ours(),
    case("notify_another_user", || {
        need_root();
        let mut supervisor = Supervisor::new();
        let copy = copy(&supervisor.tools);
        let words = [
            SOCKET,
            "-u",
            ":65534:65534",
            "--no-new-privs",
            &copy,
            "as-notifier",
            "send=READY=1",
            "barrier",
            "note=up",
        ];
        let mut running = supervisor.start(&words);
        let status = running.wait();
        if cfg!(not(target_os = "linux")) && running.err().ends_with("system call not available\n") {
            skip("no way to give up new privileges");
        }
        assert!(status.success(), "{}", running.err());
        assert_eq!(supervisor.await_end(), "\n");
        assert_eq!(supervisor.trace(), "up\n");
    })
    .ours(),
    case("notify_another_root", || {
        need_root();
        needs_tool("unshare");
        let mut supervisor = Supervisor::new();
        let copy = copy(&supervisor.tools);
        supervisor.tools.rig.place.dir("root");
        // The same files in another place.
        let first =
            "exec unshare -m \"$0\" -c 'mount --rbind / root && exec 3>ready && : >opened && exec chpst \"$@\"' sh \"$@\"";
        let words =
            [SOCKET, "-/", "root", "-u", ":65534:65534", &copy, "as-notifier", "send=READY=1", "barrier"];
        let mut running = supervisor.start_after(first, &words);
        let status = running.wait();
        if running.err().starts_with("unshare: ") || running.err().starts_with("mount: ") {
            skip(running.err().trim());
        }
        assert!(status.success(), "{}", running.err());
        assert_eq!(supervisor.await_end(), "\n");
    })
    .ours(),
];
