//! From a system's description and what the command line says to a machine that can be started.
mod contents;
mod images;

use crate::directive::fill;
use crate::doctor::package;
use crate::image::{Tree, ext};
use crate::scenario::Scenario;
use crate::system::{System, cache, home};
use runit_tests::programs::Programs;
use std::path::{Path, PathBuf};

/// What the command line says about a system.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Given {
    /// Where the programs are.
    pub bin_dir: Option<PathBuf>,
    /// Another kernel.
    pub kernel: Option<PathBuf>,
    /// Another root: an image or a directory.
    pub root: Option<PathBuf>,
}

/// Why a machine cannot be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// Something is not here, and how to get it.
    Missing(String),
    /// Something is wrong.
    Wrong(String),
}

impl From<String> for Unfit {
    fn from(why: String) -> Unfit {
        Unfit::Wrong(why)
    }
}

/// A system that can be made into machines.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The system.
    pub system: &'a System,
    /// Where the programs are.
    pub bins: PathBuf,
    given: Given,
    cache: PathBuf,
}

/// How a machine is started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Start {
    /// QEMU and its arguments.
    pub command: Vec<String>,
    /// What was put in.
    pub listing: String,
}

/// What a machine is made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind<'a> {
    /// For scenarios, from the system's own root.
    Fresh,
    /// For scenarios, from an image that was installed.
    On(&'a Path),
    /// To install.
    Install,
    /// Not at all: nothing is made but the command line.
    Dry,
    /// The same for an installation.
    DryInstall,
}

/// The top of the source tree.
#[must_use]
pub fn source() -> PathBuf {
    let top = home().join("..");
    top.canonicalize().unwrap_or(top)
}

impl<'a> Plan<'a> {
    /// Finds what is needed. The programs are built if they are this machine's and not given.
    ///
    /// # Errors
    /// What is missing.
    pub fn new(system: &'a System, given: &Given, dry: bool) -> Result<Plan<'a>, Unfit> {
        let native = system.target.is_empty() && !system.programs.is_empty();
        let bins = match &given.bin_dir {
            Some(dir) => {
                dir.canonicalize().map_err(|why| Unfit::Missing(format!("{}: {why}", dir.display())))?
            }
            None if native && dry => source().join("target/debug"),
            None if native => Programs::get().dir().to_owned(),
            // They come in a package.
            None if system.programs.is_empty() => PathBuf::new(),
            None => source().join("target/cross").join(&system.target).join("release"),
        };
        let cache = cache()?.join(&system.cache);
        let plan = Plan { system, bins, given: given.clone(), cache };
        if !dry {
            plan.check()?;
        }
        Ok(plan)
    }

    fn check(&self) -> Result<(), Unfit> {
        if let Some(what) = self.missing().into_iter().next() {
            return Err(Unfit::Missing(what));
        }
        Ok(())
    }

    /// The kernel that is booted directly; empty if there is none.
    #[must_use]
    pub fn kernel(&self) -> PathBuf {
        self.fill("@kernel@", Path::new("")).map(PathBuf::from).unwrap_or_default()
    }

    /// All that is missing, and how to get each.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let qemu = &self.system.qemu[0];
        if ext::tool(qemu).arg("--version").output().is_err() {
            missing.push(format!("{qemu} is not here (Debian: apt-get install {})", package(qemu)));
        }
        if self.way() == "ext4" && ext::tool("debugfs").arg("-V").output().is_err() {
            missing.push("debugfs is not here (Debian: apt-get install e2fsprogs)".into());
        }
        if !self.system.programs.is_empty() && !self.bins.join("runit-init").is_file() {
            let how = if self.system.target.is_empty() {
                String::new()
            } else {
                format!(": ci/cross/cargo-cross build {} --release --bins, or --bin-dir", self.system.target)
            };
            missing.push(format!("no programs in {}{how}", self.bins.display()));
        }
        for (kind, given, path) in [
            ("kernel", &self.given.kernel, &self.system.kernel),
            ("root", &self.given.root, &self.system.root),
        ] {
            match given {
                Some(path) if !path.exists() => {
                    missing.push(format!("{kind} {} is not there", path.display()))
                }
                None if path.is_empty() && self.uses(kind) => {
                    missing.push(format!("no {kind}: give one with --{kind}"))
                }
                _ => {}
            }
        }
        let takes =
            |word: &str| self.system.qemu.iter().chain(&self.system.direct).any(|text| text.contains(word));
        if self.given.kernel.is_some() && !takes("@kernel@") && !takes("@loader@") {
            missing
                .push("no way to enter a kernel: this system boots from its disc, without --kernel".into());
        }
        if self.given.root.as_ref().is_some_and(|root| root.is_dir()) && ["tar", "iso"].contains(&self.way())
        {
            missing.push("no way to make its file system here: --root has to be an image".into());
        }
        for (path, how) in self.system.needs.iter().filter(|_| self.has_root()) {
            let covered = |given: &Option<PathBuf>, own: &String| given.is_some() && own == path;
            if covered(&self.given.kernel, &self.system.kernel)
                || covered(&self.given.root, &self.system.root)
            {
                continue;
            }
            match self.fill(path, Path::new("")) {
                Ok(path) if Path::new(&path).exists() => {}
                Ok(path) => missing.push(format!("{path} is not there: {how}")),
                Err(why) => missing.push(why),
            }
        }
        missing
    }

