//! The real engine under seeds: nothing is lost, nothing is stale, nothing is left.

#![allow(clippy::print_stdout, reason = "what a run found is for people to read")]

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};
use strongroom_testkit::sim::{self, Mutant, Scenario};

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect("a number of seeds"))
}

/// `STRONGROOM_SIM_SEEDS` seeds (20,000 in `cargo xtask test`) from `STRONGROOM_SIM_FROM` on, on all cores.
#[test]
fn every_history_is_right() {
    let (seeds, from) = (number("STRONGROOM_SIM_SEEDS", 2_000), number("STRONGROOM_SIM_FROM", 0));
    assert!(seeds > 0, "STRONGROOM_SIM_SEEDS: no seed shows nothing: give a number from 1 on");
    let next = AtomicU64::new(from);
    let failed = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds || failed.lock().unwrap().len() >= 5 {
                        return;
                    }
                    if let Err(what) = sim::run(seed, Scenario::default()) {
                        failed.lock().unwrap().push((seed, what));
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    for (seed, what) in &failed {
        println!("seed {seed}: {what}\n  replay: cargo xtask simulate --from {seed} --seeds 1\n");
    }
    assert!(failed.is_empty(), "{} of {seeds} seeds failed", failed.len());
    println!("{seeds} seeds from {from} on are right");
}

#[test]
fn a_seed_replays_the_same_run() {
    for seed in 0..20 {
        assert_eq!(sim::run(seed, Scenario::default()), sim::run(seed, Scenario::default()), "seed {seed}");
    }
}

/// What catches a broken engine is the rule that it lacks, not what was put around it to break it.
#[test]
fn an_engine_that_could_be_broken_and_is_not_is_right() {
    let scenario = Scenario { mutant: Some(Mutant::Nothing) };
    for seed in 0..300 {
        assert_eq!(sim::run(seed, scenario).err(), None, "seed {seed}");
    }
}

/// Each rule of the protocol that can be left out between the engine and what it talks to, left out, is noticed.
#[test]
fn every_broken_engine_is_caught() {
    let seeds = 3_000;
    let results = Mutex::new(Vec::new());
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, |cores| cores.get()) {
            scope.spawn(|| {
                while let Some(mutant) = Mutant::ALL.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let scenario = Scenario { mutant: Some(*mutant) };
                    let caught =
                        (0..seeds).find_map(|seed| sim::run(seed, scenario).err().map(|what| (seed, what)));
                    results.lock().unwrap().push((*mutant, caught));
                }
            });
        }
    });
    let results = results.into_inner().unwrap();
    for (mutant, caught) in &results {
        match caught {
            Some((seed, what)) => {
                println!("{mutant:?}: caught by seed {seed}: {}", what.lines().next().unwrap_or(""))
            }
            None => println!("{mutant:?}: NOT caught by {seeds} seeds"),
        }
    }
    assert!(results.iter().all(|(_, caught)| caught.is_some()), "a broken engine passed");
    let judged = |(_, caught): &(Mutant, Option<(u64, String)>)| {
        caught.as_ref().is_some_and(|(_, what)| !what.starts_with("set-up"))
    };
    assert!(results.iter().all(judged), "one could not even be set up");
}
