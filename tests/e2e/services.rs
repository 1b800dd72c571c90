//! `serve --check` tries a store that is at a service, and names what is wrong with it and what to do.
//!
//! The program has these back-ends if it is built with every feature, as `cargo xtask test` does.

use crate::{
    server::Server,
    support::{Ended, Home},
};

/// The keys of `[store]`.
type Keys<'a> = Vec<(&'a str, String)>;

/// What it says of a store that is set up like this, in variables.
fn check(kind: &str, keys: &[(&str, String)]) -> Ended {
    let mut home = Home::new();
    home.set("STRONGROOM_STORE_TYPE", kind);
    for (key, value) in keys {
        home.set(&format!("STRONGROOM_STORE_{}", key.to_uppercase()), value.clone());
    }
    home.run(["serve", "--check"])
}

fn assert_works(kind: &str, keys: &[(&str, String)]) {
    let ended = check(kind, keys);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("everything is as it should be"), "{}", ended.err);
}

/// The same store with one key changed is refused with these words, and without the values of others.
fn assert_named(kind: &str, keys: &Keys<'_>, changed: (&'static str, &str), words: &[&str]) {
    let mut keys = keys.clone();
    keys.retain(|(key, _)| *key != changed.0);
    keys.push((changed.0, changed.1.to_owned()));
    let ended = check(kind, &keys);
    let what = format!("{changed:?}: {}", ended.err);
    assert!(ended.code > 0 && ended.out.is_empty(), "{what}");
    assert!(words.iter().all(|word| ended.err.contains(word)), "{words:?}: {what}");
    let secret = ["client_secret", "access_token", "secret_access_key", "token"];
    for (key, value) in keys.iter().filter(|(key, _)| secret.contains(key)) {
        assert!(!ended.err.contains(value.as_str()), "{key}: {what}");
    }
}

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:9";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: `cargo xtask test` sets it"))
}

mod moto {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;
    use strongroom_testkit::wire::Wire;

    /// As the README's table says.
    #[test]
    #[ignore = "needs moto, and the program with every back-end: cargo xtask test"]
    fn starting_and_trying_everything_make_no_more_calls_than_they_need() {
        let of = |name: &str| variable(&format!("STRONGROOM_TEST_AWS_{name}"));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let wire = runtime.block_on(Wire::to(&of("ENDPOINT")));
        let mut home = Home::new();
        home.set("STRONGROOM_STORE_TYPE", "aws");
        home.set("STRONGROOM_STORE_ENDPOINT", wire.url());
        for key in ["REGION", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"] {
            home.set(&format!("STRONGROOM_STORE_{key}"), of(key));
        }
        let assert_made = |calls: &[&str]| {
            let mut made = BTreeMap::<String, usize>::new();
            for request in wire.requests() {
                *made.entry(request.path.trim_start_matches('/').to_owned()).or_default() += 1;
            }
            wire.forget();
            let mut expected = BTreeMap::<String, usize>::new();
            for call in calls {
                *expected.entry((*call).to_owned()).or_default() += 1;
            }
            assert_eq!(made, expected);
        };
        // Puts it, reads it, renames it, puts another version of it, removes the first one, and deletes all of it.
        const PROBE: [&str; 10] = [
            "CreateSecret",
            "GetSecretValue",
            "DescribeSecret",
            "UpdateSecretVersionStage",
            "TagResource",
            "PutSecretValue",
            "DescribeSecret",
            "UpdateSecretVersionStage",
            "UpdateSecretVersionStage",
            "DeleteSecret",
        ];
        home.ok(["serve", "--check"]);
        assert_made(&[&["DescribeSecret"], &PROBE[..]].concat());
        drop(Server::start(&home));
        assert_made(&["DescribeSecret"]);
        home.ok(["status"]);
        assert_made(&[]);
        home.ok(["status", "--deep"]);
        assert_made(&[&PROBE[..], &["ListSecrets"]].concat());
    }

