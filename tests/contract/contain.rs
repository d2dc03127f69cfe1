//! Processes that are kept together: what is left of them is found, ended, and found again by another program.
use crate::processes::{child, death};
use crate::{Case, fine, holds, programs, same};
use core::ffi::CStr;
use platform::{Ended, Fd, FileId, Open, Pid, Platform, RECORD, Signal, Sweep, Target};

pub(crate) fn cases<P: Platform>() -> crate::Cases<P> {
    vec![
        ("contain-nothing", nothing),
        ("contain-terminate", terminate),
        ("contain-kill", kill),
        ("contain-spare", spare),
        ("contain-record", record),
        ("contain-no-record", no_record),
    ]
}

fn place<P: Platform>(p: &mut P) -> FileId {
    p.stat(c".").map(|here| here.id()).unwrap_or_default()
}

/// Starts a program that is kept, and waits until it has ended.
fn run<P: Platform>(p: &mut P, path: &CStr, record: Fd) -> Result<Pid, String> {
    let place = place(p);
    let (pid, _) = fine!(p.spawn_contained(&child(path, &[path], &[]), place, record));
    loop {
        let (dead, ended) = death(p)?;
        if dead == pid {
            same!(ended, Ended::Exit(7));
            return Ok(pid);
        }
    }
}

/// Nothing is left within a minute.
fn gone<P: Platform>(p: &mut P, how: Sweep) -> Case {
    let until = p.now().plus_ms(60_000);
    while p.sweep(how, &[]) {
        holds!(p.now() < until);
        while p.reap().is_some() {}
        let soon = p.now().plus_ms(10);
        p.wait(&[], Some(soon));
    }
    while p.reap().is_some() {}
    for how in [Sweep::Look, Sweep::Terminate, Sweep::Kill] {
        holds!(!p.sweep(how, &[]));
    }
    Ok(())
}

/// It stays for a while.
fn stays<P: Platform>(p: &mut P) -> Case {
    for _ in 0..5 {
        holds!(p.sweep(Sweep::Look, &[]));
        let soon = p.now().plus_ms(10);
        p.wait(&[], Some(soon));
    }
    Ok(())
}

fn nothing<P: Platform>(p: &mut P) -> Case {
    gone(p, Sweep::Look)?;
    run(p, programs::SEVEN, Fd(-1))?;
    gone(p, Sweep::Look)
}

fn terminate<P: Platform>(p: &mut P) -> Case {
    run(p, programs::LEAVER, Fd(-1))?;
    stays(p)?;
    holds!(p.sweep(Sweep::Terminate, &[]));
    gone(p, Sweep::Look)
}

fn kill<P: Platform>(p: &mut P) -> Case {
    run(p, programs::STUBBORN, Fd(-1))?;
    holds!(p.sweep(Sweep::Terminate, &[]));
    stays(p)?;
    gone(p, Sweep::Kill)
}

/// A child that does not belong to it is not hurt, and is not what is left.
fn spare<P: Platform>(p: &mut P) -> Case {
    let path = programs::SLEEPER;
    let other = fine!(p.spawn(&child(path, &[path], &[])));
    run(p, programs::LEAVER, Fd(-1))?;
    holds!(p.sweep(Sweep::Kill, &[Some(other), None]));
    let until = p.now().plus_ms(60_000);
    while p.sweep(Sweep::Kill, &[None, Some(other)]) {
        holds!(p.now() < until);
        while let Some((dead, _)) = p.reap() {
            holds!(dead != other);
        }
        let soon = p.now().plus_ms(10);
        p.wait(&[], Some(soon));
    }
    fine!(p.kill(Target::One(other), Signal::Kill));
    while death(p)?.0 != other {}
    Ok(())
}

/// The file that is written while a contained program is started.
fn new_record<P: Platform>(p: &mut P) -> Result<Fd, String> {
    let fd = fine!(p.open(c"record", Open::New));
    same!(p.write(fd, &[b'\n'; RECORD]), Ok(RECORD));
    p.close(fd);
    Ok(fine!(p.open(c"record", Open::Update)))
}

/// What another program would find.
fn record<P: Platform>(p: &mut P) -> Case {
    let file = new_record(p)?;
    let (path, place) = (programs::SLEEPER, place(p));
    let (pid, _) = fine!(p.spawn_contained(&child(path, &[path], &[]), place, file));
    p.close(file);
    let mut text = [0; RECORD + 1];
    let mut found = false;
    let until = p.now().plus_ms(60_000);
    // It is there before the child does anything, but perhaps not before it was born.
    while !found {
        holds!(p.now() < until);
        let file = fine!(p.open(c"record", Open::Read));
        same!(p.read(file, &mut text), Ok(RECORD));
        p.close(file);
        found = text[0] != b'\n';
        let soon = p.now().plus_ms(5);
        p.wait(&[], Some(soon));
    }
    let found = p.adopt(place, &text[..RECORD]);
    same!(found, crate::system::finds());
    if !found {
        fine!(p.kill(Target::One(pid), Signal::Kill));
        same!(death(p)?.0, pid);
        return Ok(());
    }
    holds!(p.sweep(Sweep::Look, &[]));
    holds!(p.sweep(Sweep::Kill, &[]));
    same!(death(p)?, (pid, Ended::Killed { signal: 9, core: false }));
    gone(p, Sweep::Kill)
}

fn no_record<P: Platform>(p: &mut P) -> Case {
    let place = place(p);
    for text in
        [b"".as_slice(), b"\n\n", b"p\n", b"p 1 1\n", b"c \n", b"c /nowhere/runsv-1-1\n", &[0; RECORD]]
    {
        if p.adopt(place, text) {
            gone(p, Sweep::Look)?;
        }
    }
    Ok(())
}
