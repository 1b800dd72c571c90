//! Somebody with rights of their own works on the same secrets, with Google's own library for Python.

mod site;

use site::{Service, account, everything, replacing, text};
use std::{process::Command, sync::Arc};
use strongroom_core::{
    Backend, ErrorKind, GetOptions, NamespaceId, Revision, SecretUpdate, ValuesChange, async_trait,
};
use strongroom_testkit::cloud::{CloudOperator, Kept, Watched};

/// `google_cloud.py ...`; answers what it prints.
#[track_caller]
fn google(arguments: &[&str]) -> String {
    run("google_cloud.py", arguments)
}

#[track_caller]
fn run(script: &str, arguments: &[&str]) -> String {
    let output = Command::new(site::variable("PYTHON"))
        .arg(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .args([&site::variable("ENDPOINT"), &site::variable("PROJECT")])
        .args(arguments)
        .env("GCP_TOKEN", site::variable("OPERATOR_ACCESS_TOKEN"))
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}

#[async_trait]
impl CloudOperator for Service {
    async fn staging(&self, namespace: NamespaceId) -> Arc<dyn Backend> {
        account().text("prefix", "strongroom-staging").open(namespace).await.unwrap()
    }

    fn value(&self, name: &str) -> String {
        google(&["access", name, "latest"])
    }

    fn add(&self, name: &str, value: &str) {
        google(&["add", name, value]);
    }

    fn shown(&self, name: &str) -> String {
        google(&["show", name])
    }

    fn delete(&self, name: &str) {
        google(&["delete", name]);
    }
}

mod google {
    use super::*;

    strongroom_testkit::operator_suite!(
        Service,
        ignore = "needs Google's library for Python: cargo xtask test"
    );

    #[test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    fn the_rules_that_we_live_by_hold_in_googles_own_eyes() {
        let name = format!("strongroom-rules-{}", uuid::Uuid::new_v4());
        for location in [&[][..], &["europe-west1"]] {
            assert_eq!(run("google_rules.py", &[&[&*name], location].concat()), "all rules hold");
        }
    }

    #[tokio::test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    async fn numbers_that_begin_anew_are_not_taken_for_those_of_before() {
        let watched = Watched::of(&Service).await;
        google(&["delete", &watched.name]);
        let secrets = watched.secrets().await;
        watched.assert_repaired_by_an_update(&Service).await;
        // Google counts from 1 again. What had that number before is not what has it now.
        let first = secrets.get_ref(&watched.id.into(), &GetOptions::new().as_of(Revision(1))).await;
        let error = first.unwrap_err();
        assert!([ErrorKind::Corrupt, ErrorKind::Lost].contains(&error.kind()), "{error:?}");
        // As the history moves on, the versions of before are removed, and none of today's with them.
        for n in 0..12 {
            secrets.update(&watched.id.into(), replacing("a", &n.to_string())).await.unwrap();
        }
        let engine = watched.engine().await;
        watched.site.settle(&engine).await;
        for version in secrets.versions("db").await.unwrap() {
            let then = GetOptions::new().as_of(version.revision);
            secrets.get_ref(&watched.id.into(), &then).await.unwrap();
        }
        watched.site.assert_accounted(&*watched.backend).await;
        secrets.delete("db").await.unwrap();
        assert_eq!(everything(&*watched.backend).await, []);
    }

    #[tokio::test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    async fn a_disabled_version_is_named_with_the_remedy() {
        let watched = Watched::of(&Service).await;
        google(&["disable", &watched.name, "2"]);
        let secrets = watched.secrets().await;
        let error = secrets.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        assert!(error.to_string().contains("gcloud secrets versions enable"), "{error}");
        // It is there, and only a read tells.
        watched.assert_lost(true, "gcloud secrets versions enable").await;
        google(&["enable", &watched.name, "2"]);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        watched.assert_nothing_to_repair().await;
        // The state of a version has changed twice: it can be destroyed like any other.
        secrets.delete("db").await.unwrap();
        assert_eq!(everything(&*watched.backend).await, []);
    }

    #[tokio::test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    async fn a_destroyed_version_can_be_rolled_over() {
        let watched = Watched::of(&Service).await;
        google(&["destroy", &watched.name, "2"]);
        let secrets = watched.secrets().await;
        let error = secrets.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        watched.assert_lost(false, "roll back to an older version").await;
        let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
        secrets.update(&watched.id.into(), back).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "one");
    }

    #[tokio::test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    async fn destroying_later_is_as_good_as_destroying() {
        let watched = Watched::of(&Service).await;
        google(&["delay", &watched.name]);
        let found = everything(&*watched.backend).await;
        let (object, at) = (found[0].object, found[0].at.clone().unwrap());
        watched.backend.remove(object, &at).await.unwrap();
        assert_eq!(everything(&*watched.backend).await, found[1..]);
        assert_eq!(watched.backend.get(object, &at).await.unwrap_err().kind(), ErrorKind::NotFound);
        watched.backend.remove(object, &at).await.unwrap();
    }

    #[tokio::test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    async fn labels_of_others_stay_when_ours_change() {
        let watched = Watched::of(&Service).await;
        google(&["label", &watched.name, "cost-center", "42"]);
        let engine = watched.engine().await;
        let before = google(&["show", &watched.name]);
        let name = strongroom_core::SecretName::new("Ünï code / %2F \u{1F600}").unwrap();
        let secrets = watched.site.secrets(&engine);
        secrets.update(&watched.id.into(), SecretUpdate::new().name(name)).await.unwrap();
        watched.site.settle(&engine).await;
        let after = google(&["show", &watched.name]);
        assert!(after.contains(r#""cost-center": "42""#) && after != before, "{after}");
    }

    #[tokio::test]
    #[ignore = "needs Google's library for Python: cargo xtask test"]
    async fn own_labels_replicas_and_keys_are_on_every_secret() {
        let key = |location: &str| format!("projects/p/locations/{location}/keyRings/r/cryptoKeys/k");
        let (west, north) = (key("europe-west1"), key("europe-north1"));
        let replicas = [format!("europe-west1={west}"), format!("europe-north1={north}")];
        let labelled = account().list("labels", &["team=data", "env=prod"]);
        let replicated = labelled.clone().list("replicas", &[&replicas[0], &replicas[1]]);
        let anywhere = labelled.text("kms_key", &key("global"));
        for (account, keys) in [(replicated, vec![west, north]), (anywhere, vec![key("global")])] {
            let namespace = NamespaceId(uuid::Uuid::new_v4());
            let backend = account.open(namespace).await.unwrap();
            let object = Kept::put(&*backend).await.object;
            let shown = google(&["show", &format!("strongroom-{namespace}-{object}")]);
            let fixed = [r#""team": "data""#, r#""env": "prod""#, &namespace.to_string()];
            for expected in keys.iter().map(String::as_str).chain(fixed) {
                assert!(shown.contains(expected), "{expected} is not in {shown}");
            }
            backend.delete(object).await.unwrap();
        }
    }
}
