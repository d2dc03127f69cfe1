//! What svlogd reads, and what it makes of its input.
use super::Target;
use runit::svlogd::{Config, Input, Job, Lines, Need, Options, Replace, compact, matches};

/// A pattern, 0, a text.
pub const PATTERN: Target = Target {
    name: "svlogd_pattern",
    body: pattern,
    words: &["*", "+", "**", "++", "*+", "+a", "aaa", "\0", "*b", "ab", "+*"],
};

fn pattern(input: &[u8]) -> bool {
    let at = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (pattern, text) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let found = matches(pattern, text);
    assert_eq!(found, obvious_match(pattern, text));
    found
}

/// The table of the language, row by row.
fn obvious_match(pattern: &[u8], text: &[u8]) -> bool {
    let Some(element) = pattern.first() else { return text.is_empty() };
    match element {
        b'*' if pattern.len() == 1 => true,
        b'*' => match text.iter().position(|byte| *byte == pattern[1]) {
            Some(at) => obvious_match(&pattern[1..], &text[at..]),
            None => false,
        },
        b'+' => {
            let Some(repeated) = pattern.get(1) else { return false };
            let mut rest = text;
            while rest.first() == Some(repeated) {
                rest = &rest[1..];
            }
            let some = rest.len() < text.len();
            some && (rest.is_empty() || obvious_match(&pattern[2..], rest))
        }
        _ => text.first() == Some(element) && obvious_match(&pattern[1..], &text[1..]),
    }
}

/// A `config`, then two 0, then lines to choose from.
pub const CONFIG: Target = Target {
    name: "svlogd_config",
    body: config,
    words: &[
        "s",
        "s100k\n",
        "s1m\n",
        "n",
        "N0\n",
        "t5h\n",
        "t1m\n",
        "u1.2.3.4\n",
        "U1.2.3.4:5\n",
        "u1.2.3\n",
        ":0\n",
        "p",
        "ptext\n",
        "!",
        "!cmd\n",
        "+",
        "-",
        "e",
        "E",
        "-*\n",
        "+a*\n",
        "e*b\n",
        "E\n",
        "\n",
        "\0",
        "\0\0",
        "18446744073709551617",
        "\r\n",
    ],
};

/// What a `config` says, put together line by line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Obvious {
    size: u64,
    keep: u64,
    least: u64,
    every: u32,
    udp: Option<([u8; 4], u16)>,
    away: bool,
    prefix: Vec<u8>,
    processor: Option<Vec<u8>>,
    rules: Vec<Vec<u8>>,
    wrong: usize,
}

/// The digits at the beginning, modulo 2^64, and what follows.
fn digits(text: &[u8]) -> (u64, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value =
        text[..count].iter().fold(0_u128, |sum, digit| (sum * 10 + u128::from(digit - b'0')) % (1 << 64));
    (u64::try_from(value).expect("64 bits"), &text[count..])
}

fn address(text: &[u8]) -> Option<([u8; 4], u16)> {
    let mut ip = [0; 4];
    let mut rest = text;
    for (at, part) in ip.iter_mut().enumerate() {
        if at > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        if !rest.first()?.is_ascii_digit() {
            return None;
        }
        let (value, after) = digits(rest);
        *part = u8::try_from(value % 256).expect("a byte");
        rest = after;
    }
    let port = match rest.first() {
        Some(b':') => u16::try_from(digits(&rest[1..]).0 % 65_536).expect("16 bits"),
        _ => 514,
    };
    (port != 0).then_some((ip, port))
}

pub(super) fn obvious_config(text: &[u8]) -> Obvious {
    let mut it = Obvious {
        size: 1_000_000,
        keep: 10,
        least: 10,
        every: 0,
        udp: None,
        away: false,
        prefix: Vec::new(),
        processor: None,
        rules: Vec::new(),
        wrong: 0,
    };
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    // Behind the last newline is a line only if it has two bytes or more.
    if lines.last().is_some_and(|last| last.len() < 2) {
        lines.pop();
    }
    for line in lines {
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let Some(value) = line.get(1..) else { continue };
        let (number, rest) = digits(value);
        let times = |letter: u8, factor: u64| if rest.first() == Some(&letter) { factor } else { 1 };
        match line[0] {
            b's' => it.size = number.wrapping_mul(times(b'k', 1024) * times(b'm', 1 << 20)),
            b'n' => it.keep = number,
            b'N' => it.least = number,
            b't' => {
                let seconds = u128::from(number) * u128::from(times(b'm', 60) * times(b'h', 3600));
                it.every = u32::try_from(seconds % (1 << 32)).expect("32 bits");
            }
            b'u' | b'U' => {
                it.udp = address(value);
                it.away = it.udp.is_some() && line[0] == b'U';
                it.wrong += usize::from(it.udp.is_none());
            }
            b'p' if !value.is_empty() => it.prefix = value.to_vec(),
            b'!' if !value.is_empty() => it.processor = Some(value.to_vec()),
            b'+' | b'-' | b'e' | b'E' => it.rules.push(line.to_vec()),
            _ => {}
        }
    }
    it
}

