//! What all log directories share.
use super::input::Input;
use super::input::stamp::{LENGTH, Stamper};
use super::options::Options;
use super::phase::Phase;
use crate::msg;
use crate::voice::Voice;
use core::ffi::CStr;
use platform::{Errno, Fd, Platform};

/// Says every message.
pub(super) const VOICE: Voice<'static> = Voice { program: b"svlogd", about: b"" };

/// What all log directories share.
pub(super) struct Context {
    pub(super) options: Options,
    /// The directory of the start, from which the names of log directories count.
    pub(super) home: Fd,
    pub(super) phase: Phase,
    pub(super) input: Input,
    /// The stamp of the last read.
    pub(super) stamp: [u8; LENGTH],
    /// The stamp of the first line, if that began earlier.
    pub(super) earlier: [u8; LENGTH],
    pub(super) stamper: Stamper,
    udp: Option<Fd>,
}

impl Context {
    pub(super) fn new(options: Options, home: Fd) -> Context {
        Context {
            options,
            home,
            phase: Phase::Reads,
            input: Input::new(options.length),
            stamp: [0; LENGTH],
            earlier: [0; LENGTH],
            stamper: Stamper::new(options.style),
            udp: None,
        }
    }

    /// The stamps of the first line and of the others.
    pub(super) fn stamps(&self) -> (&[u8], &[u8]) {
        if self.stamper.is_off() {
            return (b"", b"");
        }
        (if self.input.held() { &self.earlier } else { &self.stamp }, &self.stamp)
    }

    /// `svlogd: HOW: TEXT: DIR: REASON`.
    pub(super) fn trouble<P: Platform>(p: &mut P, how: &[u8], text: &[u8], dir: &CStr, errno: Errno) {
        VOICE.say(p, b"", &[how, b": ", text, b": ", dir.to_bytes()], Some(errno));
    }

    /// `svlogd: HOW: TEXT`.
    pub(super) fn say<P: Platform>(p: &mut P, how: &[u8], text: &[&[u8]]) {
        let text = crate::fixed::Text::<{ msg::ROOM }>::of(text);
        VOICE.tell(p, &[how, b": ", text.bytes()]);
    }

    /// What is said with `-v` only.
    pub(super) fn info<P: Platform>(&self, p: &mut P, text: &[&[u8]]) {
        if self.options.verbose {
            Context::say(p, b"info", text);
        }
    }

    /// The socket; one serves all directories.
    pub(super) fn socket<P: Platform>(&mut self, p: &mut P) -> Option<Fd> {
        if self.udp.is_none() {
            self.udp = p.datagrams().ok();
        }
        self.udp
    }
}
