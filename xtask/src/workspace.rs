//! What there is to test, as cargo sees it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::failure::{Failure, Result};
use crate::run::Runner;
use crate::test::Part;

/// The crate whose features are linted one by one.
pub(crate) const FACADE: &str = "strongroom";

/// The workspace of the examples: packages of somebody else, who uses what we publish.
pub(crate) const EXAMPLES: &str = "examples/Cargo.toml";

/// The parts of a workspace that matter here.
#[derive(Debug, PartialEq)]
pub(crate) struct Workspace {
    /// Its manifest, unless it is the repository's own.
    pub(crate) manifest: Option<&'static str>,
    /// Where cargo puts what it compiles.
    pub(crate) target: PathBuf,
    /// The names of the test targets; one of a name in several crates is one entry, as for `--test`.
    targets: BTreeSet<String>,
    /// The features of [`FACADE`], without `default` and those that are a part of others (`_...`).
    pub(crate) features: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// Cargo fails, having said why, or we are interrupted.
    pub(crate) fn read(runner: &Runner, manifest: Option<&'static str>) -> Result<Self> {
        let mut text = String::new();
        let mut command = runner.cargo();
        command.args(["metadata", "--format-version=1", "--no-deps"]).args(at(manifest));
        let status = runner.lines(&mut command, |line| text.push_str(line))?;
        if !status.success() {
            return Err(Failure::Failed("cargo metadata failed".into()));
        }
        let metadata = serde_json::from_str(&text)
            .map_err(|error| Failure::of("read", "what cargo metadata printed", error))?;
        Ok(Self::from_metadata(manifest, &metadata))
    }

    fn from_metadata(manifest: Option<&'static str>, metadata: &Value) -> Self {
        let packages = || metadata["packages"].as_array().into_iter().flatten();
        let is_test = |target: &Value| target["kind"].as_array().is_some_and(|k| k.contains(&"test".into()));
        let targets = packages()
            .flat_map(|package| package["targets"].as_array().into_iter().flatten())
            .filter(|target| is_test(target))
            .filter_map(|target| target["name"].as_str().map(String::from))
            .collect();
        let features = packages()
            .filter(|package| package["name"] == FACADE)
            .flat_map(|package| package["features"].as_object().into_iter().flatten())
            .map(|(name, _)| name.clone())
            .filter(|name| name != "default" && !name.starts_with('_'))
            .collect();
        let target = metadata["target_directory"].as_str().map(PathBuf::from).unwrap_or_default();
        Self { manifest, target, targets, features }
    }

    /// The arguments that lead cargo there.
    pub(crate) fn arguments(&self) -> Vec<&'static str> {
        at(self.manifest)
    }

    /// The test targets of one part.
    pub(crate) fn targets(&self, part: Part) -> Vec<&str> {
        self.targets.iter().map(String::as_str).filter(|target| Part::of_target(target) == part).collect()
    }
}

fn at(manifest: Option<&'static str>) -> Vec<&'static str> {
    manifest.map(|manifest| vec!["--manifest-path", manifest]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn targets_are_found_and_sorted_into_parts_by_name() {
        let workspace = Workspace::from_metadata(
            None,
            &json!({"target_directory": "/target", "packages": [
                {"name": "strongroom", "features": {"default": ["sql"], "sql": ["_sql"], "_sql": [], "aws": []}, "targets": [
                    {"name": "strongroom", "kind": ["lib"]},
                    {"name": "configuration", "kind": ["test"]},
                ]},
                {"name": "strongroom-sql", "features": {"other": []}, "targets": [
                    {"name": "conformance_sqlite", "kind": ["test"]},
                    {"name": "simulate", "kind": ["test"]},
                    {"name": "e2e", "kind": ["test"]},
                    {"name": "zenml", "kind": ["test"]},
                    {"name": "bench_store", "kind": ["example"]},
                ]},
            ]}),
        );
        assert_eq!(workspace.targets(Part::Unit), ["configuration"]);
        assert_eq!(workspace.targets(Part::Conformance), ["conformance_sqlite"]);
        assert_eq!(workspace.targets(Part::Simulate), ["simulate"]);
        assert_eq!(workspace.targets(Part::E2e), ["e2e", "zenml"]);
        let mut features = workspace.features;
        features.sort();
        assert_eq!(features, ["aws", "sql"]);
    }
}
