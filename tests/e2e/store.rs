//! Homes whose values lie in a store of their own, a directory, and what is in it.

use crate::support::Home;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Mutex,
    time::SystemTime,
};

/// One version in the directory: its object and its uid.
pub(crate) type Kept = (String, String);

impl Home {
    /// An empty one whose values go to a directory.
    pub(crate) fn with_directory() -> Self {
        let mut home = Self::of(example("strongroom-directory"));
        home.set("STRONGROOM_STORE_TYPE", "directory");
        home.set("STRONGROOM_STORE_PATH", home.arg("store"));
        home
    }

    /// The directory.
    pub(crate) fn store(&self) -> PathBuf {
        self.path("store")
    }

    /// What is in the directory: whole versions, whatever half-written files lie beside them.
    pub(crate) fn kept(&self) -> BTreeSet<Kept> {
        let mut kept = BTreeSet::new();
        for namespace in ids_in(&self.store()) {
            for object in ids_in(&self.store().join(&namespace)) {
                let versions = ids_in(&self.store().join(&namespace).join(&object));
                kept.extend(versions.into_iter().map(|version| (object.clone(), version)));
            }
        }
        kept
    }

    /// The directory of the only object.
    pub(crate) fn only_object(&self) -> PathBuf {
        let mut namespaces = ids_in(&self.store());
        assert_eq!(namespaces.len(), 1);
        let namespace = self.store().join(namespaces.remove(0));
        let mut objects = ids_in(&namespace);
        assert_eq!(objects.len(), 1);
        namespace.join(objects.remove(0))
    }

    /// How many versions the database says are in the directory.
    pub(crate) fn known(&self) -> u64 {
        self.json(["status"])["versions"]["default"].as_u64().unwrap_or(0)
    }
}

/// The names in a directory that are ids.
fn ids_in(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.len() == 36 && !name.starts_with('.')).collect()
}

/// A program of ours for tests. `cargo test` builds it, as an example, but not if it is asked for this test alone.
pub(crate) fn example(name: &'static str) -> PathBuf {
    static LOOKED_AT: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let usual = Path::new(env!("CARGO_BIN_EXE_strongroom"));
    let profile = usual.parent().unwrap();
    let built = profile.join("examples").join(name);
    // Others wait until it is built.
    let mut looked_at = LOOKED_AT.lock().unwrap();
    if looked_at.insert(name) && !is_as_new(&built, usual) {
        build(name, profile.parent().unwrap());
    }
    built
}

fn build(name: &str, target: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--package", "strongroom-cli", "--example", name]);
    command.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    assert!(command.status().unwrap().success());
}

/// Whether no file that it was made of, as cargo wrote them down beside it, was changed since, unless the usual program
/// is older than that change, too.
fn is_as_new(built: &Path, usual: &Path) -> bool {
    let changed = |path: &Path| -> Option<SystemTime> { fs::metadata(path).ok()?.modified().ok() };
    let (Some(made), Some(usual)) = (changed(built), changed(usual)) else { return false };
    let list = fs::read_to_string(built.with_extension("d")).unwrap_or_default();
    let Some((_, sources)) = list.trim_end().split_once(": ") else { return false };
    let sources = sources.replace("\\ ", "\0");
    let times = sources.split(' ').map(|path| changed(Path::new(&path.replace('\0', " "))));
    times.flatten().all(|at| at <= made || at > usual)
}
