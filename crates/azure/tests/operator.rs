//! Somebody with rights of their own works on the same secrets, with Microsoft's client for Python.

mod site;

use site::{Operator, Service, replacing, text, uncached, vault};
use std::sync::Arc;
use strongroom_core::{Backend, ErrorKind, NamespaceId, Revision, SecretUpdate, ValuesChange, async_trait};
use strongroom_testkit::{
    CloudSubject as _,
    cloud::{CloudOperator, Watched},
};

#[async_trait]
impl CloudOperator for Service {
    async fn staging(&self, namespace: NamespaceId) -> Arc<dyn Backend> {
        vault().text("prefix", "strongroom-staging").open(namespace).await.unwrap()
    }

    fn value(&self, name: &str) -> String {
        let told: serde_json::Value = serde_json::from_str(&Operator.does(&["get", name])).unwrap();
        told["value"].as_str().unwrap().to_owned()
    }

    fn add(&self, name: &str, value: &str) {
        Operator.does(&["set", name, value]);
    }

    fn shown(&self, name: &str) -> String {
        let list = Operator.does(&["list"]);
        list.lines().find(|line| line.contains(name)).unwrap().to_owned()
    }

    fn delete(&self, name: &str) {
        Operator.does(&["delete", name]);
        Operator.does(&["purge", name]);
    }

    fn labels_secrets(&self) -> bool {
        false
    }
}

mod microsoft {
    use super::*;

    strongroom_testkit::operator_suite!(
        Service::new(),
        ignore = "needs Microsoft's clients for Python: cargo xtask test"
    );

    /// What tells a sealed value from a plain one in the portal.
    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_value_says_of_what_type_it_is() {
        let service = Service::new();
        let watched = Watched::of(&service).await;
        assert!(service.shown(&watched.name).contains("application/json"));
        let engine = watched.site.sealing_engine(watched.backend.clone(), uncached(), true).await;
        let sealed = watched.site.secrets(&engine).create("sealed", [("a", "1")]).await.unwrap();
        let (object, _) = watched.site.place(sealed.meta.id).await;
        let name = service.object(watched.site.identity.namespace, object);
        assert!(service.shown(&name).contains("text/plain"));
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_deleted_secret_is_named_with_the_remedy() {
        let watched = Watched::of(&Service::new()).await;
        let operator = Operator;
        operator.does(&["delete", &watched.name]);
        let secrets = watched.secrets().await;
        assert_eq!(secrets.get("db").await.unwrap_err().kind(), ErrorKind::Lost);
        let error = secrets.update(&watched.id.into(), replacing("a", "three")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Lost, "{error:?}");
        assert!(error.to_string().contains("recover or purge"), "{error}");

        watched.assert_lost(false, "write them again").await;

        operator.does(&["recover", &watched.name]);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        watched.assert_nothing_to_repair().await;
        watched.assert_repaired_by_an_update(&Service::new()).await;
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn a_disabled_version_is_lost_until_it_is_enabled() {
        let watched = Watched::of(&Service::new()).await;
        let (_, at) = watched.site.place(watched.id).await;
        Operator.does(&["disable", &watched.name, at.as_str()]);
        let secrets = watched.secrets().await;
        assert_eq!(secrets.get("db").await.unwrap_err().kind(), ErrorKind::Lost);
        watched.assert_lost(false, "roll back to an older version").await;
        Operator.does(&["enable", &watched.name, at.as_str()]);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "two");
        Operator.does(&["disable", &watched.name, at.as_str()]);
        let back = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
        secrets.update(&watched.id.into(), back).await.unwrap();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "one");
    }

    #[tokio::test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    async fn own_tags_are_on_every_version_and_stay() {
        let namespace = NamespaceId(uuid::Uuid::new_v4());
        let vault = vault().list("tags", &["team=data", "cost center=42"]);
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

    #[test]
    #[ignore = "needs Microsoft's clients for Python: cargo xtask test"]
    fn the_rules_that_we_live_by_hold_in_microsofts_own_eyes() {
        let name = format!("strongroom-rules-{}", uuid::Uuid::new_v4());
        assert_eq!(Operator.follows("azure_rules.py", &[&name]).trim(), "all rules hold");
    }
}
