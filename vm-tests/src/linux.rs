//! Debian's kernel with our process 1: on a Debian root, and in an initramfs with busybox.
use crate::cpio::Archive;
use crate::qemu::Machine;
use crate::transcript::Transcript;
use runit_tests::place::Place;
use runit_tests::programs::Programs;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The whole test.
const LIMIT: Duration = Duration::from_secs(8 * 60);

/// How a machine could not be tried, or what went wrong.
#[derive(Debug)]
pub enum Fail {
    /// Something is not here.
    Missing(String),
    /// It is not as it should be.
    Wrong(String),
}

fn wrong(what: &str, why: impl std::fmt::Display) -> Fail {
    Fail::Wrong(format!("{what}: {why}"))
}

/// Boots a machine and follows its transcript; the result is the number of steps.
///
/// # Errors
/// What is missing, or how it failed.
pub fn run(machine: &str, tell: impl FnMut(Duration, &str)) -> Result<usize, Fail> {
    let files = cache()?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(machine);
    let text = fs::read_to_string(folder.join("transcript")).map_err(|why| wrong("transcript", why))?;
    let transcript = Transcript::read(&text).map_err(|why| wrong("transcript", why))?;
    let place = Place::new();
    let mut qemu = place.command("qemu-system-x86_64");
    qemu.args(["-accel", "tcg", "-machine", "pc", "-cpu", "max", "-m", "512", "-nodefaults", "-nic", "none"]);
    // An unknown word with `=` gets into the environment of process 1: see etc/linux/3.
    qemu.args(["-append", "console=ttyS0 panic=-1 SVWAIT=5"]).arg("-kernel").arg(files.join("kernel"));
    let initramfs = if machine == "linux-debian" {
        let root = root(&files, &folder, &place)?;
        qemu.arg("-drive").arg(format!("if=virtio,format=raw,file={}", root.display()));
        disc_finder(&files, &folder)?
    } else {
        only_root(&files, &place)?
    };
    let path = place.path("initramfs");
    fs::write(&path, initramfs).map_err(|why| wrong("initramfs", why))?;
    qemu.arg("-initrd").arg(path);
    let mut machine = Machine::start(&mut qemu, place.root(), LIMIT).map_err(|why| wrong("machine", why))?;
    machine.follow(&transcript, tell).map_err(|why| {
        let mut text = format!("{why}\nthe end of the console:\n");
        for line in machine.last_lines(60) {
            let _ = writeln!(text, "    {line}");
        }
        Fail::Wrong(text)
    })
}

/// The tools of file systems are not in everybody's `PATH`.
fn path() -> String {
    std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into()) + ":/usr/sbin:/sbin"
}

/// Where ci/vm-setup has put things.
fn cache() -> Result<PathBuf, Fail> {
    let home = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .ok_or_else(|| Fail::Missing("neither XDG_CACHE_HOME nor HOME is set".into()))?;
    let dir = home.join("runit-vm/linux-debian");
    for name in ["kernel", "busybox", "modules", "root.img"] {
        if !dir.join(name).exists() {
            return Err(Fail::Missing(format!("{} is not there: run ci/vm-setup", dir.join(name).display())));
        }
    }
    for tool in ["qemu-system-x86_64", "debugfs"] {
        if Command::new(tool).env("PATH", path()).arg("-version").output().is_err() {
            return Err(Fail::Missing(format!("{tool} is not here: run ci/vm-setup")));
        }
    }
    Ok(dir)
}

fn read(path: &Path) -> Result<Vec<u8>, Fail> {
    fs::read(path).map_err(|why| wrong(&path.display().to_string(), why))
}

/// An initramfs that makes the disc visible and hands over.
fn disc_finder(files: &Path, folder: &Path) -> Result<Vec<u8>, Fail> {
    let mut archive = Archive::new();
    for name in ["bin", "dev", "modules", "new", "proc", "sys"] {
        archive.directory(name);
    }
    archive.program("bin/busybox", &read(&files.join("busybox"))?);
    archive.link("bin/sh", "busybox");
    archive.program("init", &read(&folder.join("init"))?);
    let modules = fs::read_dir(files.join("modules")).map_err(|why| wrong("modules", why))?;
    for module in modules.flatten() {
        let name = format!("modules/{}", module.file_name().to_string_lossy());
        archive.program(&name, &read(&module.path())?);
    }
    Ok(archive.finish())
}

