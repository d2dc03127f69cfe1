//! Services that can be enabled, and those that are: links in the directory of services.
use crate::console::Console;
use crate::control;
use crate::everyone;
use crate::places::Places;
use crate::report::wall;
use crate::see::see;
use crate::{Fatal, fatal};
use platform::Errno;
use runit::paths::AVAILABLE;
use runit::scan_directory::{instance, templates};
use runit::sv::found::Look;
use runit::sv::script::{is_path, last, objection, trimmed};
use runit::sv::text::Sink;
use runit::sv::{Errand, Plan, Tally};
use std::ffi::{OsStr, OsString};
use std::fs::{metadata, symlink_metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Why something was refused: a text.
type Refused = Vec<u8>;

/// The two directories.
pub struct Arrangement {
    /// Of the services that are supervised.
    pub svdir: PathBuf,
    /// Of those that could be.
    pub available: PathBuf,
}

pub fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The number of an error.
pub fn number(error: &std::io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(0))
}

/// A text, a path and a reason.
pub fn refusal(what: &str, path: &Path, error: &std::io::Error) -> Refused {
    let path = path.as_os_str().as_bytes();
    let space: &[u8] = if what.is_empty() { b"" } else { b" " };
    [what.as_bytes(), space, path, b": ", number(error).text().bytes()].concat()
}

impl Arrangement {
    /// From the environment, or as it was built in; absolute, since links are read from elsewhere.
    pub fn new(svdir: Vec<u8>) -> Result<Arrangement, Fatal> {
        let available = std::env::var_os("RUNIT_SERVICES").filter(|set| !set.is_empty());
        let available = available.map_or_else(|| AVAILABLE.into(), OsString::into_vec);
        Ok(Arrangement { svdir: absolute(&svdir)?, available: absolute(&available)? })
    }

    /// The service directory that is meant, and its name.
    pub fn meant(&self, name: &[u8]) -> Result<(PathBuf, Vec<u8>), Refused> {
        let place = if is_path(name) {
            let mut place = absolute(trimmed(name)).map_err(|fatal| fatal.what)?;
            if matches!(last(name), b"." | b"..") {
                place = place.canonicalize().map_err(|error| refusal("", &place, &error))?;
            }
            place
        } else {
            self.available.join(path(name))
        };
        let own = last(if is_path(name) { place.as_os_str().as_bytes() } else { name }).to_vec();
        match objection(if is_path(name) { &own } else { name }, b"x") {
            Some(why) => Err(why.into()),
            None => Ok((place, own)),
        }
    }

    /// The same, and where its directory is: an instance has that of its template, unless there is one of its own name.
    fn found(&self, name: &[u8]) -> Result<(PathBuf, Vec<u8>), Refused> {
        let (place, own) = self.meant(name)?;
        if symlink_metadata(&place).is_err() {
            let mut templates = templates(&own).map(|template| place.with_file_name(path(template)));
            let template = templates.find(|template| metadata(template).is_ok());
            drop(templates);
            return Ok((template.unwrap_or(place), own));
        }
        Ok((place, own))
    }

    /// Why the instances of a template cannot have another one, if that is so: each needs a supervise directory.
    fn crowd(&self, place: &Path, own: &[u8]) -> Option<Refused> {
        let beside = self.svdir.join(".supervise");
        let inside = place.join("supervise");
        if beside.is_dir() && symlink_metadata(&inside).is_err() {
            return None;
        }
        let leads = |path: &Path| metadata(path).ok().map(|found| identity(&found));
        let others = everyone::list(self.svdir.as_os_str().as_bytes()).unwrap_or_default();
        let mut others = others.iter().filter(|other| other.as_slice() != own);
        let other = others.find(|other| leads(&self.svdir.join(path(other))) == leads(place))?;
        let (beside, inside) = (beside.as_os_str().as_bytes(), inside.as_os_str().as_bytes());
        Some(
            [b"as ".as_slice(), other, b" is there, it needs a directory ", beside, b", and no ", inside]
                .concat(),
        )
    }

