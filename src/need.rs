//! What a service waits for before it is started: an entry of its `needs/`, as `supervise/state` tells it.
use platform::copy;

/// So much of a name is told.
pub const NAME: usize = 64;

/// Why a service that is needed is not there yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Lack {
    /// It is down, or up and not ready.
    NotReady,
    /// It was given up.
    Failed,
    /// It has no supervisor.
    Alone,
}

/// All of them, with their words in `supervise/state`.
pub(crate) const LACKS: [(Lack, &[u8]); 3] =
    [(Lack::NotReady, b"wait"), (Lack::Failed, b"fail"), (Lack::Alone, b"gone")];

/// The first entry of `needs/` that is not up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Need {
    /// Its name as it is told, with blanks behind it.
    name: [u8; NAME],
    /// Why it is waited for.
    pub lack: Lack,
}

impl Need {
    /// An entry of that name. What a line cannot hold is told as `?`, and a name that is too long ends in `~`; the
    /// whole name is in `needs/`.
    #[must_use]
    pub fn new(name: &[u8], lack: Lack) -> Need {
        let mut told = [b' '; NAME];
        for (slot, byte) in told.iter_mut().zip(name) {
            *slot = if byte.is_ascii_graphic() { *byte } else { b'?' };
        }
        if let (true, [.., last]) = (name.len() > NAME, &mut told) {
            *last = b'~';
        }
        Need { name: told, lack }
    }

    /// The name as it is told, and nothing behind it.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.name.trim_ascii_end()
    }

    /// Puts the two words into a line that has blanks there: why, and for what.
    pub(crate) fn put(&self, why: &mut [u8], name: &mut [u8]) {
        let word = LACKS.iter().find(|known| known.0 == self.lack).map_or(b"".as_slice(), |known| known.1);
        copy(word, why);
        copy(&self.name, name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_they_are_told() {
        let long = [b'a'; NAME + 1];
        let cut = [&long[..NAME - 1], b"~"].concat();
        for (name, told) in [
            (b"db".as_slice(), b"db".as_slice()),
            (b"a b\\\n\xff\x7f~", b"a?b\\???~"),
            (&long[..NAME], &long[..NAME]),
            (&long, &cut),
        ] {
            assert_eq!(Need::new(name, Lack::NotReady).name(), told);
        }
    }
}
