//! sv while somebody moves or removes what it is about.
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, Service, masked};
use runit_tests::status::{DOWN, Status};
use runit_tests::suite::{Case, case};
use std::fs;

pub const CASES: &[Case] = &[
    case("sv_goes_on_when_the_directory_of_services_is_renamed", || {
        let rig = Rig::new();
        let service = rig.service("foo");
        let _runsv = service.stubborn().up();
        let pid = service.await_runs(1);
        let mut sv = rig.start_sv(&["-w", "20", "stop", "foo"]);
        service.await_stat("run, got TERM, want down");
        fs::rename(rig.place.path("sv"), rig.place.path("moved")).unwrap();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        assert_eq!(sv.wait().code(), Some(0));
        assert_eq!(masked(&sv.out()), "ok: down: foo: Ts, normally up\n");
    })
    .ours(),
    case("sv_says_that_the_directory_was_removed", || {
        for (word, letter) in [("start", "u"), ("stop", "d"), ("restart", "tcu")] {
            says_removed(|| {
                let rig = Rig::new();
                let service = rig.service("foo");
                let fake = service.fake(Status::now(DOWN, 0, b'?'));
                let sv = rig.start_sv(&["-w", "20", word, "foo"]);
                fake.await_command(letter);
                remove(&rig, &service);
                ended(sv)
            });
        }
    })
    .ours(),
    case("sv_follows_a_name_to_the_next_supervisor", || {
        says_removed(|| {
            let rig = Rig::new();
            let service = rig.service("foo");
            let fake = service.fake(Status::now(DOWN, 0, b'?'));
            let sv = rig.start_sv(&["-w", "20", "restart", "foo"]);
            fake.await_command("tcu");
            let next = rig.service("other").fake(Status::now(DOWN, 0, b'?').before(5));
            drop(fake);
            fs::rename(&service.dir, rig.place.path("sv/old")).unwrap();
            fs::rename(rig.place.path("sv/other"), &service.dir).unwrap();
            next.await_command("u");
            remove(&rig, &service);
            ended(sv)
        });
    })
    .ours(),
];

/// In one of some tries: sv may be in the directory when it goes, and then says what it does not find there.
fn says_removed(one: impl Fn() -> String) {
    let said: Vec<String> = (0..4).map(|_| one()).take_while(|said| said != REMOVED).collect();
    assert!(said.len() < 4, "{said:?}");
}

fn ended(mut sv: Running) -> String {
    assert_eq!(sv.wait().code(), Some(1), "{}", sv.out());
    sv.out()
}

/// At once: of one that is taken apart sv may find some and say that.
fn remove(rig: &Rig, service: &Service<'_>) {
    fs::rename(&service.dir, rig.place.path("removed")).unwrap();
    fs::remove_dir_all(rig.place.path("removed")).unwrap();
}

const REMOVED: &str = "fail: foo: unable to change to service directory: file does not exist\n";
