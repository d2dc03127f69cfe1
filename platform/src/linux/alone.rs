//! The part of a C library that the resident programs call, for Linux on x86_64: built with
//! `--cfg runit_no_libc` they are linked with nothing else. It is a fifth of a static program
//! otherwise, with start-up code for threads, locales and streams that nobody here has.
//!
//! Each function has the name, the arguments and the answer that its manual page says. Whoever calls
//! them declares them as the libc crate does; only what those declarations share with the kernel
//! passes through unchanged. See docs/adr/0004-no-c-library.md.
use core::arch::global_asm;
use core::ffi::{CStr, c_char, c_int};
use core::ptr;

// The kernel's calling convention: the number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; the
// answer in rax, from -4095 to -1 for an error. A function's fourth argument is in rcx, which the
// kernel overwrites.
global_asm!(
    ".pushsection .text.runit_answer, \"ax\", @progbits",
    "runit_answer:",
    "mov r10, rcx",
    "syscall",
    "cmp rax, -4095",
    "jae 2f",
    "ret",
    "2: neg eax",
    "mov dword ptr [{errno}], eax",
    "or rax, -1",
    "ret",
    ".popsection",
    errno = sym ERRNO,
);

/// A function that is a system call, with what has to be added to its arguments.
macro_rules! calls {
    ($($name:literal $number:ident $($more:literal)?;)*) => { $(
        global_asm!(
            concat!(".pushsection .text.", $name, ", \"ax\", @progbits"),
            concat!(".globl ", $name),
            concat!($name, ":"),
            $($more,)?
            "mov eax, {number}",
            "jmp runit_answer",
            ".popsection",
            number = const libc::$number,
        );
    )* };
}

calls! {
    "_exit" SYS_exit_group;
    "access" SYS_access;
    "chdir" SYS_chdir;
    "chmod" SYS_chmod;
    "clock_gettime" SYS_clock_gettime;
    "close" SYS_close;
    "dup2" SYS_dup2;
    "execve" SYS_execve;
    "fchdir" SYS_fchdir;
    "fchmod" SYS_fchmod;
    "fcntl" SYS_fcntl;
    "flock" SYS_flock;
    "fstat" SYS_fstat;
    "fstatat" SYS_newfstatat;
    "fsync" SYS_fsync;
    "ftruncate" SYS_ftruncate;
    "getpgrp" SYS_getpgrp;
    "getpid" SYS_getpid;
    "inotify_add_watch" SYS_inotify_add_watch;
    "inotify_init1" SYS_inotify_init1;
    "inotify_rm_watch" SYS_inotify_rm_watch;
    "ioctl" SYS_ioctl;
    "kill" SYS_kill;
    "mkdirat" SYS_mkdirat;
    // mknodat(2) with S_IFIFO and no device.
    "mkfifoat" SYS_mknodat "or edx, 0x1000; xor ecx, ecx";
    "mmap" SYS_mmap;
    "munmap" SYS_munmap;
    "pipe2" SYS_pipe2;
    "poll" SYS_poll;
    // The size of the kernel's signal set comes last.
    "ppoll" SYS_ppoll "mov r8d, 8";
    "pread" SYS_pread64;
    "read" SYS_read;
    "readlinkat" SYS_readlinkat;
    // The numbers that keep it from happening by accident come first (<linux/reboot.h>).
    "reboot" SYS_reboot "mov edx, edi; mov edi, 0xfee1dead; mov esi, 672274793";
    "renameat" SYS_renameat;
    "sendto" SYS_sendto;
    "setpgid" SYS_setpgid;
    "setsid" SYS_setsid;
    // The size of the kernel's signal set comes before the flags.
    "signalfd" SYS_signalfd4 "mov ecx, edx; mov edx, 8";
    "sigprocmask" SYS_rt_sigprocmask "mov ecx, 8";
    "sigtimedwait" SYS_rt_sigtimedwait "mov ecx, 8";
    "socket" SYS_socket;
    "statfs" SYS_statfs;
    "sync" SYS_sync;
    "unlinkat" SYS_unlinkat;
    // No usage is asked for.
    "waitpid" SYS_wait4 "xor ecx, ecx";
    "write" SYS_write;
}

