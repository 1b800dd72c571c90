//! The login with keys of AWS, as Vault's documents ask for it. OpenBao has no such login: here a stand-in does what
//! Vault and STS do with the signed question, and AWS's own library signs it once more to compare. What is meant for a
//! real HashiCorp Vault is the test `hashicorp_vault`, which is run where variables name one (`tests/emulators/README.md`).

mod common;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::{
    open,
    standin::{Asked, Said, StandIn},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    process::Command,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};
use strongroom_core::{ErrorKind, NamespaceId, Result};
use time::{PrimitiveDateTime, macros::format_description};
use uuid::Uuid;

const KEY_ID: &str = "AKIASTRONGROOM";
const SECRET: &str = "the/secret+access-key";
const SESSION: &str = "the-session/token=";
/// What Vault's `iam_server_id_header_value` is set to.
const SERVER: &str = "vault.example.com";

/// What the mount of the login is set to, and who came.
#[derive(Clone)]
struct Vault {
    region: &'static str,
    session: Option<&'static str>,
    /// Seconds that a token lives.
    life: u64,
    logins: Arc<Mutex<Vec<String>>>,
}

impl Vault {
    fn new(region: &'static str) -> Self {
        Self { region, session: None, life: 3600, logins: Arc::default() }
    }

    async fn start(&self) -> StandIn {
        let vault = self.clone();
        StandIn::new(move |asked| vault.answer(asked)).await
    }

    fn answer(&self, asked: &Asked) -> Said {
        match asked.what.as_str() {
            "POST /v1/auth/team/aws/login" => match self.login(&asked.body) {
                Ok(date) => {
                    self.logins.lock().unwrap().push(date);
                    let auth = json!({
                        "client_token": "s.given", "lease_duration": self.life, "renewable": false,
                        "accessor": "a", "policies": ["default"], "metadata": {},
                    });
                    (200, json!({ "auth": auth }))
                }
                Err(why) => (400, json!({ "errors": [why] })),
            },
            "GET /v1/sys/internal/ui/mounts/secret" => {
                assert_eq!(asked.headers["x-vault-token"], "s.given");
                (200, json!({ "data": { "type": "kv", "options": { "version": "2" } } }))
            }
            // To be looked at, and to be renewed, which these are not.
            _ => (403, json!({ "errors": ["permission denied"] })),
        }
    }

    /// What Vault checks before it asks STS, and what STS checks. Answers the time of the signature.
    fn login(&self, body: &Value) -> Result<String, String> {
        let text = |key: &str| {
            let packed = body[key].as_str().ok_or(format!("missing {key}"))?;
            STANDARD
                .decode(packed)
                .ok()
                .and_then(|text| String::from_utf8(text).ok())
                .ok_or(format!("bad {key}"))
        };
        let fail = |holds: bool, why: &str| if holds { Ok(()) } else { Err(why.to_owned()) };
        fail(body["role"] == "ours", "no such role")?;
        fail(body["iam_http_request_method"] == "POST", "only POST is taken")?;
        let (url, question) = (text("iam_request_url")?, text("iam_request_body")?);
        fail(url == format!("https://sts.{}.amazonaws.com/", self.region), "another URL than that of STS")?;
        fail(question == "Action=GetCallerIdentity&Version=2011-06-15", "another question")?;
        // Values are lists, as in Go.
        let headers: BTreeMap<String, Vec<String>> =
            serde_json::from_str(&text("iam_request_headers")?).map_err(|error| error.to_string())?;
        let header = |name: &str| match headers.get(name).map(Vec::as_slice) {
            Some([value]) => Ok(value.clone()),
            _ => Err(format!("not one {name}")),
        };
        fail(header("x-vault-aws-iam-server-id")? == SERVER, "meant for another server")?;
        let (authorization, date) = (header("authorization")?, header("x-amz-date")?);
        let part = |name: &str| {
            let (_, rest) = authorization.split_once(&format!("{name}=")).unwrap_or_default();
            rest.split([',', ' ']).next().unwrap_or_default().to_owned()
        };
        let signed = part("SignedHeaders");
        fail(signed.split(';').any(|name| name == "x-vault-aws-iam-server-id"), "the server is not signed")?;
        fail(
            headers.keys().all(|name| name == "authorization" || signed.split(';').any(|one| one == name)),
            "not all is signed",
        )?;

        // From here on it is STS.
        let at = PrimitiveDateTime::parse(
            &date,
            &format_description!("[year][month][day]T[hour][minute][second]Z"),
        );
        let at = SystemTime::from(at.map_err(|error| error.to_string())?.assume_utc());
        let age = SystemTime::now().duration_since(at).unwrap_or_default();
        fail(age < Duration::from_secs(300), "Signature expired")?;
        let scope = format!("{KEY_ID}/{}/{}/sts/aws4_request", &date[..8], self.region);
        fail(part("Credential") == scope, "Credential should be scoped to a valid region")?;
        fail(
            headers.get("x-amz-security-token").map(|token| token[0].as_str()) == self.session,
            "another session",
        )?;
        let plain: Vec<_> = headers
            .iter()
            .filter(|(name, _)| {
                !["authorization", "x-amz-date", "x-amz-security-token"].contains(&name.as_str())
            })
            .map(|(name, value)| (name.as_str(), value[0].as_str()))
            .collect();
        let session = self.session.map(str::to_owned);
        let identity = Credentials::new(KEY_ID, SECRET, session, None, "test").into();
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name("sts")
            .time(at)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let request =
            SignableRequest::new("POST", url, plain.into_iter(), SignableBody::Bytes(question.as_bytes()));
        let expected = sign(request.unwrap(), &params.into()).unwrap();
        fail(part("Signature") == expected.signature(), "SignatureDoesNotMatch")?;
        Ok(date)
    }
}

