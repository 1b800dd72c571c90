//! A simulator of whole deployments: the real engine, in several replicas, under a seed that decides everything.
//!
//! The scheduler interleaves tasks at every await; the catalog and the back-end fail, lose answers, hang and act late;
//! replicas crash and pause. What truly was committed, and in which order, is written down where it happens, and every
//! answer that a client got is checked against it.

mod backend;
mod catalog;
mod check;
mod clients;
mod foreign;
mod judge;
mod model;
mod mutants;
mod operator;
mod refusals;
mod scheduler;
mod troubles;
mod world;
mod wrap;

pub use mutants::Mutant;
pub use world::{Scenario, run};
