//! Children: what they inherit, how they end, what reaches them.
use crate::{Case, fine, holds, programs, same};
use core::ffi::CStr;
use platform::{Child, Ended, Errno, Fd, Open, Pid, Platform, Signal, Step, Target};

pub(crate) fn cases<P: Platform>() -> crate::Cases<P> {
    vec![
        ("exit-code", exit_code),
        ("killed", killed),
        ("group", group),
        ("stopped", stopped),
        ("standard-output", standard_output),
        ("standard-input", standard_input),
        ("exec-fails", exec_fails),
        ("step-fails", step_fails),
        ("search", search),
        ("several", several),
        ("drain", drain),
    ]
}

pub(crate) fn child<'a>(path: &'a CStr, argv: &'a [&'a CStr], steps: &'a [Step<'a>]) -> Child<'a> {
    Child {
        prefix: &[b"test: "],
        steps,
        path,
        argv,
        variable: b"",
        console: None,
        search: false,
        why: &[b"unable to start it"],
        exit: 99,
    }
}

/// Waits for the next death, a minute at most.
pub(crate) fn death<P: Platform>(p: &mut P) -> Result<(Pid, Ended), String> {
    let until = p.now().plus_ms(60_000);
    loop {
        if let Some(dead) = p.reap() {
            return Ok(dead);
        }
        if p.now() >= until {
            return Err("nobody dies".into());
        }
        p.wait(&[], Some(until));
    }
}

/// Reads to the end, which takes a minute at most.
fn read_all<P: Platform>(p: &mut P, fd: Fd) -> Result<Vec<u8>, String> {
    let until = p.now().plus_ms(60_000);
    let mut all = Vec::new();
    fine!(p.set_nonblocking(fd));
    loop {
        let mut bytes = [0; 64];
        match p.read(fd, &mut bytes) {
            Ok(0) => return Ok(all),
            Ok(got) => all.extend(&bytes[..got]),
            Err(Errno::AGAIN) if p.now() < until => drop(p.wait(&[fd], Some(until))),
            Err(errno) => return Err(format!("{errno:?} after {all:?}")),
        }
    }
}

fn exit_code<P: Platform>(p: &mut P) -> Case {
    same!(p.reap(), None);
    let path = programs::SEVEN;
    let pid = fine!(p.spawn(&child(path, &[path], &[])));
    holds!(pid.0 > 1 && pid != p.own_pid());
    same!(death(p)?, (pid, Ended::Exit(7)));
    same!(p.reap(), None);
    same!(p.kill(Target::One(pid), Signal::Terminate), Err(Errno::SRCH));
    Ok(())
}

fn killed<P: Platform>(p: &mut P) -> Case {
    let path = programs::SLEEPER;
    for (signal, number) in [(Signal::Terminate, 15), (Signal::Kill, 9)] {
        let pid = fine!(p.spawn(&child(path, &[path], &[])));
        fine!(p.kill(Target::One(pid), signal));
        same!(death(p)?, (pid, Ended::Killed { signal: number, core: false }));
    }
    Ok(())
}

fn group<P: Platform>(p: &mut P) -> Case {
    let path = programs::SLEEPER;
    let alone = fine!(p.spawn(&child(path, &[path], &[])));
    // Not a leader: there is no group of its number.
    same!(p.kill(Target::Group(alone), Signal::Kill), Err(Errno::SRCH));
    fine!(p.kill(Target::One(alone), Signal::Kill));
    death(p)?;
    let leader = fine!(p.spawn(&child(path, &[path], &[Step::Session])));
    // Once it has had its turn.
    let until = p.now().plus_ms(60_000);
    while let Err(errno) = p.kill(Target::Group(leader), Signal::Kill) {
        same!(errno, Errno::SRCH);
        let now = p.now();
        holds!(now < until);
        p.wait(&[], Some(now.plus_ms(1)));
    }
    same!(death(p)?, (leader, Ended::Killed { signal: 9, core: false }));
    Ok(())
}

fn stopped<P: Platform>(p: &mut P) -> Case {
    let path = programs::SLEEPER;
    let pid = fine!(p.spawn(&child(path, &[path], &[])));
    fine!(p.kill(Target::One(pid), Signal::Stop));
    // Systems tell that it has stopped; of two signals that are there it may take the second first.
    let told = p.now().plus_ms(5000);
    while p.now() < told && !p.wait(&[], Some(told)).signals.has(Signal::Child) {}
    fine!(p.kill(Target::One(pid), Signal::Terminate));
    // A stopped child is not a dead one, and dies of TERM once it goes on.
    let until = p.now().plus_ms(30);
    while p.now() < until {
        same!(p.reap(), None);
        p.wait(&[], Some(until));
    }
    fine!(p.kill(Target::One(pid), Signal::Continue));
    same!(death(p)?, (pid, Ended::Killed { signal: 15, core: false }));
    Ok(())
}

fn standard_output<P: Platform>(p: &mut P) -> Case {
    let (read, write) = fine!(p.pipe());
    let path = programs::SLEEPER;
    // It inherits neither end, or the end of the pipe would not be seen below.
    let sleeper = fine!(p.spawn(&child(path, &[path], &[])));
    let path = programs::HELLO;
    let steps = [Step::Onto { from: write, to: Fd::STDOUT, why: &[b"unable"] }];
    let pid = fine!(p.spawn(&child(path, &[path], &steps)));
    p.close(write);
    same!(read_all(p, read)?, b"hello");
    p.close(read);
    same!(death(p)?, (pid, Ended::Exit(0)));
    fine!(p.kill(Target::One(sleeper), Signal::Kill));
    death(p)?;
    Ok(())
}

