//! The wire breaks, in every way, at every call of every operation.

mod site;

use secrecy::ExposeSecret as _;
use site::{Account, CANARY, Site, text, uncached};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Backend, Error, ErrorKind, GetOptions, SecretName, SecretUpdate};
use strongroom_engine::{Engine, EngineOptions};
use strongroom_testkit::wire::{Fault, Order, Wire};

/// Every way in which the wire breaks.
fn faults() -> Vec<(&'static str, Fault)> {
    vec![
        ("refused", Fault::Refuse(Duration::from_millis(20))),
        ("reset", Fault::Reset),
        ("slow", Fault::Slow(Duration::from_millis(1500))),
        ("half a body", Fault::HalfBody),
        ("429", Fault::status(429).retry_after(1).into()),
        ("500", Fault::status(500).into()),
        ("503", Fault::status(503).into()),
        ("lost answer", Fault::LoseAnswer),
    ]
}

/// Short, so that what is slow is too slow.
fn impatient(attempts: u32) -> EngineOptions {
    let mut options = uncached();
    options.call_timeout = Duration::from_millis(700);
    options.call_attempts = attempts;
    // The port is closed for less than the first pauses.
    options.backoff = Duration::from_millis(100);
    options
}

struct Broken {
    wire: Wire,
    site: Site,
    /// Through the wire.
    backend: Arc<dyn Backend>,
    /// Past it.
    whole: Arc<dyn Backend>,
}

impl Broken {
    async fn new() -> Self {
        let wire = Wire::to(&site::variable("ENDPOINT")).await;
        let site = Site::new().await;
        let backend = Account::new().at(&wire.url()).open(site.identity.namespace).await.unwrap();
        let whole = Account::new().open(site.identity.namespace).await.unwrap();
        Self { wire, site, backend, whole }
    }

    async fn engine(&self, attempts: u32) -> Engine {
        self.site.engine(self.backend.clone(), impatient(attempts)).await
    }

    /// After the sweeper nothing is left that nothing names, and what the service shows is what is committed.
    async fn assert_clean(&self) {
        self.wire.heal();
        let engine = self.site.engine(self.backend.clone(), uncached()).await;
        self.site.settle(&engine).await;
        self.site.assert_accounted(&*self.whole).await;
    }
}

/// Names the store and what to do, and shows no value and no credential.
#[track_caller]
fn assert_told(error: &Error, what: &str) {
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("gcp"), "{what}: the back-end is not named: {shown}");
    // That it did not answer in time, the engine itself says.
    let said = shown.contains("Google Cloud") || error.kind() == ErrorKind::Timeout;
    assert!(said, "{what}: the service is not named: {shown}");
    for secret in [CANARY, &site::variable("ACCESS_TOKEN")] {
        assert!(!shown.contains(secret), "{what}: the error shows {secret}");
    }
    let passing = [ErrorKind::Unavailable, ErrorKind::Timeout, ErrorKind::RateLimited];
    assert!(passing.contains(&error.kind()), "{what}: {shown}");
}

/// What is done while the wire breaks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    Create,
    Get,
    GetMany,
    Update,
    Rename,
    Rollback,
    Delete,
}

const OPERATIONS: [(Operation, &str, &str); 8] = [
    (Operation::Create, "POST", "*/secrets"),
    (Operation::Create, "POST", "*:addVersion"),
    (Operation::Get, "GET", "*:access"),
    (Operation::GetMany, "GET", "*:access"),
    (Operation::Update, "POST", "*:addVersion"),
    (Operation::Rename, "PATCH", "*/secrets/*"),
    (Operation::Rollback, "POST", "*:addVersion"),
    (Operation::Delete, "DELETE", "*/secrets/*"),
];

