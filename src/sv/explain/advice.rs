//! What to do.
use super::{Entry, Facts};
use crate::sv::script::quote;
use crate::sv::text::Sink;

/// What to do, in one command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Advice {
    /// Nothing.
    None,
    /// Look as root.
    AskAsRoot,
    /// Make it executable.
    Chmod(&'static [u8]),
    /// Take the carriage returns out.
    Carriages(&'static [u8]),
    /// Take the byte order mark out.
    Mark(&'static [u8]),
    /// Change it.
    Edit(&'static [u8]),
    /// See what it is.
    Look(&'static [u8]),
    /// Link it.
    Link,
    /// Remove the link.
    Unlink,
    /// Have the directory supervised.
    StartRunsvdir,
    /// See what runsv says.
    Supervise,
    /// Put supervise directories elsewhere.
    MoveSupervise,
    /// Look what it needs.
    Need,
    /// Start it.
    Up,
    /// Let it go on.
    Cont,
    /// End it.
    Kill,
    /// Read more of its log; without one, see what it says.
    Log,
    /// Have the file system execute.
    Remount,
    /// Wait until it is as it shall be.
    Wait,
    /// Start its log service.
    UpLog,
    /// Start it anew.
    Restart,
}

impl Advice {
    /// Writes the command.
    pub fn tell(self, out: &mut impl Sink, facts: &Facts<'_>) {
        let (name, path, svdir) = (facts.name, facts.path, facts.svdir);
        let (before, word, behind, more): (&[u8], &[u8], &[u8], &[u8]) = match self {
            Advice::None => return,
            Advice::AskAsRoot => (b"sudo sv --explain", name, b"", b""),
            Advice::Chmod(file) => (b"chmod +x", path, b"/", file),
            // The BSDs' sed wants the ending of a copy, and knows no `\r`.
            Advice::Carriages(file) => (b"sed -i.old \"s/$(printf '\\r')\\$//\"", path, b"/", file),
            Advice::Mark(file) => (b"sed -i.old '1s/^[^#]*//'", path, b"/", file),
            Advice::Look(file) => (b"ls -ld", path, b"/", file),
            Advice::Edit(file) => (b"${EDITOR:-vi}", path, b"/", file),
            Advice::Link => match facts.entry {
                Entry::Missing(Some(from)) => {
                    out.put(b"ln -s ");
                    quote(out, from);
                    (b"", svdir, b"/", b"")
                }
                _ => (b"ls", svdir, b"", b""),
            },
            Advice::Unlink => (b"rm", path, b"", b""),
            Advice::StartRunsvdir => (b"runsvdir", svdir, b"", b""),
            Advice::Supervise => (b"runsv", path, b"", b""),
            Advice::MoveSupervise => (b"ln -s /run/runit.supervise", svdir, b"/.supervise", b""),
            Advice::Need => match facts.service.record.and_then(|record| record.told?.need) {
                // What it is called is not told whole.
                Some(need) if !need.name().iter().any(|byte| b"?~".contains(byte)) => {
                    out.put(b"sv --explain ");
                    quote(out, need.name());
                    return;
                }
                Some(_) | None => (b"ls -l", path, b"/needs", b""),
            },
            Advice::Up => (b"sv up", name, b"", b""),
            Advice::Cont => (b"sv cont", name, b"", b""),
            Advice::Kill => (b"sv kill", name, b"", b""),
            Advice::Log if facts.log.is_none() => {
                out.put(b"sv down ");
                quote(out, name);
                (b"; cd", path, b" && ./run", b"")
            }
            Advice::Log => (b"sv --log -n 50", name, b"", b""),
            Advice::Remount => (b"mount -o remount,exec \"$(df -P", path, b" | sed -n '2s/.* //p')\"", b""),
            Advice::Wait => (b"sv -w 60 check", name, b"", b""),
            Advice::UpLog => (b"sv up", name, b"/log", b""),
            Advice::Restart => (b"sv restart", name, b"", b""),
        };
        out.put_all(&[before, b" "]);
        quote(out, word);
        out.put_all(&[behind, more]);
    }
}
