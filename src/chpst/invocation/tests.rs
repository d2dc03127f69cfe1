use super::*;
use crate::chpst::limit::Amount;
use crate::chpst::plan::Step;

fn of(words: &'static [&'static str]) -> CommandLine<'static> {
    let (_, tool) = Tool::of(words[0].as_bytes());
    CommandLine::of(tool, |at| words.get(at).map(|word| word.as_bytes()))
}

fn plan(words: &'static [&'static str]) -> Plan<'static> {
    match of(words) {
        CommandLine::Run(plan) => plan,
        other => panic!("{words:?}: {other:?}"),
    }
}

fn steps(words: &'static [&'static str]) -> Vec<Step<'static>> {
    plan(words).steps().collect()
}

fn usage(words: &'static [&'static str]) -> String {
    match of(words) {
        CommandLine::Usage(None, _) => String::new(),
        CommandLine::Usage(Some(complaint), _) => String::from_utf8(complaint.parts().concat()).unwrap(),
        other => panic!("{words:?}: {other:?}"),
    }
}

#[test]
fn every_option() {
    let all = plan(&[
        "chpst", "-vP012", "-u", "u:g", "-U:1:2", "-bname", "-e", "dir", "-/root", "-C", "pwd", "-n", "-5",
        "-l", "lock", "-m1", "-d2", "-o", "3", "-p4", "-f5", "-c6", "-t7", "-r8", "prog", "-v",
    ]);
    assert_eq!(all.account, Some(Account::Text(b"u:g")));
    assert_eq!(all.name, Some(Account::Text(b":1:2")));
    assert_eq!((all.argv0, all.environment), (Some(b"name".as_slice()), Some(b"dir".as_slice())));
    assert_eq!((all.root, all.directory), (Some(b"root".as_slice()), Some(b"pwd".as_slice())));
    assert_eq!((all.nice, all.lock, all.close), (-5, Some((b"lock".as_slice(), true)), [true; 3]));
    assert_eq!((all.session, all.verbose, all.quiet, all.strict), (true, true, false, false));
    let amounts: Vec<_> = all.limits.iter().map(|(_, amount)| amount.under(u64::MAX)).collect();
    assert_eq!(amounts, [2, 1, 1, 1, 3, 4, 5, 6, 8, 7]);
    assert_eq!(all.program, 24);
    assert_eq!(plan(&["chpst", "-L", "f", "-e", "a", "-e", "b", "x"]).lock, Some((b"f".as_slice(), false)));
    assert_eq!(plan(&["chpst", "-e", "a", "-e", "b", "x"]).environment, Some(b"b".as_slice()), "the last");
    assert_eq!(steps(&["chpst", "x"]), []);
    assert_eq!(plan(&["chpst", "-", "x"]).program, 1);
    assert_eq!(plan(&["chpst", "--", "-v"]).program, 2);
    assert_eq!(plan(&["chpst", ""]).program, 1, "an empty name is a name");
}

#[test]
fn wrong_calls() {
    for words in [
        &["chpst"] as &[_],
        &["chpst", "-v"],
        &["chpst", "-l", "a", "-L", "b", "x"],
        &["chpst", "-l", "a", "-l", "a", "x"],
        &["chpst", "-o", "x", "x"],
        &["chpst", "-o=", "x"],
        &["chpst", "-n", "+-1", "x"],
        &["chpst", "-n", "1x", "x"],
        &["chpst", "--"],
        &["setlock"],
        &["setlock", "file"],
        &["setlock", "-x", "file"],
        &["softlimit", "-o", "=x", "x"],
        &["softlimit"],
        &["setuidgid", "a"],
        &["envuidgid"],
        &["envdir", "d"],
        &["pgrphack"],
    ] {
        assert_eq!(usage(words), "", "{words:?}");
    }
    assert_eq!(usage(&["chpst", "-a", "x"]), ": illegal option -- a");
    assert_eq!(usage(&["chpst", "-s", "1", "x"]), ": illegal option -- s");
    assert_eq!(usage(&["chpst", "-u"]), ": option requires an argument -- u");
    assert_eq!(usage(&["setlock", "-V", "f", "x"]), ": illegal option -- V");
    assert_eq!(usage(&["softlimit", "-V", "x"]), ": illegal option -- V");
    assert_eq!(of(&["softlimit", "-m", "x", "x"]), CommandLine::Usage(None, Tool::Chpst));
    assert_eq!(of(&["chpst", "-P", "-V", "x"]), CommandLine::ShortVersion);
}

