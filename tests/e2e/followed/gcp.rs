//! The README of `crates/gcp`.

use super::{Shown, ask, assert_serves, block, does_as_shown, of_deployment};
use crate::support::Home;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use strongroom_emulator_gcp::{Account, Emulator, Options, PROJECT, Role};

const README: &str = include_str!("../../../crates/gcp/README.md");

/// Asks as somebody who may do everything.
fn operator(emulator: &Emulator, path: &str) -> Value {
    let token = emulator.access_token(Account::Operator);
    ask(&emulator.url(), "GET", &format!("/v1/projects/{PROJECT}/secrets{path}"), Some(&token), "")
}

/// The names of a deployment's secrets in Google Cloud.
fn names(emulator: &Emulator, namespace: &str) -> Vec<String> {
    of_deployment(namespace, &operator(emulator, "")["secrets"], "name")
}

#[test]
#[ignore = "needs the program with every back-end: cargo xtask test"]
fn the_readme_of_google_cloud_is_followed() {
    let role = Role::parse(block(README, "json")).expect("the README's role is none");
    let emulator = Emulator::start(Options::new(role)).unwrap();
    let mut home = Home::new();
    let config = block(README, "toml");
    assert!(config.contains("my-project"), "{config}");
    home.file("config/strongroom/config.toml", config.replace("my-project", PROJECT));
    emulator.write_credentials(&home.path("credentials")).unwrap();
    home.set("GOOGLE_APPLICATION_CREDENTIALS", home.arg("credentials/service_account.json"));
    home.set("STRONGROOM_STORE_ENDPOINT", emulator.url());
    let Shown { namespace, get, expected } = does_as_shown(&home, README);
    let [name] = &names(&emulator, &namespace)[..] else { panic!("not one secret") };
    // Google's program cannot be had from a package registry: the call that it makes.
    assert_eq!(get, "$ gcloud secrets versions access latest --secret=strongroom-NAMESPACE-OBJECT");
    let version = operator(&emulator, &format!("/{name}/versions/latest:access"));
    let payload = STANDARD.decode(version["payload"]["data"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(payload).unwrap(), expected);

    assert_eq!(assert_serves(&home, "gcp"), namespace);
    assert_eq!(names(&emulator, &namespace).len(), 2);
}
