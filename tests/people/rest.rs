//! sv at rest: `--watch` makes no call at all until something changes.
use crate::host::{await_lines, fake, now, six, sv};
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::Rig;
use runit_tests::status::{DOWN, RUN};
use runit_tests::suite::{Case, case, needs_inotify, needs_tool, skip};
use runit_tests::wait::{until, within};
use std::os::unix::fs::symlink;
use std::time::Duration;

/// Long enough for every pause there is.
const REST: Duration = Duration::from_secs(3);

/// How many calls a process begins or ends in that time.
fn calls(rig: &Rig, running: &Running) -> usize {
    needs_inotify();
    needs_tool("strace");
    let trace = rig.place.path("trace");
    let mut command = rig.place.command("strace");
    command.arg("-o").arg(&trace).args(["-p", &running.pid().to_string()]);
    let mut strace = rig.place.start(&mut command);
    let count = || {
        let text = std::fs::read_to_string(&trace).unwrap_or_default();
        text.lines().filter(|line| !line.contains("detached")).count()
    };
    // The call that it is in shows first.
    if within(Duration::from_secs(10), || (count() > 0 || strace.ended().is_some()).then_some(())).is_none()
        || count() == 0
    {
        skip("strace(1) may not look");
    }
    assert_eq!(within(REST, || (count() > 1).then_some(())), None, "{}", rig.place.text("trace"));
    let found = count();
    strace.signal(Signal::SIGINT);
    strace.wait();
    found
}

pub const CASES: &[Case] = &[
    case("rest_watch_all", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        let watch = rig.place.start(&mut sv(&rig, &["--watch"]));
        await_lines(&watch, 6);
        // Events of its own making, and looks that follow what was seen, are over soon.
        until("rest", || is_idle(&watch));
        assert_eq!(calls(&rig, &watch), 1);
    }),
    case("rest_watch_where_links_lead", || {
        let rig = Rig::new();
        let _fakes = six(&rig);
        symlink("sv", rig.place.path("current")).expect("a link");
        symlink("current", rig.place.path("service")).expect("a link");
        let watch = rig.place.start(sv(&rig, &["--watch"]).env("SVDIR", rig.place.path("service")));
        await_lines(&watch, 6);
        // What comes and goes beside the links is nothing.
        rig.place.file("beside", "");
        until("rest", || is_idle(&watch));
        assert_eq!(calls(&rig, &watch), 1);
    }),
    case("rest_watch_after_changes", || {
        let rig = Rig::new();
        let (_service, fake) = fake(&rig, "foo", now(RUN, 7, b'u'));
        let watch = rig.place.start(&mut sv(&rig, &["--watch", "--json", "foo"]));
        await_lines(&watch, 1);
        fake.set(now(DOWN, 0, b'd'));
        await_lines(&watch, 2);
        until("rest", || is_idle(&watch));
        assert_eq!(calls(&rig, &watch), 1);
    }),
];

/// Whether it has not woken up for a second.
fn is_idle(running: &Running) -> Option<()> {
    needs_inotify();
    let sleeps = || runit_tests::process::sleeps(running.pid());
    let before = sleeps()?;
    within(Duration::from_secs(1), || (sleeps()? != before).then_some(())).is_none().then_some(())
}
