//! Configuration from file and environment, without touching the process's environment.

mod leaks;
mod sections;
mod stores;
mod toy;
mod typed;
mod unknown;

use std::{io, path::Path};
use strongroom::{Config, Error, ErrorKind, Result, settings::Vars};

/// An environment in which one file can be read.
fn vars(env: &[(&str, &str)]) -> Vars {
    let read = |path: &Path| match path.to_str() {
        Some("/run/token") => Ok("hunter2\n".to_owned()),
        Some("/run/number") => Ok("30\n".to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    Vars::new(env.iter().copied(), read)
}

fn config(text: &str, env: &[(&str, &str)]) -> Result<Config> {
    Config::parse(text, vars(env))
}

/// The text of a refusal.
#[track_caller]
fn refused(result: Result<impl Sized>) -> String {
    let e: Error = result.err().expect("it must be refused");
    assert_eq!(e.kind(), ErrorKind::ConfigInvalid, "{e}");
    e.to_string()
}
