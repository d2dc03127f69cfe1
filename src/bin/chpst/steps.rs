//! One step after the other, on the system.
use crate::environment::Environment;
use crate::fatal::{Fatal, warn};
use platform::Errno;
use platform_host::{files, ids, limits, locks, program};
use runit::chpst::account::{names, parse};
use runit::chpst::limit::lacking;
use runit::chpst::{Account, Ids, Step};
use std::ffi::CString;
use std::os::fd::IntoRawFd;

type Done = Result<(), Fatal>;

/// Takes a step. After a failure nothing is as it should be.
pub fn take(step: Step<'_>, verbose: bool, environment: &mut Environment) -> Done {
    match step {
        Step::Session => {
            program::new_session();
            Ok(())
        }
        Step::Environment { dir, strict } => environment.read(dir, strict, verbose),
        Step::Root(root) => {
            directory(root)?;
            program::root_here().map_err(|why| Fatal::new(&[b"unable to change root directory"], why))
        }
        Step::Directory(dir) => directory(dir),
        Step::Nice(increment) => {
            program::add_nice(increment).map_err(|why| Fatal::new(&[b"unable to set nice level"], why))
        }
        Step::Name(account) => {
            let (uid, gids) = numbers(account)?;
            let gid = gids.first().copied().unwrap_or_default();
            environment.set(b"GID", gid.to_string().as_bytes());
            environment.set(b"UID", uid.to_string().as_bytes());
            Ok(())
        }
        Step::Become { account, groups } => assume(account, groups),
        Step::Lock { file, wait } => lock(file, wait),
        Step::Close(fd) => {
            let name: &[u8] = match fd {
                0 => b"unable to close stdin",
                1 => b"unable to close stdout",
                _ => b"unable to close stderr",
            };
            program::close_standard(fd).map_err(|why| Fatal::new(&[name], why))
        }
        Step::Limit(resource, amount) => match limits::set_soft(resource, |hard| amount.under(hard)) {
            Ok(()) => Ok(()),
            Err(limits::Failure::Unsupported) => {
                if verbose {
                    warn(&[lacking(resource).as_bytes()]);
                }
                Ok(())
            }
            Err(limits::Failure::Get(why)) => Err(Fatal::new(&[b"unable to getrlimit()"], why)),
            Err(limits::Failure::Set(why)) => Err(Fatal::new(&[b"unable to setrlimit()"], why)),
        },
        Step::Umask(mask) => {
            program::set_umask(mask);
            Ok(())
        }
        Step::NoNewPrivileges => {
            program::no_new_privileges().map_err(|why| Fatal::new(&[b"unable to set no_new_privs"], why))
        }
    }
}

fn directory(dir: &[u8]) -> Done {
    let failed = |why| Fatal::new(&[b"unable to change directory: ", dir], why);
    files::chdir(&c(dir).map_err(failed)?).map_err(failed)
}

/// The descriptor stays open: the program inherits it, and the lock with it.
fn lock(file: &[u8], wait: bool) -> Done {
    let unable = |why| Fatal::new(&[b"unable to open lock: ", file], why);
    let fd = locks::open_lock(&c(file).map_err(unable)?).map_err(unable)?;
    locks::lock(&fd, wait).map_err(|why| Fatal::new(&[b"unable to lock: ", file], why))?;
    let _ = fd.into_raw_fd();
    Ok(())
}

fn assume(account: Account<'_>, all: bool) -> Done {
    let (uid, mut gids) = numbers(account)?;
    if all {
        add_groups(account, &mut gids)?;
    }
    ids::become_user(uid, &gids).map_err(|trouble| match trouble {
        ids::Denied::Groups(why) => Fatal::new(&[b"unable to setgroups"], why),
        ids::Denied::Group(why) => Fatal::new(&[b"unable to setgid"], why),
        ids::Denied::User(why) => Fatal::new(&[b"unable to setuid"], why),
    })
}

/// Adds the groups that the group database puts the user into.
fn add_groups(account: Account<'_>, gids: &mut Vec<u32>) -> Done {
    if let Account::Text(text) = account {
        if let Ok(Ids::Names { user, .. }) = parse(text) {
            let failed = |why| Fatal::new(&[b"unable to get password/group file entry"], why);
            let name = c(user).map_err(failed)?;
            let (_, own) = ids::user(&name)
                .map_err(failed)?
                .ok_or_else(|| Fatal::plain(&[b"unknown user/group: ", text]))?;
            for gid in ids::groups_of(&name, own).map_err(failed)? {
                if !gids.contains(&gid) {
                    gids.push(gid);
                }
            }
        }
    }
    Ok(())
}

/// The numbers of an account: user; groups, one at least.
fn numbers(account: Account<'_>) -> Result<(u32, Vec<u32>), Fatal> {
    let (text, user, groups) = match account {
        Account::Name(name) => (name, name, None),
        Account::Text(text) => match parse(text) {
            Ok(Ids::Numbers(ids)) => return Ok((ids.uid, ids.gids().to_vec())),
            Ok(Ids::Names { user, groups }) => (text, user, groups),
            Err(rest) => return Err(Fatal::plain(&[b"invalid uid/gids: ", rest])),
        },
    };
    let (unknown, unable): (&[u8], &[u8]) = match account {
        Account::Name(_) => (b"unknown account: ", b"unable to get password file entry"),
        Account::Text(_) => (b"unknown user/group: ", b"unable to get password/group file entry"),
    };
    let nobody = || Fatal::plain(&[unknown, text]);
    let failed = |why| Fatal::new(&[unable], why);
    let (uid, gid) = ids::user(&c(user).map_err(failed)?).map_err(failed)?.ok_or_else(nobody)?;
    let Some(groups) = groups else { return Ok((uid, vec![gid])) };
    let mut gids = Vec::new();
    for name in names(groups) {
        gids.push(ids::group(&c(name).map_err(failed)?).map_err(failed)?.ok_or_else(nobody)?);
    }
    Ok((uid, gids))
}

/// Words of a command line hold no NUL.
fn c(word: &[u8]) -> Result<CString, Errno> {
    CString::new(word).map_err(|_| Errno::INVAL)
}
