//! Somebody with rights of their own works on the same secrets, with the command line of AWS.

mod site;

use site::{Service, Site, account, everything, replacing, text, uncached};
use std::{
    process::{Command, Output},
    sync::Arc,
};
use strongroom_core::{
    Backend, ErrorKind, GetOptions, NamespaceId, Revision, SecretUpdate, ValuesChange, VersionRef,
    async_trait,
};
use strongroom_engine::RepairOptions;
use strongroom_testkit::{
    CloudSubject as _,
    cloud::{CloudOperator, Watched},
    wire::{Fault, Order, Wire},
};

/// `aws secretsmanager ...`; answers what it prints.
#[track_caller]
fn aws(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "aws {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
}

/// The same, which the service refuses with this code.
#[track_caller]
fn refused(code: &str, arguments: &[&str]) {
    let output = run(arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains(code), "{}: {told}", arguments[0]);
}

fn run(arguments: &[&str]) -> Output {
    Command::new(site::variable("BIN"))
        .args(["secretsmanager", "--endpoint-url", &site::variable("ENDPOINT")])
        .args(["--region", &site::variable("REGION"), "--output", "text"])
        .args(arguments)
        .env("AWS_ACCESS_KEY_ID", site::variable("ACCESS_KEY_ID"))
        .env("AWS_SECRET_ACCESS_KEY", site::variable("SECRET_ACCESS_KEY"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .output()
        .unwrap()
}

#[async_trait]
impl CloudOperator for Service {
    async fn staging(&self, namespace: NamespaceId) -> Arc<dyn Backend> {
        account().text("prefix", "strongroom/staging").open(namespace).await.unwrap()
    }

    fn value(&self, name: &str) -> String {
        aws(&["get-secret-value", "--secret-id", name, "--query", "SecretString"])
    }

    fn add(&self, name: &str, value: &str) {
        aws(&["put-secret-value", "--secret-id", name, "--secret-string", value]);
    }

    fn shown(&self, name: &str) -> String {
        aws(&["describe-secret", "--secret-id", name])
    }

    fn delete(&self, name: &str) {
        aws(&["delete-secret", "--secret-id", name, "--force-delete-without-recovery"]);
    }
}

/// Makes an old version the current one.
fn restore(name: &str, current: &VersionRef, old: &VersionRef) {
    let (current, old) = (current.as_str(), old.as_str());
    let (from, to) = (["--remove-from-version-id", current], ["--move-to-version-id", old]);
    let which = ["update-secret-version-stage", "--secret-id", name, "--version-stage", "AWSCURRENT"];
    aws(&[&which[..], &from, &to].concat());
}

mod moto {
    use super::*;

    strongroom_testkit::operator_suite!(Service, ignore = "needs AWS or moto: cargo xtask test");

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn an_old_version_that_was_restored_is_not_believed() {
        let watched = Watched::of(&Service).await;
        let found = everything(&*watched.backend).await;
        let current = found.iter().find(|one| one.newest).unwrap().at.clone().unwrap();
        let old = found.iter().find(|one| !one.newest).unwrap().at.clone().unwrap();
        restore(&watched.name, &current, &old);
        let value = Service.value(&watched.name);
        assert_eq!(value, r#"{"a":"one"}"#, "the case is not set up");
        let secrets = watched.secrets().await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        let cx = strongroom_core::Context::full(watched.site.identity.owner.id, "test");
        let engine = watched.site.engine(watched.backend.clone(), uncached()).await;
        let both = [watched.id.into(), watched.id.into()];
        for answer in strongroom_core::SecretsStore::get(&engine, &cx, &both, &GetOptions::new()).await {
            assert_eq!(text(&answer.unwrap(), "a"), "two");
        }

        // A repair puts the committed value once more.
        let report = engine.repair(RepairOptions::new()).await.unwrap();
        let overlaid: Vec<_> = report.overlaid.iter().map(|one| (one.secret, one.by.clone())).collect();
        assert_eq!(overlaid, [(watched.id, Some(old))], "{report:?}");
        assert!(report.overlaid[0].mended && report.unknown.is_empty(), "{report:?}");
        assert_eq!(Service.value(&watched.name), r#"{"a":"two"}"#);
        watched.site.settle(&engine).await;
        watched.site.assert_accounted(&*watched.backend).await;
        watched.assert_nothing_to_repair().await;
        watched.assert_repaired_by_an_update(&Service).await;
    }

    /// The put that makes the committed value current again gets no answer, or is not made.
    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn over_a_bad_wire_a_repair_is_done_or_said_not_to_be() {
        let (site, wire) = (Site::of(&Service).await, Wire::to(&Service.server()).await);
        let backend = Service.open(site.identity.namespace, Some(&wire)).await;
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "one")]).await.unwrap().meta.id;
        let (object, old) = site.place(id).await;
        secrets.set("db", "a", "two").await.unwrap();
        site.settle(&engine).await;
        let name = Service.object(site.identity.namespace, object);
        restore(&name, &site.place(id).await.1, &old);

        let put = |fault| Order::new("POST", "/PutSecretValue", fault);
        for fault in [Fault::Reset, Fault::status(503).into(), Fault::status(429).into()] {
            let before = wire.broken();
            wire.order(put(fault).always());
            let report = engine.repair(RepairOptions::new()).await.unwrap();
            let kinds: Vec<_> = report.unseen.iter().map(|one| one.kind).collect();
            assert!(kinds.len() == 1 && kinds[0].may_pass() && wire.broken() > before, "{report:?}");
            wire.heal();
            assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        }
        wire.order(put(Fault::LoseAnswer));
        let report = engine.repair(RepairOptions::new()).await.unwrap();
        assert!(report.overlaid.iter().all(|one| one.mended), "{report:?}");
        assert_eq!(Service.value(&name), r#"{"a":"two"}"#);
        site.settle(&engine).await;
        site.assert_accounted(&*backend).await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn a_secret_that_is_scheduled_for_deletion_is_named_with_the_remedy() {
        let watched = Watched::of(&Service).await;
        aws(&["delete-secret", "--secret-id", &watched.name, "--recovery-window-in-days", "7"]);
        let secrets = watched.secrets().await;
        let error = secrets.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        watched.assert_lost(false, "gone from the service").await;
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
        let watched = Watched::of(&Service).await;
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
        watched.assert_lost(false, "roll back to an older version").await;
        let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
        secrets.update(&watched.id.into(), back).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "one");
    }

    /// What the back-end lives by, and moto as it comes does not hold.
    #[test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    fn sizes_labels_and_tags_are_bounded_and_labels_stay() {
        const STRICT: &str = "InvalidParameterException";
        let name = format!("strongroom/rules-{}", uuid::Uuid::new_v4());
        let (most, too_much) = ("x".repeat(65_536), "x".repeat(65_537));
        let of = |action, more: &[&str]| -> Vec<String> {
            let known = [action, "--secret-id", &name];
            known.iter().chain(more).map(|argument| (*argument).to_owned()).collect()
        };
        let does = |action, more: &[&str]| {
            let all = of(action, more);
            aws(&all.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let may_not = |code, action, more: &[&str]| {
            let all = of(action, more);
            refused(code, &all.iter().map(String::as_str).collect::<Vec<_>>());
        };
        refused(STRICT, &["create-secret", "--name", &name, "--secret-string", &too_much]);
        aws(&["create-secret", "--name", &name, "--secret-string", &most]);
        may_not(STRICT, "put-secret-value", &["--secret-string", &too_much]);

        // With AWSCURRENT and AWSPREVIOUS these are 20.
        let labels: Vec<String> = (1..=18).map(|n| format!("own-{n}")).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let put = [&["--secret-string", "two", "--version-stages", "AWSCURRENT"][..], &labels].concat();
        let stages = ["--query", "VersionIdsToStages"];
        does("put-secret-value", &put);
        let second = does("get-secret-value", &["--query", "VersionId"]);
        let one_more = ["--version-stage", "own-19", "--move-to-version-id", &second];
        may_not("LimitExceededException", "update-secret-version-stage", &one_more);
        may_not(
            "LimitExceededException",
            "put-secret-value",
            &["--secret-string", "three", "--version-stages", "AWSCURRENT", "own-19"],
        );

        does("put-secret-value", &["--secret-string", "three"]);
        assert_eq!(does("get-secret-value", &["--query", "SecretString"]), "three");
        let left = does("get-secret-value", &["--version-stage", "own-18", "--query", "SecretString"]);
        assert_eq!(left, "two", "a label went with AWSCURRENT");
        let shown = does("describe-secret", &[&stages[..], &["--output", "json"]].concat());
        assert_eq!(shown.matches("own-").count(), 18, "{shown}");

        let tags: Vec<String> = (1..=50).map(|n| format!("Key=k{n},Value=v")).collect();
        let tags: Vec<&str> = ["--tags"].into_iter().chain(tags.iter().map(String::as_str)).collect();
        does("tag-resource", &tags);
        may_not(STRICT, "tag-resource", &["--tags", "Key=k51,Value=v"]);
        does("tag-resource", &["--tags", "Key=k50,Value=w"]);
        Service.delete(&name);
    }

    #[tokio::test]
    #[ignore = "needs AWS or moto: cargo xtask test"]
    async fn own_tags_and_the_kms_key_are_on_every_secret() {
        let namespace = NamespaceId(uuid::Uuid::new_v4());
        let account =
            account().list("tags", &["team=data", "cost center=42"]).text("kms_key", "alias/strongroom");
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
