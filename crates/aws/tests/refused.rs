//! What is configured wrongly, and what AWS refuses.

mod site;

use site::{CANARY, Section, Service, Site, account, bare, text, uncached, variable};
use strongroom_core::{ErrorKind, NamespaceId, settings::Setting};
use strongroom_testkit::cloud::{self, assert_invalid};
use uuid::Uuid;

fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

/// Without any variable: nothing is asked.
fn offline() -> Section {
    bare().text("region", "eu-west-1")
}

#[tokio::test]
async fn what_cannot_work_is_named_with_the_remedy() {
    let cases: Vec<(Section, &str)> = vec![
        (bare(), "region"),
        (bare().text("region", "eu west"), "region: name one"),
        (offline().text("access_key_id", "AKIA"), "set both or neither"),
        (offline().text("secret_access_key", CANARY), "set both or neither"),
        (offline().text("session_token", CANARY), "session_token"),
        (
            offline().text("access_key_id", "A").text("secret_access_key", CANARY).text("profile", "p"),
            "profile",
        ),
        (offline().text("external_id", "x"), "role_arn"),
        (offline().with("recovery_days", Setting::Int(3)), "7 to 30, or 0"),
        (offline().text("endpoint", "http://192.0.2.1"), "allow_http"),
        (offline().text("sts_endpoint", "https://sts.example.com"), "AWS_ENDPOINT_URL_STS"),
        (
            offline().text("role_arn", "arn:aws:iam::1:role/r").text("sts_endpoint", "http://192.0.2.1"),
            "sts_endpoint",
        ),
        (offline().text("endpoint", "https://user:c4n4ry-v4lue@example.com"), "without a user"),
        (offline().text("prefix", "/x"), "prefix"),
        (offline().text("prefix", "a b"), "prefix"),
        (offline().list("tags", &["novalue"]), "key=value"),
        (offline().list("tags", &["aws:x=1"]), "key=value"),
        (offline().list("tags", &["strongroom-secret=1"]), "key=value"),
        (offline().list("tags", &["a=1", "a=2"]), "key=value"),
        (offline().text("ca_path", "/nonexistent"), "ca_path"),
        (offline().text("ca_path", "/dev/null"), "ca_path"),
        (offline().text("regoin", "x"), "regoin"),
    ];
    assert_invalid(cases).await;
}

#[tokio::test]
async fn opening_makes_no_call_and_another_endpoint_is_another_place() {
    let one = offline().open(namespace()).await.unwrap();
    assert_eq!(one.info().endpoint, "eu-west-1/strongroom");
    let door = offline().text("endpoint", "https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com");
    assert_eq!(door.open(namespace()).await.unwrap().info().endpoint, "eu-west-1/strongroom");
    for (endpoint, place) in [
        ("https://secretsmanager.eu-west-1.amazonaws.com:443/", ""),
        ("https://secretsmanager.cn-north-1.amazonaws.com.cn", ""),
        ("https://SecretsManager.eu-west-1.API.aws", ""),
        ("https://secrets.example.com/", "https://secrets.example.com/"),
        ("https://amazonaws.com.example.com", "https://amazonaws.com.example.com/"),
        ("https://example.com/.amazonaws.com", "https://example.com/.amazonaws.com/"),
    ] {
        let other = offline().text("endpoint", endpoint).text("prefix", "team/a");
        let other = other.open(namespace()).await.unwrap();
        assert_eq!(other.info().endpoint, format!("{place}eu-west-1/team/a"), "{endpoint}");
    }
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_on_is_unavailable() {
    let account = offline().text("endpoint", "http://127.0.0.1:9").text("access_key_id", "AKIA");
    let account = account.text("secret_access_key", CANARY);
    let error = account.open(namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("endpoint"), "{error}");
}

/// The endpoint follows from the region: this one has none.
#[tokio::test]
async fn a_region_that_does_not_exist_is_named() {
    let account = bare().text("region", "eu-nowhere-7").text("access_key_id", "AKIA");
    let account = account.text("secret_access_key", CANARY);
    let error = account.open(namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("check region"), "{error}");
}

#[tokio::test]
async fn the_readme_shows_the_policy_that_the_tests_run_under() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../policy.json")), "the README shows another policy");
}

