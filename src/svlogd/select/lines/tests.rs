//! What lines become, on both ways.
use super::super::config::compact;
use super::*;
use crate::svlogd::input::stamp::Style;
use crate::svlogd::{Input, Options};

/// A small generator of numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// The files that come of records, said one record at a time.
fn obvious(records: &[Vec<u8>], size: usize, length: usize) -> Vec<Vec<u8>> {
    let mut files = vec![Vec::new()];
    for record in records {
        let last = files.last_mut().unwrap();
        if size > 0 && !last.is_empty() && last.len() + record.len() > size {
            files.push(record.clone());
        } else {
            last.extend(record);
        }
        let full = if size >= length { size - length } else { size };
        if size > 0 && files.last().unwrap().len() >= full {
            files.push(Vec::new());
        }
    }
    files
}

/// What is to be done with a text.
struct Task<'a> {
    text: &'a [u8],
    config: &'a str,
    /// `-t` or another option.
    option: &'a str,
    length: usize,
    /// How much the buffer holds.
    room: usize,
}

/// The files that come of a text that is read in parts, with a buffer whose writes take as much as `random`
/// likes; and the copies. `slow`: though lines could go many at once they do not.
fn files(task: &Task<'_>, slow: bool, random: &mut Random) -> (Vec<Vec<u8>>, Vec<u8>, Way) {
    let mut rules = [task.config.as_bytes(), &[0]].concat();
    let config = compact(&mut rules, |wrong| panic!("{wrong:?}"));
    let length = task.length.to_string();
    let words = ["svlogd", "-b", "100000", "-l", &length, task.option, "dir"];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let options = Options::read(|at| words.get(at).map(|word| word.as_bytes())).expect("options");
    let stamp: &[u8] = if options.style == Style::None { b"" } else { b"stamp " };
    let way = if slow { Way::Single } else { config.way(&options) };
    let mut input = vec![0; options.length + 60];
    let mut state = Input::new(options.length);
    let (mut buffer, mut lines, mut files) = (vec![0; task.room], Lines::default(), vec![Vec::new()]);
    let mut copies = Vec::new();
    let mut rest = task.text;
    loop {
        if rest.is_empty() {
            state.finish(&mut input, options.replace.as_ref());
        } else {
            let most = 1 + random.below(60) as usize;
            let count = platform::copy(&rest[..rest.len().min(most)], state.room(&mut input));
            state.fed(&mut input, count, options.replace.as_ref());
            rest = &rest[count..];
        }
        let ended = rest.is_empty() && !state.open();
        loop {
            let file: &mut Vec<u8> = files.last_mut().unwrap();
            let job = Job {
                text: state.ready(&input),
                stamps: (stamp, stamp),
                length: options.length,
                config: &config,
                rules: &rules,
                size: file.len() as u64,
                way,
            };
            let need = lines.take(&job, &mut buffer, false);
            match need {
                Need::Nothing => break,
                Need::Rotate if lines.owed() == 0 => {
                    files.push(Vec::new());
                    lines.renewed();
                }
                Need::Write | Need::Rotate => {
                    let count = 1 + random.below(lines.owed() as u64) as usize;
                    file.extend(&buffer[..count]);
                    lines.written(&mut buffer, count);
                }
                Need::Copy { stderr, udp } => {
                    copies.push(u8::from(stderr) * 2 + u8::from(udp));
                    copies.extend(lines.compose(&job, b"", &mut buffer));
                }
            }
        }
        assert!(lines.is_done(state.count()));
        state.taken(&mut input);
        lines.restart();
        if ended {
            return (files, copies, way);
        }
    }
}

/// A text of lines from three letters.
fn some_lines(random: &mut Random) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..random.below(30) {
        let long = if random.below(10) == 0 { 150 } else { 25 };
        text.extend((0..random.below(long)).map(|_| b'a' + random.below(3) as u8));
        text.push(b'\n');
    }
    text
}

/// Every line that a config may have, with and without every other, and every option that changes lines: where
/// lines may go many at once, they come to the same as one at a time.
#[test]
fn both_ways() {
    const LINES: [&str; 12] = [
        "s40\n",
        "n3\n",
        "N2\n",
        "t5\n",
        "!cat\n",
        "-a*\n",
        "+ab*\n",
        "e*b\n",
        "Ea*\n",
        "pprefix: \n",
        "u1.2.3.4\n",
        "U1.2.3.4\n",
    ];
    let mut random = Random(5);
    let (mut many, mut single) = (0, 0);
    for option in ["", "-t", "-tt", "-ttt", "-v", "-rx", "-Ra"] {
        for which in 0..1 << LINES.len() {
            let chosen = LINES.iter().enumerate().filter(|(at, _)| which >> at & 1 == 1);
            let config: String = chosen.map(|(_, line)| *line).collect();
            let text = some_lines(&mut random);
            // No line is so long that it comes in parts: then the file it is for depends on when it came.
            let task = Task { text: &text, config: &config, option, length: 200, room: 700 };
            let (fast, copied, way) = files(&task, false, &mut random);
            let (slow, wanted, _) = files(&task, true, &mut random);
            assert_eq!((fast, copied), (slow, wanted), "{option} {config:?}");
            *(if way == Way::Many { &mut many } else { &mut single }) += 1;
        }
    }
    // The numbers, the processor, and an `E` that takes nothing back.
    assert_eq!((many, single), (4 * 64, 7 * 4096 - 4 * 64));
}

#[test]
fn as_the_obvious_one() {
    let mut random = Random(3);
    let mut rotated = 0;
    for _ in 0..3000 {
        let length = 1 + random.below(80) as usize;
        let size = [0, 1, 20, 60, 200][random.below(5) as usize];
        let option = if random.below(2) == 0 { "" } else { "-t" };
        let stamp: &[u8] = if option.is_empty() { b"" } else { b"stamp " };
        let (selects, prefix) = (random.below(2) == 0, random.below(3) == 0);
        let mut config = format!("s{size}\n");
        config += if selects { "-a*\n" } else { "" };
        config += if prefix { "pprefix: \n" } else { "" };
        let mut text = some_lines(&mut random);
        let mut records = Vec::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !(selects && line.starts_with(b"a")) {
                let prefix: &[u8] = if prefix { b"prefix: " } else { b"" };
                records.push([stamp, prefix, line].concat());
            }
        }
        if random.below(3) == 0 && !text.ends_with(b"\n\n") && text.len() > 1 {
            text.pop();
        }
        let room = 16 + random.below(80) as usize;
        let task = Task { text: &text, config: &config, option, length, room };
        let (found, _, _) = files(&task, false, &mut random);
        assert_eq!(found.concat(), records.concat(), "{config:?} -l {length}, buffer {room}");
        assert!(found.iter().all(|file| file.is_empty() || file.ends_with(b"\n")), "DEV-70");
        // Of a line that comes in parts the length is not known when its file is chosen.
        let short = records.iter().all(|record| record.len() < length);
        if short {
            assert_eq!(found, obvious(&records, size, length), "{config:?} -l {length}, buffer {room}");
        }
        rotated += usize::from(short && found.len() > 2);
    }
    assert!(rotated > 100, "{rotated}");
}