global_asm!(
    // The kernel leaves the count of the arguments on the stack, the arguments behind it, and
    // the environment behind those (ELF's ABI for x86_64). The stack is aligned there.
    ".pushsection .text._start, \"ax\", @progbits",
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "call {begin}",
    ".popsection",
    // syscall(2): everything moves by one.
    ".pushsection .text.syscall, \"ax\", @progbits",
    ".globl syscall",
    "syscall:",
    "mov rax, rdi",
    "mov rdi, rsi",
    "mov rsi, rdx",
    "mov rdx, rcx",
    "mov rcx, r8",
    "mov r8, r9",
    "mov r9, [rsp + 8]",
    "jmp runit_answer",
    ".popsection",
    // What compilers call by themselves. Short ones cost little more than long ones so.
    ".pushsection .text.memcpy, \"ax\", @progbits",
    ".globl memcpy",
    "memcpy:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    ".popsection",
    ".pushsection .text.memmove, \"ax\", @progbits",
    ".globl memmove",
    "memmove:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "sub rdi, rsi",
    "cmp rdi, rdx",
    "mov rdi, rax",
    "jb 2f",
    "rep movsb",
    "ret",
    // The destination begins within the source: from the end.
    "2: lea rdi, [rdi + rcx - 1]",
    "lea rsi, [rsi + rcx - 1]",
    "std",
    "rep movsb",
    "cld",
    "ret",
    ".popsection",
    ".pushsection .text.memset, \"ax\", @progbits",
    ".globl memset",
    "memset:",
    "mov r8, rdi",
    "mov eax, esi",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
    ".popsection",
    ".pushsection .text.memcmp, \"ax\", @progbits",
    ".globl memcmp",
    ".globl bcmp",
    "memcmp:",
    "bcmp:",
    "xor eax, eax",
    "mov rcx, rdx",
    // Nothing to compare is equal.
    "cmp rax, rax",
    "repe cmpsb",
    "je 2f",
    "movzx eax, byte ptr [rdi - 1]",
    "movzx ecx, byte ptr [rsi - 1]",
    "sub eax, ecx",
    "2: ret",
    ".popsection",
    ".pushsection .text.strlen, \"ax\", @progbits",
    ".globl strlen",
    "strlen:",
    "xor eax, eax",
    "or rcx, -1",
    "repne scasb",
    "not rcx",
    "lea rax, [rcx - 1]",
    "ret",
    ".popsection",
    begin = sym begin,
);

unsafe extern "C" {
    // SAFETY: defined by `entry!` in every program.
    fn main(argc: c_int, argv: *mut *mut c_char) -> c_int;
    fn _exit(code: c_int) -> !;
}

/// One thread, so one number.
static mut ERRNO: c_int = 0;

/// errno(3).
#[unsafe(no_mangle)]
extern "C" fn __errno_location() -> *mut c_int {
    &raw mut ERRNO
}

/// environ(7).
#[unsafe(no_mangle)]
static mut environ: *const *const c_char = ptr::null();

/// From the kernel to `main`.
///
/// # Safety
/// `stack` must be what the kernel left.
unsafe extern "C" fn begin(stack: *mut usize) -> ! {
    // SAFETY: the count comes first, the arguments behind it, a null, and the environment.
    unsafe {
        let (count, list) = (*stack, stack.add(1));
        environ = list.add(count).add(1).cast();
        _exit(main(count as c_int, list.cast()))
    }
}

