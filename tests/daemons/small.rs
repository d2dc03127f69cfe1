//! chrony, D-Bus, and the programs of s6.
use crate::refused;
use crate::world::with;
use platform::Ended;
use runit_tests::suite::{Case, case};

const LIST: &str = "dbus-send --system --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames >/dev/null && echo yes";
const ECHO: &str = "s6-ipcclient /run/ipcserver.sock sh -c 'echo hi >&7; head -n 1 <&6'";

pub const CASES: &[Case] = &[
    // In namespaces of a user: nothing in there can touch the clock.
    case("chrony_start_returns_when_it_answers", || {
        let world = with(&["chrony"]).alone().down().boot();
        for _ in 0..2 {
            world.sh("sv start chrony >/dev/null && chronyc -n tracking >/dev/null");
            world.sv("stop chrony", "ok: down: chrony: Ts");
            assert!(matches!(world.state("chrony").last, Some((Ended::Exit(0), _))));
        }
    }),
    case("chrony_killed_answers_again", || {
        let world = with(&["chrony"]).alone().boot();
        world.eventually("an answer", "sv check chrony");
        world.sh("kill -KILL $(cat /service/chrony/supervise/pid)");
        world.await_state("chrony", "runs again", |state| state.starts == 2 && state.pid.is_some());
        world.sv("start chrony", "ok: run: chrony: (pid p) Ts");
        world.sh("chronyc -n tracking");
    }),
    case("chrony_restart_returns_when_the_new_one_answers", || {
        let world = with(&["chrony"]).alone().boot();
        world.sv("start chrony", "ok: run: chrony: (pid p) Ts");
        world.sh("sv restart chrony >/dev/null && chronyc -n tracking");
        assert_eq!(world.state("chrony").starts, 2);
    }),
    case("chrony_refused_by_its_configuration", || {
        let world = with(&["chrony"]).alone().down().file("chrony/restart-limit", "2 60");
        let world = world.prepare("echo nosuchword >>/etc/chrony/chrony.conf").boot();
        world.sv("start chrony", "fail: down: chrony: Ts, failed (2 ends in 60 s, last: exit 1)");
    }),
    case("dbus_start_returns_when_it_answers", || {
        let world = with(&["dbus"]).down().boot();
        for _ in 0..5 {
            assert_eq!(world.sh(&format!("sv start dbus >/dev/null && {LIST}")), "yes");
            world.sv("stop dbus", "ok: down: dbus: Ts");
        }
    }),
    case("dbus_stop_cuts_clients_off", || {
        let world = with(&["dbus"]).boot();
        world.await_ready("dbus");
        let mut client = world.start("exec dbus-monitor --system");
        world.eventually(
            "a client",
            &format!("{LIST}; pgrep -x dbus-monitor && ss -Hxn | grep -q system_bus_socket"),
        );
        world.sv("stop dbus", "ok: down: dbus: Ts, normally up");
        client.wait();
    }),
    case("dbus_killed_is_ready_again", || {
        let world = with(&["dbus"]).boot();
        world.await_ready("dbus");
        world.sh("kill -KILL $(cat /service/dbus/supervise/pid)");
        world.await_ready_start("dbus", 2);
        assert_eq!(world.sh(LIST), "yes");
    }),
    case("dbus_hup_loads_its_configuration", || {
        let world = with(&["dbus"]).boot();
        let before = world.await_ready("dbus");
        world.sv("hup dbus", "");
        world.said("dbus", "Reloaded configuration");
        assert_eq!((world.sh(LIST).as_str(), world.state("dbus")), ("yes", before));
    }),
    case("dbus_refused_by_its_configuration", || {
        refused::bad_configuration("dbus", "/etc/dbus-1/system-local.conf", "<no-such-word>", "");
    }),
    case("ipcserver_start_returns_when_it_answers", || {
        let world = with(&["ipcserver"]).down().boot();
        for _ in 0..5 {
            assert_eq!(world.sh(&format!("sv start ipcserver >/dev/null && {ECHO}")), "hi");
            world.sv("stop ipcserver", "ok: down: ipcserver: Ts");
        }
    }),
    case("ipcserver_stop_lets_connections_go_on", || {
        let world = with(&["ipcserver"]).boot();
        world.await_ready("ipcserver");
        let talk =
            "touch /tmp/there; while ! test -e /tmp/open; do sleep 0.05; done; echo hi >&7; head -n 1 <&6";
        let mut client = world.start(&format!("s6-ipcclient /run/ipcserver.sock sh -c '{talk}'"));
        world.eventually("a connection", "test -e /tmp/there");
        world.sv("stop ipcserver", "ok: down: ipcserver: Ts, normally up");
        world.sh("touch /tmp/open");
        client.wait();
        assert_eq!(client.out(), "hi\n");
    }),
    case("ipcserver_killed_is_ready_again", || {
        let world = with(&["ipcserver"]).boot();
        world.await_ready("ipcserver");
        world.sh("kill -KILL $(cat /service/ipcserver/supervise/pid)");
        world.await_ready_start("ipcserver", 2);
        assert_eq!(world.sh(ECHO), "hi");
    }),
    case("ipcserver_restart_returns_when_the_new_one_answers", || {
        let world = with(&["ipcserver"]).boot();
        world.await_ready("ipcserver");
        for start in 2..=3 {
            assert_eq!(world.sh(&format!("sv restart ipcserver >/dev/null && {ECHO}")), "hi");
            assert_eq!(world.state("ipcserver").starts, start);
        }
    }),
    case("ipcserver_refused_its_socket", || {
        let says = "unable to bind to /run/ipcserver.sock";
        let [code, _] = refused::codes("ipcserver");
        refused::refused(
            with(&["ipcserver"]),
            "ipcserver",
            code,
            "mkdir /run/ipcserver.sock",
            "rmdir /run/ipcserver.sock",
            says,
        );
    }),
    // Programs that were made for the same file under another supervisor.
    case("s6_log_says_that_it_is_ready", || {
        let run = "#!/bin/sh\nmkfifo /tmp/in\nexec 4<>/tmp/in\nexec s6-log -d 3 t n2 /tmp/logged <&4 4<&-\n";
        let world = with(&["logger"]).file("logger/run", run).file("logger/notification-fd", "3\n").boot();
        world.await_ready("logger");
        world.sh("echo hello >/tmp/in");
        world.eventually("the line", "grep hello /tmp/logged/current");
    }),
    case("s6_svscan_says_that_it_is_ready", || {
        let run = "#!/bin/sh\nmkdir -p /tmp/scan\nexec s6-svscan -d 3 /tmp/scan\n";
        let world =
            with(&["scanner"]).file("scanner/run", run).file("scanner/notification-fd", "3\n").down().boot();
        world.sh("sv start scanner && s6-svscanctl -a /tmp/scan");
    }),
    // It asks by itself, but for its own supervisor only. What `check` is here needs none of it.
    case("s6_notifyoncheck_wants_its_own_supervisor", || {
        let run = "#!/bin/sh\nexec 2>&1\nexec s6-notifyoncheck -d -n 0 sleep 1000\n";
        let world = with(&["asker"]).file("asker/run", run).file("asker/notification-fd", "3\n");
        let world = world.file("asker/restart-limit", "2 60\n").down().boot();
        world.sv("start asker", "fail: down: asker: Ts, failed (2 ends in 60 s, last: exit 100)");
        world.said("asker", "s6-supervise not running");
    }),
];