impl Obvious {
    /// For the file, for descriptor 2.
    pub(super) fn choose(&self, line: &[u8]) -> (bool, bool) {
        let mut chosen = (true, false);
        for rule in self.rules.iter().filter(|rule| obvious_match(&rule[1..], line)) {
            match rule[0] {
                b'+' => chosen.0 = true,
                b'-' => chosen.0 = false,
                b'e' => chosen.1 = true,
                _ => chosen.1 = false,
            }
        }
        chosen
    }
}

/// Has a text read by svlogd.
pub(super) fn read(text: &[u8]) -> (Config, Vec<u8>, usize) {
    let mut rules = [text, b"\0"].concat();
    let mut wrong = 0;
    let config = compact(&mut rules, |_| wrong += 1);
    (config, rules, wrong)
}

/// What is before and behind two zeros.
pub(super) fn parts(input: &[u8]) -> (&[u8], &[u8]) {
    match input.windows(2).position(|pair| pair == b"\0\0") {
        Some(at) => (&input[..at], &input[at + 2..]),
        None => (input, b""),
    }
}

fn config(input: &[u8]) -> bool {
    let (text, lines) = parts(input);
    let obvious = obvious_config(text);
    let (config, rules, wrong) = read(text);
    let found = Obvious {
        size: config.size,
        keep: config.keep,
        least: config.least,
        every: config.every,
        udp: config.udp.map(|udp| (udp.ip, udp.port)),
        away: config.away,
        prefix: config.prefix(&rules).to_vec(),
        processor: config.processor(&rules).map(|command| command.to_bytes().to_vec()),
        rules: obvious.rules.clone(),
        wrong,
    };
    assert_eq!(found, obvious);
    for line in lines.split(|byte| *byte == b'\n') {
        assert_eq!(
            config.choose(&rules, line),
            obvious.choose(line),
            "{:?}",
            line.escape_ascii().to_string()
        );
    }
    config != Config::default()
}

/// How many bytes of a line count, how much is read at once, how much fits into the output, which
/// bytes are replaced; then a `config`, two 0, and the input.
pub const LINES: Target = Target {
    name: "svlogd_lines",
    body: lines,
    words: &[
        "\0\0",
        "\n",
        "s50\n",
        "s9\n",
        "ptext\n",
        "-*\n",
        "+*a\n",
        "e*\n",
        "Ea*\n",
        "aaaaaaaaaaaaaaaaaaaa",
        "a\n",
        "\x01\n",
        "\x7f",
    ],
};

/// The options of a command line.
pub(super) fn options(length: usize, replace: u8) -> Options {
    let length = length.to_string();
    let mut words: Vec<&[u8]> = vec![b"svlogd", b"-b", b"100000", b"-l", length.as_bytes()];
    match replace % 3 {
        1 => words.extend([b"-r".as_slice(), b"?"]),
        2 => words.extend([b"-R".as_slice(), b"ab"]),
        _ => {}
    }
    words.push(b"dir");
    Options::read(|at| words.get(at).copied()).expect("options")
}

/// A directory without a disk.
struct Files {
    files: Vec<Vec<u8>>,
    copies: Vec<u8>,
    output: Vec<u8>,
    lines: Lines,
}

