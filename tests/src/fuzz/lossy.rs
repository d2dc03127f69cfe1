//! What svlogd makes of its input while a directory takes nothing and nobody waits for it (`--lossy`): whatever
//! is kept stands in order, each line once and whole, and together with what is said to be lost it is all that
//! was read.
use super::Target;
use super::svlogd::{Obvious, obvious_config, options, parts, read, without_udp};
use platform_sim::Random;
use runit::svlogd::{Config, Input, Job, Lines, Need, Options, Way};

/// How many bytes of a line count, how much is read at once, how much fits into the output, which options, what
/// luck the disk has; then a `config`, two 0, and the input.
pub const LOSSY: Target = Target {
    name: "svlogd_lossy",
    body: lossy,
    words: &[
        "\0\0",
        "\n",
        "\n\n\n\n\n\n\n\n",
        "s50\n",
        "s300\n",
        "ptext\n",
        "-*\n",
        "+*a\n",
        "e*\n",
        "Ea*\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "a\nb\nc\nd\n",
    ],
};

/// A directory with a disk that takes nothing at times.
struct Files {
    files: Vec<Vec<u8>>,
    copies: Vec<u8>,
    output: Vec<u8>,
    /// So much of it is for lines.
    room: usize,
    lines: Lines,
    stuck: bool,
    /// The last file ends within a line.
    torn: bool,
    random: Random,
}

impl Files {
    /// The job with the size of the file.
    fn sized<'a>(&self, job: &Job<'a>) -> Job<'a> {
        Job { size: self.files.last().map_or(0, Vec::len) as u64, ..*job }
    }

    /// Takes what is ready, or as much as goes.
    fn pump(&mut self, job: &Job<'_>) {
        for _ in 0..10_000 {
            if self.stuck {
                return;
            }
            let job = self.sized(job);
            let need = self.lines.take(&job, &mut self.output[..self.room], false);
            match need {
                Need::Nothing => return,
                Need::Copy { .. } => self.copy(&job),
                // In some pieces; between any two of them the disk may be full.
                Need::Write | Need::Rotate if self.lines.owed() > 0 => {
                    let count = 1 + self.random.below(self.lines.owed() as u64) as usize;
                    self.files.last_mut().expect("a file").extend_from_slice(&self.output[..count]);
                    self.lines.written(&mut self.output, count);
                    self.stuck = self.random.chance(20);
                }
                Need::Write => panic!("nothing to write"),
                Need::Rotate if self.random.chance(20) => self.stuck = true,
                Need::Rotate => {
                    self.files.push(Vec::new());
                    self.lines.renewed();
                    self.stuck = self.random.chance(20);
                }
            }
        }
        panic!("it never ends");
    }

    fn copy(&mut self, job: &Job<'_>) {
        self.copies.extend_from_slice(self.lines.compose(job, b"", &mut self.output));
    }

    /// Makes room for what is read next.
    fn give_way(&mut self, job: &Job<'_>) {
        let job = self.sized(job);
        while self.lines.take(&job, &mut self.output[..self.room], true) != Need::Nothing {
            self.copy(&job);
        }
    }
}

fn lossy(input: &[u8]) -> bool {
    let Some((&[length, chunk, room, which, luck], rest)) = input.split_first_chunk() else { return false };
    let (text, stream) = parts(rest);
    if stream.windows(5).any(|part| part == b" lost") {
        return false;
    }
    let text = without_udp(text);
    let options = Options { lossy: true, ..options(1 + usize::from(length % 40), which) };
    let (config, rules, _) = read(&text);
    let stamped = which & 4 != 0;
    let head = config.prefix(&rules).to_vec();
    let room = 64 + head.len() + usize::from(room);
    let mut files = Files {
        files: vec![Vec::new()],
        copies: Vec::new(),
        output: vec![0; room + options.spared()],
        room,
        lines: Lines::default(),
        stuck: false,
        torn: false,
        random: Random::new(luck.into()),
    };
    let run = Run { options, config, rules, stamped, chunk: 1 + usize::from(chunk % 64) };
    let (told, reads) = run.go(&mut files, stream);
    let (records, copies) = run.records(stream, &reads, &obvious_config(&text));
    assert_eq!(files.copies.escape_ascii().to_string(), copies.escape_ascii().to_string());
    run.judge(&files, told, &records)
}

struct Run {
    options: Options,
    config: Config,
    rules: Vec<u8>,
    stamped: bool,
    chunk: usize,
}

impl Run {
    /// The stamp of a read.
    fn stamp(&self, read: usize) -> Vec<u8> {
        if self.stamped { format!("{read:04} ").into_bytes() } else { Vec::new() }
    }

    fn job<'a>(&'a self, text: &'a [u8], stamps: (&'a [u8], &'a [u8])) -> Job<'a> {
        let (config, rules, length) = (&self.config, &self.rules, self.options.length);
        let way = if self.stamped { Way::Single } else { config.way(&self.options) };
        Job { text, stamps, length, config, rules, size: 0, way }
    }

