//! Ansible's module `community.general.runit`: desired states of a service, and its link.
//!
//! The module does not look at sv's exit codes: what it reports is what sv status says afterwards.
use crate::fetched::client;
use crate::scan::{Scan, await_rest, broken, in_some_try, is_link};
use runit_tests::place::Output;
use runit_tests::rig::{await_death, is_alive};
use runit_tests::suite::{Case, case};
use runit_tests::wait::until;
use std::fs;

pub const CASES: &[Case] = &[
    case("ansible_killed_a_stubborn_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.stubborn("web");
        scan.hurry();
        let done = module(&scan, "web", r#""state": "killed""#);
        assert!(done.changed(), "{done:?}");
        await_death(pid);
        await_rest(&service);
        assert!(service.trace().contains(&"TERM".into()), "not asked first");
    }),
    case("ansible_started_while_crashing", || {
        in_some_try(|| {
            let scan = Scan::new();
            let service = scan.crashing("web");
            let done = module(&scan, "web", r#""state": "started""#);
            assert_ne!(done.value("state"), "started", "{done:?}");
            assert_eq!(service.runs().len(), 0);
        })
    }),
    case("ansible_restarted_while_crashing", || {
        in_some_try(|| {
            let scan = Scan::new();
            let _service = scan.crashing("web");
            let done = module(&scan, "web", r#""state": "restarted""#);
            assert!(done.changed() && done.value("state") != "started", "{done:?}");
        })
    }),
    case("ansible_restarted_into_a_broken_one", || {
        in_some_try(|| {
            let scan = Scan::new();
            let (service, pid) = scan.up("web");
            service.await_age();
            broken(&service);
            scan.hurry();
            let done = module(&scan, "web", r#""state": "restarted""#);
            assert!(done.changed() && done.value("state") != "started", "{done:?}");
            await_death(pid);
        })
    }),
    case("ansible_killed_while_crashing", || {
        let scan = Scan::new();
        let service = scan.crashing("web");
        let done = module(&scan, "web", r#""state": "killed""#);
        assert!(done.changed() && done.value("state") == "stopped", "{done:?}");
        await_rest(&service);
    }),
    case("ansible_started_a_down_one", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = module(&scan, "web", r#""state": "started""#);
        let pid = service.await_runs(1);
        assert!(done.changed(), "{done:?}");
        assert_eq!((done.value("state"), done.value("pid")), ("started".into(), pid.to_string()), "{done:?}");
        assert_eq!(scan.status("web"), "run: web: (pid p) Ts, normally down\n");
    }),
    case("ansible_started_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = module(&scan, "web", r#""state": "started""#);
        assert!(!done.changed(), "{done:?}");
        assert_eq!((done.value("state"), done.value("pid")), ("started".into(), pid.to_string()));
        assert_eq!(service.runs(), [pid]);
    }),
    case("ansible_started_is_true_the_second_time", || {
        let scan = Scan::new();
        let service = scan.down("web");
        assert!(module(&scan, "web", r#""state": "started""#).changed());
        let done = module(&scan, "web", r#""state": "started""#);
        assert!(!done.changed(), "{done:?}");
        assert_eq!(service.runs().len(), 1);
    }),
    case("ansible_stopped_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = module(&scan, "web", r#""state": "stopped""#);
        assert!(done.changed(), "{done:?}");
        assert_eq!((done.value("state").as_str(), is_alive(pid)), ("stopped", false), "{done:?}");
        await_rest(&service);
    }),
    case("ansible_stopped_waits_for_finish", || {
        let scan = Scan::new();
        let service = scan.service("web");
        service.probe().script("finish", "sleep 0.3\necho finished >>trace");
        scan.start();
        service.await_runs(1);
        service.await_stat("run");
        let done = module(&scan, "web", r#""state": "stopped""#);
        assert_eq!(done.value("state"), "stopped", "{done:?}");
        assert_eq!(service.trace().last().map(String::as_str), Some("finished"));
    }),
    case("ansible_stopped_a_down_one", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = module(&scan, "web", r#""state": "stopped""#);
        assert!(!done.changed() && done.value("state") == "stopped", "{done:?}");
        assert_eq!(service.trace().len(), 0);
    }),
    case("ansible_stopped_one_whose_log_runs", || {
        let scan = Scan::new();
        let service = scan.service("web");
        service.probe().log();
        scan.start();
        service.await_runs(1);
        service.await_stat("run");
        service.await_log_stat("run");
        let done = module(&scan, "web", r#""state": "stopped""#);
        assert_eq!(done.value("state"), "stopped", "{done:?}");
        assert!(done.value("full_state").contains("; run: log: (pid "), "{done:?}");
    }),
    case("ansible_once_of_a_down_one", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = module(&scan, "web", r#""state": "once""#);
        assert!(done.changed(), "{done:?}");
        let pid = service.await_runs(1);
        service.tell("exit 0");
        await_death(pid);
        await_rest(&service);
        assert_eq!(service.runs(), [pid]);
    }),
    case("ansible_once_of_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        assert!(module(&scan, "web", r#""state": "once""#).changed());
        service.await_stat("run, want down");
        service.tell("exit 0");
        await_death(pid);
        await_rest(&service);
        assert_eq!(service.runs(), [pid]);
    }),
    case("ansible_reloaded_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = module(&scan, "web", r#""state": "reloaded""#);
        assert!(done.changed(), "{done:?}");
        service.await_trace("HUP");
        assert_eq!((done.value("pid"), service.runs()), (pid.to_string(), vec![pid]));
    }),
    case("ansible_reloaded_a_down_one", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = module(&scan, "web", r#""state": "reloaded""#);
        assert!(done.changed() && done.value("state") == "stopped", "{done:?}");
        assert_eq!(service.trace().len(), 0);
    }),
    case("ansible_restarted_an_up_one", || {
        let scan = Scan::new();
        let (service, old) = scan.up("web");
        service.await_age();
        let done = module(&scan, "web", r#""state": "restarted""#);
        let new = service.await_runs(2);
        assert!(done.changed(), "{done:?}");
        assert_eq!((done.value("state"), done.value("pid")), ("started".into(), new.to_string()), "{done:?}");
        assert!(!is_alive(old));
    }),
    case("ansible_restarted_a_down_one", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = module(&scan, "web", r#""state": "restarted""#);
        let pid = service.await_runs(1);
        assert_eq!((done.value("state"), done.value("pid")), ("started".into(), pid.to_string()), "{done:?}");
    }),
    case("ansible_killed_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = module(&scan, "web", r#""state": "killed""#);
        assert!(done.changed() && done.value("state") == "stopped", "{done:?}");
        assert!(!is_alive(pid));
        await_rest(&service);
    }),
    case("ansible_enabled", || {
        let scan = Scan::new();
        scan.start();
        let service = scan.rig.service("web");
        service.probe();
        let done = module(&scan, "web", r#""enabled": true"#);
        assert!(done.changed(), "{done:?}");
        assert_eq!(fs::read_link(scan.link_path("web")).expect("a link"), service.dir);
        service.await_runs(1);
        service.await_stat("run");
        // The second time there is nothing to do.
        let done = module(&scan, "web", r#""enabled": true, "state": "started""#);
        assert!(!done.changed() && done.value("enabled") == "true", "{done:?}");
    }),
    case("ansible_enabled_and_started_at_once", || enabled_and_started(&["web"], |_| {})),
    // C runit's sv does not wait for the supervisor.
    case("ansible_enabled_is_started_when_it_says_so", || {
        enabled_and_started(&["web", "mail", "name", "time"], |done| {
            assert_eq!(done.value("state"), "started", "{done:?}");
        });
    })
    .ours(),
    case("ansible_enabled_without_a_source", || {
        let scan = Scan::new();
        scan.start();
        let done = module(&scan, "web", r#""enabled": true"#);
        assert_eq!((done.0.code, done.value("failed").as_str()), (Some(1), "true"), "{done:?}");
        assert!(!is_link(&scan.link_path("web")));
    }),
    case("ansible_disabled_an_up_one", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        let done = module(&scan, "web", r#""enabled": false"#);
        assert!(done.changed(), "{done:?}");
        assert!(!is_link(&scan.link_path("web")) && !is_alive(pid));
        // Its supervisor goes as well.
        until("the end of the supervisor", || {
            runit_tests::place::write_fifo(&service.path("supervise/ok"), b"").is_err().then_some(())
        });
        assert_eq!(service.runs(), [pid]);
        assert!(!module(&scan, "web", r#""enabled": false"#).changed());
    }),
    case("ansible_disabled_and_enabled_again", || {
        let scan = Scan::new();
        let (service, _) = scan.up("web");
        assert!(module(&scan, "web", r#""enabled": false"#).changed());
        assert!(module(&scan, "web", r#""enabled": true"#).changed());
        service.await_runs(2);
    })
    // C runit looks every five seconds, may miss that the link was away, and leaves the service down.
    .ours(),
    // C runit may look when only half of it is there.
    case("ansible_makes_a_service_in_place", || {
        let scan = Scan::new();
        scan.start();
        let dir = scan.link_path("web");
        let dir = dir.display();
        let log = "#!/bin/sh\\nexec cat >logged\\n";
        let run = "#!/bin/sh\\necho run $$ >>trace\\necho hello\\nexec sleep 100000\\n";
        let book = format!(
            "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n\
             \x20 - file: {{path: {dir}, state: directory}}\n\
             \x20 - copy: {{dest: {dir}/down, content: ''}}\n\
             \x20 - file: {{path: {dir}/log, state: directory}}\n\
             \x20 - copy: {{dest: {dir}/log/run, mode: '0755', content: \"{log}\"}}\n\
             \x20 - copy: {{dest: {dir}/run, mode: '0755', content: \"{run}\"}}\n"
        );
        scan.place().file("book.yml", book);
        let done = ansible(&scan, &["playbook", "book.yml"]);
        assert_eq!(done.code, Some(0), "{done:?}");
        until("a log service", || {
            fs::read_to_string(scan.link_path("web/log/supervise/stat")).ok().filter(|it| it == "run\n")
        });
        assert_eq!(scan.status("web"), "down: web: Ts; run: log: (pid p) Ts\n");
        assert!(!scan.link_path("web/trace").exists(), "it was started though it is to be down");
        assert!(module(&scan, "web", r#""state": "started""#).changed());
        until("its words in the log", || {
            fs::read_to_string(scan.link_path("web/log/logged")).ok().filter(|it| it == "hello\n")
        });
        // That there is no `run` is said after some seconds, which a play may take.
        let said = scan.said();
        let other = said.lines().find(|line| !line.ends_with("unable to stat web/run: file does not exist"));
        assert_eq!(other, None);
    })
    .ours(),
    case("ansible_check_mode_does_nothing", || {
        let scan = Scan::new();
        let (service, pid) = scan.up("web");
        for state in ["stopped", "restarted", "killed"] {
            let done = module(&scan, "web", &format!(r#""state": "{state}", "_ansible_check_mode": true"#));
            assert!(done.changed(), "{done:?}");
        }
        assert_eq!((service.runs(), is_alive(pid)), (vec![pid], true));
    }),
    case("ansible_by_its_command", || {
        let scan = Scan::new();
        let service = scan.down("web");
        let done = one_task(&scan, "name=web state=started");
        assert!(done.code == Some(0) && done.out.contains("CHANGED"), "{done:?}");
        service.await_runs(1);
        let done = one_task(&scan, "name=web state=started");
        assert!(done.code == Some(0) && done.out.contains("SUCCESS"), "{done:?}");
        let done = one_task(&scan, "name=nothing enabled=true");
        assert!(done.code == Some(2) && done.out.contains("FAILED"), "{done:?}");
    }),
];

/// Enables and starts services in one call each; all run in the end.
fn enabled_and_started(names: &[&str], look: impl Fn(&Done)) {
    let scan = Scan::new();
    scan.start();
    for name in names {
        let service = scan.rig.service(name);
        service.probe();
        let done = module(&scan, name, r#""enabled": true, "state": "started""#);
        assert!(done.changed(), "{done:?}");
        look(&done);
        service.await_runs(1);
    }
}

/// What the module answered.
#[derive(Debug)]
struct Done(Output);

impl Done {
    /// The value of a key, without quotes; empty if there is none.
    fn value(&self, key: &str) -> String {
        let Some((_, rest)) = self.0.out.split_once(&format!("\"{key}\": ")) else { return String::new() };
        let text = match rest.strip_prefix('"') {
            Some(text) => text.split('"').next(),
            None => rest.split([',', '}']).next(),
        };
        text.unwrap_or("").to_owned()
    }

    fn changed(&self) -> bool {
        self.0.code == Some(0) && self.value("changed") == "true"
    }
}

/// Runs the file of the module as Ansible does on the machine it manages.
fn module(scan: &Scan, name: &str, words: &str) -> Done {
    let file = client("ansible/collections/ansible_collections/community/general/plugins/modules/runit.py");
    let (links, sources) = (scan.dir(), scan.place().path("sv"));
    let text = format!(
        r#"{{"ANSIBLE_MODULE_ARGS": {{"name": "{name}", "service_dir": "{}", "service_src": "{}", {words}}}}}"#,
        links.display(),
        sources.display()
    );
    let words = scan.place().file("arguments", text);
    let mut command = scan.command("python3");
    command
        .arg(file)
        .arg(words)
        .env("PYTHONPATH", client("ansible/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    Done(scan.run_python(&mut command))
}

/// Runs Ansible on this machine with that module.
fn one_task(scan: &Scan, words: &str) -> Output {
    let (links, sources) = (scan.dir(), scan.place().path("sv"));
    let words = format!("{words} service_dir={} service_src={}", links.display(), sources.display());
    ansible(scan, &["adhoc", "localhost", "-m", "community.general.runit", "-a", &words])
}

fn ansible(scan: &Scan, words: &[&str]) -> Output {
    let mut command = scan.command("python3");
    command.args(["-m", "ansible"]).args(words);
    command.env("PYTHONPATH", client("ansible/python")).env("PYTHONDONTWRITEBYTECODE", "1");
    command.env("ANSIBLE_COLLECTIONS_PATH", client("ansible/collections"));
    command.env("ANSIBLE_LOCAL_TEMP", scan.place().path("temporary")).env("LC_ALL", "C.UTF-8");
    scan.run_python(&mut command)
}
