//! Where the programs under test are.
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The programs under test: ours, or those in the directory that `RUNIT_UNDER_TEST` names.
#[derive(Debug)]
pub struct Programs {
    dir: PathBuf,
    /// The release of C runit, where it is that; from `RUNIT_VERSION`.
    pub c: Option<String>,
}

impl Programs {
    /// Finds them once. Ours are built first, so that nobody tests yesterday's.
    ///
    /// # Panics
    /// If they cannot be built, or a release is not named.
    pub fn get() -> &'static Programs {
        static FOUND: OnceLock<Programs> = OnceLock::new();
        FOUND.get_or_init(|| match env::var_os("RUNIT_UNDER_TEST") {
            Some(dir) => {
                let dir = PathBuf::from(&dir).canonicalize().expect("RUNIT_UNDER_TEST");
                let version = env::var("RUNIT_VERSION").ok().filter(|version| version != "ours");
                Programs { dir, c: version }
            }
            None => Programs { dir: build(), c: None },
        })
    }

    /// Whether these are ours.
    #[must_use]
    pub fn ours(&self) -> bool {
        self.c.is_none()
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a program is, or would be.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Whether there is such a program.
    #[must_use]
    pub fn have(&self, name: &str) -> bool {
        self.path(name).is_file()
    }
}

/// The names of all programs, or of those of a kind: `resident`, `command`.
pub fn names(kind: Option<&str>) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("../../ci/programs.tsv").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(move |line| {
        let mut words = line.split('\t');
        let name = words.next()?;
        (kind.is_none() || words.next() == kind).then_some(name)
    })
}

/// Builds our programs with the profile and for the target of this executable, which lies in
/// `TARGET-DIR[/TRIPLE]/PROFILE[/deps]`, and returns where they are.
fn build() -> PathBuf {
    let exe = env::current_exe().expect("the path of this program");
    let dir = exe.parent().expect("a target directory");
    // Tests are in `deps`, programs are not.
    let profile = if dir.ends_with("deps") { dir.parent().expect("a target directory") } else { dir };
    let above = profile.parent().expect("a target directory");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "runit", "--bins", "--manifest-path"]).arg(root);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    // Cargo keeps what it knows of the compiler at the top of its target directory.
    if above.join(".rustc_info.json").exists() {
        cargo.arg("--target-dir").arg(above);
    } else if let (Some(triple), Some(top)) = (above.file_name(), above.parent()) {
        cargo.arg("--target").arg(triple).arg("--target-dir").arg(top);
    }
    assert!(cargo.status().expect("cargo").success(), "the programs cannot be built");
    profile.to_owned()
}
