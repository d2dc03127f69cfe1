//! What is read and written in a service's supervise directory.
use crate::home::{CONTROL, Home, OK, STATE, STATUS};
use platform::Errno;
use platform_host::files;
use runit::protocol::Letter;
use runit::state::{LENGTH, State};
use runit::status::{Record, SIZE};
use runit::sv::{Sight, Trouble};

/// The record and whether somebody keeps it up to date.
pub fn look(service: &Home<'_>) -> Sight {
    let seen = || read(service).map_or_else(Sight::Trouble, Sight::Seen);
    match service.open_write(OK) {
        Ok(_) => seen(),
        Err(Errno::NXIO) => Sight::Trouble(Trouble::NotRunning),
        Err(errno @ (Errno::ACCES | Errno::PERM)) => match service.open_fifo(CONTROL) {
            // The supervisor reads this one as well, and it may have been given to others.
            Ok(_) => seen(),
            Err(Errno::NXIO) => Sight::Trouble(Trouble::NotRunning),
            Err(_) => {
                let unseen = Trouble::OpenOk(errno);
                read(service).map_or(Sight::Trouble(unseen), |record| Sight::Unsure(record, unseen))
            }
        },
        Err(errno) => Sight::Trouble(missed(service, Trouble::OpenOk, errno)),
    }
}

/// So often it is read again: its supervisor may be between two files.
const AGAIN: u32 = 100;

/// The record, and what else is said of the same moment.
pub fn read(service: &Home<'_>) -> Result<Record, Trouble> {
    let mut record = read_once(service)?;
    for _ in 0..AGAIN {
        if record.passing.is_none() {
            break;
        }
        record = read_once(service)?;
    }
    Ok(record)
}

fn read_once(service: &Home<'_>) -> Result<Record, Trouble> {
    let opened = service.open_read(STATUS);
    let file = opened.map_err(|errno| missed(service, Trouble::OpenStatus, errno))?;
    let mut record = [0; SIZE];
    match files::read(file, &mut record).map_err(Trouble::ReadStatus)? {
        SIZE => Ok(told(service, Record::decode(&record))),
        _ => Err(Trouble::BadFormat),
    }
}

/// Adds what the supervisor says beyond the record. A line that is not whole is being written.
fn told(service: &Home<'_>, record: Record) -> Record {
    for _ in 0..3 {
        let Ok(file) = service.open_read(STATE) else { break };
        let mut line = [0; LENGTH + 1];
        let Ok(len) = files::read(file, &mut line) else { break };
        let line = line.get(..len).unwrap_or_default();
        if State::read(line).is_some() {
            return record.with(line);
        }
    }
    record
}

/// Tells the supervisor something.
pub fn send(service: &Home<'_>, letters: &[Letter]) -> Result<(), Trouble> {
    let control = service.open_fifo(CONTROL).map_err(|errno| match errno {
        Errno::NXIO => Trouble::NotRunning,
        other => missed(service, Trouble::OpenControl, other),
    })?;
    let bytes: Vec<u8> = letters.iter().map(|letter| letter.byte()).collect();
    match files::write(control, &bytes) {
        Ok(count) if count == bytes.len() => Ok(()),
        Ok(_) => Err(Trouble::WriteControl(Errno::AGAIN)),
        // It ended after the FIFO was opened.
        Err(Errno::PIPE) => Err(Trouble::NotRunning),
        Err(errno) => Err(Trouble::WriteControl(errno)),
    }
}

/// What is not found in a directory that was removed is missing with it.
fn missed(service: &Home<'_>, what: fn(Errno) -> Trouble, errno: Errno) -> Trouble {
    let removed = errno == Errno::NOENT && service.directory.is_removed();
    if removed { Trouble::Directory(errno) } else { what(errno) }
}