/// An initramfs that is all there is: busybox, our programs with the libraries they need, the stages
/// and the services. The places for mounts are missing.
fn only_root(files: &Path, place: &Place) -> Result<Vec<u8>, Fail> {
    let mut archive = Archive::new();
    for name in ["bin", "sbin", "etc", "etc/runit", "var"] {
        archive.directory(name);
    }
    let busybox = files.join("busybox");
    archive.program("bin/busybox", &read(&busybox)?);
    let applets = place.run(place.command(&busybox).arg("--list"));
    for applet in applets.out.lines().filter(|applet| *applet != "busybox") {
        archive.link(&format!("bin/{applet}"), "busybox");
    }
    let mut above = BTreeSet::new();
    for program in PROGRAMS {
        let path = Programs::get().path(program);
        archive.program(&format!("sbin/{program}"), &read(&path)?);
        // Nothing where the program is static.
        let needs = place.run(place.command("ldd").arg(&path)).out;
        for library in needs.split_whitespace().filter(|word| word.starts_with('/')) {
            let mut dirs: Vec<&Path> = Path::new(library).ancestors().skip(1).collect();
            dirs.reverse();
            for dir in &dirs[1..] {
                if above.insert(dir.to_path_buf()) {
                    archive.directory(&dir.to_string_lossy()[1..]);
                }
            }
            if above.insert(PathBuf::from(library)) {
                archive.program(&library[1..], &read(Path::new(library))?);
            }
        }
    }
    archive.link("init", "sbin/runit-init");
    archive.link("sbin/init", "runit-init");
    let etc = etc();
    for stage in STAGES {
        archive.program(&format!("etc/runit/{stage}"), &read(&etc.join(stage))?);
    }
    archive.program("etc/hostname", b"testbed\n");
    let report = Path::new(env!("CARGO_MANIFEST_DIR")).join("linux-debian/service");
    archive.directory("service");
    for tree in [etc.join("service"), report] {
        add(&mut archive, &tree, "service").map_err(|why| wrong("services", why))?;
    }
    archive.program("service/getty-console/down", b"");
    Ok(archive.finish())
}

/// Adds what is in a directory.
fn add(archive: &mut Archive, from: &Path, to: &str) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = format!("{to}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            archive.directory(&to);
            add(archive, &entry.path(), &to)?;
        } else {
            archive.program(&to, &fs::read(entry.path())?);
        }
    }
    Ok(())
}

const PROGRAMS: [&str; 6] = ["runit", "runit-init", "runsvdir", "runsv", "svlogd", "sv"];
const STAGES: [&str; 4] = ["1", "2", "3", "ctrlaltdel"];

/// The stages and services as they are installed.
fn etc() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/linux")
}

/// Debian's root with our programs, stages and services in it.
fn root(files: &Path, source: &Path, place: &Place) -> Result<PathBuf, Fail> {
    let image = place.path("root.img");
    let copied = place.command("cp").arg("--sparse=always").arg(files.join("root.img")).arg(&image).status();
    if !copied.is_ok_and(|status| status.success()) {
        return Err(wrong("root.img", "cannot be copied"));
    }
    let etc = etc();
    let mut orders = Orders::default();
    for name in PROGRAMS {
        orders.file(&Programs::get().path(name), &format!("/usr/sbin/{name}"));
    }
    orders.link("/usr/sbin/init", "runit-init");
    orders.directory("/etc/runit");
    for stage in STAGES {
        orders.file(&etc.join(stage), &format!("/etc/runit/{stage}"));
    }
    for name in ["stopit", "reboot"] {
        orders.link(&format!("/etc/runit/{name}"), &format!("/run/runit.{name}"));
    }
    orders.tree(&etc.join("service"), "/service").map_err(|why| wrong("services", why))?;
    orders.tree(&source.join("service"), "/service").map_err(|why| wrong("services", why))?;
    // It writes to the console too: it is started when nothing else does.
    orders.file(&place.file("down", ""), "/service/getty-console/down");
    orders.file(&place.file("fstab", "/dev/vda / ext4 errors=remount-ro 0 1\n"), "/etc/fstab");
    orders.file(&place.file("hostname", "testbed\n"), "/etc/hostname");
    let script = place.file("orders", orders.text);
    let done =
        place.command("debugfs").env("PATH", path()).arg("-w").arg("-f").arg(script).arg(&image).output();
    let done = done.map_err(|why| wrong("debugfs", why))?;
    // It exits with 0 whatever happens. What it repeats of the orders begins with its prompt.
    let said = String::from_utf8_lossy(&done.stderr).into_owned() + &String::from_utf8_lossy(&done.stdout);
    let complaint = |line: &&str| {
        !line.starts_with("debugfs")
            && !line.starts_with("rm: File not found")
            && !line.starts_with("Allocated inode")
            && !line.trim().is_empty()
    };
    match said.lines().find(complaint) {
        Some(line) => Err(wrong("debugfs", line)),
        None => Ok(image),
    }
}

/// Orders for debugfs(8), which changes a file system without mounting it.
#[derive(Debug, Default)]
struct Orders {
    text: String,
    directories: Vec<String>,
}

impl Orders {
    fn directory(&mut self, path: &str) {
        if !self.directories.iter().any(|known| known == path) {
            let _ = writeln!(self.text, "mkdir {path}");
            self.directories.push(path.to_owned());
        }
    }

    fn file(&mut self, from: &Path, to: &str) {
        use std::os::unix::fs::PermissionsExt;
        let executable = fs::metadata(from).is_ok_and(|data| data.permissions().mode() & 0o100 != 0);
        let mode = if executable { "0100755" } else { "0100644" };
        let (from, text) = (from.display(), &mut self.text);
        let _ = writeln!(text, "rm {to}\nwrite {from} {to}\nset_inode_field {to} mode {mode}");
        let _ = writeln!(text, "set_inode_field {to} uid 0\nset_inode_field {to} gid 0");
    }

    fn link(&mut self, name: &str, target: &str) {
        let _ = writeln!(self.text, "symlink {name} {target}");
    }

    fn tree(&mut self, from: &Path, to: &str) -> std::io::Result<()> {
        self.directory(to);
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = format!("{to}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.tree(&entry.path(), &to)?;
            } else {
                self.file(&entry.path(), &to);
            }
        }
        Ok(())
    }
}
