//! From the input to the buffer of one directory: which lines go there, with what in front, and
//! where its file ends.
use super::config::Config;

/// Where the input stands for a directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Place {
    /// At the beginning of a line.
    #[default]
    Start,
    /// Its line is to be copied to descriptor 2 or sent; then it goes to the file, or not.
    Copy(bool),
    /// Its line goes to the file; so much of what comes in front of it is there.
    Head(usize),
    /// Within a line that goes to the file.
    Text,
    /// Within a line that does not.
    Skip,
}

/// What has to be done before the next line can be taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Need {
    /// Nothing: all was taken.
    Nothing,
    /// Write the buffer to the file.
    Write,
    /// The file has its size: write the buffer, then begin a new one.
    Rotate,
    /// Copy the line; see [`Lines::compose`].
    Copy {
        /// To descriptor 2.
        stderr: bool,
        /// By UDP.
        udp: bool,
    },
}

/// What a directory makes of the input.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// What is ready.
    pub text: &'a [u8],
    /// The stamp of its first line and that of the others.
    pub stamps: (&'a [u8], &'a [u8]),
    /// What counts of a line.
    pub length: usize,
    /// The directory's.
    pub config: &'a Config,
    /// The directory's.
    pub rules: &'a [u8],
    /// How much the file has.
    pub size: u64,
    /// Lines go to the file as they are, all of them; see [`Job::is_plain`].
    pub plain: bool,
}

impl<'a> Job<'a> {
    /// Whether nothing is done to lines.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let config = self.config;
        let (stamp, prefix) = self.head(1);
        stamp.is_empty() && prefix.is_empty() && !config.selects && !config.copies && config.udp.is_none()
    }

    fn head(&self, at: usize) -> (&'a [u8], &'a [u8]) {
        let stamp = if at == 0 { self.stamps.0 } else { self.stamps.1 };
        (stamp, self.config.prefix(self.rules))
    }

    /// The line at a place, or as much of it as is there, with its newline.
    fn line(&self, at: usize) -> &'a [u8] {
        let rest = self.text.get(at..).unwrap_or_default();
        let length = platform::find(rest, b'\n').map_or(rest.len(), |end| end.saturating_add(1));
        rest.get(..length).unwrap_or_default()
    }

    /// What counts of the line at a place.
    fn counts(&self, at: usize) -> &'a [u8] {
        let line = self.line(at);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.get(..self.length).unwrap_or(line)
    }

    /// A file that has so much after a line gets no other. C runit computes the difference without
    /// a sign, so that a size below `-l` would never be reached here (DEV-70). A line is never cut:
    /// one that is longer than the file may be has a file of its own.
    fn threshold(&self) -> u64 {
        self.config.size.checked_sub(self.length as u64).unwrap_or(self.config.size)
    }
}

/// How far a directory is with the input, and how much is in its buffer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines {
    at: usize,
    place: Place,
    /// The line that was just finished fills the file.
    full: bool,
    /// A new file is to be begun for another reason.
    due: bool,
    filled: usize,
}

/// What comes before a copied line that could not be sent, at most.
const NOTE: usize = 48;

impl Lines {
    /// Begins with what comes after `at` bytes of the present input, which end within a line if
    /// `within`: the rest of that line is not for this directory.
    #[must_use]
    pub const fn new(at: usize, within: bool) -> Lines {
        let place = if within { Place::Skip } else { Place::Start };
        Lines { at, place, full: false, due: false, filled: 0 }
    }

    /// Whether everything up to `end` was taken, and nothing is left to be written.
    #[must_use]
    pub const fn is_done(&self, end: usize) -> bool {
        self.at >= end && self.filled == 0
    }

    /// How much is in the buffer.
    #[must_use]
    pub const fn filled(&self) -> usize {
        self.filled
    }

    /// So much of the buffer was written.
    pub fn written(&mut self, buffer: &mut [u8], count: usize) {
        platform::to_front(buffer, count, self.filled);
        self.filled = self.filled.saturating_sub(count);
    }

    /// A new file is to be begun before the next line. Nothing is left of that if this one, which
    /// has so much, is empty.
    pub fn rotate(&mut self, size: u64) {
        self.due = size > 0 || self.filled > 0;
    }

    /// A new file was begun.
    pub fn renewed(&mut self) {
        (self.full, self.due) = (false, false);
    }

    /// The input begins anew behind what was ready.
    pub fn restart(&mut self) {
        self.at = 0;
    }