impl Files {
    /// Takes what is ready, as svlogd does.
    fn pump(&mut self, text: &[u8], options: &Options, config: &Config, rules: &[u8]) {
        let length = options.length;
        for _ in 0..10_000 {
            let size = self.files.last().map_or(0, Vec::len) as u64;
            let job = Job { text, stamps: (b"", b""), length, config, rules, size, way: config.way(options) };
            match self.lines.take(&job, &mut self.output, false) {
                Need::Nothing => return,
                Need::Rotate if self.lines.owed() == 0 => {
                    self.files.push(Vec::new());
                    self.lines.renewed();
                }
                Need::Write | Need::Rotate => {
                    assert!(self.lines.owed() > 0, "nothing to write");
                    // In two writes.
                    while self.lines.owed() > 0 {
                        let count = self.lines.owed().div_ceil(2);
                        let file = self.files.last_mut().expect("a file");
                        file.extend_from_slice(&self.output[..count]);
                        self.lines.written(&mut self.output, count);
                    }
                }
                Need::Copy { stderr, udp } => {
                    assert!(stderr && !udp);
                    self.copies.extend_from_slice(self.lines.compose(&job, b"", &mut self.output));
                }
            }
        }
        panic!("it never ends");
    }
}

/// A config without the lines of `u` and `U`: what goes by UDP is the business of others.
pub(super) fn without_udp(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.filter(|line| !line.starts_with(b"u") && !line.starts_with(b"U")).flatten().copied().collect()
}

fn lines(input: &[u8]) -> bool {
    let Some((&[length, chunk, room, which], rest)) = input.split_first_chunk() else { return false };
    let (text, stream) = parts(rest);
    let text = without_udp(text);
    let options = options(1 + usize::from(length % 40), which);
    let (length, replace) = (options.length, options.replace.as_ref());
    let (config, rules, _) = read(&text);
    let obvious = obvious_config(&text);
    let head = config.prefix(&rules).to_vec();
    let space = 64 + length + head.len() + usize::from(room);
    let mut files = Files {
        files: vec![Vec::new()],
        copies: Vec::new(),
        output: vec![0; space],
        lines: Lines::default(),
    };
    let mut buffer = vec![0; length + 3 + usize::from(room % 16)];
    let mut from = Input::new(length);
    let mut rest = stream;
    while !rest.is_empty() {
        let part = from.room(&mut buffer);
        let count = part.len().min(1 + usize::from(chunk % 64)).min(rest.len());
        assert!(count > 0, "no room");
        part[..count].copy_from_slice(&rest[..count]);
        rest = &rest[count..];
        from.fed(&mut buffer, count, replace);
        files.pump(from.ready(&buffer), &options, &config, &rules);
        from.taken(&mut buffer);
        files.lines.restart();
    }
    from.finish(&mut buffer, replace);
    files.pump(from.ready(&buffer), &options, &config, &rules);
    from.taken(&mut buffer);
    assert!(files.lines.owed() == 0 && from.count() == 0);
    compare(&files, &obvious, stream, length, replace, &head);
    obvious.rules.len() > 1
}

/// All the lines that are chosen are there, in order, in files of whole lines.
fn compare(
    files: &Files,
    obvious: &Obvious,
    stream: &[u8],
    length: usize,
    replace: Option<&Replace>,
    head: &[u8],
) {
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut copies = Vec::new();
    for line in stream.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let (counts, tail) = line.split_at(line.len().min(length));
        let mut counts = counts.to_vec();
        if let Some(replace) = replace {
            replace.apply(&mut counts);
        }
        let (file, copy) = obvious.choose(&counts);
        if file {
            records.push([head, &counts, tail, b"\n"].concat());
        }
        if copy {
            let dots: &[u8] = if counts.len() == length { b"..." } else { b"" };
            copies.extend([head, &counts, dots, b"\n"].concat());
        }
    }
    assert_eq!(files.files.concat().escape_ascii().to_string(), records.concat().escape_ascii().to_string());
    assert_eq!(files.copies.escape_ascii().to_string(), copies.escape_ascii().to_string());
    let mut records = records.iter();
    let limit = obvious.size;
    for file in &files.files {
        let (mut size, mut before, mut count) = (0, 0, 0);
        while size < file.len() {
            before = size;
            let record = records.next().expect("a record");
            size += record.len();
            count += 1;
            // What is behind the bytes that count comes when it comes.
            let whole = record.len() <= head.len() + length;
            assert!(!whole || count == 1 || limit == 0 || size as u64 <= limit, "a file is too large");
        }
        assert_eq!(size, file.len(), "a file ends within a line");
        assert!(limit == 0 || count <= 1 || (before as u64) < limit, "a file goes on");
    }
}
