//! A small file system that can be filled.
use crate::place::{Place, Running};
use crate::suite::{needs_tool, skip};
use crate::wait::until;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file system in a directory of a place, which only what runs in its namespace sees; the rest of the world looks
/// at it through a process there.
#[derive(Debug)]
pub struct Full {
    dir: PathBuf,
    holder: Running,
}

impl Full {
    /// One in `dir`, with the options `room` of mount(8).
    #[must_use]
    pub fn new(place: &Place, dir: &Path, room: &str) -> Full {
        needs_tool("unshare");
        let script = format!(
            "mount -t tmpfs -o {room},mode=755 none '{}' && echo mounted && exec sleep 1000",
            dir.display()
        );
        let mut command = place.command("unshare");
        command.args(["--map-root-user", "--mount", "--user", "sh", "-c", &script]);
        let mut holder = place.start(&mut command);
        let mounted = until("a mount", || match holder.ended() {
            Some(_) => Some(false),
            None => holder.out().contains("mounted").then_some(true),
        });
        if !mounted {
            skip("no mounts in a namespace");
        }
        Full { dir: dir.to_owned(), holder }
    }

    /// A path below it, as seen from outside.
    ///
    /// # Panics
    /// If the directory has no absolute path.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        let root = format!("/proc/{}/root", self.holder.pid());
        Path::new(&root).join(self.dir.strip_prefix("/").expect("an absolute path")).join(name)
    }

    /// What a file says; empty if it is not there.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&fs::read(self.path(name)).unwrap_or_default()).into_owned()
    }

    /// Has a shell enter the namespace. What is mounted there is found by a process that looks it up there.
    #[must_use]
    pub fn enter(&self) -> String {
        let holder = self.holder.pid();
        format!(
            "exec nsenter -t {holder} -U -m --preserve-credentials \\
                sh -c 'cd \"$0\" && exec \"$@\"' \"$PWD\" \"$0\" \"$@\""
        )
    }

    /// Takes all the room.
    ///
    /// # Panics
    /// If there is none for a name.
    pub fn fill(&self) {
        let mut file = File::create(self.path("ballast")).expect("a file");
        while file.write_all(&[0; 4096]).is_ok() {}
    }

    /// Gives it back.
    ///
    /// # Panics
    /// If it was not taken.
    pub fn make_room(&self) {
        fs::remove_file(self.path("ballast")).expect("the file");
    }
}