    fn uses(&self, kind: &str) -> bool {
        self.system.qemu.iter().any(|word| word.contains(&format!("@{kind}@")))
            || kind == "root" && !self.system.disc.is_empty() && self.given.kernel.is_none()
    }

    /// Whether there is a root.
    fn has_root(&self) -> bool {
        // A kernel that is given alone has its root in it.
        let alone = self.given.kernel.is_some() && !self.system.direct.is_empty();
        self.given.root.is_some() || !alone
    }

    /// How files get in.
    #[must_use]
    pub fn way(&self) -> &str {
        let directory = self.given.root.as_ref().is_some_and(|root| root.is_dir());
        match self.system.direct_inject.as_str() {
            "" => &self.system.inject,
            way if directory => way,
            _ => &self.system.inject,
        }
    }

    /// Whether the root becomes ours by the steps of an installation.
    #[must_use]
    pub fn installs(&self) -> bool {
        !self.system.install.is_empty() && ["tar", "iso"].contains(&self.way()) && self.has_root()
    }

    /// Replaces the words that stand for paths.
    fn fill(&self, text: &str, work: &Path) -> Result<String, String> {
        let path = |path: &Path| Some(path.to_string_lossy().into_owned());
        let own = |given: &Option<PathBuf>, text: &str| match given {
            Some(given) => path(given),
            None => self.fill(text, work).ok(),
        };
        let value = |name: &str| match name {
            "cache" => path(&self.cache),
            "source" => path(&source()),
            "work" => path(work),
            "initrd" => path(&work.join("initrd")),
            "disc" => path(&work.join("disc")),
            "image" => path(&work.join("root.img")),
            "loader" => path(&work.join("loader")),
            "kernel" => own(&self.given.kernel, &self.system.kernel),
            "root" => own(&self.given.root, &self.system.root),
            _ => None,
        };
        fill(text, value).map_err(|name| format!("{}: nobody knows @{name}@", self.system.name))
    }

