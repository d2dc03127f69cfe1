//! Rows in aligned columns, for people.
use super::row::{NOTHING, Row, Tone, age};
use super::text::Sink;
use crate::fixed::Text;

/// How a table is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// So many columns fit; `None`: as many as there are.
    pub width: Option<usize>,
    /// Whether colours are wanted.
    pub colours: bool,
}

/// The columns; the last one is as wide as is left.
const HEADS: [&[u8]; 7] = [b"STATE", b"NAME", b"PID", b"UPTIME", b"LOG", b"NORMALLY", b"NOTE"];
/// The columns of the names and of the notes, which can be cut.
const NAME: usize = 1;
const NOTE: usize = 6;
/// Between two columns.
const GAP: usize = 2;
/// A note is cut to this before a name is cut.
const SHORT_NOTE: usize = 17;
/// Never less of a name.
const SHORT_NAME: usize = 8;
/// At the end of what is cut.
const CUT: &[u8] = b"~";

type Widths = [usize; 7];

/// Writes the table, with a head; nothing if there is no row.
pub fn write(out: &mut impl Sink, rows: &[Row<'_>], style: Style) {
    if rows.is_empty() {
        return;
    }
    let widths = fit(natural(rows), style.width);
    let mut line = Line { out, widths, at: 0, owed: 0, colours: style.colours };
    for head in HEADS {
        line.cell(head, Some(HEAD));
    }
    line.end();
    for row in rows {
        let numbers = numbers(row);
        line.cell(row.state.0, paint(row.state.1));
        line.cell(row.name, None);
        line.cell(numbers.0.bytes(), None);
        line.cell(numbers.1.bytes(), None);
        line.cell(row.log.0, paint(row.log.1).filter(|_| row.log.0 != NOTHING));
        line.cell(row.normally, None);
        line.cell(row.note.bytes(), paint(row.state.1).filter(|_| row.state.1 == Tone::Bad));
        line.end();
    }
}

fn numbers(row: &Row<'_>) -> (Text<24>, Text<48>) {
    let (mut pid, mut since) = (Text::new(), Text::new());
    match row.pid {
        Some(number) => pid.add_number(number.into()),
        None => pid.add(NOTHING),
    }
    match row.age {
        Some(secs) => age(&mut since, secs),
        None => since.add(NOTHING),
    }
    (pid, since)
}

/// How wide the columns would be.
fn natural(rows: &[Row<'_>]) -> Widths {
    let mut widths = HEADS.map(<[u8]>::len);
    for row in rows {
        let (pid, since) = numbers(row);
        let cells =
            [row.state.0, row.name, pid.bytes(), since.bytes(), row.log.0, row.normally, row.note.bytes()];
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = (*width).max(columns(cell));
        }
    }
    if rows.iter().all(|row| row.note.bytes().is_empty()) {
        // A head without anything below it says nothing.
        set(&mut widths, NOTE, 0);
    }
    widths
}

fn set(widths: &mut Widths, at: usize, width: usize) {
    if let Some(slot) = widths.get_mut(at) {
        *slot = width;
    }
}

/// Cuts notes, then names, then all that is left of the notes.
fn fit(mut widths: Widths, width: Option<usize>) -> Widths {
    let Some(width) = width else { return widths };
    let [_, name, .., note] = widths;
    let gaps = GAP.saturating_mul(NOTE);
    let others = widths.iter().sum::<usize>().saturating_sub(name.saturating_add(note)).saturating_add(gaps);
    let room = width.saturating_sub(others);
    let kept = note.min(SHORT_NOTE);
    let name = name.min(room.saturating_sub(kept).max(SHORT_NAME));
    set(&mut widths, NAME, name);
    set(&mut widths, NOTE, note.min(room.saturating_sub(name)));
    widths
}

/// Bold.
const HEAD: &[u8] = b"\x1b[1m";

/// The colour of a tone.
#[must_use]
pub const fn paint(tone: Tone) -> Option<&'static [u8]> {
    Some(match tone {
        Tone::Idle => b"\x1b[2m",
        Tone::Good => b"\x1b[32m",
        Tone::Other => b"\x1b[33m",
        Tone::Bad => b"\x1b[1;31m",
    })
}

/// Back to what was before.
pub const PLAIN: &[u8] = b"\x1b[0m";

struct Line<'o, S: Sink> {
    out: &'o mut S,
    widths: Widths,
    at: usize,
    /// Blanks that are written before something else is.
    owed: usize,
    colours: bool,
}

impl<S: Sink> Line<'_, S> {
    fn cell(&mut self, text: &[u8], colour: Option<&[u8]>) {
        let width = self.widths.get(self.at).copied().unwrap_or_default();
        let taken = columns(text).min(width);
        if taken > 0 {
            (0..self.owed).for_each(|_| self.out.put(b" "));
            self.owed = 0;
            let colour = colour.filter(|_| self.colours);
            self.out.put(colour.unwrap_or_default());
            show(self.out, text, width);
            self.out.put(if colour.is_some() { PLAIN } else { b"" });
        }
        self.owed = self.owed.saturating_add(width.saturating_sub(taken)).saturating_add(GAP);
        self.at = self.at.saturating_add(1);
    }

    fn end(&mut self) {
        self.out.put(b"\n");
        (self.at, self.owed) = (0, 0);
    }
}

/// How many columns of a terminal a text takes.
fn columns(text: &[u8]) -> usize {
    text.utf8_chunks().fold(0_usize, |sum, chunk| {
        let valid = chunk.valid().chars().map(width).sum::<usize>();
        sum.saturating_add(valid).saturating_add(chunk.invalid().len())
    })
}

