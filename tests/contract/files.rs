//! Files, directories and locks.
use crate::{Case, fine, holds, programs, same};
use platform::{Errno, Fd, Files, Kind, Open, Platform};

pub(crate) fn cases<P: Platform>() -> crate::Cases<P> {
    vec![
        ("lock", lock),
        ("open", open),
        ("rename", rename),
        ("mkdir", mkdir),
        ("in_an_open_directory", in_an_open_directory),
        ("readlink", readlink),
        ("links", links),
        ("names", names),
        ("chmod", chmod),
        ("chdir", chdir),
        ("close", close),
        ("meta", meta),
        ("parts", parts),
        ("remove", remove),
        ("handles", handles),
        ("datagrams", datagrams),
    ]
}

fn lock<P: Files>(p: &mut P) -> Case {
    let first = fine!(p.open(c"lock", Open::Lock));
    let second = fine!(p.open(c"lock", Open::Lock));
    fine!(p.lock(first));
    fine!(p.lock(first));
    if !crate::system::LOCKS_ARE_THE_PROCESS_S {
        holds!(p.lock(second).is_err());
        fine!(p.dup2(first, Fd(42)));
        p.close(first);
        holds!(p.lock(second).is_err());
        p.close(Fd(42));
        fine!(p.lock(second));
    }
    p.close(second);
    Ok(())
}

fn contents<P: Files>(p: &mut P, name: &core::ffi::CStr) -> Result<Vec<u8>, String> {
    let fd = fine!(p.open(name, Open::Read));
    let mut bytes = [0; 64];
    let got = fine!(p.read(fd, &mut bytes));
    same!(p.read(fd, &mut [0; 8]), Ok(0));
    p.close(fd);
    Ok(bytes[..got].to_vec())
}

fn write<P: Files>(p: &mut P, name: &core::ffi::CStr, how: Open, bytes: &[u8]) -> Case {
    let fd = fine!(p.open(name, how));
    same!(p.write(fd, bytes), Ok(bytes.len()));
    p.close(fd);
    Ok(())
}

fn open<P: Files>(p: &mut P) -> Case {
    same!(p.open(c"file", Open::Read), Err(Errno::NOENT));
    same!(p.open(c"file", Open::Write), Err(Errno::NOENT));
    same!(p.open(c"none/file", Open::Truncate), Err(Errno::NOENT));
    write(p, c"file", Open::Truncate, b"one")?;
    same!(fine!(p.stat(c"file")).mode & 0o700, 0o600);
    write(p, c"file", Open::Append, b"two")?;
    same!(contents(p, c"file")?, b"onetwo");
    write(p, c"file", Open::Write, b"ON")?;
    same!(contents(p, c"file")?, b"ONetwo");
    write(p, c"file", Open::Truncate, b"3")?;
    same!(contents(p, c"file")?, b"3");
    write(p, c"log", Open::Append, b"x")?;
    same!(fine!(p.stat(c"log")).mode & 0o777, 0o600);
    same!(p.open(c"file/more", Open::Read), Err(Errno::NOTDIR));
    same!(p.open(c".", Open::Truncate), Err(Errno::ISDIR));
    let fd = fine!(p.open(c"file", Open::Read));
    same!(p.write(fd, b"x"), Err(Errno::BADF));
    p.close(fd);
    Ok(())
}

fn rename<P: Files>(p: &mut P) -> Case {
    same!(p.rename(c"a", c"b"), Err(Errno::NOENT));
    write(p, c"a", Open::Truncate, b"new")?;
    write(p, c"b", Open::Truncate, b"old")?;
    let inode = fine!(p.stat(c"a")).inode;
    fine!(p.rename(c"a", c"b"));
    same!(p.stat(c"a").map(|_| ()), Err(Errno::NOENT));
    same!(contents(p, c"b")?, b"new");
    same!(fine!(p.stat(c"b")).inode, inode);
    fine!(p.mkdir(c"dir", 0o755));
    same!(p.rename(c"b", c"dir"), Err(Errno::ISDIR));
    same!(p.rename(c"dir", c"b"), Err(Errno::NOTDIR));
    same!(p.rename(c"dir", c"dir/below"), Err(Errno::INVAL));
    fine!(p.rename(c"b", c"dir/b"));
    same!(contents(p, c"dir/b")?, b"new");
    Ok(())
}

