//! In which order services are stopped: those that need others come before these.
use crate::places::Places;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Which file it is.
type Id = (u64, u64);

/// The services that were not told yet.
#[derive(Debug)]
pub struct Queue<'n> {
    names: &'n [&'n [u8]],
    rest: VecDeque<usize>,
    /// For each service, those that have to be down before.
    dependents: Vec<BTreeSet<usize>>,
    ordered: bool,
}

impl<'n> Queue<'n> {
    /// All of them, in the order in which they were named; if they are to `end`, dependents first. A service comes
    /// when its dependents are done if they are waited for.
    pub fn new(places: &Places, names: &'n [&'n [u8]], end: bool, waits: bool) -> Queue<'n> {
        let mut dependents = if end { dependents(places, names) } else { Vec::new() };
        let count = |at: &usize| dependents.get(*at).map_or(0, BTreeSet::len);
        let mut rest: Vec<usize> = (0..names.len()).collect();
        // A service that needs others has fewer dependents than these, which have its dependents and it.
        rest.sort_by_key(count);
        if !waits {
            dependents.clear();
        }
        let ordered = dependents.iter().any(|dependents| !dependents.is_empty());
        Queue { names, rest: rest.into(), dependents, ordered }
    }

    fn position(&self) -> Option<usize> {
        let free = |at: &usize| self.dependents.get(*at).is_none_or(BTreeSet::is_empty);
        self.rest.iter().position(free)
    }

    /// Whether one can be told.
    pub fn has_next(&self) -> bool {
        self.position().is_some()
    }

    /// The next that can be told.
    pub fn next(&mut self) -> Option<(usize, &'n [u8])> {
        let position = self.position()?;
        let number = self.rest.remove(position)?;
        Some((number, self.names.get(number)?))
    }

    /// One of them is down, or its time is up.
    pub fn done(&mut self, number: usize) {
        if self.ordered {
            for dependents in &mut self.dependents {
                dependents.remove(&number);
            }
        }
    }
}

/// For each of the services, the others that need it, directly or through services that are not among them. Of two
/// that need each other neither counts.
fn dependents(places: &Places, names: &[&[u8]]) -> Vec<BTreeSet<usize>> {
    let mut dependents = vec![BTreeSet::new(); names.len()];
    let paths: Vec<Option<PathBuf>> = names.iter().map(|name| places.path_of(name)).collect();
    let needy = |path: &PathBuf| path.join("needs").is_dir();
    if names.len() < 2 || !paths.iter().flatten().any(needy) {
        return dependents;
    }
    let mut named: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
    for (at, path) in paths.iter().enumerate() {
        if let Some(id) = path.as_deref().and_then(id) {
            named.entry(id).or_default().push(at);
        }
    }
    let reached: Vec<BTreeSet<usize>> = paths
        .iter()
        .map(|path| {
            let all = path.as_deref().map(needed).unwrap_or_default();
            all.iter().filter_map(|id| named.get(id)).flatten().copied().collect()
        })
        .collect();
    for (at, others) in reached.iter().enumerate() {
        for other in others {
            let back = reached.get(*other).is_some_and(|back| back.contains(&at));
            if let (false, Some(list)) = (back, dependents.get_mut(*other)) {
                list.insert(at);
            }
        }
    }
    dependents
}

/// The directories of all services that a service needs, and those need.
fn needed(service: &Path) -> BTreeSet<Id> {
    let mut all = BTreeSet::new();
    let mut open = vec![service.to_owned()];
    while let Some(service) = open.pop() {
        let Ok(entries) = fs::read_dir(service.join("needs")) else { continue };
        for entry in entries.flatten() {
            if entry.file_name().as_bytes().starts_with(b".") {
                continue;
            }
            let path = place(&service, &entry.path(), &entry.file_name());
            if id(&path).is_some_and(|id| all.insert(id)) {
                open.push(path);
            }
        }
    }
    all
}

/// Where an entry leads, as a supervisor understands it: a link to a directory is that, all else is a name beside the
/// service.
fn place(service: &Path, entry: &Path, name: &OsStr) -> PathBuf {
    match fs::read_link(entry) {
        // The target is kept as it is: what that service needs has its names beside it.
        Ok(target) if fs::metadata(entry).map_or(true, |found| found.is_dir()) => {
            entry.parent().unwrap_or(entry).join(target)
        }
        Ok(_) | Err(_) => beside(service).join(name),
    }
}

/// The directory in which a service stands.
fn beside(service: &Path) -> PathBuf {
    match (service.file_name(), service.parent()) {
        (Some(_), Some(parent)) if parent.as_os_str().is_empty() => PathBuf::from("."),
        (Some(_), Some(parent)) => parent.to_owned(),
        // `.` and `..` stand where the file system has them.
        (_, _) => service.join(".."),
    }
}

fn id(path: &Path) -> Option<Id> {
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}
