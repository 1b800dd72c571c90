//! The store over HTTP keeps every promise of `SecretsStore`: a real server on SQLite, and for each account of a case an
//! account there, with an API key of its own.

mod site;

use secrecy::SecretString;
use site::Site;
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use strongroom_core::{
    Access, Context, DEFAULT_SIZE_LIMIT, Error, ErrorKind, GetOptions, NewSecret, Origin, OwnerId, Page,
    Reason, Result, Revision, Secret, SecretFilter, SecretMeta, SecretName, SecretRef, SecretUpdate,
    SecretsStore, Version, async_trait,
};
use strongroom_remote::RemoteStore;
use strongroom_testkit::{StoreSubject, store_suite};

type Keys = Arc<Mutex<HashMap<OwnerId, SecretString>>>;

/// A store logs in with one account; the suite speaks for several: each gets the client that is logged in as it.
struct ByAccount {
    address: SocketAddr,
    keys: Keys,
    clients: Mutex<HashMap<OwnerId, RemoteStore>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ByAccount {
    fn client(&self, actor: OwnerId) -> Result<RemoteStore> {
        if let Some(client) = lock(&self.clients).get(&actor) {
            return Ok(client.clone());
        }
        let key = lock(&self.keys).get(&actor).cloned();
        let key = key.ok_or_else(|| Error::new(ErrorKind::Unexpected, "the actor has no account"))?;
        let client = RemoteStore::open(site::config(self.address, key))?;
        Ok(lock(&self.clients).entry(actor).or_insert(client).clone())
    }

    /// The rights are those of the account at the server.
    fn as_itself(cx: &Context) -> Context {
        let mut cx = cx.clone();
        cx.access = Access::full();
        cx
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl SecretsStore for ByAccount {
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret> {
        self.client(cx.actor)?.create(&Self::as_itself(cx), new).await
    }

    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        self.client(cx.actor).unwrap().get(&Self::as_itself(cx), which, options).await
    }

    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        self.client(cx.actor)?.list(&Self::as_itself(cx), filter).await
    }

    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        self.client(cx.actor)?.update(&Self::as_itself(cx), which, update).await
    }

    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        self.client(cx.actor)?.delete(&Self::as_itself(cx), which, expected).await
    }

    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        self.client(cx.actor)?.versions(&Self::as_itself(cx), which).await
    }

    async fn check(&self) -> Result<()> {
        let actor = lock(&self.keys).keys().next().copied();
        let actor = actor.ok_or_else(|| Error::new(ErrorKind::Unexpected, "there is no account"))?;
        self.client(actor)?.check().await
    }
}

#[derive(Default)]
struct Subject {
    last: Mutex<Option<Arc<Site>>>,
    keys: Keys,
}

impl Subject {
    fn last(&self) -> Result<Arc<Site>> {
        lock(&self.last).clone().ok_or_else(|| Error::new(ErrorKind::Unexpected, "nothing was opened yet"))
    }

    fn store(&self, address: SocketAddr) -> Arc<dyn SecretsStore> {
        Arc::new(ByAccount { address, keys: self.keys.clone(), clients: Mutex::default() })
    }
}

#[async_trait]
impl StoreSubject for Subject {
    async fn open(&self) -> Result<Arc<dyn SecretsStore>> {
        let site = Arc::new(Site::new().await?);
        let address = site.address;
        *lock(&self.last) = Some(site);
        lock(&self.keys).clear();
        Ok(self.store(address))
    }

    async fn another(&self) -> Result<Arc<dyn SecretsStore>> {
        Ok(self.store(self.last()?.another().await?))
    }

    async fn context(&self, account: usize, access: Access) -> Result<Context> {
        let (id, key) = self.last()?.account(["ann", "ben", "cid"][account], &access).await?;
        lock(&self.keys).insert(id, key);
        Ok(Context::new(id, access, Origin::new("test")))
    }
}

store_suite!(Subject::default());

/// What programs match on is what it is without a server between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reasons_are_told_over_a_server_too() {
    let subject = Subject::default();
    let store = subject.open().await.unwrap();
    let ann = subject.context(0, Access::full()).await.unwrap();
    let ben = subject.context(1, Access::full()).await.unwrap();
    let name = |text| SecretName::new(text).unwrap();
    let new = |text, value: &str| NewSecret::new(name(text), [("k", value)].into_iter().collect());
    let id = store.create(&ann, new("db", "v")).await.unwrap().meta.id;
    store.create(&ann, new("db", "v").private(true)).await.unwrap();
    let other = store.create(&ann, new("other", "v")).await.unwrap().meta.id;

    let private = store.create(&ann, new("db", "v").private(true)).await.unwrap_err();
    assert_eq!(private.reason(), Some(Reason::PrivateNameTaken), "{private}");
    let renamed = store.update(&ann, &other.into(), SecretUpdate::new().name(name("db"))).await.unwrap_err();
    for public in [store.create(&ben, new("db", "v")).await.unwrap_err(), renamed] {
        assert_eq!(public.reason(), Some(Reason::PublicNameTaken), "{public}");
        assert_eq!(public.to_string(), Error::name_taken(&name("db"), false).to_string());
    }
    let owned = store.update(&ben, &id.into(), SecretUpdate::new().private(true)).await.unwrap_err();
    assert_eq!(owned.reason(), Some(Reason::OnlyItsOwner), "{owned}");
    let large = store.create(&ann, new("large", &"x".repeat(DEFAULT_SIZE_LIMIT))).await.unwrap_err();
    assert_eq!(large.reason(), Some(Reason::BeyondLimit), "{large}");
    let page = store.list(&ann, &SecretFilter::new().page(9)).await.unwrap_err();
    assert_eq!(page.reason(), Some(Reason::BeyondLimit), "{page}");
    let missing = store.update(&ann, &name("none").into(), SecretUpdate::new()).await.unwrap_err();
    assert_eq!(missing.reason(), None, "{missing}");
}
