//! What is configured wrongly, and what AWS refuses.

mod site;

use site::{Account, CANARY, text, uncached, variable};
use strongroom_core::{
    Backend, Error, ErrorKind, NamespaceId, NewVersion, ObjectId, Payload, Result, settings::Setting,
};
use uuid::Uuid;

fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

/// Without any variable: nothing is asked.
fn offline() -> Account {
    Account::bare().text("region", "eu-west-1")
}

async fn refused(account: Account) -> Error {
    match account.open(namespace()).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_cannot_work_is_named_with_the_remedy() {
    let cases: Vec<(Account, &str)> = vec![
        (Account::bare(), "region"),
        (Account::bare().text("region", "eu west"), "region: name one"),
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
        (offline().text("sts_endpoint", "http://192.0.2.1"), "sts_endpoint"),
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
    for (account, expected) in cases {
        let error = refused(account).await;
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{expected} is not in {shown}");
        assert!(!shown.contains(CANARY), "{shown}");
    }
}

#[tokio::test]
async fn opening_makes_no_call_and_another_endpoint_is_another_place() {
    let one = offline().open(namespace()).await.unwrap();
    assert_eq!(one.info().endpoint, "eu-west-1/strongroom");
    let door = offline().text("endpoint", "https://vpce-1.secretsmanager.eu-west-1.vpce.amazonaws.com");
    assert_eq!(door.open(namespace()).await.unwrap().info().endpoint, "eu-west-1/strongroom");
    let other = offline().text("endpoint", "https://secrets.example.com/").text("prefix", "team/a");
    let other = other.open(namespace()).await.unwrap();
    assert_eq!(other.info().endpoint, "https://secrets.example.com/eu-west-1/team/a");
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_on_is_unavailable() {
    let account = offline().text("endpoint", "http://127.0.0.1:9").text("access_key_id", "AKIA");
    let account = account.text("secret_access_key", CANARY);
    let error = account.open(namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("endpoint"), "{error}");
}

#[tokio::test]
async fn the_readme_shows_the_policy_that_the_tests_run_under() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../policy.json")), "the README shows another policy");
}

/// Every call, and that each is refused because of us.
async fn assert_refuses_everything(backend: &dyn Backend, expected: &str) {
    let object = ObjectId(Uuid::new_v4());
    let uid = strongroom_core::VersionUid(Uuid::new_v4());
    let at = strongroom_core::VersionRef::new(uid.to_string());
    let payload = Payload::new(CANARY.into());
    let labels = strongroom_core::Labels::new(strongroom_core::SecretId(Uuid::new_v4()), "cmVjb3Jk");
    let new = NewVersion::new(object, uid, &payload, &labels);
    let many = backend.get_many(&[(object, at.clone()), (ObjectId(Uuid::new_v4()), at.clone())]).await;
    let answers: Vec<(&str, Result<()>)> = vec![
        ("create", backend.put(&new).await.map(drop)),
        ("put", backend.put(&new.clone().after(&at)).await.map(drop)),
        ("get", backend.get(object, &at).await.map(drop)),
        ("get_many", many.into_iter().next().unwrap().map(drop)),
        ("relabel", backend.relabel(object, &labels).await),
        ("remove", backend.remove(object, &at).await),
        ("delete", backend.delete(object).await),
        ("scan", backend.scan(None, None).await.map(drop)),
        ("scan of one", backend.scan(Some(object), None).await.map(drop)),
        ("check", backend.check().await),
    ];
    for (what, answer) in answers {
        let error = answer.expect_err(what);
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{what}: {error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{what}: {shown}");
        for secret in [CANARY, &variable("SECRET_ACCESS_KEY"), &variable("ACCESS_KEY_ID")] {
            assert!(!shown.contains(secret), "{what}: {shown}");
        }
    }
}

/// An authority that vouches for nobody; its key is kept nowhere.
const OTHER_AUTHORITY: &str = "\
-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUK+MckPV1OddMBfVf7Bdpd+5mKuYwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGbm9ib2R5MCAXDTI2MTEyNzA5MDQ1MVoYDzIxMjYxMTAzMDkw
NDUxWjARMQ8wDQYDVQQDDAZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATgioCsnswnAPGb37j4dOzOIhpHaq5RB27cGAyKD0Y8WThFSXoTDxpeISuJ1QYc
KqMRijCXMaJeXRVQac9SPFsTo1MwUTAdBgNVHQ4EFgQUEFyGsxNR1YERQHpqZAaU
kGFxWTowHwYDVR0jBBgwFoAUEFyGsxNR1YERQHpqZAaUkGFxWTowDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA1FCCg+Vbix98S7pCidPRO6Yyrfyf
H8hCK+R35lHi7vsCIBL44LwN2szAdIs5uDQ0CekHkSkl8HTnTVgVIaIwLWJS
-----END CERTIFICATE-----
";

mod moto {
    use super::*;

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn without_permission_each_call_names_the_action() {
        let account = Account::new()
            .text("access_key_id", &variable("DENIED_ACCESS_KEY_ID"))
            .text("secret_access_key", &variable("DENIED_SECRET_ACCESS_KEY"));
        let backend = account.open(namespace()).await.unwrap();
        assert_refuses_everything(&*backend, "secretsmanager:").await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn wrong_credentials_are_named() {
        let wrong_secret = Account::new().text("secret_access_key", "another");
        assert_refuses_everything(&*wrong_secret.open(namespace()).await.unwrap(), "access key").await;
        let unknown = Account::new().text("access_key_id", "AKIANOBODYKNOWSTHIS1");
        assert_refuses_everything(&*unknown.open(namespace()).await.unwrap(), "access key").await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn outside_the_prefix_of_the_policy_nothing_is_allowed() {
        let backend = Account::new().text("prefix", "other").open(namespace()).await.unwrap();
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
            Account::new()
                .text("access_key_id", &variable("ASSUMER_ACCESS_KEY_ID"))
                .text("secret_access_key", &variable("ASSUMER_SECRET_ACCESS_KEY"))
        };
        let role = || assumer().text("role_arn", &variable("ROLE_ARN")).text("sts_endpoint", &endpoint);
        let site = site::site().await;
        let namespace = site.identity.namespace;
        let open = |account: Account| async move { account.open(namespace).await };

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
        let account = Account::new().text("endpoint", &endpoint);
        let trusting = account.clone().text("ca_path", &variable("CA")).open(namespace()).await.unwrap();
        trusting.check().await.unwrap();
        assert_eq!(trusting.scan(None, None).await.unwrap().found, []);

        // moto's authority is none of the system's, and AWS's is not this one.
        let directory = tempfile::tempdir().unwrap();
        let other = directory.path().join("other.pem");
        std::fs::write(&other, OTHER_AUTHORITY).unwrap();
        let wrong = account.text("ca_path", other.to_str().unwrap());
        let error = wrong.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("ca_path"), "{error}");
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn too_much_is_refused_with_both_numbers_before_any_call() {
        let wire = strongroom_testkit::wire::Wire::to(&variable("ENDPOINT")).await;
        let site = site::site().await;
        let backend = Account::new().at(&wire.url()).open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        let frame = r#"{"k":""}"#.len();
        let error = secrets.create("large", [("k", "v".repeat(65_537 - frame))]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert!(error.to_string().contains("65537") && error.to_string().contains("65536"), "{error}");
        assert_eq!(wire.requests(), []);
        secrets.create("large", [("k", "v".repeat(65_536 - frame))]).await.unwrap();
        assert_eq!(text(&secrets.get("large").await.unwrap(), "k").len(), 65_536 - frame);
    }
}
