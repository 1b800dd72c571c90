//! Time limits, repeats and sizes.

use crate::{
    Switch,
    site::{CANARY, Site, counted, main_store, quick},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use strongroom_core::{
    Backend, BackendInfo, Error, ErrorKind, GetOptions, Labels, Limits, NewVersion, ObjectId, Payload,
    Removal, Result, Retry, ScanPage, SecretName, SecretRef, Secrets, SecretsStore as _, VersionRef,
    async_trait,
};
use strongroom_engine::{Engine, EngineOptions, RepairOptions, RepairReport};
use strongroom_testkit::{
    Held, MemoryBackend,
    faults::{Delay, FailBefore, Method},
};

/// Refuses so many calls of a method with an error of its own.
struct Refuse {
    inner: MemoryBackend,
    method: Method,
    left: AtomicU32,
    error: Error,
}

impl Refuse {
    fn refuses(&self, method: Method) -> bool {
        let refuse = |left: u32| left.checked_sub(1);
        self.method == method && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, refuse).is_ok()
    }
}

#[async_trait]
impl Backend for Refuse {
    fn info(&self) -> &BackendInfo {
        self.inner.info()
    }

    async fn put(&self, version: &NewVersion<'_>) -> Result<VersionRef> {
        if self.refuses(Method::Put) {
            return Err(self.error.clone());
        }
        self.inner.put(version).await
    }

    async fn get(&self, object: ObjectId, at: &VersionRef) -> Result<Payload> {
        self.inner.get(object, at).await
    }

    async fn get_many(&self, wanted: &[(ObjectId, VersionRef)]) -> Vec<Result<Payload>> {
        if self.refuses(Method::GetMany) {
            return wanted.iter().map(|_| Err(self.error.clone())).collect();
        }
        self.inner.get_many(wanted).await
    }

    async fn relabel(&self, object: ObjectId, labels: &Labels) -> Result<()> {
        self.inner.relabel(object, labels).await
    }

    async fn remove(&self, object: ObjectId, at: &VersionRef) -> Result<()> {
        self.inner.remove(object, at).await
    }

    async fn delete(&self, object: ObjectId) -> Result<()> {
        self.inner.delete(object).await
    }

    async fn scan(&self, only: Option<ObjectId>, from: Option<&str>) -> Result<ScanPage> {
        if self.refuses(Method::Scan) {
            return Err(self.error.clone());
        }
        self.inner.scan(only, from).await
    }

    async fn check(&self) -> Result<()> {
        self.inner.check().await
    }
}

/// How many puts the engine sent, how many of them were repeats, and how many failed like this.
fn puts(engine: &Engine, kind: ErrorKind) -> (u64, u64, u64) {
    let calls = engine.stats().calls;
    let (_, put) = calls.iter().find(|((_, name), _)| *name == "put").expect("no put was sent");
    (put.sent, put.repeated, put.failed.get(&kind).copied().unwrap_or(0))
}

#[tokio::test]
async fn a_service_that_hangs_for_as_long_as_a_call_may_take_is_down() {
    let (site, held, hangs) = (Site::in_memory().await, Held::new(), Switch::off(Method::FOR_SECRETS));
    let service = Arc::new(site.service(&held));
    let hanging = Delay::new(service, hangs.decide(), site.clock.clone(), Duration::from_secs(3600));
    let mut options = crate::site::uncached();
    (options.call_timeout, options.call_attempts) = (Duration::from_millis(300), 1);
    let engine = site.engine(vec![main_store(hanging, false)], options).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("password", CANARY)]).await.unwrap();
    hangs.set(true);
    let error = secrets.get("db").await.unwrap_err();
    assert!(error.to_string().contains("raise call_timeout_ms"), "{error}");
    assert_eq!(engine.stats().down.into_values().collect::<Vec<_>>(), [ErrorKind::Timeout]);
    hangs.set(false);
    secrets.get("db").await.unwrap();
    assert!(engine.stats().down.is_empty());
}

/// A short time for calls on behalf of this caller.
fn hurried(site: &Site, secrets: &Secrets, time: Duration) -> Secrets {
    secrets.on_behalf_of(site.context().with_timeout(time))
}

