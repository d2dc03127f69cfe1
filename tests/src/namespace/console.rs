//! What a console's other end says, as it comes.
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The reading end of a terminal.
#[derive(Debug)]
pub(super) struct Console {
    lines: Arc<Mutex<Vec<String>>>,
    pub(super) over: Arc<AtomicBool>,
    pub(super) keyboard: Arc<OwnedFd>,
    reader: Option<JoinHandle<()>>,
}

impl Console {
    pub(super) fn of(master: OwnedFd, start: Instant, tell: Option<fn(Duration, &str)>) -> Console {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let over = Arc::new(AtomicBool::new(false));
        let mut input = File::from(master.try_clone().expect("a descriptor"));
        let (out, done) = (Arc::clone(&lines), Arc::clone(&over));
        let reader = thread::spawn(move || {
            let mut line = Vec::new();
            let mut bytes = [0; 4096];
            loop {
                // Read before the look at `over`: what was written before the end is here by then.
                let last = done.load(Ordering::Acquire);
                match input.read(&mut bytes) {
                    Ok(count) if count > 0 => {
                        for byte in &bytes[..count] {
                            match byte {
                                b'\n' => {
                                    let text = String::from_utf8_lossy(&line).into_owned();
                                    if let Some(tell) = tell {
                                        tell(start.elapsed(), &text);
                                    }
                                    out.lock().unwrap_or_else(PoisonError::into_inner).push(text);
                                    line.clear();
                                }
                                b'\r' => {}
                                byte => line.push(*byte),
                            }
                        }
                    }
                    // Nobody has it open, or the end of stage 1's session hung it up.
                    _ if !last => thread::sleep(Duration::from_millis(1)),
                    _ => break,
                }
            }
        });
        Console { lines, over, keyboard: Arc::new(master), reader: Some(reader) }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what is left. Whoever had the terminal open must be gone.
    pub(super) fn finish(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.finish();
    }
}
