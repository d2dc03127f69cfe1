//! What was read, and how much of it can be given out.
pub(super) mod replace;
pub(super) mod stamp;

use replace::Replace;

/// The state of the input buffer. A line is given out when it is complete, or as soon as all of it
/// that counts for choosing is there; what follows then is given out as it comes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Input {
    /// How much of a line counts.
    length: usize,
    end: usize,
    ready: usize,
    /// The buffer begins within a line whose beginning was given out.
    begun: bool,
    /// The first line began with an earlier read.
    held: bool,
    /// The last byte read was not a newline.
    open: bool,
}

impl Input {
    /// Nothing was read; `length` bytes of a line count. The buffer must be longer than that, by
    /// two bytes.
    #[must_use]
    pub const fn new(length: usize) -> Input {
        Input { length, end: 0, ready: 0, begun: false, held: false, open: false }
    }

    /// The part of the buffer to read into. The last byte of the buffer is kept for a newline.
    pub fn room<'b>(&self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        let last = buffer.len().saturating_sub(1);
        buffer.get_mut(self.end..last).unwrap_or_default()
    }

    /// What can be given out now.
    #[must_use]
    pub fn ready<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        buffer.get(..self.ready).unwrap_or_default()
    }

    /// How much that is.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.ready
    }

    /// Whether that ends within a line.
    #[must_use]
    pub fn ends_within(&self, buffer: &[u8]) -> bool {
        let last = self.ready.checked_sub(1).and_then(|last| buffer.get(last));
        last.map_or(self.begun, |byte| *byte != b'\n')
    }

    /// Whether its first line began with an earlier read.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.held
    }

    /// Whether the last line read has no end yet.
    #[must_use]
    pub const fn open(&self) -> bool {
        self.open
    }

    /// So many bytes were read.
    pub fn fed(&mut self, buffer: &mut [u8], count: usize, replace: Option<&Replace>) {
        let from = self.end;
        self.end = self.end.saturating_add(count);
        let new = buffer.get(from..self.end).unwrap_or_default();
        self.open = new.last().map_or(self.open, |byte| *byte != b'\n');
        let (before, within) = (self.ready, self.ends_within(buffer));
        if let Some(at) = new.iter().rposition(|byte| *byte == b'\n') {
            self.ready = from.saturating_add(at).saturating_add(1);
        }
        // Behind the last newline: the rest of a line that has begun, or one that is long enough.
        if self.ends_within(buffer) || self.end.saturating_sub(self.ready) >= self.length {
            self.ready = self.end;
        }
        if let Some(replace) = replace {
            self.replace(buffer, before, within, replace);
        }
    }

    /// Replaces bytes in the lines that have become ready, in as much of them as counts; of the first
    /// one that counted is ready already if `within`.
    fn replace(&self, buffer: &mut [u8], before: usize, within: bool, replace: &Replace) {
        let mut rest = buffer.get_mut(before..self.ready).unwrap_or_default();
        let mut begun = within;
        while !rest.is_empty() {
            let newline = platform::find(rest, b'\n').unwrap_or(rest.len());
            if !begun {
                let counts = newline.min(self.length);
                replace.apply(rest.get_mut(..counts).unwrap_or_default());
            }
            begun = false;
            rest = rest.get_mut(newline.saturating_add(1)..).unwrap_or_default();
        }
    }

    /// Nothing more comes: the last line gets its end, and all is ready.
    pub fn finish(&mut self, buffer: &mut [u8], replace: Option<&Replace>) {
        if self.open {
            if let Some(byte) = buffer.get_mut(self.end) {
                *byte = b'\n';
                self.fed(buffer, 1, replace);
            }
        }
    }

    /// What was ready has been taken. `true`: the stamp of the last read is now the one of the
    /// first line.
    pub fn taken(&mut self, buffer: &mut [u8]) -> bool {
        self.begun = self.ends_within(buffer);
        let left = self.end.saturating_sub(self.ready);
        if self.ready > 0 && left > 0 {
            platform::to_front(buffer, self.ready, self.end);
        }
        let fresh = left > 0 && !(self.held && self.ready == 0);
        (self.held, self.end, self.ready) = (left > 0, left, 0);
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the parts one after the other; the result is what was given out after each.
    fn given(length: usize, parts: &[&str]) -> Vec<String> {
        let mut buffer = vec![0; length + 64];
        let mut input = Input::new(length);
        let mut all = Vec::new();
        for part in parts {
            let count = platform::copy(part.as_bytes(), input.room(&mut buffer));
            assert_eq!(count, part.len());
            input.fed(&mut buffer, count, None);
            all.push(String::from_utf8(input.ready(&buffer).to_vec()).unwrap());
            input.taken(&mut buffer);
        }
        input.finish(&mut buffer, None);
        all.push(String::from_utf8(input.ready(&buffer).to_vec()).unwrap());
        all
    }

    #[test]
    fn complete_lines() {
        assert_eq!(given(8, &["a\nb\n", "c\n"]), ["a\nb\n", "c\n", ""]);
        assert_eq!(given(8, &["a\nb", "c", "\nd"]), ["a\n", "", "bc\n", "d\n"]);
        assert_eq!(given(8, &["\n", "\n\n"]), ["\n", "\n\n", ""]);
        assert_eq!(given(8, &[]), [""]);
    }

    #[test]
    fn long_lines() {
        assert_eq!(given(4, &["abc", "d", "e", "f\ng"]), ["", "abcd", "e", "f\n", "g\n"]);
        assert_eq!(given(4, &["x\nabcd", "e", "\n"]), ["x\nabcd", "e", "\n", ""]);
        assert_eq!(given(4, &["x\nabc", "\n"]), ["x\n", "abc\n", ""]);
        assert_eq!(given(4, &["abcdef"]), ["abcdef", "\n"]);
    }

    #[test]
    fn replaced_once_and_only_what_counts() {
        let words = ["p", "-r", "+", "-R", "a", "-l", "4", "d"];
        let replace = crate::svlogd::Options::read(|at| words.get(at).map(|word| word.as_bytes()));
        let replace = replace.unwrap().replace.unwrap();
        let mut buffer = vec![0; 64];
        let mut input = Input::new(4);
        let mut all = String::new();
        for part in ["aab", "b\naaaaaa", "aa\na", "a"] {
            let count = platform::copy(part.as_bytes(), input.room(&mut buffer));
            input.fed(&mut buffer, count, Some(&replace));
            all += std::str::from_utf8(input.ready(&buffer)).unwrap();
            input.taken(&mut buffer);
        }
        input.finish(&mut buffer, Some(&replace));
        all += std::str::from_utf8(input.ready(&buffer)).unwrap();
        assert_eq!(all, "++bb\n++++aaaa\n++\n");
    }

    /// Byte by byte, as after TERM: nothing is taken in between.
    #[test]
    fn what_does_not_count_is_replaced_in_no_part() {
        let words = ["p", "-r", "+", "-R", "a", "-l", "4", "d"];
        let replace = crate::svlogd::Options::read(|at| words.get(at).map(|word| word.as_bytes()));
        let replace = replace.unwrap().replace.unwrap();
        for (first, rest, wanted) in [
            ("aaaaa", "aaaaaaaaaaaa\n", "++++aaaaaaaaaaaaa\n"),
            ("a", "aaaaaaaaaaaa\n", "++++aaaaaaaaa\n"),
            ("a\naa", "aaaa", "+\n++++aa\n"),
        ] {
            let mut buffer = vec![0; 64];
            let mut input = Input::new(4);
            let count = platform::copy(first.as_bytes(), input.room(&mut buffer));
            input.fed(&mut buffer, count, Some(&replace));
            let mut all = String::from_utf8(input.ready(&buffer).to_vec()).unwrap();
            input.taken(&mut buffer);
            for byte in rest.bytes() {
                input.room(&mut buffer)[0] = byte;
                input.fed(&mut buffer, 1, Some(&replace));
            }
            input.finish(&mut buffer, Some(&replace));
            all += std::str::from_utf8(input.ready(&buffer)).unwrap();
            assert_eq!(all, wanted);
        }
    }

    #[test]
    fn stamps_of_held_lines() {
        let mut buffer = vec![0; 64];
        let mut input = Input::new(8);
        for (part, fresh, held) in [
            ("a\nb", true, true),
            ("c", false, true),
            ("d\ne", true, true),
            ("f\n", false, false),
            ("g\n", false, false),
        ] {
            let count = platform::copy(part.as_bytes(), input.room(&mut buffer));
            input.fed(&mut buffer, count, None);
            assert_eq!((input.taken(&mut buffer), input.held()), (fresh, held), "{part}");
        }
    }
}