    #[test]
    #[ignore = "needs moto, and the program with every back-end: cargo xtask test"]
    fn what_was_in_the_database_moves_to_the_service_and_back() {
        let of = |name: &str| variable(&format!("STRONGROOM_TEST_AWS_{name}"));
        let mut home = Home::new();
        home.ok(["secret", "create", "db", "--a=1"]);
        home.ok(["secret", "update", "db", "--a=2"]);
        home.ok(["secret", "create", "mine", "-p", "--a=3"]);
        let assert_whole = |home: &Home| {
            assert_eq!(home.ok(["secret", "get", "db", "a", "--revision", "1"]), "1");
            assert_eq!(home.ok(["secret", "get", "db", "a"]), "2");
            assert_eq!(home.ok(["secret", "get", "mine", "a"]), "3");
        };
        // Too large for the service, so that it stays, and is named.
        let large = home.file("large.txt", vec![b'\n'; 40_000]);
        home.ok(["secret", "create", "large", &format!("--a=@{large}")]);
        home.set("STRONGROOM_STORE_TYPE", "aws");
        for key in ["REGION", "ENDPOINT", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"] {
            home.set(&format!("STRONGROOM_STORE_{key}"), of(key));
        }
        let moved = home.json_and_code(1, ["move"]);
        assert_eq!((&moved["to"], &moved["versions"]), (&json!("default"), &json!(3)), "{moved}");
        assert_eq!(
            (&moved["stayed"][0]["name"], &moved["stayed"][1]),
            (&json!("large"), &json!(null)),
            "{moved}"
        );
        assert_whole(&home);
        home.ok(["secret", "delete", "large", "-y"]);
        // What is there already is not moved again.
        assert_eq!(home.json(["move"])["versions"], 0);
        let back = home.json(["move", "--to", "database"]);
        assert_eq!((&back["to"], &back["versions"]), (&json!("database"), &json!(3)), "{back}");
        for key in ["TYPE", "REGION", "ENDPOINT", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"] {
            home.unset(&format!("STRONGROOM_STORE_{key}"));
        }
        assert_whole(&home);
        let noted = home.json(["audit", "list", "--action", "database.move"]);
        assert_eq!(noted.as_array().unwrap().len(), 3, "{noted}");
    }

    #[test]
    #[ignore = "needs moto, and the program with every back-end: cargo xtask test"]
    fn what_is_wrong_with_aws_is_named_with_the_remedy() {
        let of = |name: &str| variable(&format!("STRONGROOM_TEST_AWS_{name}"));
        let keys: Keys<'_> = vec![
            ("region", of("REGION")),
            ("endpoint", of("ENDPOINT")),
            ("access_key_id", of("ACCESS_KEY_ID")),
            ("secret_access_key", of("SECRET_ACCESS_KEY")),
            ("recovery_days", "0".to_owned()),
        ];
        assert_works("aws", &keys);
        assert_named("aws", &keys, ("secret_access_key", "another"), &["aws", "access key"]);
        assert_named("aws", &keys, ("access_key_id", "AKIANOBODYKNOWSTHIS1"), &["aws", "access key"]);
        assert_named("aws", &keys, ("region", "eu west"), &["region"]);
        assert_named("aws", &keys, ("region", "us-west-2"), &["aws", "the region"]);
        assert_named("aws", &keys, ("endpoint", NOBODY), &["aws", "region", "endpoint"]);
        // The policy is for another prefix.
        assert_named("aws", &keys, ("prefix", "other"), &["aws", "secretsmanager:", "prefix"]);
        // Who may do nothing, and who may read everything but not write.
        for (who, action) in
            [("DENIED", "secretsmanager:DescribeSecret"), ("READER", "secretsmanager:CreateSecret")]
        {
            let mut theirs = keys.clone();
            theirs.retain(|(key, _)| *key != "access_key_id");
            theirs.push(("access_key_id", of(&format!("{who}_ACCESS_KEY_ID"))));
            let secret = of(&format!("{who}_SECRET_ACCESS_KEY"));
            assert_named("aws", &theirs, ("secret_access_key", &secret), &["aws", action, "grant"]);
        }
    }
}

mod openbao {
    use super::*;
    use std::process::Command;

    /// Does something as the server's administrator; answers what the command line prints.
    #[track_caller]
    fn bao(arguments: &[&str]) -> String {
        let mut command = Command::new(variable("STRONGROOM_TEST_VAULT_BIN"));
        for prefix in ["BAO", "VAULT"] {
            command.env(format!("{prefix}_ADDR"), variable("STRONGROOM_TEST_VAULT_URL"));
            command.env(format!("{prefix}_TOKEN"), variable("STRONGROOM_TEST_VAULT_TOKEN"));
        }
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// A token with this policy.
    fn token(home: &Home, name: &str, policy: &str) -> String {
        bao(&["policy", "write", name, &home.file(name, policy)]);
        bao(&["token", "create", "-field=token", &format!("-policy={name}")]).trim().to_owned()
    }

    #[test]
    #[ignore = "needs OpenBao, and the program with every back-end: cargo xtask test"]
    fn what_is_wrong_with_vault_is_named_with_the_remedy() {
        let (home, id) = (Home::new(), uuid::Uuid::new_v4().simple().to_string());
        let (mount, old) = (format!("check-{id}"), format!("old-{id}"));
        bao(&["secrets", "enable", &format!("-path={mount}"), "-version=2", "kv"]);
        bao(&["secrets", "enable", &format!("-path={old}"), "-version=1", "kv"]);
        let readme = include_str!("../../crates/hashicorp/README.md");
        let policy = readme.split("```hcl\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let policy = policy.replace("secret/", &format!("{mount}/"));
        let reading = policy.replace("\"create\", \"update\", ", "");
        assert_ne!(policy, reading);
        let keys: Keys<'_> = vec![
            ("address", variable("STRONGROOM_TEST_VAULT_URL")),
            ("mount", mount.clone()),
            ("token", token(&home, &mount, &policy)),
        ];
        let ended = check("hashicorp", &keys);
        assert!(ended.err.contains("everything is as it should be"), "{}", ended.err);
        let reader = token(&home, &format!("{mount}-reader"), &reading);
        assert_named("hashicorp", &keys, ("token", "s.nobody"), &["hashicorp", "credentials"]);
        assert_named("hashicorp", &keys, ("token", &reader), &["hashicorp", "policy"]);
        assert_named("hashicorp", &keys, ("mount", "elsewhere"), &["hashicorp", "`mount`"]);
        assert_named("hashicorp", &keys, ("address", NOBODY), &["hashicorp", "`address`"]);
        let mut root = keys;
        root.retain(|(key, _)| *key != "token");
        root.push(("token", variable("STRONGROOM_TEST_VAULT_TOKEN")));
        assert_named("hashicorp", &root, ("mount", &old), &["hashicorp", "version 2", "-version=2"]);
    }
}

mod gcp {
    use super::*;
    use strongroom_emulator_gcp::{Account, Emulator, Options, PROJECT, Role};

