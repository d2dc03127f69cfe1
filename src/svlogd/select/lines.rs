//! From the input to the buffer of one directory: which lines go there, with what in front, and
//! where its file ends.
use super::config::{Config, Way};

mod behind;

pub use behind::lost;

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
    /// What [`Config::way`] says.
    pub way: Way,
}

impl<'a> Job<'a> {
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

    /// Whether a file that has so much after a line is full.
    fn is_full(&self, planned: u64) -> bool {
        self.config.size > 0 && planned >= self.threshold()
    }

    /// Whether a line of so many bytes would make a file too large that has so much.
    fn is_larger(&self, planned: u64, record: usize) -> bool {
        let limit = self.config.size;
        limit > 0 && planned > 0 && planned.saturating_add(record as u64) > limit
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
    /// From there on what is in the buffer is for files that are not begun yet.
    later: Option<usize>,
    /// The file ends within the line with which the buffer begins.
    within: bool,
    /// So much of the buffer, at its beginning, is left of the line that tells of lost ones, and of how many.
    note: usize,
    noted: u64,
    /// So many lines were lost behind what the buffer holds.
    lost: u64,
}

/// What comes before a copied line that could not be sent, at most.
const NOTE: usize = 48;

impl Lines {
    /// Begins with what comes after `at` bytes of the present input, which end within a line if
    /// `within`: the rest of that line is not for this directory.
    #[must_use]
    pub const fn new(at: usize, within: bool) -> Lines {
        let place = if within { Place::Skip } else { Place::Start };
        Lines {
            at,
            place,
            full: false,
            due: false,
            filled: 0,
            later: None,
            within: false,
            note: 0,
            noted: 0,
            lost: 0,
        }
    }

    /// Whether everything up to `end` was taken, and nothing is left to be written or told.
    #[must_use]
    pub const fn is_done(&self, end: usize) -> bool {
        self.at >= end && self.filled == 0 && self.lost == 0
    }

    /// How much is in the buffer for this file.
    #[must_use]
    pub fn owed(&self) -> usize {
        self.later.unwrap_or(self.filled)
    }

    /// So much of the buffer was written.
    pub fn written(&mut self, buffer: &mut [u8], count: usize) {
        let last = count.checked_sub(1).and_then(|last| buffer.get(last));
        self.within = last.map_or(self.within, |byte| *byte != b'\n');
        platform::to_front(buffer, count, self.filled);
        self.filled = self.filled.saturating_sub(count);
        self.later = self.later.map(|from| from.saturating_sub(count));
        self.note = self.note.saturating_sub(count);
        if self.note == 0 {
            self.noted = 0;
        }
    }

    /// A new file is to be begun before the next line. Nothing is left of that if this one, which
    /// has so much, is empty.
    pub fn rotate(&mut self, size: u64) {
        self.due = size > 0 || self.owed() > 0;
    }

    /// A new file was begun.
    pub fn renewed(&mut self) {
        (self.full, self.due) = (false, false);
    }

    /// The input begins anew behind what was ready.
    pub fn restart(&mut self) {
        self.at = 0;
    }

    /// Takes lines until something has to be done first. `late`: nothing can be written, and nobody waits for that.
    /// All lines are taken then: what does not fit into the buffer is lost, and after the first line that is all
    /// are, until lines can be written again. [`Need::Copy`] is all that may have to be done first, for each line.
    pub fn take(&mut self, job: &Job<'_>, buffer: &mut [u8], late: bool) -> Need {
        if !late && (self.later.is_some() || self.lost > 0) {
            let need = self.catch_up(job, buffer);
            if need != Need::Nothing {
                return need;
            }
        }
        loop {
            let planned = job.size.saturating_add(self.filled as u64);
            match self.place {
                Place::Start => {
                    if (self.full || self.due) && !late {
                        return Need::Rotate;
                    }
                    if self.at >= job.text.len() {
                        return self.taken(late);
                    }
                    if job.way == Way::Many && !late && self.many(job, buffer) {
                        continue;
                    }
                    let (file, stderr) = match (job.config.selects, job.config.copies) {
                        (false, false) => (true, false),
                        (true, _) | (_, true) => job.config.choose(job.rules, job.counts(self.at)),
                    };
                    let udp = file && job.config.udp.is_some();
                    let file = file && !(udp && job.config.away);
                    if stderr || udp {
                        if self.filled > 0 && !late && self.spare(buffer) < self.copied_length(job) {
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
                        let larger = job.is_larger(planned, record);
                        let fits = self.spare(buffer) >= record;
                        if late {
                            if !self.is_kept(larger, fits) {
                                continue;
                            }
                        } else if larger {
                            return Need::Rotate;
                        } else if self.filled > 0 && !fits {
                            // As few records as possible are written in two pieces.
                            return Need::Write;
                        }
                    } else if late {
                        // What comes in front of the line is longer than the buffer.
                        self.tear(job, buffer);
                        continue;
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
                        return self.taken(late);
                    }
                    if late && line.len() > self.spare(buffer) {
                        self.tear(job, buffer);
                        continue;
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
                        return self.taken(late);
                    }
                    self.at = self.at.saturating_add(line.len());
                    if line.ends_with(b"\n") {
                        self.place = Place::Start;
                    }
                }
            }
        }
    }

    /// All that is ready was taken.
    fn taken(&self, late: bool) -> Need {
        if self.filled > 0 && !late { Need::Write } else { Need::Nothing }
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

    /// A record has its end: perhaps the file has its size. One that is for a later file does not matter to it.
    fn ended(&mut self, job: &Job<'_>) {
        if self.later.is_none() {
            let planned = job.size.saturating_add(self.filled as u64);
            self.full = job.is_full(planned);
        }
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

    /// Makes the copy of so many bytes a record of the file. If `room`, which is what lines may fill of the
    /// buffer, is taken it is not kept, and a line of which nothing else is for the file is lost.
    pub fn keep(&mut self, job: &Job<'_>, count: usize, room: usize) {
        let filled = self.filled.saturating_add(count);
        if self.lost == 0 && (self.filled == 0 || filled <= room) {
            if self.full || self.due {
                self.later = self.later.or(Some(self.filled));
            }
            self.filled = filled;
            self.ended(job);
        } else if self.place == Place::Copy(false) {
            self.lose();
        }
    }
}

#[cfg(test)]
mod tests;
