//! The parts that run tests.

use std::process::Command;

use crate::chores;
use crate::failure::Result;
use crate::run::Runner;
use crate::servers::{Kind, Servers};
use crate::tally::Tally;
use crate::workspace::Workspace;

use super::{Part, report::Report};

/// How many histories are simulated unless the environment says otherwise.
const SEEDS: &str = "20000";

/// The same for every run, so that nothing is compiled twice.
const EVERYTHING: [&str; 4] = ["test", "--workspace", "--all-features", "--no-fail-fast"];

/// Tests of what cannot be installed here, by a part of their names: they run where this variable names it.
const ELSEWHERE: [(&str, &str); 1] = [("hashicorp_vault", "STRONGROOM_TEST_HASHICORP_VAULT")];

/// Test targets that mostly wait, for pauses between attempts and limits of time: so many of their tests run at once.
const WAITING: [&str; 3] = ["broken", "doubt", "faults"];
const AT_ONCE: &str = "8";

/// The tests, built, and the servers they need, running.
#[derive(Debug)]
pub(crate) struct Suites<'a> {
    runner: &'a Runner,
    workspaces: &'a [Workspace; 2],
    servers: Servers,
}

impl<'a> Suites<'a> {
    /// Builds all tests and starts the servers; `None` when the build fails. A server that does not start
    /// is a failure in the report where nobody would notice a skipped test, else only told.
    ///
    /// # Errors
    /// Cargo cannot be started, or we are interrupted.
    pub(crate) fn prepare(
        runner: &'a Runner,
        workspaces: &'a [Workspace; 2],
        kinds: &[Kind],
        report: &mut Report,
    ) -> Result<Option<Self>> {
        for workspace in workspaces {
            if !runner.succeeds(everything(runner, workspaces, workspace).arg("--no-run"))? {
                return Ok(None);
            }
        }
        let (servers, failures) = Servers::start(runner, kinds)?;
        let strict = std::env::var("CI").is_ok_and(|ci| ci == "true");
        for (kind, failure) in failures {
            if strict {
                println!("error: {}: {failure}", kind.name());
                report.add(kind.name(), Tally::FAILED, "not started");
            } else {
                println!("warning: {}: its tests are skipped: {failure}", kind.name());
            }
        }
        Ok(Some(Self { runner, workspaces, servers }))
    }

    /// Runs the tests of one part.
    ///
    /// # Errors
    /// Cargo cannot be started, or we are interrupted.
    pub(crate) fn run(&self, part: Part) -> Result<Tally> {
        let mut tally = Tally::default();
        for workspace in self.workspaces {
            let (waiting, busy) =
                workspace.targets(part).into_iter().partition(|target| WAITING.contains(target));
            let (waiting, mut busy) = (chosen(waiting), chosen(busy));
            if part == Part::Unit {
                busy.extend(["--lib", "--bins"]);
            }
            let mut options = self.test_options();
            if !busy.is_empty() {
                tally += self.cargo_test(workspace, &busy, &options)?;
            }
            if !waiting.is_empty() {
                options.extend(["--test-threads", AT_ONCE]);
                tally += self.cargo_test(workspace, &waiting, &options)?;
            }
            if part == Part::Unit {
                // An ignored example of the documentation is not meant to be run, whatever is running.
                tally += self.cargo_test(workspace, &["--doc"], &[])?;
            }
        }
        if tally.passed + tally.failed == 0 {
            println!("failed: no test of this part ran");
            tally += Tally::FAILED;
        }
        Ok(tally)
    }

    /// What the tests ran on.
    pub(crate) fn backends(&self) -> String {
        let running = self.servers.kinds().map(Kind::name);
        let absent = self.absent().map(Kind::name).chain(elsewhere());
        let absent = absent.map(|name| format!("without {name}"));
        let all: Vec<String> =
            ["sqlite"].into_iter().chain(running).map(String::from).chain(absent).collect();
        all.join(", ")
    }

    fn absent(&self) -> impl Iterator<Item = Kind> {
        Kind::TESTS.into_iter().filter(|kind| self.servers.kinds().all(|running| running != *kind))
    }

    /// Tests that need a server are ignored ones, so that a plain `cargo test` shows that it left them out.
    fn test_options(&self) -> Vec<&'static str> {
        if self.servers.kinds().next().is_none() {
            return Vec::new();
        }
        let absent = self.absent().map(Kind::name);
        let left_out = absent.chain(elsewhere());
        ["--include-ignored"].into_iter().chain(left_out.flat_map(|name| ["--skip", name])).collect()
    }

    fn cargo_test(&self, workspace: &Workspace, chosen: &[&str], options: &[&str]) -> Result<Tally> {
        let mut command = everything(self.runner, self.workspaces, workspace);
        command.args(chosen).arg("--").args(options);
        self.servers.apply(&mut command);
        if std::env::var_os(chores::SEEDS).is_none() {
            command.env(chores::SEEDS, SEEDS);
        }
        let mut tally = Tally::default();
        let status = self.runner.lines(&mut command, |line| {
            println!("{line}");
            tally += Tally::from_line(line).unwrap_or_default();
        })?;
        if !status.success() && tally.failed == 0 {
            println!("failed: a test program ended without a result");
            tally += Tally::FAILED;
        }
        Ok(tally)
    }
}

fn chosen(targets: Vec<&str>) -> Vec<&str> {
    targets.into_iter().flat_map(|target| ["--test", target]).collect()
}

/// Of [`ELSEWHERE`], what is left out.
fn elsewhere() -> impl Iterator<Item = &'static str> {
    let absent = ELSEWHERE.iter().filter(|(_, variable)| std::env::var_os(variable).is_none());
    absent.map(|(name, _)| *name)
}

/// The command that tests a workspace. What ours has compiled serves the other one too, where it is the same.
fn everything(runner: &Runner, [ours, _]: &[Workspace; 2], workspace: &Workspace) -> Command {
    let mut command = runner.cargo();
    command.args(EVERYTHING).args(workspace.arguments());
    if workspace.manifest.is_some() {
        command.env("CARGO_TARGET_DIR", &ours.target);
    }
    command
}
