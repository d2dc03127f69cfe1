//! Times: taken often, one figure made of them.
use std::time::{Duration, Instant};

/// Takes the time of `act` this often, with `prepare` before each, and returns the median in ms.
pub fn median<T>(count: usize, mut prepare: impl FnMut() -> T, mut act: impl FnMut(T)) -> f64 {
    let mut times: Vec<Duration> = (0..count)
        .map(|_| {
            let prepared = prepare();
            let start = Instant::now();
            act(prepared);
            start.elapsed()
        })
        .collect();
    middle(&mut times)
}

fn middle(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

/// Looks without pause until there is something to see: the measurement is finer than any sleep.
///
/// # Panics
/// After twenty seconds.
pub fn spin<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "in vain: {what}");
        // The other processes need the processor as well.
        std::thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_one() {
        let mut times = [5, 1, 3].map(Duration::from_millis);
        assert!((middle(&mut times) - 3.0).abs() < 0.001);
    }
}
