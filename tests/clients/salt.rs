//! Salt's execution module `runit`. What its minion gives to modules, a way to run commands, is
//! given here; the module itself is Salt's.
use crate::fetched::client;
use crate::scan::{Scan, is_link, seldom_missed};
use runit_tests::place::write_fifo;
use runit_tests::rig::is_alive;
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;

/// DIRECTORY SOURCES FUNCTION WORDS...: prints what the function returns.
const MINION: &str = "
import subprocess, sys
import salt.modules.runit as runit
def run(command):
    done = subprocess.run(command, shell=True, stdout=subprocess.PIPE, text=True)
    return {'retcode': done.returncode, 'stdout': done.stdout}
runit.__salt__ = {
    'cmd.retcode': lambda command: run(command)['retcode'],
    'cmd.run_stdout': lambda command: run(command)['stdout'],
    'cmd.run_all': run,
}
runit.SERVICE_DIR = sys.argv[1]
runit.add_svc_avail_path(sys.argv[2])
words = [word for word in sys.argv[4:] if '=' not in word]
named = {word.split('=')[0]: word.split('=')[1] == 'True' for word in sys.argv[4:] if '=' in word}
print(getattr(runit, sys.argv[3])(*words, **named))
";

pub const CASES: &[Case] = &[
    // It makes a file `down`, the link, waits until sv status succeeds, and removes the file: so
    // the service must not be started by the removal, nor by a late look for the file.
    case("salt_enable_does_not_start", || {
        seldom_missed(|| {
            let scan = Scan::new();
            scan.start();
            let service = scan.rig.service("web");
            service.probe();
            assert_eq!(salt(&scan, "enable", &["web"]), "True");
            assert!(is_link(&scan.link_path("web")) && !service.path("down").exists());
            assert_eq!(scan.status("web"), "down: web: Ts, normally up\n");
            assert_eq!(salt(&scan, "status", &["web"]), "False");
            assert_eq!(service.trace().len(), 0);
            assert_eq!(salt(&scan, "start", &["web"]), "True");
            assert_eq!(service.await_runs(1), service.status().pid);
        });
    }),
    case("salt_enable_and_start", || {
        seldom_missed(|| {
            let scan = Scan::new();
            scan.start();
            let service = scan.rig.service("web");
            service.probe();
            assert_eq!(salt(&scan, "enable", &["web", "start=True"]), "True");
            service.await_runs(1);
        });
    }),
    case("salt_enable_one_that_is_down", || {
        let scan = Scan::new();
        let service = scan.down("web");
        assert_eq!(salt(&scan, "enable", &["web"]), "True");
        assert!(!service.path("down").exists());
        assert_eq!(scan.status("web"), "down: web: Ts, normally up\n");
    }),
    case("salt_start", || {
        let scan = Scan::new();
        let service = scan.down("web");
        assert_eq!(salt(&scan, "start", &["web"]), "True");
        service.await_runs(1);
        assert_eq!(salt(&scan, "status", &["web"]), "True");
    }),
    case("salt_start_a_crashing_one", || {
        seldom_missed(|| {
            let scan = Scan::new();
            let _service = scan.crashing("web");
            assert_eq!(salt(&scan, "start", &["web"]), "False");
        });
    }),
    case("salt_start_one_that_is_not_there", || {
        let scan = Scan::new();
        scan.start();
        assert_eq!(salt(&scan, "start", &["web"]), "False");
    }),
    case("salt_stop", || {
        let scan = Scan::new();
        let (_service, pid) = scan.up("web");
        assert_eq!(salt(&scan, "stop", &["web"]), "True");
        assert!(!is_alive(pid));
        assert_eq!(salt(&scan, "status", &["web"]), "False");
    }),
    case("salt_restart", || {
        let scan = Scan::new();
        let (service, old) = scan.up("web");
        service.await_age();
        assert_eq!(salt(&scan, "restart", &["web"]), "True");
        service.await_runs(2);
        assert!(!is_alive(old));
    }),
    case("salt_reload", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        assert_eq!(salt(&scan, "reload_", &["web"]), "True");
        service.await_trace("HUP");
        assert_eq!(service.runs(), [pid]);
    }),
    case("salt_show", || {
        let scan = Scan::new();
        let (_service, _) = scan.up("web");
        let shown = salt(&scan, "show", &["web"]);
        for fact in ["'enabled': True", "'running': True", "'autostart': True", "'available': True"] {
            assert!(shown.contains(fact), "{shown}");
        }
        assert_eq!(salt(&scan, "get_enabled", &[]), "['web']");
    }),
    case("salt_disable", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        assert_eq!(salt(&scan, "disable", &["web"]), "True");
        assert!(service.path("down").exists() && is_alive(pid));
        assert_eq!(salt(&scan, "status_autostart", &["web"]), "False");
    }),
    case("salt_remove", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        assert_eq!(salt(&scan, "remove", &["web"]), "True");
        assert!(!is_alive(pid) && !is_link(&scan.link_path("web")));
        until("the end of the supervisor", || {
            write_fifo(&service.path("supervise/ok"), b"").is_err().then_some(())
        });
    }),
];

fn salt(scan: &Scan, function: &str, words: &[&str]) -> String {
    let mut command = scan.command("python3");
    command.args(["-c", MINION]).arg(scan.dir()).arg(scan.place().path("sv")).arg(function).args(words);
    let mut path = client("salt/python").into_os_string();
    // It shares some packages with Ansible.
    path.push(":");
    path.push(client("ansible/python"));
    command.env("PYTHONPATH", path).env("PYTHONDONTWRITEBYTECODE", "1");
    let done = scan.run_python(&mut command);
    assert_eq!(done.code, Some(0), "{done:?}");
    done.out.trim().to_owned()
}
