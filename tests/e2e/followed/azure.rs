//! The README of `crates/azure`.

use super::{Shown, ask, assert_serves, block, does_as_shown, of_deployment};
use crate::support::Home;
use serde_json::Value;
use strongroom_emulator_azure::{Application, Emulator, Options, Role, TENANT};

const README: &str = include_str!("../../../crates/azure/README.md");

/// Asks as somebody who may do everything.
fn operator(emulator: &Emulator, path: &str) -> Value {
    let form = format!(
        "grant_type=client_credentials&scope=https://vault.azure.net/.default&client_id={}&client_secret={}",
        Application::Operator.id(),
        emulator.client_secret()
    );
    let token = ask(&emulator.url(), "POST", &format!("/{TENANT}/oauth2/v2.0/token"), None, &form);
    let token = token["access_token"].as_str().unwrap();
    ask(&emulator.url(), "GET", &format!("/secrets{path}?api-version=7.4"), Some(token), "")
}

/// The names of a deployment's secrets in the vault.
fn names(emulator: &Emulator, namespace: &str) -> Vec<String> {
    of_deployment(namespace, &operator(emulator, "")["value"], "id")
}

#[test]
#[ignore = "needs the program with every back-end: cargo xtask test"]
fn the_readme_of_azure_is_followed() {
    let role = Role::parse(block(README, "json")).expect("the README's role is none");
    let emulator = Emulator::start(Options::new(role)).unwrap();
    let mut home = Home::new();
    let (config, vault) = (block(README, "toml"), "vault = \"my-vault\"");
    assert!(config.contains(vault), "{config}");
    home.file(
        "config/strongroom/config.toml",
        config.replace(vault, &format!("endpoint = {:?}", emulator.url())),
    );
    home.set("AZURE_TENANT_ID", TENANT);
    home.set("AZURE_CLIENT_ID", Application::Writer.id());
    home.set("AZURE_CLIENT_SECRET", emulator.client_secret());
    home.set("STRONGROOM_STORE_AUTHORITY_HOST", emulator.url());
    let Shown { namespace, get, expected } = does_as_shown(&home, README);
    let [name] = &names(&emulator, &namespace)[..] else { panic!("not one secret") };
    // Microsoft's program is a gigabyte: the call that it makes.
    let expected_get = "$ az keyvault secret show --vault-name my-vault --name strongroom-NAMESPACE-OBJECT \
                        --query value --output tsv";
    assert_eq!(get, expected_get);
    assert_eq!(operator(&emulator, &format!("/{name}"))["value"], expected);

    assert_eq!(assert_serves(&home, "azure"), namespace);
    assert_eq!(names(&emulator, &namespace).len(), 2);
}