impl Operation {
    async fn run(self, engine: &Engine, site: &Site) -> Result<(), Error> {
        let secrets = site.secrets(engine);
        match self {
            Self::Create => secrets.create("new", [("a", CANARY)]).await.map(drop),
            Self::Get => secrets.get("db").await.map(|read| assert_eq!(text(&read, "a"), "old")),
            Self::GetMany => {
                let cx = strongroom_core::Context::full(site.identity.owner.id, "test");
                let which = ["db", "other"].map(|name| strongroom_core::SecretRef::Name {
                    name: SecretName::new(name).unwrap(),
                    private: None,
                });
                let answers =
                    strongroom_core::SecretsStore::get(engine, &cx, &which, &GetOptions::new()).await;
                for answer in answers {
                    assert_eq!(text(&answer?, "a"), "old");
                }
                Ok(())
            }
            Self::Update => secrets.set("db", "a", CANARY).await.map(drop),
            Self::Rename => {
                let id = secrets.get("db").await?.meta.id;
                let name = SecretName::new("renamed")?;
                secrets.update(&id.into(), SecretUpdate::new().name(name)).await?;
                // The labels follow in the background.
                engine.sweep().await.map(drop)
            }
            Self::Rollback => {
                let id = secrets.get("db").await?.meta.id;
                let to = strongroom_core::ValuesChange::Restore(strongroom_core::Revision(1));
                secrets.update(&id.into(), SecretUpdate::new().values(to)).await.map(drop)
            }
            Self::Delete => secrets.delete("db").await,
        }
    }

    /// Nothing is half done: it happened if it was said to, and not if not.
    async fn assert_whole(self, engine: &Engine, site: &Site, done: bool, what: &str) {
        let secrets = site.secrets(engine);
        let read = |name: &'static str| {
            let secrets = secrets.clone();
            async move {
                secrets.get(name).await.map(|read| read.values.get("a").unwrap().expose_secret().to_owned())
            }
        };
        match self {
            Self::Create => match read("new").await {
                Ok(value) => assert!(done && value == CANARY, "{what}: it is there"),
                Err(error) => assert!(!done && error.kind() == ErrorKind::NotFound, "{what}: {error:?}"),
            },
            Self::Update => {
                let expected = if done { CANARY } else { "old" };
                assert_eq!(read("db").await.unwrap(), expected, "{what}");
            }
            Self::Delete => {
                assert!(done, "{what}: a deletion does not depend on the service");
                assert_eq!(read("db").await.unwrap_err().kind(), ErrorKind::NotFound, "{what}");
            }
            Self::Rename => assert_eq!(read("renamed").await.unwrap(), "old", "{what}"),
            Self::Rollback => {
                let expected = if done { "first" } else { "old" };
                assert_eq!(read("db").await.unwrap(), expected, "{what}");
            }
            Self::Get | Self::GetMany => assert_eq!(read("db").await.unwrap(), "old", "{what}"),
        }
        assert_eq!(read("other").await.unwrap(), "old", "{what}: another secret changed");
    }
}

/// A deployment with two secrets and a history.
async fn furnished() -> Broken {
    let broken = Broken::new().await;
    let engine = broken.site.engine(broken.backend.clone(), uncached()).await;
    let secrets = broken.site.secrets(&engine);
    secrets.create("db", [("a", "first")]).await.unwrap();
    secrets.set("db", "a", "old").await.unwrap();
    secrets.create("other", [("a", "old")]).await.unwrap();
    broken.site.settle(&engine).await;
    broken
}

/// Breaks one call of an operation as often as said.
async fn case(operation: Operation, (method, call): (&str, &str), name: &str, fault: &Fault, times: usize) {
    let what = format!("{operation:?} at {call}, {name}, {times} times");
    let broken = furnished().await;
    let engine = broken.engine(3).await;
    let before = broken.wire.broken();
    broken.wire.order(Order::new(method, call, fault.clone()).times(times));
    let done = operation.run(&engine, &broken.site).await;
    assert!(broken.wire.broken() > before, "{what}: nothing was broken");
    broken.wire.heal();
    // While the port refuses connections, so may the next ones.
    tokio::time::sleep(Duration::from_millis(60)).await;
    match &done {
        Err(error) => {
            assert!(times > 2, "{what}: once is to be got over: {error:?}");
            assert_told(error, &what);
        }
        Ok(()) => {
            // What is worked on in the background succeeds later.
            let waits = matches!(operation, Operation::Rename | Operation::Delete);
            assert!(times <= 2 || waits, "{what}: it succeeded");
        }
    }
    let cold = broken.engine(3).await;
    operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
    broken.assert_clean().await;
    operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
}

/// Once, which is to be got over, and for as long as it is tried.
async fn all_faults(operation: Operation) {
    for (_, method, call) in OPERATIONS.into_iter().filter(|(one, ..)| *one == operation) {
        for (name, fault) in faults() {
            case(operation, (method, call), name, &fault, 1).await;
            match fault {
                Fault::Refuse(_) => case_for_good(operation).await,
                fault => case(operation, (method, call), name, &fault, 50).await,
            }
        }
    }
}