    /// Links it into the directory of services; whether it was not there before.
    pub fn enable(&self, name: &[u8]) -> Result<(Vec<u8>, bool), Refused> {
        let (place, own) = self.found(name)?;
        let run = place.join("run");
        let is_there = metadata(&place).map_err(|error| refusal("", &place, &error))?;
        if !is_there.is_dir() {
            return Err([place.as_os_str().as_bytes(), b": not a directory"].concat());
        }
        metadata(&run).map_err(|error| refusal("", &run, &error))?;
        let link = self.svdir.join(path(&own));
        let is_instance = |text: &Path| instance(&own, text.as_os_str().as_bytes()).is_some();
        if is_instance(&place) && symlink_metadata(&link).is_err() {
            self.crowd(&place, &own).map_or(Ok(()), Err)?;
        }
        // symlink(2) makes it or finds something: nobody sees half a link, and nothing is overwritten.
        match std::os::unix::fs::symlink(&place, &link) {
            Ok(()) => Ok((own, true)),
            Err(error) if number(&error) == Errno::EXIST => match metadata(&link) {
                // Another text may make another service of it.
                Ok(found)
                    if identity(&found) == identity(&is_there)
                        && is_instance(&place) == link.read_link().is_ok_and(|text| is_instance(&text)) =>
                {
                    Ok((own, false))
                }
                Ok(_) | Err(_) => Err([link.as_os_str().as_bytes(), b": is something else"].concat()),
            },
            Err(error) => Err(refusal("unable to link", &link, &error)),
        }
    }

    /// What is to be taken out: the link, and its name. `None`: it is not there, as it shall be.
    fn enabled(&self, name: &[u8]) -> Result<(Option<PathBuf>, Vec<u8>), Refused> {
        let (place, own) = self.found(name)?;
        let link = self.svdir.join(path(&own));
        let found = match symlink_metadata(&link) {
            Ok(found) => found,
            Err(error) if number(&error) == Errno::NOENT && metadata(&place).is_ok() => {
                return Ok((None, own));
            }
            Err(error) => return Err(refusal("", &link, &error)),
        };
        if !found.is_symlink() {
            let shown = link.as_os_str().as_bytes();
            return Err([shown, b": not a link: move it away to disable it"].concat());
        }
        let leads = |path: &Path| metadata(path).ok().map(|found| identity(&found));
        if is_path(name) && leads(&place) != leads(&link) {
            return Err([link.as_os_str().as_bytes(), b": leads elsewhere"].concat());
        }
        Ok((Some(link), own))
    }

    /// Names and whether they are in the directory of services, under whatever name; the instances of a template, which
    /// are there under their own, follow it.
    fn list(&self) -> Result<Vec<(Vec<u8>, bool)>, Fatal> {
        let names = everyone::names(self.available.as_os_str().as_bytes())?;
        let mut used = everyone::list(self.svdir.as_os_str().as_bytes()).unwrap_or_default();
        used.sort_unstable();
        let leads = |place: &Path| metadata(place).ok().map(|found| identity(&found));
        let mut plain = Vec::new();
        let mut instances = Vec::new();
        for name in used {
            let link = self.svdir.join(path(&name));
            let Some(leads) = leads(&link) else { continue };
            let text = link.read_link().map(|text| text.into_os_string().into_vec()).unwrap_or_default();
            if instance(&name, &text).is_some() {
                instances.push((name, leads));
            } else {
                plain.push(leads);
            }
        }
        let mut list = Vec::new();
        for name in names {
            let place = self.available.join(path(&name));
            if place.join("run").exists() {
                let Some(it) = leads(&place) else { continue };
                list.push((name, plain.contains(&it)));
                let instances = instances.iter().filter(|(_, leads)| *leads == it);
                list.extend(instances.map(|(name, _)| (name.clone(), true)));
            }
        }
        Ok(list)
    }
}

