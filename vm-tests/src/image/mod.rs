//! Files for a system, and the ways to get them into it. None needs root or a mount.
pub mod build;
pub mod cpio;
pub mod ext;
pub mod label;
pub mod tar;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a path of the system is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    /// A directory.
    Directory,
    /// A file with its mode.
    File(Vec<u8>, u32),
    /// A symbolic link.
    Link(String),
    /// Not there.
    Missing,
}

/// Files by their path, which begins with `/`. All belong to root.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tree {
    /// In the order of paths, so that directories come before what is in them.
    pub nodes: BTreeMap<String, Node>,
}

impl Tree {
    /// Adds a node and the directories above it. What is there is replaced.
    pub fn put(&mut self, path: &str, node: Node) {
        let path = path.trim_end_matches('/');
        for (at, _) in path.match_indices('/').skip(1) {
            self.nodes.entry(path[..at].to_owned()).or_insert(Node::Directory);
        }
        if !path.is_empty() {
            self.nodes.insert(path.to_owned(), node);
        }
    }

    /// Adds a file of this machine, or a directory with what it holds.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn copy(&mut self, from: &Path, to: &str) -> Result<(), String> {
        self.copy_from(from, to).map_err(|why| format!("{}: {why}", from.display()))
    }

    fn copy_from(&mut self, from: &Path, to: &str) -> io::Result<()> {
        let data = fs::metadata(from)?;
        if data.is_dir() {
            self.put(to, Node::Directory);
            for entry in fs::read_dir(from)? {
                let name = entry?.file_name();
                let name = name.to_string_lossy();
                self.copy_from(&from.join(&*name), &format!("{}/{name}", to.trim_end_matches('/')))?;
            }
        } else {
            let mode = if data.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            self.put(to, Node::File(fs::read(from)?, mode));
        }
        Ok(())
    }

    /// Adds the shared libraries that a program of this machine needs, where it has them; nothing for
    /// a static one.
    pub fn libraries(&mut self, program: &Path) {
        let Ok(output) = std::process::Command::new("ldd").arg(program).output() else { return };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        for library in said.split_whitespace().filter(|word| word.starts_with('/')) {
            if let Ok(bytes) = fs::read(library) {
                self.put(library, Node::File(bytes, 0o755));
            }
        }
    }

    /// Writes it below a directory.
    ///
    /// # Errors
    /// What cannot be written.
    pub fn write_to(&self, below: &Path) -> Result<(), String> {
        for (path, node) in &self.nodes {
            let target = below.join(&path[1..]);
            write(&target, node).map_err(|why| format!("{}: {why}", target.display()))?;
        }
        Ok(())
    }

    /// One line for each path.
    #[must_use]
    pub fn listing(&self) -> String {
        let line = |(path, node): (&String, &Node)| match node {
            Node::Directory => format!("d 755 {path}\n"),
            Node::File(bytes, mode) => format!("f {mode:o} {path} {}\n", bytes.len()),
            Node::Link(target) => format!("l 777 {path} -> {target}\n"),
            Node::Missing => format!("- {path}\n"),
        };
        self.nodes.iter().map(line).collect()
    }
}

fn write(target: &PathBuf, node: &Node) -> io::Result<()> {
    let absent = |result: io::Result<()>| match result {
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    };
    match node {
        Node::Directory => fs::create_dir_all(target),
        Node::File(bytes, mode) => {
            absent(fs::remove_file(target))?;
            fs::write(target, bytes)?;
            fs::set_permissions(target, fs::Permissions::from_mode(*mode))
        }
        Node::Link(to) => {
            absent(fs::remove_file(target))?;
            std::os::unix::fs::symlink(to, target)
        }
        Node::Missing => absent(fs::remove_file(target)),
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Tree {
    let mut tree = Tree::default();
    tree.put("/etc/runit/1", Node::File(b"#!/bin/sh\nexit 0\n".to_vec(), 0o755));
    tree.put("/etc/empty", Node::File(Vec::new(), 0o644));
    tree.put("/sbin/init", Node::Link("runit-init".into()));
    tree.put("/service/a/down", Node::File(vec![b'x'; 70_000], 0o644));
    tree
}

#[cfg(test)]
mod tests {
    use super::*;
    use runit_tests::place::Place;

    #[test]
    fn directories_come_first() {
        let tree = sample();
        let paths: Vec<&str> = tree.nodes.keys().map(String::as_str).collect();
        assert_eq!(
            paths,
            [
                "/etc",
                "/etc/empty",
                "/etc/runit",
                "/etc/runit/1",
                "/sbin",
                "/sbin/init",
                "/service",
                "/service/a",
                "/service/a/down"
            ]
        );
        assert!(
            tree.listing().contains("f 755 /etc/runit/1 17\nd 755 /sbin\nl 777 /sbin/init -> runit-init")
        );
    }

    #[test]
    fn what_was_written_can_be_copied_back() {
        let place = Place::new();
        let mut tree = sample();
        // A copy follows links.
        tree.nodes.remove("/sbin/init");
        let target = place.dir("root");
        tree.write_to(&target).unwrap();
        let mut again = Tree::default();
        again.copy(&target, "/").unwrap();
        assert_eq!(again, tree);
        let mut without = Tree::default();
        without.put("/etc/empty", Node::Missing);
        without.write_to(&target).unwrap();
        without.write_to(&target).unwrap();
        assert!(!target.join("etc/empty").exists());
        assert!(again.copy(&place.path("none"), "/").is_err());
    }
}
