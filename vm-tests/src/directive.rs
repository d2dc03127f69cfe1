//! The text in which systems and scenarios are written down: a line is a word and what follows it; lines
//! that begin with a tab belong to the line above as its block. Empty lines and lines that begin with
//! `#` are comments, except in a block.

/// One line with its block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Directive {
    /// Where it stands in the file, from 1 on.
    pub number: usize,
    /// The first word.
    pub word: String,
    /// What follows it on the line.
    pub rest: String,
    /// The lines below, each without its first tab.
    pub block: String,
}

impl Directive {
    /// The words that follow.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.rest.split_whitespace()
    }

    /// The next word, and what comes after it.
    ///
    /// # Errors
    /// There are not two.
    pub fn two(&self) -> Result<(&str, &str), String> {
        let split = self.rest.split_once(char::is_whitespace);
        split.map(|(one, two)| (one, two.trim_start())).ok_or_else(|| self.wrong("two words are needed"))
    }

    /// A number that follows.
    ///
    /// # Errors
    /// It is none.
    pub fn number<T: std::str::FromStr>(&self) -> Result<T, String> {
        self.rest.parse().map_err(|_| self.wrong("not a number"))
    }

    /// A complaint about this line.
    #[must_use]
    pub fn wrong(&self, why: &str) -> String {
        format!("line {}: {why}: {} {}", self.number, self.word, self.rest)
    }
}

/// Reads a file of that kind.
///
/// # Errors
/// A block with nothing above it.
pub fn read(text: &str) -> Result<Vec<Directive>, String> {
    let mut found: Vec<Directive> = Vec::new();
    // Empty lines count as part of a block if it goes on below them.
    let mut empty = 0;
    for (at, line) in text.lines().enumerate() {
        if let Some(inner) = line.strip_prefix('\t') {
            let Some(above) = found.last_mut() else {
                return Err(format!("line {}: a block with nothing above it", at + 1));
            };
            if !above.block.is_empty() {
                above.block.push_str(&"\n".repeat(empty));
            }
            above.block.push_str(inner);
            above.block.push('\n');
            empty = 0;
        } else if line.trim().is_empty() {
            empty += 1;
        } else {
            empty = 0;
            if line.starts_with('#') {
                continue;
            }
            let line = line.trim();
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            found.push(Directive {
                number: at + 1,
                word: word.to_owned(),
                rest: rest.trim().to_owned(),
                block: String::new(),
            });
        }
    }
    Ok(found)
}

/// Replaces each `@name@` by what `value` says.
///
/// # Errors
/// The first name that has no value.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        result.push_str(before);
        let end =
            after.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '-').unwrap_or(0);
        if end > 0 && after[end..].starts_with('@') {
            let name = &after[..end];
            result.push_str(&value(name).ok_or_else(|| name.to_owned())?);
            rest = &after[end + 1..];
        } else {
            result.push('@');
            rest = after;
        }
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_blocks() {
        let text = "# first\ntitle  a system \n\nfile /x 755\n\techo\n\n\t\tdeep # no comment\n\nend\n";
        let found = read(text).unwrap();
        let words: Vec<&str> = found.iter().map(|found| found.word.as_str()).collect();
        assert_eq!(words, ["title", "file", "end"]);
        assert_eq!((found[0].rest.as_str(), found[0].number), ("a system", 2));
        assert_eq!(found[1].block, "echo\n\n\tdeep # no comment\n");
        assert_eq!(found[1].two(), Ok(("/x", "755")));
        assert!(found[0].number::<u32>().is_err() && found[2].two().is_err());
        assert!(read("\tblock\n").is_err());
    }

    #[test]
    fn words_are_filled_in() {
        let value = |name: &str| (name == "zombies").then(|| "ps".to_owned());
        assert_eq!(fill("a @zombies@|wc; a@b.c @ \"$@\"", value).unwrap(), "a ps|wc; a@b.c @ \"$@\"");
        assert_eq!(fill("@other@", value), Err("other".into()));
    }
}
