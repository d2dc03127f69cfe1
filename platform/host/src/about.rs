//! What this machine offers to process 1 and to supervisors, for who administers it: `sv --platform`.
use platform::{Boot, Os, Request, Signal, Watch};

cfg_if::cfg_if! {
    if #[cfg(target_os = "linux")] {
        #[path = "about/linux.rs"]
        mod system;
    } else if #[cfg(any(target_os = "freebsd", target_os = "dragonfly"))] {
        #[path = "about/freebsd.rs"]
        mod system;
    } else if #[cfg(target_os = "openbsd")] {
        #[path = "about/openbsd.rs"]
        mod system;
    } else if #[cfg(target_os = "netbsd")] {
        #[path = "about/netbsd.rs"]
        mod system;
    } else if #[cfg(target_os = "macos")] {
        #[path = "about/macos.rs"]
        mod system;
    } else if #[cfg(any(target_os = "illumos", target_os = "solaris"))] {
        #[path = "about/solaris.rs"]
        mod system;
    } else {
        compile_error!("this system is not described yet: add platform/host/src/about/NAME.rs and name it here");
    }
}

/// What each system's file says of it.
struct About {
    /// How the kernel finds process 1.
    chosen: &'static str,
    /// What ends the system, from `runit`'s point of view.
    restart: &'static str,
    halt: &'static str,
    power_off: &'static str,
    /// Where logins are recorded.
    records: &'static str,
    /// What tells of changes in a directory.
    watch: &'static str,
    /// The settings that matter here (sysctl(8)).
    settings: &'static [&'static str],
}

/// What is known about something, under a name.
pub type Row = (String, String);

/// The table for this machine.
#[must_use]
pub fn rows() -> Vec<Row> {
    let About { chosen, restart, halt, power_off, records, watch, settings } = system::ABOUT;
    let mut rows: Vec<Row> = vec![("system".into(), name())];
    let mut row = |what: &str, text: String| rows.push((what.into(), text));
    row("process 1", chosen.into());
    row("requests", requests(&Os::new()));
    row("restart", restart.into());
    row("halt", halt.into());
    row("power off", power_off.into());
    row("ctrl-alt-del", system::key());
    row("login records", records.into());
    // Asked, not assumed: some file systems cannot tell.
    let told = Os::new().watch(c".");
    row("directory watch", if told { watch.into() } else { "none here: looked at every 5 seconds".into() });
    row("contained services", format!("found {}", system::contains()));
    for setting in settings {
        row(setting, system::setting(setting).unwrap_or_else(|| "not to be had".into()));
    }
    rows
}

/// `Linux 6.1.0 x86_64`.
fn name() -> String {
    match nix::sys::utsname::uname() {
        Ok(name) => {
            let parts = [name.sysname(), name.release(), name.machine()];
            parts.map(|part| part.to_string_lossy().into_owned()).join(" ")
        }
        Err(why) => why.to_string(),
    }
}

/// The signals that process 1 understands, and as what.
fn requests(os: &Os) -> String {
    let understood = os.requests().iter().filter_map(|(signal, request)| {
        let request = match request {
            Request::Control => "look at stopit and reboot",
            Request::CtrlAltDel => "run ctrlaltdel",
            Request::Reboot => "restart",
            Request::Halt => "halt",
            Request::PowerOff => "power off",
            Request::PowerCycle => "power off and on",
            Request::Catatonia => "stand still until HUP",
            Request::Resume | Request::Nothing => return None,
        };
        Some(format!("{}: {request}", signal_name(*signal)))
    });
    understood.collect::<Vec<_>>().join("; ")
}

const fn signal_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Alarm => "ALRM",
        Signal::Child => "CHLD",
        Signal::Continue => "CONT",
        Signal::HangUp => "HUP",
        Signal::Interrupt => "INT",
        Signal::Kill => "KILL",
        Signal::Pipe => "PIPE",
        Signal::PowerFail => "PWR",
        Signal::Quit => "QUIT",
        Signal::Stop => "STOP",
        Signal::Terminate => "TERM",
        Signal::TerminalStop => "TSTP",
        Signal::User1 => "USR1",
        Signal::User2 => "USR2",
        Signal::WindowChange => "WINCH",
        Signal::Emulator => "EMT",
        Signal::Arithmetic => "FPE",
        Signal::Io => "IO",
    }
}

/// What a setting that is 0 or 1 means for the key.
#[cfg(not(any(target_os = "illumos", target_os = "solaris", target_os = "macos", target_os = "netbsd")))]
fn key_by(name: &str, zero: &str, one: &str) -> String {
    match system::setting(name).as_deref() {
        Some("0") => format!("{zero} ({name} is 0)"),
        Some(value) => format!("{one} ({name} is {value})"),
        None => format!("unknown: {name} is not to be had"),
    }
}

/// The answer of sysctl(8), where no crate reads settings.
#[cfg(any(target_os = "openbsd", target_os = "netbsd"))]
fn by_program(name: &str) -> Option<String> {
    let output = std::process::Command::new("/sbin/sysctl").args(["-n", name]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

/// A setting by sysctl(3).
#[cfg(any(target_os = "freebsd", target_os = "macos"))]
fn by_crate(name: &str) -> Option<String> {
    use sysctl::Sysctl;
    sysctl::Ctl::new(name).ok()?.value_string().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_says_something() {
        let rows = rows();
        assert!(rows.len() > 8);
        for (what, text) in &rows {
            assert!(!what.is_empty() && !text.is_empty() && !text.contains('\n'), "{what}: {text}");
        }
        assert!(rows.iter().any(|(what, text)| what == "contained services" && text.starts_with("found ")));
        assert!(rows.iter().any(|(what, text)| what == "requests" && text.contains("CONT: look at stopit")));
    }
}
