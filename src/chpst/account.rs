//! `user[:group…]` and `:uid:gid[:gid…]`.
use crate::args::number;

/// As many groups count.
pub const MOST: usize = 60;

/// What an account's text means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no heap, and only one of it")]
pub enum Ids<'a> {
    /// Numbers: nothing is looked up.
    Numbers(Numbers),
    /// Names, to be looked up; empty ones among them are names that nobody has.
    Names {
        /// The user's.
        user: &'a [u8],
        /// The groups' with colons between them; `None`: that of the user.
        groups: Option<&'a [u8]>,
    },
}

/// Ids as numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbers {
    /// The user.
    pub uid: u32,
    gids: [u32; MOST],
    count: usize,
}

impl Numbers {
    /// The groups, of which there is one at least.
    #[must_use]
    pub fn gids(&self) -> &[u32] {
        self.gids.get(..self.count).unwrap_or_default()
    }
}

/// Understands an account.
///
/// # Errors
/// The text after the first colon if it is not two to 61 numbers of 32 bits with single colons
/// between them.
pub fn parse(text: &[u8]) -> Result<Ids<'_>, &[u8]> {
    if let [b':', numbers @ ..] = text {
        return self::numbers(numbers).map(Ids::Numbers).ok_or(numbers);
    }
    let mut parts = text.splitn(2, |byte| *byte == b':');
    Ok(Ids::Names { user: parts.next().unwrap_or_default(), groups: parts.next() })
}

fn numbers(text: &[u8]) -> Option<Numbers> {
    let mut parts = text.split(|byte| *byte == b':');
    let mut ids = Numbers { uid: id(parts.next()?)?, gids: [0; MOST], count: 0 };
    for part in parts {
        *ids.gids.get_mut(ids.count)? = id(part)?;
        ids.count = ids.count.saturating_add(1);
    }
    if ids.count == 0 { None } else { Some(ids) }
}

/// DEV-81: an id is written out, and fits.
fn id(part: &[u8]) -> Option<u32> {
    let digits = part.iter().position(|byte| *byte != b'0').unwrap_or(part.len());
    let significant = part.get(digits..).unwrap_or_default();
    let (value, rest) = number(significant);
    if part.is_empty() || !rest.is_empty() || significant.len() > 10 {
        return None;
    }
    u32::try_from(value).ok()
}

/// The names of groups, as many as count.
pub fn names(groups: &[u8]) -> impl Iterator<Item = &[u8]> {
    groups.split(|byte| *byte == b':').take(MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gids(text: &str) -> Option<(u32, Vec<u32>)> {
        match parse(text.as_bytes()) {
            Ok(Ids::Numbers(ids)) => Some((ids.uid, ids.gids().to_vec())),
            Ok(Ids::Names { .. }) => panic!("{text}"),
            Err(rest) => {
                assert_eq!(rest, &text.as_bytes()[1..]);
                None
            }
        }
    }

    #[test]
    fn numbers_only_after_a_colon() {
        assert_eq!(gids(":1:2"), Some((1, vec![2])));
        assert_eq!(gids(":0:0:0"), Some((0, vec![0, 0])));
        assert_eq!(gids(":007:0000000000008"), Some((7, vec![8])));
        assert_eq!(gids(":4294967295:1"), Some((u32::MAX, vec![1])));
        let name = |user, groups| Ok(Ids::Names { user, groups });
        assert_eq!(parse(b"1"), name(b"1", None));
        assert_eq!(parse(b"1:2"), name(b"1", Some(b"2")));
        assert_eq!(parse(b"a:"), name(b"a", Some(b"")));
        assert_eq!(parse(b"a:b:c"), name(b"a", Some(b"b:c")));
        assert_eq!(parse(b""), name(b"", None));
    }

    /// DEV-81.
    #[test]
    fn nothing_stands_for_0() {
        for text in [
            ":",
            ":1",
            ":1:",
            "::5",
            "::",
            ":1:2:",
            ":1::2",
            ":1:2x",
            ":x:1",
            ":-1:1",
            ":+1:1",
            ": 1:1",
            ":4294967296:1",
            ":1:4294967296",
            ":18446744073709551616:1",
            ":99999999999999999999999:1",
        ] {
            assert_eq!(gids(text), None, "{text}");
        }
    }

    #[test]
    fn sixty_groups() {
        let text = |count: usize| format!(":1{}", ":2".repeat(count));
        assert_eq!(gids(&text(60)).unwrap().1.len(), 60);
        assert_eq!(gids(&text(61)), None);
        assert_eq!(names(&b"g:".repeat(80)).count(), 60);
        assert_eq!(names(b"").collect::<Vec<_>>(), [b""], "a group without a name, which nobody has");
        assert_eq!(names(b"a::b:").collect::<Vec<_>>(), [b"a".as_slice(), b"", b"b", b""]);
    }
}
