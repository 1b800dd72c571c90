//! Processes that are killed without a warning.

mod model;
mod random;
mod windows;
mod worker;
