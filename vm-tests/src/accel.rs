//! Whether hardware acceleration works: `/dev/kvm` may open, and make a machine, and hang each guest all
//! the same. So a kernel has to get to its first line.
use crate::machine::Machine;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// A kernel's first line comes within this time.
const FIRST: Duration = Duration::from_secs(15);

/// What to use for the emulator: the answer is remembered in `dir` for as long as this machine is up.
#[must_use]
pub fn probe(qemu: &str, kernel: &Path, dir: &Path) -> &'static str {
    let kvm = fs::OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
    // The emulator of another processor cannot use ours.
    if !kvm || !qemu.ends_with(std::env::consts::ARCH) || !kernel.is_file() {
        return "tcg";
    }
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let note = dir.join("accel");
    if let Some(known) = fs::read_to_string(&note).ok().as_deref().and_then(|text| text.strip_suffix(&boot)) {
        return if known == "kvm " { "kvm" } else { "tcg" };
    }
    let work = dir.join("probe");
    let _ = fs::create_dir_all(&work);
    let mut words: Vec<String> =
        [qemu, "-accel", "kvm", "-cpu", "host", "-m", "256", "-nodefaults", "-nic", "none", "-no-reboot"]
            .map(str::to_owned)
            .to_vec();
    let rest = ["-append", "console=ttyS0 panic=-1", "-serial", "chardev:console", "-kernel"];
    words.extend(rest.map(str::to_owned));
    words.push(kernel.to_string_lossy().into_owned());
    words.extend(["-serial", "chardev:channel"].map(str::to_owned));
    let first = Machine::start(&words, &work, &[]).is_ok_and(|mut machine| {
        machine.wait("a first line", FIRST, |machine| machine.console.find("*Linux version*", false)).is_ok()
    });
    let found = if first { "kvm" } else { "tcg" };
    let _ = fs::write(note, format!("{found} {boot}"));
    found
}
