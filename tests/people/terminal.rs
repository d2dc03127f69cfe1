//! What a terminal does not change: options that say the same there and in a pipe.
use crate::host::{Shown, available, fake, now, on_terminal, run, sv};
use runit_tests::rig::{Rig, masked};
use runit_tests::status::RUN;
use runit_tests::suite::{Case, case};

/// A call says the same twice, once on a terminal; `between` takes back what it has done.
fn same_on_a_terminal(rig: &Rig, args: &[&str], between: &[&str]) {
    let plain = run(rig, args);
    assert_eq!(plain.code, Some(0), "{args:?}: {plain:?}");
    if !between.is_empty() {
        run(rig, between);
    }
    let Shown { text, code } = on_terminal(rig, &mut sv(rig, args), 80);
    // Both descriptors lead to the terminal.
    let said = format!("{}{}", plain.out, plain.err);
    assert_eq!((masked(&text), code), (masked(&said), plain.code), "{args:?}");
}

pub const CASES: &[Case] = &[
    case("terminal_changes_nothing_that_is_told", || {
        for option in ["--help", "--version", "--platform"] {
            same_on_a_terminal(&Rig::new(), &[option], &[]);
        }
    }),
    case("terminal_changes_nothing_that_is_waited_for", || {
        let rig = Rig::new();
        let _fake = fake(&rig, "foo", now(RUN, 7, b'u')).1;
        same_on_a_terminal(&rig, &["--wait", "up", "foo"], &[]);
        same_on_a_terminal(&rig, &["--wait", "up", "--all"], &[]);
    }),
    case("terminal_changes_nothing_that_is_arranged", || {
        let rig = Rig::new();
        available(&rig, "web");
        same_on_a_terminal(&rig, &["--enable", "web"], &["--disable", "web"]);
        same_on_a_terminal(&rig, &["--disable", "web"], &["--enable", "web"]);
        same_on_a_terminal(&rig, &["--disable", "--now", "web"], &[]);
    }),
];