    /// Takes lines until something has to be done first.
    pub fn take(&mut self, job: &Job<'_>, buffer: &mut [u8]) -> Need {
        let limit = job.config.size;
        loop {
            let planned = job.size.saturating_add(self.filled as u64);
            match self.place {
                Place::Start => {
                    if self.full || self.due {
                        return Need::Rotate;
                    }
                    if self.at >= job.text.len() {
                        return if self.filled > 0 { Need::Write } else { Need::Nothing };
                    }
                    if job.plain && self.many(job, buffer) {
                        continue;
                    }
                    let (file, stderr) = match (job.config.selects, job.config.copies) {
                        (false, false) => (true, false),
                        (true, _) | (_, true) => job.config.choose(job.rules, job.counts(self.at)),
                    };
                    let udp = file && job.config.udp.is_some();
                    let file = file && !(udp && job.config.away);
                    if stderr || udp {
                        if self.filled > 0 && self.spare(buffer) < self.copied_length(job) {
                            return Need::Write;
                        }
                        self.place = Place::Copy(file);
                        return Need::Copy { stderr, udp };
                    }
                    self.place = if file { Place::Head(0) } else { Place::Skip };
                }
                Place::Copy(file) => self.place = if file { Place::Head(0) } else { Place::Skip },
                Place::Head(put) => {
                    let (stamp, prefix) = job.head(self.at);
                    let head = stamp.len().saturating_add(prefix.len());
                    if put == 0 {
                        let record = head.saturating_add(job.line(self.at).len());
                        let larger = planned.saturating_add(record as u64) > limit;
                        if limit > 0 && planned > 0 && larger {
                            return Need::Rotate;
                        }
                        // As few records as possible are written in two pieces.
                        if self.filled > 0 && self.spare(buffer) < record {
                            return Need::Write;
                        }
                    }
                    let before = self.filled;
                    if put < stamp.len() {
                        self.put(stamp.get(put..).unwrap_or_default(), buffer);
                    }
                    let put = put.saturating_add(self.filled.saturating_sub(before));
                    let behind = put.saturating_sub(stamp.len());
                    let more = self.put(prefix.get(behind..).unwrap_or_default(), buffer);
                    let put = put.saturating_add(more);
                    if put < head {
                        self.place = Place::Head(put);
                        return Need::Write;
                    }
                    self.place = Place::Text;
                }
                Place::Text => {
                    let line = job.line(self.at);
                    if line.is_empty() {
                        return if self.filled > 0 { Need::Write } else { Need::Nothing };
                    }
                    let count = self.put(line, buffer);
                    if count == 0 {
                        return Need::Write;
                    }
                    self.at = self.at.saturating_add(count);
                    if count == line.len() && line.ends_with(b"\n") {
                        self.place = Place::Start;
                        self.ended(job);
                    }
                }
                Place::Skip => {
                    let line = job.line(self.at);
                    if line.is_empty() {
                        return if self.filled > 0 { Need::Write } else { Need::Nothing };
                    }
                    self.at = self.at.saturating_add(line.len());
                    if line.ends_with(b"\n") {
                        self.place = Place::Start;
                    }
                }
            }
        }
    }

    /// Takes as many lines at once as fit into the buffer and the file, where nothing is done to
    /// lines. `false`: not one.
    fn many(&mut self, job: &Job<'_>, buffer: &mut [u8]) -> bool {
        let mut most = self.spare(buffer);
        if job.config.size > 0 {
            let planned = job.size.saturating_add(self.filled as u64);
            let left = job.threshold().saturating_sub(planned);
            most = usize::try_from(left).map_or(most, |left| left.min(most));
        }
        let rest = job.text.get(self.at..).unwrap_or_default();
        let rest = rest.get(..most).unwrap_or(rest);
        let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else { return false };
        let count = self.put(rest.get(..=end).unwrap_or_default(), buffer);
        self.at = self.at.saturating_add(count);
        self.ended(job);
        true
    }

    /// A record has its end: perhaps the file has its size.
    fn ended(&mut self, job: &Job<'_>) {
        let planned = job.size.saturating_add(self.filled as u64);
        self.full = job.config.size > 0 && planned >= job.threshold();
    }

    fn spare(&self, buffer: &[u8]) -> usize {
        buffer.len().saturating_sub(self.filled)
    }

    fn put(&mut self, part: &[u8], buffer: &mut [u8]) -> usize {
        let count = platform::copy(part, buffer.get_mut(self.filled..).unwrap_or_default());
        self.filled = self.filled.saturating_add(count);
        count
    }

    fn copied_length(&self, job: &Job<'_>) -> usize {
        let (stamp, prefix) = job.head(self.at);
        let parts = [stamp.len(), prefix.len(), job.counts(self.at).len(), NOTE];
        parts.iter().fold(0, |sum, length| sum.saturating_add(*length))
    }

