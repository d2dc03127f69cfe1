//! What each command word of sv writes to `supervise/control`.
//!
//! The supervisor is a fake one that reads what comes. Its record wishes for nothing, so that no
//! sv finds the wish fulfilled already.
use runit_tests::rig::{Rig, masked};
use runit_tests::status::{DOWN, RUN, Status};
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("sv_word_up", || says(&["up", "u", "umbrella"], "u")),
    case("sv_word_down", || says(&["down", "d", "disable"], "d")),
    case("sv_word_once", || says(&["once", "o", "on"], "o")),
    case("sv_word_pause", || says(&["pause", "p", "print"], "p")),
    case("sv_word_cont", || says(&["cont", "c", "continue", "checking"], "c")),
    case("sv_word_hup", || says(&["hup", "h", "help"], "h")),
    case("sv_word_alarm", || says(&["alarm", "a", "all"], "a")),
    case("sv_word_interrupt", || says(&["interrupt", "i", "int"], "i")),
    case("sv_word_quit", || says(&["quit", "q"], "q")),
    case("sv_word_1", || says(&["1", "12"], "1")),
    case("sv_word_2", || says(&["2", "2x"], "2")),
    case("sv_word_term", || says(&["term", "t", "try"], "t")),
    case("sv_word_kill", || says(&["kill", "k"], "k")),
    case("sv_word_exit", || says(&["exit", "e", "enable", "x", "xit"], "x")),
    case("sv_word_start", || waits(&["start"], "u", "")),
    case("sv_word_stop", || waits(&["stop"], "d", "")),
    case("sv_word_restart", || waits(&["restart"], "tcu", "")),
    case("sv_word_try_restart", || waits(&["try-restart"], "tc", "")),
    case("sv_word_shutdown", || waits(&["shutdown"], "x", "")),
    case("sv_word_force_stop", || waits(&["force-stop", "D", "Down"], "d", "k")),
    case("sv_word_force_reload", || waits(&["force-reload", "T", "Term"], "tc", "k")),
    case("sv_word_force_restart", || waits(&["force-restart"], "tcu", "k")),
    case("sv_word_force_shutdown", || waits(&["force-shutdown", "X", "E", "Exit"], "x", "k")),
    case("sv_word_check", || waits(&["check"], "", "")).since("2.3.1"),
    case("sv_word_reload", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let fake = service.fake(Status::now(DOWN, 0, b'd'));
        let mut sv = rig.start_sv(&["reload", "foo"]);
        fake.await_command("h");
        assert_eq!(sv.wait().code(), Some(0));
        assert_eq!((masked(&sv.out()).as_str(), sv.err().as_str()), ("ok: down: foo: Ts, normally up\n", ""));
    }),
    case("sv_word_status", || {
        let rig = Rig::new();
        let fake = rig.service("foo").fake(Status::now(DOWN, 0, b'd'));
        for word in ["status", "s", "st", "stopp", "starts", "summary"] {
            let done = rig.sv(&[word, "foo"]);
            assert!(done.out.starts_with("down: foo: "), "{word}: {done:?}");
            assert_eq!((done.code, fake.taken().as_str()), (Some(0), ""), "{word}");
        }
    }),
    case("sv_words_in_one_write", || {
        // A reader that takes one byte at a time sees them in order.
        let rig = Rig::new();
        let fake = rig.service("foo").fake(Status::now(RUN, 4711, 0));
        rig.sv(&["-w", "0", "restart", "foo"]);
        assert_eq!(fake.taken(), "tcu");
    }),
];

/// Without -v the words return at once and in silence.
fn says(words: &[&str], bytes: &str) {
    let rig = Rig::new();
    let fake = rig.service("foo").fake(Status::now(RUN, 4711, 0));
    for word in words {
        let done = rig.sv(&[word, "foo"]);
        assert_eq!((done.out.as_str(), done.err.as_str(), done.code), ("", "", Some(0)), "{word}");
        assert_eq!(fake.taken(), bytes, "{word}");
    }
}

/// These wait, in vain here; some kill then.
fn waits(words: &[&str], bytes: &str, then: &str) {
    let rig = Rig::new();
    // Obeyed by no word: no process, but not down.
    let record = Status { state: 7, ..Status::now(DOWN, 0, 0) }.before(100);
    let fake = rig.service("foo").fake(record);
    for word in words {
        let done = rig.sv(&["-w", "0", word, "foo"]);
        let how = if then.is_empty() { "timeout: " } else { "kill: " };
        assert_eq!(masked(&done.out), format!("{how}foo: (pid p) Ts, normally up\n"), "{word}");
        assert_eq!((done.err.as_str(), done.code), ("", Some(1)), "{word}");
        assert_eq!(fake.taken(), format!("{bytes}{then}"), "{word}");
    }
}
