//! `sv status`.
use crate::console::Console;
use crate::home::Home;
use crate::places::Places;
use crate::supervise;
use platform::{Errno, Stamp};
use runit::service_directory::DOWN;
use runit::status::Record;
use runit::sv::text::{Sink, describe};
use runit::sv::{Sight, Tally, Trouble};
use std::time::SystemTime;

/// The time of day.
pub fn wall() -> Stamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Stamp { secs: since.as_secs(), nanos: since.subsec_nanos() }
}

/// One line for every service.
pub fn report(console: &mut Console, places: &Places, names: &[&[u8]]) -> Tally {
    let mut tally = Tally::default();
    let now = wall();
    for name in names {
        match places.find(name, true) {
            Ok(home) => service(console, &mut tally, &home, name, now),
            Err(errno) => {
                Trouble::Directory(errno).tell(console, &[name]);
                tally.fail();
            }
        }
        console.put(b"\n");
    }
    tally
}

fn service(console: &mut Console, tally: &mut Tally, home: &Home<'_>, name: &[u8], now: Stamp) {
    let (record, unseen) = match supervise::look(home) {
        Sight::Seen(record) => (record, None),
        Sight::Unsure(record, trouble) => (record, Some(trouble)),
        Sight::Trouble(trouble) => {
            trouble.tell(console, &[name]);
            tally.fail();
            if trouble != Trouble::NotRunning {
                tally.state(4);
            }
            return;
        }
    };
    let described = show(console, home, &record, name, now);
    tally.state(match (described, record.pid) {
        (false, _) => 4,
        (true, 0) if !record.is_done() => 3,
        (true, _) => 0,
    });
    let log_unseen = match home.log() {
        Ok(home) => log(console, tally, &home, name, now),
        Err(Errno::NOENT) => None,
        Err(errno) => {
            console.put(b"; ");
            Trouble::LogDirectory(errno).tell(console, &[name, b"/log"]);
            tally.fail();
            None
        }
    };
    // At the end of the line, so that a script that takes the line apart finds the log where it was.
    if let Some(trouble) = unseen {
        console.put(b"; ");
        trouble.tell(console, &[name]);
    }
    if let Some(trouble) = log_unseen {
        console.put(b"; ");
        trouble.tell(console, &[name, b"/log"]);
    }
}

fn log(
    console: &mut Console,
    tally: &mut Tally,
    home: &Home<'_>,
    name: &[u8],
    now: Stamp,
) -> Option<Trouble> {
    console.put(b"; ");
    match supervise::look(home) {
        Sight::Seen(record) => {
            show(console, home, &record, b"log", now);
            None
        }
        Sight::Unsure(record, trouble) => {
            show(console, home, &record, b"log", now);
            Some(trouble)
        }
        Sight::Trouble(trouble) => {
            trouble.tell(console, &[name, b"/log"]);
            tally.fail();
            None
        }
    }
}

/// Describes a service; `false` if the file `down` is out of reach.
pub fn show(console: &mut Console, home: &Home<'_>, record: &Record, name: &[u8], now: Stamp) -> bool {
    match home.directory.has(DOWN) {
        Ok(normally_down) => {
            describe(console, record, name, now, normally_down);
            true
        }
        Err(errno) => {
            console.complain(&[b"warning: unable to stat ", name, b"/down: ", errno.text().bytes(), b"\n"]);
            false
        }
    }
}
