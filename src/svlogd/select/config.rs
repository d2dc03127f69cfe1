//! The file `config` of a log directory.
use crate::args::number;
use crate::svlogd::input::stamp::Style;
use crate::svlogd::options::Options;
use core::ffi::CStr;

/// Where lines go by UDP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Udp {
    /// The address.
    pub ip: [u8; 4],
    /// The port.
    pub port: u16,
}

/// What a log directory is told to do. Numbers and addresses are here; prefix, processor and
/// patterns are in the text, which is kept beside it in the form that [`compact`] gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// `s`: how large `current` may grow; 0: as it likes.
    pub size: u64,
    /// `n`: how many old logs stay; 0: all.
    pub keep: u64,
    /// `N`: how many stay when the disk is full.
    pub least: u64,
    /// `t`: seconds between two rotations; 0: none by time.
    pub every: u32,
    /// `u`, `U`.
    pub udp: Option<Udp>,
    /// `U`: lines that go by UDP do not go to the file.
    pub away: bool,
    /// There are `+` or `-` lines.
    pub selects: bool,
    /// There is an `e` line.
    pub copies: bool,
    /// Where in the text the prefix is: from, to.
    prefix: (usize, usize),
    /// Where the processor is; 0 for none, since its letter comes before it.
    processor: usize,
    /// How much of the text is in use.
    length: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            size: 1_000_000,
            keep: 10,
            least: 10,
            every: 0,
            udp: None,
            away: false,
            selects: false,
            copies: false,
            prefix: (0, 0),
            processor: 0,
            length: 0,
        }
    }
}

/// A line of `config` that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WrongLine<'a> {
    /// No address.
    Address(&'a [u8]),
    /// No port.
    Port(&'a [u8]),
}

/// The way that lines take to the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// As many at once as there are: all lines go to the file, as they are, and to nowhere else.
    Many,
    /// One at a time.
    Single,
}

impl Config {
    /// The way that lines take. Every setting is named here: a new one has to say whether it minds that lines
    /// go many at once.
    #[must_use]
    pub fn way(&self, options: &Options) -> Way {
        // Bytes are replaced before; what counts of a line matters where lines are chosen; and the size of the
        // file is minded on both ways.
        let Options { style, replace: _, length: _, verbose: _, buffer: _, lossy: _, first: _ } = options;
        let Config {
            selects,
            copies,
            udp,
            prefix,
            away: _,
            size: _,
            keep: _,
            least: _,
            every: _,
            processor: _,
            length: _,
        } = self;
        let chosen = *selects || *copies || udp.is_some();
        let headed = *style != Style::None || prefix.0 < prefix.1;
        if chosen || headed { Way::Single } else { Way::Many }
    }

    /// The prefix; empty for none.
    #[must_use]
    pub fn prefix<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.prefix.0..self.prefix.1).unwrap_or_default()
    }

    /// What of the text is needed.
    #[must_use]
    pub fn kept<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(..self.length).unwrap_or_default()
    }

    /// The processor.
    #[must_use]
    pub fn processor<'t>(&self, text: &'t [u8]) -> Option<&'t CStr> {
        if self.processor == 0 {
            return None;
        }
        platform::c_str(text.get(self.processor..self.length)?)
    }

    /// Which lines the patterns choose: for the file, and for descriptor 2. All of them are looked
    /// at, and the last that matches decides.
    #[must_use]
    pub fn choose(&self, text: &[u8], line: &[u8]) -> (bool, bool) {
        let mut chosen = (true, false);
        if !self.selects && !self.copies {
            return chosen;
        }
        let mut rest = text.get(..self.length).unwrap_or_default();
        while let Some(end) = platform::find(rest, 0) {
            let (rule, after) = rest.split_at_checked(end).unwrap_or_default();
            rest = after.get(1..).unwrap_or_default();
            let Some((letter, pattern)) = rule.split_first() else { continue };
            let (which, value) = match letter {
                b'+' => (&mut chosen.0, true),
                b'-' => (&mut chosen.0, false),
                b'e' => (&mut chosen.1, true),
                b'E' => (&mut chosen.1, false),
                _ => continue,
            };
            // What would change nothing need not be looked at.
            if *which != value && super::pattern::matches(pattern, line) {
                *which = value;
            }
        }
        chosen
    }
}

