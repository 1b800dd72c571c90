//! The calls of KV version 2.

use crate::{
    error::Failure,
    http::{ANSWER, Answer, Ask, Http, LIST, list},
    session::Session,
    value,
};
use reqwest::Method;
use rustify::endpoint::Endpoint;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use std::{collections::HashMap, future::Future, sync::Arc};
use strongroom_core::{Error, Result};
use vaultrs::api::kv2::{
    requests::{
        DeleteSecretMetadataRequest, DestroySecretVersionsRequest, ReadSecretMetadataRequest,
        ReadSecretRequest, SetSecretMetadataRequest, SetSecretRequest, SetSecretRequestOptions,
    },
    responses::{ListSecretsResponse, ReadSecretMetadataResponse, ReadSecretResponse, SecretVersionMetadata},
};
use zeroize::Zeroizing;

/// Labels of a key: what they are set to, `None` to take one away.
pub(crate) type Labelling = HashMap<String, Option<String>>;

/// A mount of KV version 2, as somebody who is logged in.
pub(crate) struct Kv {
    http: Arc<Http>,
    session: Arc<Session>,
    mount: String,
}

/// Why a call did not succeed.
pub(crate) enum Trouble {
    /// The service, or the way to it.
    Said(Failure),
    /// Our login.
    Ours(Error),
}

impl Trouble {
    pub(crate) fn into_error(self, doing: &'static str) -> Error {
        match self {
            Self::Said(failure) => failure.into_error(doing),
            Self::Ours(error) => error,
        }
    }

