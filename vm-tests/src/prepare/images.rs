//! The discs and archives of a machine, made of the files that go in.
use super::{Kind, Plan, Unfit, source};
use crate::image::{Node, Tree, build, cpio, ext, label, tar};
use std::fs;
use std::path::{Path, PathBuf};

impl Plan<'_> {
    pub(super) fn images(&self, tree: &Tree, work: &Path, kind: Kind) -> Result<(), Unfit> {
        let write = |name: &str, bytes: Vec<u8>| {
            let path = work.join(name);
            fs::write(&path, bytes).map_err(|why| Unfit::Wrong(format!("{}: {why}", path.display())))
        };
        if !self.system.early.is_empty() {
            let mut early = Tree::default();
            for (from, to) in &self.system.early {
                let from = PathBuf::from(self.fill(from, work)?);
                let from = if from.is_absolute() { from } else { source().join(from) };
                early.copy(&from, to)?;
            }
            for name in ["/dev", "/new", "/proc", "/sys"] {
                early.put(name, Node::Directory);
            }
            write("initrd", cpio::archive(&early))?;
        }
        let root = self.fill("@root@", work).ok().filter(|root| self.has_root() && !root.is_empty());
        let root = root.map(PathBuf::from);
        let root = if let Kind::On(installed) = kind { Some(installed.to_owned()) } else { root };
        let image = work.join("root.img");
        if let Some(file) = root.as_ref().filter(|_| ["tar", "iso"].contains(&self.way())) {
            duplicate(file, &image)?;
        }
        if let Some(kernel) = self.given.kernel.as_ref().filter(|_| !self.system.direct_loader.is_empty()) {
            build::loader(&work.join("loader"), kernel, &self.system.direct_loader, work)
                .map_err(Unfit::Missing)?;
        }
        // A second disc that is part of the machine is there even if all is on the first.
        if self.system.disc.iter().any(|word| word.contains("@disc@")) {
            write("disc", tar::archive(tree)?)?;
        }
        match self.way() {
            "initramfs" => {
                let mut bytes = Vec::new();
                match &root {
                    // What follows in an archive replaces what came before.
                    Some(dir) if dir.is_dir() => {
                        let mut all = Tree::default();
                        all.copy(dir, "/")?;
                        bytes = cpio::archive(&all);
                    }
                    Some(file) => {
                        bytes = fs::read(file).map_err(|why| format!("{}: {why}", file.display()))?
                    }
                    None => {}
                }
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                bytes.extend(cpio::archive(tree));
                write("initrd", bytes)
            }
            "ext4" => {
                let root = root.ok_or_else(|| Unfit::Missing("no root: give one with --root".into()))?;
                if root.is_dir() {
                    ext::make(&image, &root, 1024)?;
                } else {
                    duplicate(&root, &image)?;
                }
                ext::inject(&image, tree, work).map_err(Unfit::Wrong)
            }
            "ffs" if root.as_ref().is_some_and(|root| root.is_dir()) => {
                build::ffs(&image, root.as_deref(), tree, work).map_err(Unfit::Missing)?;
                if self.system.direct_label { Ok(label::openbsd(&image)?) } else { Ok(()) }
            }
            "iso" => build::iso(&work.join("disc"), tree, work).map_err(Unfit::Missing),
            _ => write("disc", tar::archive(tree)?),
        }
    }
}

/// Copies an image and keeps its holes.
fn duplicate(from: &Path, to: &Path) -> Result<(), Unfit> {
    let _ = fs::remove_file(to);
    let mut command = ext::tool("cp");
    let copied = command.args(["--sparse=always", "--reflink=auto"]).arg(from).arg(to).output();
    if copied.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    fs::copy(from, to).map(drop).map_err(|why| Unfit::Wrong(format!("{}: {why}", from.display())))
}
