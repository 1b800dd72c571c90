//! What is configured wrongly, and what Azure refuses.

mod site;

use site::{CANARY, Vault, authority, text, uncached, variable};
use strongroom_core::{
    Backend, Error, ErrorKind, NamespaceId, NewVersion, ObjectId, Payload, Result, settings::Setting,
};
use uuid::Uuid;

const TENANT: &str = "00000000-0000-0000-0000-000000000001";

fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

/// Without any variable: nothing is asked.
fn offline() -> Vault {
    Vault::bare().text("vault", "my-vault")
}

fn application() -> Vault {
    offline().text("tenant_id", TENANT).text("client_id", TENANT).text("client_secret", CANARY)
}

async fn refused(vault: Vault) -> Error {
    match vault.open(namespace()).await {
        Ok(_) => panic!("it was taken"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn what_cannot_work_is_named_with_the_remedy() {
    let endpoint = |url: &str| application().without("vault").text("endpoint", url);
    let cases: Vec<(Vault, &str)> = vec![
        (Vault::bare(), "vault: name one"),
        (offline().text("vault", "https://my-vault.vault.azure.net"), "goes into endpoint"),
        (offline().text("vault", "../x"), "vault: its name alone"),
        (application().text("endpoint", "https://x.vault.azure.net"), "set one of them"),
        (offline().text("cloud", "moon"), "cloud"),
        (offline().text("auth", "guess"), "auth"),
        (offline().text("client_secret", CANARY), "needs all three"),
        (offline().text("auth", "client-secret"), "needs all three"),
        (application().text("auth", "managed-identity"), "client_secret"),
        (offline().text("auth", "managed-identity").text("token_path", "/x"), "token_path"),
        (offline().text("tenant_id", TENANT), "tenant_id"),
        (application().text("tenant_id", "a b"), "tenant_id"),
        (offline().text("auth", "workload-identity"), "AZURE_FEDERATED_TOKEN_FILE"),
        (endpoint("http://192.0.2.1"), "allow_http"),
        (endpoint("https://user:c4n4ry-v4lue@example.com"), "without a path"),
        (endpoint("https://example.com/secrets"), "without a path"),
        (endpoint("ftp://example.com"), "without a path"),
        (application().text("authority_host", "http://192.0.2.1"), "authority_host"),
        (application().text("prefix", "a/b"), "prefix"),
        (application().text("prefix", &"x".repeat(51)), "prefix"),
        (application().list("tags", &["novalue"]), "key=value"),
        (application().list("tags", &["strongroom-uid=1"]), "key=value"),
        (application().list("tags", &["a=1", "a=2"]), "key=value"),
        (application().list("tags", &["a=1", "b=2", "c=3", "d=4", "e=5", "f=6"]), "up to 5"),
        (application().text("ca_path", "/nonexistent"), "ca_path"),
        (application().text("ca_path", "/dev/null"), "ca_path"),
        (application().text("vualt", "x"), "vualt"),
    ];
    for (vault, expected) in cases {
        let error = refused(vault).await;
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{expected}: {error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(expected), "{expected} is not in {shown}");
        assert!(!shown.contains(CANARY), "{shown}");
    }
}

#[tokio::test]
async fn opening_makes_no_call_and_another_vault_is_another_place() {
    for (vault, place) in [
        (application(), "my-vault.vault.azure.net/strongroom"),
        (application().text("cloud", "government"), "my-vault.vault.usgovcloudapi.net/strongroom"),
        (application().text("cloud", "china"), "my-vault.vault.azure.cn/strongroom"),
        (
            application().without("vault").text("endpoint", "https://My-Vault.vault.azure.net/"),
            "my-vault.vault.azure.net/strongroom",
        ),
        (
            application().without("vault").text("endpoint", "https://v.vault.stack.example:8443"),
            "v.vault.stack.example:8443/strongroom",
        ),
        (application().text("prefix", "Team-A"), "my-vault.vault.azure.net/team-a"),
    ] {
        assert_eq!(vault.open(namespace()).await.unwrap().info().endpoint, place);
    }
}

#[tokio::test]
async fn an_endpoint_that_nobody_listens_on_is_unavailable() {
    let vault = application().without("vault").text("endpoint", "http://127.0.0.1:9");
    let error = vault.open(namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("endpoint"), "{error}");
}

#[test]
fn the_readme_shows_the_role_that_the_tests_run_under() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../role.json")), "the README shows another role");
}

/// Every call, and that each is refused because of us.
async fn assert_refuses_everything(backend: &dyn Backend, expected: &str) {
    let object = ObjectId(Uuid::new_v4());
    let uid = strongroom_core::VersionUid(Uuid::new_v4());
    let at = strongroom_core::VersionRef::new(uid.0.simple().to_string());
    let payload = Payload::new(CANARY.into());
    let labels = strongroom_core::Labels::new(strongroom_core::SecretId(Uuid::new_v4()), "cmVjb3Jk");
    let new = NewVersion::new(object, uid, &payload, &labels);
    let answers: Vec<(&str, Result<()>)> = vec![
        ("create", backend.put(&new).await.map(drop)),
        ("put", backend.put(&new.clone().after(&at)).await.map(drop)),
        ("get", backend.get(object, &at).await.map(drop)),
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
        for secret in [CANARY, &variable("CLIENT_SECRET"), &variable("ASSERTION")] {
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

mod azure {
    use super::*;

    #[tokio::test]
    async fn without_permission_each_call_names_the_action() {
        let denied = Vault::new().text("client_id", &variable("DENIED_CLIENT_ID"));
        let backend = denied.open(namespace()).await.unwrap();
        assert_refuses_everything(&*backend, "Microsoft.KeyVault/vaults/secrets/").await;
    }

    #[tokio::test]
    async fn wrong_credentials_are_named() {
        for (key, value, expected) in [
            ("client_secret", "another", "7000215"),
            ("client_id", TENANT, "700016"),
            ("tenant_id", TENANT, "tenant_id"),
        ] {
            let backend = Vault::new().text(key, value).open(namespace()).await.unwrap();
            assert_refuses_everything(&*backend, expected).await;
        }
    }

    #[tokio::test]
    async fn an_authority_that_does_not_answer_is_unavailable_and_named() {
        let backend = Vault::new().text("authority_host", "http://127.0.0.1:9");
        let error = backend.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("authority_host"), "{error}");
    }

    /// The token that a cluster puts into a file is exchanged for one of Azure's.
    #[tokio::test]
    async fn a_workload_identity_logs_in() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let vault = Vault::new().without("client_secret").text("token_path", path.to_str().unwrap());
        let vault = vault.text("client_id", &variable("FEDERATED_CLIENT_ID"));
        std::fs::write(&path, "another assertion").unwrap();
        let error = vault.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        assert!(error.to_string().contains("700211"), "{error}");
        std::fs::write(&path, variable("ASSERTION")).unwrap();
        vault.open(namespace()).await.unwrap().check().await.unwrap();
    }

    #[tokio::test]
    async fn only_the_authorities_of_the_file_are_trusted() {
        let endpoint = variable("ENDPOINT").replace("http://", "https://");
        let vault = Vault::new().at(&endpoint).text("authority_host", &endpoint);
        let trusting = vault.clone().text("ca_path", &authority()).open(namespace()).await.unwrap();
        trusting.check().await.unwrap();
        assert_eq!(trusting.scan(None, None).await.unwrap().found, []);

        let directory = tempfile::tempdir().unwrap();
        let other = directory.path().join("other.pem");
        std::fs::write(&other, OTHER_AUTHORITY).unwrap();
        let wrong = vault.text("ca_path", other.to_str().unwrap());
        let error = wrong.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("ca_path"), "{error}");
    }

    #[tokio::test]
    async fn too_much_is_refused_with_both_numbers_before_any_call() {
        let wire = strongroom_testkit::wire::Wire::to(&variable("ENDPOINT")).await;
        let site = site::site().await;
        let backend = Vault::new().warm(&wire, site.identity.namespace).await;
        let engine = site.engine(backend, uncached()).await;
        let secrets = site.secrets(&engine);
        let frame = r#"{"k":""}"#.len();
        let error = secrets.create("large", [("k", "v".repeat(25_601 - frame))]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
        assert!(error.to_string().contains("25601") && error.to_string().contains("25600"), "{error}");
        assert_eq!(wire.requests(), []);
        secrets.create("large", [("k", "v".repeat(25_600 - frame))]).await.unwrap();
        assert_eq!(text(&secrets.get("large").await.unwrap(), "k").len(), 25_600 - frame);
    }

    /// The role of the README has it not.
    #[tokio::test]
    async fn the_permission_to_purge_is_needed_only_if_asked_to() {
        for (purge, works) in [(false, true), (true, false)] {
            let site = site::site().await;
            let vault = Vault::new().with("purge", Setting::Bool(purge));
            let backend = vault.open(site.identity.namespace).await.unwrap();
            let engine = site.engine(backend.clone(), uncached()).await;
            let secrets = site.secrets(&engine);
            secrets.create("db", [("a", "1")]).await.unwrap();
            secrets.delete("db").await.unwrap();
            site.clock.skip(std::time::Duration::from_secs(2 * 3600));
            assert_eq!(engine.sweep().await.unwrap().failed == 0, works, "purge = {purge}");
        }
    }
}
