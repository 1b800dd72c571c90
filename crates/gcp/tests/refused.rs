//! What is configured wrongly, and what Google Cloud refuses.

mod site;

use site::{CANARY, Section, account, bare, variable};
use strongroom_core::{ErrorKind, NamespaceId, NewVersion, ObjectId, Payload, VersionRef, settings::Setting};
use strongroom_testkit::{
    cloud::{self, assert_invalid},
    wire::{Fault, Order, Wire},
};
use uuid::Uuid;

fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

/// Without any variable: nothing is asked.
fn offline() -> Section {
    bare().text("project", "my-project").text("access_token", CANARY)
}

#[tokio::test]
async fn what_cannot_work_is_named_with_the_remedy() {
    let named = || bare().text("project", "my-project");
    let half = r#"{"type": "service_account", "private_key": "c4n4ry-v4lue""#;
    let cases = [
        (bare(), "project"),
        (offline().text("project", "a/b"), "project"),
        (offline().text("project", ""), "project"),
        (offline().text("location", "europe/west"), "location"),
        (offline().text("credentials", "{}"), "remove the others"),
        (named().text("credentials", half), "JSON"),
        (named().text("credentials", r#"{"type": "c4n4ry-v4lue"}"#), "service_account"),
        (named().text("credentials_path", "/nonexistent"), "credentials_path"),
        (named().text("access_token", "c4n4ry-v4lue\nx: y"), "access_token"),
        (offline().text("impersonate", "nobody"), "e-mail"),
        (offline().text("impersonate", "a@b/../c"), "e-mail"),
        (offline().text("kms_key", "key"), "cryptoKeys"),
        (offline().list("replicas", &["europe-west1"]).text("location", "europe-west1"), "replicas"),
        (offline().list("replicas", &["europe-west1="]), "cryptoKeys"),
        (
            offline().list("replicas", &["a", "b=projects/p/locations/b/keyRings/r/cryptoKeys/k"]),
            "all of them a key",
        ),
        (offline().text("endpoint", "http://192.0.2.1"), "allow_http"),
        (offline().text("endpoint", "https://user:c4n4ry-v4lue@example.com"), "without a user"),
        (offline().text("prefix", "a/b"), "prefix"),
        (offline().list("labels", &["novalue"]), "key=value"),
        (offline().list("labels", &["Team=data"]), "lower-case"),
        (offline().list("labels", &["ǅ=data"]), "lower-case"),
        (offline().list("labels", &["team=ʰ"]), "lower-case"),
        (offline().list("labels", &["strongroom-secret=1"]), "strongroom"),
        (offline().list("labels", &["a=1", "a=2"]), "key=value"),
        (offline().text("porject", "x"), "porject"),
    ];
    assert_invalid(cases).await;
}

#[tokio::test]
async fn opening_makes_no_call_and_another_endpoint_is_another_place() {
    let one = offline().open(namespace()).await.unwrap();
    assert_eq!(one.info().endpoint, "projects/my-project/strongroom");
    let door = offline().text("endpoint", "https://restricted.googleapis.com/");
    assert_eq!(door.open(namespace()).await.unwrap().info().endpoint, "projects/my-project/strongroom");
    let other = offline().text("endpoint", "https://secrets.example.com/").text("location", "europe-west1");
    let other = other.open(namespace()).await.unwrap();
    let place = "https://secrets.example.com/projects/my-project/locations/europe-west1/strongroom";
    assert_eq!(other.info().endpoint, place);
}

/// The SDK by itself tries for a minute.
#[tokio::test]
async fn an_endpoint_that_nobody_listens_on_is_unavailable_at_once() {
    let backend = offline().text("endpoint", "http://127.0.0.1:9").open(namespace()).await.unwrap();
    let start = std::time::Instant::now();
    let error = backend.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert!(error.to_string().contains("endpoint"), "{error}");
    assert!(start.elapsed() < std::time::Duration::from_secs(30), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_readme_shows_the_role_that_the_tests_run_under() {
    let readme = include_str!("../README.md");
    assert!(readme.contains(include_str!("../role.json")), "the README shows another role");
}

async fn assert_refuses_everything(section: &Section, expected: &str) {
    let backend = section.open(namespace()).await.unwrap();
    let at = strongroom_core::VersionRef::new("1-1767225600000");
    let secrets = ["ACCESS_TOKEN", "DENIED_ACCESS_TOKEN"].map(variable);
    cloud::assert_refuses_everything(&*backend, &at, expected, &secrets).await;
}

mod gcp {
    use super::*;

    #[tokio::test]
    async fn without_permission_each_call_names_the_permission() {
        let account = account().text("access_token", &variable("DENIED_ACCESS_TOKEN"));
        assert_refuses_everything(&account, "secretmanager.").await;
    }

    #[tokio::test]
    async fn a_wrong_token_and_a_wrong_project_are_named() {
        let wrong = account().text("access_token", "ya29.nobody");
        assert_refuses_everything(&wrong, "credentials").await;
        let other = account().text("project", "not-my-project");
        assert_refuses_everything(&other, "project").await;
    }

    #[tokio::test]
    async fn outside_the_prefix_of_the_condition_nothing_is_allowed() {
        let backend = account().text("prefix", "other").open(namespace()).await.unwrap();
        let error = backend.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        assert!(error.to_string().contains("prefix"), "{error}");
    }

    /// The SDK writes a version into the path as it is: one that leads out of it never comes that far.
    #[tokio::test]
    async fn what_is_no_version_is_not_asked_for() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = account().at(&wire.url()).open(namespace()).await.unwrap();
        let object = ObjectId(Uuid::new_v4());
        for wrong in ["", "1", "latest", "latest-1", "../x-1", "1/../2-1767225600000", "-1", "1-x"] {
            let wrong = VersionRef::new(wrong.to_owned());
            assert_eq!(backend.get(object, &wrong).await.unwrap_err().kind(), ErrorKind::NotFound, "{wrong}");
            backend.remove(object, &wrong).await.unwrap();
        }
        assert_eq!(wire.requests(), []);
    }

    /// A body that is none of Google's: nothing of it is shown, and nothing is taken for missing.
    #[tokio::test]
    async fn what_is_not_the_service_is_noticed() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = account().at(&wire.url()).open(namespace()).await.unwrap();
        wire.order(Order::new("*", "*", Fault::status(404)).always());
        let error = backend.check().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
        assert!(error.to_string().contains("endpoint"), "{error}");
    }

    /// Other keys than those of the configuration do not matter to the emulator, and must to Google.
    #[tokio::test]
    async fn what_the_service_does_not_take_is_told() {
        let key = "projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k";
        let account = account().with("kms_key", Setting::Text(key.into()));
        let backend = account.open(namespace()).await.unwrap();
        let payload = Payload::new(CANARY.into());
        let labels = strongroom_core::Labels::new(strongroom_core::SecretId(Uuid::new_v4()), "cmVjb3Jk");
        let uid = strongroom_core::VersionUid(Uuid::new_v4());
        let new = NewVersion::new(ObjectId(Uuid::new_v4()), uid, &payload, &labels);
        let error = backend.put(&new).await.unwrap_err();
        assert!(error.to_string().contains("kms_key"), "{error}");
    }

    /// What is not found when a secret is created is no secret.
    #[tokio::test]
    async fn a_put_never_finds_nothing() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = account().at(&wire.url()).open(namespace()).await.unwrap();
        let missing = Fault::status(404).body(r#"{"error":{"code":404,"message":"","status":"NOT_FOUND"}}"#);
        wire.order(Order::new("POST", "*", missing).always());
        let payload = Payload::new(CANARY.into());
        let labels = strongroom_core::Labels::new(strongroom_core::SecretId(Uuid::new_v4()), "cmVjb3Jk");
        let uid = strongroom_core::VersionUid(Uuid::new_v4());
        let (before, object) = (VersionRef::new("1-1767225600000"), ObjectId(Uuid::new_v4()));
        let new = NewVersion::new(object, uid, &payload, &labels);
        for new in [new.clone(), new.after(&before)] {
            let error = backend.put(&new).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
            assert!(error.to_string().contains("kms_key"), "{error}");
        }
    }
}
