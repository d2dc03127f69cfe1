//! `supervise/` of the current directory.
use platform::Errno;
use platform_host::files;
use runit::protocol::Letter;
use runit::service_directory::{SUPERVISE, SUPERVISE_STATUS};
use runit::status::{Record, SIZE};
use runit::sv::{Sight, Trouble};

/// The record and whether somebody keeps it up to date.
pub fn look() -> Sight {
    match files::open_write(SUPERVISE.ok) {
        Ok(_) => read().map_or_else(Sight::Trouble, Sight::Seen),
        Err(Errno::NXIO) => Sight::Trouble(Trouble::NotRunning),
        Err(errno @ (Errno::ACCES | Errno::PERM)) => match files::open_fifo(SUPERVISE.control) {
            // The supervisor reads this one as well, and it may have been given to others.
            Ok(_) => read().map_or_else(Sight::Trouble, Sight::Seen),
            Err(Errno::NXIO) => Sight::Trouble(Trouble::NotRunning),
            Err(_) => {
                let unseen = Trouble::OpenOk(errno);
                read().map_or(Sight::Trouble(unseen), |record| Sight::Unsure(record, unseen))
            }
        },
        Err(errno) => Sight::Trouble(Trouble::OpenOk(errno)),
    }
}

/// The record.
pub fn read() -> Result<Record, Trouble> {
    let file = files::open_read(SUPERVISE_STATUS).map_err(Trouble::OpenStatus)?;
    let mut record = [0; SIZE];
    match files::read(file, &mut record).map_err(Trouble::ReadStatus)? {
        SIZE => Ok(Record::decode(&record)),
        _ => Err(Trouble::BadFormat),
    }
}

/// Tells the supervisor something.
pub fn send(letters: &[Letter]) -> Result<(), Trouble> {
    let control = files::open_fifo(SUPERVISE.control).map_err(|errno| match errno {
        Errno::NXIO => Trouble::NotRunning,
        other => Trouble::OpenControl(other),
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

/// Whether the supervisor has read all that it was sent; nothing waits for one that is gone.
pub fn has_read_all() -> bool {
    files::unread(SUPERVISE.control) == 0
}
