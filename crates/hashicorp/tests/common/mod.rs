//! What the tests share: a server, policies on it, back-ends and engines.
#![allow(dead_code, unused_imports, reason = "each test target uses a part of it")]

pub(crate) mod engine;
pub(crate) mod server;
pub(crate) mod service;
pub(crate) mod standin;

use serde_json::json;
use std::sync::Arc;
use strongroom_core::{Backend, NamespaceId, Result, Settings, settings::Setting};
use strongroom_hashicorp::PLUGIN;
use uuid::Uuid;

pub(crate) use server::Server;

/// The policy that the README tells people to write.
const README: &str = include_str!("../../README.md");

/// A part of the test's mount, with the least permissions.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) server: Server,
    pub(crate) prefix: String,
    pub(crate) policy: String,
}

impl Account {
    /// A prefix of its own on the server of the environment.
    pub(crate) async fn new() -> Self {
        Self::on(Server::given()).await
    }

    pub(crate) async fn on(server: Server) -> Self {
        let prefix = format!("test-{}", Uuid::new_v4().simple());
        server.mount().await;
        let policy = prefix.clone();
        let account = Self { server, prefix, policy };
        account.allow(&account.least()).await;
        account
    }

    /// The README's policy, for this prefix.
    pub(crate) fn least(&self) -> String {
        let hcl = README.split("```hcl\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        assert_eq!(hcl.matches("path \"secret/").count(), hcl.matches("path ").count());
        hcl.replace("secret/", &format!("{}/", server::MOUNT))
            .replace("/strongroom/", &format!("/{}/", self.prefix))
    }

    pub(crate) async fn allow(&self, hcl: &str) {
        self.server
            .admin("PUT", &format!("sys/policies/acl/{}", self.policy), json!({ "policy": hcl }))
            .await;
    }

    /// A token with this policy; `more` are other parameters.
    pub(crate) async fn token(&self, more: serde_json::Value) -> String {
        let mut body = json!({ "policies": [self.policy] });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = self.server.admin("POST", "auth/token/create", body).await;
        made["auth"]["client_token"].as_str().unwrap().to_owned()
    }

    /// The keys of a section that every login has.
    pub(crate) fn section(&self) -> Vec<(&'static str, String)> {
        let (address, mount) = (self.server.url.clone(), server::MOUNT.to_owned());
        vec![("address", address), ("mount", mount), ("prefix", self.prefix.clone())]
    }

    /// The section with a token.
    pub(crate) async fn with_token(&self) -> Vec<(&'static str, String)> {
        let token = self.token(json!({})).await;
        self.section().into_iter().chain([("token", token)]).collect()
    }

    /// The path of an object's key below `data/`, `metadata/`...
    pub(crate) fn key(&self, namespace: NamespaceId, object: strongroom_core::ObjectId) -> String {
        format!("{}/{namespace}/{object}", self.prefix)
    }
}

/// Opens a section as the registry does.
pub(crate) async fn open(section: &[(&str, String)], namespace: NamespaceId) -> Result<Arc<dyn Backend>> {
    let keys = section.iter().map(|(key, value)| match value.as_str() {
        "true" => (*key, Setting::from(true)),
        text => (*key, text.into()),
    });
    PLUGIN.open_backend(Settings::of("store", keys), namespace).await
}

/// The section with another address.
pub(crate) fn through(section: &[(&'static str, String)], url: &str) -> Vec<(&'static str, String)> {
    let mut section = section.to_vec();
    section.iter_mut().find(|(key, _)| *key == "address").unwrap().1 = url.to_owned();
    section
}
