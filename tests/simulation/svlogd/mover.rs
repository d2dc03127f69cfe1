//! An administrator who renames and removes log directories and what they are in, at any moment: in the midst
//! of a rotation and while a processor works. As long as a directory is there, whatever its name is, no line is
//! lost that is written there.
use platform::Stamp;
use platform_sim::tree::{Ino, Node, ROOT};
use platform_sim::{Kernel, Random};

/// What the directories are in, and what it is called at times.
const PARENT: [&str; 2] = ["/log", "/elsewhere"];

/// How many of a thousand facts are the moment for it.
const OFTEN: u64 = 30;

/// A log directory.
struct Place {
    name: &'static str,
    /// The one that was put there last.
    ino: Ino,
    /// How often there was another one before.
    removed: u32,
    /// It has its name.
    here: bool,
    /// It is there at all.
    there: bool,
}

/// Moves and removes directories, and remembers what is where.
pub(super) struct Mover {
    random: Random,
    /// Directories are removed, too.
    removes: bool,
    /// It goes on.
    active: bool,
    /// The program has started where the directories are: what that is called does not matter.
    relative: bool,
    places: Vec<Place>,
    /// The parent has another name.
    away: bool,
}

impl Mover {
    pub(super) fn new(random: Random, active: bool, removes: bool, relative: bool) -> Mover {
        Mover { random, removes, active, relative, places: Vec::new(), away: false }
    }

    /// Takes note of the directories when the first thing happens.
    pub(super) fn look(&mut self, kernel: &Kernel, names: &[&'static str]) {
        for name in names.iter().skip(self.places.len()) {
            let ino = kernel.tree.existing(ROOT, format!("{}/{name}", PARENT[0]).as_bytes(), true);
            let ino = ino.expect("a log directory");
            self.places.push(Place { name, ino, removed: 0, here: true, there: true });
        }
    }

    /// The directories that are used, and whether all lines are in them: in one that was made anew are those
    /// that came later.
    pub(super) fn used(&self, kernel: &Kernel) -> Vec<(&'static str, Ino, bool)> {
        let used = |place: &&Place| place.there && kernel.tree.existing(place.ino, b"lock", true).is_ok();
        self.places.iter().filter(used).map(|place| (place.name, place.ino, place.removed == 0)).collect()
    }

    /// Where a log directory is that has its name or another one.
    fn path(&self, name: &str, here: bool) -> String {
        let other = if here { "" } else { ".moved" };
        format!("{}/{name}{other}", PARENT[usize::from(self.away)])
    }

    /// Something happened: perhaps now.
    pub(super) fn fact(&mut self, kernel: &mut Kernel) {
        if self.active && self.random.below(1000) < OFTEN {
            let index = self.random.below(self.places.len() as u64) as usize;
            match self.random.below(10) {
                0..=2 => self.move_parent(kernel),
                3..=7 => self.toggle(kernel, index),
                _ if self.removes && self.places[index].there => self.remove(kernel, index),
                _ => self.make(kernel, index),
            }
        }
    }

    fn move_parent(&mut self, kernel: &mut Kernel) {
        let (from, to) = (PARENT[usize::from(self.away)], PARENT[usize::from(!self.away)]);
        let now = kernel.wall();
        kernel.tree.rename(ROOT, from.as_bytes(), to.as_bytes(), now).expect("a rename");
        self.away = !self.away;
    }

    fn toggle(&mut self, kernel: &mut Kernel, index: usize) {
        let (name, here, there) =
            (self.places[index].name, self.places[index].here, self.places[index].there);
        if there {
            let now = kernel.wall();
            let (from, to) = (self.path(name, here), self.path(name, !here));
            kernel.tree.rename(ROOT, from.as_bytes(), to.as_bytes(), now).expect("a rename");
            self.places[index].here = !here;
        }
    }

    fn remove(&mut self, kernel: &mut Kernel, index: usize) {
        let now = kernel.wall();
        let path = self.path(self.places[index].name, self.places[index].here);
        kernel.tree.remove_all(ROOT, path.as_bytes(), now).expect("a removal");
        self.places[index].there = false;
    }

    /// Makes one anew that is not there.
    fn make(&mut self, kernel: &mut Kernel, index: usize) {
        if !self.places[index].there {
            let ino = kernel.directory(self.path(self.places[index].name, true).as_bytes());
            let place = &mut self.places[index];
            (place.ino, place.here, place.there) = (ino, true, true);
            place.removed += 1;
            let config = Node::File(b"n0\ns300\n".to_vec());
            kernel.tree.make(ino, b"config", config, 0o644, Stamp::default()).expect("a config");
        }
    }

    /// Puts all back where the program looks for it, and moves nothing any more.
    pub(super) fn rest(&mut self, kernel: &mut Kernel) {
        if self.away && !self.relative {
            self.move_parent(kernel);
        }
        for index in 0..self.places.len() {
            if !self.places[index].there {
                self.make(kernel, index);
            }
            if !self.places[index].here {
                self.toggle(kernel, index);
            }
        }
        self.active = false;
    }
}
