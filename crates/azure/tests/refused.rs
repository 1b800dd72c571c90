//! What is configured wrongly, and what Azure refuses.

mod site;

use site::{CANARY, Section, Service, Site, authority, bare, uncached, variable, vault, warm};
use strongroom_core::{ErrorKind, NamespaceId, settings::Setting};
use strongroom_testkit::{
    cloud::{self, assert_invalid},
    wire::{Fault, Order, Wire},
};
use uuid::Uuid;

const TENANT: &str = "00000000-0000-0000-0000-000000000001";

fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

/// Without any variable: nothing is asked.
fn offline() -> Section {
    bare().text("vault", "my-vault")
}

fn application() -> Section {
    offline().text("tenant_id", TENANT).text("client_id", TENANT).text("client_secret", CANARY)
}

#[tokio::test]
async fn what_cannot_work_is_named_with_the_remedy() {
    let endpoint = |url: &str| application().without("vault").text("endpoint", url);
    let cases: Vec<(Section, &str)> = vec![
        (bare(), "vault: name one"),
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
        (offline().text("auth", "developer-tools").text("client_id", TENANT), "client_id"),
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
    assert_invalid(cases).await;
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

/// The host follows from the vault's name: this one has none.
#[tokio::test]
async fn a_vault_that_does_not_exist_is_named() {
    let vault = application().text("vault", "no-such-vault-7");
    let error = vault.open(namespace()).await.unwrap().check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("check vault"), "{error}");
}

#[test]
fn the_readme_shows_the_role_that_the_tests_run_under() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../role.json")), "the README shows another role");
}

async fn assert_refuses_everything(section: &Section, expected: &str) {
    let backend = section.open(namespace()).await.unwrap();
    let at = strongroom_core::VersionRef::new(Uuid::new_v4().simple().to_string());
    let secrets = ["CLIENT_SECRET", "ASSERTION"].map(variable);
    cloud::assert_refuses_everything(&*backend, &at, expected, &secrets).await;
}

mod azure {
    use super::*;

    #[tokio::test]
    async fn without_permission_each_call_names_the_action() {
        let denied = vault().text("client_id", &variable("DENIED_CLIENT_ID"));
        assert_refuses_everything(&denied, "Microsoft.KeyVault/vaults/secrets/").await;
    }

    #[tokio::test]
    async fn wrong_credentials_are_named() {
        for (key, value, expected) in [
            ("client_secret", "another", "7000215"),
            ("client_id", TENANT, "700016"),
            ("tenant_id", TENANT, "tenant_id"),
        ] {
            assert_refuses_everything(&vault().text(key, value), expected).await;
        }
    }

    #[tokio::test]
    async fn an_authority_that_does_not_answer_is_unavailable_and_named() {
        let backend = vault().text("authority_host", "http://127.0.0.1:9");
        let error = backend.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("authority_host"), "{error}");
    }

    #[tokio::test]
    async fn what_entra_answers_is_told_with_the_remedy() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let vault = vault().text("authority_host", &wire.url());
        let (busy, down): (Fault, Fault) = (Fault::status(429).into(), Fault::status(503).into());
        for (fault, kind, expected) in [
            (
                Fault::HalfBody,
                ErrorKind::Unavailable,
                "could not be read: try again, and check authority_host",
            ),
            (Fault::Reset, ErrorKind::Unavailable, "cannot be reached: check cloud, authority_host, network"),
            (busy, ErrorKind::Unavailable, "gives no token now: try again"),
            (down, ErrorKind::Unavailable, "gives no token now: try again"),
            (Fault::status(400).into(), ErrorKind::StoreRefused, "check tenant_id, client_id"),
        ] {
            wire.order(Order::new("POST", "*", fault.clone()).always());
            let error = vault.open(namespace()).await.unwrap().check().await.unwrap_err();
            assert_eq!(error.kind(), kind, "{fault:?}: {error:?}");
            let shown = error.to_string();
            assert!(shown.contains(expected) && shown.contains("Azure"), "{fault:?}: {shown}");
            wire.heal();
        }
    }

    /// As by a vault of another tenant: the login works, and the vault does not accept the token.
    #[tokio::test]
    async fn a_token_that_the_vault_does_not_accept_is_named() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        let tenant = format!("{}/{}", variable("AUTHORITY"), variable("TENANT_ID"));
        let challenge = format!("Bearer authorization=\"{tenant}\", resource=\"https://vault.azure.net\"");
        let refused = Fault::status(401).header("www-authenticate", &challenge);
        wire.order(Order::new("*", "*", refused).always());
        let error = backend.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        let shown = error.to_string();
        assert!(shown.contains("does not accept our token: check tenant_id"), "{shown}");
        assert!(wire.broken() > 0 && !shown.contains(&variable("CLIENT_SECRET")), "{shown}");
        wire.heal();
        backend.check().await.unwrap();
    }

    /// The token that a cluster puts into a file is exchanged for one of Azure's.
    #[tokio::test]
    async fn a_workload_identity_logs_in() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        let vault = vault().without("client_secret").text("token_path", path.to_str().unwrap());
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
        let vault = vault().at(&endpoint).text("authority_host", &endpoint);
        let trusting = vault.clone().text("ca_path", &authority()).open(namespace()).await.unwrap();
        trusting.check().await.unwrap();
        assert_eq!(trusting.scan(None, None).await.unwrap().found, []);

        let directory = tempfile::tempdir().unwrap();
        let other = directory.path().join("other.pem");
        std::fs::write(&other, cloud::OTHER_AUTHORITY).unwrap();
        let wrong = vault.text("ca_path", other.to_str().unwrap());
        let error = wrong.open(namespace()).await.unwrap().check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("ca_path"), "{error}");
    }

    /// The role of the README has it not.
    #[tokio::test]
    async fn the_permission_to_purge_is_needed_only_if_asked_to() {
        for (purge, works) in [(false, true), (true, false)] {
            let site = Site::of(&Service::new()).await;
            let vault = vault().with("purge", Setting::Bool(purge));
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