async fn assert_refuses_everything(section: &Section, expected: &str) {
    let backend = section.open(namespace()).await.unwrap();
    let at = strongroom_core::VersionRef::new(Uuid::new_v4().to_string());
    let secrets = ["SECRET_ACCESS_KEY", "ACCESS_KEY_ID"].map(variable);
    cloud::assert_refuses_everything(&*backend, &at, expected, &secrets).await;
}

mod moto {
    use super::*;

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn without_permission_each_call_names_the_action() {
        let account = account()
            .text("access_key_id", &variable("DENIED_ACCESS_KEY_ID"))
            .text("secret_access_key", &variable("DENIED_SECRET_ACCESS_KEY"));
        assert_refuses_everything(&account, "secretsmanager:").await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn wrong_credentials_are_named() {
        let wrong_secret = account().text("secret_access_key", "another");
        assert_refuses_everything(&wrong_secret, "access key").await;
        let unknown = account().text("access_key_id", "AKIANOBODYKNOWSTHIS1");
        assert_refuses_everything(&unknown, "access key").await;
    }

    /// The endpoint is one region's, and the name of another is as well formed.
    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn another_region_than_the_endpoints_is_named() {
        assert_refuses_everything(&account().text("region", "us-west-2"), "region").await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn outside_the_prefix_of_the_policy_nothing_is_allowed() {
        let backend = account().text("prefix", "other").open(namespace()).await.unwrap();
        let error = backend.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        assert!(error.to_string().contains("prefix"), "{error}");
    }

    /// A role is assumed with the external id, and the credentials are the role's.
    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn a_role_is_assumed() {
        let endpoint = variable("ENDPOINT");
        let assumer = || {
            account()
                .text("access_key_id", &variable("ASSUMER_ACCESS_KEY_ID"))
                .text("secret_access_key", &variable("ASSUMER_SECRET_ACCESS_KEY"))
        };
        let role = || assumer().text("role_arn", &variable("ROLE_ARN")).text("sts_endpoint", &endpoint);
        let site = Site::of(&Service).await;
        let namespace = site.identity.namespace;
        let open = |account: Section| async move { account.open(namespace).await };

        // By themselves they may do nothing else.
        assert_eq!(open(assumer()).await.unwrap().check().await.unwrap_err().kind(), ErrorKind::StoreRefused);
        for wrong in [role(), role().text("external_id", "another")] {
            let error = open(wrong).await.unwrap().check().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
            assert!(error.to_string().contains("external_id"), "{error}");
        }

        let backend = open(role().text("external_id", &variable("EXTERNAL_ID"))).await.unwrap();
        backend.check().await.unwrap();
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        secrets.create("db", [("a", "1")]).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1");
        secrets.delete("db").await.unwrap();
        site.settle(&engine).await;
        site.assert_accounted(&*backend).await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn only_the_authorities_of_the_file_are_trusted() {
        let endpoint = variable("ENDPOINT").replace("http://", "https://");
        let account = account().text("endpoint", &endpoint);
        let trusting = account.clone().text("ca_path", &variable("CA")).open(namespace()).await.unwrap();
        trusting.check().await.unwrap();
        assert_eq!(trusting.scan(None, None).await.unwrap().found, []);

        // moto's authority is none of the system's, and AWS's is not this one.
        let directory = tempfile::tempdir().unwrap();
        let other = directory.path().join("other.pem");
        std::fs::write(&other, cloud::OTHER_AUTHORITY).unwrap();
        let wrong = account.text("ca_path", other.to_str().unwrap());
        let error = wrong.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("ca_path"), "{error}");
    }
}
