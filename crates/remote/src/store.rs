//! `SecretsStore` in terms of the client.

use crate::{
    Config, ServerInfo,
    accounts::Accounts,
    buffer::escaped,
    client::{Call, Client},
    error::{self, About},
    transport::{Body, Message},
    wire::{self, Change, Many, PageView, SecretView, Values, VersionView},
};
use futures::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::json;
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};
use strongroom_core::{
    Access, Context, Error, ErrorKind, GetOptions, NewSecret, Page, Result, Revision, Secret, SecretFilter,
    SecretId, SecretMeta, SecretName, SecretRef, SecretUpdate, SecretsStore, ValuesChange, Version,
    async_trait,
    filter::{Condition, Sort, SortField, TextOp},
};
use uuid::Uuid;

/// How many requests of one call run at a time.
const AT_ONCE: usize = 8;
/// How many secrets one request asks for.
const MANY: usize = 100;
/// How long a call without a context may take.
const DEADLINE: Duration = Duration::from_secs(25);

/// The secrets of a server, as the account sees them that it is configured to log in with.
#[derive(Clone)]
pub struct RemoteStore {
    client: Arc<Client>,
}

impl RemoteStore {
    /// Checks the configuration. Nothing is sent before the first call.
    ///
    /// # Errors
    /// `ConfigInvalid` that names the key and the remedy.
    pub fn open(config: Config) -> Result<Self> {
        Ok(Self { client: Arc::new(Client::new(config.checked()?)) })
    }

    /// The server's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        self.client.base()
    }

    /// What the server says of itself; asked once.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout` if it does not answer, `Unexpected` if something else answers there.
    pub async fn server(&self) -> Result<ServerInfo> {
        self.client.server(Instant::now() + DEADLINE).await.cloned()
    }

    /// Logs in now, and not with the first call.
    ///
    /// # Errors
    /// `StoreRefused` if the server refuses the credentials, `RateLimited` if it did so too often.
    pub async fn log_in(&self) -> Result<()> {
        let end = Instant::now() + DEADLINE;
        self.client.server(end).await?;
        self.client.log_in(end).await
    }

    /// The accounts of the server.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        Accounts::new(self.client.clone())
    }
}

/// One call of the store: on whose behalf, until when, and where to.
struct Calling<'a> {
    client: &'a Client,
    cx: &'a Context,
    end: Instant,
    /// Whether the server is ours.
    ours: bool,
}

impl<'a> Calling<'a> {
    async fn begin(client: &'a Client, cx: &'a Context) -> Result<Self> {
        if cx.access != Access::full() {
            let text = "a remote store acts with the rights of the account that it logs in with, and cannot narrow them: \
                        give it full access, and that account the rights that are meant";
            return Err(Error::new(ErrorKind::Unsupported, text));
        }
        let end = Instant::now() + cx.deadline;
        let ours = client.server(end).await?.strongroom.is_some();
        Ok(Self { client, cx, end, ours })
    }

    fn message(&self, method: Method, path: impl Into<String>) -> Message {
        let mut message = Message::new(method, path);
        message.request.clone_from(&self.cx.origin.request);
        message
    }

    fn reading(&self, message: Message) -> Call {
        Call { message, about: About::default(), end: self.end }
    }

    /// A change: named, so that it is made once however often it arrives.
    fn writing(&self, mut message: Message, names: bool) -> Call {
        message.key = Some(self.cx.receipt.map_or_else(Uuid::new_v4, |receipt| receipt.id));
        Call { message, about: About { writes: true, names, ..About::default() }, end: self.end }
    }

    /// Refuses what the server has no notion of.
    fn needs_ours(&self, what: &str) -> Result<()> {
        if self.ours { Ok(()) } else { Err(error::unsupported(what)) }
    }

