//! Targets of fuzzing: functions that take any bytes and panic where the programs' code and an
//! obvious way to do the same, slow and simple, come to different results.
//!
//! `fuzz/` hands them to cargo-fuzz. [`drive`] runs them on the files in `fuzz/corpus` and on what
//! a generator with a fixed seed makes of these, which takes seconds and needs nothing.
use platform_sim::Random;
use std::any::Any;
use std::fmt::Write;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

pub mod chpst;
pub mod lossy;
pub mod records;
pub mod svlogd;

/// Something to be fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of its file in `fuzz/fuzz_targets` and of its directory in `fuzz/corpus`.
    pub name: &'static str,
    /// Looks at some bytes; whether they meant something. Both has to happen, else nothing is
    /// tested.
    pub body: fn(&[u8]) -> bool,
    /// Words that mean something to it.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: &[Target] = &[
    chpst::ENV_VALUE,
    chpst::ENV_EDIT,
    chpst::ACCOUNT,
    chpst::LIMIT,
    chpst::OPTIONS,
    chpst::SEARCH,
    chpst::READY,
    records::LOGIN,
    records::STATUS,
    svlogd::PATTERN,
    svlogd::CONFIG,
    svlogd::LINES,
    lossy::LOSSY,
];

/// How many inputs are made unless `FUZZ_COUNT` says otherwise.
const COUNT: u64 = 20_000;
/// The longest of them, about.
const LENGTH: usize = 600;

/// The files of a target's corpus, in the order of their names.
///
/// # Panics
/// If there are none.
#[must_use]
pub fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target.name);
    let entries = fs::read_dir(&dir).unwrap_or_else(|why| panic!("{}: {why}", dir.display()));
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", dir.display());
    files.iter().map(|file| fs::read(file).expect("a file of the corpus")).collect()
}

/// Runs a target on its corpus and on inputs made of it; `FUZZ_COUNT` and `FUZZ_SEED` choose others
/// than always.
///
/// # Panics
/// If the target does, with the input; if all inputs mean something to it, or none.
pub fn drive(target: &Target) {
    let setting = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seed = setting("FUZZ_SEED").unwrap_or(1);
    let mut random = Random::new(seed);
    let corpus = corpus(target);
    let mut counts = [0_u64; 2];
    let mut run = |input: &[u8], which: &str| {
        let result = catch_unwind(AssertUnwindSafe(|| (target.body)(input)));
        match result {
            Ok(meant) => counts[usize::from(meant)] += 1,
            Err(payload) => panic!("{} on {which}, {}: {}", target.name, shown(input), said(&*payload)),
        }
    };
    for (at, input) in corpus.iter().enumerate() {
        run(input, &format!("file {at} of the corpus"));
    }
    let count = setting("FUZZ_COUNT").unwrap_or(COUNT);
    for number in 0..count {
        let input = mutant(&corpus, target.words, &mut random);
        run(&input, &format!("input {number} of seed {seed}"));
    }
    let few = count / 100;
    assert!(counts.iter().all(|seen| *seen >= few), "{}: one-sided: {counts:?}", target.name);
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

fn shown(input: &[u8]) -> String {
    let mut text = String::from("b\"");
    for byte in input {
        let _ = write!(text, "{}", byte.escape_ascii());
    }
    text + "\""
}

/// A file of the corpus after some changes.
fn mutant(corpus: &[Vec<u8>], words: &[&str], random: &mut Random) -> Vec<u8> {
    let pick = |random: &mut Random, end: usize| usize::try_from(random.below(end as u64)).unwrap_or(0);
    let mut bytes = corpus[pick(random, corpus.len())].clone();
    for _ in 0..=random.below(6) {
        let at = pick(random, bytes.len() + 1);
        let end = at + pick(random, (bytes.len() - at).min(32) + 1);
        let part = match random.below(8) {
            0 => vec![random.next().to_le_bytes()[0]],
            1 => vec![*b"\0\n\t =:+-*0179\xff".get(pick(random, 15)).unwrap_or(&b'x')],
            2 | 3 if !words.is_empty() => words[pick(random, words.len())].as_bytes().to_vec(),
            4 => bytes[at..end].repeat(2 + pick(random, 3)),
            5 => {
                let other = &corpus[pick(random, corpus.len())];
                let from = pick(random, other.len() + 1);
                other[from..from + pick(random, other.len() - from + 1)].to_vec()
            }
            6 => vec![bytes.get(at).copied().unwrap_or(b'0') ^ (1 << random.below(8))],
            _ => Vec::new(),
        };
        // In the place of something, or between.
        let end = if random.chance(50) { end } else { at };
        bytes.splice(at..end, part);
        bytes.truncate(LENGTH);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_body_is_found() {
        let body = |input: &[u8]| {
            assert!(!input.windows(2).any(|pair| pair == b"::"), "here it is");
            input.contains(&b':')
        };
        let target = Target { body, ..chpst::ACCOUNT };
        let found = catch_unwind(|| drive(&target)).unwrap_err();
        assert!(said(&*found).contains("here it is") && said(&*found).contains("::"), "{}", said(&*found));
    }

    #[test]
    fn a_body_that_looks_at_nothing_is_found() {
        let target = Target { body: |_| true, ..chpst::ACCOUNT };
        assert!(said(&*catch_unwind(|| drive(&target)).unwrap_err()).contains("one-sided"));
    }

    #[test]
    fn every_target_is_known_to_cargo_fuzz() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
        for target in TARGETS {
            assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
            let text = fs::read_to_string(root.join(format!("fuzz_targets/{}.rs", target.name))).unwrap();
            let constant = target.name.split_once('_').map_or(target.name, |(_, name)| name).to_uppercase();
            assert!(text.contains(&format!("::{constant}.body")), "{text}");
        }
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    }
}
