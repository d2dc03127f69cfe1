//! The file system: inodes, names, links, modes and times.
use platform::{Errno, Kind, Result, Stamp};
use std::collections::BTreeMap;

/// An inode's place in the list of all; none is given out twice.
pub type Ino = usize;

/// The root directory.
pub const ROOT: Ino = 0;

/// What an inode is.
#[derive(Clone, Debug)]
pub enum Node {
    /// A directory: its parent and its names.
    Directory(Ino, BTreeMap<Vec<u8>, Ino>),
    /// A regular file.
    File(Vec<u8>),
    /// A FIFO and the number of its pipe.
    Fifo(usize),
    /// A symbolic link.
    Link(Vec<u8>),
    /// The console: what is written there is a message.
    Console,
    /// The null device.
    Null,
}

/// A file of any kind.
#[derive(Clone, Debug)]
pub struct Inode {
    /// What it is.
    pub node: Node,
    /// Its number as stat(2) says it, which may have been another's.
    pub number: u64,
    /// Permission bits.
    pub mode: u32,
    /// Last change of the contents.
    pub changed: Stamp,
    /// Last change of any kind.
    pub altered: Stamp,
    /// The open file that holds the lock.
    pub lock: Option<usize>,
}

impl Inode {
    /// As stat(2) says it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.node {
            Node::Directory(..) => Kind::Directory,
            Node::File(_) => Kind::File,
            Node::Fifo(_) => Kind::Fifo,
            Node::Link(_) | Node::Console | Node::Null => Kind::Other,
        }
    }
}

/// Where a path leads: the directory, the name in it, and what is there.
#[derive(Clone, Debug)]
pub struct Place {
    /// The directory.
    pub dir: Ino,
    /// The last name.
    pub name: Vec<u8>,
    /// The inode, if there is one.
    pub ino: Option<Ino>,
}

/// A change that a watcher of the directory is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The directory.
    pub dir: Ino,
    /// The name in it, empty for the directory itself.
    pub name: Vec<u8>,
}

/// All files.
#[derive(Debug)]
pub struct Tree {
    inodes: Vec<Inode>,
    /// A directory that was removed has no `.` and no `..`.
    dot_goes: bool,
    /// Changes that were not yet told to watchers.
    pub changes: Vec<Change>,
    /// What lost a name and may be gone.
    pub(crate) unlinked: Vec<Ino>,
    /// Numbers of what is gone.
    pub(crate) free: Vec<u64>,
}

const LINKS: u32 = 8;

impl Tree {
    /// An empty root directory. `dot_goes`: as [`Machine`](crate::Machine) has it.
    #[must_use]
    pub fn new(dot_goes: bool) -> Tree {
        let (changes, unlinked, free) = (Vec::new(), Vec::new(), Vec::new());
        let mut tree = Tree { inodes: Vec::new(), dot_goes, changes, unlinked, free };
        tree.add(Node::Directory(ROOT, BTreeMap::new()), 0o755, Stamp::default());
        tree
    }

    /// An inode without a name.
    pub fn add(&mut self, node: Node, mode: u32, now: Stamp) -> Ino {
        let number = self.free.pop().unwrap_or(self.inodes.len() as u64 + 1);
        self.inodes.push(Inode { node, number, mode, changed: now, altered: now, lock: None });
        self.inodes.len() - 1
    }

    /// The inode.
    #[must_use]
    pub fn at(&self, ino: Ino) -> &Inode {
        &self.inodes[ino]
    }

    /// The inode, to be changed.
    pub fn at_mut(&mut self, ino: Ino) -> &mut Inode {
        &mut self.inodes[ino]
    }

    /// chmod(2).
    pub fn set_mode(&mut self, ino: Ino, mode: u32, now: Stamp) {
        (self.inodes[ino].mode, self.inodes[ino].altered) = (mode, now);
    }

    /// The names of a directory.
    pub fn names(&self, dir: Ino) -> Result<&BTreeMap<Vec<u8>, Ino>> {
        match &self.inodes[dir].node {
            Node::Directory(_, names) => Ok(names),
            _ => Err(Errno::NOTDIR),
        }
    }

    fn parent(&self, dir: Ino) -> Ino {
        match self.inodes[dir].node {
            Node::Directory(parent, _) => parent,
            _ => dir,
        }
    }

