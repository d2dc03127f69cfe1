//! turnstile's backend for runit: the services of a user, from login to logout.
//!
//! It is called as turnstile calls it: `run` becomes the user's runsvdir, a service of its own
//! tells through a pipe that the core services are up, `ready` waits for that service, and `stop`
//! ends all.
use crate::host::Host;
use runit_tests::suite::{Case, case};

pub const CASES: &[Case] = &[
    case("turnstile_run", || {
        let host = turnstile("");
        let pid = host.await_runs(MINE, 1);
        host.await_stat(MINE, "run");
        assert_eq!(ready_pipe(&host), READY);
        assert!(host.alive(&pid));
    }),
    case("turnstile_run_with_core_services", || {
        let host = turnstile(
            "service /me/.config/service/bus; mkdir /me/.config/service/turnstile-ready
            echo 'core_services=\"mine bus\"' >/me/.config/service/turnstile-ready/conf",
        );
        // When it is ready they run.
        assert_eq!(ready_pipe(&host), READY);
        for name in ["mine", "bus"] {
            assert_eq!(host.text(&format!("/me/.config/service/{name}/supervise/stat")), "run\n");
        }
    }),
    case("turnstile_run_waits_for_a_check", || {
        let host = turnstile(
            "printf '#!/bin/sh\\necho asked >>asked\\ntest -e /run/go\\n' >/me/.config/service/mine/check
            chmod 755 /me/.config/service/mine/check
            mkdir /me/.config/service/turnstile-ready
            echo 'core_services=mine SVWAIT=0; export SVWAIT' >/me/.config/service/turnstile-ready/conf",
        );
        host.await_runs(MINE, 1);
        host.await_stat(READY, "run");
        host.sh("cat /run/ready >/run/said &");
        let asked = format!("test $(wc -l <{MINE}/asked) -ge 4");
        host.eventually("several questions", &asked);
        assert_eq!(host.text("/run/said"), "");
        host.sh(": >/run/go");
        host.eventually("its readiness", &format!("test \"$(cat /run/said)\" = {READY}"));
    }),
    case("turnstile_ready", || {
        let host = turnstile("");
        assert_eq!(ready_pipe(&host), READY);
        let done = host.run(&format!("sh {BACKEND} ready {READY}"));
        assert_eq!(done.code, Some(0), "{done:?}");
        assert!(done.err.starts_with(&format!("ok: run: {READY}: (pid ")), "{done:?}");
        assert_eq!(host.run(&format!("sh {BACKEND} ready /nothing")).code, Some(69));
    }),
    case("turnstile_stop", || {
        let host = turnstile("");
        let pid = host.await_runs(MINE, 1);
        assert_eq!(ready_pipe(&host), READY);
        let runsvdir = host.text("/run/pid");
        let runsvdir = runsvdir.trim();
        host.sh(&format!("sh {BACKEND} stop {runsvdir}"));
        host.eventually("its end", &format!("! kill -0 {runsvdir} 2>/dev/null"));
        host.eventually("the end of its services", &format!("! kill -0 {pid} 2>/dev/null"));
        host.await_end(MINE);
        host.await_end(READY);
    }),
    case("turnstile_update_env", || {
        let host = turnstile(
            "printf '#!/bin/sh\\nexec chpst -e \"$TURNSTILE_ENV_DIR\" sh -c \"echo \\\\$COLOR >seen; exec sleep 100000\"\\n' \
            >/me/.config/service/mine/run",
        );
        host.eventually("a start", "test -e /me/.config/service/mine/seen");
        host.await_stat(MINE, "run");
        host.eventually(
            "another second",
            &format!("test $(date +%s) -gt $(stat -Lc %Y {MINE}/supervise/status)"),
        );
        host.sh(&format!("turnstile-update-runit-env COLOR=red; sv restart {MINE}"));
        host.eventually("the variable", "test \"$(cat /me/.config/service/mine/seen)\" = red");
    }),
];

const BACKEND: &str = "/usr/libexec/turnstile/runit";
const MINE: &str = "/me/.config/service/mine";
const READY: &str = "/me/.config/service/turnstile-ready";

/// A host with a user who has one service and has logged in.
fn turnstile(prepare: &str) -> Host {
    let host = Host::up(&[], "");
    // Debian lacks `pause`, of another distribution's runit: it sleeps until a signal comes.
    host.sh(&format!(
        "printf '#!/bin/sh\\nexec sleep 100000\\n' >/usr/bin/pause; chmod 755 /usr/bin/pause
        service {MINE}; mkfifo /run/ready
        {prepare}
        setsid sh -c 'echo $$ >/run/pid; exec sh {BACKEND} run /run/ready /run/sv /etc/turnstile/backend' </dev/null >/run/log 2>&1 &"
    ));
    host
}

/// What comes through the pipe.
fn ready_pipe(host: &Host) -> String {
    host.sh("cat /run/ready")
}
