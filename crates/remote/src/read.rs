//! Reading: one secret, many, a page, versions.

use crate::{
    buffer::escaped,
    calling::{Calling, missing},
    error,
    transport::Body,
    wire::{self, Many, PageView, SecretView, VersionView},
};
use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;
use std::collections::HashMap;
use strongroom_core::{
    ErrorKind, GetOptions, Result, Revision, Secret, SecretFilter, SecretId, SecretName, SecretRef, Version,
    filter::{Condition, Sort, SortField, TextOp},
};

/// How many requests of one call run at a time.
const AT_ONCE: usize = 8;
/// How many secrets one request asks for.
const MANY: usize = 100;

impl Calling<'_> {
    /// Several secrets: with few requests where the server can.
    pub(crate) async fn get_all(&self, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        let plain = |one: &SecretRef| !matches!(one, SecretRef::Name { private: Some(_), .. });
        if self.ours && which.len() > 1 && options.as_of.is_none() && which.iter().all(plain) {
            let (distinct, places) = distinct(which);
            let answers = self.get_many(&distinct, options).await;
            return places.into_iter().filter_map(|place| answers.get(place).cloned()).collect();
        }
        let mut single = Vec::new();
        for one in which {
            single.push(self.get(one, options));
        }
        stream::iter(single).buffered(AT_ONCE).collect().await
    }

    async fn get(&self, which: &SecretRef, options: &GetOptions) -> Result<Secret> {
        if options.as_of.is_some() {
            self.needs_ours("keeps no versions")?;
        }
        let revision = options.as_of.map(|revision| format!("revision={revision}"));
        let path = match which {
            SecretRef::Id(id) => with_query(format!("/secrets/{id}"), revision),
            SecretRef::Name { name, private } if self.ours && is_segment(name) => {
                let private = private.map(|private| format!("private={private}"));
                let path = format!("/secrets/by-name/{}", escaped(name.as_str()));
                with_query(path, [private, revision].into_iter().flatten())
            }
            SecretRef::Name { .. } => with_query(format!("/secrets/{}", self.find(which).await?), revision),
        };
        let found: Result<SecretView> = self.client.json(self.reading(self.message(Method::GET, path))).await;
        let found = found.map_err(|error| match options.as_of {
            Some(revision) if error.kind() == ErrorKind::NotFound => error::no_version(which, revision),
            _ => missing(error, which),
        });
        found?.secret(options.keys_only)
    }

    /// The id that a reference means. By name it is looked up without reading any value.
    pub(crate) async fn find(&self, which: &SecretRef) -> Result<SecretId> {
        self.find_current(which).await.map(|(id, _)| id)
    }

    /// The same, and, if it was looked up and the server tells revisions, which one it was found with.
    pub(crate) async fn find_current(&self, which: &SecretRef) -> Result<(SecretId, Option<Revision>)> {
        let (name, private) = match which {
            SecretRef::Id(id) => return Ok((*id, None)),
            SecretRef::Name { name, private } => (name, *private),
        };
        let mut filter = SecretFilter::new()
            .condition(Condition::Name(TextOp::Equals(name.as_str().to_owned())))
            .sort(Sort::ascending(SortField::Private));
        if let Some(private) = private {
            filter = filter.condition(Condition::Private(private));
        }
        let page: PageView<SecretView> = self.page(&filter).await?;
        // Some databases of ZenML compare names without case.
        let exact = page.items.iter().find(|found| found.name() == name.as_str());
        exact.map(|found| (found.id(), found.revision())).ok_or_else(|| error::not_found(which))
    }

    pub(crate) async fn page(&self, filter: &SecretFilter) -> Result<PageView<SecretView>> {
        let pairs = filter.to_pairs()?;
        let query = pairs.iter().map(|(key, text)| format!("{key}={}", escaped(text)));
        let query = query.chain(["hydrate=true".to_owned()]);
        self.client.json(self.reading(self.message(Method::GET, with_query("/secrets".into(), query)))).await
    }

    /// Many secrets with few requests.
    async fn get_many(&self, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        let mut parts = Vec::new();
        for part in which.chunks(MANY) {
            parts.push(self.get_part(part, options));
        }
        let parts: Vec<_> = stream::iter(parts).buffered(AT_ONCE).collect().await;
        parts.into_iter().flatten().collect()
    }

    async fn get_part(&self, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        for one in which {
            match one {
                SecretRef::Id(id) => ids.push(id.to_string()),
                SecretRef::Name { name, .. } => names.push(name.as_str()),
            }
        }
        let asked = async {
            let mut message = self.message(Method::POST, "/secrets/values");
            message.body = Some(Body::Json(wire::json(&json!({"ids": ids, "names": names}))?));
            let many: Many = self.client.json(self.reading(message)).await?;
            if many.items.len() == which.len() {
                Ok(many)
            } else {
                Err(error::unreadable(self.client.base()))
            }
        };
        let many = match asked.await {
            Ok(many) => many,
            Err(error) => return which.iter().map(|_| Err(error.clone())).collect(),
        };
        // The answer has the ids first, then the names.
        let (mut next_id, mut next_name) = (0, ids.len());
        let mut items: Vec<_> = many.items.into_iter().map(Some).collect();
        let mut answers = Vec::with_capacity(which.len());
        for one in which {
            let next = if matches!(one, SecretRef::Id(_)) { &mut next_id } else { &mut next_name };
            let item = items.get_mut(*next).and_then(Option::take);
            *next += 1;
            let told = item
                .as_ref()
                .and_then(|item| item.told())
                .and_then(|(name, text)| error::of_item(name, text));
            answers.push(match (item.and_then(|item| item.secret), told) {
                (Some(view), _) => view.secret(options.keys_only),
                (None, Some(error)) => Err(missing(error, one)),
                // What became of it has no place in an item, or it had none in the answer: asked alone it has.
                (None, None) => self.get(one, options).await,
            });
        }
        answers
    }

    /// The kept versions.
    pub(crate) async fn versions(&self, which: &SecretRef) -> Result<Vec<Version>> {
        self.needs_ours("keeps no versions")?;
        let id = self.find(which).await?;
        let message = self.message(Method::GET, format!("/secrets/{id}/versions"));
        let found: Result<Vec<VersionView>> = self.client.json(self.reading(message)).await;
        found.map_err(|error| missing(error, which))?.iter().map(VersionView::version).collect()
    }
}

/// Each once, since the server answers none twice at once, and where each that was asked for is among them.
fn distinct(which: &[SecretRef]) -> (Vec<SecretRef>, Vec<usize>) {
    let (mut distinct, mut known) = (Vec::new(), HashMap::new());
    let places = which.iter().map(|one| {
        let key = match one {
            SecretRef::Id(id) => (Some(*id), None),
            SecretRef::Name { name, .. } => (None, Some(name.as_str())),
        };
        *known.entry(key).or_insert_with(|| {
            distinct.push(one.clone());
            distinct.len() - 1
        })
    });
    let places = places.collect();
    (distinct, places)
}

/// Whether a name can stand in a path: these mean something there even when they are escaped.
fn is_segment(name: &SecretName) -> bool {
    !matches!(name.as_str(), "" | "." | "..")
}

fn with_query(path: String, pairs: impl IntoIterator<Item = String>) -> String {
    let query: Vec<String> = pairs.into_iter().collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}
