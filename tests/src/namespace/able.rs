//! Whether this system has namespaces, and if not, why.
use crate::programs::Programs;
use crate::suite::skip;
use std::process::Command;
use std::sync::OnceLock;

/// Leaves the case where there can be no namespaces, or where a program under test is missing.
pub fn demand(programs: &[&str]) {
    static MISSING: OnceLock<Option<String>> = OnceLock::new();
    if let Some(why) = MISSING.get_or_init(missing) {
        skip(why.clone());
    }
    for name in programs {
        if !Programs::get().have(name) {
            skip(format!("no {name}"));
        }
    }
}

/// Says what keeps this system from having namespaces.
#[must_use]
pub fn missing() -> Option<String> {
    for tool in ["unshare", "nsenter", "mount", "umount", "pivot_root", "setpriv"] {
        let mut found = Command::new("sh");
        if !found.args(["-c", "command -v \"$0\" >/dev/null", tool]).status().is_ok_and(|s| s.success()) {
            return Some(format!("{tool}(1) of util-linux is not in PATH"));
        }
    }
    let tries: [(&str, &[&str], &str); 3] = [
        (
            "user namespaces",
            &["--map-root-user", "true"],
            "see /proc/sys/user/max_user_namespaces and, on Debian, /proc/sys/kernel/unprivileged_userns_clone",
        ),
        (
            "mounts in a user namespace",
            &["--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
            "on Ubuntu, see /proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        ),
        (
            "a process namespace with its own /proc",
            &[
                "--map-root-user",
                "--mount",
                "--pid",
                "--fork",
                "--ipc",
                "--uts",
                "--net",
                "--mount-proc",
                "true",
            ],
            "in a container, /proc has to be visible as a whole",
        ),
    ];
    for (what, args, hint) in tries {
        let output = Command::new("unshare").args(args).output();
        match output {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                return Some(format!("the kernel does not give us {what} ({said}); {hint}"));
            }
            Err(why) => return Some(format!("unshare: {why}")),
        }
    }
    None
}
