//! Systems, as their folders describe them: `system` has a line for each fact.
//!
//! | directive | meaning |
//! |---|---|
//! | `title TEXT`, `note TEXT` | for people |
//! | `qemu WORDS` | the emulator and its arguments, as many lines as wanted |
//! | `include FILE` | the lines of another file in `systems` |
//! | `disc WORDS` | the arguments for the root's disc, where there is a root |
//! | `direct WORDS`, `direct-append TEXT`, `direct-inject WAY` | instead of `append` and `inject` with `--kernel`, `--root DIR` |
//! | `direct-loader TEXT` | the line by which GRUB starts the kernel, `/kernel`, where QEMU cannot; it is on `@loader@` |
//! | `direct-label openbsd` | the image that is made of a directory gets a disk label |
//! | `append TEXT` | one argument for the kernel's command line, behind `-append` |
//! | `port WORDS` | the arguments that connect the channel, `-serial chardev:channel` if there are none |
//! | `accel` | hardware acceleration can be tried |
//! | `cache NAME` | the folder in the cache for what the system needs |
//! | `kernel PATH`, `root PATH` | what is booted, unless the command line says otherwise |
//! | `need PATH HOW` | a file that must be there, and how to get it |
//! | `image NAME URL SHA256` | what `fetch` fetches into the cache; instead of the checksum, the URL of a list, or `-` |
//! | `inject WAY` | how files get in: `initramfs`, `ext4`, `ffs`, `tar`, `iso` |
//! | `target TRIPLE` | for which the programs are compiled |
//! | `programs DIR` | where they go; `-`: they come in a package |
//! | `scenarios DIR` | its own scenarios, in the place of those that are the same for all |
//! | `libraries` | the shared libraries that they need on this machine go in as well |
//! | `put FROM TO` | a file or directory of the source tree |
//! | `text PATH MODE`, `symlink PATH TARGET` | a file with the block as its text, a link |
//! | `applets PATH` | busybox, with a link for each of its applets beside it |
//! | `early FROM TO` | goes into an archive of its own, which is unpacked before the root is there |
//! | `install` | steps, in the block, that turn the vendor's image into one with our files |
//! | `install-append TEXT` | the kernel's command line meanwhile |
//! | `boots SECONDS`, `limit SECONDS` | how long a boot takes on a quiet machine, and at most |
//! | `panic PATTERN`, `never PATTERN` | console lines that are the end, or a failure |
//! | `word NAME TEXT` | what a scenario's `@NAME@` means here |
//! | `cannot SCENARIO REASON` | what cannot be tried here, and why |
use crate::directive::{self, Directive};
use crate::scenario::{self, Step};
use std::fs;
use std::path::{Path, PathBuf};

/// Something that `fetch` fetches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Image {
    /// Its name in the cache.
    pub name: String,
    /// Where it comes from.
    pub url: String,
    /// Its SHA-256, if it is known.
    pub checksum: Option<String>,
    /// A list of checksums with its own in it.
    pub list: Option<String>,
}

/// A system.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct System {
    /// The folder's name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// What people should know.
    pub notes: Vec<String>,
    /// The emulator and its arguments.
    pub qemu: Vec<String>,
    /// The arguments for the disc.
    pub disc: Vec<String>,
    /// The arguments for a kernel that is given.
    pub direct: Vec<String>,
    /// Its command line.
    pub direct_append: String,
    /// How files get into a root that is given as a directory.
    pub direct_inject: String,
    /// How a loader starts it.
    pub direct_loader: String,
    /// Whether such a root gets OpenBSD's disk label.
    pub direct_label: bool,
    /// The kernel's command line.
    pub append: String,
    /// The arguments for the channel.
    pub port: Vec<String>,
    /// Whether hardware acceleration is tried.
    pub accel: bool,
    /// The folder in the cache.
    pub cache: String,
    /// The kernel.
    pub kernel: String,
    /// The root.
    pub root: String,
    /// Files and how to get them.
    pub needs: Vec<(String, String)>,
    /// What can be fetched.
    pub images: Vec<Image>,
    /// How files get in.
    pub inject: String,
    /// What the programs are compiled for.
    pub target: String,
    /// Where the programs go; empty if they come in a package.
    pub programs: String,
    /// The folder of its scenarios.
    pub folder: String,
    /// Whether libraries go in.
    pub libraries: bool,
    /// What goes in: `put`, `text`, `symlink`, `applets`.
    pub files: Vec<Directive>,
    /// What goes in before.
    pub early: Vec<(String, String)>,
    /// How it is installed.
    pub install: Vec<Step>,
    /// The kernel's command line meanwhile.
    pub install_append: String,
    /// Seconds of an ordinary boot.
    pub boots: u64,
    /// Seconds of the longest boot.
    pub limit: u64,
    /// Lines of a panic.
    pub panics: Vec<String>,
    /// Lines of a failure.
    pub never: Vec<String>,
    /// What scenarios' words mean.
    pub words: Vec<(String, String)>,
    /// Scenarios that cannot be.
    pub cannot: Vec<(String, String)>,
}

