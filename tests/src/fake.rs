//! A supervisor that is none: what sv sees is chosen, and what it does is seen byte by byte.
use crate::place::write_fifo;
use crate::rig::Service;
use crate::status::Status;
use crate::wait::{patience, until, within};
use std::fs;
use std::path::PathBuf;

impl Service<'_> {
    /// A supervisor of our own making.
    pub fn fake(&self, status: Status) -> Fake {
        Fake::new(self, status)
    }
}

/// The other end of the supervise directory: what sv does can be seen byte by byte, and what it
/// sees can be chosen.
pub struct Fake {
    dir: PathBuf,
    control: Option<fs::File>,
    ok: Option<fs::File>,
}

impl Fake {
    fn new(service: &Service<'_>, status: Status) -> Fake {
        let dir = service.dir.join("supervise");
        let open = |name: &str| {
            let path = service.rig.place.fifo(dir.join(name));
            let mut options = fs::OpenOptions::new();
            use std::os::unix::fs::OpenOptionsExt;
            options.custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits());
            options.read(true).write(true).open(path).expect("both ends of a named pipe")
        };
        let fake = Fake { control: Some(open("control")), ok: Some(open("ok")), dir };
        fake.set(status);
        fake
    }

    /// Replaces the record.
    pub fn set(&self, status: Status) {
        self.put(&status.bytes());
    }

    /// Replaces the record by something else.
    pub fn put(&self, bytes: &[u8]) {
        fs::write(self.dir.join("status.new"), bytes).expect("write");
        fs::rename(self.dir.join("status.new"), self.dir.join("status")).expect("rename");
    }

    /// The commands since the last call.
    pub fn taken(&self) -> String {
        use std::io::Read;
        let mut bytes = [0; 64];
        let got = self.control.as_ref().and_then(|mut control| control.read(&mut bytes).ok()).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..got]).into_owned()
    }

    /// Waits for commands.
    pub fn await_command(&self, bytes: &str) {
        let got = until("a command", || Some(self.taken()).filter(|got| !got.is_empty()));
        assert_eq!(got, bytes);
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop((self.control.take(), self.ok.take()));
        // What another thread forked just now has copies of the descriptors until it executes.
        let free = |name| write_fifo(&self.dir.join(name), b"").is_err();
        let _ = within(patience(), || (free("ok") && free("control")).then_some(()));
    }
}
