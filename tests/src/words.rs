//! The words of the command lines, as the tables have them (`runit::words`, `runit::sv::command`,
//! `runit::protocol`), in shell completions and manual pages. What stands between `# <name>` and
//! `# </name>` in a file below etc/completions is made here: `COMPLETIONS=write` writes it.
#![cfg(test)]

use runit::protocol::LETTERS;
use runit::sv::command::COMMANDS;
use runit::words::{CHPST, SETLOCK, SOFTLIMIT, SV, SV_INSTEAD, SV_LOG, SVLOGD, Takes, UTMPSET, Word};
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn tree(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The commands of sv, and what they do.
fn commands() -> Vec<(String, String)> {
    let about = |text: &str| {
        let mut text = text.trim().trim_end_matches('.').to_owned();
        text[..1].make_ascii_lowercase();
        text
    };
    let alone = LETTERS.iter().map(|letter| (letter.word().to_owned(), about(letter.about())));
    let out = COMMANDS.iter().map(|command| (command.word.to_owned(), command.about.to_owned()));
    alone.chain(out).collect()
}

/// Words in lines that are not too long, each line after the first with an indent.
fn wrapped(words: &[String], indent: &str, end: &str) -> String {
    let (mut text, mut length) = (String::new(), 0);
    for word in words {
        if length + word.len() > 72 {
            text += &format!("{end}\n{indent}    ");
            length = 0;
        } else if !text.is_empty() {
            text.push(' ');
        }
        text += word;
        length += word.len() + 1;
    }
    text
}

fn names(table: &[Word], which: impl Fn(Takes) -> bool) -> Vec<String> {
    table.iter().filter(|word| which(word.takes)).map(|word| word.name.to_owned()).collect()
}

fn bash(variable: &str, words: &[String], indent: &str) -> String {
    format!("{indent}local {variable}=' {} '\n", wrapped(words, indent, ""))
}

/// The arguments of an option, for those that take one.
fn bash_arguments(table: &[Word], indent: &str) -> String {
    bash("arguments", &names(table, Takes::is_argument), indent)
}

/// The words of an option that takes one of some.
fn choices(table: &[Word], option: &str) -> Vec<String> {
    let found = table.iter().find(|word| word.name == option).expect("an option");
    match found.takes {
        Takes::Choice(words) | Takes::Equals(words) => words.iter().map(|word| (*word).to_owned()).collect(),
        _ => Vec::new(),
    }
}

fn zsh(table: &[Word], indent: &str) -> String {
    let mut text = format!("{indent}local -a flags=(\n");
    for Word { name, takes, about } in table {
        let (before, after) = match takes {
            Takes::Nothing | Takes::Format(_) => ("", String::new()),
            Takes::More => ("*", String::new()),
            Takes::Alone => ("(- : *)", String::new()),
            Takes::User => ("", ":user:_users".to_owned()),
            Takes::File => ("", ":file:_files".to_owned()),
            Takes::Directory => ("", ":directory:_files -/".to_owned()),
            Takes::Value(what) => ("", format!(":{what}:")),
            Takes::Choice(words) => ("", format!(":word:({})", words.join(" "))),
            Takes::Equals(words) => ("", format!("::word:({})", words.join(" "))),
        };
        let plus = match takes {
            Takes::Equals(_) => "=-",
            takes if takes.is_argument() && name.len() == 2 => "+",
            _ => "",
        };
        text += &format!("{indent}    '{before}{name}{plus}[{about}]{after}'\n");
    }
    text + indent + ")\n"
}

fn fish(program: &str, table: &[Word]) -> String {
    let line = |Word { name, takes, about }: &Word| {
        let name = match name.strip_prefix("--") {
            Some(long) => format!("-l {long}"),
            None => format!("-s {}", &name[1..]),
        };
        let argument = match takes {
            Takes::Nothing | Takes::More | Takes::Alone | Takes::Format(_) => String::new(),
            Takes::User => " -x -a '(__fish_complete_users)'".to_owned(),
            Takes::File => " -r".to_owned(),
            Takes::Directory => " -x -a '(__fish_complete_directories)'".to_owned(),
            Takes::Value(_) => " -x".to_owned(),
            Takes::Choice(words) => format!(" -x -a '{}'", words.join(" ")),
            Takes::Equals(words) => format!(" -a '{}'", words.join(" ")),
        };
        format!("complete -c {program} {name}{argument} -d '{about}'\n")
    };
    table.iter().map(line).collect()
}

/// File, region and what it shall hold.
fn regions() -> Vec<(&'static str, &'static str, String)> {
    let all = |_| true;
    let sv = [SV, SV_INSTEAD].concat();
    let words: Vec<String> = commands().into_iter().map(|(word, _)| word).collect();
    let described: String =
        commands().iter().map(|(word, about)| format!("        '{word}:{about}'\n")).collect();
    let of = |table: &[Word], takes: Takes, variable| {
        bash(variable, &names(table, |found| found == takes), "    ")
    };
    let chpst = [
        bash("words", &names(CHPST, all), "    "),
        bash_arguments(CHPST, "    "),
        of(CHPST, Takes::User, "users"),
        of(CHPST, Takes::Directory, "directories"),
        of(CHPST, Takes::File, "files"),
    ];
    let more = ["-tt".to_owned(), "-ttt".to_owned()];
    let svlogd = [names(SVLOGD, all), more.to_vec()].concat();
    vec![
        ("sv.bash", "words", bash("known", &[words.clone(), names(&sv, all)].concat(), "        ")),
        (
            "sv.bash",
            "choices",
            bash("states", &choices(SV_INSTEAD, "--wait"), "    ")
                + &bash("colours", &choices(SV, "--color"), "    "),
        ),
        ("_sv", "commands", format!("    local -a commands=(\n{described}    )\n")),
        ("sv.bash", "log", bash("known", &names(SV_LOG, all), "        ")),
        ("_sv", "flags", zsh(&sv, "")),
        ("_sv", "log", zsh(SV_LOG, "        ")),
        ("sv.fish", "commands", format!("set -l commands {}\n", wrapped(&words, "", " \\"))),
        ("sv.fish", "flags", fish("sv", &sv)),
        ("sv.fish", "log", fish("sv -n '__sv_has --log'", SV_LOG)),
        ("chpst.bash", "words", chpst.concat()),
        ("_chpst", "flags", zsh(CHPST, "        ")),
        ("_chpst", "setlock", zsh(SETLOCK, "        ")),
        ("_chpst", "softlimit", zsh(SOFTLIMIT, "        ")),
        ("chpst.fish", "flags", fish("chpst", CHPST)),
        ("svlogd.bash", "words", bash("words", &svlogd, "    ") + &bash_arguments(SVLOGD, "    ")),
        ("_svlogd", "flags", zsh(SVLOGD, "")),
        ("svlogd.fish", "flags", fish("svlogd", SVLOGD)),
    ]
}

#[test]
fn completions_are_made_of_the_tables() {
    for (file, name, wanted) in regions() {
        let path = tree("etc/completions").join(file);
        let text = fs::read_to_string(&path).unwrap();
        let (begin, end) = (format!("# <{name}>\n"), format!("# </{name}>\n"));
        let from = text.find(&begin).unwrap_or_else(|| panic!("{file}: no {begin}")) + begin.len();
        let to = text.find(&end).unwrap_or_else(|| panic!("{file}: no {end}"));
        let to = text[..to].rfind('\n').map_or(to, |line| line + 1);
        if std::env::var("COMPLETIONS").is_ok_and(|how| how == "write") {
            fs::write(&path, [&text[..from], &wanted, &text[to..]].concat()).unwrap();
        } else {
            assert_eq!(&text[from..to], wanted, "{file}: COMPLETIONS=write writes it");
        }
    }
}

/// The options that a manual page describes.
fn described(page: &str, macro_name: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(tree("man").join(page)).unwrap();
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with(&format!(".It {macro_name} "))) {
        for word in line.split_whitespace().skip(2) {
            match word {
                "Ar" | "Ns" | "Op" | "Oo" | "Cm" if macro_name == "Fl" => break,
                "Ar" => break,
                "," | "Fl" | "Cm" => {}
                word if macro_name == "Fl" => {
                    let word = word.replace('\\', "");
                    // -tt is -t twice.
                    let same = !word.starts_with('-') && word.bytes().all(|byte| byte == word.as_bytes()[0]);
                    found.insert(format!("-{}", if same { &word[..1] } else { &word }));
                }
                word => drop(found.insert(word.to_owned())),
            }
        }
    }
    found
}