fn identity(found: &std::fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

/// A path that means the same from everywhere.
pub fn absolute(bytes: &[u8]) -> Result<PathBuf, Fatal> {
    std::path::absolute(path(bytes)).map_err(|error| fatal(&[b"no path: ", bytes], number(&error)))
}

/// A line about a service.
pub fn say(console: &mut Console, how: &str, name: &[u8], what: &[u8]) {
    console.put_all(&[how.as_bytes(), b": ", name, b": ", what, b"\n"]);
}

/// `sv --enable`.
pub fn enable(
    console: &mut Console,
    all: &Arrangement,
    names: &[&[u8]],
    errand: &Errand,
) -> Result<Tally, Fatal> {
    let (mut tally, mut done) = (Tally::default(), Vec::new());
    for name in names {
        match all.enable(name) {
            Ok((own, new)) => {
                say(console, "ok", &own, if new { b"enabled" } else { b"enabled already" });
                if !done.contains(&own) {
                    done.push(own);
                }
            }
            Err(why) => {
                say(console, "fail", name, &why);
                tally.fail();
            }
        }
    }
    if errand.now {
        tally.add(obey(console, all, &done, b"start", errand)?);
    }
    Ok(tally)
}

/// `sv --disable`.
pub fn disable(
    console: &mut Console,
    all: &Arrangement,
    names: &[&[u8]],
    errand: &Errand,
) -> Result<Tally, Fatal> {
    let (mut tally, mut found) = (Tally::default(), Vec::new());
    for name in names {
        match all.enabled(name) {
            Ok((None, own)) => say(console, "ok", &own, b"disabled already"),
            Ok((Some(link), own)) if found.iter().all(|known| known != &(link.clone(), own.clone())) => {
                found.push((link, own));
            }
            Ok((Some(_), _)) => {}
            Err(why) => {
                say(console, "fail", name, &why);
                tally.fail();
            }
        }
    }
    let places = Places::new(all.svdir.as_os_str().as_bytes().to_vec())?;
    if errand.now {
        // One that has no supervisor needs not be stopped.
        let has_supervisor =
            |name: &[u8]| see(&places, name, wall()).own.is_ok_and(|look| look.record().is_some());
        let names: Vec<Vec<u8>> =
            found.iter().map(|(_, own)| own.clone()).filter(|own| has_supervisor(own)).collect();
        tally.add(obey(console, all, &names, b"stop", errand)?);
    }
    for (link, own) in found {
        let look = see(&places, &own, wall()).own.ok();
        let runs = look.as_ref().and_then(Look::record).is_some_and(|record| record.pid != 0);
        // That it did not stop is counted already.
        if errand.now && runs {
            say(console, "fail", &own, b"not disabled, since it was not stopped");
            continue;
        }
        match std::fs::remove_file(&link) {
            Ok(()) => say(console, "ok", &own, b"disabled"),
            Err(error) => {
                say(console, "fail", &own, &refusal("unable to remove", &link, &error));
                tally.fail();
            }
        }
    }
    Ok(tally)
}

/// A command for these.
pub fn obey(
    console: &mut Console,
    all: &Arrangement,
    names: &[Vec<u8>],
    word: &[u8],
    errand: &Errand,
) -> Result<Tally, Fatal> {
    let (Some(plan), false) = (Plan::of(word, false), names.is_empty()) else { return Ok(Tally::default()) };
    let places = Places::new(all.svdir.as_os_str().as_bytes().to_vec())?;
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    Ok(control::control(console, &places, &names, &errand.with(plan)))
}

/// `sv --list-available`.
pub fn list(console: &mut Console, all: &Arrangement) -> Result<Tally, Fatal> {
    for (name, is_used) in all.list()? {
        let how: &[u8] = if is_used { b"enabled: " } else { b"available: " };
        console.put_all(&[how, &name, b"\n"]);
    }
    Ok(Tally::default())
}