/// Nobody listens at all.
async fn case_for_good(operation: Operation) {
    let what = format!("{operation:?}, refused for good");
    let broken = furnished().await;
    let engine = broken.engine(3).await;
    broken.wire.refuse();
    let done = operation.run(&engine, &broken.site).await;
    let background = matches!(operation, Operation::Delete);
    match &done {
        Err(error) => assert_told(error, &what),
        Ok(()) => assert!(background, "{what}: it succeeded"),
    }
    broken.wire.heal();
    tokio::time::sleep(Duration::from_millis(60)).await;
    if operation != Operation::Rename {
        let cold = broken.engine(3).await;
        operation.assert_whole(&cold, &broken.site, done.is_ok(), &what).await;
    }
    broken.assert_clean().await;
}

mod gcp {
    use super::*;

    macro_rules! each {
        ($($name:ident $operation:ident)*) => { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                all_faults(Operation::$operation).await;
            }
        )* };
    }

    each! {
        a_create_is_done_or_not_at_all Create
        a_read_is_right_or_refused Get
        a_bulk_read_is_right_or_refused GetMany
        an_update_is_done_or_not_at_all Update
        a_rename_is_done_whatever_becomes_of_the_labels Rename
        a_rollback_is_done_or_not_at_all Rollback
        a_deletion_is_done_and_made_up_for Delete
    }

    /// An update whose answers are all lost, and cleaning up that breaks, too, at each of its calls.
    #[tokio::test(flavor = "multi_thread")]
    async fn cleaning_up_breaks_at_each_of_its_calls() {
        for (name, fault) in faults() {
            for (method, call) in [("GET", "*/versions"), ("GET", "*/versions/*"), ("POST", "*:destroy")] {
                for skip in 0..2 {
                    let what = format!("{name} at {call} after {skip}");
                    let broken = furnished().await;
                    let engine = broken.engine(2).await;
                    broken.wire.order(Order::new("POST", "*:addVersion", Fault::LoseAnswer).times(2));
                    broken.wire.order(Order::new(method, call, fault.clone()).skip(skip).times(2));
                    let failed = broken.site.secrets(&engine).set("db", "a", CANARY).await;
                    assert_told(&failed.expect_err(&what), &what);
                    let cold = broken.engine(2).await;
                    broken.wire.heal();
                    tokio::time::sleep(Duration::from_millis(60)).await;
                    Operation::Update.assert_whole(&cold, &broken.site, false, &what).await;
                    broken.assert_clean().await;
                }
            }
        }
    }

    /// Many write at once over a wire that breaks again and again: what was acknowledged is there, names are unique.
    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_lost_and_no_name_is_there_twice_over_a_bad_wire() {
        let broken = furnished().await;
        for (n, (_, fault)) in faults().into_iter().enumerate() {
            for round in 0..3 {
                broken.wire.order(Order::new("POST", "*", fault.clone()).skip(2 * n + 12 * round));
            }
        }
        let mut options = impatient(4);
        options.cache_bytes = 1 << 20;
        let engine = broken.site.engine(broken.backend.clone(), options).await;
        let writers = (0..12).map(|n| {
            let secrets = broken.site.secrets(&engine);
            tokio::spawn(async move {
                let key = format!("k{n}");
                let merged = secrets.set("db", &key, CANARY).await.is_ok();
                (key, merged, secrets.create("same", [("a", n.to_string())]).await.map(drop))
            })
        });
        let mut merged = Vec::new();
        let mut created = 0;
        for writer in futures::future::join_all(writers).await {
            let (key, done, create) = writer.unwrap();
            merged.extend(done.then_some(key));
            created += usize::from(create.is_ok());
        }
        let (times, sent) = (broken.wire.broken(), broken.wire.count("*", "*"));
        assert!(times > 5, "the wire broke {times} times in {sent} requests");
        broken.assert_clean().await;
        let cold = broken.engine(3).await;
        let secrets = broken.site.secrets(&cold);
        let read = secrets.get("db").await.unwrap();
        for key in &merged {
            assert_eq!(text(&read, key), CANARY);
        }
        assert!(created <= 1, "{created} secrets of one name");
        assert_eq!(secrets.get("same").await.is_ok(), created == 1);
    }
}
