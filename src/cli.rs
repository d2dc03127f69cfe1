//! What the resident programs' command lines have in common.
use crate::{VERSION, msg};
use platform::{Args, Fd, Files, Kind};

/// Answers `--help` and `--version`, which C runit does not know, when they are all there is:
/// they go to standard output. `true` if one was there. A directory of that name is meant itself.
pub fn answered(p: &mut impl Files, args: Args, name: &str, usage: &str) -> bool {
    if args.get(2).is_some() {
        return false;
    }
    let Some(word) = args.get(1) else { return false };
    let is = |option: &str| word.to_bytes().iter().eq(option.as_bytes());
    let text: [&[u8]; 3] = if is("--version") {
        [name.as_bytes(), b" ", VERSION.as_bytes()]
    } else if is("--help") {
        [b"usage: ", name.as_bytes(), usage.as_bytes()]
    } else {
        return false;
    };
    if p.stat(word).is_ok_and(|meta| meta.kind == Kind::Directory) {
        return false;
    }
    let _ = p.write(Fd::STDOUT, msg::line(&text).bytes());
    true
}

/// `usage: NAME TEXT` and an empty line on descriptor 2; the name as it was typed.
pub fn usage(p: &mut impl Files, args: Args, usage: &str) {
    let name = args.get(0).unwrap_or(c"").to_bytes();
    msg::say(p, &[b"usage: ", name, usage.as_bytes(), b"\n"]);
}
