//! `sv --log -f`: every line once, whatever becomes of the files.
use crate::host::sv;
use crate::log::{old, shelf};
use nix::sys::signal::Signal;
use runit_tests::place::Running;
use runit_tests::rig::{Rig, process_state};
use runit_tests::suite::{Case, case, needs_proc, needs_tool};
use runit_tests::wait::{set_patience, until, until_equal};
use std::fs::{self, File, OpenOptions};
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::Duration;

/// svlogd that writes to `log`, and sv that follows it.
struct Followed {
    rig: Rig,
    input: Option<File>,
    svlogd: Running,
    sv: Running,
}

impl Followed {
    fn new(config: &str, options: &[&str]) -> Followed {
        let rig = Rig::new();
        rig.place.file("log/config", config);
        let (read, write) = nix::unistd::pipe().expect("a pipe");
        nix::fcntl::fcntl(&write, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
            .expect("fcntl");
        let mut input = File::from(write);
        let mut command = rig.command("svlogd", &[options, &["log"]].concat());
        let svlogd = rig.place.start(command.stdin(Stdio::from(read)));
        input.write_all(b"0\n").expect("write");
        until("the first line", || (!rig.place.text("log/current").is_empty()).then_some(()));
        let path = rig.place.path("log");
        let sv = rig.place.start(&mut sv(&rig, &["--log", "-f", path.to_str().unwrap()]));
        until("the first line", || (sv.out().lines().count() == 1).then_some(()));
        Followed { rig, input: Some(input), svlogd, sv }
    }

    /// Writes so many lines as fast as they go, and waits for the last one.
    fn flood(&mut self, count: u32) -> Vec<String> {
        set_patience(Duration::from_secs(150));
        let mut input = BufWriter::with_capacity(8192, self.input.take().expect("the input"));
        for number in 1..count {
            writeln!(input, "{number}").expect("write");
        }
        writeln!(input, "end").and_then(|()| input.flush()).expect("write");
        drop(input);
        until("the end of svlogd", || self.svlogd.ended());
        until("the last line", || self.sv.out().trim_end().ends_with("end").then_some(()));
        let out = self.sv.out();
        // A stamp has no blank in it.
        out.lines().map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()).collect()
    }

    fn every_line_once(&mut self, count: u32) {
        let lines = self.flood(count);
        let wanted = (0..count).map(|number| number.to_string()).chain(["end".to_owned()]);
        for (at, (line, wanted)) in lines.iter().zip(wanted).enumerate() {
            assert_eq!(*line, wanted, "line {at}");
        }
        assert_eq!((lines.len(), self.sv.err().as_str()), (count as usize + 1, ""));
    }

    fn files(&self) -> usize {
        fs::read_dir(self.rig.place.path("log")).expect("the directory").count()
    }
}

/// svlogd is killed while lines come as fast as they go, and another one goes on with what is there: what is in the files
/// is shown, each line once.
fn killed(config: &str) {
    let mut followed = Followed::new(config, &[]);
    set_patience(Duration::from_secs(150));
    let Followed { rig, input, svlogd, sv } = &mut followed;
    let mut number = 0;
    for _ in 0..5 {
        let (read, write) = nix::unistd::pipe().expect("a pipe");
        nix::fcntl::fcntl(&write, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))
            .expect("fcntl");
        // Its writer may have been told that nobody reads any more.
        let before = fs::read_dir(rig.place.path("log")).expect("the directory").count();
        let mut writer = BufWriter::new(input.take().expect("the input"));
        until("rotations", || {
            for _ in 0..1000 {
                number += 1;
                let _ = writeln!(writer, "{number}");
            }
            (fs::read_dir(rig.place.path("log")).expect("the directory").count() > before + 20).then_some(())
        });
        svlogd.signal(Signal::SIGKILL);
        svlogd.wait();
        drop(writer.into_parts());
        *svlogd = rig.place.start(rig.command("svlogd", &["log"]).stdin(Stdio::from(read)));
        *input = Some(File::from(write));
    }
    writeln!(input.take().expect("the input"), "end").expect("write");
    until("the end of svlogd", || svlogd.ended());
    until("the last line", || sv.out().ends_with("end\n").then_some(()));
    let mut names: Vec<_> = fs::read_dir(rig.place.path("log"))
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
        .filter(|name| name.ends_with(".s") || name.ends_with(".u") || name == "current")
        .collect();
    names.sort();
    let written: String = names.iter().map(|name| rig.place.text(format!("log/{name}"))).collect();
    assert!(names.len() > 100 && written.ends_with("end\n"), "{} files", names.len());
    let shown = sv.out();
    let first = shown.lines().zip(written.lines()).position(|(shown, written)| shown != written);
    assert!(
        shown == written,
        "line {first:?} of {} and {}: {}",
        shown.lines().count(),
        written.lines().count(),
        sv.err()
    );
}

/// A service of which nobody writes the log but the case.
struct By {
    rig: Rig,
    sv: Running,
}