impl System {
    /// Reads a system's description.
    ///
    /// # Errors
    /// Which line is wrong.
    pub fn read(name: &str, text: &str) -> Result<System, String> {
        let mut system = System {
            name: name.into(),
            programs: "/sbin".into(),
            folder: "scenarios".into(),
            limit: 600,
            boots: 20,
            ..System::default()
        };
        for line in directive::read(text)? {
            system.add(&line)?;
        }
        if system.title.is_empty() || system.qemu.is_empty() {
            return Err("needs a title and an emulator".into());
        }
        if system.port.is_empty() {
            system.port = vec!["-serial".into(), "chardev:channel".into()];
        }
        Ok(system)
    }

    fn add(&mut self, line: &Directive) -> Result<(), String> {
        let rest = line.rest.clone();
        let pair = || line.two().map(|(one, two)| (one.to_owned(), two.to_owned()));
        let words = || line.words().map(str::to_owned);
        match line.word.as_str() {
            "title" => self.title = rest,
            "note" => self.notes.push(rest),
            "qemu" => self.qemu.extend(words()),
            "append" => self.append = rest,
            "disc" => self.disc.extend(words()),
            "direct" => self.direct.extend(words()),
            "direct-append" => self.direct_append = rest,
            "direct-loader" => self.direct_loader = rest,
            "direct-label" if rest == "openbsd" => self.direct_label = true,
            "port" => self.port.extend(words()),
            "accel" => self.accel = true,
            "cache" => self.cache = rest,
            "kernel" => self.kernel = rest,
            "root" => self.root = rest,
            "need" => self.needs.push(pair()?),
            "image" => {
                let words: Vec<String> = words().collect();
                let [name, url, checksum] = &words[..] else { return Err(line.wrong("three words")) };
                let list = Some(checksum.clone()).filter(|text| text.contains("://"));
                let checksum = Some(checksum.clone()).filter(|text| text != "-" && list.is_none());
                if checksum.as_ref().is_some_and(|text| text.len() != 64) {
                    return Err(line.wrong("not a checksum"));
                }
                self.images.push(Image { name: name.clone(), url: url.clone(), checksum, list });
            }
            "inject" | "direct-inject" => {
                if !["initramfs", "ext4", "ffs", "tar", "iso"].contains(&rest.as_str()) {
                    return Err(line.wrong("no way to get files in"));
                }
                if line.word == "inject" {
                    self.inject = rest;
                } else {
                    self.direct_inject = rest;
                }
            }
            "target" => self.target = rest,
            "programs" => self.programs = if rest == "-" { String::new() } else { rest },
            "scenarios" => self.folder = rest,
            "libraries" => self.libraries = true,
            "put" | "symlink" => {
                pair()?;
                self.files.push(line.clone());
            }
            "text" => {
                let (_, mode) = pair()?;
                u32::from_str_radix(&mode, 8).map_err(|_| line.wrong("not a mode"))?;
                self.files.push(line.clone());
            }
            "applets" => self.files.push(line.clone()),
            "early" => self.early.push(pair()?),
            "install" => {
                let text = format!("scenario install\nabout it\n{}", line.block);
                self.install = scenario::read(&text)?.remove(0).steps;
            }
            "install-append" => self.install_append = rest,
            "boots" => self.boots = line.number()?,
            "limit" => self.limit = line.number()?,
            "panic" => self.panics.push(rest),
            "never" => self.never.push(rest),
            "word" => self.words.push(pair()?),
            "cannot" => self.cannot.push(pair()?),
            _ => return Err(line.wrong("not understood")),
        }
        Ok(())
    }

    /// Its scenarios.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn scenarios(&self) -> Result<Vec<scenario::Scenario>, String> {
        scenario::all(&home().join(&self.folder))
    }

    /// What a word of a scenario means.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<String> {
        self.words.iter().find(|(word, _)| word == name).map(|(_, text)| text.clone())
    }

    /// Why a scenario cannot be.
    #[must_use]
    pub fn why_not(&self, scenario: &str) -> Option<&str> {
        self.cannot.iter().find(|(name, _)| name == scenario).map(|(_, why)| why.as_str())
    }
}

/// The folder with the systems and the scenarios.
#[must_use]
pub fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with what was fetched and made.
///
/// # Errors
/// Nobody knows where it is.
pub fn cache() -> Result<PathBuf, String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .or_else(|| Some(set("HOME")?.join(".cache")))
        .map(|dir| dir.join("runit-vm"))
        .ok_or_else(|| "neither XDG_CACHE_HOME nor HOME is set".into())
}

