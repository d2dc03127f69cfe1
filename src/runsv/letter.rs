//! The control protocol: one byte, one command.

/// A command of the control FIFO.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs)]
pub enum Letter {
    Up,
    Down,
    Once,
    Exit,
    Term,
    Kill,
    Pause,
    Continue,
    Alarm,
    HangUp,
    Interrupt,
    Quit,
    User1,
    User2,
}

impl Letter {
    /// The command of a byte; others, newlines among them, mean nothing.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Letter> {
        Some(match byte {
            b'u' => Letter::Up,
            b'd' => Letter::Down,
            b'o' => Letter::Once,
            b'x' => Letter::Exit,
            b't' => Letter::Term,
            b'k' => Letter::Kill,
            b'p' => Letter::Pause,
            b'c' => Letter::Continue,
            b'a' => Letter::Alarm,
            b'h' => Letter::HangUp,
            b'i' => Letter::Interrupt,
            b'q' => Letter::Quit,
            b'1' => Letter::User1,
            b'2' => Letter::User2,
            _ => return None,
        })
    }
}

/// A control script. There is none for `o`, whose start runs `control/u`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[allow(missing_docs)]
pub enum Script {
    Up,
    Down,
    Exit,
    Term,
    Kill,
    Pause,
    Continue,
    Alarm,
    HangUp,
    Interrupt,
    Quit,
    User1,
    User2,
}

impl Script {
    /// Its path below the service directory.
    #[must_use]
    pub const fn path(self) -> &'static core::ffi::CStr {
        match self {
            Script::Up => c"control/u",
            Script::Down => c"control/d",
            Script::Exit => c"control/x",
            Script::Term => c"control/t",
            Script::Kill => c"control/k",
            Script::Pause => c"control/p",
            Script::Continue => c"control/c",
            Script::Alarm => c"control/a",
            Script::HangUp => c"control/h",
            Script::Interrupt => c"control/i",
            Script::Quit => c"control/q",
            Script::User1 => c"control/1",
            Script::User2 => c"control/2",
        }
    }
}