/// abort(3): what no handler can stop, and nothing is flushed.
#[unsafe(no_mangle)]
extern "C" fn abort() -> ! {
    // SAFETY: an instruction that the processor refuses.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}

/// getenv(3).
///
/// # Safety
/// `name` must be a string.
#[unsafe(no_mangle)]
unsafe extern "C" fn getenv(name: *const c_char) -> *const c_char {
    // SAFETY: promised.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes();
    // SAFETY: set at the start; one thread.
    let mut at = unsafe { environ };
    loop {
        // SAFETY: the list ends with null, where the loop does.
        let entry = unsafe { *at };
        if entry.is_null() {
            return ptr::null();
        }
        // SAFETY: the list holds strings.
        let text = unsafe { CStr::from_ptr(entry) }.to_bytes();
        if text.strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'=')) {
            // SAFETY: the name and the equals sign are within the string.
            return unsafe { entry.add(name.len() + 1) };
        }
        // SAFETY: not the end yet.
        at = unsafe { at.add(1) };
    }
}

/// memchr(3), eight bytes at a time.
///
/// # Safety
/// `count` bytes must be there.
#[unsafe(no_mangle)]
unsafe extern "C" fn memchr(bytes: *const u8, byte: c_int, count: usize) -> *const u8 {
    const ONES: u64 = u64::MAX / 255;
    let (byte, mut at) = (byte as u8, 0);
    while at + 8 <= count {
        // SAFETY: eight bytes are there.
        let word = unsafe { bytes.add(at).cast::<u64>().read_unaligned() } ^ (ONES * u64::from(byte));
        // The lowest byte that is 0 now has its highest bit set; wrong ones lie above it only.
        let zeros = word.wrapping_sub(ONES) & !word & (ONES << 7);
        if zeros != 0 {
            // SAFETY: one of the eight.
            return unsafe { bytes.add(at + zeros.trailing_zeros() as usize / 8) };
        }
        at += 8;
    }
    while at < count {
        // SAFETY: below `count`.
        let place = unsafe { bytes.add(at) };
        // SAFETY: as above.
        if unsafe { *place } == byte {
            return place;
        }
        at += 1;
    }
    ptr::null()
}

/// tcsetpgrp(3).
#[unsafe(no_mangle)]
extern "C" fn tcsetpgrp(fd: c_int, group: libc::pid_t) -> c_int {
    // SAFETY: the call reads one number.
    unsafe { libc::ioctl(fd, libc::TIOCSPGRP, &raw const group) }
}

/// The kernel's set has 64 signals; callers have room for more.
///
/// # Safety
/// `set` must be a set.
#[unsafe(no_mangle)]
unsafe extern "C" fn sigemptyset(set: *mut u64) -> c_int {
    // SAFETY: promised.
    unsafe { *set = 0 };
    0
}

/// sigaddset(3).
///
/// # Safety
/// `set` must be a set that was emptied.
#[unsafe(no_mangle)]
unsafe extern "C" fn sigaddset(set: *mut u64, signal: c_int) -> c_int {
    // SAFETY: promised.
    unsafe { *set |= 1 << (signal - 1) };
    0
}

/// sigdelset(3).
///
/// # Safety
/// `set` must be a set that was emptied.
#[unsafe(no_mangle)]
unsafe extern "C" fn sigdelset(set: *mut u64, signal: c_int) -> c_int {
    // SAFETY: promised.
    unsafe { *set &= !(1 << (signal - 1)) };
    0
}

/// signal(2), for SIG_DFL and SIG_IGN: a handler would have nowhere to return to, and there is none
/// (`signalfd.rs`).
#[unsafe(no_mangle)]
extern "C" fn signal(number: c_int, disposition: usize) -> usize {
    // <asm/signal.h>: disposition, flags, restorer, mask.
    let new = [disposition, 0, 0, 0];
    let mut old = [libc::SIG_ERR; 4];
    // SAFETY: records of the kernel's layout, and the size of its set.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, number, new.as_ptr(), old.as_mut_ptr(), 8_usize) };
    old[0]
}
