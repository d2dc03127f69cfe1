//! `sv --log`: the last lines of services, and those to come.
mod file;
mod find;
mod out;
mod shelf;
mod source;

use crate::console::Console;
use crate::places::Places;
use out::Out;
use platform::Stamp;
use platform_host::growth::{Grown, Growth};
use platform_host::timezone;
use runit::sv::Tally;
use runit::sv::logs::Wish;
use runit::sv::logs::line::Style;
use runit::sv::logs::wish::Stamps;
use source::{Pulled, Source};
use std::io::IsTerminal as _;

/// A line, when it was written, and the number of its service.
type Head = (Stamp, Vec<u8>);

/// Shows the logs of these services.
pub fn log(console: &mut Console, places: &Places, wish: &Wish, names: &[&[u8]]) -> Tally {
    timezone::settle();
    let mut tally = Tally::default();
    let terminal = std::io::stdout().is_terminal();
    let widest = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let mut out = Out::new(Style {
        local: wish.stamps == Stamps::Local || (terminal && wish.stamps == Stamps::Auto),
        tame: terminal && wish.stamps != Stamps::Raw,
        names: match names.len() {
            1 => 0,
            _ if terminal => widest,
            _ => 1,
        },
    });
    let mut growth = wish.follow.then(Growth::new);
    let mut sources = Vec::new();
    for name in names {
        let begun = find::directory(places, name).and_then(|directory| {
            let mut source = Source::new(name, sources.len(), directory);
            // Before the first look, so that nothing is missed.
            growth.as_mut().map(|growth| source.watch(growth));
            source.begin(wish.lines)?;
            growth.iter_mut().for_each(|growth| source.hold(growth));
            Ok(source)
        });
        match begun {
            Ok(source) => sources.push(source),
            Err(why) => {
                console.complain(&[b"fail: ", name, b": ", &why, b"\n"]);
                tally.fail();
            }
        }
    }
    past(&mut out, &mut sources, wish.follow);
    complain(console, &mut out, &mut sources);
    if let Some(mut growth) = growth.filter(|_| !sources.is_empty()) {
        follow(console, places, &mut out, &mut sources, &mut growth);
    }
    sources.iter().filter(|source| source.failed).for_each(|_| tally.fail());
    if terminal {
        out.end();
    }
    tally
}

/// The last lines of a service; none if that cannot be had.
pub fn last(places: &Places, name: &[u8], count: u64) -> Vec<Vec<u8>> {
    let Ok(directory) = find::directory(places, name) else { return Vec::new() };
    let mut source = Source::new(name, 0, directory);
    let _ = source.begin(Some(count));
    std::iter::from_fn(|| source.old(false)).map(|head| head.1).collect()
}

/// What was written before sv came, in the order of its stamps.
fn past(out: &mut Out, sources: &mut [Source<'_>], follows: bool) {
    let mut heads: Vec<Option<Head>> = sources.iter_mut().map(|source| source.old(follows)).collect();
    while let Some(at) = first(heads.iter().map(|head| head.as_ref().map(|head| head.0))) {
        let (Some(source), Some(head)) = (sources.get_mut(at), heads.get_mut(at)) else { break };
        if let Some((_, line)) = std::mem::replace(head, source.old(follows)) {
            out.line(source.name, &line);
        }
        if out.is_closed() {
            break;
        }
    }
}

/// The place of the earliest of several lines; of several of the same moment the first.
fn first(moments: impl Iterator<Item = Option<Stamp>>) -> Option<usize> {
    let known = moments.enumerate().filter_map(|(at, moment)| Some((moment?, at)));
    known.min().map(|least| least.1)
}

/// So much of each service is read before another one's turn.
const TURN: usize = 1 << 16;

/// What is written from now on, until sv is ended, or its reader.
fn follow(
    console: &mut Console,
    places: &Places,
    out: &mut Out,
    sources: &mut [Source<'_>],
    growth: &mut Growth,
) {
    let output = std::io::stdout();
    while !out.is_closed() {
        hear(sources, growth);
        let (mut turned, mut more, mut soon) = (Vec::new(), false, false);
        for (at, source) in sources.iter_mut().enumerate() {
            match source.pull(TURN) {
                Pulled::Idle => {}
                Pulled::More => more = true,
                Pulled::Turned => turned.push(at),
            }
            if source.strays() {
                more |= source.seek(find::directory(places, source.name).ok());
            }
            more |= source.watch(growth);
            soon |= source.strays();
        }
        if !turned.is_empty() {
            // What was renamed before `current` was opened is older than that.
            hear(sources, growth);
        }
        for at in turned {
            let Some(source) = sources.get_mut(at) else { continue };
            let done = source.turn(growth);
            more |= done;
            soon |= !done;
        }
        while let Some(at) = first(sources.iter().map(Source::waits)) {
            let Some((name, line)) = sources.get_mut(at).and_then(Source::take) else { break };
            out.line(name, &line);
        }
        complain(console, out, sources);
        if !more && !growth.wait(std::os::fd::AsFd::as_fd(&output), soon) {
            return;
        }
    }
}

fn hear(sources: &mut [Source<'_>], growth: &mut Growth) {
    growth.notices(|grown| match grown {
        Grown::Renamed(number, name) => {
            sources
                .iter_mut()
                .filter(|source| source.number == number)
                .for_each(|source| source.renamed(name));
        }
        Grown::Lost => sources.iter_mut().for_each(Source::lost),
        Grown::Gone(number) => {
            sources
                .iter_mut()
                .filter(|source| source.number == number)
                .for_each(|source| source.watched = false);
        }
    });
}

/// Writes what has to be said, behind the lines.
fn complain(console: &mut Console, out: &mut Out, sources: &mut [Source<'_>]) {
    out.flush();
    for source in sources {
        for text in std::mem::take(&mut source.complaints) {
            console.complain(&[b"warning: ", source.name, b": ", &text, b"\n"]);
        }
    }
}