/// Writes as much of a text as fits. What is no printable character is a question mark: names come from anybody,
/// and a terminal obeys.
fn show(out: &mut impl Sink, text: &[u8], most: usize) {
    let cut = columns(text) > most;
    let mut left = if cut { most.saturating_sub(CUT.len()) } else { most };
    'all: for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let Some(rest) = left.checked_sub(width(letter)) else { break 'all };
            left = rest;
            let letter = if letter.is_control() { '?' } else { letter };
            out.put(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        for _ in chunk.invalid() {
            let Some(rest) = left.checked_sub(1) else { break 'all };
            left = rest;
            out.put(b"?");
        }
    }
    if cut {
        out.put(CUT);
        (0..left).for_each(|_| out.put(b" "));
    }
}

/// How many columns a character takes: the blocks of East Asian scripts and pictures two, marks above others none.
const fn width(letter: char) -> usize {
    match letter as u32 {
        0x300..=0x36f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1_f300..=0x1_faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::found::Found;
    use super::super::found::tests::{after, failed, lost, record, seen, told};
    use super::super::{Trouble, found};
    use super::*;
    use crate::state::Doing;
    use crate::status::State;

    fn lines(rows: &[Row<'_>], width: Option<usize>, colours: bool) -> Vec<String> {
        let mut out = Vec::new();
        write(&mut out, rows, Style { width, colours });
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    fn row<'a>(name: &'a [u8], look: found::Look, log: Option<found::Look>) -> Row<'a> {
        Row::of(&Found { name, own: Ok(look), log: log.map(Ok), now: after(3700) })
    }

    fn three() -> [Row<'static>; 3] {
        let run = seen(record(State::Run, 712, b'u'), false);
        [
            row(b"ssh", run, Some(run)),
            row(b"web", seen(failed(), false), None),
            row(b"very-long-name-of-a-service-that-somebody-gave", lost(Trouble::NotRunning), None),
        ]
    }

    #[test]
    fn aligned() {
        assert_eq!(
            lines(&three(), None, false),
            [
                "STATE   NAME                                            PID  UPTIME  LOG  NORMALLY  NOTE",
                "run     ssh                                             712  1h 1m   run  up",
                "failed  web                                             -    1h 1m   -    up        exit 1, 5 ends in 60 s",
                "?       very-long-name-of-a-service-that-somebody-gave  -    -       -    -         runsv not running",
            ]
        );
        assert!(lines(&[], None, true).is_empty());
    }

    #[test]
    fn it_fits_whatever_the_width() {
        for width in [0, 20, 40, 60, 72, 80, 100, 132, 200] {
            for line in lines(&three(), Some(width), false) {
                // Beyond what is the least of all columns nothing can be cut.
                assert!(columns(line.as_bytes()) <= width.max(50), "{width}: {line}");
                assert!(!line.ends_with(' '), "{line:?}");
            }
        }
        let lines = lines(&three(), Some(80), false);
        assert_eq!(
            lines[3],
            "?       very-long-name-of-a-serv~  -    -       -    -         runsv not running"
        );
    }

    #[test]
    fn colours_mean_something() {
        let run = record(State::Run, 712, b'u');
        let idle = seen(record(State::Down, 0, b'd'), true);
        let rows = [
            row(b"a", seen(run, false), None),
            row(b"b", seen(told(run, Doing::Run, Some(false)), false), Some(idle)),
            row(b"c", idle, None),
            row(b"d", seen(failed(), false), None),
        ];
        let lines = lines(&rows, None, true);
        assert!(lines[0].starts_with("\x1b[1mSTATE\x1b[0m   \x1b[1mNAME\x1b[0m"), "{lines:?}");
        assert!(lines[1].starts_with("\x1b[32mrun\x1b[0m     a     712"), "{lines:?}");
        assert!(lines[2].starts_with("\x1b[33mrun\x1b[0m ") && lines[2].contains("\x1b[2mdown\x1b[0m"));
        assert!(lines[3].starts_with("\x1b[2mdown\x1b[0m "), "{lines:?}");
        assert!(lines[4].starts_with("\x1b[1;31mfailed\x1b[0m "), "{lines:?}");
        let plain = |line: &String| {
            let mut text = line.clone();
            for code in ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[1;31m"] {
                text = text.replace(code, "");
            }
            text
        };
        let without: Vec<String> = lines.iter().map(plain).collect();
        assert_eq!(without, super::tests::lines(&rows, None, false), "colours take no room");
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        let run = seen(record(State::Run, 1, b'u'), false);
        let names: [&[u8]; 4] = [b"a\x1b[2J", b"b\xff\n", "c\u{9b}2J".as_bytes(), "数据库".as_bytes()];
        let rows = names.map(|name| row(name, run, None));
        let lines = lines(&rows, None, false);
        assert_eq!(
            lines[1..].iter().map(|line| line[7..].split(' ').next().unwrap()).collect::<Vec<_>>(),
            ["a?[2J", "b??", "c?2J", "数据库"],
            "{lines:?}"
        );
        let at: Vec<usize> =
            lines[1..].iter().map(|line| columns(line.split("  1 ").next().unwrap().as_bytes())).collect();
        assert!(at.windows(2).all(|two| two[0] == two[1]), "aligned: {lines:?}");
    }

    #[test]
    fn cuts() {
        let cut = |text: &str, most| {
            let mut out = Vec::new();
            show(&mut out, text.as_bytes(), most);
            String::from_utf8(out).unwrap()
        };
        assert_eq!([cut("abcdef", 6), cut("abcdef", 5), cut("abcdef", 1)], ["abcdef", "abcd~", "~"]);
        assert_eq!([cut("数据库", 6), cut("数据库", 5), cut("数据库", 4)], ["数据库", "数据~", "数~ "]);
    }
}
