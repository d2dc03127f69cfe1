//! svlogd: processors and datagrams.
use crate::svlogd_rig::Logs;
use nix::sys::signal::Signal;
use runit_tests::suite::{Case, case, needs_proc, skip};
use runit_tests::wait::{until, until_equal};
use std::fs;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

fn receiver() -> (UdpSocket, u16) {
    let socket = match UdpSocket::bind("127.0.0.1:0") {
        Err(why) if why.kind() == ErrorKind::AddrNotAvailable => skip("no loopback address"),
        bound => bound.expect("a socket"),
    };
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let port = socket.local_addr().unwrap().port();
    (socket, port)
}

fn received(socket: &UdpSocket) -> String {
    let mut bytes = [0; 4096];
    let count = socket.recv(&mut bytes).expect("a datagram");
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

pub const CASES: &[Case] = &[
    case("svlogd_processor", || {
        let logs = Logs::new("!tr a-z A-Z\n");
        let mut live = logs.open(&["-v"]);
        live.log("hello").rotate('s', 1);
        let name = logs.old('s')[0].clone();
        assert_eq!(logs.text(&name), "HELLO\n");
        until("all of it", || (logs.old('u').is_empty() && logs.path("state").exists()).then_some(()));
        live.await_err(&format!("processed: log/{name}"));
        let (_, err) = live.end();
        let unprocessed = name.replace(".s", ".u");
        assert!(
            err.contains(&format!(
                "rename: log/current {unprocessed} 6\nsvlogd: info: processing: log/{unprocessed}\n"
            )),
            "{err}"
        );
        assert_eq!((logs.mode(&name), logs.mode("state")), (Some(0o744), Some(0o644)));
        assert_eq!(logs.names(), [name.as_str(), "config", "current", "lock", "state"]);
    }),
    case("svlogd_processor_keeps_state", || {
        let logs = Logs::new("!cat >&2; (cat <&4; echo again) >&5\n");
        let mut live = logs.open(&[]);
        for count in 1..=3 {
            live.log("x").rotate('s', count);
            until_equal("the state", &"again\n".repeat(count), || logs.text("state"));
        }
        assert_eq!(live.end().1, "x\nx\nx\n");
    }),
    case("svlogd_processor_place", || {
        let logs = Logs::new("!pwd; echo $0 $#; echo $VALUE; umask | tr -d 0\n");
        let mut live = logs.start_after("export VALUE=x; umask 027", &["log"]);
        logs.await_open();
        live.log("x").rotate('s', 1);
        let dir = logs.path("").canonicalize().unwrap();
        assert_eq!(logs.old_texts('s'), [format!("{}\nsh 0\nx\n27\n", dir.display())]);
        until("all of it", || (logs.mode("state")? == 0o640).then_some(()));
    }),
    case("svlogd_processor_descriptors", || {
        needs_proc();
        let logs = Logs::new("!for fd in 0 1 4 5; do readlink /proc/$$/fd/$fd; done\n");
        let mut live = logs.open(&[]);
        live.log("x").rotate('s', 1);
        let done = logs.old('s')[0].clone();
        let (input, output) = (done.replace(".s", ".u"), done.replace(".s", ".t"));
        let dir = logs.path("").canonicalize().unwrap();
        let wanted = [input.as_str(), &output, "state", "newstate"];
        let wanted: String = wanted.iter().map(|name| format!("{}\n", dir.join(name).display())).collect();
        assert_eq!(logs.old_texts('s'), [wanted]);
    }),
    case("svlogd_processor_signals", || {
        needs_proc();
        let logs = Logs::new("!grep -E 'Sig(Blk|Ign)' /proc/self/status\n");
        let mut live = logs.start_after("trap '' USR1", &["log"]);
        logs.await_open();
        live.log("x").rotate('s', 1);
        let text = logs.old_texts('s').concat();
        let set = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name)).expect("a line");
            u64::from_str_radix(line.rsplit('\t').next().unwrap(), 16).unwrap()
        };
        assert_eq!((set("SigBlk") & !(1 << 16), set("SigIgn") & 0xffff), (0, 1 << 9));
    }),
    case("svlogd_processor_by_size", || {
        let logs = Logs::new("s1000\nn0\n!sed s/^/x/\n");
        logs.logged(&[], "a\nb\nc\n");
        let mut live = logs.open(&[]);
        logs.await_old('s', 3);
        live.end();
        assert_eq!(logs.old_texts('s'), ["xa\n", "xb\n", "xc\n"]);
    })
    .ours(),
    case("svlogd_processor_last_one_counts", || {
        let logs = Logs::new("!false\n!cat\n!\n");
        let mut live = logs.open(&[]);
        live.log("x").rotate('s', 1);
        assert_eq!(logs.old_texts('s'), ["x\n"]);
    }),
    case("svlogd_waits_for_its_processor", || {
        let logs = Logs::new("!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        let mut live = logs.open(&["-v"]);
        live.log("x").signal(Signal::SIGALRM);
        live.await_err("processing: ");
        live.signal(Signal::SIGTERM).await_err("sigterm received.");
        assert!(live.running.ended().is_none());
        until("a reader", || runit_tests::place::write_fifo(&logs.path("go"), b"go\n").ok());
        assert_eq!(live.running.wait().code(), Some(0));
        assert_eq!((logs.old_texts('s'), logs.old('u').len()), (vec!["x\n".to_owned()], 0));
    }),
    case("svlogd_processes_all_before_its_end", || {
        let logs = Logs::new("s1500\nn5\n!tr a-z A-Z\n");
        let text: String = (1..=200).map(|number| format!("line {number} abc\n")).collect();
        let last = logs.logged(&[], &text);
        let (old, current) = text.split_at(text.len() - last.len());
        assert_eq!((logs.old('u').len(), logs.old('s').len()), (0, 4));
        assert_eq!((logs.old_texts('s').concat(), last.as_str()), (old.to_uppercase(), current));
    }),
    case("svlogd_term_gives_a_processor_what_waits", || {
        // Until it fails, or TERM comes again.
        for (answers, processed) in [(["go", "go", "go"].as_slice(), 3), (&["go", "no"], 1), (&["go"], 1)] {
            let logs = Logs::new("!read line <>go; test $line = go && cat\n");
            logs.rig.place.fifo("log/go");
            let mut live = logs.open(&["-v"]);
            for number in 1..=3 {
                live.log(&number.to_string()).rotate('u', number);
            }
            live.signal(Signal::SIGTERM).await_err("sigterm received.");
            for (number, answer) in answers.iter().enumerate() {
                let runs = |count| live.running.err().matches("processing: ").count() == count;
                until("the next", || runs(number + 1).then_some(()));
                let text = format!("{answer}\n");
                until("a reader", || runit_tests::place::write_fifo(&logs.path("go"), text.as_bytes()).ok());
            }
            if answers.len() == 1 {
                let runs = || live.running.err().matches("processing: ").count();
                until("the next", || (runs() == 2).then_some(()));
                live.signal(Signal::SIGTERM);
            }
            assert_eq!(live.running.wait().code(), Some(0));
            assert_eq!((logs.old('s').len(), logs.old('u').len()), (processed, 3 - processed));
        }
    })
    .dev("DEV-66"),
    case("svlogd_logs_while_a_processor_runs", || {
        let logs = Logs::new("!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        let mut live = logs.open(&["-v"]);
        live.log("1").signal(Signal::SIGALRM).await_err("processing: ");
        for number in 2..5 {
            live.log(&number.to_string()).rotate('u', number);
        }
        for number in 1..=4 {
            until("a reader", || runit_tests::place::write_fifo(&logs.path("go"), b"go\n").ok());
            logs.await_old('s', number);
        }
        until("the last", || logs.old('u').is_empty().then_some(()));
        assert_eq!(logs.old_texts('s'), ["1\n", "2\n", "3\n", "4\n"]);
    })
    .dev("DEV-66"),
    case("svlogd_term_within_a_line_that_waits_for_a_processor", || {
        let logs = Logs::new("n3\n!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        let mut live = logs.open(&["-v"]);
        for number in 1..=3 {
            live.log(&number.to_string()).rotate('u', number);
        }
        live.say("held\nbegin").signal(Signal::SIGTERM).await_err("sigterm received.");
        logs.await_text("current", "held\nbegin\n");
        assert!(live.running.ended().is_none(), "the processor runs");
        assert_eq!(live.term(), Some(0));
        assert_eq!(logs.old_texts('u'), ["1\n", "2\n", "3\n"]);
    })
    .dev("DEV-66"),
    case("svlogd_term_twice_within_a_line", || {
        let logs = Logs::new("!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        let mut live = logs.open(&["-v"]);
        live.log("1").rotate('u', 1).say("begin");
        live.signal(Signal::SIGTERM).await_err("sigterm received.");
        assert_eq!(live.term(), Some(0), "it does not wait for the processor");
        assert_eq!((logs.old_texts('u'), logs.text("current")), (vec!["1\n".to_owned()], "begin\n".into()));
    })
    .dev("DEV-66"),
    case("svlogd_failing_processor_is_retried", || {
        let logs = Logs::new("!echo run >>runs; cat; test -e go\n");
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGALRM);
        live.await_err("svlogd: warning: processor failed, restart: log\n");
        assert_eq!((logs.old_texts('u'), logs.old('s').len()), (vec!["x\n".to_owned()], 0));
        logs.file("go", "");
        logs.await_old('s', 1);
        assert_eq!(logs.old_texts('s'), ["x\n"]);
        live.end();
    }),
    case("svlogd_failing_processor_does_not_spin", || {
        let logs = Logs::new("!echo run >>runs; exit 1\n");
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGALRM).await_err("processor failed");
        // Two further runs take a second and two.
        let start = std::time::Instant::now();
        until("three runs", || (logs.text("runs").lines().count() >= 3).then_some(()));
        assert!(start.elapsed() > Duration::from_millis(1500), "{:?}", start.elapsed());
        assert_eq!(logs.old_texts('u'), ["x\n"]);
    })
    .dev("DEV-66"),
    case("svlogd_failing_processor_blocks_nothing", || {
        let logs = Logs::new("!exit 7\n");
        let mut live = logs.open(&[]);
        for number in 1..4 {
            live.log(&number.to_string()).rotate('u', number);
        }
        assert_eq!(logs.old_texts('u'), ["1\n", "2\n", "3\n"]);
        assert_eq!(live.term(), Some(0));
    })
    .dev("DEV-66"),
    case("svlogd_failing_processor_where_all_logs_are_kept", || {
        let logs = Logs::new("s1000\nn0\n!exit 7\n");
        // More than is read at once.
        let text: String = (1..=400).map(|number| format!("{number:0500}\n")).collect();
        assert_eq!(logs.logged(&[], &text), "");
        assert_eq!((logs.old('u').len(), logs.all()), (400, text));
    })
    .dev("DEV-66"),
    case("svlogd_backlog_holds_up_no_line", || {
        let logs = Logs::new("n0\n!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        for number in 10..30 {
            logs.file(&format!("@40000000{number}00000000000000.u"), "old\n");
        }
        let mut live = logs.open(&["-v"]);
        live.await_err("processing: ");
        live.log("x").log("y");
        live.signal(Signal::SIGTERM).await_err("sigterm received.");
        assert_eq!(live.term(), Some(0));
    })
    .ours(),
    case("svlogd_processor_whose_files_were_deleted", || {
        // Somebody needs the room, and is not particular about it.
        for letters in ["ut", "t"] {
            let logs = Logs::new("!read line <>go; cat\n");
            logs.rig.place.fifo("log/go");
            let mut live = logs.open(&["-v"]);
            live.log("1").rotate('u', 1).await_err("processing: ");
            for letter in letters.chars() {
                logs.await_old(letter, 1).iter().for_each(|name| fs::remove_file(logs.path(name)).unwrap());
            }
            until("a reader", || runit_tests::place::write_fifo(&logs.path("go"), b"go\n").ok());
            live.await_err("svlogd: warning: processor failed, restart: log\n");
            live.log("2").signal(Signal::SIGALRM);
            let wanted: &[&str] = if letters == "t" { &["1\n", "2\n"] } else { &["2\n"] };
            for number in 1..=wanted.len() {
                until("a reader", || runit_tests::place::write_fifo(&logs.path("go"), b"go\n").ok());
                logs.await_old('s', number);
            }
            assert_eq!(logs.old_texts('s'), wanted);
        }
    })
    .dev("DEV-66"),
    case("svlogd_killed_processor_has_failed", || {
        let logs = Logs::new("!cat; test -e go || kill -KILL $$\n");
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGALRM).await_err("processor failed");
        assert_eq!((logs.old_texts('u'), logs.old('s').len()), (vec!["x\n".to_owned()], 0));
        logs.file("go", "");
        logs.await_old('s', 1);
        live.end();
        assert_eq!((logs.old_texts('s'), logs.old('u').len()), (vec!["x\n".to_owned()], 0));
    })
    .dev("DEV-65"),
    case("svlogd_hang_up_during_a_processor", || {
        let logs = Logs::new("!read line <>go; cat\n");
        logs.rig.place.fifo("log/go");
        let mut live = logs.open(&["-v"]);
        live.log("x").signal(Signal::SIGALRM).await_err("processing: ");
        live.signal(Signal::SIGHUP).await_err("append: log/current");
        until("a reader", || runit_tests::place::write_fifo(&logs.path("go"), b"go\n").ok());
        logs.await_old('s', 1);
        until("no trace", || (logs.old('u').is_empty() && logs.old('t').is_empty()).then_some(()));
        assert_eq!(logs.old_texts('s'), ["x\n"]);
        live.end();
    })
    .dev("DEV-63"),
    case("svlogd_processes_what_is_left", || {
        let logs = Logs::new("!tr a-z A-Z\n");
        logs.file("@400000004000000000000000.u", "first\n");
        logs.file("@400000004000000000000000.t", "broken");
        logs.file("@400000004000000100000000.u", "second\n");
        logs.file("current", "crashed\n");
        logs.chmod("current", 0o644);
        let _live = logs.open(&[]);
        logs.await_old('s', 3);
        until("no trace", || (logs.old('u').is_empty() && logs.old('t').is_empty()).then_some(()));
        assert_eq!(logs.old_texts('s'), ["FIRST\n", "SECOND\n", "CRASHED\n"]);
        assert_eq!(logs.mode("@400000004000000000000000.s"), Some(0o744));
    })
    .dev("DEV-63"),
    case("svlogd_leaves_unprocessed_logs_without_a_processor", || {
        let logs = Logs::new("");
        logs.file("@400000004000000000000000.u", "first\n");
        let mut live = logs.open(&[]);
        live.log("x").rotate('s', 1).end();
        assert_eq!(logs.old_texts('u'), ["first\n"]);
    }),
    case("svlogd_processor_cannot_be_run", || {
        let logs = Logs::new("!no-such-program-anywhere\n");
        let mut live = logs.open(&[]);
        live.log("x").signal(Signal::SIGALRM).await_err("processor failed, restart: log\n");
        assert_eq!(logs.old_texts('u'), ["x\n"]);
    }),
    case("svlogd_udp", || {
        let (socket, port) = receiver();
        let logs = Logs::new(&format!("u127.0.0.1:{port}\npfoo: \n-no*\n"));
        let done = logs.run(&["-l", "5", "log"], "one\nno\nlonger\n");
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""));
        assert_eq!([received(&socket), received(&socket)], ["foo: one\n", "foo: longe...\n"]);
        assert_eq!(logs.text("current"), "foo: one\nfoo: longer\n");
    }),
    case("svlogd_udp_with_stamp", || {
        let (socket, port) = receiver();
        let logs = Logs::new(&format!("u127.0.0.1:{port}\n"));
        logs.run(&["-ttt", "log"], "one\n");
        assert_eq!(received(&socket), logs.text("current"));
    }),
    case("svlogd_udp_only", || {
        let (socket, port) = receiver();
        let logs = Logs::new(&format!("U127.0.0.1:{port}\nex*\n"));
        let done = logs.run(&["log"], "one\nx\n");
        assert_eq!([received(&socket), received(&socket)], ["one\n", "x\n"]);
        assert_eq!((logs.text("current").as_str(), done.err.as_str()), ("", "x\n"));
    }),
    case("svlogd_udp_address_modulo_256", || {
        let (socket, port) = receiver();
        let logs = Logs::new(&format!("u383.256.256.257:{}junk\n", u32::from(port) + 65_536));
        logs.run(&["log"], "one\n");
        assert_eq!(received(&socket), "one\n");
    }),
    case("svlogd_udp_fails", || {
        // Nobody may send to this address unasked.
        for (letter, more) in [("u", "pre x\n"), ("U", "")] {
            let logs = Logs::new(&format!("{letter}255.255.255.255:9\nppre \n"));
            logs.run(&["log"], "x\n");
            let wanted = format!("warning: failure sending through udp: pre x\n{more}");
            assert_eq!(logs.text("current"), wanted);
        }
    }),
    case("svlogd_udp_bad_address", || {
        let logs = Logs::new("ubad\n");
        let done = logs.run(&["log"], "x\n");
        assert_eq!(done.err, "svlogd: warning: unable to scan ip address: bad\n");
        assert_eq!(logs.text("current"), "x\n");
        let logs = Logs::new("u1.2.3.4:x\n");
        let done = logs.run(&["log"], "x\n");
        assert_eq!(done.err, "svlogd: warning: unable to scan port number: x\n");
    }),
    case("svlogd_udp_only_to_a_bad_address", || {
        for bad in ["Ubad", "U1.2.3", "U"] {
            let logs = Logs::new(&format!("{bad}\n\n"));
            let done = logs.run(&["log"], "x\n");
            assert!(done.err.contains("unable to scan ip address: "), "{}", done.err);
            assert_eq!(logs.text("current"), "x\n");
        }
    })
    .dev("DEV-67"),
];
