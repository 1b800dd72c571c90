//! `cargo xtask bench server`: Strongroom beside a bare route, OpenBao and ZenML, in one run on one machine.

mod contender;
mod http;
mod load;
mod report;

use std::path::Path;

use crate::failure::{Failure, Result};
use crate::install;
use crate::run::Runner;
use crate::servers::{Kind, Servers, program};

use contender::{Bare, OpenBao, Strongroom, Zenml};
use load::{Load, Measured};
use report::Row;

/// How many secrets there are in Strongroom and in OpenBao.
const SECRETS: usize = 100_000;
/// In ZenML, where so many would take hours: fewer make it no slower.
const FEW: usize = 50;
/// For how long each load runs, in seconds.
const SECONDS: u32 = 10;
/// How many connections there are at a time.
const CONNECTIONS: [u32; 2] = [8, 64];

/// Runs it and writes `docs/benchmarks.md`.
///
/// # Errors
/// Something is missing or does not work, or we are interrupted.
pub(crate) fn server(runner: &Runner) -> Result<bool> {
    if program("wrk").is_none() {
        return Err("install wrk first: apt-get install wrk".into());
    }
    install::missing(runner, &[Kind::Openbao, Kind::Zenml], false)?;
    let mut build = runner.cargo();
    build.args(["build", "--release", "--package", "strongroom-cli", "--package", "strongroom-server"]);
    build.args(["--bin", "strongroom", "--example", "bare"]);
    if !runner.succeeds(&mut build)? {
        return Ok(false);
    }
    let programs = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| runner.root().join("target"), Into::into)
        .join("release");
    let directory = tempfile::tempdir().map_err(|error| Failure::of("make", "a directory", error))?;
    let place = directory.path();
    let mut rows = Vec::new();

    eprintln!("Strongroom ...");
    let strongroom = Strongroom::start(&programs.join("strongroom"), &place.join("strongroom"))?;
    let creates = strongroom.fill(runner, SECRETS)?;
    let answer = strongroom.one()?;
    std::fs::write(place.join("answer.json"), &answer).map_err(|e| Failure::of("write", "the answer", e))?;
    let reads = reads(runner, place, &strongroom.load())?;
    rows.push(Row::new("Strongroom on SQLite", reads, Some(creates), strongroom.memory(), strongroom.ready));
    drop(strongroom);

    eprintln!("a bare route ...");
    let bare = Bare::start(&programs.join("examples/bare"), &place.join("answer.json"))?;
    let reads = self::reads(runner, place, &bare.load())?;
    rows.insert(0, Row::new("a bare axum route, the same bytes", reads, None, bare.memory(), None));
    drop(bare);

    eprintln!("OpenBao ...");
    let bao = OpenBao::start(runner, &place.join("openbao"))?;
    let creates = bao.fill(runner, SECRETS)?;
    let reads = self::reads(runner, place, &bao.load(SECRETS))?;
    rows.push(Row::new("OpenBao 2.7.2, KV v2 on raft storage", reads, Some(creates), bao.memory(), None));
    drop(bao);

    eprintln!("ZenML ...");
    let (servers, failures) = Servers::start(runner, &[Kind::Zenml])?;
    if let Some((_, failure)) = failures.first() {
        return Err(Failure::Failed(failure.clone()));
    }
    let zenml = Zenml::of(&servers)?;
    let creates = zenml.fill(runner, FEW)?;
    let reads = self::reads(runner, place, &zenml.load()?)?;
    rows.push(Row::new(
        "ZenML server 0.98.0 on SQLite, 50 secrets",
        reads,
        Some(creates),
        zenml.memory(),
        None,
    ));
    drop(servers);

    let text = report::text(&rows);
    print!("{text}");
    let file = runner.root().join("docs/benchmarks.md");
    std::fs::write(&file, text).map_err(|error| Failure::on("write", &file, error))?;
    Ok(true)
}

/// The same load with each number of connections.
fn reads(runner: &Runner, place: &Path, load: &Load) -> Result<Vec<Measured>> {
    // Warm: caches are part of every contender.
    load.run(runner, place, CONNECTIONS[0], 2)?;
    CONNECTIONS.iter().map(|connections| load.run(runner, place, *connections, SECONDS)).collect()
}