    /// Makes the images in `work` and the command line. Dry, nothing but the command line is made.
    ///
    /// # Errors
    /// What went wrong.
    pub fn start(
        &self,
        scenarios: &[Scenario],
        work: &Path,
        accel: &str,
        kind: Kind,
    ) -> Result<Start, Unfit> {
        let dry = [Kind::Dry, Kind::DryInstall].contains(&kind);
        let tree = if let Kind::On(_) = kind {
            // What is there stays: a program that runs and is replaced keeps its file system busy.
            let mut tree = Tree::default();
            self.add_scenarios(&mut tree, scenarios);
            tree
        } else {
            self.tree(scenarios, dry)?
        };
        if !dry {
            self.images(&tree, work, kind)?;
        }
        let mut command = Vec::new();
        for word in &self.system.qemu {
            command.push(self.fill(word, work)?);
        }
        command.splice(1..1, ["-accel".to_owned(), accel.to_owned()]);
        let mut rest = Vec::new();
        if self.has_root() {
            rest.extend(self.system.disc.iter());
        }
        let direct = self.given.kernel.is_some() && !self.system.direct.is_empty();
        if direct {
            rest.extend(self.system.direct.iter());
        }
        for word in rest {
            command.push(self.fill(word, work)?);
        }
        let append = match kind {
            _ if direct => &self.system.direct_append,
            Kind::Install | Kind::DryInstall if !self.system.install_append.is_empty() => {
                &self.system.install_append
            }
            _ => &self.system.append,
        };
        if !append.is_empty() {
            command.extend(["-append".into(), self.fill(append, work)?]);
        }
        command.extend(["-serial".into(), "chardev:console".into()]);
        command.extend(self.system.port.iter().cloned());
        Ok(Start { command, listing: tree.listing() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Node;

    #[test]
    fn what_scenarios_need_goes_in() {
        let text = "title t\nqemu q -initrd @initrd@ -kernel @kernel@\nkernel @cache@/k\ncache c\ninject initramfs\nappend a b=@kernel@\nword zombies ps 'x'\ntext /etc/runit/2 755\n\t@zombies@\n";
        let system = System::read("t", text).unwrap();
        let plan = Plan::new(&system, &Given::default(), true).unwrap();
        let scenario =
            "scenario s\nabout it\nfile /etc/runit/1 755\n\texit 1\nremove /etc/runit/2\nrun true\n";
        let scenarios = crate::scenario::read(scenario).unwrap();
        let tree = plan.tree(&scenarios, true).unwrap();
        assert_eq!(tree.nodes["/etc/runit/1"], Node::File(b"exit 1\n".to_vec(), 0o755));
        assert_eq!(tree.nodes["/vm/s/0"], Node::File(b"true\n".to_vec(), 0o644));
        assert_eq!(tree.nodes["/vm/words"], Node::File(b"zombies='ps '\\''x'\\'''\n".to_vec(), 0o644));
        assert!(!tree.nodes.contains_key("/etc/runit/2") && tree.nodes.contains_key("/sbin/sv"));
        assert_eq!(
            plan.tree(&[], true).unwrap().nodes["/etc/runit/2"],
            Node::File(b"ps 'x'\n".to_vec(), 0o755)
        );
        let start = plan.start(&scenarios, Path::new("w"), "tcg", Kind::Dry).unwrap();
        let line = start.command.join(" ");
        assert!(line.starts_with("q -accel tcg -initrd w/initrd -kernel "), "{line}");
        assert!(line.ends_with("/c/k -serial chardev:console -serial chardev:channel"), "{line}");
        let alone = System::read("t", &format!("{text}disc -drive x\nroot /r\ndirect -D\n")).unwrap();
        let own = Given { kernel: Some("/mine".into()), ..Given::default() };
        for (given, wanted) in [(&own, (false, true)), (&Given::default(), (true, false))] {
            let start = Plan::new(&alone, given, true).unwrap().start(&[], Path::new("w"), "tcg", Kind::Dry);
            let command = start.unwrap().command;
            assert_eq!((command.contains(&"-drive".into()), command.contains(&"-D".into())), wanted);
        }
        let plan = Plan::new(&system, &own, true).unwrap();
        let start = plan.start(&[], Path::new("w"), "kvm", Kind::Dry).unwrap();
        assert!(
            start.command.contains(&"/mine".to_owned()) && start.command.contains(&"a b=/mine".to_owned())
        );
    }
}
