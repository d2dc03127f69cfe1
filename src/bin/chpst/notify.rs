//! Telling that the program is ready, from one language to another. What does it is a relay: a process of its own
//! beside the program, since the program has chpst's process.
use crate::environment::Environment;
use crate::fatal::Fatal;
use platform::{Args, Errno};
use platform_host::processes::End;
use platform_host::{beside, datagrams, files, ids, program};
use runit::chpst::notify::{MOST, belongs, is_ready};
use std::ffi::CStr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

const VARIABLE: &[u8] = b"NOTIFY_SOCKET";
/// What ps(1) shows.
const NAME: &CStr = c"notify-relay";
/// The relay sleeps until something happens.
const LONG: Duration = Duration::from_secs(1 << 30);
/// Between two looks at a descriptor that takes nothing.
const PAUSE: Duration = Duration::from_secs(1);
/// So many datagrams in one turn: however many there are, the end of the program is seen.
const CROWD: usize = 64;

/// Has READY=1, sent to a socket by the program, told by a newline on the descriptor.
pub fn to_newline(fd: i32, args: Args, environment: &mut Environment) -> Result<(), Fatal> {
    let number = fd.unsigned_abs().to_string();
    let unusable = |why| Fatal::new(&[b"unable to use descriptor ", number.as_bytes()], why);
    let out = program::hide(fd).map_err(unusable)?;
    if !files::is_for_writing(&out).map_err(unusable)? {
        return Err(Fatal::plain(&[b"descriptor is not open for writing: ", number.as_bytes()]));
    }
    let temporary = inherited(b"TMPDIR").filter(|dir| dir.starts_with(b"/")).unwrap_or(b"/tmp");
    let failed = |why| Fatal::new(&[b"unable to make a notify socket"], why);
    let socket = datagrams::receiver(&[b"/run", b"/var/run", temporary]).map_err(failed)?;
    let name = datagrams::name(&socket).map_err(failed)?;
    environment.set(VARIABLE, &name);
    start(args, [socket, out], listen).inspect_err(|_| datagrams::remove(&name))
}

/// The relay of [`to_newline()`]. It reads as long as the program lives, also when everything is said: a socket
/// that is gone is an error to a sender.
fn listen([socket, out]: [OwnedFd; 2], mut end: End) {
    let own = ids::user_of_process();
    let mut out = Some(out);
    let mut ready = false;
    // One byte more: what fills it was longer.
    let mut bytes = [0; MOST + 1];
    loop {
        let pause = if ready && out.is_some() { PAUSE } else { LONG };
        let gone = end.wait(socket.as_fd(), pause);
        // What was sent before the end counts.
        for _ in 0..CROWD {
            let Ok((count, sender)) = datagrams::receive(&socket, &mut bytes) else { break };
            let ours = sender.is_none_or(|it| belongs(it.pid, it.uid, end.pid(), own));
            let cut = count > MOST;
            ready |= ours && is_ready(bytes.get(..count.min(MOST)).unwrap_or_default(), cut);
        }
        if ready {
            out = out.filter(|out| !tell(out));
        }
        if gone {
            return datagrams::name(&socket).map_or((), |name| datagrams::remove(&name));
        }
    }
}

/// Whether it is over with the descriptor. One that takes nothing now is not waited for.
fn tell(out: &OwnedFd) -> bool {
    files::is_writable(out) && files::write(out, b"\n") != Err(Errno::AGAIN)
}

/// Has a newline that the program writes to the descriptor told to the manager's socket.
pub fn from_newline(fd: i32, args: Args, environment: &mut Environment) -> Result<(), Fatal> {
    let number = fd.unsigned_abs().to_string();
    let unusable = |why| Fatal::new(&[b"unable to use descriptor ", number.as_bytes()], why);
    environment.remove(VARIABLE);
    let Some(name) = inherited(VARIABLE).filter(|name| !name.is_empty()) else {
        return program::nothing_onto(fd).map_err(unusable);
    };
    // First: nothing else that is opened can have this number then.
    let from = program::pipe_onto(fd).map_err(unusable)?;
    let manager = datagrams::connected(name)
        .map_err(|why| Fatal::new(&[b"unable to reach notify socket ", name], why))?;
    start(args, [from, manager], pass_on)
}

/// The relay of [`from_newline()`].
fn pass_on([from, manager]: [OwnedFd; 2], mut end: End) {
    let mut bytes = [0; 512];
    loop {
        let gone = end.wait(from.as_fd(), LONG);
        match files::read(&from, &mut bytes) {
            Ok(0) => return,
            Ok(count) if bytes.iter().take(count).any(|byte| *byte == b'\n') => {
                let pid = end.pid().unsigned_abs().to_string();
                let text = [b"READY=1\nMAINPID=".as_slice(), pid.as_bytes()].concat();
                let _ = datagrams::send_for(&manager, &text, end.pid());
                return;
            }
            // What was written before the end counts.
            Ok(_) => {}
            Err(_) if gone => return,
            Err(_) => {}
        }
    }
}

fn start(args: Args, kit: [OwnedFd; 2], body: fn([OwnedFd; 2], End)) -> Result<(), Fatal> {
    beside::start(NAME, args, kit, body).map_err(|why| Fatal::new(&[b"unable to start a relay"], why))
}

/// A variable as chpst was given it.
fn inherited(name: &[u8]) -> Option<&'static [u8]> {
    let entries = program::environment().into_iter().map(CStr::to_bytes);
    entries.filter_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"=")).next()
}
