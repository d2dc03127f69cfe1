//! Services that ask for others before they start.
use crate::host::{Host, SLEEPER};
use runit_tests::programs::Programs;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

// The C sv takes a process for a service that runs if it looks in the very moment between its birth
// and its death, which happens more often than one would think: the two supervisors beat in time.
pub const CASES: &[Case] = &[
    case("needs_sv_start", needs_sv_start),
    case("needs_sv_check_with_check", needs_sv_check_with_check),
    case("needs_sv_check_without_check", needs_sv_check_without_check),
    case("needs_chain_of_three", needs_chain_of_three),
    case("needs_two_at_once", needs_two_at_once),
    case("needs_one_that_crashes", needs_one_that_crashes).ours(),
    case("needs_one_without_interpreter", needs_one_without_interpreter).ours(),
    case("needs_one_without_run", needs_one_without_run).ours(),
    case("needs_one_whose_check_never_passes", needs_one_whose_check_never_passes),
    case("needs_one_that_recovers", needs_one_that_recovers).ours(),
    case("needs_one_that_is_down", needs_one_that_is_down),
    case("needs_check_of_what_shall_be_down", needs_check_of_what_shall_be_down),
    case("needs_one_that_is_not_enabled", needs_one_that_is_not_enabled),
    case("needs_a_check_that_asks_another", needs_a_check_that_asks_another),
];

/// The usual first line. Void has it in more than fifty services.
const WEB: &str = "sv start db || exit 1\necho web run >>$T\nexec sleep 100000";
/// The order of the first deeds. The C sv may be satisfied with a process that has done nothing yet.
fn in_order(host: &Host, first: &str, second: &str) {
    host.await_line(first);
    if Programs::get().ours() {
        host.before(first, second);
    }
}

const GAVE_UP: &str = "echo web finish $1 >>$T";

fn needs_sv_start() {
    let mut host = Host::new();
    host.service("web", &[("run", WEB)]);
    host.service("db", &[("run", SLEEPER)]);
    host.boot();
    host.await_line("web run");
    in_order(&host, "db run", "web run");
    host.sv_ok(&["status", "db", "web"], "run: db: ");
    assert_eq!((host.count("db run"), host.count("web run")), (1, 1));
}

/// `check` passes a second after the start of `run`.
fn needs_sv_check_with_check() {
    let mut host = Host::new();
    let web = "exec 2>&1\nsv check db >/dev/null || exit 1\necho web run >>$T\nexec sleep 100000";
    host.service("web", &[("run", web)]);
    let db = "rm -f ready\n(sleep 1; echo db ready >>$T; : >ready) &\nexec sleep 100000";
    host.service("db", &[("run", db), ("check", "test -e ready")]);
    host.boot();
    host.await_line("web run");
    host.before("db ready", "web run");
    host.sv_ok(&["check", "db"], "ok: run: db: (pid ");
}

fn needs_sv_check_without_check() {
    let mut host = Host::new();
    let web = "sv -w 5 check db || exit 1\necho web run >>$T\nexec sleep 100000";
    host.service("web", &[("run", web)]);
    host.service("db", &[("run", SLEEPER)]);
    host.boot();
    host.await_line("web run");
    host.await_up("db");
    host.await_up("web");
}

fn needs_chain_of_three() {
    let mut host = Host::new();
    let after = |other| format!("sv start {other} >/dev/null || exit 1\n{SLEEPER}");
    host.service("app", &[("run", &after("web"))]);
    host.service("web", &[("run", &after("db"))]);
    host.service("db", &[("run", SLEEPER)]);
    host.boot();
    for name in ["db", "web", "app"] {
        host.await_line(&format!("{name} run"));
    }
    in_order(&host, "db run", "web run");
    host.sv_ok(&["check", "app", "web", "db"], "ok: ");
}

/// Several names in one command, as with dbus and udevd.
fn needs_two_at_once() {
    let mut host = Host::new();
    let web = "exec 2>&1\nsv -w 5 start db bus >/dev/null || exit 1\necho web run >>$T\nexec sleep 100000";
    host.service("web", &[("run", web)]);
    host.service("bus", &[("run", SLEEPER)]);
    host.service("db", &[("run", SLEEPER)]);
    host.boot();
    host.await_line("web run");
    in_order(&host, "db run", "web run");
    in_order(&host, "bus run", "web run");
}

