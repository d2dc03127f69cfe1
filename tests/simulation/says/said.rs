//! The files that say more: what may be in them, and what it means. Nothing here knows how runsv reads them.
use platform_sim::Random;

/// What the files of a directory say, as far as it was understood. Times are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) notification: Option<i32>,
    pub(super) down: Option<u8>,
    pub(super) timeout_kill: u64,
    pub(super) timeout_finish: u64,
    pub(super) delay: Option<(u64, u64)>,
    pub(super) limit: Option<(u8, u32)>,
    pub(super) finish_fails: Option<u8>,
    pub(super) oneshot: bool,
}

/// TERM, and its number on every system.
pub(super) const TERM: u8 = 15;

impl Said {
    pub(super) fn down(&self) -> u8 {
        self.down.unwrap_or(TERM)
    }

    /// The shortest pause and the longest.
    pub(super) fn delay(&self) -> (u64, u64) {
        self.delay.unwrap_or((1000, 1000))
    }

    /// Takes what a file says now; `None`: it is not there, or could not be read.
    pub(super) fn take(&mut self, name: &str, text: Option<&[u8]>) {
        let text = text.and_then(|text| std::str::from_utf8(text).ok());
        let words: Option<Vec<&str>> = text.map(|text| text.split_ascii_whitespace().collect());
        let words = words.as_deref();
        let alone = |words: Option<&[&str]>| match words {
            Some([word]) => number(word),
            _ => None,
        };
        match name {
            "notification-fd" => {
                let fd = alone(words).and_then(|fd| i32::try_from(fd).ok());
                self.notification = fd.filter(|fd| *fd >= 3);
            }
            "down-signal" => {
                self.down = match words {
                    Some([word]) => signal(word),
                    _ => None,
                }
            }
            "timeout-kill" => self.timeout_kill = alone(words).unwrap_or(0),
            "timeout-finish" => self.timeout_finish = alone(words).unwrap_or(0),
            "restart-delay" => {
                let delay = match words {
                    Some([least]) => number(least).map(|least| (least, least)),
                    Some([least, most]) => number(least).zip(number(most)),
                    _ => None,
                };
                self.delay = delay.map(|(least, most)| (least.max(50), most.max(least.max(50))));
            }
            "restart-limit" => {
                let limit = match words {
                    Some([count, seconds]) => number(count).zip(number(seconds)),
                    _ => None,
                };
                self.limit = limit
                    .filter(|(count, _)| (1..=32).contains(count))
                    .and_then(|(count, seconds)| Some((count.try_into().ok()?, seconds.try_into().ok()?)));
            }
            "finish-fails" => self.finish_fails = alone(words).and_then(|code| code.try_into().ok()),
            // Whatever is in it.
            "oneshot" => self.oneshot = text.is_some(),
            _ => {}
        }
    }
}

fn number(word: &str) -> Option<u64> {
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|number| digits && *number <= u64::from(u32::MAX))
}

/// By its name, with the numbers of the kernel in memory, or by its number.
fn signal(word: &str) -> Option<u8> {
    const NAMED: [(&str, u8); 9] = [
        ("TERM", TERM),
        ("INT", 2),
        ("QUIT", 3),
        ("HUP", 1),
        ("KILL", 9),
        ("ALRM", 14),
        ("USR1", 10),
        ("USR2", 12),
        ("WINCH", 28),
    ];
    let name = word.strip_prefix("SIG").unwrap_or(word);
    let named = NAMED.iter().find(|known| known.0 == name).map(|known| known.1);
    let numbered = || number(word).and_then(|number| u8::try_from(number).ok());
    named.or_else(|| numbered().filter(|number| (1..=127).contains(number)))
}

/// Their names, whether they mean something to a log service, and what is found in them.
pub(super) const FILES: [(&str, bool, &[&[u8]]); 8] = [
    (
        "notification-fd",
        false,
        &[b"3\n", b"3", b"4\n", b"9", b"17\n", b"3\n", b"5\n", b"2\n", b"x", b"", b"3 4", b"2147483647\n"],
    ),
    (
        "down-signal",
        true,
        &[
            b"INT\n",
            b"SIGINT",
            b"2\n",
            b"TERM\n",
            b"15",
            b"QUIT",
            b"SIGHUP\n",
            b"USR1",
            b"KILL\n",
            b"9",
            b"37\n",
            b"12",
            b"WINCH",
            b"FOO\n",
            b"0",
            b"int",
            b"128\n",
        ],
    ),
    ("timeout-kill", true, &[b"0", b"300\n", b"40", b"1500\n", b"5000", b"900 \n", b"1s\n", b"-1", b""]),
    ("timeout-finish", false, &[b"0", b"300\n", b"40", b"1500\n", b"5000", b"700\n", b"1.5", b"\0"]),
    (
        "restart-delay",
        true,
        &[
            b"0",
            b"100\n",
            b"200 1600\n",
            b"300 3000",
            b"1000\n",
            b"2500",
            b"50 400\n",
            b" 700\t100",
            b"x\n",
            b"1 2 3",
            b"",
        ],
    ),
    (
        "restart-limit",
        true,
        &[b"1 10\n", b"2 5", b"3 60\n", b"2 0", b"5 3\n", b"3 10", b"4 2\n", b"0 5", b"33 5\n", b"5", b""],
    ),
    ("finish-fails", false, &[b"125\n", b"0", b"1\n", b"3", b"100\n", b"256", b"no\n", b""]),
    ("oneshot", false, &[b"", b"whatever\n"]),
];

/// More than anybody says in earnest.
const LONG: &[u8] = &[b'3'; 100];

/// Contents for one of the files.
pub(super) fn contents(random: &mut Random, texts: &'static [&'static [u8]]) -> &'static [u8] {
    if random.chance(3) {
        return LONG;
    }
    let pick = usize::try_from(random.below(texts.len() as u64)).unwrap_or(0);
    texts.get(pick).copied().unwrap_or(b"")
}
