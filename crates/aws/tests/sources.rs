//! Where credentials come from when the configuration names none: the environment and the files of AWS's command line,
//! which are read by processes of their own.

mod site;

use site::{Section, bare, variable};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::Command,
    thread,
};
use strongroom_core::{ErrorKind, NamespaceId, Result};
use uuid::Uuid;

/// What the process is to find.
const EXPECTED: &str = "STRONGROOM_TEST_AWS_EXPECTED";

/// Runs [`moto::process`] with this environment and no other credentials.
fn child(expected: &str, environment: &[(&str, &str)]) {
    run("moto::process", &[environment, &[(EXPECTED, expected)]].concat());
}

/// Runs [`moto::place`] with this environment.
fn placed(environment: &[(&str, &str)]) {
    run("moto::place", environment);
}

fn run(test: &str, environment: &[(&str, &str)]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]);
    let aws = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_"));
    for (name, _) in aws {
        command.env_remove(name);
    }
    // Nothing of whoever runs the tests, and nobody who answers for instances.
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command.envs(environment.iter().copied());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    // Values are credentials, among others.
    let names: Vec<_> = environment.iter().map(|(name, _)| name).collect();
    assert!(output.status.success() && said.contains("1 passed"), "{names:?}: {said} {told}");
}

/// What the chain finds, without credentials in the configuration.
async fn found() -> Result<()> {
    let mut account = bare().text("region", &variable("REGION"));
    if std::env::var("AWS_ENDPOINT_URL").is_err() {
        account = account.text("endpoint", &variable("ENDPOINT"));
    }
    named(account).open(NamespaceId(Uuid::new_v4())).await?.check().await
}

/// With what the variables of a test say.
fn named(mut account: Section) -> Section {
    for (name, key) in [
        ("STRONGROOM_TEST_PROFILE", "profile"),
        ("STRONGROOM_TEST_ROLE", "role_arn"),
        ("STRONGROOM_TEST_EXTERNAL_ID", "external_id"),
        ("STRONGROOM_TEST_ENDPOINT", "endpoint"),
        ("STRONGROOM_TEST_STS_ENDPOINT", "sts_endpoint"),
        ("STRONGROOM_TEST_CA", "ca_path"),
    ] {
        if let Ok(text) = std::env::var(name) {
            account = account.text(key, &text);
        }
    }
    account
}

mod moto {
    use super::*;

    #[tokio::test]
    #[ignore = "run by the others"]
    async fn process() {
        let Ok(expected) = std::env::var(EXPECTED) else { return };
        match (found().await, expected.as_str()) {
            (Ok(()), "works") => {}
            (Err(error), kind) if format!("{:?}", error.kind()) == kind => {
                let hints = match error.kind() {
                    ErrorKind::StoreRefused => ["credentials", ""],
                    ErrorKind::Unavailable => ["endpoint", "network"],
                    _ => ["endpoint", "https"],
                };
                assert!(hints.iter().all(|hint| error.to_string().contains(hint)), "{error}");
            }
            (Ok(()), _) => panic!("it worked"),
            (Err(error), _) => panic!("{error:?}"),
        }
    }

