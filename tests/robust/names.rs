//! Names are bytes.
use runit_tests::place::{Output, Running};
use runit_tests::rig::{Rig, search_path};
use runit_tests::status::Status;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

pub const CASES: &[Case] = &[
    case("names_of_all_kinds", names_of_all_kinds),
    case("names_of_255_bytes", names_of_255_bytes),
    case("names_that_look_like_options", names_that_look_like_options),
];

fn scanned(rig: &Rig, names: &[&[u8]]) -> Running {
    rig.place.script("run", "exec sleep 100000");
    for name in names {
        let service = rig.place.path("sv").join(OsStr::from_bytes(name));
        fs::create_dir(&service).expect("mkdir");
        symlink(rig.place.path("run"), service.join("run")).expect("a link");
    }
    let mut command = rig.command("runsvdir", &["sv"]);
    rig.place.start(command.env("PATH", search_path()))
}

fn sv(rig: &Rig, word: &str, name: &[u8]) -> Output {
    let mut command = rig.command("sv", &[word]);
    rig.place.run(command.arg(OsStr::from_bytes(name)).env("SVDIR", rig.place.path("sv")))
}

fn live_and_end(names: &[&[u8]]) {
    let rig = Rig::new();
    let _scan = scanned(&rig, names);
    for name in names {
        let service = rig.place.path("sv").join(OsStr::from_bytes(name));
        until("a service up", || Status::read(&service).filter(Status::is_up));
        let seen = sv(&rig, "status", name);
        let shown = String::from_utf8_lossy(name).into_owned();
        assert!(seen.out.starts_with(&format!("run: {shown}: (pid ")), "{seen:?}");
        let seen = sv(&rig, "stop", name);
        assert!(seen.out.starts_with(&format!("ok: down: {shown}: ")) && seen.code == Some(0), "{seen:?}");
    }
}

fn names_of_all_kinds() {
    live_and_end(&[
        b"with space",
        b"with\nnewline",
        b"\xff\xfe\x80",
        "\u{fc}ml\u{e4}ut".as_bytes(),
        b"tab\there",
        b"'quote\"",
        b"*",
        b"\x1b[2J",
    ]);
}

fn names_of_255_bytes() {
    live_and_end(&[&[b'n'; 255], &[0xe9; 255]]);
}

fn names_that_look_like_options() {
    let rig = Rig::new();
    let _scan = scanned(&rig, &[b"-P", b"--help"]);
    for name in ["-P", "--help"] {
        let service = rig.place.path("sv").join(name);
        until("a service up", || Status::read(&service).filter(Status::is_up));
    }
}
