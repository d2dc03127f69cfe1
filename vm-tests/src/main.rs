//! `vm-tests list`, `vm-tests run MACHINE`.
use std::process::ExitCode;
use vm_tests::linux::{self, Fail};

/// The machines there are.
const MACHINES: [&str; 2] = ["linux-debian", "linux-initramfs"];
/// The exit code of a test that needs something that is not here.
const MISSING: u8 = 3;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["list"] => {
            MACHINES.iter().for_each(|name| println!("{name}"));
            ExitCode::SUCCESS
        }
        ["run", machine] if MACHINES.contains(&machine) => {
            let result = linux::run(machine, |time, what| println!("{:8.3} {what}", time.as_secs_f64()));
            match result {
                Ok(count) => {
                    println!("{machine}: {count} passed, 0 failed");
                    ExitCode::SUCCESS
                }
                Err(Fail::Missing(what)) => {
                    eprintln!("{machine}: {what}");
                    ExitCode::from(MISSING)
                }
                Err(Fail::Wrong(what)) => {
                    println!("{what}");
                    println!("{machine}: 0 passed, 1 failed");
                    ExitCode::FAILURE
                }
            }
        }
        _ => {
            eprintln!("usage: vm-tests list | run MACHINE");
            ExitCode::from(100)
        }
    }
}
