//! The formats in which `sv` shows services beside lines and tables. Each has its option in [`crate::words::SV`], and
//! its writer here: nothing else knows them.
use super::found::Found;
use super::object;
use super::text::Sink;
use crate::words::{SV, Takes};

/// A format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// An array of objects, see `docs/sv-status.schema.json`.
    Json,
}

impl Format {
    /// Understands an option, without its two dashes.
    #[must_use]
    pub fn of(option: &[u8]) -> Option<Format> {
        let found = SV.iter().find(|word| word.name.as_bytes().strip_prefix(b"--") == Some(option))?;
        if let Takes::Format(format) = found.takes { Some(format) } else { None }
    }

    /// Writes a service. `outcome`: what came of a command. `needs`: the names of the services that it needs.
    pub fn write(self, out: &mut impl Sink, found: &Found<'_>, needs: &[&[u8]], outcome: Option<&str>) {
        match self {
            Format::Json => object::write(out, found, needs, outcome),
        }
    }

    /// Before each service of several; the first one, or not.
    pub fn before(self, out: &mut impl Sink, first: bool) {
        match self {
            Format::Json => object::separate(out, first),
        }
    }

    /// Behind the last of several, of which there may have been none.
    pub fn end(self, out: &mut impl Sink, empty: bool) {
        match self {
            Format::Json => object::close(out, empty),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        assert_eq!(Format::of(b"json"), Some(Format::Json));
        for option in ["", "jsonx", "all", "color", "help"] {
            assert_eq!(Format::of(option.as_bytes()), None, "{option}");
        }
    }
}