    fn needs_revisions(&self, expected: Option<Revision>) -> Result<()> {
        match expected {
            Some(_) => self.needs_ours("has no revisions: a change cannot be bound to one"),
            None => Ok(()),
        }
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
    async fn find(&self, which: &SecretRef) -> Result<SecretId> {
        let (name, private) = match which {
            SecretRef::Id(id) => return Ok(*id),
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
        exact.map(SecretView::id).ok_or_else(|| error::not_found(which))
    }

    async fn page(&self, filter: &SecretFilter) -> Result<PageView<SecretView>> {
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
                // What became of it has no place in an item: asked alone it has.
                (None, None) => self.get(one, options).await,
            });
        }
        answers
    }

    async fn create(&self, new: &NewSecret) -> Result<Secret> {
        let mut message = self.message(Method::POST, "/secrets");
        let values = Some(Values::all(&new.values));
        let body = Change { name: Some(new.name.as_str()), private: Some(new.private), values };
        message.body = Some(Body::Json(wire::json(&body)?));
        let made: Result<SecretView> = self.client.json(self.writing(message, true)).await;
        match made {
            Ok(view) => view.secret(false),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(error::name_taken(&new.name, new.private))
            }
            Err(error) => Err(error),
        }
    }

    async fn update(&self, which: &SecretRef, update: &SecretUpdate) -> Result<SecretMeta> {
        self.needs_revisions(update.expected)?;
        let names = update.name.is_some() || update.private.is_some();
        if let ValuesChange::Restore(revision) = update.values {
            self.needs_ours("keeps no versions")?;
            if names {
                let text = "over a server, restoring a version and changing name or privacy are two calls";
                return Err(Error::new(ErrorKind::Unsupported, text));
            }
            let id = self.find(which).await?;
            let mut message = self.message(Method::POST, format!("/secrets/{id}/rollback"));
            message.body = Some(Body::Json(wire::json(&json!({"revision": revision.0}))?));
            let restored = self.change(message, which, update.expected, false).await;
            return restored.map_err(|error| match error.kind() {
                ErrorKind::NotFound => error::no_version(which, revision),
                _ => error,
            });
        }
        let id = self.find(which).await?;
        let patch = matches!(update.values, ValuesChange::Merge(_));
        let values = match &update.values {
            ValuesChange::Merge(pairs) => Some(Values::merged(pairs)),
            ValuesChange::Replace(values) => Some(Values::all(values)),
            ValuesChange::Keep | ValuesChange::Restore(_) => None,
        };
        let body =
            Change { name: update.name.as_ref().map(SecretName::as_str), private: update.private, values };
        let mut message = self.message(Method::PUT, format!("/secrets/{id}?patch_values={patch}"));
        message.body = Some(Body::Json(wire::json(&body)?));
        let changed = self.change(message, which, update.expected, names).await;
        match (changed, &update.name, update.private) {
            (Err(error), Some(name), Some(private)) if error.kind() == ErrorKind::AlreadyExists => {
                Err(error::name_taken(name, private))
            }
            (changed, ..) => changed,
        }
    }

    async fn change(
        &self,
        mut message: Message,
        which: &SecretRef,
        expected: Option<Revision>,
        names: bool,
    ) -> Result<SecretMeta> {
        message.expected = expected.map(|revision| revision.0);
        let changed: Result<SecretView> = self.client.json(self.writing(message, names)).await;
        changed.map_err(|error| missing(error, which))?.meta()
    }
}

/// Everything that acts for the server's account. What the context says of the actor is not looked at, and narrower
/// rights than full ones are refused, since nobody would hold the caller to them.
#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl SecretsStore for RemoteStore {
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret> {
        Calling::begin(&self.client, cx).await?.create(&new).await
    }

    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        let calling = match Calling::begin(&self.client, cx).await {
            Ok(calling) => calling,
            Err(error) => return which.iter().map(|_| Err(error.clone())).collect(),
        };
        let plain = |one: &SecretRef| !matches!(one, SecretRef::Name { private: Some(_), .. });
        if calling.ours && which.len() > 1 && options.as_of.is_none() && which.iter().all(plain) {
            return calling.get_many(which, options).await;
        }
        let mut single = Vec::new();
        for one in which {
            single.push(calling.get(one, options));
        }
        stream::iter(single).buffered(AT_ONCE).collect().await
    }

    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        filter.check()?;
        let page = Calling::begin(&self.client, cx).await?.page(filter).await?;
        let items = page.items.iter().map(SecretView::meta).collect::<Result<_>>()?;
        let PageView { index, max_size, total_pages, total, .. } = page;
        Ok(Page { index, max_size, total_pages, total, items })
    }

    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        Calling::begin(&self.client, cx).await?.update(which, &update).await
    }

    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        let calling = Calling::begin(&self.client, cx).await?;
        calling.needs_revisions(expected)?;
        let id = calling.find(which).await?;
        let mut message = calling.message(Method::DELETE, format!("/secrets/{id}"));
        message.expected = expected.map(|revision| revision.0);
        let deleted = calling.client.call(calling.writing(message, false)).await;
        deleted.map(drop).map_err(|error| missing(error, which))
    }

    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        let calling = Calling::begin(&self.client, cx).await?;
        calling.needs_ours("keeps no versions")?;
        let id = calling.find(which).await?;
        let message = calling.message(Method::GET, format!("/secrets/{id}/versions"));
        let found: Result<Vec<VersionView>> = calling.client.json(calling.reading(message)).await;
        found.map_err(|error| missing(error, which))?.iter().map(VersionView::version).collect()
    }

    async fn check(&self) -> Result<()> {
        let end = Instant::now() + DEADLINE;
        let message = Message::new(Method::GET, "/secrets?size=1");
        self.client.call(Call { message, about: About::default(), end }).await.map(drop)
    }
}

/// In the words of the local store, by the reference that the caller gave.
fn missing(error: Error, which: &SecretRef) -> Error {
    if error.kind() == ErrorKind::NotFound { error::not_found(which) } else { error }
}

/// Whether a name can stand in a path: these mean something there even when they are escaped.
fn is_segment(name: &SecretName) -> bool {
    !matches!(name.as_str(), "" | "." | "..")
}

fn with_query(path: String, pairs: impl IntoIterator<Item = String>) -> String {
    let query: Vec<String> = pairs.into_iter().collect();
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

impl fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteStore")
            .field("url", &self.url())
            .field("login", self.client.login())
            .finish_non_exhaustive()
    }
}
