//! Commands of util-linux and coreutils that test scripts use and other systems have not: there the suite itself is
//! run under their names.
use nix::unistd::{Gid, Uid, getpid, setgid, setsid, setuid};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// `PATH`, which has the directory of the stand-ins where one is needed.
#[must_use]
pub fn search_path() -> OsString {
    env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

/// `PATH` with this directory first.
#[must_use]
pub fn search_path_behind(first: &Path) -> OsString {
    let mut path = first.as_os_str().to_owned();
    path.push(":");
    path.push(search_path());
    path
}

/// What there is: the name, and what is done with the arguments. The result is the exit code.
type Tool = (&'static str, fn(&[String]) -> Option<u8>);

const TOOLS: [Tool; 4] = [("flock", flock), ("seq", seq), ("setpriv", setpriv), ("setsid", apart)];

/// Where a program is, if it is in `PATH`.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.exists())
}

/// The directory with the names that were missing; it goes with this.
#[derive(Debug)]
pub struct Tools(Option<PathBuf>);

impl Drop for Tools {
    fn drop(&mut self) {
        let _ = self.0.take().map(fs::remove_dir_all);
    }
}

/// Puts what is missing here at the end of `PATH`, or all of it at its beginning where `RUNIT_PORTABLE` is set, and runs this
/// program again. For its beginning.
///
/// # Errors
/// It was called by one of the names, and this is its exit code.
///
/// # Panics
/// If no directory can be made.
pub fn main() -> Result<Tools, u8> {
    let mut args = env::args();
    let name = args.next().unwrap_or_default();
    let name = Path::new(&name).file_name().and_then(OsStr::to_str).unwrap_or_default();
    if let Some((name, tool)) = TOOLS.iter().find(|(known, _)| *known == name) {
        return Err(tool(&args.collect::<Vec<_>>()).unwrap_or_else(|| {
            eprintln!("{name}: this stand-in cannot do that");
            125
        }));
    }
    let all = env::var_os("RUNIT_PORTABLE").is_some();
    let path = search_path();
    let dir = env::temp_dir().join(format!("runit-tools-{}", getpid()));
    if env::split_paths(&path).any(|known| known == dir) {
        return Ok(Tools(Some(dir)));
    }
    let there = |name: &str| env::split_paths(&path).any(|dir| dir.join(name).exists());
    let missing = TOOLS.iter().map(|(name, _)| *name).filter(|name| all || !there(name));
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        return Ok(Tools(None));
    }
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).expect("a directory");
    let exe = env::current_exe().expect("the path of this program");
    missing.iter().for_each(|name| symlink(&exe, dir.join(name)).expect("a link"));
    let mut dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    dirs.insert(if all { 0 } else { dirs.len() }, dir);
    let mut again = Command::new(exe);
    again.args(env::args_os().skip(1)).env("PATH", env::join_paths(dirs).expect("paths"));
    if let Some(kernel) = env::var_os("RUNIT_KERNEL") {
        again.env("LD_PRELOAD", kernel);
    }
    panic!("this program cannot be run again: {}", again.exec());
}

/// `-n` locks a descriptor, or a file while a command runs.
fn flock(args: &[String]) -> Option<u8> {
    let (what, command) = args.strip_prefix(&["-n".to_owned()])?.split_first()?;
    let file = what.parse::<i32>().is_err().then(|| fs::File::open(what));
    let number = match &file {
        None => what.parse().ok()?,
        Some(file) => std::os::fd::AsRawFd::as_raw_fd(file.as_ref().ok()?),
    };
    let locked = lock(number)?;
    match command {
        _ if !locked => Some(1),
        [] if file.is_none() => Some(0),
        [] => None,
        words => Command::new(&words[0]).args(&words[1..]).status().ok()?.code()?.try_into().ok(),
    }
}

/// Locks a descriptor, for all processes that have it; `false`: others have it locked.
#[cfg(not(target_os = "solaris"))]
#[allow(deprecated, reason = "the lock outlives this process")]
fn lock(number: i32) -> Option<bool> {
    use nix::fcntl::{FlockArg, flock};
    Some(flock(number, FlockArg::LockExclusiveNonblock).is_ok())
}

/// There is no such lock.
#[cfg(target_os = "solaris")]
fn lock(_number: i32) -> Option<bool> {
    None
}

/// The numbers from the first one, or 1, to the last one.
fn seq(args: &[String]) -> Option<u8> {
    let numbers: Vec<i64> = args.iter().map(|arg| arg.parse().ok()).collect::<Option<_>>()?;
    let (first, last) = match numbers[..] {
        [last] => (1, last),
        [first, last] => (first, last),
        _ => return None,
    };
    (first..=last).for_each(|number| println!("{number}"));
    Some(0)
}

/// Becomes somebody else for good.
fn setpriv(args: &[String]) -> Option<u8> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [user, group, "--clear-groups", command @ ..] = &words[..] else { return None };
    let user = Uid::from_raw(user.strip_prefix("--reuid=")?.parse().ok()?);
    let group = Gid::from_raw(group.strip_prefix("--regid=")?.parse().ok()?);
    no_groups()?;
    setgid(group).and_then(|()| setuid(user)).ok()?;
    run(command)
}

/// Leaves all groups.
#[cfg(not(target_vendor = "apple"))]
fn no_groups() -> Option<()> {
    nix::unistd::setgroups(&[]).ok()
}

/// The groups there are not the kernel's alone.
#[cfg(target_vendor = "apple")]
fn no_groups() -> Option<()> {
    None
}

/// Leads a session.
fn apart(args: &[String]) -> Option<u8> {
    // A leader of a process group cannot: setsid(1) forks.
    if setsid().is_err() {
        let (name, args) = args.split_first()?;
        Command::new(env::current_exe().ok()?).arg0("setsid").arg(name).args(args).spawn().ok()?;
        return Some(0);
    }
    run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Becomes this program.
fn run(words: &[&str]) -> Option<u8> {
    let (name, args) = words.split_first()?;
    eprintln!("{name}: {}", Command::new(name).args(args).exec());
    Some(127)
}
