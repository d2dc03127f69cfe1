//! Every line that a service has written is in its log once and in order.
use crate::tree::{Tree, is_whole};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// `@` and 24 digits.
const LABEL: usize = 25;

/// What was read so far of the log of one service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// The next number of each life of the service that is not over.
    next: BTreeMap<String, u64>,
    /// The label of the last file that was read and removed.
    last: String,
    /// The lives of which nothing is in a file that was left.
    read_whole: Vec<String>,
    pub(crate) lines: u64,
    /// Something was wrong: what comes of that is not told as well.
    pub(crate) spoilt: bool,
}

impl Log {
    /// Takes the lines of a file.
    fn take(&mut self, text: &[u8]) -> Result<(), String> {
        if text.last().is_some_and(|byte| *byte != b'\n') {
            return Err("a line without an end".into());
        }
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let line = std::str::from_utf8(line).map_err(|_| "a line that nobody wrote")?;
            let mut words = line.split(' ').skip_while(|word| word.contains('_'));
            let life = words.next().unwrap_or_default();
            let number: Option<u64> = words.next().and_then(|word| word.parse().ok());
            let (true, Some(number)) = (life.contains('-'), number) else {
                return Err(format!("a line that nobody wrote: {line:.60}"));
            };
            let next = self.next.entry(life.to_owned()).or_default();
            let wanted = std::mem::replace(next, number + 1);
            self.lines += 1;
            if number != wanted {
                return Err(format!("line {number} of {life} after line {wanted} less one"));
            }
        }
        Ok(())
    }

    /// Reads and removes what is finished. The rest is read, and is left: what all files together say.
    fn read(&mut self, main: &Path, processor: bool) -> Result<Log, String> {
        let entries = fs::read_dir(main).map_err(|why| why.to_string())?.flatten();
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        let mut names: Vec<String> =
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        // Of two with one label the finished one counts; of `t` and `u` the one that is whole.
        names.sort();
        for name in names.into_iter().filter(|name| name.starts_with('@')) {
            let label = name.get(..LABEL).unwrap_or_default().to_owned();
            if label <= self.last {
                continue;
            }
            let half = name.ends_with(".t") && !is_whole(&main.join(&name));
            let other = files.get(&label).is_some_and(|other| other.ends_with(".s"));
            if !half && !other {
                files.insert(label, name);
            }
        }
        let mut waiting = false;
        let mut all: Option<Log> = None;
        let wrong = |name: &str| {
            let at = main.join(name).display().to_string();
            move |why: String| format!("{at}: {why}")
        };
        for (label, name) in files {
            let path = main.join(&name);
            let text = fs::read(&path).map_err(|why| wrong(&name)(why.to_string()))?;
            waiting |= !name.ends_with(".s");
            match &mut all {
                None if !waiting => {
                    // It must not be read twice, whatever is wrong with it.
                    self.last = label;
                    fs::remove_file(&path).map_err(|why| wrong(&name)(why.to_string()))?;
                    self.take(&text).map_err(wrong(&name))?;
                }
                all => all.get_or_insert_with(|| self.clone()).take(&text).map_err(wrong(&name))?,
            }
        }
        if waiting && !processor {
            return Err(format!("{}: a log for a processor", main.display()));
        }
        let mut all = all.unwrap_or_else(|| self.clone());
        match fs::read(main.join("current")) {
            Ok(text) => all.take(&text).map_err(wrong("current"))?,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => {}
            Err(why) => return Err(wrong("current")(why.to_string())),
        }
        Ok(all)
    }

    /// Compares the log of a service with what it has noted. What is wrong may be so because svlogd is still
    /// at work.
    pub(crate) fn check(&mut self, tree: &Tree, number: usize) -> Result<u64, String> {
        let notes = tree.notes(number);
        let mut written = BTreeMap::new();
        for entry in fs::read_dir(&notes).map_err(|why| why.to_string())?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let bytes = fs::read(entry.path()).map_err(|why| why.to_string())?;
            if let (false, Ok(count)) = (name.starts_with('.'), bytes.try_into()) {
                written.insert(name, u64::from_le_bytes(count));
            }
        }
        let all = self.read(&tree.dir(number).join("main"), number % 10 == 1)?;
        for (life, count) in &written {
            let found = all.next.get(life).copied().unwrap_or(0);
            // It may have been killed between a line and the note of it.
            if found != *count && found != count + 1 {
                return Err(format!(
                    "{}: {life} wrote {count} lines, {found} are in its log",
                    tree.dir(number).display()
                ));
            }
        }
        if let Some(life) = all.next.keys().find(|life| !written.contains_key(*life)) {
            return Err(format!("{}: {life} never noted anything", tree.dir(number).display()));
        }
        self.read_whole =
            written.into_keys().filter(|life| self.next.get(life) == all.next.get(life)).collect();
        Ok(all.lines)
    }

    /// Forgets the lives that are over and of which all was read and removed; `alive` is the process that
    /// goes on.
    pub(crate) fn forget(&mut self, tree: &Tree, number: usize, alive: i32) {
        let end = format!("-{alive}");
        for life in self.read_whole.drain(..).filter(|life| !life.ends_with(&end)) {
            drop(fs::remove_file(tree.notes(number).join(&life)));
            self.next.remove(&life);
        }
    }
}
