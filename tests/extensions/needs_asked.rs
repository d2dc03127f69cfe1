//! `needs/` of a service that is told something, by a letter or by sv, while it waits.
use crate::needs::{DOWN, READY, WAITS, await_need, database, dependent, descriptors, never_started, pair};
use crate::told::Told;
use nix::sys::signal::Signal;
use runit::need::Lack;
use runit::state::Doing;
use runit::status::Want;
use runit_tests::rig::Rig;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

pub const CASES: &[Case] = &[
    case("needs_and_d_while_it_waits", || {
        pair(&[READY], |web, _, runsv, _| {
            await_need(web, "db", Lack::NotReady);
            let held = descriptors(runsv);
            web.control("d");
            let state = web.await_doing(Doing::Down);
            assert_eq!((state.want, state.need), (Want::Down, None));
            web.await_line("down: web: Ts, normally up");
            never_started(web);
            assert!(held == 0 || descriptors(runsv) < held, "the watch is closed");
        });
    }),
    case("needs_and_x_while_it_waits", || {
        pair(&[READY], |web, _, runsv, _| {
            await_need(web, "db", Lack::NotReady);
            web.control("x");
            assert_eq!(runsv.wait().code(), Some(0));
            never_started(web);
        });
    }),
    case("needs_and_term_while_it_waits", || {
        pair(&[READY], |web, _, runsv, _| {
            await_need(web, "db", Lack::NotReady);
            runsv.signal(Signal::SIGTERM);
            assert_eq!(runsv.wait().code(), Some(0));
            never_started(web);
        });
    }),
    case("needs_and_once_while_it_waits", || {
        pair(&[READY], |web, db, _, _| {
            await_need(web, "db", Lack::NotReady);
            web.control("o");
            until("the wish", || (web.status().want == b'd').then_some(()));
            await_need(web, "db", Lack::NotReady);
            db.tell("echo >&4");
            web.await_trace("run");
            web.tell("exit 0");
            web.await_stat("down");
            assert_eq!(web.starts(), 1);
        });
    }),
    case("needs_and_signals_while_it_waits", || {
        pair(&[READY], |web, db, _, _| {
            await_need(web, "db", Lack::NotReady);
            web.control("tkihaq12");
            web.stays("down");
            await_need(web, "db", Lack::NotReady);
            db.tell("echo >&4");
            web.await_trace("run");
            assert_eq!(web.trace(), ["run"]);
        });
    }),
    case("needs_and_control_u", || {
        pair(&[READY], |web, db, _, _| {
            web.script("control/u", "echo u >>trace");
            await_need(web, "db", Lack::NotReady);
            assert_eq!(web.text("trace"), "");
            db.tell("echo >&4");
            web.await_traces(&["u", "run"]);
        });
    }),
    case("needs_and_sv_start", || {
        pair(&[DOWN, READY], |web, db, _, _| {
            db.await_trace("run");
            web.obeys(&["-w1", "start"], &format!("timeout: {WAITS}"), 1);
            db.tell("echo >&4");
            web.obeys(&["start"], "ok: run: web: (pid p) Ts", 0);
        });
    }),
    case("needs_and_sv_start_of_both", || {
        let rig = Rig::new();
        let db = database(&rig, &[DOWN]);
        let web = dependent(&rig, "web", &["db"]);
        web.file("down", "");
        let (_runsv, _other) = (web.supervise(), db.supervise());
        let done = rig.sv(&["start", "web", "db"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        assert_eq!((web.starts(), db.starts()), (1, 1));
    }),
];