    /// Where a store is whose process has this environment.
    #[tokio::test]
    #[ignore = "run by the others"]
    async fn place() {
        let Ok(expected) = std::env::var("STRONGROOM_TEST_PLACE") else { return };
        let backend = named(bare().text("region", "eu-west-1")).open(NamespaceId(Uuid::new_v4())).await;
        assert_eq!(backend.unwrap().info().endpoint, expected);
    }

    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn without_any_credentials_it_is_said() {
        child("StoreRefused", &[]);
    }

    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn the_environment_is_asked() {
        let (id, secret) = (variable("ACCESS_KEY_ID"), variable("SECRET_ACCESS_KEY"));
        child("works", &[("AWS_ACCESS_KEY_ID", &id), ("AWS_SECRET_ACCESS_KEY", &secret)]);
        let endpoint = variable("ENDPOINT");
        let given = [
            ("AWS_ACCESS_KEY_ID", id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &secret),
            ("AWS_ENDPOINT_URL", &endpoint),
        ];
        child("works", &given);
    }

    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn the_environment_cannot_lead_to_plain_http_elsewhere() {
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER"] {
            let given = [
                ("AWS_ACCESS_KEY_ID", "AKIA"),
                ("AWS_SECRET_ACCESS_KEY", "x"),
                ("AWS_ENDPOINT_URL", "https://127.0.0.1:9"),
                (name, "http://192.0.2.1"),
            ];
            child("ConfigInvalid", &given);
        }
        // Nor what answers with credentials: of a role in the configuration, in a profile, of a web identity.
        let directory = tempfile::tempdir().unwrap();
        let (config, token) = (directory.path().join("config"), directory.path().join("token"));
        let role = "arn:aws:iam::123456789012:role/strongroom";
        let base = "[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = x\n";
        let text = format!("[profile team]\nrole_arn = {role}\nsource_profile = base\n{base}");
        fs::write(&config, text).unwrap();
        fs::write(&token, "x").unwrap();
        let (config, token) = (config.to_str().unwrap(), token.to_str().unwrap());
        let keys = [("AWS_ACCESS_KEY_ID", "AKIA"), ("AWS_SECRET_ACCESS_KEY", "x")];
        let of_profile = [("AWS_CONFIG_FILE", config), ("STRONGROOM_TEST_PROFILE", "team")];
        let of_identity = [("AWS_WEB_IDENTITY_TOKEN_FILE", token), ("AWS_ROLE_ARN", role)];
        for asked in [
            [&keys[..], &[("STRONGROOM_TEST_ROLE", role)]].concat(),
            of_profile.to_vec(),
            of_identity.to_vec(),
        ] {
            let leading = [
                ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://127.0.0.1:9"),
                ("AWS_ENDPOINT_URL", "https://127.0.0.1:9"),
                ("AWS_ENDPOINT_URL_STS", "http://192.0.2.1"),
            ];
            child("ConfigInvalid", &[&asked[..], &leading].concat());
        }
        child(
            "ConfigInvalid",
            &[&keys[..], &[("STRONGROOM_TEST_ROLE", role), ("AWS_ENDPOINT_URL", "http://192.0.2.1")]]
                .concat(),
        );
    }

    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn a_profile_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let (config, credentials) = (directory.path().join("config"), directory.path().join("credentials"));
        fs::write(&config, "[profile team]\nregion = us-east-2\n").unwrap();
        let text = format!(
            "[team]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
            variable("ACCESS_KEY_ID"),
            variable("SECRET_ACCESS_KEY")
        );
        fs::write(&credentials, text).unwrap();
        let files = [
            ("AWS_CONFIG_FILE", config.to_str().unwrap()),
            ("AWS_SHARED_CREDENTIALS_FILE", credentials.to_str().unwrap()),
        ];
        child("StoreRefused", &files);
        child("works", &[&files[..], &[("STRONGROOM_TEST_PROFILE", "team")]].concat());
        child("StoreRefused", &[&files[..], &[("STRONGROOM_TEST_PROFILE", "nobody")]].concat());
    }

    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn a_process_that_a_profile_names_is_asked() {
        let directory = tempfile::tempdir().unwrap();
        let (config, script) = (directory.path().join("config"), directory.path().join("script"));
        let (id, secret) = (variable("ACCESS_KEY_ID"), variable("SECRET_ACCESS_KEY"));
        let answer = format!(r#"{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "{secret}"}}"#);
        fs::write(&script, format!("echo '{answer}'\n")).unwrap();
        let text = format!("[profile team]\ncredential_process = /bin/sh {}\n", script.display());
        fs::write(&config, text).unwrap();
        let team = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("STRONGROOM_TEST_PROFILE", "team")];
        child("works", &team);
        fs::write(&script, "exit 1\n").unwrap();
        child("StoreRefused", &team);
    }

    /// Also over what is said of one service alone, which the SDK prefers.
    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn endpoints_of_the_configuration_win_over_the_environments() {
        let (id, secret) = (variable("ASSUMER_ACCESS_KEY_ID"), variable("ASSUMER_SECRET_ACCESS_KEY"));
        let (endpoint, role, external_id) =
            (variable("ENDPOINT"), variable("ROLE_ARN"), variable("EXTERNAL_ID"));
        let nobody = "https://127.0.0.1:9";
        let environment = [
            ("AWS_ACCESS_KEY_ID", id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &secret),
            ("AWS_ENDPOINT_URL", nobody),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", nobody),
            ("AWS_ENDPOINT_URL_STS", nobody),
            ("STRONGROOM_TEST_ROLE", &role),
            ("STRONGROOM_TEST_EXTERNAL_ID", &external_id),
        ];
        let ours = [("STRONGROOM_TEST_ENDPOINT", &*endpoint), ("STRONGROOM_TEST_STS_ENDPOINT", &endpoint)];
        child("works", &[&environment[..], &ours].concat());
        // Each of them is needed, so that the other one's place was not asked.
        for one in ours {
            child("Unavailable", &[&environment[..], &[one]].concat());
        }
    }

    /// Where an endpoint comes from makes no difference to which place it is.
    #[test]
    fn an_endpoint_of_the_environment_or_a_profile_is_a_place_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("config");
        fs::write(&config, "[profile team]\nendpoint_url = https://secrets.example.com\n").unwrap();
        let elsewhere = ("STRONGROOM_TEST_PLACE", "https://secrets.example.com/eu-west-1/strongroom");
        let (ours, example) = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "https://secrets.example.com");
        let (any, nobody) = ("AWS_ENDPOINT_URL", "https://127.0.0.1:9");
        let profile = [("AWS_CONFIG_FILE", config.to_str().unwrap()), ("STRONGROOM_TEST_PROFILE", "team")];
        placed(&[elsewhere, (any, example)]);
        placed(&[elsewhere, (any, nobody), (ours, example)]);
        placed(&[&profile[..], &[elsewhere]].concat());
        // What the configuration says wins, and AWS's own hosts are one place.
        placed(&[elsewhere, (ours, nobody), ("STRONGROOM_TEST_ENDPOINT", example)]);
        let door = "https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com:443";
        let home = ("STRONGROOM_TEST_PLACE", "eu-west-1/strongroom");
        placed(&[home, (ours, door)]);
        placed(&[home, (any, example), ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")]);
    }

    /// With authorities of one's own, too.
    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn the_proxy_of_the_environment_is_used() {
        let authority = variable("CA");
        for trusted in [&[][..], &[("STRONGROOM_TEST_CA", authority.as_str())]] {
            let proxy = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let url = format!("http://{}", proxy.local_addr().unwrap());
            // Whatever is asked for, the connection ends.
            let asked = thread::spawn(move || {
                let (stream, _) = proxy.accept().unwrap();
                BufReader::new(stream).lines().next().unwrap().unwrap()
            });
            let environment = [
                ("AWS_ACCESS_KEY_ID", "AKIA"),
                ("AWS_SECRET_ACCESS_KEY", "x"),
                ("HTTPS_PROXY", &url),
                ("STRONGROOM_TEST_ENDPOINT", "https://secrets.example.com"),
            ];
            child("Unavailable", &[&environment[..], trusted].concat());
            assert!(asked.join().unwrap().starts_with("CONNECT secrets.example.com:443 "));
        }
    }

    /// It would see the values.
    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn what_goes_to_this_machine_in_the_clear_goes_through_no_proxy() {
        let [service, proxy] = ["127.0.0.1:0"; 2].map(|at| TcpListener::bind(at).unwrap());
        let url = |of: &TcpListener| format!("http://{}", of.local_addr().unwrap());
        let (endpoint, through) = (url(&service), url(&proxy));
        let asked = thread::spawn(move || {
            let (stream, _) = service.accept().unwrap();
            BufReader::new(stream).lines().next().unwrap().unwrap()
        });
        let environment = [
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("AWS_SECRET_ACCESS_KEY", "x"),
            ("HTTP_PROXY", &through),
            ("http_proxy", &through),
            ("ALL_PROXY", &through),
            ("STRONGROOM_TEST_ENDPOINT", &endpoint),
        ];
        child("Unavailable", &environment);
        assert_eq!(asked.join().unwrap(), "POST / HTTP/1.1");
        drop(proxy);
    }
}
