//! `sv --new`: a service directory out of a command line.
use crate::Fatal;
use crate::arrange::{self, Arrangement, absolute, path, refusal, say};
use crate::console::{Console, Gathered};
use runit::sv::script::{self, LOG, objection};
use runit::sv::{Errand, Tally};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Makes it, enables it and starts it, as far as that is asked for.
pub fn make(
    console: &mut Console,
    all: &Arrangement,
    words: &[&[u8]],
    errand: &Errand,
) -> Result<Tally, Fatal> {
    let mut tally = Tally::default();
    let [name, command @ ..] = words else { return Ok(tally) };
    match service(all, name, command) {
        Ok(place) => {
            let place = place.as_os_str().as_bytes();
            say(console, "ok", script::last(name), &[b"made in ", place].concat());
            if errand.enable {
                return arrange::enable(console, all, &[place], errand);
            }
        }
        Err(why) => {
            say(console, "fail", name, &why);
            tally.fail();
        }
    }
    Ok(tally)
}

/// Makes the directory under another name, complete, and gives it its own then.
fn service(all: &Arrangement, name: &[u8], command: &[&[u8]]) -> Result<PathBuf, Vec<u8>> {
    let (place, own) = all.meant(name)?;
    let program = command.first().copied().unwrap_or_default();
    if let Some(why) = objection(&own, program) {
        return Err(why.into());
    }
    // It is run in the service directory.
    let program = match program {
        [b'/', ..] => program.to_vec(),
        program if program.contains(&b'/') => {
            absolute(program).map_err(|fatal| fatal.what)?.as_os_str().as_bytes().to_vec()
        }
        program => program.to_vec(),
    };
    let mut run = Vec::new();
    let arguments = command.iter().skip(1).copied();
    script::run(&mut Gathered(&mut run), [program.as_slice()].into_iter().chain(arguments));
    let there = || [place.as_os_str().as_bytes(), b": is there already"].concat();
    if fs::symlink_metadata(&place).is_ok() {
        return Err(there());
    }
    let above = place.parent().unwrap_or(Path::new("/"));
    if above == all.available {
        // The first service of a system.
        let _ = directory(above);
    }
    let new = above
        .join(path(&[b".".as_slice(), &own, format!(".new.{}", std::process::id()).as_bytes()].concat()));
    let done = fill(&new, &run).map_err(|error| refusal("unable to make", &new, &error)).and_then(|()| {
        // rename(2) takes the place of nothing but an empty directory, that came just now.
        fs::rename(&new, &place).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::DirectoryNotEmpty => there(),
            _ => refusal("unable to make", &place, &error),
        })
    });
    if done.is_err() {
        let _ = fs::remove_dir_all(&new);
    }
    settle(above);
    done.map(|()| place)
}

fn fill(new: &Path, run: &[u8]) -> io::Result<()> {
    // One that was left behind by a process of this number.
    let _ = fs::remove_dir_all(new);
    directory(new)?;
    script_file(&new.join("run"), run)?;
    directory(&new.join("log"))?;
    directory(&new.join("log/main"))?;
    script_file(&new.join("log/run"), LOG)?;
    settle(&new.join("log"));
    settle(new);
    Ok(())
}

fn directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o755).create(path)
}

fn script_file(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o755).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// Has the names in a directory written to the disk, where the system does that.
fn settle(path: &Path) {
    let _ = File::open(path).and_then(|dir| dir.sync_all());
}
