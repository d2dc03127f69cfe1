//! QEMU's machine protocol: one JSON value on each line.
use std::fmt::Write as _;

/// A JSON value, as far as the protocol needs it.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// `null`, `true`, `false` and numbers, as they are written.
    Plain(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Names and values.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let Value::Object(pairs) = self else { return None };
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The string of a name; empty if there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Value::Text(text) | Value::Plain(text)) => text,
            _ => "",
        }
    }
}

/// Reads a value that is all of a text.
///
/// # Errors
/// Where it is broken.
pub fn parse(text: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: text.trim(), depth: 0 };
    let value = reader.value()?;
    reader.blank();
    if reader.rest.is_empty() { Ok(value) } else { Err(format!("more than a value: {}", reader.rest)) }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, sign: char) -> bool {
        self.blank();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("too deep".into());
        }
        let value = if self.take('{') {
            let mut pairs = Vec::new();
            while !self.take('}') {
                if !pairs.is_empty() && !self.take(',') {
                    return Err(format!("a comma is missing: {}", self.rest));
                }
                if !self.take('"') {
                    return Err(format!("a name is missing: {}", self.rest));
                }
                let name = self.string()?;
                if !self.take(':') {
                    return Err(format!("a colon is missing: {}", self.rest));
                }
                pairs.push((name, self.value()?));
            }
            Value::Object(pairs)
        } else if self.take('[') {
            let mut values = Vec::new();
            while !self.take(']') {
                if !values.is_empty() && !self.take(',') {
                    return Err(format!("a comma is missing: {}", self.rest));
                }
                values.push(self.value()?);
            }
            Value::List(values)
        } else if self.take('"') {
            Value::Text(self.string()?)
        } else {
            let is_end = |c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c));
            let end = self.rest.find(is_end).unwrap_or(self.rest.len());
            if end == 0 {
                return Err(format!("a value is missing: {}", self.rest));
            }
            let (plain, rest) = self.rest.split_at(end);
            self.rest = rest;
            Value::Plain(plain.to_owned())
        };
        self.depth -= 1;
        Ok(value)
    }

    /// What follows a quote, up to the next one.
    fn string(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut signs = self.rest.chars();
        loop {
            match signs.next().ok_or("a string without end")? {
                '"' => break,
                '\\' => match signs.next().ok_or("a string without end")? {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    'u' => {
                        let code: String = signs.by_ref().take(4).collect();
                        let code = u32::from_str_radix(&code, 16).map_err(|_| "a bad escape")?;
                        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    other => text.push(other),
                },
                sign => text.push(sign),
            }
        }
        self.rest = signs.as_str();
        Ok(text)
    }
}

/// What QEMU says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message {
    /// The first line.
    Greeting,
    /// An order was carried out.
    Done,
    /// It was not, and why.
    Refused(String),
    /// An event and its reason, which is empty if there is none.
    Event(String, String),
}

/// Understands a line.
///
/// # Errors
/// It is not of the protocol.
pub fn message(line: &str) -> Result<Message, String> {
    let value = parse(line)?;
    if value.get("QMP").is_some() {
        Ok(Message::Greeting)
    } else if value.get("return").is_some() {
        Ok(Message::Done)
    } else if let Some(error) = value.get("error") {
        Ok(Message::Refused(error.text("desc").to_owned()))
    } else if value.get("event").is_some() {
        let reason = value.get("data").map_or("", |data| data.text("reason"));
        Ok(Message::Event(value.text("event").to_owned(), reason.to_owned()))
    } else {
        Err(format!("not of the protocol: {line}"))
    }
}

/// An order without arguments.
#[must_use]
pub fn order(name: &str) -> String {
    format!(r#"{{"execute":"{name}"}}"#)
}

/// The order to hold keys together, by QEMU's names.
#[must_use]
pub fn press(keys: &[String]) -> String {
    let mut list = String::new();
    for key in keys {
        let comma = if list.is_empty() { "" } else { "," };
        let _ = write!(list, r#"{comma}{{"type":"qcode","data":"{key}"}}"#);
    }
    format!(r#"{{"execute":"send-key","arguments":{{"keys":[{list}],"hold-time":200}}}}"#)
}

/// The keys of an American keyboard for a text, by QEMU's names, with return at the end.
#[must_use]
pub fn keys(text: &str) -> Vec<Vec<String>> {
    let key = |sign: char| -> Vec<String> {
        let name = match sign {
            ' ' => "spc",
            '-' | '_' => "minus",
            '=' => "equal",
            '/' => "slash",
            '.' => "dot",
            ',' => "comma",
            ';' | ':' => "semicolon",
            '"' | '\'' => "apostrophe",
            sign => return with_shift(sign.is_ascii_uppercase(), &sign.to_ascii_lowercase().to_string()),
        };
        with_shift("_:\"".contains(sign), name)
    };
    text.chars().map(key).chain([vec!["ret".to_owned()]]).collect()
}

fn with_shift(shift: bool, name: &str) -> Vec<String> {
    if shift { vec!["shift".to_owned(), name.to_owned()] } else { vec![name.to_owned()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What QEMU 7.2 said while a guest was reset by ctrl-alt-del and then powered off.
    const SESSION: &str = include_str!("qmp-session");

    #[test]
    fn a_recorded_session() {
        let found: Vec<Message> = SESSION.lines().map(|line| message(line).unwrap()).collect();
        let events: Vec<(&str, &str)> = found
            .iter()
            .filter_map(|message| match message {
                Message::Event(name, reason) => Some((name.as_str(), reason.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(found[0], Message::Greeting);
        assert_eq!(
            found[1..3],
            [Message::Done, Message::Refused("The command foo has not been found".into())]
        );
        assert_eq!(events[0], ("RESUME", ""));
        assert!(events.contains(&("RESET", "guest-reset")));
        assert_eq!(events.last(), Some(&("SHUTDOWN", "guest-shutdown")));
    }

    #[test]
    fn values() {
        let value = parse(r#" {"a": [1, -2.5, true, {}], "b": "x\"\\\u0041\n", "c": {"d": null}} "#).unwrap();
        assert_eq!(value.text("b"), "x\"\\A\n");
        assert_eq!(value.get("c").map(|c| c.text("d")), Some("null"));
        for wrong in ["", "{", "{\"a\"}", "[1 2]", "{\"a\":1} x", "\"open", "{\"a\":}", "\"\\u00\""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(parse(&"[".repeat(1000)).is_err());
        assert!(message("{}").is_err());
    }

    #[test]
    fn a_text_as_keys() {
        let names: Vec<String> = keys("Set x_1").iter().map(|keys| keys.join("-")).collect();
        assert_eq!(names, ["shift-s", "e", "t", "spc", "x", "shift-minus", "1", "ret"]);
    }

    #[test]
    fn orders_are_values() {
        let keys = parse(&press(&["ctrl".into(), "alt".into(), "delete".into()])).unwrap();
        let Some(Value::List(list)) = keys.get("arguments").and_then(|all| all.get("keys")) else {
            panic!("{keys:?}")
        };
        assert_eq!(list.iter().map(|key| key.text("data")).collect::<Vec<_>>(), ["ctrl", "alt", "delete"]);
        assert_eq!(parse(&order("cont")).unwrap().text("execute"), "cont");
    }
}
