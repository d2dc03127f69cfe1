//! Waiting: deadlines, signals, descriptors, directories that change.
use crate::processes::{child, death};
use crate::{Case, fine, holds, programs, same};
use core::ffi::CStr;
use platform::{Errno, Fd, Open, Platform, Signal, Step, Target, Wake};

pub(crate) fn cases<P: Platform>() -> crate::Cases<P> {
    vec![
        ("clocks", clocks),
        ("deadline", deadline),
        ("signals", signals),
        ("descriptors", descriptors),
        ("watch", watch),
        ("watch-link", watch_link),
        ("watch-link-on-the-way", watch_link_on_the_way),
        ("watch-eight-links", watch_eight_links),
        ("watch-beside", watch_beside),
        ("removed", removed),
    ]
}

fn clocks<P: Platform>(p: &mut P) -> Case {
    let mut last = p.now();
    for _ in 0..100 {
        let now = p.now();
        holds!(now >= last);
        last = now;
    }
    let stamp = p.wall();
    holds!(stamp.secs > 1_600_000_000 && stamp.nanos < 1_000_000_000);
    // A file made now has today's date.
    let fd = fine!(p.open(c"file", Open::Truncate));
    p.close(fd);
    let made = fine!(p.stat(c"file")).changed.secs;
    holds!(made + 5 > stamp.secs && made < stamp.secs + 60);
    Ok(())
}

fn deadline<P: Platform>(p: &mut P) -> Case {
    let start = p.now();
    let until = start.plus_ms(50);
    let mut rounds = 0;
    while p.now() < until {
        same!(p.wait(&[], Some(until)), Wake::default());
        rounds += 1;
        holds!(rounds < 10);
    }
    // One that has passed does not wait.
    same!(p.wait(&[], Some(start)), Wake::default());
    Ok(())
}

fn signals<P: Platform>(p: &mut P) -> Case {
    let own = p.own_pid();
    fine!(p.kill(Target::One(own), Signal::User1));
    fine!(p.kill(Target::One(own), Signal::User1));
    let wake = p.wait(&[], None);
    holds!(wake.signals.has(Signal::User1) && !wake.signals.has(Signal::Child));
    let until = p.now().plus_ms(20);
    same!(p.wait(&[], Some(until)), Wake::default());
    let path = programs::SEVEN;
    fine!(p.spawn(&child(path, &[path], &[])));
    holds!(p.wait(&[], None).signals.has(Signal::Child));
    death(p)?;
    Ok(())
}

fn descriptors<P: Platform>(p: &mut P) -> Case {
    let (read, write) = fine!(p.pipe());
    let (other, end) = fine!(p.pipe());
    let until = p.now().plus_ms(20);
    same!(p.wait(&[read, Fd(-1), other], Some(until)), Wake::default());
    same!(p.write(end, b"x"), Ok(1));
    same!(p.wait(&[read, Fd(-1), other], None).ready, 0b100);
    same!(p.write(write, b"x"), Ok(1));
    same!(p.wait(&[read, Fd(-1), other], None).ready, 0b101);
    same!(p.wait(&[Fd(-1), read], None).ready, 0b10);
    for fd in [read, write, other, end] {
        p.close(fd);
    }
    Ok(())
}

/// Starts a program that changes something and waits for its end.
fn change<P: Platform>(p: &mut P, path: &CStr) -> Case {
    fine!(p.spawn(&child(path, &[path], &[])));
    let (_, ended) = death(p)?;
    same!(ended, platform::Ended::Exit(0));
    Ok(())
}

/// Whether a change is told within the time; `None` where nothing tells.
fn told<P: Platform>(p: &mut P, ms: u64) -> Option<bool> {
    let fd = p.watch_fd()?;
    let until = p.now().plus_ms(ms);
    loop {
        if p.wait(&[fd], Some(until)).is_ready(0) && p.changed() {
            return Some(true);
        }
        if p.now() >= until {
            return Some(false);
        }
    }
}

const LONG: u64 = 30_000;
const SHORT: u64 = 30;

fn watch<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkdir(c"scan", 0o755));
    if !p.watch(c"scan") {
        return Ok(());
    }
    same!(told(p, SHORT), Some(false));
    change(p, programs::MAKER)?;
    same!(told(p, LONG), Some(true));
    same!(told(p, SHORT), Some(false));
    fine!(p.rename(c"scan/new", c"scan/newer"));
    same!(told(p, LONG), Some(true));
    fine!(p.rename(c"scan/newer", c"scan/new"));
    change(p, programs::REMOVER)?;
    same!(told(p, LONG), Some(true));
    // Its neighbours are nobody's business.
    fine!(p.mkdir(c"beside", 0o755));
    same!(told(p, SHORT), Some(false));
    // Nor is what the last watch was about.
    holds!(p.watch(c"beside"));
    fine!(p.mkdir(c"scan/more", 0o755));
    same!(told(p, SHORT), Some(false));
    fine!(p.mkdir(c"beside/more", 0o755));
    same!(told(p, LONG), Some(true));
    Ok(())
}