#[tokio::test]
async fn a_service_that_hangs_is_given_up_within_the_deadline() {
    let (site, held, hangs) = (Site::in_memory().await, Held::new(), Switch::off(Method::FOR_SECRETS));
    let service = Arc::new(site.service(&held));
    let hanging = Delay::new(service, hangs.decide(), site.clock.clone(), Duration::from_secs(3600));
    let engine = site.engine(vec![main_store(hanging, false)], crate::site::uncached()).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("password", CANARY)]).await.unwrap();
    let id = secrets.get("db").await.unwrap().meta.id;
    hangs.set(true);

    let deadline = Duration::from_millis(700);
    let hurried = hurried(&site, &secrets, deadline);
    for what in ["get", "create", "replace", "merge"] {
        let start = Instant::now();
        let error = match what {
            "get" => hurried.get("db").await.err(),
            "create" => hurried.create("other", [("password", CANARY)]).await.err(),
            "merge" => hurried.set("db", "user", CANARY).await.err(),
            _ => {
                let values = strongroom_core::ValuesChange::Replace(crate::site::one("password", CANARY));
                let update = strongroom_core::SecretUpdate::new().values(values);
                hurried.update(&id.into(), update).await.err()
            }
        };
        let took = start.elapsed();
        let error = error.unwrap_or_else(|| panic!("{what} succeeded"));
        assert_eq!(error.kind(), ErrorKind::Timeout, "{what}: {error:?}");
        assert!(took < deadline + Duration::from_secs(20), "{what} took {took:?}");
        assert!(!error.to_string().contains(CANARY), "{error}");
        assert!(error.to_string().contains("may be down or slow"), "another limit was in the way: {error}");
        site.clock.skip(Duration::from_secs(61));
    }
    let start = Instant::now();
    hurried.delete("db").await.expect("a deletion does not depend on the service");
    assert!(start.elapsed() < deadline + Duration::from_secs(20));
    assert!(
        engine.stats().down.is_empty(),
        "who waits for less than a call may take knows nothing of the store"
    );

    hangs.set(false);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
}

#[tokio::test]
async fn a_read_that_everybody_left_is_not_waited_for() {
    let (site, held, hangs) = (Site::in_memory().await, Held::new(), Switch::off(Method::FOR_SECRETS));
    let (hour, service) = (Duration::from_secs(3600), Arc::new(site.service(&held)));
    let hanging = Delay::new(service, hangs.decide(), site.clock.clone(), hour);
    let mut options = crate::site::uncached();
    options.call_timeout = hour;
    let engine = site.engine(vec![main_store(hanging, false)], options).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("password", CANARY)]).await.unwrap();
    hangs.set(true);
    hurried(&site, &secrets, Duration::from_millis(100)).get("db").await.unwrap_err();
    hangs.set(false);
    let read = tokio::time::timeout(Duration::from_secs(10), secrets.get("db")).await;
    read.expect("it waits for the read that hangs").unwrap();
}

#[tokio::test]
async fn a_read_that_panics_fails_and_is_in_nobodys_way() {
    let (site, held, panics) =
        (Site::in_memory().await, Held::new(), Switch::off(&[Method::Get, Method::GetMany]));
    let (service, panic) = (Arc::new(site.service(&held)), panics.decide());
    let decide = move |call| {
        assert!(!panic(call), "on purpose");
        false
    };
    let failing = Delay::new(service, decide, site.clock.clone(), Duration::ZERO);
    let engine = site.engine(vec![main_store(failing, false)], crate::site::uncached()).await;
    let secrets = site.secrets(&engine);
    let names = ["db", "web"];
    for name in names {
        secrets.create(name, [("password", CANARY)]).await.unwrap();
    }
    let which = names.map(|name| SecretRef::from(SecretName::new(name).unwrap()));
    let (cx, options) = (site.context(), GetOptions::new());
    panics.set(true);
    assert_eq!(secrets.get("db").await.unwrap_err().kind(), ErrorKind::Unexpected);
    for answer in engine.get(&cx, &which, &options).await {
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unexpected);
    }
    panics.set(false);
    secrets.get("db").await.unwrap();
    for answer in engine.get(&cx, &which, &options).await {
        answer.unwrap();
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_sent_again() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let (hung, times) = (Arc::new(AtomicU32::new(0)), 2);
    let decide = move |call: strongroom_testkit::faults::Call| {
        call.method == Method::Put && hung.fetch_add(1, Ordering::SeqCst) < times
    };
    let service = Arc::new(site.service(&held));
    let hanging = Delay::new(service, decide, site.clock.clone(), Duration::from_secs(3600));
    let mut options = quick();
    options.call_timeout = Duration::from_millis(100);
    let engine = site.engine(vec![main_store(hanging, false)], options).await;
    site.secrets(&engine).create("db", [("password", CANARY)]).await.unwrap();
    assert_eq!(puts(&engine, ErrorKind::Timeout), (3, 2, 2));
}

#[tokio::test]
async fn a_pause_that_the_service_asks_for_is_made() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let pause = Duration::from_millis(200);
    let error = Error::new(ErrorKind::RateLimited, "slow down").retryable(Retry::After(pause));
    let service = Refuse { inner: site.service(&held), method: Method::Put, left: AtomicU32::new(2), error };
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let start = Instant::now();
    site.secrets(&engine).create("db", [("password", CANARY)]).await.unwrap();
    assert!(start.elapsed() >= 2 * pause, "only {:?}", start.elapsed());
    assert_eq!(puts(&engine, ErrorKind::RateLimited), (3, 2, 2));
}

#[tokio::test]
async fn a_pause_longer_than_the_deadline_is_not_made() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let error =
        Error::new(ErrorKind::RateLimited, "slow down").retryable(Retry::After(Duration::from_secs(90)));
    let service = Refuse { inner: site.service(&held), method: Method::Put, left: AtomicU32::new(9), error };
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let start = Instant::now();
    let error = site.secrets(&engine).create("db", [("password", CANARY)]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::RateLimited, Retry::Exhausted), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(puts(&engine, ErrorKind::RateLimited), (1, 0, 1));
}

