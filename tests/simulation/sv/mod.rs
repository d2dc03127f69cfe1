//! Schedules for sv: the machine of one to four clients, with contrary commands, against runsv, one after
//! the other. Supervisors are told to end, or killed, and followed by the next, at once or after a while;
//! services end, are stubborn, or killed; others write letters.
mod client;
mod truth;

use crate::saboteur::Lie;
use crate::systems;
use crate::watched::{Check, Report, line, locked};
use client::Client;
use platform::{Pid, Signal};
use platform_sim::{Act, Deed, End, Exec, Fact, Kernel, Life, Outcome, Random, Sim, Whom, World, args};
use std::sync::{Arc, Mutex};
use truth::Truth;

const DIR: &str = "/service/x";
const CONTROL: &str = "/service/x/supervise/control";
/// When nobody does anything any more and the supervisor is told to end, in milliseconds.
const LEAVE: u64 = 20_000;
const PROGRAM: Pid = Pid(100);

/// What watches the kernel: the clients are among them.
struct Clients {
    random: Random,
    clients: Vec<Client>,
    truth: Truth,
    trace: Option<Vec<String>>,
    print: u64,
}

struct Shared(Arc<Mutex<Clients>>);

impl World for Shared {
    fn life(&mut self, _: &mut Kernel, exec: &Exec<'_>) -> Life {
        self.0.try_lock().map_or_else(|_| Life::default(), |mut clients| clients.life(exec))
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        let Ok(mut clients) = self.0.try_lock() else { return Ok(()) };
        clients.fact(kernel, fact)
    }
}

impl Clients {
    fn life(&mut self, exec: &Exec<'_>) -> Life {
        let random = &mut self.random;
        if exec.path != b"./run" {
            // While a control script runs, its supervisor reads no commands.
            let long = if random.chance(40) { 2_000 } else { 50 };
            return Life::exits(random.below(long), random.below(2) as u8);
        }
        match random.below(10) {
            0..=4 => Life::forever(),
            5 => Life::forever().on(Signal::Terminate, &[Act::Pause(random.below(2_000)), Act::Exit(0)]),
            6 => Life::forever().on(Signal::Terminate, &[]),
            7 => Life::exits(random.below(50), 1),
            _ => Life::exits(random.below(3_000), 0),
        }
    }

    fn fact(&mut self, kernel: &mut Kernel, fact: &Fact<'_>) -> Check {
        self.print = self.print.rotate_left(5) ^ kernel.now().0;
        if let Some(trace) = &mut self.trace {
            trace.push(line(kernel, fact));
        }
        self.truth.fact(kernel, fact);
        for client in &mut self.clients {
            if let Some(claim) = client.fact(kernel, &mut self.random, fact) {
                if let Some(trace) = &mut self.trace {
                    trace.push(format!("             >>> {claim:?}"));
                }
                self.truth.judge(kernel, &claim)?;
            }
        }
        Ok(())
    }
}

fn prepare(kernel: &mut Kernel, random: &mut Random) {
    for dir in ["/service", DIR, "/service/x/control", "/run"] {
        kernel.directory(dir.as_bytes());
    }
    kernel.file(b"/service/x/run", 0o755);
    if random.chance(30) {
        kernel.file(b"/service/x/finish", 0o755);
    }
    if random.chance(20) {
        kernel.file(b"/service/x/down", 0o644);
    }
    for script in ["/service/x/control/t", "/service/x/control/h", "/service/x/control/u"] {
        if random.chance(40) {
            kernel.file(script.as_bytes(), 0o755);
        }
    }
    if random.chance(20) {
        kernel.faults.stall = 1;
    }
    for _ in 0..random.below(8) {
        let letters: &[&[u8]] = &[b"u", b"d", b"t", b"o", b"k", b"hh12", b"du", b"ud", b"pc", b"x"];
        let deed = match random.below(6) {
            0 => Deed::Signal(Whom::Program, Signal::Terminate),
            1 => Deed::Signal(Whom::Program, Signal::Kill),
            2 => Deed::Signal(Whom::In(DIR, "./run"), Signal::Kill),
            _ => Deed::Send(CONTROL, letters[random.below(letters.len() as u64) as usize].to_vec()),
        };
        kernel.plan(random.below(LEAVE / 2), deed);
    }
    // The stubborn are killed, so that the supervisor can end.
    for later in 0..40 {
        kernel.plan(LEAVE + 500 * later, Deed::Signal(Whom::Program, Signal::Terminate));
        kernel.plan(LEAVE + 500 * later + 100, Deed::Signal(Whom::Others, Signal::Kill));
    }
}

/// Runs the schedule of a seed.
pub(crate) fn schedule(seed: u64, trace: bool, lie: Lie) -> Report {
    let mut random = Random::new(!seed);
    let count = 1 + random.below(4) as u32;
    let clients = (0..count).map(|number| Client::new(number, &mut random, lie)).collect();
    let shared = Arc::new(Mutex::new(Clients {
        random: Random::new(seed ^ 0x7376),
        clients,
        truth: Truth::default(),
        trace: trace.then(Vec::new),
        print: 0,
    }));
    let mut sim = Sim::new(seed, PROGRAM, systems::of(&mut random), Box::new(Shared(Arc::clone(&shared))));
    prepare(&mut sim.kernel, &mut random);
    for client in &locked(&shared).clients {
        client.plan(&mut sim.kernel, &mut random);
    }
    let wrong = run(&mut sim, &mut random);
    let mut clients = locked(&shared);
    let silent = clients.clients.iter().find(|client| !client.is_done());
    let wrong =
        wrong.or_else(|| silent.map(|client| format!("it waits beyond its time, for ever: {client:?}")));
    Report { wrong, trace: clients.trace.take().unwrap_or_default(), print: clients.print }
}

/// One supervisor after the other. What is wrong.
fn run(sim: &mut Sim, random: &mut Random) -> Option<String> {
    let words = args(&["runsv", DIR]);
    let leave = sim.kernel.now().plus_ms(LEAVE);
    for life in 1.. {
        match sim.run(|sim| runit::runsv::main(sim, words)) {
            Outcome::Returned(_) | Outcome::Over(End::Killed(_)) => {}
            Outcome::Over(End::Wrong(text)) | Outcome::Panicked(text) => return Some(text),
            Outcome::Over(End::Quiet) => return None,
            Outcome::Over(end) => return Some(format!("{end:?}")),
        }
        sim.kernel.program_ended();
        let over = sim.kernel.now() >= leave;
        // Often runsvdir has waited for nothing else, and sometimes the time is not up.
        let pause = match random.below(4) {
            _ if over => LEAVE,
            0 => 0,
            1 => random.below(20),
            2 => random.below(1_100),
            _ => random.below(4_000),
        };
        let until = sim.kernel.now().plus_ms(pause);
        sim.kernel.run_until(until);
        match sim.take_end() {
            Some(End::Wrong(text)) => return Some(text),
            _ if over => return None,
            Some(_) | None => {}
        }
        sim.kernel.begin_program(Pid(1_000 * life));
    }
    None
}
