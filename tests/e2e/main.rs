//! The program as its users meet it: a process with a home directory of its own and nothing in its environment.

#[path = "../asking.rs"]
mod asking;
mod canary;
mod databases;
mod faults;
mod processes;
mod store;
mod support;

mod admin;
mod busy;
mod crashes;
mod damaged;
mod database;
mod devices;
mod documented;
mod drafts;
mod erased;
mod followed;
mod hostile;
mod input;
mod keys;
mod leaks;
mod limits;
mod matrix;
mod mistakes;
mod output;
mod own_account;
mod places;
mod races;
mod remote;
mod remote_zenml;
mod replicas;
mod restored;
mod roots;
mod rotation;
mod schemathesis;
mod secrets;
mod server;
mod services;
mod sizes;
mod terminal;
mod tls;
mod upgrades;
mod usage;
