//! Which lines are lost, and what is said of them. What holds for all texts is in the fuzz target `svlogd_lossy`.
use super::super::super::config::{Way, compact};
use super::*;

/// A directory with a buffer of 40 bytes and, behind it, room to put a copy together.
struct Dir {
    lines: Lines,
    config: &'static str,
    length: usize,
    size: u64,
    file: String,
    buffer: [u8; 120],
}

const ROOM: usize = 40;

impl Dir {
    fn new(config: &'static str, length: usize) -> Dir {
        Dir { lines: Lines::default(), config, length, size: 0, file: String::new(), buffer: [0; 120] }
    }

    fn act<T>(&mut self, text: &str, act: impl FnOnce(&mut Lines, &Job<'_>, &mut [u8]) -> T) -> T {
        let mut rules = [self.config.as_bytes(), &[0]].concat();
        let config = compact(&mut rules, |wrong| panic!("{wrong:?}"));
        let (text, stamps) = (text.as_bytes(), (b"".as_slice(), b"".as_slice()));
        let (length, size, way) = (self.length, self.size, Way::Single);
        let job = Job { text, stamps, length, config: &config, rules: &rules, size, way };
        act(&mut self.lines, &job, &mut self.buffer)
    }

    /// Nothing can be written: what is ready is kept or lost. The copies that are asked for.
    fn absorb(&mut self, text: &str) -> usize {
        let mut copies = 0;
        while self.act(text, |lines, job, buffer| lines.take(job, &mut buffer[..ROOM], true)) != Need::Nothing
        {
            copies += 1;
        }
        self.lines.restart();
        copies
    }

    /// Takes what is ready, up to a buffer that cannot be written.
    fn begin(&mut self, text: &str) {
        self.act(text, |lines, job, buffer| lines.take(job, &mut buffer[..ROOM], false));
    }

    /// So much of the buffer is written.
    fn write(&mut self, count: usize) {
        self.file += core::str::from_utf8(&self.buffer[..count]).unwrap();
        self.lines.written(&mut self.buffer, count);
        self.size += count as u64;
    }

    /// Everything can be written; the files, with a `|` between two of them.
    fn recover(&mut self, text: &str) -> &str {
        loop {
            match self.act(text, |lines, job, buffer| lines.take(job, &mut buffer[..ROOM], false)) {
                Need::Nothing => break,
                Need::Write | Need::Rotate if self.lines.owed() > 0 => self.write(self.lines.owed()),
                Need::Rotate => {
                    self.lines.renewed();
                    self.size = 0;
                    self.file.push('|');
                }
                need => panic!("{need:?}"),
            }
        }
        assert!(self.lines.is_done(text.len()));
        self.lines.restart();
        &self.file
    }

    fn forsake(&mut self) -> u64 {
        self.lines.forsake(&self.buffer)
    }
}

#[test]
fn as_it_is_said() {
    let said = |count| String::from_utf8(lost(count).bytes().to_vec()).unwrap();
    for (count, text) in [
        (1, "1 line lost"),
        (2, "2 lines lost"),
        (999, "999 lines lost"),
        (1000, "1,000 lines lost"),
        (1234, "1,234 lines lost"),
        (1_002_003, "1,002,003 lines lost"),
        (u64::MAX, "18,446,744,073,709,551,615 lines lost"),
    ] {
        assert_eq!(said(count), text);
        assert!(!lost(count).is_cut());
    }
}

/// What fits is kept, even if a shorter line would still fit behind a lost one; the count stands in the gap.
#[test]
fn what_does_not_fit_is_lost() {
    let mut dir = Dir::new("", 30);
    dir.absorb("one\ntwo\n");
    dir.absorb("a line of thirty-three bytes....\nsix\n");
    dir.absorb("seven\n");
    assert!(!dir.lines.is_done(0));
    assert_eq!(dir.recover("eight\n"), "one\ntwo\nsvlogd: 3 lines lost\neight\n");
    // As soon as lines are taken again, with nothing new to be read.
    dir.absorb(&"x\n".repeat(21));
    dir.file.clear();
    assert_eq!(dir.recover(""), "x\n".repeat(20) + "svlogd: 1 line lost\n");
}

/// Lines that no pattern chooses are not lost; lines that are lost are copied.
#[test]
fn patterns() {
    let mut dir = Dir::new("-b*\ne*x\npsome prefix: \n", 30);
    assert_eq!(dir.absorb("a1\na2\na3\nbx\nax\nb\na4\n"), 2);
    assert_eq!(dir.recover(""), "some prefix: a1\nsome prefix: a2\nsome prefix: svlogd: 3 lines lost\n");
}

/// A line that comes in parts is lost as a whole, or stays in its file with a sign that it is cut.
#[test]
fn lines_in_parts() {
    let mut dir = Dir::new("", 10);
    dir.absorb("one\n0123456789");
    dir.absorb("0123456789012345678901234567890123456789");
    dir.absorb("and its rest\nlast\n");
    assert_eq!(dir.recover(""), "one\nsvlogd: 2 lines lost\n");
    // Its beginning is in the file.
    let mut dir = Dir::new("", 10);
    dir.begin("0123456789");
    dir.write(10);
    dir.lines.restart();
    dir.absorb("abc");
    dir.absorb("0123456789012345678901234567890123456789");
    dir.absorb("and its rest\nlast\n");
    assert_eq!(dir.recover("next\n"), "0123456789abc...\nlast\nnext\n");
    // The sign takes the place of bytes if there is no other.
    let mut dir = Dir::new("", 10);
    dir.begin("0123456789");
    dir.write(10);
    dir.lines.restart();
    dir.absorb(&"x".repeat(ROOM));
    dir.absorb("y\nlost\n");
    let rest = "x".repeat(ROOM - 4);
    assert_eq!(dir.recover(""), format!("0123456789{rest}...\nsvlogd: 1 line lost\n"));
}

/// What is kept goes into files of the size that they would have had, and so does the count.
#[test]
fn files_of_their_size() {
    let mut dir = Dir::new("s26\n", 4);
    dir.begin("0123456789\n");
    // Together with what was taken already.
    dir.absorb("0123456789\nabcdefghij\n0123\n5678\nabcdefghij\nlost\n");
    assert_eq!(dir.recover("next\n"), "0123456789\nabcdefghij\n|0123\n5678\n|svlogd: 2 lines lost\nnext\n|");
    // ALRM: what is in the file is put aside first.
    let mut dir = Dir::new("", 4);
    dir.begin("old\n");
    dir.lines.rotate(0);
    dir.absorb("old\nnew\n");
    assert_eq!(dir.recover(""), "old\n|new\n");
}

#[test]
fn all_is_given_up() {
    let mut dir = Dir::new("", 10);
    dir.absorb("one\ntwo\n");
    assert_eq!(dir.forsake(), 2);
    assert!(dir.lines.is_done(0));
    // Those that were to be told of are not told of otherwise, and the line about them is no line of its own.
    dir.absorb(&"x\n".repeat(23));
    assert_eq!(dir.lines.owed(), ROOM);
    dir.write(ROOM);
    dir.begin("y\n");
    assert_eq!(dir.lines.owed(), "svlogd: 3 lines lost\ny\n".len());
    dir.write(5);
    dir.lines.at = 2;
    dir.absorb("y\nz\n");
    assert!(dir.lines.is_torn());
    assert_eq!(dir.forsake(), 5);
}

/// A line that goes away by UDP, and not to the file, is lost only if it cannot be sent.
#[test]
fn what_could_not_be_sent() {
    let mut dir = Dir::new("U1.2.3.4\n", 10);
    let keep = |dir: &mut Dir, text: &str| {
        let copies = dir.act(text, |lines, job, buffer| lines.take(job, &mut buffer[..ROOM], true));
        assert_eq!(copies, Need::Copy { stderr: false, udp: true });
        dir.act(text, |lines, job, buffer| {
            let count = lines.compose(job, b"note: ", buffer).len();
            lines.keep(job, count, ROOM);
        });
        assert_eq!(dir.absorb(text), 0);
    };
    keep(&mut dir, "one\n");
    assert_eq!(dir.absorb("sent\n"), 1);
    keep(&mut dir, "0123456789\n");
    keep(&mut dir, "lost\n");
    assert_eq!(dir.recover(""), "note: one\nnote: 0123456789...\nsvlogd: 1 line lost\n");
}