fn watch_link<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkdir(c"one", 0o755));
    fine!(p.mkdir(c"other", 0o755));
    // The program that switches the link also makes it; the first time it leads to `other` too.
    change(p, programs::SWITCHER)?;
    if !p.watch(c"current") {
        return Ok(());
    }
    change(p, programs::SWITCHER)?;
    same!(told(p, LONG), Some(true));
    holds!(p.watch(c"current"));
    fine!(p.mkdir(c"other/new", 0o755));
    same!(told(p, LONG), Some(true));
    fine!(p.mkdir(c"one/new", 0o755));
    same!(told(p, SHORT), Some(false));
    Ok(())
}

/// What holds the target of a link is watched beside the directory, until it is gone.
fn watch_beside<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkdir(c"scan", 0o755));
    fine!(p.mkdir(c"other", 0o755));
    change(p, programs::SWITCHER)?;
    if !p.watch(c"scan") {
        return Ok(());
    }
    fine!(p.mkdir(c"before", 0o755));
    same!(told(p, SHORT), Some(false));
    p.watch_beside(c"none/..");
    fine!(p.mkdir(c"still", 0o755));
    same!(told(p, SHORT), Some(false));
    p.watch_beside(c"current/..");
    p.watch_beside(c"current/..");
    fine!(p.mkdir(c"one", 0o755));
    same!(told(p, LONG), Some(true));
    same!(told(p, SHORT), Some(false));
    // It outlives the watch that it stands beside.
    holds!(p.watch(c"scan"));
    fine!(p.rename(c"one", c"two"));
    same!(told(p, LONG), Some(true));
    fine!(p.mkdir(c"scan/new", 0o755));
    same!(told(p, LONG), Some(true));
    same!(told(p, SHORT), Some(false));
    Ok(())
}

/// A link need not be the last name of the path.
fn watch_link_on_the_way<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkdir(c"other", 0o755));
    fine!(p.mkdir(c"other/deep", 0o755));
    fine!(p.mkdir(c"other/deep/scan", 0o755));
    change(p, programs::SWITCHER)?;
    for path in [c"current/deep/scan", c"./other/../current//deep/scan/", c"current"] {
        if !p.watch(path) {
            return Ok(());
        }
        same!(told(p, SHORT), Some(false));
        change(p, programs::SWITCHER)?;
        same!(told(p, LONG), Some(true));
    }
    // What lies on the way and is no link is nobody's business.
    holds!(p.watch(c"current/deep/scan"));
    fine!(p.mkdir(c"other/beside", 0o755));
    same!(told(p, SHORT), Some(false));
    fine!(p.mkdir(c"other/deep/scan/new", 0o755));
    same!(told(p, LONG), Some(true));
    Ok(())
}

/// A way may lead through as many links as are followed; the last of them counts as the first does.
fn watch_eight_links<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkdir(c"other", 0o755));
    change(p, programs::SWITCHER)?;
    fine!(p.rename(c"current", c"first"));
    change(p, programs::SWITCHER)?;
    let way = c"first/../first/../first/../first/../first/../first/../first/../current";
    if !p.watch(way) {
        return Ok(());
    }
    same!(told(p, SHORT), Some(false));
    change(p, programs::SWITCHER)?;
    same!(told(p, LONG), Some(true));
    Ok(())
}

/// A process in a directory that was removed sees that it has no name, or that there is no `.` in it any more.
fn removed<P: Platform>(p: &mut P) -> Case {
    let home = fine!(p.open(c".", Open::Read));
    fine!(p.mkdir(c"scan", 0o755));
    fine!(p.mkdir(c"scan/new", 0o755));
    let dir = fine!(p.open(c"scan/new", Open::Read));
    fine!(p.chdir(c"scan/new"));
    // The child begins where the test did.
    let (path, begin) = (programs::REMOVER, Step::Directory { dir: home, path: c".", why: &[b"unable"] });
    fine!(p.spawn(&child(path, &[path], &[begin])));
    same!(death(p)?.1, platform::Ended::Exit(0));
    same!(fine!(p.fstat(dir)).links, 0);
    let found = p.stat(c".").map(|here| here.links);
    holds!(found == Ok(0) || found == Err(Errno::NOENT));
    same!(p.stat(c"./run").map(|_| ()), Err(Errno::NOENT));
    p.close(dir);
    p.close(home);
    Ok(())
}
