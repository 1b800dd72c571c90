//! Somebody with rights of their own works on the same secrets, with Microsoft's client for Python.

mod site;

use site::{CANARY, Operator, Site, Vault, everything, replacing, text, uncached};
use std::sync::Arc;
use strongroom_core::{Backend, ErrorKind, NamespaceId, Revision, SecretUpdate, ValuesChange};
use strongroom_engine::RepairOptions;

/// A deployment with a secret of two versions that nobody calls young any more.
struct Watched {
    site: Site,
    backend: Arc<dyn Backend>,
    id: strongroom_core::SecretId,
    /// What Azure calls the secret.
    name: String,
}

impl Watched {
    async fn new() -> Self {
        let site = site::site().await;
        let backend = Vault::new().open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend.clone(), uncached()).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "one")]).await.unwrap().meta.id;
        secrets.update(&id.into(), replacing("a", "two")).await.unwrap();
        site.settle(&engine).await;
        let (object, _) = site.place(id).await;
        let name = format!("strongroom-{}-{object}", site.identity.namespace);
        Self { site, backend, id, name }
    }

    async fn secrets(&self) -> strongroom_core::Secrets {
        let engine = self.site.engine(self.backend.clone(), uncached()).await;
        self.site.secrets(&engine)
    }

    /// What the client sees as the secret's value.
    fn value(&self) -> String {
        value(&self.name)
    }

    async fn assert_repaired_by_an_update(&self) {
        let secrets = self.secrets().await;
        secrets.update(&self.id.into(), replacing("a", "mended")).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "mended");
        assert_eq!(self.value(), r#"{"a":"mended"}"#);
    }
}

fn value(name: &str) -> String {
    let told: serde_json::Value = serde_json::from_str(&Operator.does(&["get", name])).unwrap();
    told["value"].as_str().unwrap().to_owned()
}

