//! The READMEs of the back-ends, followed from nothing with an emulator in the place of the service; and the same stores
//! set up by nothing but the variables of a ZenML server.
//!
//! The program has these back-ends if it is built with every feature, as `cargo xtask test` does.

mod azure;
mod gcp;

use crate::{asking::ask, server::Server, support::Home};
use serde_json::{Value, json};
use std::process::Command;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: `cargo xtask test` sets it"))
}

/// The first block of a page in this language.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let rest = page.split(&format!("```{language}\n")).nth(1);
    rest.and_then(|rest| rest.split("```").next()).unwrap_or_else(|| panic!("no block of {language}"))
}

/// What a command prints that has to succeed.
#[track_caller]
fn says(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{:?}: {}",
        command.get_program(),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// What a page shows a person doing, after the first line of it.
struct Shown {
    /// The deployment's namespace.
    namespace: String,
    /// The line that asks the service itself for the secret.
    get: &'static str,
    /// What that prints.
    expected: &'static str,
}

/// Makes the secret that a page shows a person making.
#[track_caller]
fn does_as_shown(home: &Home, page: &'static str) -> Shown {
    let shown: Vec<_> = block(page, "console").lines().collect();
    let [create, get, expected] = shown[..] else { panic!("other lines are shown: {shown:?}") };
    says(&mut home.command(create.strip_prefix("$ strongroom ").unwrap().split(' ')));
    Shown { namespace: namespace(home), get, expected }
}

/// Those of a listing's names that are a deployment's, each without what stands before its last slash.
fn of_deployment(namespace: &str, listed: &Value, key: &str) -> Vec<String> {
    let all = listed.as_array().unwrap().iter().map(|secret| secret[key].as_str().unwrap());
    let all = all.map(|name| name.rsplit('/').next().unwrap().to_owned());
    all.filter(|name| name.starts_with(&format!("strongroom-{namespace}-"))).collect()
}

/// Everything is as it should be, and a server stores there and reads; answers what the deployment's namespace is.
#[track_caller]
fn assert_serves(home: &Home, kind: &str) -> String {
    let checked = home.run(["serve", "--check"]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    let server = Server::start(home);
    let token = server.admin();
    let info = server.send("GET", "/api/v1/info", &[], b"");
    assert_eq!(info.body["secrets_store_type"], kind, "{info:?}");
    let values = json!({"user": "app", "password": "hunter2"});
    let made = server.call(&token, "POST", "/secrets", &json!({"name": "served", "values": values}));
    assert_eq!(made.status, 200, "{made:?}");
    let read = server.call(&token, "GET", "/secrets/by-name/served", &Value::Null);
    assert_eq!(read.body["body"]["values"], values, "{read:?}");
    drop(server);
    namespace(home)
}

mod moto {
    use super::*;

    const README: &str = include_str!("../../crates/aws/README.md");

    fn of(name: &str) -> String {
        variable(&format!("STRONGROOM_TEST_AWS_{name}"))
    }

    /// The credentials that have the policy of the README, as the SDK finds them, and the emulator in AWS's place.
    fn environment() -> [(&'static str, String); 3] {
        [
            ("AWS_ACCESS_KEY_ID", of("ACCESS_KEY_ID")),
            ("AWS_SECRET_ACCESS_KEY", of("SECRET_ACCESS_KEY")),
            ("AWS_ENDPOINT_URL", of("ENDPOINT")),
        ]
    }

    #[track_caller]
    fn aws(arguments: &[&str]) -> String {
        let mut command = Command::new(of("BIN"));
        command.args(arguments).args(["--region", "eu-west-1"]).envs(environment());
        says(command.env("AWS_EC2_METADATA_DISABLED", "true"))
    }

    /// The names of a deployment's secrets in AWS.
    fn names(namespace: &str) -> Vec<String> {
        let filter = format!("Key=name,Values=strongroom/{namespace}/");
        let query = ["--query", "SecretList[].Name", "--output", "json"];
        let listed = aws(&[&["secretsmanager", "list-secrets", "--filters", &filter][..], &query].concat());
        serde_json::from_str(&listed).unwrap()
    }

    #[test]
    #[ignore = "needs moto, and the program with every back-end: cargo xtask test"]
    fn the_readme_of_aws_is_followed() {
        let mut home = Home::new();
        home.file("config/strongroom/config.toml", block(README, "toml"));
        for (name, value) in environment() {
            home.set(name, value);
        }
        let Shown { namespace, get, expected } = does_as_shown(&home, README);
        let [name] = &names(&namespace)[..] else { panic!("not one secret: {:?}", names(&namespace)) };
        let get = get.strip_prefix("$ aws ").unwrap().replace("strongroom/NAMESPACE/OBJECT", name);
        assert_eq!(aws(&get.split(' ').collect::<Vec<_>>()), expected);

        assert_eq!(assert_serves(&home, "aws"), namespace);
        assert_eq!(names(&namespace).len(), 2);
    }

    #[test]
    #[ignore = "needs moto, and the program with every back-end: cargo xtask test"]
    fn a_server_of_zenmls_names_alone_stores_in_aws() {
        let (region, endpoint) = (of("REGION"), of("ENDPOINT"));
        let (id, secret) = (of("ACCESS_KEY_ID"), of("SECRET_ACCESS_KEY"));
        let config = json!({
            "region": region, "aws_access_key_id": id, "aws_secret_access_key": secret, "endpoint_url": &endpoint,
        });
        let by_json = vec![("AUTH_METHOD", "secret-key".to_owned()), ("AUTH_CONFIG", config.to_string())];
        let older =
            vec![("REGION_NAME", region), ("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
        for (variables, more) in [(by_json, None), (older, Some(endpoint))] {
            let mut home = Home::new();
            home.set("ZENML_SECRETS_STORE_TYPE", "aws");
            for (name, value) in variables {
                home.set(&format!("ZENML_SECRETS_STORE_{name}"), value);
            }
            // The older ones have no word for it.
            if let Some(endpoint) = more {
                home.set("AWS_ENDPOINT_URL", endpoint);
            }
            let server = Server::start(&home);
            let made = json!({"name": "db", "values": {"password": "hunter2"}});
            assert_eq!(server.call(&server.admin(), "POST", "/secrets", &made).status, 200);
            drop(server);
            let [name] = &names(&namespace(&home))[..] else { panic!("not one secret") };
            let get = ["secretsmanager", "get-secret-value", "--secret-id", name, "--query", "SecretString"];
            assert_eq!(aws(&[&get[..], &["--output", "text"]].concat()), r#"{"password":"hunter2"}"#);
            // The commands beside it understand them, too.
            assert_eq!(home.values("db"), made["values"]);
        }
    }
}

/// The namespace of a deployment.
fn namespace(home: &Home) -> String {
    let output = home.command(["-o", "json", "status"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let status: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    status["namespace"].as_str().unwrap().to_owned()
}

mod openbao {
    use super::*;

    const README: &str = include_str!("../../crates/hashicorp/README.md");

    fn administrator(home: &Home) -> Command {
        let mut command = Command::new("sh");
        home.around(&mut command);
        // The commands are written for `vault`.
        let programs = home.path("bin");
        std::fs::create_dir_all(&programs).unwrap();
        let link = programs.join("vault");
        if !link.exists() {
            std::os::unix::fs::symlink(variable("STRONGROOM_TEST_VAULT_BIN"), &link).unwrap();
        }
        for prefix in ["BAO", "VAULT"] {
            command.env(format!("{prefix}_ADDR"), variable("STRONGROOM_TEST_VAULT_URL"));
            command.env(format!("{prefix}_TOKEN"), variable("STRONGROOM_TEST_VAULT_TOKEN"));
        }
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
        command.env("PATH", path).current_dir(home.path(""));
        command
    }

    #[track_caller]
    fn types(home: &Home, line: &str) -> String {
        says(administrator(home).args(["-c", line]))
    }

    /// The policy and the role of the README; answers the role's id and the file with a secret id.
    fn set_up(home: &Home) -> (String, String) {
        home.file("strongroom.hcl", block(README, "hcl"));
        let script = README.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let script = script.into_iter().find(|block| block.contains("vault policy write")).unwrap();
        let mut printed = Vec::new();
        for line in script.lines() {
            // Another test has, perhaps.
            let line = match line.contains("auth enable") {
                true => format!("{line} || vault auth list | grep -q approle"),
                false => line.to_owned(),
            };
            printed.push(types(home, &line));
        }
        let role = printed.iter().rev().nth(1).unwrap().clone();
        assert_eq!(role.len(), 36, "the last line but one shows the role's id: {printed:?}");
        (role, home.file("secret-id", printed.last().unwrap()))
    }

    /// The names of a deployment's keys.
    fn keys(home: &Home, namespace: &str) -> Vec<String> {
        let listed = types(home, &format!("vault kv list -format=json -mount=secret strongroom/{namespace}"));
        serde_json::from_str(&listed).unwrap()
    }

    #[track_caller]
    fn assert_kept(home: &Home, namespace: &str, expected: &Value) {
        let [key] = &keys(home, namespace)[..] else { panic!("not one key") };
        let line = format!("vault kv get -format=json -mount=secret strongroom/{namespace}/{key}");
        let shown: Value = serde_json::from_str(&types(home, &line)).unwrap();
        assert_eq!(shown["data"]["data"], *expected);
    }

    #[test]
    #[ignore = "needs OpenBao, and the program with every back-end: cargo xtask test"]
    fn the_readme_of_vault_is_followed() {
        let home = Home::new();
        let (role, file) = set_up(&home);
        let config = block(README, "toml");
        let given = |key: &str| {
            let line = config.lines().find_map(|line| line.strip_prefix(&format!("{key} = ")));
            line.unwrap_or_else(|| panic!("{key} is not shown")).to_owned()
        };
        let config = config
            .replace(&given("address"), &format!("{:?}", variable("STRONGROOM_TEST_VAULT_URL")))
            .replace(&given("role_id"), &format!("{role:?}"))
            .replace(&given("secret_id_path"), &format!("{file:?}"));
        home.file("config/strongroom/config.toml", config);
        let namespace = assert_serves(&home, "hashicorp");
        assert_kept(&home, &namespace, &json!({"user": "app", "password": "hunter2"}));
    }

    #[test]
    #[ignore = "needs OpenBao, and the program with every back-end: cargo xtask test"]
    fn a_server_of_zenmls_names_alone_stores_in_vault() {
        let mut home = Home::new();
        let (role, file) = set_up(&home);
        for (name, value) in [
            ("TYPE", "hashicorp".to_owned()),
            ("VAULT_ADDR", variable("STRONGROOM_TEST_VAULT_URL")),
            ("MOUNT_POINT", "secret".to_owned()),
            ("AUTH_METHOD", "app_role".to_owned()),
            ("AUTH_MOUNT_POINT", "approle".to_owned()),
            ("APP_ROLE_ID", role),
            ("APP_SECRET_ID", std::fs::read_to_string(&file).unwrap()),
            ("MAX_VERSIONS", "1".to_owned()),
        ] {
            home.set(&format!("ZENML_SECRETS_STORE_{name}"), value);
        }
        let server = Server::start(&home);
        let made = json!({"name": "db", "values": {"password": "hunter2"}});
        assert_eq!(server.call(&server.admin(), "POST", "/secrets", &made).status, 200);
        assert!(server.said().0.join("\n").contains("ZENML_SECRETS_STORE_MAX_VERSIONS"), "it is not named");
        drop(server);
        assert_kept(&home, &namespace(&home), &json!({"password": "hunter2"}));
        assert_eq!(home.values("db"), made["values"]);
    }
}
