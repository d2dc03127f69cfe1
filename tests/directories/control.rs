//! Control scripts.
use crate::host::{DAEMON, Host};
use runit_tests::suite::{Case, case};
use std::time::{Duration, Instant};

pub const CASES: &[Case] = &[
    case("control_t_hups_itself", || asks_itself("t", "exec sv hup .", "term", "web HUP", "web TERM")),
    case("control_t_reloads_itself", || {
        asks_itself("t", "sv reload . >/dev/null && echo web said >>$T", "term", "web HUP", "web TERM");
    }),
    case("control_h_sends_itself_usr1", || {
        asks_itself("h", "sv -v 1 . >/dev/null", "hup", "web USR1", "web HUP");
    }),
    case("control_h_hups_itself_and_waits", || {
        asks_itself("h", "sv -v 2 \"$PWD\" >/dev/null", "reload", "web USR2", "web HUP");
    }),
    case("control_h_starts_itself", || {
        asks_itself("h", "sv start . >/dev/null && echo web said >>$T", "hup", "web said", "web HUP");
    }),
    case("control_h_asks_for_its_status", || {
        asks_itself("h", "sv status . | grep -q '^run: ' && echo web said >>$T", "1", "web USR1", "web HUP");
    }),
    case("control_t_asks_another", control_t_asks_another),
    case("control_t_drains_for_a_second", control_t_drains_for_a_second),
    case("control_t_quits_gracefully", control_t_quits_gracefully),
    case("control_t_that_fails", control_t_that_fails),
    case("control_t_without_permission", control_t_without_permission),
    case("control_h_tests_the_configuration", control_h_tests_the_configuration),
    case("control_u_prepares", control_u_prepares),
    case("control_u_that_fails", control_u_that_fails),
    case("control_u_starts_another", control_u_starts_another),
    case("control_u_d_x_talk_to_themselves", control_u_d_x_talk_to_themselves),
    case("control_d_and_x_clean_up", control_d_and_x_clean_up),
];

fn daemon(files: &[(&str, &str)]) -> Host {
    let mut host = Host::new();
    host.service("web", &[&[("run", DAEMON)], files].concat());
    host.boot();
    host.await_line("web run");
    host.await_up("web");
    host
}

/// A control script that talks to its own supervisor, which waits for the script: what C answers
/// at once must not wait. `sign` comes of it, `instead_of` that does not.
fn asks_itself(letter: &str, script: &str, command: &str, sign: &str, instead_of: &str) {
    let host = daemon(&[(&format!("control/{letter}"), script)]);
    let start = Instant::now();
    host.sv_ok(&[command, "web"], "");
    host.await_line(sign);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}: {:?}", host.trace());
    // What follows is obeyed after all that came before.
    if sign != "web USR2" {
        host.sv_ok(&["2", "web"], "");
        host.await_line("web USR2");
    }
    assert_eq!(host.count(instead_of), 0, "{:?}", host.trace());
}

/// The default comes as well, for the script says so by its exit code.
fn control_t_asks_another() {
    let mut host = Host::new();
    host.service("web", &[("run", DAEMON), ("control/t", "sv term ../../sd/worker\nexit 1")]);
    host.service("worker", &[("run", DAEMON)]);
    host.boot();
    host.await_line("web run");
    host.await_line("worker run");
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    host.await_lines("worker run", 2);
    host.await_lines("web run", 2);
    assert_eq!((host.count("web TERM"), host.count("worker TERM")), (1, 1));
}

fn control_t_drains_for_a_second() {
    let host = daemon(&[("control/t", "echo web drains >>$T\nsleep 1\necho web drained >>$T\nexit 1")]);
    let before = host.await_up("web");
    host.await_age("web");
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    assert_ne!(host.await_up("web"), before);
    host.await_lines("web run", 2);
    host.before("web drained", "web TERM");
    assert_eq!((host.count("web drains"), host.count("web TERM")), (1, 1));
}

/// The script ends the service by another signal and so keeps TERM from it.
fn control_t_quits_gracefully() {
    let run = "trap 'echo web QUIT >>$T; kill $!; exit 0' QUIT
trap 'echo web TERM >>$T; kill $!; exit 1' TERM
sleep 100000 &
echo web run >>$T
while :; do wait $!; done";
    let mut host = Host::new();
    let (t, finish) = ("read -r pid <supervise/pid\nkill -QUIT $pid", "echo web finish $1 >>$T");
    host.service("web", &[("run", run), ("control/t", t), ("finish", finish)]);
    host.boot();
    host.await_line("web run");
    let before = host.await_up("web");
    host.await_age("web");
    host.sv_ok(&["-w", "15", "restart", "web"], "ok: run: web: ");
    host.await_lines("web run", 2);
    assert_ne!(host.await_up("web"), before);
    assert_eq!(host.count("web finish 0"), 1, "{:?}", host.trace());
    assert_eq!(host.count("web TERM"), 0);
}

