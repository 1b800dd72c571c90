//! The program as its users meet it: a process with a home directory of its own and nothing in its environment.

mod support;

mod admin;
mod database;
mod hostile;
mod input;
mod keys;
mod limits;
mod output;
mod places;
mod secrets;
mod terminal;
mod usage;