/// Reads the text of a `config`, says what is wrong with it, and leaves in its place what is
/// needed later: prefix, processor and patterns, each with its letter before it and a NUL behind.
/// It needs one byte behind the text, for the NUL of a last line without newline.
pub fn compact(text: &mut [u8], mut complain: impl FnMut(WrongLine<'_>)) -> Config {
    let mut config = Config::default();
    let Some(mut end) = text.len().checked_sub(1) else { return config };
    if let Some(last) = text.get_mut(end) {
        *last = b'\n';
    }
    // A last line without newline counts, unless it is a single byte.
    let single = end.checked_sub(2).map_or(end == 1, |at| text.get(at) == Some(&b'\n'));
    let whole = end.checked_sub(1).is_some_and(|at| text.get(at) == Some(&b'\n'));
    if !whole && !single {
        end = end.saturating_add(1);
    } else if !whole {
        end = end.saturating_sub(1);
    }
    let mut port = 0;
    let mut at = 0;
    while at < end {
        let rest = text.get(at..end).unwrap_or_default();
        let length = platform::find(rest, b'\n').unwrap_or(rest.len());
        let from = at;
        at = at.saturating_add(length).saturating_add(1);
        let line = rest.get(..length).unwrap_or_default();
        // The end of a string, as ever.
        let line = line.split(|byte| *byte == 0).next().unwrap_or_default();
        let Some((letter, value)) = line.split_first() else { continue };
        match letter {
            b's' => config.size = scaled(value, b'k', 1024, b'm', 1_048_576),
            b'n' => config.keep = number(value).0,
            b'N' => config.least = number(value).0,
            b't' => config.every = scaled(value, b'm', 60, b'h', 3600) as u32,
            b'u' | b'U' => match destination(value, &mut port) {
                Ok(udp) => (config.udp, config.away) = (Some(udp), *letter == b'U'),
                // DEV-67: C runit would throw the lines away.
                Err(wrong) => {
                    complain(wrong);
                    (config.udp, config.away) = (None, false);
                }
            },
            b'+' | b'-' | b'e' | b'E' | b'p' | b'!' => {
                let letter = *letter;
                match letter {
                    b'e' => config.copies = true,
                    b'+' | b'-' => config.selects = true,
                    // On their own they are nothing.
                    b'p' | b'!' if value.is_empty() => continue,
                    _ => {}
                }
                let (start, length) = (config.length, line.len());
                let begin = start.saturating_add(1);
                let finish = start.saturating_add(length);
                match letter {
                    b'p' => config.prefix = (begin, finish),
                    b'!' => config.processor = begin,
                    _ => {}
                }
                // Never ahead of what is read: each line had a newline, each gets a NUL.
                let to = from.saturating_add(length);
                if let Some(part) = text.get_mut(start..) {
                    platform::to_front(part, from.saturating_sub(start), to.saturating_sub(start));
                }
                if let Some(byte) = text.get_mut(finish) {
                    *byte = 0;
                }
                config.length = finish.saturating_add(1);
            }
            _ => {}
        }
    }
    config
}

/// A number with one of two letters right behind it. What else follows does not count.
fn scaled(text: &[u8], one: u8, times: u64, other: u8, more: u64) -> u64 {
    let (value, rest) = number(text);
    match rest.first() {
        Some(letter) if *letter == one => value.wrapping_mul(times),
        Some(letter) if *letter == other => value.wrapping_mul(more),
        Some(_) | None => value,
    }
}

/// `A.B.C.D[:PORT]`. The numbers are taken modulo 256 and 65,536, and what follows them is not
/// looked at.
fn destination<'a>(text: &'a [u8], port: &mut u16) -> core::result::Result<Udp, WrongLine<'a>> {
    let mut ip = [0; 4];
    let mut rest = text;
    for (index, part) in ip.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b".").ok_or(WrongLine::Address(text))?;
        }
        let (value, after) = number(rest);
        if after.len() == rest.len() {
            return Err(WrongLine::Address(text));
        }
        (*part, rest) = (value as u8, after);
    }
    match rest.strip_prefix(b":") {
        None => *port = 514,
        Some(digits) => match number(digits).0 as u16 {
            0 => return Err(WrongLine::Port(digits)),
            number => *port = number,
        },
    }
    Ok(Udp { ip, port: *port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Config, Vec<u8>, Vec<String>) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        let mut said = Vec::new();
        let config = compact(&mut bytes, |wrong| said.push(format!("{wrong:?}")));
        (config, bytes, said)
    }

    #[test]
    fn numbers() {
        let config = |text| read(text).0;
        assert_eq!(config(""), Config::default());
        assert_eq!(config("s5k\n").size, 5120);
        assert_eq!(config("s1kk\ns2m\n").size, 2 << 20, "the last counts");
        assert_eq!(config("s1kk\n").size, 1024);
        for off in ["s 100\n", "s\n\n", "sx\n"] {
            assert_eq!(config(off).size, 0, "{off:?}");
        }
        assert_eq!((config("n7\n").keep, config("n 5\n").keep, config("n\n").keep), (7, 0, 0));
        assert_eq!((config("N3\n").least, config("").least), (3, 10));
        assert_eq!(config("t5\n").every, 5);
        assert_eq!(config("t5m\n").every, 300);
        assert_eq!(config("t2h\n").every, 7200);
        assert_eq!(config("t1d\n").every, 1);
        assert_eq!(config("t4294967297\n").every, 1, "32 bits");
    }

    #[test]
    fn lines() {
        assert_eq!(read("s100").0.size, 100, "a last line without newline");
        assert_eq!(read("n3\ns").0, read("n3\n").0, "a single byte does not count");
        assert_eq!(read("s").0, Config::default());
        assert_eq!(read("n3\ns5").0.size, 5);
        assert_eq!(read("n3\n\n").0, read("n3\n").0);
        assert_eq!(read(" s100\n#s100\n\nxs100\n").0, Config::default());
        assert_eq!(read("s100\r\n").0.size, 100);
    }

    #[test]
    fn texts() {
        let (config, text, _) = read("p one\n# p\n!cat  x\np\n!\nptwo \n");
        assert_eq!(config.prefix(&text), b"two ");
        assert_eq!(config.prefix(config.kept(&text)), b"two ", "the rest is not needed");
        assert_eq!(config.processor(config.kept(&text)), Some(c"cat  x"));
        assert_eq!(config.processor(&text), Some(c"cat  x"));
        let (config, text, _) = read("s5\n");
        assert_eq!((config.prefix(&text), config.processor(&text)), (b"".as_slice(), None));
        let (config, text, _) = read("!a");
        assert_eq!(config.processor(&text), Some(c"a"));
        let (config, text, _) = read("!a\0b\npx\0y\n");
        assert_eq!((config.prefix(&text), config.processor(&text)), (b"x".as_slice(), Some(c"a")));
    }

    #[test]
    fn choices() {
        let choose = |text: &str, line: &str| {
            let (config, text, _) = read(text);
            config.choose(&text, line.as_bytes())
        };
        assert_eq!(choose("", "x"), (true, false));
        assert_eq!(choose("-*\n", "x"), (false, false));
        assert_eq!(choose("-*\n#\n+x\n", "x"), (true, false));
        assert_eq!(choose("+x\n-*\n", "x"), (false, false));
        assert_eq!(choose("-", ""), (true, false), "a single byte at the end does not count");
        assert_eq!(choose("-\n", ""), (false, false));
        assert_eq!(choose("-*\np foo\n!cat\nex*\n", "xy"), (false, true));
        assert_eq!(choose("ex*\nExy\n", "xy"), (true, false));
        assert_eq!(choose("ex*\nExz\n", "xy"), (true, true));
        assert_eq!(choose("Ex\n", "x"), (true, false));
    }

    #[test]
    fn addresses() {
        let udp = |text: &str| {
            let (config, _, said) = read(&format!("{text}\n"));
            (config.udp.map(|udp| (udp.ip, udp.port)), config.away, said.join(""))
        };
        let none = String::new();
        assert_eq!(udp("u1.2.3.4"), (Some(([1, 2, 3, 4], 514)), false, none.clone()));
        assert_eq!(udp("U383.256.256.257:65537x"), (Some(([127, 0, 0, 1], 1)), true, none.clone()));
        assert_eq!(udp("u010.0.0.08:9junk"), (Some(([10, 0, 0, 8], 9)), false, none.clone()));
        assert_eq!(udp("u1.2.3.4 junk"), (Some(([1, 2, 3, 4], 514)), false, none));
        for bad in ["bad", "", "1.2.3", "1.2..4", "::1", " 1.2.3.4"] {
            let (found, away, said) = udp(&format!("U{bad}"));
            assert_eq!((found, away), (None, false), "DEV-67: logged here");
            assert_eq!(said, format!("{:?}", WrongLine::Address(bad.as_bytes())));
        }
        for bad in ["", "0", "x", "65536"] {
            let (found, away, said) = udp(&format!("U1.2.3.4:{bad}"));
            assert_eq!((found, away), (None, false));
            assert_eq!(said, format!("{:?}", WrongLine::Port(bad.as_bytes())));
        }
    }
}
