//! svlogd: which lines are chosen.
use crate::svlogd_rig::Logs;
use runit_tests::suite::{Case, case};

/// Whether a line of a log directory with this pattern gets through where nothing else does.
fn pattern(pattern: &str, line: &str, matches: bool) {
    let text = Logs::new(&format!("-*\n+{pattern}\n")).logged(&[], format!("{line}\n"));
    let wanted = if matches { format!("{line}\n") } else { String::new() };
    assert_eq!(text, wanted, "{pattern:?} {line:?}");
}

/// What a config lets into the file, and to descriptor 2.
fn chooses(config: &str, input: &str, file: &str, stderr: &str) {
    let logs = Logs::new(config);
    let done = logs.run(&["log"], input);
    assert_eq!((logs.text("current").as_str(), done.err.as_str()), (file, stderr), "{config:?}");
}

pub const CASES: &[Case] = &[
    case("svlogd_pattern_literal", || {
        pattern("abc", "abc", true);
        pattern("abc", "abcd", false);
        pattern("abc", "ab", false);
        pattern("abc", "Abc", false);
        pattern("a b", "a b", true);
        pattern("[a-z]", "[a-z]", true);
        pattern("[a-z]", "q", false);
        pattern("\\*", "*", false);
        pattern("?", "?", true);
        pattern("?", "x", false);
    }),
    case("svlogd_pattern_empty", || {
        pattern("", "", true);
        pattern("", "a", false);
    }),
    case("svlogd_pattern_star_at_the_end", || {
        pattern("*", "anything", true);
        pattern("*", "", true);
        pattern("ab*", "ab", true);
        pattern("ab*", "abc", true);
        pattern("ab*", "a", false);
    }),
    case("svlogd_pattern_star_stops_at_the_first", || {
        pattern("*b", "ab", true);
        pattern("*b", "abb", false);
        pattern("*b*", "abb", true);
        pattern("*: x", "a: x", true);
        pattern("*: x", "a: b: x", false);
    }),
    case("svlogd_pattern_of_the_manual", || {
        pattern("*: *: pid *", "tcpsvd: info: pid 1 from 10.4.1.14", true);
        pattern("*: *: pid *", "x tcpsvd: info: pid 1", true);
        pattern("*pid*", "tcpsvd: info: pid 1", false);
    }),
    case("svlogd_pattern_star_star", || {
        pattern("**", "a*b", true);
        pattern("**", "ab", false);
        pattern("a**", "a*", true);
    }),
    case("svlogd_pattern_star_plus", || {
        pattern("*+x", "a+x", false);
        pattern("*++", "a+", true);
        pattern("*++", "a++", true);
        pattern("*++", "a+b", false);
    }),
    case("svlogd_pattern_plus", || {
        pattern("+a", "a", true);
        pattern("+a", "aaa", true);
        pattern("+a", "aaab", false);
        pattern("+ab", "aab", true);
        pattern("+ab", "b", false);
        pattern("x+a", "xaa", true);
    }),
    case("svlogd_pattern_plus_at_the_end_of_the_text", || {
        pattern("+ab", "aaa", true);
        pattern("+abc", "a", true);
    }),
    case("svlogd_pattern_plus_does_not_go_back", || pattern("+aab", "aaab", false)),
    case("svlogd_pattern_plus_of_special_bytes", || {
        pattern("+*", "***", true);
        pattern("+*", "abc", false);
        pattern("++", "+++", true);
        pattern("++", "a", false);
        pattern("+ x", "    x", true);
    }),
    case("svlogd_pattern_without_text", || {
        // C runit looks at what an earlier line left in its buffer.
        let text = Logs::new("-*\n+x+a\n").logged(&[], "xa\nx\n");
        assert_eq!(text, "xa\n");
    })
    .ours(),
    case("svlogd_pattern_plus_at_the_end", || {
        // C runit reads on behind the pattern.
        pattern("x+", "x", false);
        pattern("+", "+", false);
    })
    .ours(),
    case("svlogd_pattern_bytes", || {
        pattern("ü*", "üx", true);
        pattern("\u{1}", "\u{1}", true);
    }),
    case("svlogd_matches_what_counts", || {
        let choose = |config: &str, line: &str| Logs::new(config).logged(&["-l", "5"], format!("{line}\n"));
        assert_eq!(choose("-12345\n", "1234567"), "", "the rest of a long line does not count");
        assert_eq!(choose("-1234567\n", "1234567"), "1234567\n");
        assert_eq!(choose("-12345\n", "12345"), "");
    }),
    case("svlogd_matches_without_stamp_and_prefix", || {
        let logs = Logs::new("-*\n+x\npfoo \n");
        let text = logs.logged(&["-tt"], "x\n");
        assert!(text.ends_with(" foo x\n"), "{text}");
    }),
    case("svlogd_last_match_decides", || {
        chooses("-*\n+x*\n-xy\n", "a\nxy\nxz\n", "xz\n", "");
        chooses("+x*\n-*\n", "xy\n", "", "");
        chooses("+x*\n", "a\nx\n", "a\nx\n", "");
    }),
    case("svlogd_config_of_other_lines", || {
        chooses("# -*\n -*\n\n-b\nx-*\n", "a\nb\n", "a\n", "");
        chooses("-b\r\n", "b\n", "b\n", "");
    }),
    case("svlogd_config_last_line", || {
        chooses("-b\n-a", "a\nb\nc\n", "c\n", "");
        chooses("-b\n-", "\nb\n", "\n", "");
        chooses("-b\n-\n", "\nb\n", "", "");
    }),
    case("svlogd_copies_to_descriptor_2", || {
        chooses("ex*\n", "x1\ny\nx2\n", "x1\ny\nx2\n", "x1\nx2\n");
        chooses("e*\nEx*\n", "x1\ny\n", "x1\ny\n", "y\n");
        chooses("E*\n", "x\n", "x\n", "");
        chooses("-*\ne*\n", "x\n", "", "x\n");
    }),
    case("svlogd_copies_with_prefix_and_stamp", || {
        let logs = Logs::new("e*\npfoo: \n");
        let done = logs.run(&["-ttt", "log"], "x\n");
        assert_eq!(done.err, logs.text("current"));
        assert!(done.err.ends_with(" foo: x\n"), "{}", done.err);
    }),
    case("svlogd_copies_what_counts", || {
        let logs = Logs::new("e*\n");
        let done = logs.run(&["-l", "4", "log"], "123\n1234\n12345\n\n");
        assert_eq!(done.err, "123\n1234...\n1234...\n\n");
        assert_eq!(logs.text("current"), "123\n1234\n12345\n\n");
    }),
    case("svlogd_copies_for_each_directory", || {
        let logs = Logs::new("e*\n").add("other", "e*\npo \n");
        let done = logs.run(&["log", "other"], "x\n");
        assert_eq!(done.err, "x\no x\n");
    }),
    case("svlogd_copies_many", || {
        let text: String = (0..3000).map(|number| format!("{number}\n")).collect();
        let done = Logs::new("s0\ne*\n").run(&["log"], &text);
        assert!(done.err == text);
    }),
    case("svlogd_prefix", || {
        chooses("pfoo bar: \n", "x\n\n", "foo bar: x\nfoo bar: \n", "");
        chooses("pone\nptwo\np\n", "x\n", "twox\n", "");
        let long = "p".repeat(3000);
        chooses(&format!("p{long}\n"), "x\n", &format!("{long}x\n"), "");
    }),
    case("svlogd_large_config", || {
        let mut config: String = (0..3000).map(|number| format!("-line {number}\n")).collect();
        config += "+line 7\n";
        chooses(&config, "line 7\nline 8\nline 2999\nline 3000\n", "line 7\nline 3000\n", "");
    }),
    case("svlogd_long_line_of_another_kind", || {
        // A line that is not chosen is dropped to its end.
        let long = "x".repeat(150_000);
        chooses("-x*\n", &format!("{long}\na\n{long}\nb\n"), "a\nb\n", "");
    }),
];
