//! Images that other programs make: ISO 9660, FFS, a CD with a loader.
use super::Tree;
use super::ext::tool;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Makes an ISO 9660 image with the label RUNIT, by the first tool that is here.
///
/// # Errors
/// No tool is here, or what it says.
pub fn iso(image: &Path, tree: &Tree, work: &Path) -> Result<(), String> {
    let staging = stage(tree, work)?;
    let all: [(&str, &[&str]); 4] = [
        ("xorriso", &["-as", "mkisofs", "-quiet", "-R", "-V", "RUNIT", "-o"]),
        ("genisoimage", &["-quiet", "-R", "-V", "RUNIT", "-o"]),
        ("mkisofs", &["-quiet", "-R", "-V", "RUNIT", "-o"]),
        ("makefs", &["-t", "cd9660", "-o", "rockridge,label=RUNIT"]),
    ];
    for (name, words) in all {
        let mut command = tool(name);
        command.args(words).arg(image).arg(&staging);
        if let Some(result) = run(name, &mut command) {
            return result;
        }
    }
    Err("needs xorriso, genisoimage, mkisofs or makefs (Debian: apt-get install xorriso)".into())
}

/// Makes an FFS image of a directory with a tree over it. It is of version 1: what makefs makes of
/// version 2, FreeBSD does not mount, and OpenBSD's fsck does not take.
///
/// # Errors
/// No tool is here, or what it says.
pub fn ffs(image: &Path, root: Option<&Path>, tree: &Tree, work: &Path) -> Result<(), String> {
    let staging = stage(&Tree::default(), work)?;
    if let Some(root) = root {
        let copied = Command::new("cp").arg("-a").arg(root.join(".")).arg(&staging).status();
        if !copied.is_ok_and(|status| status.success()) {
            return Err(format!("{}: cannot be copied", root.display()));
        }
    }
    tree.write_to(&staging)?;
    let mut command = tool("makefs");
    command
        .args(["-t", "ffs", "-B", "le", "-o", "version=1", "-b", "128m", "-f", "4096"])
        .arg(image)
        .arg(&staging);
    run("makefs", &mut command).unwrap_or_else(|| {
        Err("needs makefs (Debian: apt-get install makefs; NetBSD and FreeBSD have it)".into())
    })
}

/// Where Debian, and others, have GRUB's modules for a PC's BIOS.
const GRUB: &str = "/usr/lib/grub/i386-pc";

/// Makes a CD whose GRUB starts the kernel `/kernel` by `line`, for kernels that QEMU cannot enter.
///
/// # Errors
/// No tool is here, or what it says.
pub fn loader(image: &Path, kernel: &Path, line: &str, work: &Path) -> Result<(), String> {
    let staging = stage(&Tree::default(), work)?;
    let at = |why: std::io::Error| format!("{}: {why}", staging.display());
    fs::copy(kernel, staging.join("kernel")).map_err(|why| format!("{}: {why}", kernel.display()))?;
    let script = work.join("grub.cfg");
    fs::write(&script, format!("{line}\nboot\n")).map_err(at)?;
    let mut command = tool("grub-mkimage");
    command.args(["-O", "i386-pc-eltorito", "-d", GRUB, "-p", "/", "-c"]).arg(script).arg("-o");
    command.arg(staging.join("loader")).args(["biosdisk", "iso9660", "bsd", "boot"]);
    run("grub-mkimage", &mut command).unwrap_or_else(|| {
        Err("needs grub-mkimage (Debian: apt-get install grub-common grub-pc-bin)".into())
    })?;
    let mut command = tool("xorriso");
    command.args(["-as", "mkisofs", "-quiet", "-R", "-b", "loader", "-no-emul-boot", "-boot-load-size", "4"]);
    command.args(["-boot-info-table", "-o"]).arg(image).arg(&staging);
    run("xorriso", &mut command)
        .unwrap_or_else(|| Err("needs xorriso (Debian: apt-get install xorriso)".into()))
}

/// A directory with the tree in it.
fn stage(tree: &Tree, work: &Path) -> Result<std::path::PathBuf, String> {
    let staging = work.join("staging");
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(&staging).map_err(|why| format!("{}: {why}", staging.display()))?;
    tree.write_to(&staging)?;
    Ok(staging)
}

/// `None`: there is no such program.
fn run(name: &str, command: &mut Command) -> Option<Result<(), String>> {
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let failed = || format!("{name}: {}", said.lines().last().unwrap_or("failed"));
    Some(if output.status.success() { Ok(()) } else { Err(failed()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::sample;
    use runit_tests::place::Place;

    #[test]
    fn iso_reads_back_what_it_wrote() {
        let place = Place::new();
        let image = place.path("iso");
        match iso(&image, &sample(), place.root()) {
            Err(why) if why.starts_with("needs") => eprintln!("skipped: {why}"),
            result => {
                result.unwrap();
                let bytes = fs::read(&image).unwrap();
                assert_eq!(&bytes[0x8001..0x8006], b"CD001");
                assert_eq!(&bytes[0x8028..0x802d], b"RUNIT");
                assert!(bytes.windows(9).any(|window| window == b"#!/bin/sh"));
                assert!(bytes.windows(10).any(|window| window == b"runit-init"), "links are kept");
            }
        }
    }

    #[test]
    fn a_loader_can_be_booted() {
        let place = Place::new();
        let image = place.path("loader");
        let kernel = place.file("bsd", "a kernel");
        match loader(&image, &kernel, "kopenbsd /kernel", place.root()) {
            // Without its modules grub-mkimage is here, but of no use.
            Err(why) if why.starts_with("needs") || why.contains(GRUB) => eprintln!("skipped: {why}"),
            result => {
                result.unwrap();
                let bytes = fs::read(&image).unwrap();
                assert_eq!(&bytes[0x8801..0x881e], b"CD001\x01EL TORITO SPECIFICATION");
                assert!(bytes.windows(8).any(|window| window == b"a kernel"));
            }
        }
    }

    #[test]
    fn ffs_holds_what_was_put_in() {
        let place = Place::new();
        let image = place.path("ffs");
        place.file("root/etc/passwd", "root::0:0::/:/bin/sh\n");
        match ffs(&image, Some(&place.path("root")), &sample(), place.root()) {
            Err(why) if why.starts_with("needs") => eprintln!("skipped: {why}"),
            result => {
                result.unwrap();
                let bytes = fs::read(&image).unwrap();
                for text in ["root::0:0", "#!/bin/sh\nexit 0", "runit-init"] {
                    assert!(bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
                }
                // FFS of version 1: FreeBSD mounts none of version 2 that comes from here, OpenBSD calls it damaged.
                let magic = 8192 + 1372;
                assert_eq!(bytes[magic..magic + 4], 0x0001_1954_u32.to_le_bytes());
            }
        }
    }
}
