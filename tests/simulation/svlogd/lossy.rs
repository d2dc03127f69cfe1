//! `--lossy`: nobody ever waits for a directory, and lines and lost lines add up.
use crate::watched::Check;
use platform::{Fd, Instant, Pid};
use platform_sim::{Deed, Fact, Faults, Kernel, Random};
use std::collections::HashMap;

/// What it waits for at the end is the rest of a line, at most, in nanoseconds.
const REST: u64 = 2_000_000_000;

/// What was seen of a program that must not wait.
#[derive(Default)]
pub(super) struct Lossy {
    /// The input has come to its end.
    over: bool,
    /// How many lines are said to be lost at the end, by directory.
    lost: HashMap<Vec<u8>, u64>,
    /// Processors that were started and not reaped: these it waits for.
    workers: Vec<Pid>,
}

/// The disk is full in the midst of a line.
pub(super) fn plan(kernel: &mut Kernel, random: &mut Random, calm: u64) {
    for _ in 0..random.below(6) {
        let faults = Faults {
            fills: 1 + random.below(2000) as u32,
            console: random.chance(5),
            sync: random.below(3) as u32,
            ..Faults::NONE
        };
        let at = random.below(calm);
        kernel.plan(at, Deed::Faults(faults));
        // At times it is full for long, and much is lost.
        if random.chance(50) {
            kernel.plan((at + random.below(6000)).min(calm), Deed::Faults(Faults::NONE));
        }
    }
}

/// `1,234 lines lost`.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let count = text.strip_suffix(" lines lost").or(text.strip_suffix(" line lost"))?;
    count.replace(',', "").parse().ok()
}

/// How many lines come before what is there ends, lost or not.
pub(super) fn order(dir: &str, found: &[u8], read: &[u8]) -> Result<u64, String> {
    let mut lines = read.split_inclusive(|byte| *byte == b'\n');
    let mut next = 0;
    for line in found.split_inclusive(|byte| *byte == b'\n') {
        let said = line.strip_prefix(b"svlogd: ").and_then(|text| number(text.strip_suffix(b"\n")?));
        if let Some(lost) = said {
            for _ in 0..lost {
                next += 1;
                lines.next().ok_or(format!("{dir}: more lines are lost than there were: {lost}"))?;
            }
            continue;
        }
        let wanted = lines.next().unwrap_or_default();
        next += 1;
        // A line whose rest is still to come, or was given up.
        if !line.ends_with(b"\n")
            && (wanted.starts_with(line) || b"svlogd: ".starts_with(&line[..line.len().min(8)]))
        {
            return Ok(next - 1);
        }
        if line != wanted {
            let shown = |line: &[u8]| line.get(..40).unwrap_or(line).escape_ascii().to_string();
            return Err(format!(
                "{dir}: lines are lost, doubled or mixed up: line {next} is \"{}\" and not \"{}\"",
                shown(line),
                shown(wanted)
            ));
        }
    }
    Ok(next)
}

impl Lossy {
    /// Something happened; `told`: it was sent TERM.
    pub(super) fn fact(&mut self, kernel: &Kernel, fact: &Fact<'_>, told: bool) -> Check {
        match fact {
            Fact::Read { fd: Fd::STDIN, bytes } => self.over |= bytes.is_empty(),
            Fact::Spawned { child, pid } if child.path == c"/bin/sh" => self.workers.push(*pid),
            Fact::Reaped { pid, .. } => self.workers.retain(|worker| worker != pid),
            Fact::Said { pid, text } if *pid == kernel.own() => self.hears(text),
            // A look is no sleep.
            Fact::Waits { fds, until } if until.is_none_or(|until| until > kernel.now()) => {
                return self.waits(kernel, told, fds, *until);
            }
            _ => {}
        }
        Ok(())
    }

    /// Perhaps a message tells of lost lines.
    fn hears(&mut self, text: &[u8]) {
        let Some(rest) = text.strip_prefix(b"svlogd: warning: ") else { return };
        let Some(colon) = rest.windows(2).position(|pair| pair == b": ") else { return };
        let Some(count) = number(&rest[..colon]) else { return };
        let dir = rest[colon + 2..].trim_ascii_end();
        let dir = dir.rsplit(|byte| *byte == b'/').next().unwrap_or(dir);
        *self.lost.entry(dir.to_vec()).or_default() += count;
    }

    /// It goes to sleep.
    fn waits(&self, kernel: &Kernel, told: bool, fds: &[Fd], until: Option<Instant>) -> Check {
        if !self.over && !told && fds.first().is_some_and(|fd| *fd != Fd::STDIN) {
            return Err("held up: it does not read".into());
        }
        let long = until.is_none_or(|until| until.0 > kernel.now().0 + REST);
        if (told || self.over) && long && self.workers.is_empty() {
            return Err("held up: it does not end".into());
        }
        Ok(())
    }

    /// All lines are there, or lost and counted.
    pub(super) fn adds_up(&self, dir: &str, found: &[u8], read: &[u8], calm: bool) -> Check {
        let there = order(dir, found, read)?;
        let all = read.split_inclusive(|byte| *byte == b'\n').count() as u64;
        let lost = self.lost.get(dir.as_bytes()).copied();
        // With a console that takes nothing it is not told.
        if there + lost.unwrap_or(0) != all && (calm || lost.is_some()) {
            return Err(format!("{dir}: it does not add up: {there} lines and {lost:?} of {all}"));
        }
        Ok(())
    }
}