fn mkdir<P: Files>(p: &mut P) -> Case {
    fine!(p.mkdir(c"dir", 0o700));
    same!(p.mkdir(c"dir", 0o700), Err(Errno::EXIST));
    same!(p.mkdir(c"none/dir", 0o700), Err(Errno::NOENT));
    let found = fine!(p.stat(c"dir"));
    same!((found.kind, found.mode & 0o777), (Kind::Directory, 0o700));
    same!(fine!(p.stat(c"dir/..")).inode, fine!(p.stat(c".")).inode);
    same!(p.stat(c"none").map(|_| ()), Err(Errno::NOENT));
    same!(fine!(p.stat(programs::PLAIN)).kind, Kind::File);
    Ok(())
}

fn in_an_open_directory<P: Files>(p: &mut P) -> Case {
    fine!(p.mkdir(c"dir", 0o700));
    let dir = fine!(p.open(c"dir", Open::Read));
    fine!(p.rename(c"dir", c"moved"));
    fine!(p.mkdirat(dir, c"below", 0o700));
    same!(p.mkdirat(dir, c"below", 0o700), Err(Errno::EXIST));
    fine!(p.mkfifoat(dir, c"below/fifo", 0o600));
    same!(p.mkfifoat(dir, c"below/fifo", 0o600), Err(Errno::EXIST));
    same!(p.mkfifoat(dir, c"none/fifo", 0o600), Err(Errno::NOENT));
    let found = fine!(p.stat(c"moved/below/fifo"));
    same!((found.kind, found.mode & 0o777), (Kind::Fifo, 0o600));
    let (read, writer) = fine!(p.open_fifo(dir, c"below/fifo"));
    let client = fine!(p.open(c"moved/below/fifo", Open::Write));
    same!(p.write(client, b"u"), Ok(1));
    same!(p.read(read, &mut [0; 8]), Ok(1));
    for fd in [client, read, writer, dir] {
        if fd.0 >= 0 {
            p.close(fd);
        }
    }
    Ok(())
}

fn readlink<P: Files>(p: &mut P) -> Case {
    let mut bytes = [0; 64];
    same!(p.readlinkat(Fd::CWD, programs::LINK, &mut bytes), Ok(9));
    same!(&bytes[..9], b"somewhere");
    same!(p.readlinkat(Fd::CWD, programs::LINK, &mut bytes[..4]), Ok(4));
    same!(p.readlinkat(Fd::CWD, c".", &mut bytes), Err(Errno::INVAL));
    same!(p.readlinkat(Fd::CWD, c"none", &mut bytes), Err(Errno::NOENT));
    same!(p.stat(programs::LINK).map(|_| ()), Err(Errno::NOENT));
    Ok(())
}

fn links<P: Files>(p: &mut P) -> Case {
    // It leads nowhere yet. Which error it is differs between systems.
    for how in [Open::Write, Open::Update, Open::Append, Open::New] {
        holds!(p.open(programs::LINK, how).is_err());
        same!(p.stat(programs::LINK).map(|_| ()), Err(Errno::NOENT));
    }
    write(p, programs::LINK, Open::Truncate, b"one")?;
    for how in [Open::Write, Open::Update, Open::Append, Open::New] {
        holds!(p.open(programs::LINK, how).is_err());
    }
    same!(contents(p, programs::LINK)?, b"one");
    let fd = fine!(p.open(programs::LINK, Open::Lock));
    p.close(fd);
    same!(contents(p, programs::LINK)?, b"one");
    write(p, programs::LINK, Open::Truncate, b"3")?;
    same!(contents(p, programs::LINK)?, b"3");
    fine!(p.unlink(c"../somewhere"));
    same!(p.open(programs::LINK, Open::Read), Err(Errno::NOENT));
    Ok(())
}