    /// Has all of it read: how many lines are said to be lost at the end, and where each read began.
    fn go(&self, files: &mut Files, stream: &[u8]) -> (u64, Vec<usize>) {
        let replace = self.options.replace.as_ref();
        let mut buffer = vec![0; self.options.length + 20];
        let mut from = Input::new(self.options.length);
        let (mut rest, mut reads) = (stream, Vec::new());
        let (mut earlier, mut stamp) = (Vec::new(), Vec::new());
        while !rest.is_empty() {
            let part = from.room(&mut buffer);
            let count = part.len().min(self.chunk).min(rest.len());
            part[..count].copy_from_slice(&rest[..count]);
            stamp = self.stamp(reads.len());
            reads.push(stream.len() - rest.len());
            rest = &rest[count..];
            from.fed(&mut buffer, count, replace);
            if rest.is_empty() {
                from.finish(&mut buffer, replace);
            }
            let first = if from.held() { &earlier } else { &stamp };
            let job = self.job(from.ready(&buffer), (first, &stamp));
            files.stuck ^= files.random.chance(20);
            files.pump(&job);
            if !files.lines.is_done(from.count()) {
                files.give_way(&job);
            }
            if from.taken(&mut buffer) {
                earlier.clone_from(&stamp);
            }
            files.lines.restart();
        }
        files.stuck &= files.random.chance(50);
        let job = self.job(b"", (&stamp, &stamp));
        files.pump(&job);
        files.torn = files.lines.is_torn();
        let told = if files.lines.is_done(0) { 0 } else { files.lines.forsake(&files.output) };
        (told, reads)
    }

    /// The records that are chosen, and the copies, which are made of lost lines, too.
    fn records(&self, stream: &[u8], reads: &[usize], obvious: &Obvious) -> (Vec<Vec<u8>>, Vec<u8>) {
        let head = self.config.prefix(&self.rules);
        let (mut records, mut copies, mut at) = (Vec::new(), Vec::new(), 0);
        for line in stream.split_inclusive(|byte| *byte == b'\n') {
            let stamp = self.stamp(reads.partition_point(|began| *began <= at) - 1);
            at += line.len();
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            let (counts, tail) = line.split_at(line.len().min(self.options.length));
            let mut counts = counts.to_vec();
            if let Some(replace) = &self.options.replace {
                replace.apply(&mut counts);
            }
            let (file, copy) = obvious.choose(&counts);
            if file {
                records.push([&stamp, head, &counts, tail, b"\n"].concat());
            }
            if copy {
                let dots: &[u8] = if counts.len() == self.options.length { b"..." } else { b"" };
                copies.extend([&stamp, head, &counts, dots, b"\n"].concat());
            }
        }
        (records, copies)
    }

    /// What a line says of lost ones: how many, as it has to be said.
    fn note(&self, line: &[u8]) -> Option<u64> {
        let head = self.config.prefix(&self.rules);
        let text = line.get(self.stamp(0).len()..)?.strip_prefix(head)?.strip_prefix(b"svlogd: ")?;
        let digits: String =
            text.iter().filter(|byte| byte.is_ascii_digit()).map(|byte| char::from(*byte)).collect();
        let count: u64 = digits.parse().ok()?;
        let mut wanted = digits;
        for at in (1..wanted.len()).rev().filter(|at| (wanted.len() - at) % 3 == 0).collect::<Vec<_>>() {
            wanted.insert(at, ',');
        }
        let plural = if count == 1 { "" } else { "s" };
        assert_eq!(text.escape_ascii().to_string(), format!("{wanted} line{plural} lost\\n"));
        Some(count)
    }

    /// All records are there or said to be lost, in order; whether some were lost.
    fn judge(&self, files: &Files, told: u64, records: &[Vec<u8>]) -> bool {
        let (mut next, mut notes) = (0, 0);
        let limit = self.config.size;
        let full = limit.checked_sub(self.options.length as u64).unwrap_or(limit);
        for (at, file) in files.files.iter().enumerate() {
            assert!(at + 1 == files.files.len() || !file.is_empty(), "an empty file is put aside");
            let (mut size, mut count) = (0, 0);
            for line in file.split_inclusive(|byte| *byte == b'\n') {
                let shown = line.escape_ascii();
                if !line.ends_with(b"\n") {
                    // Its rest was given up, and it is among those.
                    assert!(at + 1 == files.files.len() && files.torn && told > 0, "torn: {shown}");
                    break;
                }
                assert!(limit == 0 || count == 0 || size < full, "a full file goes on with {shown}");
                (size, count) = (size + line.len() as u64, count + 1);
                if let Some(lost) = self.note(line) {
                    (next, notes) = (next + lost, notes + 1);
                    assert!(limit == 0 || count == 1 || size <= limit, "a file is too large");
                    continue;
                }
                let record = usize::try_from(next).ok().and_then(|next| records.get(next));
                let Some(record) = record else { panic!("more lines than there were: {shown}") };
                next += 1;
                let long = record.len() > files.room;
                let cut = line.strip_suffix(b"...\n").filter(|_| long);
                let same = line == record.as_slice() || cut.is_some_and(|cut| record.starts_with(cut));
                assert!(same, "{shown} for {}", record.escape_ascii());
                // What is behind the bytes that count comes when it comes.
                let parts = record.len()
                    > self.stamp(0).len() + self.config.prefix(&self.rules).len() + self.options.length;
                assert!(parts || limit == 0 || count == 1 || size <= limit, "a file is too large");
            }
        }
        assert_eq!(next + told, records.len() as u64, "{told} told at the end");
        notes > 0 || told > 0
    }
}
