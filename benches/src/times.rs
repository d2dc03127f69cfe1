//! Times: taken often, one figure made of them.
use std::time::{Duration, Instant};

/// A turn takes no new sample after this long: who polls is slow, and everybody waits for the end.
const TURN: Duration = Duration::from_secs(8);

/// Takes the time of `act` this often, with `prepare` before each, in ms. At least one sample, and
/// fewer than asked for if they take long.
pub fn samples<T>(count: usize, mut prepare: impl FnMut() -> T, mut act: impl FnMut(T)) -> Vec<f64> {
    let mut times = Vec::with_capacity(count);
    let begun = Instant::now();
    while times.len() < count.max(1) && (times.is_empty() || begun.elapsed() < TURN) {
        let prepared = prepare();
        let start = Instant::now();
        act(prepared);
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    times
}

/// The one in the middle; NaN of nothing.
#[must_use]
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
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
        assert_eq!(median(&[5.0, 1.0, 3.0]).to_bits(), 3.0_f64.to_bits());
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn as_many_as_asked_for() {
        let mut acts = 0;
        assert_eq!(samples(4, || (), |()| acts += 1).len(), 4);
        assert_eq!(acts, 4);
    }
}