fn names<P: Files>(p: &mut P) -> Case {
    for name in [c"a", c".hidden", c"with space"] {
        write(p, name, Open::Truncate, b"x")?;
    }
    fine!(p.mkdir(c"dir", 0o755));
    let mut dir = fine!(p.open_dir(Fd::CWD, c"."));
    let mut found = Vec::new();
    while let Some(name) = fine!(p.next_name(&mut dir)) {
        found.push(name.to_bytes().to_vec());
    }
    same!(p.next_name(&mut dir), Ok(None));
    p.close_dir(dir);
    found.sort();
    let expected: [&[u8]; 6] = [b".", b"..", b".hidden", b"a", b"dir", b"with space"];
    same!(found, expected);
    same!(p.open_dir(Fd::CWD, c"none").map(|_| ()), Err(Errno::NOENT));
    same!(p.open_dir(Fd::CWD, c"a").map(|_| ()), Err(Errno::NOTDIR));
    Ok(())
}

fn chmod<P: Files>(p: &mut P) -> Case {
    write(p, c"file", Open::Truncate, b"x")?;
    fine!(p.chmod(c"file", 0o100));
    holds!(fine!(p.stat(c"file")).owner_executes());
    fine!(p.chmod(c"file", 0));
    holds!(!fine!(p.stat(c"file")).owner_executes());
    same!(p.chmod(c"none", 0), Err(Errno::NOENT));
    Ok(())
}

fn chdir<P: Files>(p: &mut P) -> Case {
    fine!(p.mkdir(c"dir", 0o755));
    fine!(p.chdir(c"dir"));
    write(p, c"file", Open::Truncate, b"x")?;
    fine!(p.chdir(c".."));
    same!(p.stat(c"file").map(|_| ()), Err(Errno::NOENT));
    same!(contents(p, c"dir/file")?, b"x");
    same!(p.chdir(c"none"), Err(Errno::NOENT));
    same!(p.chdir(c"dir/file"), Err(Errno::NOTDIR));
    Ok(())
}

fn meta<P: Files>(p: &mut P) -> Case {
    let fd = fine!(p.open(c"file", Open::Append));
    same!(p.write(fd, b"four"), Ok(4));
    fine!(p.fchmod(fd, 0o744));
    let found = fine!(p.fstat(fd));
    same!((found.kind, found.mode, found.size, found.links), (Kind::File, 0o744, 4, 1));
    same!(fine!(p.stat(c"file")), found);
    fine!(p.fsync(fd));
    fine!(p.unlink(c"file"));
    same!(fine!(p.fstat(fd)).links, 0);
    same!(p.write(fd, b"more"), Ok(4));
    same!(fine!(p.fstat(fd)).size, 8);
    p.close(fd);
    same!(p.fstat(fd), Err(Errno::BADF));
    same!(p.fchmod(fd, 0o600), Err(Errno::BADF));
    same!(p.fsync(fd), Err(Errno::BADF));
    Ok(())
}

fn parts<P: Files>(p: &mut P) -> Case {
    write(p, c"file", Open::Truncate, b"0123456789")?;
    let fd = fine!(p.open(c"file", Open::Read));
    let mut four = [0; 4];
    same!(p.pread(fd, 3, &mut four), Ok(4));
    same!(&four, b"3456");
    same!(p.pread(fd, 8, &mut four), Ok(2));
    same!(p.pread(fd, 10, &mut four), Ok(0));
    same!(p.pread(fd, 11, &mut four), Ok(0));
    // Reading goes on where it was.
    same!(p.read(fd, &mut four), Ok(4));
    same!(&four, b"0123");
    holds!(p.ftruncate(fd, 6).is_err());
    p.close(fd);
    let fd = fine!(p.open(c"file", Open::Update));
    same!(p.pread(fd, 3, &mut four), Ok(4));
    fine!(p.ftruncate(fd, 6));
    same!(contents(p, c"file")?, b"012345".to_vec());
    fine!(p.ftruncate(fd, 0));
    same!(fine!(p.stat(c"file")).size, 0);
    p.close(fd);
    same!(p.ftruncate(fd, 0), Err(Errno::BADF));
    Ok(())
}