impl By {
    fn hand(first: &str) -> By {
        let rig = Rig::new();
        shelf(&rig, "web", &[("current", first)]);
        let sv = rig.place.start(&mut sv(&rig, &["--log", "-f", "web"]));
        until_equal("the first lines", &first.to_owned(), || sv.out());
        By { rig, sv }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.rig.place.path("sv/web/log/main").join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).expect("open");
        file.write_all(text.as_bytes()).expect("write");
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).expect("rename");
    }

    fn shows(&self, text: &str) {
        until_equal("the lines", &text.to_owned(), || self.sv.out());
    }
}

pub const CASES: &[Case] = &[
    case("follow_through_a_thousand_rotations", || {
        let mut followed = Followed::new("s4096\nn0\n", &[]);
        followed.every_line_once(700_000);
        assert!(followed.files() > 1000, "{} rotations", followed.files());
    }),
    case("follow_stamped_lines", || {
        let mut followed = Followed::new("s4096\nn0\n", &["-t"]);
        followed.every_line_once(20_000);
        assert!(followed.files() > 150, "{} rotations", followed.files());
    }),
    case("follow_a_processor_that_copies", || {
        Followed::new("s4096\nn0\n!cat\n", &["-tt"]).every_line_once(20_000);
    }),
    case("follow_a_processor_that_compresses", || {
        needs_tool("gzip");
        Followed::new("s4096\nn0\n!gzip\n", &[]).every_line_once(40_000);
    }),
    case("follow_what_is_deleted_and_say_so", || {
        // Whatever could not be read in time is told, and nothing comes twice.
        let mut followed = Followed::new("s4096\nn2\n", &[]);
        let lines = followed.flood(200_000);
        let numbers: Vec<u32> = lines.iter().filter_map(|line| line.parse().ok()).collect();
        assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "twice, or in disorder");
        let missing = lines.len() < 200_001;
        let said = followed.sv.err();
        // Where renames are not told, there may have been others.
        let (was, may) = (said.contains("a log was deleted"), said.contains("a log may have been deleted"));
        assert!(if missing { was || may } else { !was }, "{missing}: {said}");
    }),
    case("follow_lines_as_they_come", || {
        let by = By::hand("1\n");
        by.append("current", "2\n3");
        by.shows("1\n2\n");
        by.append("current", "3\n");
        by.shows("1\n2\n33\n");
    }),
    case("follow_a_rotation_step_by_step", || {
        let by = By::hand("1\n");
        by.append("current", "2\n");
        by.rename("current", &old(1, 's'));
        by.shows("1\n2\n");
        // Late, into the old one: svlogd does not, but others may.
        by.append(&old(1, 's'), "3\n");
        by.shows("1\n2\n3\n");
        by.append("current", "4\n");
        by.shows("1\n2\n3\n4\n");
    }),
    case("follow_several_rotations_between_two_looks", || {
        needs_proc();
        let by = By::hand("1\n");
        by.sv.signal(Signal::SIGSTOP);
        until("a stop", || (process_state(by.sv.pid()) == Some('T')).then_some(()));
        by.append("current", "2\n");
        by.rename("current", &old(1, 's'));
        by.append("current", "3\n");
        by.rename("current", &old(2, 'u'));
        by.append("current", "4\n");
        by.rename("current", &old(3, 's'));
        // A processor has replaced one, and one was deleted before it could be seen.
        by.append(&old(2, 't'), "three\n");
        by.rename(&old(2, 't'), &old(2, 's'));
        fs::remove_file(by.path(&old(2, 'u'))).expect("remove");
        by.append("current", "5\n");
        by.sv.signal(Signal::SIGCONT);
        by.shows("1\n2\nthree\n4\n5\n");
        assert_eq!(by.sv.err(), "");
    }),
    case("follow_one_that_was_replaced_while_it_was_read", || {
        needs_proc();
        let by = By::hand("1\n");
        by.sv.signal(Signal::SIGSTOP);
        until("a stop", || (process_state(by.sv.pid()) == Some('T')).then_some(()));
        by.append("current", "2\n");
        by.rename("current", &old(1, 'u'));
        by.append(&old(1, 't'), "1\n2\n");
        by.rename(&old(1, 't'), &old(1, 's'));
        fs::remove_file(by.path(&old(1, 'u'))).expect("remove");
        by.append("current", "3\n");
        by.sv.signal(Signal::SIGCONT);
        by.shows("1\n2\n3\n");
    }),
    case("follow_a_log_that_begins_later", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[]);
        let sv = rig.place.start(&mut sv(&rig, &["--log", "-f", "web"]));
        let path = rig.place.path("sv/web/log/main");
        until("a watch", || {
            // Whatever it sees first, the lines come.
            let _ = fs::write(path.join("new"), "1\n")
                .and_then(|()| fs::rename(path.join("new"), path.join("current")));
            (sv.out().ends_with("1\n")).then_some(())
        });
    }),
    case("follow_a_current_that_is_cut", || {
        let by = By::hand("1\n2\n3\n");
        fs::write(by.path("current"), "4\n").expect("write");
        by.shows("1\n2\n3\n4\n");
        assert!(by.sv.err().contains("current was cut"), "{}", by.sv.err());
    }),
    case("follow_a_directory_that_is_made_anew", || {
        let by = By::hand("1\n");
        let here = by.rig.place.path("sv/web/log/main");
        let mut lines = "1\n".to_owned();
        // sv may find the new directory before its first line or after it, and be told of that or not.
        for round in 0..100 {
            fs::rename(&here, by.rig.place.path(format!("sv/web/log/old{round}"))).expect("rename");
            fs::create_dir(&here).expect("mkdir");
            for part in ["first", "second"] {
                let line = format!("{part} of {round}\n");
                by.append("current", &line);
                lines.push_str(&line);
                by.shows(&lines);
            }
        }
    }),
    case("follow_a_directory_that_is_renamed", || {
        needs_proc();
        let by = By::hand("1\n");
        let (here, there) = (by.rig.place.path("sv/web/log/main"), by.rig.place.path("sv/web/log/away"));
        by.append("current", "2\n");
        fs::rename(&here, &there).expect("rename");
        // As svlogd does, whose directory it is by whatever name.
        let append = |text: &str| {
            let file = OpenOptions::new().append(true).create(true).open(there.join("current"));
            file.expect("open").write_all(text.as_bytes()).expect("write");
        };
        append("3\n");
        by.shows("1\n2\n3\n");
        fs::rename(there.join("current"), there.join(old(1, 's'))).expect("rename");
        append("4\n");
        by.shows("1\n2\n3\n4\n");
        assert!(by.sv.err().ends_with("main was renamed; read on\n"), "{}", by.sv.err());
        // And what is there under its name later is its log again.
        fs::create_dir(&here).expect("mkdir");
        by.append("current", "5\n");
        by.shows("1\n2\n3\n4\n5\n");
    }),
    case("follow_a_directory_that_is_found_elsewhere", || {
        let by = By::hand("1\n");
        let (here, there) = (by.rig.place.path("sv/web/log/main"), by.rig.place.path("sv/web/log/logs"));
        by.append("current", "2\n");
        fs::rename(here.join("current"), here.join(old(1, 's'))).expect("rename");
        by.append("current", "3\n");
        fs::rename(&here, &there).expect("rename");
        let append = |text: &str| {
            let file = OpenOptions::new().append(true).create(true).open(there.join("current"));
            file.expect("open").write_all(text.as_bytes()).expect("write");
        };
        append("4\n");
        by.shows("1\n2\n3\n4\n");
        fs::rename(there.join("current"), there.join(old(2, 's'))).expect("rename");
        append("5\n");
        by.shows("1\n2\n3\n4\n5\n");
    }),
    case("follow_svlogd_that_is_killed", || {
        killed("s4096\nn0\n");
    }),
    case("follow_svlogd_that_is_killed_with_its_processor", || {
        killed("s4096\nn0\n!cat\n");
    }),
    case("follow_several", || {
        let rig = Rig::new();
        for name in ["a", "b"] {
            shelf(&rig, name, &[("current", "")]);
        }
        let sv = rig.place.start(&mut sv(&rig, &["--log", "-n0", "-f", "a", "b"]));
        let append = |name: &str, text: &str| {
            let path = rig.place.path(format!("sv/{name}/log/main/current"));
            OpenOptions::new()
                .append(true)
                .open(path)
                .and_then(|mut file| file.write_all(text.as_bytes()))
                .expect("write");
        };
        // Before it has looked, there are no new lines for it.
        until("the first line", || {
            append("a", "x\n");
            sv.out().contains("a: x\n").then_some(())
        });
        append("b", "1\n");
        // The last line of the other may come behind it: they have no stamps.
        until("a line of b", || sv.out().contains("b: 1\n").then_some(()));
        append("a", "2\n");
        until("a line of a", || sv.out().contains("a: 2\n").then_some(()));
    }),
    case("follow_until_the_reader_goes_away", || {
        let rig = Rig::new();
        shelf(&rig, "web", &[("current", "1\n")]);
        let mut command = rig.place.command("sh");
        command.arg("-c").arg("\"$0\" --log -f web | head -n 1").arg(runit_tests::rig::program("sv"));
        let done = rig.place.run(command.env("SVDIR", rig.place.path("sv")));
        assert_eq!((done.out.as_str(), done.err.as_str()), ("1\n", ""));
    }),
    case("follow_at_rest_sleeps", || {
        needs_proc();
        runit_tests::suite::needs_inotify();
        let by = By::hand("1\n");
        let switches = || {
            let status = fs::read_to_string(format!("/proc/{}/status", by.sv.pid())).expect("status");
            status.lines().find(|line| line.starts_with("voluntary_ctxt")).map(str::to_owned)
        };
        until("rest", || (process_state(by.sv.pid()) == Some('S')).then_some(()));
        let before = switches();
        assert!(
            runit_tests::wait::within(Duration::from_secs(2), || (switches() != before).then_some(()))
                .is_none()
        );
    }),
];
