//! What chpst reads.
use super::Target;
use platform::Errno;
use runit::args::{Opt, Options};
use runit::chpst::{Amount, CommandLine, Ids, Search, Tool, account, envdir, limit};

/// The content of a file in an environment directory.
pub const ENV_VALUE: Target = Target {
    name: "chpst_env_value",
    body: env_value,
    words: &[" \n", "\t\n", "\r\n", "\0\n", " \0", "=", "value"],
};

fn env_value(content: &[u8]) -> bool {
    let found = envdir::value(content).map(|line| line.iter().map(|b| envdir::byte(*b)).collect::<Vec<u8>>());
    let obvious = if content.is_empty() {
        None
    } else {
        let mut line = Vec::new();
        for byte in content {
            if *byte == b'\n' {
                break;
            }
            line.push(*byte);
        }
        while matches!(line.last(), Some(b' ' | b'\t')) {
            line.pop();
        }
        line.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b'\n');
        Some(line)
    };
    assert_eq!(found, obvious);
    assert!(found.as_ref().is_none_or(|value| !value.contains(&0)));
    found.is_some_and(|value| !value.is_empty())
}

/// An edit of the environment and an entry of it.
pub const ENV_EDIT: Target = Target {
    name: "chpst_env_edit",
    body: env_edit,
    words: &["A=1\0A=2", "A\0A=1", "A=", "=", "\0", "AB=1\0A"],
};

fn env_edit(input: &[u8]) -> bool {
    let (edit, entry) = halves(input);
    let (name, sets) = envdir::name(edit);
    assert_eq!(sets, edit.contains(&b'='));
    let text = String::from_utf8_lossy(edit).into_owned();
    if text.as_bytes() == edit {
        assert_eq!(Some(name), text.split('=').next().map(str::as_bytes));
    }
    let obvious = entry.len() > name.len() && entry[..name.len()] == *name && entry[name.len()] == b'=';
    assert_eq!(envdir::sets(entry, name), obvious);
    obvious
}

/// What is before and behind the first 0.
fn halves(input: &[u8]) -> (&[u8], &[u8]) {
    let at = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    (&input[..at], input.get(at + 1..).unwrap_or_default())
}

/// The argument of `-u` and `-U`.
pub const ACCOUNT: Target = Target {
    name: "chpst_account",
    body: account,
    words: &[
        ":",
        ":0",
        "::",
        ":1:2",
        ":4294967295",
        ":4294967296",
        ":18446744073709551616",
        "00000000000",
        "user",
    ],
};

fn account(text: &[u8]) -> bool {
    let words: Vec<&[u8]> = text.split(|byte| *byte == b':').collect();
    let obvious = if text.first() == Some(&b':') {
        // A number is digits, and no more than 32 bits.
        let id = |word: &&[u8]| {
            let digits =
                std::str::from_utf8(word).ok().filter(|word| word.bytes().all(|b| b.is_ascii_digit()))?;
            let short = digits.trim_start_matches('0');
            if digits.is_empty() {
                None
            } else if short.is_empty() {
                Some(0)
            } else {
                short.parse::<u32>().ok()
            }
        };
        let ids: Option<Vec<u32>> = words[1..].iter().map(id).collect();
        ids.filter(|ids| (2..=61).contains(&ids.len()))
    } else {
        None
    };
    match account::parse(text) {
        Ok(Ids::Numbers(ids)) => {
            assert_eq!(Some([&[ids.uid], ids.gids()].concat()), obvious);
            true
        }
        Ok(Ids::Names { user, groups }) => {
            assert_ne!(text.first(), Some(&b':'));
            assert_eq!(user, words[0]);
            let groups: Vec<&[u8]> = groups.into_iter().flat_map(account::names).collect();
            assert_eq!(groups, words[1..].iter().copied().take(60).collect::<Vec<_>>());
            true
        }
        Err(rest) => {
            assert_eq!((obvious, Some(rest)), (None, text.strip_prefix(b":")));
            false
        }
    }
}

/// Numbers: limits, and nice levels.
pub const LIMIT: Target = Target {
    name: "chpst_limit",
    body: limit,
    words: &[
        "0",
        "-",
        "+",
        "=",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "4294967296",
    ],
};

fn limit(word: &[u8]) -> bool {
    let digits = word.iter().all(u8::is_ascii_digit);
    let wrapped = word.iter().fold(0_u128, |sum, digit| (sum * 10 + u128::from(digit & 15)) % (1 << 64));
    let obvious = match i64::from_ne_bytes(u64::try_from(wrapped).expect("64 bits").to_ne_bytes()) {
        _ if !digits => None,
        -1 => Some(Some(Amount::Hard)),
        value => Some(u64::try_from(value).ok().map(Amount::Up)),
    };
    let found = limit::amount(word);
    assert_eq!(found, obvious);
    for hard in [0, 4096, u64::MAX] {
        assert!(found.flatten().is_none_or(|amount| amount.under(hard) <= hard));
    }
    nice(word);
    digits
}