mod microsoft {
    use super::*;

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn what_was_written_is_seen_as_json_and_sealed_it_is_not() {
        let watched = Watched::new().await;
        assert_eq!(watched.value(), r#"{"a":"two"}"#);
        let listed = |name: &str| {
            let list = Operator.does(&["list"]);
            list.lines().find(|line| line.contains(name)).unwrap().to_owned()
        };
        assert!(listed(&watched.name).contains("application/json"));

        let site = site::site().await;
        let backend = Vault::new().open(site.identity.namespace).await.unwrap();
        let engine = site.sealing_engine(backend, uncached(), true).await;
        let id = site.secrets(&engine).create("db", [("a", CANARY)]).await.unwrap().meta.id;
        let name = format!("strongroom-{}-{}", site.identity.namespace, site.place(id).await.0);
        let sealed = value(&name);
        assert!(sealed.len() > 100 && !sealed.contains(CANARY) && !sealed.contains('{'), "{sealed}");
        let tags = listed(&name);
        assert!(tags.contains("strongroom-part-0") && tags.contains("text/plain"), "{tags}");
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_changed_value_is_not_served_and_an_added_one_is_reported() {
        let watched = Watched::new().await;
        Operator.does(&["set", &watched.name, r#"{"a":"foreign"}"#]);
        // Reads name the version: what somebody added is no change of ours.
        let secrets = watched.secrets().await;
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        let engine = watched.site.engine(watched.backend.clone(), uncached()).await;
        let report = engine.repair(RepairOptions::new()).await.unwrap();
        assert_eq!((report.unknown.len(), report.removed), (1, 0), "{report:?}");
        let report = engine.repair(RepairOptions::new().remove_foreign(true)).await.unwrap();
        assert_eq!(report.removed, 1, "{report:?}");
        watched.assert_repaired_by_an_update().await;
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_deleted_secret_is_named_with_the_remedy() {
        let watched = Watched::new().await;
        let operator = Operator;
        operator.does(&["delete", &watched.name]);
        let secrets = watched.secrets().await;
        assert_eq!(secrets.get("db").await.unwrap_err().kind(), ErrorKind::Lost);
        let error = secrets.update(&watched.id.into(), replacing("a", "three")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        assert!(error.to_string().contains("recover or purge"), "{error}");

        operator.does(&["recover", &watched.name]);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        watched.assert_repaired_by_an_update().await;
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_purged_secret_is_lost_and_can_be_written_again() {
        let watched = Watched::new().await;
        Operator.does(&["delete", &watched.name]);
        Operator.does(&["purge", &watched.name]);
        let error = watched.secrets().await.get("db").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        assert!(error.to_string().contains("write them again"), "{error}");
        watched.assert_repaired_by_an_update().await;
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_disabled_version_is_lost_until_it_is_enabled() {
        let watched = Watched::new().await;
        let (_, at) = watched.site.place(watched.id).await;
        Operator.does(&["disable", &watched.name, at.as_str()]);
        let secrets = watched.secrets().await;
        assert_eq!(secrets.get("db").await.unwrap_err().kind(), ErrorKind::Lost);
        Operator.does(&["enable", &watched.name, at.as_str()]);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        Operator.does(&["disable", &watched.name, at.as_str()]);
        let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
        secrets.update(&watched.id.into(), back).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "one");
    }

    /// A put whose answers are all lost is the newest one there, until the sweeper comes by.
    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn after_an_abandoned_put_people_see_the_committed_value_again() {
        use strongroom_testkit::wire::{Fault, Order, Wire};
        let (site, wire) = (site::site().await, Wire::to(&site::variable("ENDPOINT")).await);
        let backend = Vault::new().warm(&wire, site.identity.namespace).await;
        let mut options = uncached();
        options.call_attempts = 2;
        let engine = site.engine(backend.clone(), options).await;
        let secrets = site.secrets(&engine);
        let id = secrets.create("db", [("a", "committed")]).await.unwrap().meta.id;
        let name = format!("strongroom-{}-{}", site.identity.namespace, site.place(id).await.0);

        wire.order(Order::new("PUT", "*", Fault::LoseAnswer).times(2));
        wire.order(Order::new("GET", "*", Fault::Reset).always());
        secrets.update(&id.into(), replacing("a", "abandoned")).await.unwrap_err();
        assert_eq!(value(&name), r#"{"a":"abandoned"}"#, "the case is not set up");
        wire.heal();
        site.settle(&engine).await;
        assert_eq!(value(&name), r#"{"a":"committed"}"#);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "committed");
        site.assert_accounted(&*backend).await;
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn two_deployments_in_one_vault_are_apart() {
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
        let staging = Vault::new().text("prefix", "strongroom-staging").open(namespace).await.unwrap();
        assert_eq!(everything(&*staging).await, []);
        assert_ne!(staging.info().endpoint, other.backend.info().endpoint);
        let (object, at) = other.site.place(other.id).await;
        assert_eq!(staging.get(object, &at).await.unwrap_err().kind(), ErrorKind::NotFound);
        staging.delete(object).await.unwrap();
        assert_eq!(text(&other.secrets().await.get("db").await.unwrap(), "a"), "second");
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn own_tags_are_on_every_version_and_stay() {
        let namespace = NamespaceId(uuid::Uuid::new_v4());
        let vault = Vault::new().list("tags", &["team=data", "cost center=42"]);
        let backend = vault.open(namespace).await.unwrap();
        let object = strongroom_core::ObjectId(uuid::Uuid::new_v4());
        let uid = strongroom_core::VersionUid(uuid::Uuid::new_v4());
        let payload = strongroom_core::Payload::new(b"{}".to_vec());
        let labels =
            strongroom_core::Labels::new(strongroom_core::SecretId(uuid::Uuid::new_v4()), "cmVjb3Jk");
        backend.put(&strongroom_core::NewVersion::new(object, uid, &payload, &labels)).await.unwrap();
        backend.relabel(object, &strongroom_core::Labels::new(labels.secret, "bmV3")).await.unwrap();
        let shown = Operator.does(&["versions", &format!("strongroom-{namespace}-{object}")]);
        for expected in [r#""team": "data""#, r#""cost center": "42""#, "bmV3", &uid.to_string()] {
            assert!(shown.contains(expected), "{expected} is not in {shown}");
        }
        assert!(!shown.contains("cmVjb3Jk"), "{shown}");
    }

    /// What the emulator refuses, to Microsoft's own client.
    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn the_emulator_is_as_strict_as_the_service() {
        let operator = Operator;
        let name = format!("x{}", uuid::Uuid::new_v4());
        operator.does(&["set", &name, "v"]);
        let large = "v".repeat(25_601);
        assert_eq!(operator.is_refused(&["set", &name, &large]).trim(), "400 BadParameter None");
        operator.does(&["delete", &name]);
        assert_eq!(operator.is_refused(&["get", &name]).trim(), "404 SecretNotFound None");
        let taken = operator.is_refused(&["set", &name, "v"]);
        assert_eq!(taken.trim(), "409 Conflict ObjectIsDeletedButRecoverable");
        operator.does(&["purge", &name]);
        operator.does(&["set", &name, "v"]);
        assert_eq!(operator.is_refused(&["recover", &name]).trim(), "404 SecretNotFound None");
    }
}
