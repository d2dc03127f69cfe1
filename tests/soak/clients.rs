//! What clients want of a service.
use crate::trouble::Trouble;
use runit_tests::place::write_fifo;
use runit_tests::programs::Programs;
use std::time::Instant;

impl Trouble {
    /// sv, which waits for five seconds at most.
    pub(crate) fn client(&mut self, number: usize) {
        const COMMANDS: [(&str, Option<bool>); 24] = [
            ("up", Some(true)),
            ("start", Some(true)),
            ("start", Some(true)),
            ("restart", Some(true)),
            ("restart", Some(true)),
            ("force-restart", Some(true)),
            ("down", Some(false)),
            ("stop", Some(false)),
            ("force-stop", Some(false)),
            ("status", None),
            ("check", None),
            ("hup", None),
            ("reload", None),
            ("force-reload", None),
            ("term", None),
            ("kill", None),
            ("alarm", None),
            ("interrupt", None),
            ("quit", None),
            ("1", None),
            ("2", None),
            ("try-restart", None),
            ("once", None),
            ("try-restart", None),
        ];
        let (word, up) = COMMANDS[self.random.below(COMMANDS.len() as u64) as usize];
        let service = &mut self.tree.services[number];
        service.up = up.unwrap_or(service.up);
        service.again |= word == "once";
        let name = service.name.clone();
        let mut command = self.tree.place.command(Programs::get().path("sv"));
        command.args(["-w", "5", word, &name]).env("SVDIR", self.tree.place.path("scan"));
        let pid = self.run(&mut command);
        self.note(number, &format!("sv {word}, process {pid}"));
        self.tree.services[number].client = Some(pid);
        self.clients.insert(pid, (format!("{word} {name}"), Instant::now()));
    }

    /// A letter from somebody who asks nothing.
    pub(crate) fn letter(&mut self, number: usize) {
        let letters = b"ttthaiq12kudpc";
        let letter = letters[self.random.below(letters.len() as u64) as usize];
        let service = &mut self.tree.services[number];
        match letter {
            b'u' => service.up = true,
            b'd' => service.up = false,
            _ => {}
        }
        let done = write_fifo(&self.tree.dir(number).join("supervise/control"), &[letter]);
        self.note(number, &format!("letter {}: {done:?}", char::from(letter)));
    }

    /// Something for the log service: rotate, reload, end and come back.
    pub(crate) fn log(&mut self, number: usize) {
        let letter = b"aaahhht"[self.random.below(7) as usize];
        if letter == b't' {
            self.tree.services[number].log_touched = Instant::now();
        }
        let done = write_fifo(&self.tree.dir(number).join("log/supervise/control"), &[letter]);
        self.note(number, &format!("log: letter {}: {done:?}", char::from(letter)));
    }
}
