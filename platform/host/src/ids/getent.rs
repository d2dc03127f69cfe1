//! The system's own answer, where the C library that a program is linked with knows files alone: getent(1) of glibc
//! asks what /etc/nsswitch.conf names, LDAP and the like.
use std::ffi::{CStr, OsStr};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

/// Where it is; the path that a command inherited is not asked.
const GETENT: [&str; 2] = ["/usr/bin/getent", "/bin/getent"];

/// User and group of a name.
pub(super) fn user(name: &CStr) -> Option<(u32, u32)> {
    let line = ask("passwd", name)?;
    let fields = fields(&line, name)?;
    Some((number(fields.get(2)?)?, number(fields.get(3)?)?))
}

/// The number of a group.
pub(super) fn group(name: &CStr) -> Option<u32> {
    let line = ask("group", name)?;
    number(fields(&line, name)?.get(2)?)
}

/// The groups that a user is put into.
pub(super) fn groups_of(name: &CStr) -> Vec<u32> {
    let line = ask("initgroups", name).unwrap_or_default();
    // The name may have blanks in it.
    let groups = line.strip_prefix(name.to_bytes()).unwrap_or_default();
    groups.split(u8::is_ascii_whitespace).filter_map(number).collect()
}

/// A line of colons, if it is of that name: getent(1) takes digits for a number.
fn fields<'a>(line: &'a [u8], name: &CStr) -> Option<Vec<&'a [u8]>> {
    let fields: Vec<&[u8]> = line.split(|byte| *byte == b':').collect();
    (fields.first() == Some(&name.to_bytes())).then_some(fields)
}

fn number(text: impl AsRef<[u8]>) -> Option<u32> {
    std::str::from_utf8(text.as_ref()).ok()?.parse().ok()
}

/// The first line of the answer.
fn ask(database: &str, name: &CStr) -> Option<Vec<u8>> {
    let program = GETENT.into_iter().find(|path| std::path::Path::new(path).exists())?;
    let mut command = Command::new(program);
    command.args([database, "--"]).arg(OsStr::from_bytes(name.to_bytes()));
    command.env_clear().stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    let mut answer = Vec::new();
    let read = child.stdout.take().map(|mut out| out.read_to_end(&mut answer));
    // Where SIGCHLD is ignored there is no status; the answer says enough.
    let _ = child.wait();
    read?.ok()?;
    answer.split(|byte| *byte == b'\n').next().filter(|line| !line.is_empty()).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_there() -> bool {
        GETENT.into_iter().any(|path| std::path::Path::new(path).exists())
    }

    #[test]
    fn it_knows_what_the_files_know() {
        let root = is_there().then_some((0, 0));
        assert_eq!(user(c"root"), root);
        assert_eq!(group(c"daemon").is_some(), is_there());
    }

    #[test]
    fn a_number_and_an_option_are_names_too() {
        for name in [c"0", c"-s", c"--help", c"no such user \xff", c""] {
            assert_eq!((user(name), group(name), groups_of(name)), (None, None, vec![]), "{name:?}");
        }
    }

    #[test]
    fn a_line_is_of_the_name_that_was_asked_for() {
        let line = b"a b:x:12:34:::";
        assert_eq!(fields(line, c"a b").and_then(|fields| number(fields[2])), Some(12));
        assert_eq!(fields(line, c"a"), None);
        assert_eq!(number(b"12x"), None);
    }
}
