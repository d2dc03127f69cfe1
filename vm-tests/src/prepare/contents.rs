//! What goes into a machine: the files of its system and of the scenarios.
use super::{Plan, Unfit, source};
use crate::binaries::applets;
use crate::directive::fill;
use crate::image::{Node, Tree};
use crate::scenario::{Change, Scenario, Step};
use runit_tests::programs;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The agent's directory in the system.
const AGENT: &str = "/vm";

impl Plan<'_> {
    /// All files that go in: those of the system, and what the scenarios need. Shared scenarios change
    /// nothing, but have commands.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn tree(&self, scenarios: &[Scenario], dry: bool) -> Result<Tree, Unfit> {
        let mut tree = Tree::default();
        for name in programs::names(None).filter(|_| !self.system.programs.is_empty()) {
            let (path, to) = (self.bins.join(name), format!("{}/{name}", self.system.programs));
            if path.is_file() {
                tree.copy(&path, &to)?;
                if self.system.libraries {
                    tree.libraries(&path);
                }
            } else if dry {
                tree.put(&to, Node::File(Vec::new(), 0o755));
            }
        }
        for line in &self.system.files {
            let (one, two) = line.two().unwrap_or((&line.rest, ""));
            match line.word.as_str() {
                "put" => {
                    let from = PathBuf::from(self.fill(one, Path::new(""))?);
                    let from = if from.is_absolute() { from } else { source().join(from) };
                    if from.exists() || !dry {
                        tree.copy(&from, two)?;
                    } else {
                        tree.put(two, Node::File(Vec::new(), 0o755));
                    }
                }
                "text" => {
                    let mode = u32::from_str_radix(two, 8).unwrap_or(0o644);
                    let text = fill(&line.block, |name| self.system.word(name))
                        .map_err(|name| format!("no word {name}"))?;
                    tree.put(one, Node::File(text.into_bytes(), mode));
                }
                "symlink" => tree.put(one, Node::Link(two.into())),
                _ => {
                    let Some(Node::File(bytes, _)) = tree.nodes.get(one) else { continue };
                    let (dir, name) = one.rsplit_once('/').unwrap_or(("", one));
                    for applet in applets(bytes) {
                        tree.put(&format!("{dir}/{applet}"), Node::Link(name.into()));
                    }
                }
            }
        }
        self.add_scenarios(&mut tree, scenarios);
        Ok(tree)
    }

    pub(super) fn add_scenarios(&self, tree: &mut Tree, scenarios: &[Scenario]) {
        let mut words = String::new();
        for (name, text) in &self.system.words {
            let _ = writeln!(words, "{}='{}'", name.replace('-', "_"), text.replace('\'', "'\\''"));
        }
        let missing =
            scenarios.iter().flat_map(|scenario| &scenario.changes).filter_map(|change| match change {
                Change::Remove(path) => Some(format!("rm -f {path}\n")),
                _ => None,
            });
        // Where files are not put into images, the system itself unpacks them.
        let unpack = self.system.word("unpack").unwrap_or_default();
        // Not by runit-init, where there is another way: a stage 1 that a scenario brings would find its
        // requests as they were left, executable.
        let restart = self.system.word("restart").unwrap_or_else(|| "runit-init 6".into());
        let apply = format!("{unpack} || exit\n. /vm/change\nsync\n{restart}\n");
        tree.put(&format!("{AGENT}/apply"), Node::File(apply.into_bytes(), 0o644));
        tree.put(&format!("{AGENT}/change"), Node::File(missing.collect::<String>().into_bytes(), 0o644));
        tree.put(&format!("{AGENT}/words"), Node::File(words.into_bytes(), 0o644));
        for scenario in scenarios {
            for change in &scenario.changes {
                match change {
                    Change::File(path, mode, text) => {
                        tree.put(path, Node::File(text.clone().into_bytes(), *mode));
                    }
                    Change::Link(path, target) => tree.put(path, Node::Link(target.clone())),
                    // In an archive that is all there is, what is not put in is missing.
                    Change::Remove(path) if self.way() == "initramfs" => {
                        tree.nodes.remove(path);
                    }
                    Change::Remove(path) => tree.put(path, Node::Missing),
                }
            }
            for (number, step) in scenario.steps.iter().enumerate() {
                if let Step::Run(_, text) = step {
                    let path = format!("{AGENT}/{}/{number}", scenario.name);
                    tree.put(&path, Node::File(text.clone().into_bytes(), 0o644));
                }
            }
        }
    }
}