    #[test]
    #[ignore = "needs the program with every back-end: cargo xtask test"]
    fn what_is_wrong_with_google_cloud_is_named_with_the_remedy() {
        let role = include_str!("../../crates/gcp/role.json");
        let start = |role: &str| Emulator::start(Options::new(Role::parse(role).unwrap())).unwrap();
        let emulator = start(role);
        let keys: Keys<'_> = vec![
            ("project", PROJECT.to_owned()),
            ("endpoint", emulator.url()),
            ("access_token", emulator.access_token(Account::Writer)),
        ];
        assert_works("gcp", &keys);
        let denied = emulator.access_token(Account::Nobody);
        assert_named("gcp", &keys, ("access_token", "ya29.nobody"), &["gcp", "credentials"]);
        assert_named("gcp", &keys, ("access_token", &denied), &["gcp", "secretmanager."]);
        assert_named("gcp", &keys, ("project", "not-my-project"), &["gcp", "project"]);
        assert_named("gcp", &keys, ("prefix", "other"), &["gcp", "prefix"]);
        assert_named("gcp", &keys, ("endpoint", NOBODY), &["gcp", "endpoint"]);
        // Who may read everything may not write yet.
        let reading = start(&role.replace("secretmanager.versions.add", "secretmanager.versions.enable"));
        let writer = reading.access_token(Account::Writer);
        let keys = vec![keys[0].clone(), ("endpoint", reading.url())];
        assert_named("gcp", &keys, ("access_token", &writer), &["gcp", "secretmanager.versions.add"]);
    }
}

mod azure {
    use super::*;
    use strongroom_emulator_azure::{Application, Emulator, Options, Role, TENANT};

    fn keys(emulator: &Emulator) -> Keys<'static> {
        vec![
            ("endpoint", emulator.url()),
            ("authority_host", emulator.url()),
            ("tenant_id", TENANT.to_owned()),
            ("client_id", Application::Writer.id().to_owned()),
            ("client_secret", emulator.client_secret().to_owned()),
        ]
    }

    #[test]
    #[ignore = "needs the program with every back-end: cargo xtask test"]
    fn what_is_wrong_with_azure_is_named_with_the_remedy() {
        let role = include_str!("../../crates/azure/role.json");
        let start = |role: &str| Emulator::start(Options::new(Role::parse(role).unwrap())).unwrap();
        let emulator = start(role);
        let keys_of = keys(&emulator);
        assert_works("azure", &keys_of);
        let (nobody, unknown) = (Application::Nobody.id(), "00000000-0000-0000-0000-000000000001");
        assert_named("azure", &keys_of, ("client_secret", "another"), &["azure", "7000215", "client_id"]);
        assert_named("azure", &keys_of, ("client_id", unknown), &["azure", "700016", "client_id"]);
        assert_named("azure", &keys_of, ("tenant_id", unknown), &["azure", "tenant_id"]);
        assert_named("azure", &keys_of, ("client_id", nobody), &["azure", "Key Vault Secrets Officer"]);
        assert_named("azure", &keys_of, ("endpoint", NOBODY), &["azure", "endpoint"]);
        assert_named("azure", &keys_of, ("authority_host", NOBODY), &["azure", "authority_host"]);
        // Who may read everything may not write yet.
        let reading = start(&role.replace("setSecret", "recover"));
        let secret = reading.client_secret().to_owned();
        let keys_of = keys(&reading);
        assert_named("azure", &keys_of, ("client_secret", &secret), &["azure", "setSecret/action"]);
    }
}