fn set(words: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    words.into_iter().collect()
}

#[test]
fn manuals_describe_what_the_tables_have() {
    let sv = [SV, SV_INSTEAD, SV_LOG].concat();
    for (page, table) in
        [("sv.8", sv.as_slice()), ("chpst.8", CHPST), ("utmpset.8", UTMPSET), ("svlogd.8", SVLOGD)]
    {
        assert_eq!(described(page, "Fl"), set(names(table, |_| true)), "{page}");
    }
    assert_eq!(described("sv.8", "Cm"), set(commands().into_iter().map(|(word, _)| word)));
}

#[test]
fn help_fits_a_terminal() {
    let of = |table: &[Word]| {
        let mut text = Vec::new();
        runit::words::help(table, &mut |part| text.extend_from_slice(part));
        String::from_utf8(text).unwrap()
    };
    for table in [SV, SV_INSTEAD, SV_LOG, CHPST, SETLOCK, SOFTLIMIT, UTMPSET] {
        let text = of(table);
        assert!(text.lines().all(|line| line.len() < 80 && line.starts_with("  ")), "{text}");
        assert!(table.iter().all(|word| text.contains(&format!("  {}", word.name))), "{text}");
    }
    let text = of(&CHPST[..3]);
    assert_eq!(
        text,
        "  --notify-fd descriptor\n              with this descriptor; a newline there is told to NOTIFY_SOCKET\n  \
         -P          in a session of its own\n  -e dir      with variables set from the files of a directory\n"
    );
}

/// They are quoted in three ways.
#[test]
fn no_words_break_a_completion() {
    for word in [SV, SV_INSTEAD, SV_LOG, CHPST, SETLOCK, SOFTLIMIT, UTMPSET, SVLOGD].concat() {
        assert!(!word.about.contains([':', '\'', '"', '[', ']', '\\']), "{}", word.about);
    }
}
