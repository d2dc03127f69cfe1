//! What goes wrong.

/// A plan of faults. A number is how many of the next calls fail; `u32::MAX` is all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Faults {
    /// fork(2) fails with EAGAIN.
    pub fork: u32,
    /// mmap(2) fails with ENOMEM.
    pub memory: u32,
    /// open(2) fails with EMFILE.
    pub open: u32,
    /// pipe(2) fails with ENFILE.
    pub pipe: u32,
    /// Regular files cannot be created or written: ENOSPC.
    pub full: bool,
    /// Regular files take so many bytes more, then they are `full`; 0: any number.
    pub fills: u32,
    /// Of a write to a regular file one byte is taken.
    pub short_write: u32,
    /// A read gets one byte only, in this many of a hundred cases.
    pub short_read: u8,
    /// rename(2) fails with EIO.
    pub rename: u32,
    /// mkdir(2) and mkfifo(3) fail with ENOSPC.
    pub make: u32,
    /// readlink(2) fails with EIO.
    pub readlink: u32,
    /// fsync(2) fails with EIO.
    pub sync: u32,
    /// Datagrams cannot be sent: EPERM.
    pub send: u32,
    /// Opening a directory fails with EMFILE.
    pub open_dir: u32,
    /// Reading a directory fails with EIO.
    pub read_dir: u32,
    /// stat(2) fails with EIO.
    pub stat: u32,
    /// sigaction(2) or what comes before it fails with EMFILE.
    pub catch: u32,
    /// `wait` returns without reason, in this many of a hundred cases.
    pub spurious: u8,
    /// A call takes up to two seconds, in this many of a thousand cases.
    pub stall: u16,
    /// Watched directories change unnoticed.
    pub unnoticed: bool,
    /// The console takes nothing: a terminal that was stopped, a line without carrier.
    pub console: bool,
}

impl Faults {
    /// Nothing goes wrong.
    pub const NONE: Faults = Faults {
        fork: 0,
        memory: 0,
        open: 0,
        pipe: 0,
        full: false,
        fills: 0,
        short_write: 0,
        short_read: 0,
        rename: 0,
        make: 0,
        readlink: 0,
        sync: 0,
        send: 0,
        open_dir: 0,
        read_dir: 0,
        stat: 0,
        catch: 0,
        spurious: 0,
        stall: 0,
        unnoticed: false,
        console: false,
    };

    /// Uses one failure up.
    pub(crate) fn hit(left: &mut u32) -> bool {
        let hits = *left > 0;
        if *left != u32::MAX {
            *left = left.saturating_sub(1);
        }
        hits
    }
}
