//! What the cases of the commands need to say briefly.
use nix::unistd::geteuid;
use runit_tests::place::Output;
use runit_tests::rig::{Rig, program};
use runit_tests::suite::skip;
use runit_tests::tools;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

pub const CHPST: &str = "chpst [-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] [-C pwd] \
                         [-n nice] [-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog";
/// The same before -C.
pub const CHPST_2_1: &str = "chpst [-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] \
                             [-n nice] [-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog";

/// What `chpst` says at the end of a usage error, in these programs' release.
pub fn usage() -> String {
    let c = runit_tests::programs::Programs::get().c.as_deref();
    format!("usage: {}\n\n", if c.is_some_and(|c| c.starts_with("2.1")) { CHPST_2_1 } else { CHPST })
}

/// chpst and its aliases, in a place.
pub struct Tools {
    pub rig: Rig,
}

impl Tools {
    pub fn new() -> Tools {
        Tools { rig: Rig::new() }
    }

    /// The path of chpst under another name.
    pub fn alias(&self, name: &str) -> PathBuf {
        let link = self.rig.place.dir("alias").join(name);
        if !link.exists() {
            symlink(program("chpst"), &link).expect("a link");
        }
        link
    }

    /// Runs chpst, or one of its aliases.
    pub fn run(&self, words: &[&str]) -> Output {
        self.rig.place.run(&mut self.command(words))
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let path = self.alias(words[0]);
        let mut command = self.rig.place.command(path);
        command.args(&words[1..]).env("PATH", search_path());
        command
    }

    /// Runs it as root: if that has to be, as the only user of a namespace.
    pub fn run_as_root(&self, words: &[&str]) -> Output {
        if geteuid().is_root() {
            return self.run(words);
        }
        if runit_tests::tools::find("unshare").is_none() {
            skip("no unshare");
        }
        let mut command = self.rig.place.command("unshare");
        command.arg("--map-root-user").arg(self.alias(words[0])).args(&words[1..]).env("PATH", search_path());
        let done = self.rig.place.run(&mut command);
        if done.err.starts_with("unshare: ") {
            skip(done.err.trim());
        }
        done
    }

    /// Runs a script that finds chpst and the aliases in its PATH.
    pub fn sh(&self, script: &str) -> Output {
        self.rig.place.run(&mut self.shell(script))
    }

    pub fn shell(&self, script: &str) -> Command {
        let names = ["chpst", "envdir", "envuidgid", "setuidgid", "pgrphack", "setlock", "softlimit"];
        names.iter().for_each(|name| drop(self.alias(name)));
        let mut command = self.rig.place.command("sh");
        command.args(["-c", script]);
        command.env("PATH", format!("{}:{}", self.rig.place.path("alias").display(), search_path()));
        command
    }
}

/// The directories of PATH that we may look into. One that is not allowed changes what is said of a
/// program that is missing.
fn search_path() -> String {
    let path = tools::search_path().into_string().expect("a PATH of text");
    let dirs: Vec<&str> = path.split(':').filter(|dir| std::fs::read_dir(dir).is_ok()).collect();
    dirs.join(":")
}

/// Runs chpst with what is behind its name.
pub fn chpst(words: &[&str]) -> Output {
    Tools::new().run(&[&["chpst"], words].concat())
}

/// A program ran and said this.
pub fn said(done: &Output, text: &str) {
    assert_eq!((done.out.as_str(), done.err.as_str(), done.code), (text, "", Some(0)));
}

/// Nothing ran.
pub fn fatal(done: &Output, text: &str) {
    let line = format!("chpst: fatal: {text}\n");
    assert_eq!((done.err.as_str(), done.out.as_str(), done.code), (line.as_str(), "", Some(111)));
}

/// The call was wrong.
pub fn misused(done: &Output, text: &str) {
    assert_eq!((done.err.as_str(), done.out.as_str(), done.code), (text, "", Some(100)));
}

pub fn need_root() {
    if !geteuid().is_root() {
        skip("needs root: only root can become somebody else");
    }
}

/// The numbers of a system's user.
pub fn ids(name: &str) -> (String, String) {
    let ask = |flag: &str| {
        let done = Command::new("id").args([flag, name]).output().expect("id");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    };
    (ask("-u"), ask("-g"))
}

/// The number of a system's group.
pub fn gid(name: &str) -> String {
    let text = std::fs::read_to_string("/etc/group").expect("/etc/group");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(":"));
    line.and_then(|line| line.split(':').nth(1))
        .unwrap_or_else(|| skip(format!("no group {name}")))
        .to_owned()
}