#[tokio::test]
async fn repeats_are_bounded() {
    let (site, held, down) = (Site::in_memory().await, Held::new(), Switch::off(Method::FOR_SECRETS));
    let (service, counter) = counted(FailBefore::new(Arc::new(site.service(&held)), down.decide()));
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let secrets = site.secrets(&engine);
    down.set(true);
    let error = secrets.create("db", [("password", CANARY)]).await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted), "{error:?}");
    assert_eq!(counter.of(Method::Put), 4);
    down.set(false);
    // Nothing of it stands in the way.
    secrets.create("db", [("password", CANARY)]).await.unwrap();
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
}

#[tokio::test]
async fn what_repeating_does_not_change_is_not_repeated() {
    for kind in [ErrorKind::StoreRefused, ErrorKind::InvalidInput, ErrorKind::Unsupported] {
        let (site, held) = (Site::in_memory().await, Held::new());
        let error = Error::new(kind, "no");
        let service =
            Refuse { inner: site.service(&held), method: Method::Put, left: AtomicU32::new(9), error };
        let engine = site.engine(vec![main_store(service, false)], quick()).await;
        let error = site.secrets(&engine).create("db", [("password", CANARY)]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert_eq!(puts(&engine, kind), (1, 0, 1));
    }
}

#[tokio::test]
async fn what_is_too_large_for_the_service_is_refused_before_any_call() {
    for seal in [false, true] {
        let (site, held) = (Site::in_memory().await, Held::new());
        let service = site.service(&held).limits(Limits::new(1000, Removal::Destroys));
        let (service, counter) = counted(service);
        let engine = site.engine(vec![main_store(service, seal)], quick()).await;
        let secrets = site.secrets(&engine);
        secrets.create("small", [("key", "v".repeat(400))]).await.unwrap();
        counter.take();
        // With the key, quotes and braces it is one byte too much; as JSON each quote of a value is two bytes.
        let quotes = (!seal).then(|| "\"".repeat(500));
        for value in ["v".repeat(1000 - 9)].into_iter().chain(quotes) {
            let answers = [
                secrets.create("large", [("key", value.clone())]).await.err(),
                secrets.set("small", "key", value).await.err(),
            ];
            for error in answers {
                let error = error.expect("it was taken");
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error:?}");
                let number = |of: &str| {
                    let (_, text) = error.context().find(|(key, _)| *key == of).expect("a number is missing");
                    text.parse::<usize>().unwrap()
                };
                assert_eq!(number("limit"), 1000, "{error}");
                assert!(number("bytes") > 1000, "{error}");
            }
        }
        assert_eq!(counter.take(), [], "the service was asked");
        assert_eq!(site.catalog.pending(9).await.unwrap(), []);
    }
}

/// Quotas are for a minute: a scan that gave up after a second would never come to its end.
#[tokio::test(start_paused = true)]
async fn a_scan_of_all_waits_for_as_long_as_a_service_asks_to_slow_down() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let error = Error::new(ErrorKind::RateLimited, "slow down").retryable(Retry::Backoff);
    let (inner, left) = (site.service(&held), AtomicU32::new(3 * EngineOptions::default().call_attempts));
    let service = Refuse { inner, method: Method::Scan, left, error };
    let engine = site.engine(vec![main_store(service, false)], quick()).await;
    let start = tokio::time::Instant::now();
    let report = engine.repair(RepairOptions::new()).await.unwrap();
    assert_eq!(report, RepairReport::default());
    let pauses = 3 * 200 * quick().backoff;
    assert!(start.elapsed() >= pauses, "{:?} of {pauses:?}", start.elapsed());
}

#[tokio::test]
async fn a_store_that_refuses_all_of_a_bulk_read_is_down() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let limits = Limits::new(100_000, Removal::Destroys).bulk_read(20);
    let denied = Error::new(ErrorKind::StoreRefused, "the session has expired");
    let inner = site.service(&held).limits(limits);
    let service = Refuse { inner, method: Method::GetMany, left: AtomicU32::new(1), error: denied };
    let engine = site.engine(vec![main_store(service, false)], crate::site::uncached()).await;
    let secrets = site.secrets(&engine);
    let names = ["a", "b", "c"];
    for name in names {
        secrets.create(name, [("k", CANARY)]).await.unwrap();
    }
    let refs = names.map(|name| SecretRef::from(SecretName::new(name).unwrap()));
    let read = || async { engine.get(&site.context(), &refs, &GetOptions::new()).await };
    for answer in read().await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error}");
        assert!(error.to_string().contains("store: main"), "{error}");
    }
    let down = engine.stats().down;
    assert_eq!(down.values().copied().collect::<Vec<_>>(), [ErrorKind::StoreRefused], "{down:?}");
    assert!(read().await.iter().all(Result::is_ok));
    assert!(engine.stats().down.is_empty());
}
