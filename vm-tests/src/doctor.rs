//! What this machine has for the tests, and how to get what it lacks.
use crate::image::ext::tool;
use crate::prepare::{Given, Plan, Unfit};
use crate::system;
use std::path::Path;

/// Program, an argument that ends it at once, what for, Debian's package.
const TOOLS: [(&str, &str, &str, &str); 13] = [
    ("qemu-system-x86_64", "--version", "all systems but aarch64", "qemu-system-x86"),
    ("qemu-system-aarch64", "--version", "linux-aarch64", "qemu-system-arm"),
    ("debugfs", "-V", "linux-debian: files into ext4", "e2fsprogs"),
    ("mke2fs", "-V", "a root given as a directory", "e2fsprogs"),
    ("mmdebstrap", "--version", "ci/vm-setup: Debian's root", "mmdebstrap"),
    ("setpriv", "--version", "no machine outlives a test that was killed", "util-linux"),
    ("curl", "--version", "fetch (wget will do)", "curl"),
    ("sha256sum", "--version", "fetch", "coreutils"),
    ("xz", "--version", "packed images", "xz-utils"),
    ("qemu-img", "--version", "images of other kinds than raw", "qemu-utils"),
    ("xorriso", "--version", "files on an ISO 9660 disc", "xorriso"),
    ("makefs", "-h", "a root given as a directory for FreeBSD, OpenBSD, NetBSD", "makefs"),
    ("busybox", "--help", "cross-checks of archives in unit tests", "busybox-static"),
];

/// Prints what is there and what is not; the result is whether Linux on this machine's processor can be
/// tested.
///
/// # Errors
/// The descriptions of the systems cannot be read.
pub fn doctor(mut tell: impl FnMut(&str)) -> Result<bool, String> {
    for (name, word, what, package) in TOOLS {
        match tool(name).arg(word).output() {
            Ok(output) => {
                let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
                let version =
                    said.lines().find(|line| line.contains(|c: char| c.is_ascii_digit())).unwrap_or("");
                let version: String = version.chars().take(50).collect();
                tell(&format!("ok       {name:20} {version}"));
            }
            Err(_) => tell(&format!("missing  {name:20} {what}; Debian: apt-get install {package}")),
        }
    }
    let kvm = Path::new("/dev/kvm");
    let usable = std::fs::OpenOptions::new().read(true).write(true).open(kvm).is_ok();
    tell(match (kvm.exists(), usable) {
        (_, true) => {
            "ok       /dev/kvm             can be opened; `run` tries whether a kernel boots with it"
        }
        (true, false) => {
            "missing  /dev/kvm             may not be opened: be in the group kvm; all goes without, slower"
        }
        (false, _) => "missing  /dev/kvm             no hardware acceleration; all goes without, slower",
    });
    let mut fit = true;
    for name in system::names()? {
        let system = system::load(&name)?;
        let plan = match Plan::new(&system, &Given::default(), true) {
            Ok(plan) => plan,
            Err(Unfit::Missing(why) | Unfit::Wrong(why)) => {
                tell(&format!("missing  {name:20} {why}"));
                continue;
            }
        };
        // The programs of this machine are built when they are needed.
        let missing: Vec<String> = plan.missing();
        let missing: Vec<&String> = missing
            .iter()
            .filter(|what| !system.target.is_empty() || !what.starts_with("no programs"))
            .collect();
        if missing.is_empty() {
            tell(&format!("ok       {name:20} can be run"));
        }
        for what in &missing {
            tell(&format!("missing  {name:20} {what}"));
        }
        fit &= missing.is_empty() || !["linux-initramfs", "linux-debian"].contains(&name.as_str());
    }
    Ok(fit)
}

/// Debian's package for an emulator.
#[must_use]
pub fn package(qemu: &str) -> &'static str {
    if qemu.ends_with("x86_64") || qemu.ends_with("i386") { "qemu-system-x86" } else { "qemu-system-arm" }
}
