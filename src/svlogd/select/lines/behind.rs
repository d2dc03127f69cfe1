//! What becomes of lines while their directory takes nothing and their writer must not wait (`--lossy`):
//! the buffer takes what it has room for, the rest is lost, line by line, and counted. The line that says how
//! many were lost stands where they are missing.
use super::{Job, Lines, Need, Place};
use crate::fixed::Text;
use crate::msg::ROOM;

/// What takes the place of the rest of a line whose beginning is in the file.
const CUT: &[u8] = b"...\n";

/// `1,234 lines lost`.
#[must_use]
pub fn lost(count: u64) -> Text<ROOM> {
    let mut text = Text::new();
    text.add_grouped(count);
    text.add(if count == 1 { b" line lost" } else { b" lines lost" });
    text
}

impl Lines {
    /// Whether a line is kept, perhaps for a file that is not begun yet.
    pub(super) fn is_kept(&mut self, larger: bool, fits: bool) -> bool {
        if self.lost > 0 || !fits {
            self.lose();
            return false;
        }
        if self.full || self.due || larger {
            self.later = self.later.or(Some(self.filled));
        }
        true
    }

    pub(super) fn lose(&mut self) {
        self.lost = self.lost.saturating_add(1);
        self.place = Place::Skip;
    }

    /// There is no room for the rest of a line. Without it the line is lost; but its beginning stays where
    /// that is in the file.
    pub(super) fn tear(&mut self, job: &Job<'_>, buffer: &mut [u8]) {
        let held = buffer.get(..self.filled).unwrap_or_default();
        match held.iter().rposition(|byte| *byte == b'\n') {
            None if self.within => {
                self.filled = self.filled.min(buffer.len().saturating_sub(CUT.len()));
                self.put(CUT, buffer);
                self.ended(job);
                self.place = Place::Skip;
            }
            last => {
                self.filled = last.map_or(0, |at| at.saturating_add(1));
                self.lose();
            }
        }
    }

    /// The directory takes lines again. First come those that were kept, each in the file that it would have
    /// been in, then the line about the lost ones.
    pub(super) fn catch_up(&mut self, job: &Job<'_>, buffer: &mut [u8]) -> Need {
        if self.owed() > 0 {
            return Need::Write;
        }
        if self.full || self.due {
            return Need::Rotate;
        }
        if self.later.is_some() {
            let part = self.part(job, buffer);
            if part < self.filled {
                self.later = Some(part);
                return if part > 0 { Need::Write } else { Need::Rotate };
            }
            self.later = None;
        }
        match (self.lost, self.filled) {
            (0, _) => Need::Nothing,
            (_, 0) => self.tell(job, buffer),
            (_, _) => Need::Write,
        }
    }

    /// How much of the buffer the file takes; at least a line if it is empty.
    fn part(&mut self, job: &Job<'_>, buffer: &[u8]) -> usize {
        let mut end: usize = 0;
        while end < self.filled && !self.full {
            let rest = buffer.get(end..self.filled).unwrap_or_default();
            let newline = platform::find(rest, b'\n');
            let length = newline.map_or(rest.len(), |at| at.saturating_add(1));
            if job.is_larger(job.size.saturating_add(end as u64), length) {
                break;
            }
            end = end.saturating_add(length);
            self.full = newline.is_some() && job.is_full(job.size.saturating_add(end as u64));
        }
        end
    }

    /// Puts the line about the lost ones into the buffer, which is empty. It has the stamp of the line that comes
    /// behind it.
    fn tell(&mut self, job: &Job<'_>, buffer: &mut [u8]) -> Need {
        let text = lost(self.lost);
        // A prefix longer than the buffer leaves no room; the newline gets its place first.
        let last = buffer.len().saturating_sub(1);
        let room = buffer.get_mut(..last).unwrap_or_default();
        let (stamp, prefix) = job.head(self.at);
        for part in [stamp, prefix, b"svlogd: ", text.bytes()] {
            self.put(part, room);
        }
        self.put(b"\n", buffer);
        if job.is_larger(job.size, self.filled) {
            self.filled = 0;
            return Need::Rotate;
        }
        (self.note, self.noted, self.lost) = (self.filled, self.lost, 0);
        self.ended(job);
        Need::Nothing
    }

    /// Gives up what the buffer holds and says how many lines are lost with those that were before.
    pub fn forsake(&mut self, buffer: &[u8]) -> u64 {
        let held = buffer.get(..self.filled).unwrap_or_default();
        let held = held.iter().filter(|byte| **byte == b'\n').count() as u64;
        // The line about lost ones is none of them.
        let held = held.saturating_sub(u64::from(self.note > 0));
        let all = held.saturating_add(self.noted).saturating_add(self.lost);
        *self = Lines::new(self.at, false);
        all
    }

    /// Whether the file ends within a line.
    #[must_use]
    pub const fn is_torn(&self) -> bool {
        self.within
    }
}

#[cfg(test)]
mod tests;
