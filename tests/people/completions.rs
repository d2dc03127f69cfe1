//! What bash completes.
use crate::host::{available, run};
use runit_tests::rig::Rig;
use runit_tests::suite::{Case, case, needs_tool};
use std::path::Path;

/// What is offered for the last of these words.
fn offered(rig: &Rig, words: &[&str]) -> Vec<String> {
    needs_tool("bash");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../etc/completions/sv.bash");
    let script = "source \"$1\"; shift; compopt() { :; }; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _sv; \
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = rig.place.command("bash");
    command.args(["-c", script, "bash"]).arg(file).arg("sv").args(words);
    command.env("SVDIR", rig.place.path("sv")).env("RUNIT_SERVICES", rig.place.path("available"));
    let done = rig.place.run(&mut command);
    assert_eq!((done.err.as_str(), done.code), ("", Some(0)));
    done.out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

fn offers(words: &[&str], wanted: &[&str]) {
    let rig = Rig::new();
    for name in ["web", "db"] {
        available(&rig, name);
    }
    run(&rig, &["--enable", "web"]);
    let sorted = |mut words: Vec<String>| {
        words.sort();
        words
    };
    let wanted = wanted.iter().map(|word| (*word).to_owned()).collect();
    assert_eq!(sorted(offered(&rig, words)), sorted(wanted), "{words:?}");
}

pub const CASES: &[Case] = &[
    case("completes_options", || offers(&["--w"], &["--watch", "--wait"])),
    case("completes_commands", || offers(&["sta"], &["status", "start"])),
    case("completes_services", || offers(&["status", ""], &["web"])),
    case("completes_options_behind_a_command", || offers(&["--enable", "--no"], &["--now"])),
    case("completes_what_can_be_enabled", || offers(&["--enable", ""], &["db", "web"])),
    case("completes_what_can_be_enabled_now", || offers(&["--enable", "--now", "d"], &["db"])),
    case("completes_what_can_be_disabled", || offers(&["--disable", ""], &["web"])),
    case("completes_what_can_be_watched", || offers(&["--watch", "--json", ""], &["web"])),
    case("completes_states", || offers(&["--wait", ""], &["up", "down", "ready", "done", "failed"])),
    case("completes_services_behind_a_state", || offers(&["--wait", "up", ""], &["web"])),
    case("completes_no_names_of_new_services", || offers(&["--new", ""], &[])),
    case("completes_nothing_to_list", || offers(&["--list-available", ""], &[])),
    case("completes_colours", || {
        offers(&["--color", "="], &["auto", "always", "never"]);
        offers(&["--color", "=", "a"], &["auto", "always"]);
    }),
    case("completes_no_seconds", || offers(&["-w", ""], &[])),
    case("completes_commands_behind_json", || offers(&["--json", "rel"], &["reload"])),
    case("completes_commands_behind_a_colour", || offers(&["--color", "=", "never", "rel"], &["reload"])),
];
