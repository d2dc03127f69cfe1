//! The static build compiles against the libc crate's idea of glibc and is linked with musl: sizes,
//! offsets and numbers must be the same in both. A C compiler for musl says whether they are.
//!
//! `LAYOUT_CC` names another compiler than `musl-gcc`.
#[cfg(target_os = "linux")]
mod facts;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("layout: 0 passed, 0 failed, 1 skipped");
}

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;
    let compiler = std::env::var("LAYOUT_CC").unwrap_or_else(|_| "musl-gcc".to_owned());
    let facts = facts::all();
    // A wrong number must not pass, wherever it stands.
    let wrong: Vec<_> = facts.iter().map(|(text, value)| (text.clone(), value.wrapping_add(1))).collect();
    match (facts::refused(&compiler, &facts), facts::refused(&compiler, &wrong)) {
        (Ok(0), Ok(seen)) if seen == facts.len() => {
            println!("layout: {} passed, 0 failed, 0 skipped", facts.len());
            ExitCode::SUCCESS
        }
        (Ok(refused), Ok(seen)) => {
            println!("{refused} facts are wrong; of {} wrong ones {seen} were noticed", facts.len());
            println!("layout: 0 passed, 1 failed, 0 skipped");
            ExitCode::FAILURE
        }
        (Err(why), _) | (_, Err(why)) => {
            println!("layout: {compiler}: {why}");
            println!("layout: 0 passed, 0 failed, 1 skipped");
            ExitCode::from(3)
        }
    }
}