/// The names of all systems.
///
/// # Errors
/// The folder cannot be read.
pub fn names() -> Result<Vec<String>, String> {
    let folder = home().join("systems");
    let entries = fs::read_dir(&folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let entries = entries.flatten().filter(|entry| entry.path().join("system").is_file());
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into()).collect();
    names.sort();
    Ok(names)
}

/// Reads a system's folder.
///
/// # Errors
/// There is none, or what is wrong in it.
pub fn load(name: &str) -> Result<System, String> {
    let path = home().join("systems").join(name).join("system");
    let text =
        fs::read_to_string(&path).map_err(|_| format!("no system {name}; `vm-tests list` names them"))?;
    let text = include(&text, 0).map_err(|why| format!("{}: {why}", path.display()))?;
    System::read(name, &text).map_err(|why| format!("{}: {why}", path.display()))
}

/// Puts in what `include` names.
fn include(text: &str, depth: usize) -> Result<String, String> {
    let mut all = String::new();
    for line in text.lines() {
        match line.strip_prefix("include ") {
            Some(_) if depth > 3 => return Err("it includes itself".into()),
            Some(file) => {
                let path = home().join("systems").join(file.trim());
                let text = fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
                all.push_str(&include(&text, depth + 1)?);
            }
            None => {
                all.push_str(line);
                all.push('\n');
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prepare::{Given, Kind, Plan};

    /// Every scenario either has all its words on a system, or a reason why it cannot be.
    #[test]
    fn systems_and_scenarios_fit() {
        let names = names().unwrap();
        assert!(names.len() >= 8, "{names:?}");
        for name in names {
            let system = load(&name).unwrap();
            let scenarios = system.scenarios().unwrap();
            for (other, _) in &system.cannot {
                assert!(
                    scenarios.iter().any(|scenario| scenario.name == *other),
                    "{name}: no scenario {other}"
                );
            }
            let plan = Plan::new(&system, &Given::default(), true).unwrap();
            let mut own = Vec::new();
            for scenario in &scenarios {
                match scenario.for_words(|word| system.word(word)) {
                    Ok(_) if system.why_not(&scenario.name).is_some() => {}
                    Ok(ready) => own.push(ready),
                    Err(word) => {
                        let why = system.why_not(&scenario.name);
                        assert!(why.is_some(), "{name}: {} needs @{word}@, or a reason", scenario.name);
                    }
                }
            }
            // What a scenario changes is seen by its own machine only.
            own.iter_mut().for_each(|scenario| scenario.changes.clear());
            let start = plan.start(&own, Path::new("work"), "tcg", Kind::Dry).unwrap();
            let agent = format!(
                "f 755 {}/agent/run",
                if system.programs.is_empty() { "/etc/sv" } else { "/service" }
            );
            assert!(start.listing.contains(&agent), "{name}: {}", start.listing);
            // What comes in a package belongs to a system with stages of its own.
            assert_eq!(start.listing.contains("/etc/runit/2"), !system.programs.is_empty(), "{name}");
            assert!(start.command.iter().all(|word| !word.contains('@')), "{name}: {:?}", start.command);
        }
    }

    /// What the first boots of other kernels showed of their descriptions.
    #[test]
    fn first_boots() {
        let freebsd = load("freebsd").unwrap();
        // Otherwise a kernel that no loader starts has a console nobody sees.
        assert!(freebsd.direct_append.split(' ').any(|word| word == "boot_serial=YES"));
        // pgrep(1) leaves out its own ancestors there, of which runsvdir is one.
        let pgrep =
            "pgrep() { [ \"$1\" != -a ] || echo 7; }\n".to_owned() + &freebsd.word("stage-2").unwrap();
        let found = std::process::Command::new("sh").args(["-c", &pgrep]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.stdout), "7\n");
        // A line that is open cannot be opened once more on OpenBSD.
        let agent = fs::read_to_string(home().join("files/service/agent/run")).unwrap();
        assert_eq!(agent.matches("$channel").count(), 1, "{agent}");
        let openbsd = load("openbsd").unwrap();
        assert!(!openbsd.direct.is_empty() && !openbsd.direct_loader.is_empty() && openbsd.direct_label);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let good = "title t\nqemu q\n";
        assert!(System::read("x", good).is_ok());
        for wrong in [
            "title t",
            "hello world",
            "inject cdrom",
            "image a b",
            "image a b short",
            "boots soon",
            "cannot x",
        ] {
            assert!(
                System::read("x", &format!("{}{wrong}\n", if wrong == "title t" { "" } else { good }))
                    .is_err(),
                "{wrong}"
            );
        }
        assert!(include("include no-such-file", 0).is_err() && include("include linux", 9).is_err());
    }
}