    /// Whether there is no such key or version.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Said(failure) if failure.is_missing())
    }

    /// The service's status, if there was one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Said(failure) => failure.status(),
            Self::Ours(_) => None,
        }
    }

    /// Whether the service did not like what we sent; a failed compare-and-set is told like this.
    pub(crate) fn is_bad_request(&self) -> bool {
        matches!(self, Self::Said(failure) if failure.status() == Some(400))
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Said(failure)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

/// What a mount is, as the service's own command line asks.
#[derive(Deserialize)]
pub(crate) struct Mount {
    #[serde(rename = "type")]
    kind: String,
    options: Option<HashMap<String, String>>,
}

impl Mount {
    /// Whether it is KV of version 2.
    pub(crate) fn is_kv2(&self) -> bool {
        let version = self.options.as_ref().and_then(|options| options.get("version"));
        self.kind == "kv" && version.is_some_and(|version| version == "2")
    }
}

impl Kv {
    pub(crate) fn new(http: Arc<Http>, session: Arc<Session>, mount: String) -> Self {
        Self { http, session, mount }
    }

    /// Writes a version, if the newest one is number `cas`; 0 is a key without versions.
    pub(crate) async fn write(
        &self,
        path: &str,
        data: Value,
        cas: u32,
    ) -> Result<SecretVersionMetadata, Trouble> {
        let (mount, path) = (self.mount.clone(), path.to_owned());
        let options = Some(SetSecretRequestOptions { cas });
        let mut ask = SetSecretRequest { mount, path, data, options };
        let answer = self.call(&ask, ANSWER).await;
        value::wipe(&mut ask.data);
        data_of(&answer?)
    }

    /// Reads a version.
    pub(crate) async fn read(&self, path: &str, version: u64) -> Result<ReadSecretResponse, Trouble> {
        let (mount, path) = (self.mount.clone(), path.to_owned());
        let ask = ReadSecretRequest { mount, path, version: Some(version) };
        data_of(&self.call(&ask, ANSWER).await?)
    }

    /// What a key is: its versions and labels.
    pub(crate) async fn describe(&self, path: &str) -> Result<ReadSecretMetadataResponse, Trouble> {
        let ask = ReadSecretMetadataRequest { mount: self.mount.clone(), path: path.to_owned() };
        data_of(&self.call(&ask, ANSWER).await?)
    }

    /// Makes a key, or changes how many versions it keeps and, where they are given, its labels.
    pub(crate) async fn set_up(
        &self,
        path: &str,
        max_versions: u64,
        labels: Option<HashMap<String, String>>,
    ) -> Result<(), Trouble> {
        let ask = SetSecretMetadataRequest {
            mount: self.mount.clone(),
            path: path.to_owned(),
            max_versions: Some(max_versions),
            custom_metadata: labels,
            ..SetSecretMetadataRequest::default()
        };
        self.call(&ask, ANSWER).await.map(drop)
    }

    /// Changes the labels of a key that is there.
    pub(crate) async fn label(&self, path: &str, labels: &Labelling) -> Result<(), Trouble> {
        let labels: Map<String, Value> =
            labels.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
        let body = serde_json::json!({ "custom_metadata": labels });
        let path = format!("{}/metadata/{path}", self.mount);
        // `vaultrs` has no call for this.
        let ask = Ask {
            method: Method::PATCH,
            path: &path,
            query: None,
            content: "application/merge-patch+json",
            body: Some(Zeroizing::new(body.to_string().into_bytes())),
            most: ANSWER,
        };
        self.send(ask).await.map(drop)
    }

    /// Takes the bytes of a version away for ever.
    pub(crate) async fn destroy(&self, path: &str, version: u64) -> Result<(), Trouble> {
        let (mount, path) = (self.mount.clone(), path.to_owned());
        let ask = DestroySecretVersionsRequest { mount, path, versions: vec![version] };
        self.call(&ask, ANSWER).await.map(drop)
    }

    /// Takes a key away with all its versions.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), Trouble> {
        let ask = DeleteSecretMetadataRequest { mount: self.mount.clone(), path: path.to_owned() };
        self.call(&ask, ANSWER).await.map(drop)
    }

    /// The names of the keys in a folder, in order, from behind `after`; where the service can do it (HashiCorp Vault
    /// cannot), at most `limit`, else all there are.
    pub(crate) async fn list(&self, folder: &str, after: &str, limit: usize) -> Result<Vec<String>, Trouble> {
        let path = format!("{}/metadata/{folder}/", self.mount);
        // What somebody else put into our folder may have any name.
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("after", after)
            .append_pair("limit", &limit.to_string())
            .finish();
        let query = Some(query);
        let content = "application/json";
        let ask = Ask { method: list(), path: &path, query, content, body: None, most: LIST };
        let answer = self.send(ask).await?;
        data_of::<ListSecretsResponse>(&answer).map(|list| list.keys)
    }

    /// What the mount is.
    pub(crate) async fn mount(&self) -> Result<Mount, Trouble> {
        let path = format!("sys/internal/ui/mounts/{}", self.mount);
        let content = "application/json";
        let ask = Ask { method: Method::GET, path: &path, query: None, content, body: None, most: ANSWER };
        let answer = self.send(ask).await?;
        data_of(&answer)
    }

    async fn call<E: Endpoint>(&self, ask: &E, most: usize) -> Result<Answer, Trouble> {
        self.logged_in(|token| async move { self.http.call(ask, Some(&token), most).await }).await
    }

    async fn send(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        let ask = &ask;
        self.logged_in(|token| async move { self.http.send(ask, Some(&token)).await }).await
    }

    /// Sends with our token, and again with another one if that is what was wrong: twice, since the next one may have been
    /// taken away meanwhile, too.
    async fn logged_in<F>(&self, send: impl Fn(Arc<secrecy::SecretString>) -> F) -> Result<Answer, Trouble>
    where
        F: Future<Output = Result<Answer, Failure>>,
    {
        let mut ticket = self.session.ticket().await?;
        for _ in 0..2 {
            let failure = match send(ticket.token.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            // Nothing was done: the token is looked at first.
            if failure.status() != Some(403) {
                return Err(failure.into());
            }
            match self.session.refused(&ticket).await? {
                Some(another) => ticket = another,
                None => return Err(failure.into()),
            }
        }
        Ok(send(ticket.token).await?)
    }
}

/// The inside of an answer.
fn data_of<T: DeserializeOwned>(answer: &Answer) -> Result<T, Trouble> {
    #[derive(Deserialize)]
    struct Data<T> {
        data: T,
    }
    serde_json::from_slice::<Data<T>>(answer)
        .map(|answer| answer.data)
        .map_err(|_| Failure::Unreadable.into())
}
