//! chpst: command lines.
use crate::tools::{CHPST, Tools, chpst, fatal, misused, said, usage};
use runit_tests::rig::{Rig, program};
use runit_tests::suite::{Case, case};
use std::os::unix::process::CommandExt;

/// Usage with a complaint before it.
fn complains(words: &[&str], line: &str, rest: &str) {
    misused(&Tools::new().run(words), &format!("{line}{rest}"));
}

pub const CASES: &[Case] = &[
    case("chpst_without_program", || {
        for words in [&[] as &[&str], &["-v"], &["--"], &["-u", "root"], &["-P", "-n", "3"]] {
            misused(&chpst(words), &usage());
        }
    }),
    case("chpst_usage_shows_the_name", || {
        let rig = Rig::new();
        for (argv0, shown) in
            [("/any/chpst", "chpst"), ("dchpst", "chpst"), ("other", "other"), ("d", ""), ("ddx", "dx")]
        {
            let done = rig.place.run(rig.command("chpst", &[]).arg0(argv0));
            misused(&done, &usage().replacen("chpst", shown, 1));
        }
    }),
    case("chpst_usage_names_C", || misused(&chpst(&[]), &format!("usage: {CHPST}\n\n"))).since("2.2.0"),
    case("chpst_version_is_a_usage_error", || {
        for words in [&["-V"] as &[&str], &["-vPV", "true"], &["-V", "-x"]] {
            let done = chpst(words);
            let (line, rest) = done.err.split_once('\n').unwrap();
            assert!(!line.is_empty());
            assert_eq!((rest, done.out.as_str(), done.code), (usage().as_str(), "", Some(100)));
        }
    }),
    case("chpst_illegal_option", || {
        complains(&["chpst", "-x", "true"], "chpst: illegal option -- x\n", &usage());
        complains(&["chpst", "-vx"], "chpst: illegal option -- x\n", &usage());
        complains(&["chpst", "-v-", "true"], "chpst: illegal option -- -\n", &usage());
        complains(&["chpst", "-:", "true"], "chpst: illegal option -- :\n", &usage());
    }),
    case("chpst_has_no_a_and_no_s", || {
        complains(&["chpst", "-a", "1", "true"], "chpst: illegal option -- a\n", &usage());
        complains(&["chpst", "-s", "1", "true"], "chpst: illegal option -- s\n", &usage());
    }),
    case("chpst_missing_argument", || {
        for letter in ["u", "U", "b", "e", "m", "d", "o", "p", "f", "c", "r", "t", "/", "n", "l", "L"] {
            let line = format!("chpst: option requires an argument -- {letter}\n");
            complains(&["chpst", &format!("-{letter}")], &line, &usage());
        }
    }),
    case("chpst_complaints_show_the_whole_name", || {
        let line = "dchpst: illegal option -- x\n";
        complains(&["dchpst", "-x"], line, &usage());
    }),
    case("chpst_combined_options", || {
        said(&chpst(&["-vPo30", "sh", "-c", "ulimit -n"]), "30\n");
        said(&chpst(&["-vPo", "30", "sh", "-c", "ulimit -n"]), "30\n");
    }),
    case("chpst_last_option_counts", || said(&chpst(&["-o9", "-o", "31", "sh", "-c", "ulimit -n"]), "31\n")),
    case("chpst_options_end_at_the_program", || said(&chpst(&["echo", "-v", "--", "-o"]), "-v -- -o\n")),
    case("chpst_options_end_at_two_dashes", || {
        said(&chpst(&["-v", "--", "echo", "-v"]), "-v\n");
        fatal(&chpst(&["--", "-v"]), "unable to run: -v: file does not exist");
    }),
    case("chpst_one_dash_is_a_program", || {
        fatal(&chpst(&["-", "true"]), "unable to run: -: file does not exist");
    }),
    case("chpst_bad_numbers", || {
        for word in ["x", "1k", "-1", "+1", " 1", "1 ", "=", "0x10"] {
            for letter in ["m", "d", "o", "p", "f", "c", "r", "t"] {
                misused(&chpst(&[&format!("-{letter}"), word, "true"]), &usage());
            }
        }
    }),
    case("chpst_bad_nice", || {
        for word in ["x", "1x", "+-1", "--1", " 1"] {
            misused(&chpst(&["-n", word, "true"]), &usage());
        }
    }),
    case("chpst_one_lock", || {
        for (one, other) in [("-l", "-l"), ("-l", "-L"), ("-L", "-l"), ("-L", "-L")] {
            misused(&chpst(&[one, "a", other, "b", "true"]), &usage());
        }
    }),
    case("chpst_exit_code_is_the_program's", || {
        assert_eq!(chpst(&["sh", "-c", "exit 7"]).code, Some(7));
        assert_eq!(chpst(&["sh", "-c", "kill -9 $$"]).signal, Some(9));
    }),
    case("chpst_keeps_the_process", || {
        let done = Tools::new().sh("echo $$; exec chpst -n 1 sh -c 'echo $$'");
        let lines: Vec<&str> = done.out.lines().collect();
        assert_eq!((lines.len(), lines[0]), (2, lines[1]));
    }),
    case("alias_usage", || {
        for (words, text) in [
            (&["setuidgid"] as &[&str], "setuidgid account child"),
            (&["setuidgid", "root"], "setuidgid account child"),
            (&["envuidgid", "root"], "envuidgid account child"),
            (&["envdir", "dir"], "envdir dir child"),
            (&["denvdir"], "envdir dir child"),
            (&["pgrphack"], "pgrphack child"),
            (&["setlock"], "setlock [ -nNxX ] file program [ arg ... ]"),
            (&["setlock", "-N", "file"], "setlock [ -nNxX ] file program [ arg ... ]"),
            (&["softlimit"], SOFTLIMIT),
            (&["softlimit", "-o", "3"], SOFTLIMIT),
        ] {
            misused(&Tools::new().run(words), &format!("usage: {text}\n\n"));
        }
    }),
    case("alias_illegal_options", || {
        let setlock = "usage: setlock [ -nNxX ] file program [ arg ... ]\n\n";
        let softlimit = format!("usage: {SOFTLIMIT}\n\n");
        complains(&["setlock", "-V", "f", "true"], "setlock: illegal option -- V\n", setlock);
        complains(&["dsetlock", "-q", "f", "true"], "dsetlock: illegal option -- q\n", setlock);
        complains(&["softlimit", "-V"], "softlimit: illegal option -- V\n", &softlimit);
        complains(&["softlimit", "-o"], "softlimit: option requires an argument -- o\n", &softlimit);
    }),
    case("alias_bad_number_shows_the_usage_of_chpst", || {
        let text = usage().replacen("chpst", "softlimit", 1);
        misused(&Tools::new().run(&["softlimit", "-o", "x", "true"]), &text);
        misused(&Tools::new().run(&["softlimit", "-o", "=3", "true"]), &text);
    }),
    case("alias_operands_are_no_options", || {
        let tools = Tools::new();
        fatal(&tools.run(&["setuidgid", "--", "true"]), "unknown account: --");
        fatal(&tools.run(&["envuidgid", "-V", "true"]), "unknown account: -V");
        fatal(
            &tools.run(&["envdir", "-v", "true"]),
            "unable to switch to directory: -v: file does not exist",
        );
        fatal(&tools.run(&["pgrphack", "-x", "true"]), "unable to run: -x: file does not exist");
    }),
    case("alias_messages_say_chpst", || {
        let tools = Tools::new();
        fatal(&tools.run(&["pgrphack", "/missing"]), "unable to run: /missing: file does not exist");
        fatal(&tools.run(&["softlimit", "/missing"]), "unable to run: /missing: file does not exist");
    }),
    case("alias_by_argv0_alone", || {
        let rig = Rig::new();
        let done = rig.place.run(rig.command("chpst", &["--", "true"]).arg0("/x/setuidgid"));
        fatal(&done, "unknown account: --");
        let done = rig.place.run(rig.command("chpst", &["echo", "x"]).arg0("setuidgid2"));
        said(&done, "x\n");
    }),
    case("alias_unknown_words_with_two_dashes", || {
        said(&Tools::new().run(&["softlimit", "--anything", "echo", "x"]), "x\n");
        said(&Tools::new().run(&["setlock", "--anything", "lock", "echo", "x"]), "x\n");
    }),
    case("chpst_refuses_unknown_long_options", || {
        complains(&["chpst", "--no-new-priv", "true"], "chpst: illegal option -- --no-new-priv\n", &usage());
        complains(&["chpst", "-v", "--x", "-y"], "chpst: illegal option -- --x\n", &usage());
    })
    .ours(),
    case("chpst_long_options_that_answer", || {
        let done = chpst(&["-v", "--version", "true"]);
        assert!(done.out.starts_with("chpst ") && done.err.is_empty() && done.code == Some(0), "{done:?}");
        for name in ["chpst", "setlock", "softlimit", "envdir", "envuidgid", "setuidgid", "pgrphack"] {
            let done = Tools::new().run(&[name, "--help"]);
            assert!(done.out.starts_with(&format!("usage: {name} ")), "{done:?}");
            assert_eq!((done.err.as_str(), done.code), ("", Some(0)));
            let done = Tools::new().run(&[name, "--version"]);
            assert_eq!(done.out.split(' ').next(), Some(name));
        }
    })
    .ours(),
    case("chpst_is_one_file", || {
        let rig = Rig::new();
        let done = rig.place.run(rig.place.command(program("chpst")).arg0("./../denvdir"));
        misused(&done, "usage: envdir dir child\n\n");
    }),
];

const SOFTLIMIT: &str = "softlimit [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] \
                         [-m membytes] [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] \
                         [-t cpusecs] child";