#[test]
fn nice_levels() {
    let level = |word: &str| nice(word.as_bytes());
    assert_eq!((level(""), level("-"), level("+"), level("-0")), (Some(0), Some(0), Some(0), Some(0)));
    assert_eq!((level("5"), level("+5"), level("-5"), level("0005")), (Some(5), Some(5), Some(-5), Some(5)));
    assert_eq!((level("40"), level("-40")), (Some(40), Some(-40)));
    assert_eq!((level("x"), level("--5"), level("5 "), level(" 5")), (None, None, None, None));
    for far in ["41", "2147483647", "4294967295", "18446744073709551615", "99999999999999999999999999"] {
        assert_eq!(level(far), Some(40), "never wraps to a better one");
        assert_eq!(level(&format!("-{far}")), Some(-40));
    }
    assert_eq!(steps(&["chpst", "-n", "", "x"]), []);
}

#[test]
fn long_options() {
    let all = plan(&["chpst", "--groups", "-u", "me", "--umask", "027", "--no-new-privs", "-v", "x", "--y"]);
    assert!(all.groups && all.no_new_privileges && all.verbose);
    assert_eq!((all.umask, all.program), (Some(0o27), 8));
    assert_eq!(plan(&["chpst", "--umask=0", "x"]).umask, Some(0));
    assert_eq!(plan(&["chpst", "--umask=0777", "--", "--x"]).umask, Some(0o777));
    assert_eq!(of(&["chpst", "-v", "--help", "echo"]), CommandLine::Help);
    assert_eq!(of(&["chpst", "--version"]), CommandLine::Version);
    for (words, text) in [
        (&["chpst", "--no-new-priv", "x"] as &[_], ": illegal option -- --no-new-priv"),
        (&["chpst", "--no-new-privs=1", "x"], ": illegal option -- --no-new-privs=1"),
        (&["chpst", "--umask"], ": option requires an argument -- --umask"),
        (&["chpst", "--umask", "8", "x"], ": not a file mode creation mask: 8"),
        (&["chpst", "--umask=", "x"], ": not a file mode creation mask: "),
        (&["chpst", "--umask=01000", "x"], ": not a file mode creation mask: 01000"),
        (&["chpst", "--umask=u+x", "x"], ": not a file mode creation mask: u+x"),
        (&["chpst", "--groups", "x"], ": --groups needs -u with the name of a user"),
        (&["chpst", "--groups", "-u", ":1:2", "x"], ": --groups needs -u with the name of a user"),
        (&["chpst", "--groups", "-u", "", "x"], ": --groups needs -u with the name of a user"),
    ] {
        assert_eq!(usage(words), text);
    }
}

#[test]
fn tools_without_options() {
    assert_eq!(
        steps(&["setuidgid", "--", "x"]),
        [Step::Become { account: Account::Name(b"--"), groups: false }]
    );
    assert_eq!(steps(&["envuidgid", "a:b", "x"]), [Step::Name(Account::Name(b"a:b"))]);
    assert_eq!(steps(&["envdir", "-v", "x"]), [Step::Environment { dir: b"-v", strict: true }]);
    assert_eq!(steps(&["pgrphack", "-x"]), [Step::Session]);
    assert_eq!(plan(&["pgrphack", "-x"]).program, 1);
    assert_eq!(plan(&["pgrphack", "--help", "x"]).program, 1);
    for tool in [&["envdir", "--help"] as &[_], &["pgrphack", "--help"], &["setlock", "--help"]] {
        assert_eq!(of(tool), CommandLine::Help);
    }
    assert_eq!(of(&["setuidgid", "--version"]), CommandLine::Version);
}

/// DEV-80.
#[test]
fn setlock_waits_unless_told_otherwise() {
    let lock = |words| {
        let plan = plan(words);
        (plan.lock.unwrap().1, plan.quiet, plan.program)
    };
    assert_eq!(lock(&["setlock", "f", "x"]), (true, false, 2));
    assert_eq!(lock(&["setlock", "-n", "f", "x"]), (false, false, 3));
    assert_eq!(lock(&["setlock", "-nN", "f", "x"]), (true, false, 3));
    assert_eq!(lock(&["setlock", "-nx", "f", "x"]), (false, true, 3));
    assert_eq!(lock(&["setlock", "-xX", "--", "f", "x"]), (true, false, 4));
}

#[test]
fn softlimits() {
    let step = |resource, amount| vec![Step::Limit(resource, amount)];
    assert_eq!(steps(&["softlimit", "-o", "=", "x"]), step(Resource::Files, Amount::Hard));
    assert_eq!(steps(&["softlimit", "-s5", "x"]), step(Resource::Stack, Amount::Up(5)));
    assert_eq!(steps(&["softlimit", "-m", "1", "-a", "=", "x"]).len(), 4);
    assert_eq!(
        steps(&["softlimit", "-a", "18446744073709551615", "x"]),
        step(Resource::AddressSpace, Amount::Hard)
    );
    assert_eq!(plan(&["softlimit", "--anything", "x"]).program, 2);
}