fn standard_input<P: Platform>(p: &mut P) -> Case {
    let (read, write) = fine!(p.pipe());
    let path = programs::READER;
    let steps = [Step::Onto { from: read, to: Fd::STDIN, why: &[b"unable"] }];
    let pid = fine!(p.spawn(&child(path, &[path], &steps)));
    same!(p.write(write, b"line\nline\n"), Ok(10));
    let until = p.now().plus_ms(30);
    while p.now() < until {
        same!(p.reap(), None);
        p.wait(&[], Some(until));
    }
    p.close(write);
    same!(death(p)?, (pid, Ended::Exit(3)));
    p.close(read);
    Ok(())
}

fn failing<P: Platform>(p: &mut P, path: &CStr, steps: &[Step<'_>]) -> Result<(Vec<u8>, Ended), String> {
    let (read, write) = fine!(p.pipe());
    let mut all = vec![Step::Onto { from: write, to: Fd::STDERR, why: &[b"unable"] }];
    all.extend(steps);
    fine!(p.spawn(&child(path, &[path], &all)));
    p.close(write);
    let text = read_all(p, read)?;
    p.close(read);
    Ok((text, death(p)?.1))
}

fn exec_fails<P: Platform>(p: &mut P) -> Case {
    let (text, ended) = failing(p, c"./none", &[])?;
    same!(text, b"test: unable to start it: file does not exist\n");
    same!(ended, Ended::Exit(99));
    let (text, ended) = failing(p, programs::PLAIN, &[])?;
    same!(text, b"test: unable to start it: access denied\n");
    same!(ended, Ended::Exit(99));
    same!(p.exec(c"./none", &[c"none"]), Errno::NOENT);
    Ok(())
}

fn step_fails<P: Platform>(p: &mut P) -> Case {
    let why: &[&[u8]] = &[b"unable to go to ", b"none"];
    let (text, ended) = failing(p, programs::SEVEN, &[Step::Directory { dir: Fd::CWD, path: c"none", why }])?;
    same!(text, b"test: unable to go to none: file does not exist\n");
    same!(ended, Ended::Exit(99));
    let step = Step::Onto { from: Fd(77), to: Fd(5), why: &[b"unable to move"] };
    let (text, _) = failing(p, programs::SEVEN, &[step])?;
    same!(text, b"test: unable to move: file descriptor not open\n");
    fine!(p.mkdir(c"dir", 0o755));
    let step = Step::Directory { dir: Fd::CWD, path: c"dir", why };
    same!(failing(p, c"../../seven", &[step])?.1, Ended::Exit(7));
    // From an open directory, wherever it is by then.
    let (here, dir) = (fine!(p.open(c".", Open::Read)), fine!(p.open(c"dir", Open::Read)));
    fine!(p.rename(c"dir", c"other"));
    for (dir, path) in [(dir, c"."), (here, c"other")] {
        let step = Step::Directory { dir, path, why };
        same!(failing(p, c"../../seven", &[step])?.1, Ended::Exit(7));
    }
    p.close(here);
    p.close(dir);
    let (text, _) = failing(p, programs::SEVEN, &[Step::Directory { dir: Fd(77), path: c".", why }])?;
    same!(text, b"test: unable to go to none: file descriptor not open\n");
    Ok(())
}

fn search<P: Platform>(p: &mut P) -> Case {
    let found = Child { search: true, ..child(c"true", &[c"true"], &[]) };
    fine!(p.spawn(&found));
    same!(death(p)?.1, Ended::Exit(0));
    let (read, write) = fine!(p.pipe());
    let steps = [Step::Onto { from: write, to: Fd::STDERR, why: &[b"unable"] }];
    let name = c"no-such-program-anywhere";
    fine!(p.spawn(&Child { search: true, ..child(name, &[name], &steps) }));
    p.close(write);
    same!(read_all(p, read)?, b"test: unable to start it: file does not exist\n");
    p.close(read);
    same!(death(p)?.1, Ended::Exit(99));
    Ok(())
}

fn several<P: Platform>(p: &mut P) -> Case {
    let path = programs::SEVEN;
    let mut left = Vec::new();
    for _ in 0..10 {
        left.push(fine!(p.spawn(&child(path, &[path], &[]))));
    }
    while !left.is_empty() {
        let (pid, ended) = death(p)?;
        same!(ended, Ended::Exit(7));
        holds!(left.contains(&pid));
        left.retain(|other| *other != pid);
    }
    same!(p.reap(), None);
    Ok(())
}

fn drain<P: Platform>(p: &mut P) -> Case {
    let (read, write) = fine!(p.pipe());
    let (end, lifeline) = fine!(p.pipe());
    let pid = fine!(runit::runsvdir::spawn_drain(p, read, end, platform_sim::args(&["program"])));
    p.close(read);
    p.close(end);
    // While the lifeline is there it takes nothing; afterwards all, and ends with the last writer.
    same!(p.write(write, b"before"), Ok(6));
    p.close(lifeline);
    let block = [b'x'; 4096];
    for _ in 0..64 {
        same!(p.write(write, &block), Ok(4096));
        let until = p.now().plus_ms(2);
        p.wait(&[], Some(until));
    }
    // What would end others of this name does not end it.
    for signal in [Signal::HangUp, Signal::Interrupt, Signal::Quit, Signal::Terminate] {
        fine!(p.kill(Target::One(pid), signal));
    }
    for _ in 0..64 {
        same!(p.write(write, &block), Ok(4096));
    }
    same!(p.reap(), None);
    p.close(write);
    same!(death(p)?, (pid, Ended::Exit(0)));
    Ok(())
}
