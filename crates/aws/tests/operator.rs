//! Somebody with rights of their own works on the same secrets, with the command line of AWS.

mod site;

use site::{Account, CANARY, Site, everything, replacing, text, uncached};
use std::{process::Command, sync::Arc};
use strongroom_core::{Backend, ErrorKind, GetOptions, NamespaceId, Revision, SecretUpdate, ValuesChange};
use strongroom_engine::RepairOptions;

/// `aws secretsmanager ...`; answers what it prints.
#[track_caller]
fn aws(arguments: &[&str]) -> String {
    let output = Command::new(site::variable("BIN"))
        .args(["secretsmanager", "--endpoint-url", &site::variable("ENDPOINT")])
        .args(["--region", &site::variable("REGION"), "--output", "text"])
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", site::variable("ACCESS_KEY_ID"))
        .env("AWS_SECRET_ACCESS_KEY", site::variable("SECRET_ACCESS_KEY"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap();
    assert!(output.status.success(), "aws {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}

/// A deployment with a secret of two versions that nobody calls young any more.
struct Watched {
    site: Site,
    backend: Arc<dyn Backend>,
    id: strongroom_core::SecretId,
    /// What AWS calls the secret.
    name: String,
}

impl Watched {
    async fn new() -> Self {
        let site = site::site().await;
        let backend = Account::new().open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "one")]).await.unwrap().meta.id;
        secrets.update(&id.into(), replacing("a", "two")).await.unwrap();
        site.settle(&engine).await;
        let (object, _) = site.place(id).await;
        let name = format!("strongroom/{}/{object}", site.identity.namespace);
        Self { site, backend, id, name }
    }

    async fn secrets(&self) -> strongroom_core::Secrets {
        let engine = self.site.engine(self.backend.clone(), uncached()).await;
        self.site.secrets(&engine)
    }

    async fn assert_repaired_by_an_update(&self) {
        let secrets = self.secrets().await;
        secrets.update(&self.id.into(), replacing("a", "mended")).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "mended");
        assert_eq!(
            aws(&["get-secret-value", "--secret-id", &self.name, "--query", "SecretString"]),
            r#"{"a":"mended"}"#
        );
    }
}

