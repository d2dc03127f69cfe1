//! Changes to ext2, ext3 and ext4 file systems, by debugfs(8), which mounts nothing.
use super::{Node, Tree};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;

/// The tools of file systems are not in everybody's `PATH`.
#[must_use]
pub fn path() -> String {
    std::env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".into()) + ":/usr/sbin:/sbin"
}

/// A command of the file system tools.
#[must_use]
pub fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("PATH", path());
    command
}

/// Puts a tree into an image. `work` is a directory for what is needed meanwhile.
///
/// # Errors
/// What debugfs complains about.
pub fn inject(image: &Path, tree: &Tree, work: &Path) -> Result<(), String> {
    let staging = work.join("inject");
    let _ = fs::remove_dir_all(&staging);
    fs::create_dir_all(&staging).map_err(|why| format!("{}: {why}", staging.display()))?;
    let mut orders = String::new();
    for (number, (path, node)) in tree.nodes.iter().enumerate() {
        match node {
            // To make one that is there leaves an inode behind that e2fsck does not like.
            Node::Directory if exists(image, path) => {}
            Node::Directory => {
                let _ = writeln!(orders, "mkdir {path}");
            }
            Node::File(bytes, mode) => {
                let name = staging.join(number.to_string());
                fs::write(&name, bytes).map_err(|why| format!("{}: {why}", name.display()))?;
                let _ = writeln!(orders, "rm {path}\nwrite {} {path}", name.display());
                let _ = writeln!(orders, "set_inode_field {path} mode 0100{mode:o}");
                let _ = writeln!(orders, "set_inode_field {path} uid 0\nset_inode_field {path} gid 0");
            }
            Node::Link(target) => {
                let _ = writeln!(orders, "rm {path}\nsymlink {path} {target}");
            }
            Node::Missing => {
                let _ = writeln!(orders, "rm {path}");
            }
        }
    }
    let script = staging.join("orders");
    fs::write(&script, orders).map_err(|why| format!("{}: {why}", script.display()))?;
    let said = debugfs(&["-w".as_ref(), "-f".as_ref(), script.as_ref(), image.as_ref()])?;
    let _ = fs::remove_dir_all(&staging);
    // It exits with 0 whatever happens. What it repeats of the orders begins with its prompt.
    let usual = |line: &str| {
        ["debugfs", "rm: File not found", "Allocated inode"].iter().any(|start| line.starts_with(start))
            || line.trim().is_empty()
    };
    let complaint = |line: &&str| !usual(line);
    said.lines().find(complaint).map_or(Ok(()), |line| Err(format!("debugfs: {line}")))
}

fn debugfs(words: &[&std::ffi::OsStr]) -> Result<String, String> {
    let output = tool("debugfs").args(words).output().map_err(|why| format!("debugfs: {why}"))?;
    let mut said = String::from_utf8_lossy(&output.stderr).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stdout));
    Ok(said)
}

fn exists(image: &Path, path: &str) -> bool {
    let order = format!("stat {path}");
    let said = debugfs(&["-R".as_ref(), order.as_ref(), image.as_ref()]);
    said.is_ok_and(|said| said.contains("Inode:"))
}

/// The content of a file in an image.
///
/// # Errors
/// It is not there.
pub fn read(image: &Path, path: &str) -> Result<Vec<u8>, String> {
    let output = tool("debugfs").arg("-R").arg(format!("cat {path}")).arg(image).output();
    let output = output.map_err(|why| format!("debugfs: {why}"))?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // Its first line is its version.
    match said.lines().nth(1) {
        Some(line) => Err(line.to_owned()),
        None => Ok(output.stdout),
    }
}

/// Makes an ext4 image from a directory.
///
/// # Errors
/// What mke2fs says.
pub fn make(image: &Path, from: &Path, megabytes: u64) -> Result<(), String> {
    fs::write(image, "").map_err(|why| format!("{}: {why}", image.display()))?;
    let mut command = tool("mke2fs");
    command.args(["-q", "-F", "-E", "root_owner=0:0", "-t", "ext4"]);
    let output = command.arg("-d").arg(from).arg(image).arg(format!("{megabytes}M")).output();
    let output = output.map_err(|why| format!("mke2fs: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(format!("mke2fs: {}", said.lines().last().unwrap_or("failed")))
}

/// Whether a path can stand in an order of debugfs, which knows quotes but no escapes.
#[must_use]
pub fn plain(path: &Path) -> bool {
    !path.as_os_str().as_bytes().iter().any(|byte| byte.is_ascii_whitespace() || *byte == b'"')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::sample;
    use runit_tests::place::Place;

    #[test]
    fn reads_back_what_it_wrote() {
        if tool("mke2fs").arg("-V").output().is_err() {
            eprintln!("skipped: no mke2fs");
            return;
        }
        let place = Place::new();
        let from = place.dir("from");
        place.file("from/etc/runit/1", "of before, and longer than what comes");
        let image = place.path("image");
        make(&image, &from, 8).unwrap();
        let mut tree = sample();
        inject(&image, &tree, place.root()).unwrap();
        for (path, node) in &tree.nodes {
            if let Node::File(bytes, _) = node {
                assert_eq!(&read(&image, path).unwrap(), bytes, "{path}");
            }
        }
        let stat = tool("debugfs").args(["-R", "stat /etc/runit/1"]).arg(&image).output().unwrap();
        let stat = String::from_utf8_lossy(&stat.stdout).into_owned();
        assert!(stat.contains("Mode:  0755") && stat.contains("User:     0"), "{stat}");
        let link = tool("debugfs").args(["-R", "stat /sbin/init"]).arg(&image).output().unwrap();
        assert!(String::from_utf8_lossy(&link.stdout).contains("\"runit-init\""));
        // A second time over it, with one path less.
        tree.put("/etc/empty", Node::Missing);
        inject(&image, &tree, place.root()).unwrap();
        assert!(read(&image, "/etc/empty").is_err());
        let fsck = tool("e2fsck").args(["-f", "-n"]).arg(&image).output().unwrap();
        assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stdout));
        let mut big = Tree::default();
        big.put("/big", Node::File(vec![1; 9 << 20], 0o644));
        assert!(inject(&image, &big, place.root()).is_err(), "it is full");
        assert!(inject(&place.path("none"), &sample(), place.root()).is_err());
    }
}
