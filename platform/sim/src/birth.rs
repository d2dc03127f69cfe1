//! From fork to exec.
use crate::kernel::Kernel;
use crate::open::{Open, Slot};
use crate::tree::{Ino, Node, ROOT};
use crate::world::{Exec, Fact};
use platform::{Child, Ended, Errno, Fd, Pid, Result, Step};

/// A step of a [`Child`], kept until the process has its turn.
#[derive(Clone, Debug)]
enum Early {
    Session,
    Onto(i32, i32, Vec<u8>),
    Directory(Fd, Vec<u8>, Vec<u8>),
}

/// What a process is to become.
#[derive(Clone, Debug)]
pub(crate) struct Birth {
    prefix: Vec<u8>,
    steps: Vec<Early>,
    /// The warning, and what is said.
    console: Option<(Vec<u8>, Vec<u8>)>,
    path: Vec<u8>,
    argv: Vec<Vec<u8>>,
    search: bool,
    why: Vec<u8>,
    exit: u8,
}

impl Birth {
    pub(crate) fn of(child: &Child<'_>) -> Birth {
        let step = |step: &Step<'_>| match *step {
            Step::Session => Early::Session,
            Step::Onto { from, to, why } => Early::Onto(from.0, to.0, why.concat()),
            Step::Directory { dir, path, why } => {
                Early::Directory(dir, path.to_bytes().to_vec(), why.concat())
            }
        };
        Birth {
            prefix: child.prefix.concat(),
            steps: child.steps.iter().map(step).collect(),
            console: child.console.map(|console| (console.warn.concat(), console.say.concat())),
            path: child.path.to_bytes().to_vec(),
            argv: child.argv.iter().map(|word| word.to_bytes().to_vec()).collect(),
            search: child.search,
            why: child.why.concat(),
            exit: child.exit,
        }
    }
}

impl Kernel {
    fn say(&mut self, pid: i32, parts: &[&[u8]]) {
        if let Ok(slot) = self.slot(pid, 2) {
            let _ = self.write_open(pid, slot.open, &parts.concat());
        }
    }

    fn complain(&mut self, pid: i32, birth: &Birth, why: &[u8], errno: Errno) {
        self.say(pid, &[&birth.prefix, why, b": ", errno.text().bytes(), b"\n"]);
    }

    /// From fork to exec.
    pub(crate) fn be_born(&mut self, pid: i32, birth: &Birth) {
        for step in &birth.steps {
            let done = match step {
                Early::Session => {
                    self.session(pid);
                    Ok(())
                }
                Early::Onto(_, to, why) if !self.may_have(*to) => Err((why, Errno::BADF)),
                Early::Onto(from, to, why) => self
                    .slot(pid, *from)
                    .map(|slot| self.install(pid, *to, Slot { cloexec: false, ..slot }))
                    .map_err(|errno| (why, errno)),
                Early::Directory(dir, path, why) => self.enter(pid, *dir, path).map_err(|errno| (why, errno)),
            };
            if let Err((why, errno)) = done {
                self.complain(pid, birth, why, errno);
                self.die(pid, Ended::Exit(birth.exit));
                return;
            }
        }
        if let Some((warn, text)) = &birth.console {
            if let (Err(errno), false) = (self.console_for(pid), warn.is_empty()) {
                self.complain(pid, birth, warn, errno);
            }
            self.say(pid, &[text]);
        }
        if let Err(errno) = self.exec(pid, &birth.path, &birth.argv, birth.search) {
            self.emit(&Fact::NotExecuted { pid: Pid(pid), path: &birth.path, errno });
            self.complain(pid, birth, &birth.why, errno);
            self.die(pid, Ended::Exit(birth.exit));
        }
    }

    /// fchdir(2) and chdir(2).
    pub(crate) fn enter(&mut self, pid: i32, dir: Fd, path: &[u8]) -> Result<()> {
        let from = self.start_of(pid, dir)?;
        let ino = self.tree.existing(from, path, true)?;
        self.tree.names(ino)?;
        if let Some(process) = self.procs.get_mut(&pid) {
            process.directory = ino;
        }
        Ok(())
    }

    fn console_for(&mut self, pid: i32) -> Result<()> {
        let ino = self.tree.existing(ROOT, b"/dev/console", true)?;
        let open = self.add_open(Open::device(ino));
        for fd in 0..3 {
            self.install(pid, fd, Slot { open, cloexec: false });
        }
        Ok(())
    }

    /// What execve(2) looks at before it does anything.
    pub(crate) fn program(&self, from: Ino, path: &[u8], search: bool) -> Result<Ino> {
        if search && !path.contains(&b'/') {
            let mut worst = Errno::NOENT;
            for place in &self.path {
                match self.program(from, &[place, b"/".as_slice(), path].concat(), false) {
                    Err(Errno::NOENT | Errno::NOTDIR) => {}
                    Err(Errno::ACCES) => worst = Errno::ACCES,
                    other => return other,
                }
            }
            return Err(worst);
        }
        let ino = self.tree.existing(from, path, true)?;
        let inode = self.tree.at(ino);
        if matches!(inode.node, Node::File(_)) && inode.mode & 0o111 != 0 {
            Ok(ino)
        } else {
            Err(Errno::ACCES)
        }
    }

    fn exec(&mut self, pid: i32, path: &[u8], argv: &[Vec<u8>], search: bool) -> Result<()> {
        let directory = self.procs.get(&pid).map_or(ROOT, |process| process.directory);
        self.program(directory, path, search)?;
        self.close_all(pid, |_, slot| !slot.cloexec);
        self.emit(&Fact::Executed { pid: Pid(pid), path, argv });
        let life = self.life_of(&Exec { pid: Pid(pid), path, directory, argv });
        if let Some(process) = self.procs.get_mut(&pid) {
            process.program = path.to_vec();
            process.acts = life.acts.into();
            process.on = life.on;
        }
        Ok(())
    }
}
