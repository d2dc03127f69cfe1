//! `sv status`.
use crate::console::Console;
use crate::places::Places;
use crate::{Fatal, supervise};
use platform::{Errno, Stamp};
use platform_host::files;
use runit::service_directory::{DOWN, LOG};
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
pub fn report(console: &mut Console, places: &mut Places, names: &[&[u8]]) -> Result<Tally, Fatal> {
    let mut tally = Tally::default();
    let now = wall();
    for name in names {
        match places.enter(name)? {
            Ok(()) => service(console, &mut tally, name, now),
            Err(errno) => {
                Trouble::Directory(errno).tell(console, &[name]);
                tally.fail();
            }
        }
        console.put(b"\n");
    }
    Ok(tally)
}

fn service(console: &mut Console, tally: &mut Tally, name: &[u8], now: Stamp) {
    let (record, unseen) = match supervise::look() {
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
    let described = show(console, &record, name, now);
    tally.state(match (described, record.pid) {
        (false, _) => 4,
        (true, 0) => 3,
        (true, _) => 0,
    });
    let log_unseen = match files::chdir(LOG) {
        Ok(()) => log(console, tally, name, now),
        Err(Errno::NOENT) => None,
        Err(errno) => {
            console.put(b"; ");
            Trouble::LogDirectory(errno).tell(console, &[name, b"/log"]);
            tally.fail();
            None
        }
    };
    // At the end of the line, so that whoever takes the line apart finds the log where it was.
    if let Some(trouble) = unseen {
        console.put(b"; ");
        trouble.tell(console, &[name]);
    }
    if let Some(trouble) = log_unseen {
        console.put(b"; ");
        trouble.tell(console, &[name, b"/log"]);
    }
}

fn log(console: &mut Console, tally: &mut Tally, name: &[u8], now: Stamp) -> Option<Trouble> {
    console.put(b"; ");
    match supervise::look() {
        Sight::Seen(record) => {
            show(console, &record, b"log", now);
            None
        }
        Sight::Unsure(record, trouble) => {
            show(console, &record, b"log", now);
            Some(trouble)
        }
        Sight::Trouble(trouble) => {
            trouble.tell(console, &[name, b"/log"]);
            tally.fail();
            None
        }
    }
}

/// Describes the service in the current directory; `false` if the file `down` is out of reach.
pub fn show(console: &mut Console, record: &Record, name: &[u8], now: Stamp) -> bool {
    match files::exists(DOWN) {
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