mod moto {
    use super::*;

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn what_was_written_is_seen_as_json_and_sealed_it_is_not() {
        let watched = Watched::new().await;
        let value = || aws(&["get-secret-value", "--secret-id", &watched.name, "--query", "SecretString"]);
        assert_eq!(value(), r#"{"a":"two"}"#);

        let site = site::site().await;
        let backend = Account::new().open(site.identity.namespace).await.unwrap();
        let engine = site.sealing_engine(backend, uncached(), true).await;
        let id = site.secrets(&engine).create("db", [("a", CANARY)]).await.unwrap().meta.id;
        let name = format!("strongroom/{}/{}", site.identity.namespace, site.place(id).await.0);
        let sealed = aws(&["get-secret-value", "--secret-id", &name, "--query", "SecretString"]);
        assert!(sealed.len() > 100 && !sealed.contains(CANARY) && !sealed.contains('{'), "{sealed}");
        let tags = aws(&["describe-secret", "--secret-id", &name]);
        assert!(tags.contains("strongroom-part-0"), "{tags}");
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn a_changed_value_is_not_served_and_an_added_one_is_reported() {
        let watched = Watched::new().await;
        aws(&["put-secret-value", "--secret-id", &watched.name, "--secret-string", r#"{"a":"foreign"}"#]);
        // Reads name the version: what somebody added is no change of ours.
        let secrets = watched.secrets().await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        let engine = watched.site.engine(watched.backend.clone(), uncached()).await;
        let report = engine.repair(RepairOptions::new()).await.unwrap();
        assert_eq!((report.unknown.len(), report.removed), (1, 0), "{report:?}");
        assert_eq!(report.unknown[0].record.as_ref().unwrap().name, "db");
        let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        assert_eq!(report.removed, 1, "{report:?}");
        let value = aws(&["get-secret-value", "--secret-id", &watched.name, "--query", "SecretString"]);
        assert_eq!(value, r#"{"a":"two"}"#, "the committed one is the current one again");
        watched.site.assert_accounted(&*watched.backend).await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn an_old_version_that_was_restored_is_not_believed() {
        let watched = Watched::new().await;
        let found = everything(&*watched.backend).await;
        let current = found.iter().find(|one| one.newest).unwrap().at.clone().unwrap();
        let old = found.iter().find(|one| !one.newest).unwrap().at.clone().unwrap();
        aws(&[
            "update-secret-version-stage",
            "--secret-id",
            &watched.name,
            "--version-stage",
            "AWSCURRENT",
            "--remove-from-version-id",
            current.as_str(),
            "--move-to-version-id",
            old.as_str(),
        ]);
        let value = aws(&["get-secret-value", "--secret-id", &watched.name, "--query", "SecretString"]);
        assert_eq!(value, r#"{"a":"one"}"#, "the case is not set up");
        let secrets = watched.secrets().await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        let cx = strongroom_core::Context::full(watched.site.identity.owner.id, "test");
        let engine = watched.site.engine(watched.backend.clone(), uncached()).await;
        let both = [watched.id.into(), watched.id.into()];
        for answer in strongroom_core::SecretsStore::get(&engine, &cx, &both, &GetOptions::new()).await {
            assert_eq!(text(&answer.unwrap(), "a"), "two");
        }
        watched.assert_repaired_by_an_update().await;
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn a_deleted_secret_is_lost_and_can_be_written_again() {
        let watched = Watched::new().await;
        aws(&["delete-secret", "--secret-id", &watched.name, "--force-delete-without-recovery"]);
        let secrets = watched.secrets().await;
        let error = secrets.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        assert!(error.to_string().contains("write them again"), "{error}");
        watched.assert_repaired_by_an_update().await;
        // The next writes go on from there, labelled like any other.
        for n in 0..4 {
            secrets.update(&watched.id.into(), replacing("a", &n.to_string())).await.unwrap();
        }
        let back = secrets.versions("db").await.unwrap()[4].revision;
        let read = secrets.get_ref(&watched.id.into(), &GetOptions::new().as_of(back)).await.unwrap();
        assert_eq!(text(&read, "a"), "mended");
        secrets.delete("db").await.unwrap();
        assert_eq!(everything(&*watched.backend).await, []);
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn a_secret_that_is_scheduled_for_deletion_is_named_with_the_remedy() {
        let watched = Watched::new().await;
        aws(&["delete-secret", "--secret-id", &watched.name, "--recovery-window-in-days", "7"]);
        let secrets = watched.secrets().await;
        let error = secrets.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        let error = secrets.update(&watched.id.into(), replacing("a", "three")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        assert!(error.to_string().contains("RestoreSecret"), "{error}");
        // The name is not taken for ever.
        secrets.delete("db").await.unwrap();
        secrets.create("db", [("a", "new")]).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "new");
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn a_version_without_its_labels_can_be_rolled_over() {
        let watched = Watched::new().await;
        let (_, at) = watched.site.place(watched.id).await;
        let secrets = watched.secrets().await;
        // The first version goes to the current one's place, and the current one loses its own label.
        let label = format!("sr-{at}");
        let old =
            everything(&*watched.backend).await.into_iter().find(|one| !one.newest).unwrap().at.unwrap();
        for (label, to) in [("AWSCURRENT", Some(old.as_str())), (label.as_str(), None), ("AWSPREVIOUS", None)]
        {
            let mut arguments = vec!["update-secret-version-stage", "--secret-id", &watched.name];
            arguments.extend(["--version-stage", label, "--remove-from-version-id", at.as_str()]);
            arguments.extend(to.iter().flat_map(|to| ["--move-to-version-id", to]));
            aws(&arguments);
        }
        let error = secrets.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
        secrets.update(&watched.id.into(), back).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "one");
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn two_deployments_in_one_account_are_apart() {
        let (one, other) = (Watched::new().await, Watched::new().await);
        for (watched, value) in [(&one, "first"), (&other, "second")] {
            let secrets = watched.secrets().await;
            secrets.update(&watched.id.into(), replacing("a", value)).await.unwrap();
        }
        let engine = one.site.engine(one.backend.clone(), uncached()).await;
        let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        assert_eq!((report.unknown.len(), report.removed), (0, 0), "{report:?}");
        one.secrets().await.delete("db").await.unwrap();
        one.site.settle(&engine).await;
        assert_eq!(everything(&*one.backend).await, []);
        assert_eq!(text(&other.secrets().await.get("db").await.unwrap(), "a"), "second");
        other.site.assert_accounted(&*other.backend).await;

        // The same namespace under another prefix, as of a clone for staging, is another place.
        let namespace = other.site.identity.namespace;
        let staging = Account::new().text("prefix", "strongroom/staging").open(namespace).await.unwrap();
        assert_eq!(everything(&*staging).await, []);
        assert_ne!(staging.info().endpoint, other.backend.info().endpoint);
        let (object, at) = other.site.place(other.id).await;
        assert_eq!(staging.get(object, &at).await.unwrap_err().kind(), ErrorKind::NotFound);
        staging.delete(object).await.unwrap();
        assert_eq!(text(&other.secrets().await.get("db").await.unwrap(), "a"), "second");
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn own_tags_and_the_kms_key_are_on_every_secret() {
        let namespace = NamespaceId(uuid::Uuid::new_v4());
        let account =
            Account::new().list("tags", &["team=data", "cost center=42"]).text("kms_key", "alias/strongroom");
        let backend = account.open(namespace).await.unwrap();
        let object = strongroom_core::ObjectId(uuid::Uuid::new_v4());
        let uid = strongroom_core::VersionUid(uuid::Uuid::new_v4());
        let payload = strongroom_core::Payload::new(b"{}".to_vec());
        let labels =
            strongroom_core::Labels::new(strongroom_core::SecretId(uuid::Uuid::new_v4()), "cmVjb3Jk");
        backend.put(&strongroom_core::NewVersion::new(object, uid, &payload, &labels)).await.unwrap();
        backend.relabel(object, &strongroom_core::Labels::new(labels.secret, "bmV3")).await.unwrap();
        let name = format!("strongroom/{namespace}/{object}");
        let shown = aws(&["describe-secret", "--secret-id", &name]);
        for expected in ["team\tdata", "cost center\t42", "alias/strongroom", "bmV3", &namespace.to_string()]
        {
            assert!(shown.contains(expected), "{expected} is not in {shown}");
        }
        assert!(!shown.contains("cmVjb3Jk"), "{shown}");
    }
}
