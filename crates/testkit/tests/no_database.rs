//! The engine without a database: its catalog is loaded from what a back-end holds.

#[path = "no_database/crashes.rs"]
mod crashes;
#[path = "no_database/forged.rs"]
mod forged;
#[path = "no_database/lives.rs"]
mod lives;
#[path = "no_database/random.rs"]
mod random;
#[path = "no_database/suite.rs"]
mod suite;

use secrecy::{ExposeSecret as _, SecretString};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{
    Backend, Context, GetOptions, NamespaceId, Result, SecretFilter, SecretId, SecretMeta, SecretRef,
    Secrets, SecretsStore, Version,
};
use strongroom_engine::{
    Engine, EngineOptions, InMemory, Loaded, Store, StoreName,
    crypto::{Derived, RootKey},
};
use strongroom_testkit::{
    Clock,
    faults::{Call, Method},
};

/// A root key and a namespace: all that such a deployment has besides its back-end.
struct Deployment {
    root: SecretString,
    namespace: Option<NamespaceId>,
    seal: bool,
    options: EngineOptions,
}

impl Deployment {
    fn new(seal: bool) -> Self {
        let mut options = EngineOptions::default();
        options.backoff = Duration::from_millis(2);
        options.call_attempts = 2;
        Self { root: RootKey::generate().unwrap().to_text(), namespace: None, seal, options }
    }

    fn root(&self) -> RootKey {
        RootKey::parse(self.root.expose_secret()).unwrap()
    }

    fn derived(&self) -> Derived {
        Derived::of(&self.root(), self.namespace).unwrap()
    }

    fn namespace(&self) -> NamespaceId {
        self.derived().namespace()
    }

    async fn try_open(&self, backend: Arc<dyn Backend>) -> Result<(Engine, Loaded)> {
        let store = Store::new(StoreName::new("main")?, backend, self.seal);
        let opened = InMemory::new(self.derived(), Arc::new(self.root()), Clock::start(), store);
        opened.options(self.options.clone()).open().await
    }

    /// Opens it, and requires that everything there is as it should be.
    async fn open(&self, backend: Arc<dyn Backend>) -> Engine {
        let (engine, loaded) = self.try_open(backend).await.unwrap();
        assert_eq!(loaded.left, []);
        engine
    }
}

/// A handle of the local account.
fn secrets(engine: &Engine) -> Secrets {
    Secrets::new(Arc::new(engine.clone()), owner(engine))
}

fn owner(engine: &Engine) -> Context {
    Context::full(engine.identity().owner.id, "test")
}

/// Everything that accounts can see: what secrets are, their versions, and the values of each.
type Seen = BTreeMap<SecretId, (SecretMeta, Vec<Version>, Vec<BTreeMap<String, String>>)>;

async fn seen(engine: &Engine, accounts: &[Context]) -> Seen {
    let mut seen = Seen::new();
    for cx in accounts {
        for meta in engine.list(cx, &SecretFilter::new().size(1000)).await.unwrap().items {
            let which = SecretRef::Id(meta.id);
            let versions = engine.versions(cx, &which).await.unwrap();
            let mut values = Vec::new();
            for version in &versions {
                let options = GetOptions::new().as_of(version.revision);
                let secret = engine.get(cx, std::slice::from_ref(&which), &options).await.remove(0).unwrap();
                let plain = secret.values.iter();
                values.push(
                    plain.map(|(key, value)| (key.to_owned(), value.expose_secret().to_owned())).collect(),
                );
            }
            // As its owner sees it, who comes first.
            seen.entry(meta.id).or_insert((meta, versions, values));
        }
    }
    seen
}

/// Turns misbehaviour of some methods on and off.
#[derive(Clone, Default)]
struct Switch(Arc<AtomicBool>);

impl Switch {
    fn set(&self, on: bool) {
        self.0.store(on, Ordering::SeqCst);
    }

    fn of(&self, methods: &'static [Method]) -> impl Fn(Call) -> bool + Send + Sync + use<> {
        let switch = self.clone();
        move |call: Call| switch.0.load(Ordering::SeqCst) && methods.contains(&call.method)
    }
}
