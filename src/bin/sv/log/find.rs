//! From the name of a service to the directory that its log service writes to.
use crate::home::Home;
use crate::places::Places;
use crate::supervise;
use platform::Errno;
use platform_host::processes;
use runit::args::basename;
use runit::sv::logs::Logger;
use runit::sv::logs::script::Call;
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

/// What has to be said instead.
type Problem = Vec<u8>;

/// The log directory of a service.
pub fn directory(places: &Places, name: &[u8]) -> Result<CString, Problem> {
    let service = places.find(name, true).map_err(|errno| {
        [b"unable to change to service directory: ".as_slice(), errno.text().bytes()].concat()
    })?;
    let base = places.path(name).unwrap_or_default();
    let base = PathBuf::from(OsStr::from_bytes(base.to_bytes()));
    if is_log(&base) && !base.join("run").exists() {
        return path(base);
    }
    // A log service may be named itself.
    let own = basename(name.strip_suffix(b"/").unwrap_or(name)) == b"log";
    let log = match service.log() {
        Ok(log) => Some((log, base.join("log"))),
        Err(_) if own => None,
        Err(Errno::NOENT) => return Err(without(&service)),
        Err(errno) => return Err([b"unable to change to log: ".as_slice(), errno.text().bytes()].concat()),
    };
    let (log, place) = log.as_ref().map_or((&service, &base), |(log, place)| (log, place));
    let name = if own { b"" } else { basename(name.strip_suffix(b"/").unwrap_or(name)) };
    let mut search = Search { place, tried: Vec::new(), sends: None };
    let running =
        supervise::read(log).ok().and_then(|record| i32::try_from(record.pid).ok()).filter(|pid| *pid > 0);
    let found = running.and_then(|pid| search.in_process(pid));
    let found = found.or_else(|| search.in_script()).or_else(|| search.by_custom(name));
    found.ok_or_else(|| search.problem()).and_then(path)
}

fn path(path: PathBuf) -> Result<CString, Problem> {
    CString::new(path.into_os_string().into_vec()).map_err(|_| b"an odd path".to_vec())
}

/// Whether there are logs in a directory, or it may not be looked into.
fn is_log(path: &Path) -> bool {
    let looks = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        name == "current" || runit::sv::logs::Label::of(name.as_bytes()).is_some()
    };
    path.join("current").exists()
        || std::fs::read_dir(path).is_ok_and(|mut all| all.any(|entry| entry.is_ok_and(looks)))
}

/// Where a service without a log service writes to.
fn without(service: &Home<'_>) -> Problem {
    let pid = supervise::read(service).ok().map(|record| record.pid).filter(|pid| *pid > 0);
    let output = pid.and_then(|pid| std::fs::read_link(format!("/proc/{pid}/fd/1")).ok());
    let output = output.map(|path| path.into_os_string().into_vec()).filter(|path| path.starts_with(b"/"));
    let place = output.unwrap_or_else(|| b"where the output of its runsvdir goes".to_vec());
    let to: &[u8] = if place.starts_with(b"/") { b"to " } else { b"" };
    [b"it has no log service; what it writes goes ", to, &place].concat()
}

/// The search for a directory.
struct Search<'p> {
    /// The directory of the log service.
    place: &'p Path,
    /// Where it was looked for.
    tried: Vec<Vec<u8>>,
    /// To whom lines go instead, and by which program.
    sends: Option<(Vec<u8>, &'static str)>,
}

impl Search<'_> {
    /// From the arguments of the logger that runs, or of a child of it.
    fn in_process(&mut self, pid: i32) -> Option<PathBuf> {
        let children = processes::children(pid);
        for pid in std::iter::once(pid).chain(children) {
            let words = processes::arguments(pid);
            let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            let Some(logger) = words.first().and_then(|program| Logger::of(program)) else { continue };
            // Where it may not be seen, it is where `run` was started.
            let from = processes::directory(pid).unwrap_or_else(|| self.place.to_owned());
            return self.among(logger, &words, &from);
        }
        self.tried.push(format!("process {pid}").into_bytes());
        None
    }

    /// From what `run` says.
    fn in_script(&mut self) -> Option<PathBuf> {
        if self.sends.is_some() {
            return None;
        }
        let script = std::fs::read(self.place.join("run")).unwrap_or_default();
        self.tried.push([self.place.as_os_str().as_bytes(), b"/run"].concat());
        let call = Call::in_script(&script)?;
        let words: Vec<_> = call.words().collect();
        // What is not understood is no directory.
        let words: Vec<&[u8]> =
            words.iter().map(|(word, whole)| if *whole { word.bytes() } else { b"$" }).collect();
        self.among(call.logger, &words, self.place)
    }

    /// The first directory of several.
    fn among(&mut self, logger: Logger, words: &[&[u8]], from: &Path) -> Option<PathBuf> {
        if let Logger::Sends(whom) = logger {
            self.sends = Some((words.first().map_or(Vec::new(), |word| basename(word).to_vec()), whom));
        }
        let mut found = None;
        logger.directories(words, |word| {
            let path = from.join(OsStr::from_bytes(word));
            if found.is_none() && path.is_dir() {
                found = Some(path);
            } else if found.is_none() {
                self.tried.push(path.into_os_string().into_vec());
            }
        });
        found
    }

    /// Where it usually is.
    fn by_custom(&mut self, name: &[u8]) -> Option<PathBuf> {
        if self.sends.is_some() {
            return None;
        }
        let mut usual: Vec<PathBuf> =
            ["main", "log", "logs", ""].iter().map(|name| self.place.join(name)).collect();
        if !name.is_empty() {
            usual.extend(
                ["/var/log", "/var/log/runit", "/var/log/sv"]
                    .map(|dir| Path::new(dir).join(OsStr::from_bytes(name))),
            );
        }
        let found = usual.iter().find(|path| path.join("current").exists()).cloned();
        if found.is_none() {
            self.tried.extend(usual.into_iter().map(PathBuf::into_os_string).map(OsString::into_vec));
        }
        found
    }

    fn problem(&self) -> Problem {
        if let Some((program, whom)) = &self.sends {
            return [b"its log service gives all lines to ".as_slice(), whom.as_bytes(), b", by ", program]
                .concat();
        }
        [
            b"no log directory was found; looked at ".as_slice(),
            &self.tried.join(b", ".as_slice()),
            b"; name it instead of the service: sv --log /PATH/OF/IT",
        ]
        .concat()
    }
}
