//! What is not asked for is not built: of the crate to embed, each feature brings its own dependencies and no other's.

mod common;

use std::path::Path;

use common::cargo;

/// The packages that the crate `strongroom` is built from with these features.
fn packages(features: &str) -> Vec<String> {
    packages_of("strongroom", features)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn packages_of(package: &str, features: &str) -> Vec<String> {
    let what =
        ["tree", "--locked", "--package", package, "--edges", "normal", "--prefix", "none", "--format"];
    let output =
        cargo(root(), [&what[..], &["{p}", "--no-default-features", "--features", features]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(String::from).collect()
}

/// What each feature alone may bring, by the beginning of its name.
const OWN: [(&str, &[&str]); 6] = [
    ("aws", &["aws-config", "aws-sdk-", "strongroom-aws"]),
    ("azure", &["azure_", "strongroom-azure"]),
    ("gcp", &["google-cloud-", "strongroom-gcp"]),
    ("hashicorp", &["vaultrs", "rustify", "strongroom-hashicorp"]),
    ("remote", &["strongroom-remote"]),
    ("sql", &["sqlx", "libsqlite3-sys", "strongroom-sql"]),
];

#[test]
fn a_runtime_alone_brings_nothing_of_a_database() {
    let packages = packages("runtime");
    assert!(packages.iter().any(|name| name == "tokio"));
    let theirs = ["etcetera", "rustix"];
    let own = OWN.iter().flat_map(|(_, own)| *own).chain(&theirs);
    let brought: Vec<_> = own.filter(|own| packages.iter().any(|name| name.starts_with(**own))).collect();
    assert!(brought.is_empty(), "{brought:?}");
    assert!(theirs.iter().all(|name| self::packages("sql").iter().any(|there| there == name)));
}

#[test]
fn a_feature_brings_its_own_dependencies_alone() {
    for (feature, own) in OWN {
        let packages = packages(feature);
        for prefix in own {
            assert!(packages.iter().any(|name| name.starts_with(prefix)), "{feature} lacks {prefix}");
        }
        for (other, theirs) in OWN.iter().filter(|(other, _)| *other != feature) {
            let brought: Vec<_> =
                packages.iter().filter(|name| theirs.iter().any(|prefix| name.starts_with(prefix))).collect();
            assert!(brought.is_empty(), "{feature} brings what is {other}'s: {brought:?}");
        }
    }
}

#[test]
fn a_database_brings_its_own_driver_alone() {
    let databases = ["sqlite", "postgres", "mysql"];
    for database in databases {
        let packages = packages(database);
        let brought = databases.into_iter().filter(|other| packages.contains(&format!("sqlx-{other}")));
        assert_eq!(brought.collect::<Vec<_>>(), [database]);
    }
}

#[test]
fn a_program_with_one_database_tells_what_another_one_needs() {
    let what = ["test", "--locked", "--package", "strongroom", "--test", "one_database"];
    let output = cargo(root(), [&what[..], &["--no-default-features", "--features", "sqlite"]].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("test result: ok. 1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn without_features_there_is_neither_a_runtime_nor_a_client() {
    let packages = packages("");
    let no: Vec<_> =
        OWN.iter().flat_map(|(_, own)| *own).chain(&["tokio", "hyper", "reqwest", "rustls"]).collect();
    let brought: Vec<_> =
        packages.iter().filter(|name| no.iter().any(|prefix| name.starts_with(**prefix))).collect();
    assert!(brought.is_empty(), "{brought:?}");
}

#[test]
fn the_core_depends_on_no_cryptography_runtime_or_client() {
    let packages = packages_of("strongroom-core", "");
    assert!(packages.iter().any(|name| name == "strongroom-core"));
    let no = ["aws-lc", "ring", "sha", "hmac", "aes", "rustls", "tokio", "hyper", "reqwest", "axum", "sqlx"];
    let no: Vec<_> = OWN.iter().flat_map(|(_, own)| *own).chain(&no).collect();
    let brought: Vec<_> =
        packages.iter().filter(|name| no.iter().any(|prefix| name.starts_with(**prefix))).collect();
    assert!(brought.is_empty(), "{brought:?}");
}
