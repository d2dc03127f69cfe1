//! Services in a table, or in another format.
use crate::console::Console;
use crate::places::Places;
use crate::report::wall;
use crate::see;
use platform_host::terminal;
use runit::sv::format::Format;
use runit::sv::found::Found;
use runit::sv::row::Row;
use runit::sv::table::{self, Style};
use runit::sv::text::Sink;
use runit::sv::{Colour, Show, Tally};

/// What a terminal has that does not say.
const WIDTH: usize = 80;

/// Whether a table is to be shown, and how: on a terminal, or if colours are asked for wherever it goes. Nothing else
/// that is written there has columns.
pub fn style(show: &Show) -> Option<Style> {
    let out = std::io::stdout();
    let is_terminal = terminal::is_one(&out);
    let width = is_terminal.then(|| terminal::columns(&out).or_else(told).unwrap_or(WIDTH));
    let colours = match show.colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => is_terminal && is_colourful(),
    };
    (is_terminal || show.colour == Colour::Always).then_some(Style { width, colours })
}

fn told() -> Option<usize> {
    std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0)
}

/// <https://no-color.org>: set to anything but nothing.
fn is_colourful() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A table.
pub fn table(console: &mut Console, places: &Places, names: &[&[u8]], style: Style) -> Tally {
    let mut tally = Tally::default();
    let now = wall();
    let found = names.iter().map(|name| see::see(places, name, now));
    let rows: Vec<Row<'_>> = found.map(|found| count(&mut tally, &found, Row::of(&found))).collect();
    table::write(console, &rows, style);
    tally
}

fn count<T>(tally: &mut Tally, found: &Found<'_>, shown: T) -> T {
    if found.is_wrong() {
        tally.fail();
    }
    shown
}

/// All of them in this format.
pub fn array(console: &mut Console, places: &Places, names: &[&[u8]], format: Format) -> Tally {
    let mut tally = Tally::default();
    let now = wall();
    let mut array = Array::new(format);
    for name in names {
        let found = see::see(places, name, now);
        array.add(console, places, &found, None);
        count(&mut tally, &found, ());
    }
    array.end(console);
    tally
}

/// Services that are written as they come.
#[derive(Debug)]
pub struct Array {
    format: Format,
    begun: bool,
}

impl Array {
    /// None yet.
    pub const fn new(format: Format) -> Array {
        Array { format, begun: false }
    }

    /// One more.
    pub fn add(&mut self, console: &mut Console, places: &Places, found: &Found<'_>, outcome: Option<&str>) {
        self.format.before(console, !self.begun);
        self.begun = true;
        one(console, places, found, outcome, self.format);
    }

    /// The end.
    pub fn end(&self, console: &mut Console) {
        self.format.end(console, !self.begun);
    }
}

/// One service.
pub fn one(
    console: &mut impl Sink,
    places: &Places,
    found: &Found<'_>,
    outcome: Option<&str>,
    format: Format,
) {
    let needs = see::needs(places, found.name);
    let needs: Vec<&[u8]> = needs.iter().map(Vec::as_slice).collect();
    format.write(console, found, &needs, outcome);
}