/// A dependency that fails at once, again and again, then a service that needs it. They are not
/// started at the same moment.
fn needing(web: &str, needed: &[(&str, &str)]) -> Host {
    let host = Host::up();
    let files = [needed, &[("finish", "echo db finish $1 >>$T")]].concat();
    host.service("db", &files);
    let failed = || host.trace().iter().any(|line| line.starts_with("db "));
    if needed.iter().any(|(name, _)| *name == "run") {
        until("something of db", || failed().then_some(()));
    }
    host.service("web", &[("run", web), ("finish", GAVE_UP)]);
    host
}

/// With the seven seconds that sv has by itself.
fn needs_one_that_crashes() {
    let host = needing(WEB, &[("run", "exit 1")]);
    host.await_line("web finish 1");
    assert_eq!(host.count("web run"), 0, "{:?}", host.trace());
}

fn gives_up_soon(needed: &[(&str, &str)]) -> Host {
    let web = "sv -w 1 start db >/dev/null || exit 1\necho web run >>$T\nexec sleep 100000";
    let host = needing(web, needed);
    host.await_lines("web finish 1", 2);
    assert_eq!(host.count("web run"), 0, "{:?}", host.trace());
    host
}

fn needs_one_without_interpreter() {
    gives_up_soon(&[("run", "#!/opt/none/bin/node\nserve()\n")]);
}

fn needs_one_without_run() {
    gives_up_soon(&[("README", "to be written")]);
}

fn needs_one_whose_check_never_passes() {
    let host = gives_up_soon(&[("run", SLEEPER), ("check", "exit 1")]);
    host.await_up("db");
}

/// The database fails while it is asked for, and once more; when it stays, the dependant starts.
fn needs_one_that_recovers() {
    let web = ": >>$P/asked\nsv -w 5 check db >/dev/null || exit 1\necho web run >>$T\nexec sleep 100000";
    let db =
        "test -e $P/asked || exit 1\nmkdir tried 2>/dev/null && exit 1\necho db run >>$T\nexec sleep 100000";
    let host = needing(web, &[("run", db)]);
    host.await_line("web run");
    in_order(&host, "db run", "web run");
}

/// `start` starts what `down` keeps from starting by itself.
fn needs_one_that_is_down() {
    let mut host = Host::new();
    host.service("web", &[("run", WEB)]);
    host.service("db", &[("run", SLEEPER), ("down", "")]);
    host.boot();
    host.await_line("web run");
    in_order(&host, "db run", "web run");
    let said = host.sv(&["status", "db"]).out;
    assert!(said.starts_with("run: db: ") && said.contains(", normally down"), "{said}");
}

/// `check` is about what is wished, so the dependant of a service that shall be down goes on.
fn needs_check_of_what_shall_be_down() {
    let mut host = Host::new();
    let web = "sv check db >>$T || exit 1\necho web run >>$T\nexec sleep 100000";
    host.service("web", &[("run", web)]);
    host.service("db", &[("run", SLEEPER), ("down", "")]);
    host.boot();
    host.await_line("web run");
    assert!(host.trace().iter().any(|line| line.starts_with("ok: down: db: ")), "{:?}", host.trace());
    assert_eq!(host.count("db run"), 0);
}

fn needs_one_that_is_not_enabled() {
    let host = Host::up();
    host.define("db", &[("run", SLEEPER)]);
    host.service("web", &[("run", WEB), ("finish", GAVE_UP)]);
    host.await_line("web finish 1");
    assert_eq!(host.count("web run"), 0);
    host.enable("db");
    host.await_line("web run");
    in_order(&host, "db run", "web run");
}

/// The check of the middle one asks for the last one by a path.
fn needs_a_check_that_asks_another() {
    let mut host = Host::new();
    let after = |other| format!("sv check {other} >/dev/null || exit 1\n{SLEEPER}");
    host.service("app", &[("run", &after("web"))]);
    host.service("web", &[("run", SLEEPER), ("check", "exec sv -w 1 check ../../sd/db")]);
    let db = "rm -f ready\n(sleep 1; echo db ready >>$T; : >ready) &\nexec sleep 100000";
    host.service("db", &[("run", db), ("check", "test -e ready")]);
    host.boot();
    host.await_line("app run");
    host.before("db ready", "app run");
}
