//! `sv --explain`: why a service is as it is.
mod program;

use crate::console::{Console, Gathered};
use crate::home::Home;
use crate::places::Places;
use crate::report::wall;
use crate::{log, supervise};
use platform::Errno;
use platform_host::{files, mounts, notice, processes};
use program::Program;
use runit::service_directory::DOWN;
use runit::sv::explain::script::{lacks_exec, sets_limits};
use runit::sv::explain::wrap::wrap;
use runit::sv::explain::{Entry, Facts, Half, Supervisor, explain};
use runit::sv::logs::line::put;
use runit::sv::text::Sink as _;
use runit::sv::{Sight, Tally, Trouble};
use std::ffi::OsStr;
use std::io::IsTerminal as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the directories of services that can be linked are.
const AVAILABLE: &str = "/etc/sv";

/// So many lines of a log are shown.
const LINES: u64 = 3;

/// So many other services are looked at.
const OTHERS: usize = 100;

/// Commands are on their way for so long.
const MOMENT: Duration = Duration::from_millis(300);

/// One paragraph for each service; the exit code is the number of those that are not as they shall be.
pub fn tell(console: &mut Console, places: &Places, svdir: &[u8], names: &[&[u8]]) -> Tally {
    let mut tally = Tally::default();
    let width = width();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            console.put(b"\n");
        }
        let mut text = Vec::new();
        if !service(&mut Gathered(&mut text), places, svdir, name) {
            tally.fail();
        }
        // Names and lines are anybody's.
        let mut tame = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            put(&mut Gathered(&mut tame), width > 0, line);
        }
        wrap(console, &tame, width);
    }
    tally
}

/// That of the terminal; without one lines are as long as they get.
fn width() -> usize {
    if std::io::stdout().is_terminal() {
        platform_host::terminal::columns(std::io::stdout()).unwrap_or(80)
    } else {
        0
    }
}

fn service(out: &mut Gathered<'_>, places: &Places, svdir: &[u8], name: &[u8]) -> bool {
    let path = places.path(name).unwrap_or_default();
    let place = Path::new(OsStr::from_bytes(path.to_bytes()));
    let available = PathBuf::from(std::env::var_os("RUNIT_SERVICES").unwrap_or_else(|| AVAILABLE.into()));
    let available = available.join(OsStr::from_bytes(name));
    let available = available.is_dir().then(|| available.into_os_string().into_vec());
    let target = std::fs::read_link(place).ok().map(|target| target.into_os_string().into_vec());
    let found = places.find(name, true);
    let entry = match &found {
        Ok(_) => Entry::Directory,
        Err(Errno::NOENT) => match &target {
            Some(target) => Entry::Dangling(target),
            None => Entry::Missing(available.as_deref()),
        },
        Err(Errno::NOTDIR) => Entry::NoDirectory,
        Err(errno) => Entry::Trouble(*errno),
    };
    let home = found.as_ref().ok();
    let log_home = home.and_then(|home| home.log().ok());
    let run = Program::at(place.join("run"));
    let finish = Program::at(place.join("finish"));
    let log_run = Program::at(place.join("log/run"));
    let mut half = half(home, &run);
    half.finish = finish.fault().filter(|_| finish.is_there());
    let lines: Vec<Vec<u8>> = if log_home.is_some() { log::last(places, name, LINES) } else { Vec::new() };
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let other = home.and_then(|home| shares(home, svdir, name));
    let facts = Facts {
        name,
        path: path.to_bytes(),
        svdir,
        entry,
        service: half,
        log: log_home.as_ref().map(|home| self::half(Some(home), &log_run)),
        others: half.supervisor == Supervisor::Gone && others(places, svdir, name),
        read_only: half.supervisor == Supervisor::Gone && mounts::of(place).read_only,
        oneshot: place.join("oneshot").exists(),
        unread: home.is_some_and(unread),
        check: place.join("check").exists(),
        limits: std::fs::read(place.join("run")).is_ok_and(|text| sets_limits(&text)),
        shares: other.as_deref(),
        shell: half
            .record
            .and_then(|record| i32::try_from(record.pid).ok())
            .is_some_and(|pid| is_shell(pid, place)),
        lines: &lines,
        now: wall(),
    };
    explain(out, &facts);
    facts.is_as_wanted()
}

fn half<'p>(home: Option<&Home<'_>>, run: &'p Program) -> Half<'p> {
    let (supervisor, record) = match home.map(supervise::look) {
        Some(Sight::Seen(record)) => (Supervisor::Alive, Some(record)),
        Some(Sight::Unsure(record, _)) => (Supervisor::Denied, Some(record)),
        Some(Sight::Trouble(Trouble::OpenOk(Errno::ACCES | Errno::PERM))) => (Supervisor::Denied, None),
        Some(Sight::Trouble(Trouble::NotRunning | Trouble::OpenOk(_))) | None => (Supervisor::Gone, None),
        Some(Sight::Trouble(_)) => (Supervisor::Alive, None),
    };
    let down = home.is_some_and(|home| home.directory.has(DOWN).unwrap_or(false));
    Half { supervisor, record, down, run: run.fault(), finish: None }
}

/// Whether commands wait, and go on waiting.
fn unread(home: &Home<'_>) -> bool {
    home.unread() > 0 && {
        let _ = notice::wait(&[], MOMENT);
        home.unread() > 0
    }
}

/// Whether another service there has a supervisor.
fn others(places: &Places, svdir: &[u8], name: &[u8]) -> bool {
    let entries = std::fs::read_dir(OsStr::from_bytes(svdir)).into_iter().flatten().flatten();
    let names = entries
        .map(|entry| entry.file_name().into_vec())
        .filter(|other| other != name && !other.starts_with(b"."));
    names.take(OTHERS).any(|other| {
        places
            .find(&other, true)
            .is_ok_and(|home| matches!(supervise::look(&home), Sight::Seen(_) | Sight::Unsure(..)))
    })
}

/// Another instance of its template, if both have a supervise directory in that of the template.
fn shares(home: &Home<'_>, svdir: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    home.instance()?;
    let place = Path::new(OsStr::from_bytes(svdir));
    let inside = std::fs::canonicalize(place.join(OsStr::from_bytes(name)).join("supervise")).ok()?;
    let others =
        std::fs::read_dir(place).ok()?.flatten().filter(|entry| entry.file_name().as_bytes() != name);
    let mut others = others.filter(|other| !other.file_name().as_bytes().starts_with(b"."));
    let other = others
        .find(|other| std::fs::canonicalize(other.path().join("supervise")).is_ok_and(|it| it == inside));
    other.map(|other| other.file_name().into_vec())
}

/// Whether the process is the shell of `run` and waits for a child.
fn is_shell(pid: i32, place: &Path) -> bool {
    let words = processes::arguments(pid);
    let is_run = words.iter().skip(1).take(2).any(|word| word == b"./run");
    is_run
        && !processes::children(pid).is_empty()
        && std::fs::read(place.join("run")).is_ok_and(|text| lacks_exec(&text))
}

/// The beginning of a file.
fn beginning(path: &Path) -> Vec<u8> {
    let mut bytes = vec![0; 256];
    let path = std::ffi::CString::new(path.as_os_str().as_bytes()).unwrap_or_default();
    let count = files::open_read(&path).and_then(|file| files::read(file, &mut bytes)).unwrap_or(0);
    bytes.truncate(count);
    bytes
}