fn remove<P: Files>(p: &mut P) -> Case {
    same!(p.unlink(c"file"), Err(Errno::NOENT));
    write(p, c"file", Open::Truncate, b"x")?;
    fine!(p.unlink(c"file"));
    same!(p.stat(c"file").map(|_| ()), Err(Errno::NOENT));
    fine!(p.mkdir(c"dir", 0o755));
    holds!(p.unlink(c"dir").is_err());
    same!(p.unlink(c"dir/none"), Err(Errno::NOENT));
    let dir = fine!(p.open(c"dir", Open::Read));
    same!(p.unlinkat(dir, c"file"), Err(Errno::NOENT));
    let fd = fine!(p.openat(dir, c"file", Open::New));
    p.close(fd);
    same!(p.openat(dir, c"file", Open::New), Err(Errno::EXIST));
    fine!(p.unlinkat(dir, c"file"));
    same!(p.stat(c"dir/file").map(|_| ()), Err(Errno::NOENT));
    p.close(dir);
    Ok(())
}

/// A directory that is open is where paths begin, wherever it is by now.
fn handles<P: Files>(p: &mut P) -> Case {
    fine!(p.mkdir(c"dir", 0o755));
    let dir = fine!(p.open(c"dir", Open::Read));
    let fd = fine!(p.openat(dir, c"file", Open::Truncate));
    same!(p.write(fd, b"x"), Ok(1));
    p.close(fd);
    fine!(p.rename(c"dir", c"moved"));
    same!(fine!(p.fstatat(dir, c"file")).size, 1);
    same!(p.fstatat(dir, c"none").map(|_| ()), Err(Errno::NOENT));
    fine!(p.renameat(dir, c"file", c"other"));
    same!(contents(p, c"moved/other")?, b"x");
    same!(p.readlinkat(dir, c"other", &mut [0; 8]), Err(Errno::INVAL));
    let mut names = fine!(p.open_dir(dir, c"."));
    let mut found = Vec::new();
    while let Some(name) = fine!(p.next_name(&mut names)) {
        found.push(name.to_bytes().to_vec());
    }
    p.close_dir(names);
    found.sort();
    let expected: [&[u8]; 3] = [b".", b"..", b"other"];
    same!(found, expected);
    let file = fine!(p.openat(dir, c"other", Open::Read));
    same!(p.openat(file, c"other", Open::Read), Err(Errno::NOTDIR));
    same!(p.fstatat(file, c"other").map(|_| ()), Err(Errno::NOTDIR));
    p.close(file);
    p.close(dir);
    same!(p.fstatat(dir, c"other").map(|_| ()), Err(Errno::BADF));
    Ok(())
}

fn datagrams<P: Platform>(p: &mut P) -> Case {
    let fd = fine!(p.datagrams());
    same!(p.send(fd, [127, 0, 0, 1], 9, b"hello"), Ok(5));
    p.close(fd);
    same!(p.send(fd, [127, 0, 0, 1], 9, b"hello"), Err(Errno::BADF));
    let fd = fine!(p.open(c"file", Open::Append));
    holds!(p.send(fd, [127, 0, 0, 1], 9, b"hello").is_err());
    p.close(fd);
    Ok(())
}

fn close<P: Files>(p: &mut P) -> Case {
    let fd = fine!(p.open(programs::PLAIN, Open::Read));
    p.close(fd);
    same!(p.read(fd, &mut [0; 1]), Err(Errno::BADF));
    same!(p.write(fd, b"x"), Err(Errno::BADF));
    same!(p.set_nonblocking(fd), Err(Errno::BADF));
    same!(p.dup2(fd, Fd(43)), Err(Errno::BADF));
    same!(fine!(p.open(programs::PLAIN, Open::Read)), fd);
    p.close(fd);
    Ok(())
}