fn nice(word: &[u8]) {
    let words: [&[u8]; 4] = [b"chpst", b"-n", word, b"program"];
    let found = match CommandLine::of(Tool::Chpst, |at| words.get(at).copied()) {
        CommandLine::Run(plan) => Some(plan.nice),
        _ => None,
    };
    let rest = match word.first() {
        Some(b'-' | b'+') => &word[1..],
        _ => word,
    };
    let obvious = rest.iter().all(u8::is_ascii_digit).then(|| {
        let value = rest.iter().fold(0_i128, |sum, digit| (sum * 10 + i128::from(digit & 15)).min(1 << 40));
        let value = if word.first() == Some(&b'-') { -value } else { value };
        // There are forty levels.
        i32::try_from(value.clamp(-40, 40)).expect("32 bits")
    });
    assert_eq!(found, obvious);
}

/// The option parser, on words with zeros between them, and the command lines of all the tools.
pub const OPTIONS: Target = Target {
    name: "args_options",
    body: options,
    words: &[
        "\0-",
        "\0--",
        "\0-v",
        "\0-w",
        "\0-w5",
        "\0-vw",
        "--x",
        "\0",
        "-u",
        "\0-n1",
        "--umask=7",
        "--groups",
    ],
};

const LETTERS: &[u8] = b"vVw:x:P";

/// What the parser says of a word of letters, and whether it took the next word.
fn obvious_word<'a>(word: &'a [u8], next: Option<&'a [u8]>) -> (Vec<Opt<'a>>, bool) {
    let mut found = Vec::new();
    for (at, letter) in word.iter().enumerate().skip(1) {
        match letter {
            b'v' | b'V' | b'P' => found.push(Opt::Flag(*letter)),
            b'w' | b'x' if at + 1 < word.len() => {
                found.push(Opt::Value(*letter, &word[at + 1..]));
                return (found, false);
            }
            b'w' | b'x' => {
                found.push(next.map_or(Opt::Missing(*letter), |next| Opt::Value(*letter, next)));
                return (found, true);
            }
            _ => found.push(Opt::Illegal(*letter)),
        }
    }
    (found, false)
}

fn options(input: &[u8]) -> bool {
    let words: Vec<&[u8]> = input.split(|byte| *byte == 0).collect();
    let word = |at: usize| words.get(at).copied();
    let mut obvious = Vec::new();
    let mut at = 1;
    while let Some(next) = word(at) {
        if next.len() < 2 || next[0] != b'-' {
            break;
        }
        at += 1;
        if next[1] == b'-' {
            obvious.push(Opt::Long(&next[2..]));
            break;
        }
        let (found, took) = obvious_word(next, word(at));
        at += usize::from(took);
        obvious.extend(found);
    }
    let mut parser = Options::new(word, LETTERS);
    let found: Vec<Opt<'_>> = parser.by_ref().collect();
    assert_eq!((&found, parser.operands()), (&obvious, at));
    // Whatever is typed, a program is named by a word that is there, and no step comes twice.
    let tools = [
        Tool::Chpst,
        Tool::Setlock,
        Tool::Softlimit,
        Tool::Setuidgid,
        Tool::Envuidgid,
        Tool::Envdir,
        Tool::Pgrphack,
    ];
    for tool in tools {
        if let CommandLine::Run(plan) = CommandLine::of(tool, word) {
            assert!(word(plan.program).is_some());
            let steps: Vec<_> = plan.steps().collect();
            assert!(steps.iter().enumerate().all(|(at, step)| !steps[..at].contains(step)));
        }
    }
    !found.is_empty()
}

/// The places where a program is looked for: name, 0, `PATH`.
pub const SEARCH: Target =
    Target { name: "chpst_search", body: search, words: &["\0", ":", "::", "/", "sh\0/bin:/usr/bin", "./"] };

fn search(input: &[u8]) -> bool {
    let (name, path) = halves(input);
    let path = input.contains(&0).then_some(path);
    let mut obvious: Vec<Vec<u8>> = Vec::new();
    if name.contains(&b'/') {
        obvious.push(name.to_vec());
    } else {
        for dir in path.unwrap_or(b"/bin:/usr/bin").split(|byte| *byte == b':') {
            obvious.push([if dir.is_empty() { b"." } else { dir }, b"/", name].concat());
        }
    }
    let mut search = Search::new(name, path);
    let mut found = Vec::new();
    while let Some(place) = search.place() {
        found.push(place.concat());
        search.failed(Errno::NOENT);
    }
    assert_eq!(found, obvious);
    assert_eq!(search.why(), Errno::NOENT);
    found.len() > 1
}