    /// The line as it is copied, behind what the buffer holds: `note`, stamp, prefix, as much of
    /// the line as counts, `...` if it is not shorter than that, newline. [`Lines::keep`] makes it
    /// a record of the file.
    pub fn compose<'b>(&self, job: &Job<'_>, note: &[u8], buffer: &'b mut [u8]) -> &'b [u8] {
        let (stamp, prefix) = job.head(self.at);
        let counts = job.counts(self.at);
        let dots: &[u8] = if counts.len() >= job.length { b"..." } else { b"" };
        let room = buffer.get_mut(self.filled..).unwrap_or_default();
        let mut copy = Lines::default();
        // A prefix longer than the buffer leaves no room; the newline gets its place first.
        let last = room.len().saturating_sub(1);
        for part in [note, stamp, prefix, counts, dots] {
            copy.put(part, room.get_mut(..last).unwrap_or_default());
        }
        copy.put(b"\n", room);
        room.get(..copy.filled).unwrap_or_default()
    }

    /// Makes the copy of so many bytes a record of the file.
    pub fn keep(&mut self, job: &Job<'_>, count: usize) {
        self.filled = self.filled.saturating_add(count);
        self.ended(job);
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::compact;
    use super::*;

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

    /// The files that come of a text that is read in parts, with a buffer of `room` bytes whose
    /// writes take as much as `random` likes.
    fn files(
        text: &[u8],
        config: &str,
        stamp: &[u8],
        length: usize,
        room: usize,
        random: &mut Random,
    ) -> Vec<Vec<u8>> {
        let mut rules = [config.as_bytes(), &[0]].concat();
        let config = compact(&mut rules, |wrong| panic!("{wrong:?}"));
        let mut input = vec![0; length + 60];
        let mut state = super::super::Input::new(length);
        let (mut buffer, mut lines, mut files) = (vec![0; room], Lines::default(), vec![Vec::new()]);
        let mut rest = text;
        loop {
            if rest.is_empty() {
                state.finish(&mut input, None);
            } else {
                let most = 1 + random.below(60) as usize;
                let count = platform::copy(&rest[..rest.len().min(most)], state.room(&mut input));
                state.fed(&mut input, count, None);
                rest = &rest[count..];
            }
            let ended = rest.is_empty() && !state.open();
            loop {
                let file: &mut Vec<u8> = files.last_mut().unwrap();
                let mut job = Job {
                    text: state.ready(&input),
                    stamps: (stamp, stamp),
                    length,
                    config: &config,
                    rules: &rules,
                    size: file.len() as u64,
                    plain: false,
                };
                job.plain = job.is_plain();
                let need = lines.take(&job, &mut buffer);
                match need {
                    Need::Nothing => break,
                    Need::Rotate if lines.filled() == 0 => {
                        files.push(Vec::new());
                        lines.renewed();
                    }
                    Need::Write | Need::Rotate => {
                        let count = 1 + random.below(lines.filled() as u64) as usize;
                        file.extend(&buffer[..count]);
                        lines.written(&mut buffer, count);
                    }
                    Need::Copy { .. } => {}
                }
            }
            assert!(lines.is_done(state.count()));
            state.taken(&mut input);
            lines.restart();
            if ended {
                return files;
            }
        }
    }

    #[test]
    fn as_the_obvious_one() {
        let mut random = Random(3);
        let mut rotated = 0;
        for _ in 0..3000 {
            let length = 1 + random.below(80) as usize;
            let size = [0, 1, 20, 60, 200][random.below(5) as usize];
            let stamp: &[u8] = if random.below(2) == 0 { b"" } else { b"stamp " };
            let (selects, prefix) = (random.below(2) == 0, random.below(3) == 0);
            let mut config = format!("s{size}\n");
            config += if selects { "-a*\n" } else { "" };
            config += if prefix { "pprefix: \n" } else { "" };
            let (mut text, mut records) = (Vec::new(), Vec::new());
            for _ in 0..random.below(30) {
                let long = if random.below(10) == 0 { 150 } else { 25 };
                let line: Vec<u8> = (0..random.below(long)).map(|_| b'a' + random.below(3) as u8).collect();
                text.extend(&line);
                text.push(b'\n');
                if !(selects && line.starts_with(b"a")) {
                    let prefix: &[u8] = if prefix { b"prefix: " } else { b"" };
                    records.push([stamp, prefix, &line, b"\n"].concat());
                }
            }
            if random.below(3) == 0 && !text.ends_with(b"\n\n") && text.len() > 1 {
                text.pop();
            }
            let room = 16 + random.below(80) as usize;
            let found = files(&text, &config, stamp, length, room, &mut random);
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
}
