//! All that can be measured, by name.
mod many;
mod one;
mod ready;
mod rest;

pub use many::{Costs, costs};

use crate::loggers::{self, Job};
use crate::process;
use crate::tree::Set;

/// The samples of one turn, or why there are none.
pub type Taken = Result<Vec<f64>, String>;

/// Something that can be measured of a set of programs.
#[derive(Clone, Copy)]
pub struct Metric {
    /// Its name, which is also its name in the table of budgets.
    pub name: &'static str,
    /// What a figure counts.
    pub unit: &'static str,
    /// How many turns each set gets.
    pub turns: usize,
    /// Samples in a turn (of the logger: megabytes).
    pub count: usize,
    /// One turn.
    pub take: fn(&Set, usize) -> Taken,
    /// Which figure is the result.
    pub of: Of,
    /// What has the same to do and stands in the place of the other programs.
    pub beside: Option<fn(usize) -> Taken>,
}

/// Which figure of many is the result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// Times: the one in the middle.
    Middle,
    /// Memory: where the kernel puts the stack is drawn by lot, and with it how many pages the same
    /// depth touches.
    Least,
}

const fn metric(
    name: &'static str,
    unit: &'static str,
    (turns, count): (usize, usize),
    take: fn(&Set, usize) -> Taken,
) -> Metric {
    Metric { name, unit, turns, count, take, of: Of::Middle, beside: None }
}

const fn weight(name: &'static str, unit: &'static str, take: fn(&Set, usize) -> Taken) -> Metric {
    Metric { of: Of::Least, ..metric(name, unit, (5, 1), take) }
}

macro_rules! weights {
    ($($who:literal $take:expr;)*) => {
        &[$(
            weight(concat!("size of ", $who), "KiB", |set, _| $take(set, process::size)),
            weight(concat!("resident of ", $who), "KiB", |set, _| $take(set, process::resident)),
            weight(concat!("private of ", $who), "KiB", |set, _| $take(set, process::private)),
            weight(concat!("page tables of ", $who), "KiB", |set, _| $take(set, process::page_tables)),
            weight(concat!("open files of ", $who), "descriptors", |set, _| $take(set, process::files)),
        )*]
    };
}

macro_rules! files {
    ($($name:literal)*) => {
        &[$(metric(concat!("file ", $name), "bytes", (1, 1), |set, _| rest::file(set, $name)),)*]
    };
}

macro_rules! logs {
    ($($name:literal $options:expr, $config:literal, $line:literal, $what:ident;)*) => {
        &[$(metric($name, "CPU s/GB", (3, 100), |set, megabytes| {
            let job = Job { options: &$options, config: $config, line: $line, megabytes };
            Ok(vec![loggers::svlogd(set, &job).$what])
        }),)*]
    };
}

const FILES: &[Metric] =
    files!("runit" "runit-init" "runsvdir" "runsv" "svlogd" "sv" "chpst" "runsvchdir" "utmpset");

const WEIGHTS: &[Metric] = weights!(
    "runit" rest::runit;
    "runsvdir" |set, look| rest::runsvdir(set, 1, look);
    "runsv" rest::runsv;
    "svlogd" rest::svlogd;
);

const TIMES: &[Metric] = &[
    Metric {
        turns: 3,
        ..weight("private of runsvdir of 1000", "KiB", |set, _| rest::runsvdir(set, 1000, process::private))
    },
    metric("link to process", "ms", (3, 20), one::link_to_process),
    metric("taken out to dead", "ms", (3, 20), one::taken_out),
    metric("killed to anew", "ms", (3, 25), one::killed),
    metric("killed runsv to anew", "ms", (3, 6), one::killed_supervisor),
    metric("sv start", "ms", (3, 20), one::start),
    metric("sv start of one that runs", "ms", (3, 20), one::start_running),
    metric("sv stop", "ms", (3, 20), one::stop),
    metric("sv up", "ms", (5, 50), one::up),
    metric("sv down", "ms", (3, 5), one::down),
    metric("sv status of one", "ms", (5, 50), one::status),
    metric("sv status of 1000", "ms", (3, 10), many::status_of_all),
    metric("sv stop of 1000", "ms", (3, 10), many::stop_of_many),
    metric("sv stop of all 1000", "ms", (3, 2), many::stop_of_all),
    metric("sv down of all 1000", "ms", (3, 2), many::down_of_all),
    Metric {
        beside: Some(ready::newline_s6),
        ..metric("newline to sv start", "ms", (3, 15), ready::newline)
    },
    // What others have for it does not compare.
    Metric {
        beside: Some(|_| Err("has no needs".into())),
        ..metric("need to process", "ms", (3, 15), ready::needed)
    },
    Metric {
        beside: Some(|_| Err("has no needs".into())),
        ..metric("1000 chained", "x", (3, 1), ready::chained)
    },
    metric("1000 up", "ms", (3, 1), many::wall_of_1000),
    metric("CPU of 1000 up", "ms", (5, 1), many::cpu_of_1000),
    metric("10000 up", "ms", (1, 1), many::wall_of_10000),
    metric("CPU of 10000 up", "ms", (1, 1), many::cpu_of_10000),
    metric("shutdown of 1000", "ms", (3, 1), many::shutdown),
    metric("CPU of a failed start", "us", (3, 1), many::crash_loop),
    metric("chpst added to an exec", "us", (10, 40), many::added_by_chpst),
    metric("idle wakes in 60 s", "wakes", (1, 1), rest::wakes),
    metric("idle calls in 60 s", "calls", (1, 1), rest::calls),
];

const LOGS: &[Metric] = logs!(
    "log plain" [], "s0\n", 60, cpu;
    "log plain 400" [], "s0\n", 400, cpu;
    "log -t" ["-t"], "s0\n", 60, cpu;
    "log -tt" ["-tt"], "s0\n", 60, cpu;
    "log -tt 400" ["-tt"], "s0\n", 400, cpu;
    "log pattern" [], "s0\n-*error*\n", 60, cpu;
    "log rotation" [], "s1000000\nn5\n", 60, cpu;
);

const LONE: &[Metric] = &[
    Metric {
        beside: Some(|megabytes| {
            Ok(vec![loggers::cat(&Job { options: &[], config: "", line: 60, megabytes }).wall])
        }),
        ..metric("log wall", "s/GB", (3, 100), |set, megabytes| {
            let job = Job { options: &[], config: "s0\n", line: 60, megabytes };
            Ok(vec![loggers::svlogd(set, &job).wall])
        })
    },
    metric("log write to file", "ms", (4, 50), |set, count| Ok(loggers::latency(set, count))),
    metric("log calls per line", "calls", (1, 1), |set, _| traced(loggers::calls(set, false))),
    metric("log calls per lone line", "calls", (1, 1), |set, _| traced(loggers::calls(set, true))),
];

fn traced(calls: Option<f64>) -> Taken {
    Ok(vec![calls.ok_or("needs strace(1), and a kernel that lets it be used")?])
}

/// All of them, in the order of the report.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    [FILES, WEIGHTS, TIMES, LOGS, LONE].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = all().map(|metric| metric.name).collect();
        assert_eq!(names.len(), all().count());
    }
    #[test]
    fn every_program_is_weighed() {
        let files = FILES.iter().map(|metric| metric.name.trim_start_matches("file "));
        assert!(files.eq(runit_tests::programs::names(None)));
    }
}