    /// How many names a file has.
    #[must_use]
    pub fn links(&self, ino: Ino) -> u64 {
        let count = |inode: &Inode| match &inode.node {
            Node::Directory(_, names) => names.values().filter(|found| **found == ino).count() as u64,
            Node::File(_) | Node::Fifo(_) | Node::Link(_) | Node::Console | Node::Null => 0,
        };
        self.inodes.iter().map(count).sum()
    }

    /// Whether a directory has no name any more.
    fn is_removed(&self, dir: Ino) -> bool {
        let named = |parent| self.names(parent).is_ok_and(|names| names.values().any(|found| *found == dir));
        dir != ROOT && !named(self.parent(dir))
    }

    /// Follows a path from a directory; the last name is followed too if `follow`.
    pub fn find(&self, from: Ino, path: &[u8], follow: bool) -> Result<Place> {
        self.walk(from, path, follow, LINKS)
    }

    fn walk(&self, from: Ino, path: &[u8], follow: bool, links: u32) -> Result<Place> {
        if path.is_empty() {
            return Err(Errno::NOENT);
        }
        let mut dir = if path[0] == b'/' { ROOT } else { from };
        let slash = path.last() == Some(&b'/');
        let mut place = Place { dir, name: b".".to_vec(), ino: Some(dir) };
        let mut words = path.split(|byte| *byte == b'/').filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            if word.len() > 255 {
                return Err(Errno::NAMETOOLONG);
            }
            let last = words.peek().is_none();
            let names = self.names(dir)?;
            let ino = match word {
                b"." | b".." if self.dot_goes && self.is_removed(dir) => None,
                b"." => Some(dir),
                b".." => Some(self.parent(dir)),
                _ => names.get(word).copied(),
            };
            place = Place { dir, name: word.to_vec(), ino };
            let target = match ino.map(|found| &self.inodes[found].node) {
                Some(Node::Link(target)) if !last || follow || slash => Some(target),
                _ => None,
            };
            if let Some(target) = target {
                let left = links.checked_sub(1).ok_or(Errno(libc::ELOOP))?;
                place = self.walk(dir, target, true, left)?;
            }
            if !last {
                dir = place.ino.ok_or(Errno::NOENT)?;
                self.names(dir)?;
            }
        }
        if slash {
            place.ino.map_or(Ok(()), |ino| self.names(ino).map(drop))?;
        }
        Ok(place)
    }

    /// The path of a directory from the root; of one that was removed, up to where it was.
    #[must_use]
    pub fn path(&self, dir: Ino) -> Vec<u8> {
        if dir == ROOT {
            return Vec::new();
        }
        let parent = self.parent(dir);
        let name = self.names(parent).ok().and_then(|names| names.iter().find(|(_, ino)| **ino == dir));
        let name = name.map_or(b"?".to_vec(), |(name, _)| name.clone());
        [self.path(parent), b"/".to_vec(), name].concat()
    }

    /// The inode a path leads to.
    pub fn existing(&self, from: Ino, path: &[u8], follow: bool) -> Result<Ino> {
        self.find(from, path, follow)?.ino.ok_or(Errno::NOENT)
    }

    /// Every link on the way to a path, and its last name.
    pub(crate) fn way(&self, from: Ino, path: &[u8], left: u32, found: &mut Vec<Change>) {
        let mut dir = if path.starts_with(b"/") { ROOT } else { from };
        let mut words = path.split(|byte| *byte == b'/').filter(|word| !word.is_empty()).peekable();
        while let Some(word) = words.next() {
            let Ok(place) = self.find(dir, word, false) else { return };
            let link = match place.ino.map(|ino| &self.inodes[ino].node) {
                Some(Node::Link(target)) => Some(target),
                _ => None,
            };
            if link.is_some() || words.peek().is_none() {
                found.push(Change { dir: place.dir, name: place.name });
            }
            if let (Some(target), Some(left)) = (link, left.checked_sub(1)) {
                self.way(dir, target, left, found);
            }
            let Ok(next) = self.existing(dir, word, true) else { return };
            dir = next;
        }
    }

    /// The contents of a regular file.
    #[must_use]
    pub fn contents(&self, from: Ino, path: &[u8]) -> Option<&[u8]> {
        match &self.inodes[self.existing(from, path, true).ok()?].node {
            Node::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Gives something a name; the name must be free.
    pub fn enter(&mut self, place: &Place, ino: Ino, now: Stamp) -> Result<()> {
        if place.ino.is_some() {
            return Err(Errno::EXIST);
        }
        if self.is_removed(place.dir) {
            return Err(Errno::NOENT);
        }
        match &mut self.inodes[place.dir].node {
            Node::Directory(_, names) => names.insert(place.name.clone(), ino),
            _ => return Err(Errno::NOTDIR),
        };
        if let Node::Directory(parent, _) = &mut self.inodes[ino].node {
            *parent = place.dir;
        }
        self.touch(place.dir, &place.name, now);
        Ok(())
    }

    /// Makes something new at a path.
    pub fn make(&mut self, from: Ino, path: &[u8], node: Node, mode: u32, now: Stamp) -> Result<Ino> {
        let place = self.find(from, path, false)?;
        if place.ino.is_some() {
            return Err(Errno::EXIST);
        }
        let ino = self.add(node, mode, now);
        self.enter(&place, ino, now)?;
        Ok(ino)
    }

    /// unlink(2) and rmdir(2) of an empty directory.
    pub fn remove(&mut self, from: Ino, path: &[u8], now: Stamp) -> Result<()> {
        let place = self.find(from, path, false)?;
        let ino = place.ino.ok_or(Errno::NOENT)?;
        if self.names(ino).is_ok_and(|names| !names.is_empty()) {
            return Err(Errno(libc::ENOTEMPTY));
        }
        self.drop_name(&place, now);
        Ok(())
    }

    /// The same with all that is below.
    pub fn remove_all(&mut self, from: Ino, path: &[u8], now: Stamp) -> Result<()> {
        let place = self.find(from, path, false)?;
        let ino = place.ino.ok_or(Errno::NOENT)?;
        let names: Vec<Vec<u8>> =
            self.names(ino).map(|names| names.keys().cloned().collect()).unwrap_or_default();
        for name in names {
            self.remove_all(ino, &name, now)?;
        }
        self.drop_name(&place, now);
        self.tell(ino, b"");
        Ok(())
    }

    fn drop_name(&mut self, place: &Place, now: Stamp) {
        if let Some(ino) = place.ino {
            self.inodes[ino].altered = now;
            self.unlinked.push(ino);
        }
        if let Node::Directory(_, names) = &mut self.inodes[place.dir].node {
            names.remove(&place.name);
        }
        self.touch(place.dir, &place.name, now);
    }

    fn touch(&mut self, dir: Ino, name: &[u8], now: Stamp) {
        (self.inodes[dir].changed, self.inodes[dir].altered) = (now, now);
        self.tell(dir, name);
    }

    /// Notes a change for watchers.
    pub fn tell(&mut self, dir: Ino, name: &[u8]) {
        self.changes.push(Change { dir, name: name.to_vec() });
    }

    /// rename(2).
    pub fn rename(&mut self, from: Ino, old: &[u8], new: &[u8], now: Stamp) -> Result<()> {
        let source = self.find(from, old, false)?;
        let ino = source.ino.ok_or(Errno::NOENT)?;
        let mut target = self.find(from, new, false)?;
        let directory = self.names(ino).is_ok();
        if directory && self.is_below(target.dir, ino) {
            return Err(Errno::INVAL);
        }
        if let Some(there) = target.ino {
            if there == ino {
                return Ok(());
            }
            match (directory, self.names(there)) {
                (true, Ok(names)) if !names.is_empty() => return Err(Errno(libc::ENOTEMPTY)),
                (true, Err(_)) => return Err(Errno::NOTDIR),
                (false, Ok(_)) => return Err(Errno::ISDIR),
                (true, Ok(_)) | (false, Err(_)) => {}
            }
            self.drop_name(&target, now);
            target.ino = None;
        }
        self.drop_name(&source, now);
        self.inodes[ino].altered = now;
        self.enter(&target, ino, now)
    }

    fn is_below(&self, dir: Ino, above: Ino) -> bool {
        let mut at = dir;
        loop {
            if at == above {
                return true;
            }
            if at == ROOT {
                return false;
            }
            at = self.parent(at);
        }
    }
}

impl Tree {
    /// Frees the numbers of what has no name any more and is not `used`.
    pub(crate) fn free_numbers(&mut self, used: impl Fn(Ino) -> bool) {
        let gone: Vec<Ino> = core::mem::take(&mut self.unlinked);
        for ino in gone {
            let number = self.inodes[ino].number;
            if self.links(ino) == 0 && !used(ino) && !self.free.contains(&number) {
                self.free.push(number);
            }
        }
    }
}

impl Default for Tree {
    fn default() -> Self {
        Tree::new(false)
    }
}
