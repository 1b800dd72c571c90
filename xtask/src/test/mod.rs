//! `cargo xtask test`: all parts, one report.

mod checks;
mod part;
mod report;
mod suites;

pub(crate) use part::Part;

use crate::failure::Result;
use crate::install;
use crate::run::Runner;
use crate::servers::Kind;
use crate::tally::Tally;
use crate::workspace::{EXAMPLES, Workspace};

use report::Report;
use suites::Suites;

/// Runs `parts` in their order and prints the report; returns whether nothing failed.
///
/// # Errors
/// Nothing could be run at all, or we are interrupted. What fails later is in the report.
pub(crate) fn run(runner: &Runner, parts: &[Part], without: &[Kind]) -> Result<bool> {
    let has_suites = parts.iter().any(|part| part.is_suite());
    let kinds: Vec<Kind> =
        Kind::TESTS.into_iter().filter(|kind| has_suites && !without.contains(kind)).collect();
    install::missing(runner, &kinds, parts.contains(&Part::Deny))?;
    let workspaces = [Workspace::read(runner, None)?, Workspace::read(runner, Some(EXAMPLES))?];
    let [ours, examples] = &workspaces;

    let mut report = Report::default();
    let mut suites = None;
    let mut built = true;
    for part in Part::ALL.into_iter().filter(|part| parts.contains(part)) {
        println!("\n=== {}", part.name());
        let (tally, note) = match part {
            Part::Fmt => (checks::fmt(runner)?, String::new()),
            Part::Lint => (checks::lint(runner, ours, examples)?, String::new()),
            Part::Deny => (checks::deny(runner)?, String::new()),
            Part::Unit | Part::Conformance | Part::Simulate | Part::E2e => {
                if built && suites.is_none() {
                    suites = Suites::prepare(runner, &workspaces, &kinds, &mut report)?;
                    built = suites.is_some();
                }
                match &suites {
                    Some(suites) => (suites.run(part)?, suites.backends()),
                    None => (Tally::FAILED, "not built".into()),
                }
            }
        };
        report.add(part.name(), tally, &note);
    }
    // Only now: the report is the last thing printed.
    drop(suites);
    Ok(report.print())
}
