//! The files of a supervise directory as others read them.
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// The 20 bytes of `status`, taken apart without help from the programs under test.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// Seconds since 1970.
    pub secs: u64,
    /// The rest of the time stamp.
    pub nanos: u32,
    /// 0 for none.
    pub pid: i32,
    /// 1 or 0.
    pub paused: u8,
    /// `u` or `d`.
    pub want: u8,
    /// 1 or 0.
    pub got_term: u8,
    /// 0 down, 1 run, 2 finish.
    pub state: u8,
}

/// No process.
pub const DOWN: u8 = 0;
/// `./run`.
pub const RUN: u8 = 1;
/// `./finish`.
pub const FINISH: u8 = 2;

impl Status {
    /// Takes the record apart; `None` if it has not 20 bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Status> {
        let bytes: [u8; 20] = bytes.try_into().ok()?;
        let number =
            |from: usize, to: usize| bytes[from..to].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Some(Status {
            secs: number(0, 8).wrapping_sub((1 << 62) + 10),
            nanos: u32::try_from(number(8, 12)).ok()?,
            pid: i32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]),
            paused: bytes[16],
            want: bytes[17],
            got_term: bytes[18],
            state: bytes[19],
        })
    }

    /// The record.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let label = self.secs.wrapping_add((1 << 62) + 10);
        let flags = [self.paused, self.want, self.got_term, self.state];
        [&label.to_be_bytes()[..], &self.nanos.to_be_bytes(), &self.pid.to_le_bytes(), &flags].concat()
    }

    /// A record of this moment.
    #[must_use]
    pub fn now(state: u8, pid: i32, want: u8) -> Status {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Status { secs: now.as_secs(), nanos: now.subsec_nanos(), pid, paused: 0, want, got_term: 0, state }
    }

    /// The same record, older.
    #[must_use]
    pub fn before(self, secs: u64) -> Status {
        Status { secs: self.secs.saturating_sub(secs), ..self }
    }

    /// That of a service directory; `None` if there is none.
    #[must_use]
    pub fn read(service: &Path) -> Option<Status> {
        Status::of(&fs::read(service.join("supervise/status")).ok()?)
    }

    /// The process of `./run` of a service directory, if it runs.
    #[must_use]
    pub fn running(service: &Path) -> Option<i32> {
        Status::read(service).filter(Status::is_up).map(|status| status.pid)
    }

    /// Whether `./run` has a process.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == RUN && self.pid != 0
    }
}