/// A section without the keys.
fn section(vault: &StandIn, region: &str) -> Vec<(&'static str, String)> {
    [
        ("address", vault.url.as_str()),
        ("auth", "aws"),
        ("auth_mount", "team/aws"),
        ("role", "ours"),
        ("aws_region", region),
        ("aws_header_value", SERVER),
    ]
    .map(|(key, value)| (key, value.to_owned()))
    .into()
}

fn with_keys(vault: &StandIn, region: &str, secret: &str) -> Vec<(&'static str, String)> {
    let mut section = section(vault, region);
    section.push(("aws_access_key_id", KEY_ID.to_owned()));
    section.push(("aws_secret_access_key", secret.to_owned()));
    section
}

async fn check(section: &[(&'static str, String)]) -> Result<()> {
    open(section, NamespaceId(Uuid::new_v4())).await?.check().await
}

#[tokio::test]
async fn the_signed_question_is_one_that_vault_and_sts_take() {
    let vault = Vault::new("eu-west-1");
    let standin = vault.start().await;
    check(&with_keys(&standin, "eu-west-1", SECRET)).await.unwrap();
    let vault = Vault { session: Some(SESSION), ..Vault::new("us-east-1") };
    let standin = vault.start().await;
    let mut temporary = with_keys(&standin, "us-east-1", SECRET);
    temporary.push(("aws_session_token", SESSION.to_owned()));
    // It is the default.
    temporary.retain(|(key, _)| *key != "aws_region");
    check(&temporary).await.unwrap();
    assert_eq!(vault.logins.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_remedy() {
    let vault = Vault::new("eu-west-1");
    let standin = vault.start().await;
    let replaced = |key: &str, value: &str| {
        let mut section = with_keys(&standin, "eu-west-1", SECRET);
        section.iter_mut().find(|(known, _)| *known == key).unwrap().1 = value.to_owned();
        section
    };
    for (key, value) in [
        ("aws_secret_access_key", "another-secret"),
        ("aws_access_key_id", "AKIAANOTHER"),
        ("aws_region", "eu-west-2"),
        ("aws_header_value", "another.example.com"),
        ("role", "theirs"),
    ] {
        let error = check(&replaced(key, value)).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{key}: {shown}");
        for word in
            ["HashiCorp Vault", "AWS keys", "`role`", "`aws_region`", "`aws_header_value`", "`auth_mount`"]
        {
            assert!(shown.contains(word), "{key}: {word}: {shown}");
        }
        assert!(!shown.contains(SECRET) && !shown.contains("another-secret"), "{shown}");
    }
    assert_eq!(vault.logins.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_login_that_ended_is_repeated_with_a_question_of_that_time() {
    let vault = Vault { life: 1, ..Vault::new("us-east-1") };
    let standin = vault.start().await;
    let section = with_keys(&standin, "us-east-1", SECRET);
    let backend = open(&section, NamespaceId(Uuid::new_v4())).await.unwrap();
    backend.check().await.unwrap();
    tokio::time::sleep(Duration::from_millis(2100)).await;
    backend.check().await.unwrap();
    let logins = vault.logins.lock().unwrap();
    assert!(logins.len() >= 2 && logins.first() < logins.last(), "{logins:?}");
}

/// The name of a variable for [`run_by_the_other`].
const ADDRESS: &str = "STRONGROOM_TEST_AWS_LOGIN";

/// In a process of its own, whose environment has the keys or has none.
#[tokio::test]
#[ignore = "run by the other"]
#[expect(clippy::print_stdout, reason = "the other reads it")]
async fn run_by_the_other() {
    let Ok(url) = std::env::var(ADDRESS) else { return };
    let section = [("address", url.as_str()), ("auth", "aws"), ("auth_mount", "team/aws"), ("role", "ours")];
    let section: Vec<_> = section.into_iter().chain([("aws_header_value", SERVER)]).collect();
    let section: Vec<_> = section.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
    match check(&section).await {
        Ok(()) => println!("logged in"),
        Err(error) => println!("refused: {error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_those_of_the_environment_are_used() {
    let vault = Vault { session: Some(SESSION), ..Vault::new("us-east-1") };
    let standin = vault.start().await;
    let child = |variables: Vec<(&'static str, &'static str)>| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "run_by_the_other", "--ignored", "--nocapture"]);
        command.env_clear().env(ADDRESS, &standin.url).envs(variables);
        async move {
            let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            String::from_utf8(output.stdout).unwrap()
        }
    };
    let all = [
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", SESSION),
        // Vault asks the STS that it is set to, whatever our region is.
        ("AWS_REGION", "eu-west-1"),
    ];
    let said = child(all.into()).await;
    assert!(said.contains("logged in"), "{said}");
    for some in [&all[..0], &all[..1], &all[1..]] {
        let said = child(some.into()).await;
        for word in ["refused", "aws_access_key_id", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        assert!(!said.contains(SECRET) && !said.contains(SESSION), "{said}");
    }
}

/// On a HashiCorp Vault whose administrator's token we have, with keys of an AWS account that its STS knows.
mod hashicorp_vault {
    use super::*;
    use common::{Account, Server, server::variable};

    #[tokio::test]
    #[ignore = "needs a HashiCorp Vault: STRONGROOM_TEST_HASHICORP_VAULT names it"]
    async fn a_user_of_aws_logs_in() {
        let given = |name: &str| variable(&format!("STRONGROOM_TEST_HASHICORP_{name}"));
        let account = Account::on(Server::at(given("VAULT"), given("TOKEN"))).await;
        let (server, mount) = (&account.server, format!("aws-{}", account.prefix));
        server.enable("aws", &mount).await;
        let client = json!({ "iam_server_id_header_value": SERVER });
        server.admin("POST", &format!("auth/{mount}/config/client"), client).await;
        let role = json!({
            "auth_type": "iam", "bound_iam_principal_arn": [given("PRINCIPAL")], "resolve_aws_unique_ids": false,
            "token_policies": [account.policy],
        });
        server.admin("POST", &format!("auth/{mount}/role/ours"), role).await;
        let mut section = account.section();
        section.extend([
            ("auth", "aws".to_owned()),
            ("auth_mount", mount),
            ("role", "ours".to_owned()),
            ("aws_header_value", SERVER.to_owned()),
            ("aws_access_key_id", given("ACCESS_KEY_ID")),
            ("aws_secret_access_key", given("SECRET_ACCESS_KEY")),
        ]);
        check(&section).await.unwrap();
        section.iter_mut().find(|(key, _)| *key == "aws_secret_access_key").unwrap().1 = "another".to_owned();
        let error = check(&section).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
    }
}
