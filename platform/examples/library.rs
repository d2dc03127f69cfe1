//! Compares the few functions of a C library that compilers call by themselves with obvious loops.
//! It is a program like the resident ones, so it has whatever library those are linked with.
#![cfg_attr(not(test), no_std, no_main)]
use core::ffi::{CStr, c_int, c_void};
use core::hint::black_box;
use platform::{Args, Files, Os, Procs, Signal, Target};

platform::entry!(run);

unsafe extern "C" {
    fn memcpy(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void;
    fn memmove(to: *mut c_void, from: *const c_void, count: usize) -> *mut c_void;
    fn memset(to: *mut c_void, byte: c_int, count: usize) -> *mut c_void;
    fn memcmp(one: *const c_void, other: *const c_void, count: usize) -> c_int;
    fn strlen(text: *const c_void) -> usize;
}

const ROOM: usize = 96;

/// Bytes that look like chance, none of them 0.
fn bytes(seed: u32) -> [u8; ROOM] {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    core::array::from_fn(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8 | 1
    })
}

struct Count {
    passed: u32,
    failed: u32,
}

impl Count {
    fn check(&mut self, fine: bool) {
        *if fine { &mut self.passed } else { &mut self.failed } += 1;
    }
}

// What is tested cannot be its own witness.
#[allow(clippy::manual_memcpy)]
fn copies(count: &mut Count) {
    for from in 0..24 {
        for to in 0..24 {
            for len in [0, 1, 2, 7, 8, 9, 15, 16, 17, 40, 64] {
                let source = bytes(from as u32 * 31 + to as u32);
                let mut wanted = source;
                for at in 0..len {
                    wanted[to + at] = source[from + at];
                }
                let mut moved = source;
                let room: *mut u8 = black_box(moved.as_mut_ptr());
                // SAFETY: both ends are within the array.
                let answer = unsafe { memmove(room.add(to).cast(), room.add(from).cast(), len) };
                // SAFETY: within the array.
                count.check(moved == wanted && answer == unsafe { room.add(to) }.cast());
                let mut copied = source;
                let room: *mut u8 = black_box(copied.as_mut_ptr());
                // SAFETY: within two arrays.
                unsafe { memcpy(room.add(to).cast(), source.as_ptr().add(from).cast(), len) };
                count.check(copied == wanted);
            }
        }
    }
}

fn fills_and_differences(count: &mut Count) {
    for len in 0..ROOM {
        let mut filled = bytes(1);
        // SAFETY: within the array.
        unsafe { memset(black_box(filled.as_mut_ptr()).cast(), 0x1a5, len) };
        count.check((0..ROOM).all(|at| filled[at] == if at < len { 0xa5 } else { bytes(1)[at] }));
        let mut text = bytes(2);
        text[len] = 0;
        // SAFETY: there is a 0.
        count.check(unsafe { strlen(black_box(text.as_ptr()).cast()) } == len);
        for at in 0..ROOM {
            let (one, mut other) = (bytes(3), bytes(3));
            other[at] ^= 0x80;
            let (a, b) = (black_box(one.as_ptr()).cast(), black_box(other.as_ptr()).cast());
            // SAFETY: within the arrays.
            let (there, back) = unsafe { (memcmp(a, b, len), memcmp(b, a, len)) };
            let less = one[at] < other[at];
            let wanted = if at >= len {
                0
            } else if less {
                -1
            } else {
                1
            };
            count.check(there.signum() == wanted && back.signum() == -wanted);
            let found = platform::find(&one[..len], one[at]);
            count.check(found == one[..len].iter().position(|byte| *byte == one[at]));
        }
    }
}

/// What has more in it than a jump into the kernel.
fn system(os: &mut Os, count: &mut Count) {
    count.check(
        os.read(platform::Fd(99), &mut [0])
            .is_err_and(|errno| errno.text().bytes() == b"file descriptor not open"),
    );
    count.check(os.kill(Target::One(platform::Pid(i32::MAX)), Signal::Kill).is_err());
    count.check(os.stat(c"/").is_ok_and(|meta| meta.kind == platform::Kind::Directory));
}

fn run(os: &mut Os, args: Args) -> u8 {
    let mut count = Count { passed: 0, failed: 0 };
    count.check(args.get(0).is_some() && args.get(1) == Some(c"two words") && args.get(2).is_none());
    copies(&mut count);
    fills_and_differences(&mut count);
    system(os, &mut count);
    let fine = count.failed == 0;
    let mut line = [0; 64];
    let mut at = 0;
    let mut put = |text: &[u8]| {
        line[at..at + text.len()].copy_from_slice(text);
        at += text.len();
    };
    put(b"library: ");
    for (number, word) in [(count.passed, c" passed, "), (count.failed, c" failed\n")] {
        let mut digits = [b'0'; 8];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let zeros = digits.iter().take(7).take_while(|digit| **digit == b'0').count();
        put(&digits[zeros..]);
        put(CStr::to_bytes(word));
    }
    let _ = os.write(platform::Fd::STDOUT, &line[..at]);
    u8::from(!fine)
}