fn control_t_that_fails() {
    let host = daemon(&[("control/t", "echo web asked >>$T\nfalse")]);
    host.sv_ok(&["stop", "web"], "ok: down: web: ");
    assert_eq!((host.count("web asked"), host.count("web TERM")), (1, 1));
}

/// As after a checkout from a file system without modes.
fn control_t_without_permission() {
    let host = daemon(&[("control/t", "echo web asked >>$T")]);
    host.must("chmod 644 etc/web/control/t");
    host.sv_ok(&["stop", "web"], "ok: down: web: ");
    assert_eq!((host.count("web asked"), host.count("web TERM")), (0, 1));
}

/// No reload into a broken configuration.
fn control_h_tests_the_configuration() {
    let h = "if grep -q broken conf; then echo web refuses >>$T; exit 0; fi\nexit 1";
    let host = daemon(&[("control/h", h), ("conf", "broken\n")]);
    host.sv_ok(&["reload", "web"], "ok: run: web: ");
    host.await_line("web refuses");
    host.must("echo good >etc/web/conf");
    host.sv_ok(&["reload", "web"], "ok: run: web: ");
    host.await_line("web HUP");
    assert_eq!((host.count("web HUP"), host.count("web refuses")), (1, 1));
}

/// What lies in /run is made before each start, also before one that nobody asked for.
fn control_u_prepares() {
    let run = "echo made by run >runtime/socket || exit 1\necho web run >>$T\nexec sleep 100000";
    let mut host = Host::new();
    host.service("web", &[("run", run), ("control/u", "rm -rf runtime\ninstall -d -m 750 runtime")]);
    host.boot();
    host.await_line("web run");
    host.must("rm -r etc/web/runtime; sv kill web");
    host.await_lines("web run", 2);
    assert!(host.place.path("etc/web/runtime/socket").exists());
}

fn control_u_that_fails() {
    let host = daemon(&[("control/u", "echo web u >>$T\nexit 3")]);
    host.await_up("web");
    assert_eq!(host.trace(), ["web u", "web run"]);
}

/// What is needed is started before each start.
fn control_u_starts_another() {
    let mut host = Host::new();
    host.service("db", &[("run", DAEMON), ("down", "")]);
    host.service("web", &[("run", DAEMON), ("control/u", "sv -w 5 start ../../sd/db >/dev/null")]);
    host.boot();
    host.await_line("web run");
    host.await_line("db run");
    host.await_up("db");
    host.sv_ok(&["stop", "db"], "ok: down: db: ");
    host.sv_ok(&["term", "web"], "");
    host.await_lines("web run", 2);
    host.await_lines("db run", 2);
}

/// Each of them is waited for by the supervisor that it talks to.
fn control_u_d_x_talk_to_themselves() {
    let mut host = Host::new();
    let talk = |letter| format!("sv -v cont . >/dev/null && echo web {letter} >>$T");
    let files = [("control/u", talk("u")), ("control/d", talk("d")), ("control/x", talk("x"))];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    host.service("web", &[&[("run", DAEMON)], &files[..]].concat());
    host.boot();
    // Then C runit has been as slow as it is about new services.
    host.await_line("web u");
    let start = Instant::now();
    host.await_line("web run");
    host.await_up("web");
    host.sv_ok(&["down", "web"], "");
    host.await_line("web d");
    host.await_down("web");
    host.sv_ok(&["up", "web"], "");
    host.await_lines("web run", 2);
    host.await_up("web");
    host.sv_ok(&["exit", "web"], "");
    host.await_line("web x");
    assert!(start.elapsed() < Duration::from_secs(7), "{:?}", start.elapsed());
}

fn control_d_and_x_clean_up() {
    let (d, x) = ("echo web d >>$T", "rm -f pidfile; echo web x >>$T");
    let host = daemon(&[("control/d", d), ("control/x", x), ("pidfile", "1")]);
    host.sv_ok(&["down", "web"], "");
    host.await_line("web d");
    host.await_down("web");
    host.sv_ok(&["up", "web"], "");
    host.await_lines("web run", 2);
    host.must("rm sd/web");
    host.await_line("web x");
    host.await_runsvs("web", 0);
    assert!(!host.place.path("etc/web/pidfile").exists());
    assert_eq!((host.count("web d"), host.count("web x"), host.count("web TERM")), (1, 1, 2));
}
