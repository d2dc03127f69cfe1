//! FIFOs and pipes.
use crate::{Case, fine, holds, same};
use platform::{Errno, Fd, Files, Kind, Open, Platform};

pub(crate) fn cases<P: Platform>() -> crate::Cases<P> {
    vec![
        ("fifo-without-reader", fifo_without_reader),
        ("fifo-ends-with-its-last-writer", fifo_ends),
        ("fifo-with-own-writer-never-ends", fifo_with_own_writer),
        ("fifo-fills-up", fifo_fills_up),
        ("pipe", pipe),
    ]
}

fn fifo_without_reader<P: Files>(p: &mut P) -> Case {
    fine!(p.mkfifo(c"fifo", 0o600));
    same!(p.mkfifo(c"fifo", 0o600), Err(Errno::EXIST));
    same!(fine!(p.stat(c"fifo")).kind, Kind::Fifo);
    same!(p.open(c"fifo", Open::Write), Err(Errno::NXIO));
    let read = fine!(p.open(c"fifo", Open::Read));
    let write = fine!(p.open(c"fifo", Open::Write));
    p.close(read);
    same!(p.write(write, b"x"), Err(Errno::PIPE));
    p.close(write);
    same!(p.open(c"fifo", Open::Write), Err(Errno::NXIO));
    Ok(())
}

fn fifo_ends<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkfifo(c"fifo", 0o600));
    let read = fine!(p.open(c"fifo", Open::Read));
    let mut bytes = [0; 8];
    // Before the first writer FreeBSD says that it would have to wait, others that it is at its end.
    holds!([Ok(0), Err(Errno::AGAIN)].contains(&p.read(read, &mut bytes)));
    let write = fine!(p.open(c"fifo", Open::Write));
    same!(p.read(read, &mut bytes), Err(Errno::AGAIN));
    same!(p.write(write, b"abc"), Ok(3));
    holds!(p.wait(&[read], None).is_ready(0));
    same!(p.read(read, &mut bytes[..2]), Ok(2));
    p.close(write);
    same!(p.read(read, &mut bytes), Ok(1));
    same!(&bytes[..2], b"cb");
    // poll(2) of macOS does not tell, so nothing may wait for that.
    same!(p.read(read, &mut bytes), Ok(0));
    p.close(read);
    Ok(())
}

fn fifo_with_own_writer<P: Platform>(p: &mut P) -> Case {
    fine!(p.mkfifo(c"fifo", 0o600));
    let (read, writer) = fine!(p.open_fifo(Fd::CWD, c"fifo"));
    let client = fine!(p.open(c"fifo", Open::Write));
    same!(p.write(client, b"u"), Ok(1));
    p.close(client);
    let mut bytes = [0; 8];
    same!(p.read(read, &mut bytes), Ok(1));
    same!(p.read(read, &mut bytes), Err(Errno::AGAIN));
    let until = p.now().plus_ms(20);
    same!(p.wait(&[read], Some(until)).ready, 0);
    same!(p.open_fifo(Fd::CWD, c"none"), Err(Errno::NOENT));
    if writer.0 >= 0 {
        p.close(writer);
    }
    p.close(read);
    same!(p.open(c"fifo", Open::Write), Err(Errno::NXIO));
    Ok(())
}

fn fifo_fills_up<P: Files>(p: &mut P) -> Case {
    fine!(p.mkfifo(c"fifo", 0o600));
    let read = fine!(p.open(c"fifo", Open::Read));
    let write = fine!(p.open(c"fifo", Open::Write));
    let block = [b'x'; 512];
    let mut taken = 0;
    loop {
        match p.write(write, &block) {
            Ok(512) => taken += 512,
            Err(Errno::AGAIN) => break,
            other => return Err(format!("a short write goes in whole or not at all: {other:?}")),
        }
        holds!(taken < 100_000_000);
    }
    holds!(taken >= 512);
    let mut bytes = [0; 4096];
    let got = fine!(p.read(read, &mut bytes));
    holds!(got >= 512);
    // Some kernels give room back by pages only.
    let mut left = taken - got;
    while left > 0 {
        left -= fine!(p.read(read, &mut bytes));
    }
    same!(p.write(write, &block), Ok(512));
    p.close(read);
    p.close(write);
    Ok(())
}

fn pipe<P: Platform>(p: &mut P) -> Case {
    let (read, write) = fine!(p.pipe());
    same!(p.unread(read), Ok(0));
    same!(p.write(write, b"hello"), Ok(5));
    same!(p.unread(read), Ok(5));
    let mut bytes = [0; 16];
    same!(p.read(read, &mut bytes), Ok(5));
    fine!(p.set_nonblocking(read));
    same!(p.read(read, &mut bytes), Err(Errno::AGAIN));
    let (second, copy) = (Fd(40), Fd(41));
    fine!(p.dup2(write, second));
    p.close(write);
    same!(p.read(read, &mut bytes), Err(Errno::AGAIN));
    fine!(p.dup2(second, copy));
    p.close(second);
    same!(p.write(copy, b"!"), Ok(1));
    p.close(copy);
    same!(p.unread(read), Ok(1));
    same!(p.read(read, &mut bytes), Ok(1));
    same!(p.unread(read), Ok(0));
    same!(p.read(read, &mut bytes), Ok(0));
    holds!(p.wait(&[Fd(-1), read], None).is_ready(1));
    p.close(read);
    same!(p.unread(read), Err(Errno::BADF));
    let (read, write) = fine!(p.pipe());
    p.close(read);
    same!(p.write(write, b"x"), Err(Errno::PIPE));
    p.close(write);
    Ok(())
}
