//! Reads finished log files and removes them, so that the disk can be small.
use crate::lines::{Kind, Run, check};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What was read from one log directory.
#[derive(Debug)]
pub(crate) struct Harvest {
    dir: PathBuf,
    kind: Kind,
    /// The runs of numbers by the label of the file.
    files: BTreeMap<String, Vec<Run>>,
    pub(crate) bytes: u64,
}

impl Harvest {
    pub(crate) fn new(dir: PathBuf, kind: Kind) -> Harvest {
        Harvest { dir, kind, files: BTreeMap::new(), bytes: 0 }
    }

    /// Takes what is finished: `@LABEL.s`.
    pub(crate) fn finished(&mut self) -> Result<(), String> {
        for name in self.names() {
            if name.starts_with('@') && name.ends_with(".s") {
                self.take(&name)?;
            }
        }
        Ok(())
    }

    /// Takes the rest, once nobody writes any more.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        self.finished()?;
        for name in self.names() {
            // What a processor has not finished stands in the file that it read, too.
            if name == "current" || name.ends_with(".u") || self.is_whole(&name) {
                self.take(&name)?;
            }
        }
        Ok(())
    }

    /// How many files wait for a processor.
    pub(crate) fn unprocessed(&self) -> usize {
        self.names().iter().filter(|name| name.ends_with(".u")).count()
    }

    /// Output of a processor that is marked, while what it read is gone.
    fn is_whole(&self, name: &str) -> bool {
        let Some(label) = name.strip_suffix(".t") else { return false };
        let mode = fs::metadata(self.dir.join(name)).map_or(0, |data| data.permissions().mode());
        mode & 0o100 != 0 && !self.dir.join(format!("{label}.u")).exists()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
    }

    fn take(&mut self, name: &str) -> Result<(), String> {
        let path = self.dir.join(name);
        let wrong = |why: String| format!("{}: {why}", path.display());
        let text = match fs::read(&path) {
            // A name may be listed twice while files are renamed. One that is gone leaves a gap.
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            read => read.map_err(|why| wrong(why.to_string()))?,
        };
        let runs = check(&text, self.kind).map_err(wrong)?;
        fs::remove_file(&path).map_err(|why| wrong(why.to_string()))?;
        self.bytes += text.len() as u64;
        // `@LABEL`; `current` is later than every label.
        let label = name.get(..25).unwrap_or("current").to_owned();
        if self.files.contains_key(&label) {
            return Err(format!("{}: twice", self.dir.join(name).display()));
        }
        self.files.insert(label, runs);
        Ok(())
    }

    /// Checks that all lines below `count` are there once and in order but for at most `gaps` gaps.
    /// How many lines are missing.
    pub(crate) fn judge(&self, count: u64, gaps: usize) -> Result<u64, String> {
        let (mut next, mut found, mut missing) = (0, 0, 0);
        for (label, runs) in &self.files {
            for run in runs {
                if run.first < next {
                    let dir = self.dir.display();
                    return Err(format!("{dir}/{label}: line {} after line {}", run.first, next - 1));
                }
                if run.first > next {
                    found += 1;
                    missing += run.first - next;
                    println!("{}/{label}: lines {next} to {} are missing", self.dir.display(), run.first - 1);
                }
                next = run.last + 1;
            }
        }
        if next != count {
            found += 1;
            missing += count - next;
            println!("{}: the last {} lines are missing", self.dir.display(), count - next);
        }
        if found > gaps {
            return Err(format!("{}: {found} gaps", self.dir.display()));
        }
        Ok(missing)
    }
}

/// The files of a directory, for who wants to know why.
pub(crate) fn listing(dir: &Path) -> String {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let line = |entry: fs::DirEntry| {
        let size = entry.metadata().map_or(0, |data| data.len());
        format!("    {:8} {}\n", size, entry.file_name().to_string_lossy())
    };
    entries.map(line).collect()
}
