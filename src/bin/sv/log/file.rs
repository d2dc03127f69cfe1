//! One file of a log, plain or compressed, as lines.
use platform::Errno;
use platform_host::files;
use platform_host::filter::Filter;
use runit::sv::logs::shelf::{MAGIC, Tool};
use std::ffi::CStr;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};

/// So much is read at once.
const BLOCK: usize = 1 << 15;

/// Device and inode.
pub type Id = (u64, u64);

/// Opens a file; what is none, a FIFO among others, is ENOENT.
pub fn open(path: &CStr) -> platform_host::Result<File> {
    let file = File::from(files::open_read(path)?);
    let found = file.metadata().map_err(number)?;
    if found.is_file() { Ok(file) } else { Err(Errno::NOENT) }
}

/// Opens a directory.
pub fn directory(path: &CStr) -> Option<File> {
    let file = File::from(files::open_read(path).ok()?);
    file.metadata().is_ok_and(|found| found.is_dir()).then_some(file)
}

pub fn number(error: io::Error) -> Errno {
    Errno(error.raw_os_error().unwrap_or(0))
}

/// Which file it is.
pub fn id(file: &File) -> Option<Id> {
    file.metadata().ok().map(|found| (found.dev(), found.ino()))
}

pub fn size(file: &File) -> u64 {
    file.metadata().map_or(0, |found| found.len())
}

/// The tool that it takes to read it.
pub fn tool(file: &File) -> Option<Tool> {
    let mut beginning = [0; MAGIC];
    let count = file.read_at(&mut beginning, 0).unwrap_or(0);
    Tool::of(beginning.get(..count)?)
}

/// Where its last lines begin, if it is plain: the offset, and how many there are. One without newline at the end is
/// one as well.
pub fn last_lines(file: &File, want: u64) -> io::Result<(u64, u64)> {
    let size = size(file);
    let (mut at, mut found) = (size, 0);
    let mut block = vec![0; BLOCK];
    if want == 0 || size == 0 {
        return Ok((size, 0));
    }
    while at > 0 {
        let length = at.min(BLOCK as u64);
        at = at.saturating_sub(length);
        let part = block.get_mut(..usize::try_from(length).unwrap_or(BLOCK)).unwrap_or_default();
        file.read_exact_at(part, at)?;
        for (offset, _) in part.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let behind = at.saturating_add(offset as u64).saturating_add(1);
            // The last newline ends the last line.
            if behind == size {
                continue;
            }
            found = u64::saturating_add(found, 1);
            if found == want {
                return Ok((behind, found));
            }
        }
    }
    Ok((0, found.saturating_add(1)))
}

/// What is read.
#[derive(Debug)]
enum Input {
    Plain(File),
    Made(Filter, Tool),
}

/// The lines of a file.
#[derive(Debug)]
pub struct Lines {
    input: Input,
    buffer: Vec<u8>,
    /// What was handed out of it.
    from: usize,
    /// Where there is no newline before.
    clear: usize,
    /// So many bytes may still be read.
    pub left: u64,
}

impl Lines {
    fn new(input: Input) -> Lines {
        Lines { input, buffer: Vec::new(), from: 0, clear: 0, left: u64::MAX }
    }

    /// Those of a plain file from an offset on.
    pub fn plain(mut file: File, offset: u64) -> io::Result<Lines> {
        file.seek(SeekFrom::Start(offset))?;
        Ok(Lines::new(Input::Plain(file)))
    }

    /// Those that a tool makes of it.
    pub fn made(file: &File, tool: Tool) -> io::Result<Lines> {
        let mut file = file.try_clone()?;
        file.rewind()?;
        let filter = Filter::start(&[tool.name(), c"-dc"], Some(file.as_fd()));
        let filter = filter.map_err(|errno| io::Error::from_raw_os_error(errno.0))?;
        Ok(Lines::new(Input::Made(filter, tool)))
    }

    /// The file, if it is plain.
    pub const fn file(&self) -> Option<&File> {
        match &self.input {
            Input::Plain(file) => Some(file),
            Input::Made(..) => None,
        }
    }

    /// Begins anew: somebody made the file shorter.
    pub fn rewind(&mut self) {
        if let Input::Plain(file) = &mut self.input {
            let _ = file.rewind();
        }
    }

    /// The next line with its newline; `None` at the end, after which there may be more.
    pub fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let unseen = self.buffer.get(self.clear..)?;
            if let Some(at) = unseen.iter().position(|byte| *byte == b'\n') {
                let end = self.clear.saturating_add(at).saturating_add(1);
                let line = self.buffer.get(self.from..end).map(<[u8]>::to_vec);
                (self.from, self.clear) = (end, end);
                return line;
            }
            self.buffer.drain(..self.from);
            self.from = 0;
            self.clear = self.buffer.len();
            if self.fill() == 0 {
                return None;
            }
        }
    }

    /// What is left without a newline.
    pub fn rest(&mut self) -> Option<Vec<u8>> {
        let rest = self.buffer.split_off(self.from.min(self.buffer.len()));
        self.buffer.clear();
        (self.from, self.clear) = (0, 0);
        Some(rest).filter(|rest| !rest.is_empty())
    }

    fn fill(&mut self) -> usize {
        let room = usize::try_from(self.left).unwrap_or(BLOCK).min(BLOCK);
        let before = self.buffer.len();
        self.buffer.resize(before.saturating_add(room), 0);
        let into = self.buffer.get_mut(before..).unwrap_or_default();
        let count = match &mut self.input {
            Input::Plain(file) => files::read(file.as_fd(), into).unwrap_or(0),
            Input::Made(filter, _) => files::read(filter.output(), into).unwrap_or(0),
        };
        self.buffer.truncate(before.saturating_add(count));
        self.left = self.left.saturating_sub(count as u64);
        count
    }

    /// The tool, if it did not do its work.
    pub fn failed(&mut self) -> Option<Tool> {
        match &mut self.input {
            Input::Made(filter, tool) => Some(*tool).filter(|_| !filter.succeeds()),
            Input::Plain(_) => None,
        }
    }
}
