//! What sv finds in a service directory, and the words for what it does not find.
use super::text::Sink;
use crate::status::Record;
use platform::Errno;

/// A look at `supervise/`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sight {
    /// The record of a living supervisor.
    Seen(Record),
    /// A record that may be read, though whether its supervisor lives may not be seen: C runit's
    /// sv stops at this. The record is shown and, at the end of the line, so is what could not be
    /// seen; that alone is no failure, since what was asked for was answered.
    Unsure(Record, Trouble),
    /// Nothing.
    Trouble(Trouble),
}

/// Why something could not be done for a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// Nobody supervises it.
    NotRunning,
    /// Its directory.
    Directory(Errno),
    /// The directory of its log service.
    LogDirectory(Errno),
    /// `supervise/ok`, whose reader is the living supervisor.
    OpenOk(Errno),
    /// `supervise/status`.
    OpenStatus(Errno),
    /// The same.
    ReadStatus(Errno),
    /// It is not a record.
    BadFormat,
    /// `supervise/control`.
    OpenControl(Errno),
    /// The same.
    WriteControl(Errno),
}

impl Trouble {
    /// Writes `fail: NAME: …` or `warning: NAME: …`, without newline; the name is in parts.
    pub fn tell(self, out: &mut impl Sink, name: &[&[u8]]) {
        out.put(match self {
            Trouble::NotRunning | Trouble::Directory(_) => b"fail: ".as_slice(),
            Trouble::LogDirectory(_)
            | Trouble::OpenOk(_)
            | Trouble::OpenStatus(_)
            | Trouble::ReadStatus(_)
            | Trouble::BadFormat
            | Trouble::OpenControl(_)
            | Trouble::WriteControl(_) => b"warning: ",
        });
        out.put_all(name);
        out.put(b": ");
        self.words(out);
    }

    /// The same without what is before the reason.
    pub fn words(self, out: &mut impl Sink) {
        let (what, errno): (&[u8], Option<Errno>) = match self {
            Trouble::NotRunning => (b"runsv not running", None),
            Trouble::Directory(errno) => (b"unable to change to service directory", Some(errno)),
            Trouble::LogDirectory(errno) => (b"unable to change directory", Some(errno)),
            Trouble::OpenOk(errno) => (b"unable to open supervise/ok", Some(errno)),
            Trouble::OpenStatus(errno) => (b"unable to open supervise/status", Some(errno)),
            Trouble::ReadStatus(errno) => (b"unable to read supervise/status", Some(errno)),
            Trouble::BadFormat => (b"unable to read supervise/status: bad format", None),
            Trouble::OpenControl(errno) => (b"unable to open supervise/control", Some(errno)),
            Trouble::WriteControl(errno) => (b"unable to write to supervise/control", Some(errno)),
        };
        out.put(what);
        if let Some(errno) = errno {
            out.put_all(&[b": ", errno.text().bytes()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble() {
        let errno = Errno::NOENT;
        let cases = [
            (Trouble::NotRunning, "fail: a/log: runsv not running"),
            (
                Trouble::Directory(errno),
                "fail: a/log: unable to change to service directory: file does not exist",
            ),
            (Trouble::LogDirectory(errno), "warning: a/log: unable to change directory: file does not exist"),
            (Trouble::OpenOk(errno), "warning: a/log: unable to open supervise/ok: file does not exist"),
            (
                Trouble::OpenStatus(errno),
                "warning: a/log: unable to open supervise/status: file does not exist",
            ),
            (
                Trouble::ReadStatus(errno),
                "warning: a/log: unable to read supervise/status: file does not exist",
            ),
            (Trouble::BadFormat, "warning: a/log: unable to read supervise/status: bad format"),
            (
                Trouble::OpenControl(errno),
                "warning: a/log: unable to open supervise/control: file does not exist",
            ),
            (
                Trouble::WriteControl(errno),
                "warning: a/log: unable to write to supervise/control: file does not exist",
            ),
        ];
        for (trouble, text) in cases {
            let mut out = Vec::new();
            trouble.tell(&mut out, &[b"a", b"/log"]);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
