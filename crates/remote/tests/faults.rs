//! What networks and servers do on bad days, between the client and a real server.

mod site;

use secrecy::{ExposeSecret as _, SecretString};
use site::{
    Site, config,
    proxy::{Fate, Proxy},
};
use std::time::{Duration, Instant};
use strongroom_core::{
    Access, Context, ErrorKind, GetOptions, OwnerId, Retry, Revision, SecretFilter, SecretName, SecretRef,
    SecretUpdate, Secrets, ValuesChange,
};
use strongroom_remote::{Config, RemoteStore};
use uuid::Uuid;

const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-length: 48\r\n\r\n\
                    {\"detail\": [\"RuntimeError\", \"busy, come again\"]}";
const BUSY_FOR_LONG: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 48\r\n\r\n\
                    {\"detail\": [\"RuntimeError\", \"busy, come again\"]}";
const GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 6\r\n\r\n<html>";
const EXPIRED: &str = "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Bearer\r\ncontent-length: 0\r\n\r\n";
const ELSEWHERE: &str =
    "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/stolen\r\ncontent-length: 0\r\n\r\n";
const NONSENSE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n<html>hi</html>";

/// A server that knows nothing of Strongroom.
const ZENML: &str = "HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"version\": \"0.98.0\"}";
const TOO_BUSY: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 29\r\n\r\n\
                    {\"error\": \"Server too busy.\"}";
const TOO_MANY: &str = "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 31\r\n\r\n\
                    {\"detail\": \"Too many requests\"}";

/// A server behind a proxy, and a client that is logged in there.
struct Bad {
    site: Site,
    proxy: Proxy,
    secrets: Secrets,
}

fn context() -> Context {
    Context::full(OwnerId(Uuid::nil()), "test")
}

fn secrets(config: Config) -> Secrets {
    Secrets::new(std::sync::Arc::new(RemoteStore::open(config).unwrap()), context())
}

impl Bad {
    async fn day() -> Self {
        let site = Site::new().await.unwrap();
        let proxy = Proxy::before(site.address).await;
        let (_, key) = site.account("program", &Access::full()).await.unwrap();
        let secrets = secrets(config(proxy.address, key));
        secrets.create("db", [("a", "1")]).await.unwrap();
        Self { site, proxy, secrets }
    }

    /// The same with a client that takes the server for one of ZenML's, which is what it says.
    async fn day_at_zenml() -> Self {
        let mut bad = Self::day().await;
        let (_, key) = bad.site.account("other", &Access::full()).await.unwrap();
        bad.proxy.plan("/info", Fate::Answer(ZENML));
        bad.secrets = secrets(config(bad.proxy.address, key));
        bad
    }

    /// Once the request was seen, gives the name to another secret.
    async fn renamed_meanwhile(&self, seen: &str) {
        let id = self.secrets.get("db").await.unwrap().meta.id;
        while self.proxy.seen(seen).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let name = SecretUpdate::new().name(SecretName::new("db-prod").unwrap());
        self.secrets.update(&id.into(), name).await.unwrap();
        self.secrets.create("db", [("a", "2")]).await.unwrap();
    }

    async fn revision(&self) -> u64 {
        self.secrets.get("db").await.unwrap().meta.revision.0
    }

    async fn set(&self, value: &str) -> strongroom_core::Result<()> {
        let change = ValuesChange::Merge(vec![("a".into(), Some(SecretString::from(value)))]);
        let which = self.secrets.get("db").await?.meta.id;
        self.secrets.update(&which.into(), SecretUpdate::new().values(change)).await.map(drop)
    }
}

/// Between the look for the name and the deletion of what had it, the name is given to another secret.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_deleted_by_its_name_has_that_name() {
    let bad = Bad::day().await;
    let renamed = bad.secrets.get("db").await.unwrap().meta.id;
    // Which leaves some seconds.
    bad.proxy.plan("DELETE /api/v1/secrets/", Fate::Answer(BUSY_FOR_LONG));
    let others = bad.renamed_meanwhile("DELETE /api/v1/secrets/");
    let (deleted, ()) = tokio::join!(bad.secrets.delete("db"), others);
    deleted.unwrap();
    assert_eq!(bad.secrets.get("db-prod").await.unwrap().meta.id, renamed);
    assert_eq!(bad.secrets.get("db").await.unwrap_err().kind(), ErrorKind::NotFound);
}

/// The same with a change of values, which would be written into a secret that nobody named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_by_its_name_has_that_name() {
    let bad = Bad::day().await;
    let renamed = bad.secrets.get("db").await.unwrap().meta.id;
    bad.proxy.plan("PUT /api/v1/secrets/", Fate::Answer(BUSY_FOR_LONG));
    let others = bad.renamed_meanwhile("PUT /api/v1/secrets/");
    let (set, ()) = tokio::join!(bad.secrets.set("db", "a", "3"), others);
    let set = set.unwrap();
    assert_eq!((set.name.as_str(), set.revision), ("db", Revision(2)));
    let kept = bad.secrets.get("db-prod").await.unwrap();
    assert_eq!((kept.meta.id, kept.values.get("a").unwrap().expose_secret()), (renamed, "1"));
    assert_eq!(bad.secrets.get("db").await.unwrap().values.get("a").unwrap().expose_secret(), "3");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_restored_by_its_name_has_that_name() {
    let bad = Bad::day().await;
    bad.set("0").await.unwrap();
    bad.proxy.plan("/rollback", Fate::Answer(BUSY_FOR_LONG));
    let others = bad.renamed_meanwhile("/rollback");
    let restore = SecretUpdate::new().values(ValuesChange::Restore(Revision(1)));
    let db = SecretRef::from(SecretName::new("db").unwrap());
    let (restored, ()) = tokio::join!(bad.secrets.update(&db, restore), others);
    let restored = restored.unwrap();
    assert_eq!((restored.name.as_str(), restored.revision), ("db", Revision(2)));
    let kept = bad.secrets.get("db-prod").await.unwrap();
    assert_eq!(kept.values.get("a").unwrap().expose_secret(), "0");
}

/// Those who change one secret by its name at the same time all do so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_set_keys_of_one_secret_by_its_name() {
    let bad = Bad::day().await;
    let keys: Vec<String> = (0..8).map(|i| format!("k{i}")).collect();
    let answers = futures::future::join_all(keys.iter().map(|key| bad.secrets.set("db", key, "v"))).await;
    for answer in answers {
        answer.unwrap();
    }
    let read = bad.secrets.get("db").await.unwrap();
    assert!(keys.iter().all(|key| read.values.contains_key(key)));
    assert_eq!(read.meta.revision, Revision(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_answer_is_lost_is_made_once() {
    let bad = Bad::day().await;
    for fate in [Fate::LoseAnswer, Fate::Answer(GATEWAY), Fate::Answer(BUSY)] {
        let before = bad.revision().await;
        bad.proxy.plan("PUT /api/v1/secrets/", fate.clone());
        bad.set("2").await.unwrap();
        assert_eq!(bad.revision().await, before + 1, "{fate:?}");
    }
    let puts = bad.proxy.seen("PUT /api/v1/secrets/");
    let key = |head: &String| {
        head.lines().find_map(|line| line.strip_prefix("idempotency-key: ")).unwrap().to_owned()
    };
    assert_eq!(puts.len(), 6);
    for pair in puts.chunks(2) {
        assert_eq!(key(&pair[0]), key(&pair[1]), "both attempts of one change have one name");
    }
    assert_ne!(key(&puts[0]), key(&puts[2]));

    bad.proxy.plan("POST /api/v1/secrets ", Fate::LoseAnswer);
    let made = bad.secrets.create("new", [("k", "v")]).await.unwrap();
    assert_eq!(made.meta.revision, Revision(1));
    bad.proxy.plan("DELETE /api/v1/secrets/", Fate::LoseAnswer);
    bad.secrets.delete("new").await.unwrap();
    assert_eq!(bad.secrets.get("new").await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_nobody_answers_is_of_unknown_outcome() {
    let bad = Bad::day().await;
    for _ in 0..4 {
        bad.proxy.plan("PUT /api/v1/secrets/", Fate::LoseAnswer);
    }
    let error = bad.set("2").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(bad.proxy.seen("PUT /api/v1/secrets/").len(), 4);
    assert_eq!(bad.revision().await, 2, "the first attempt made it, the others did not");

    // A read changes nothing, whatever became of it.
    for _ in 0..4 {
        bad.proxy.plan("GET /api/v1/secrets/", Fate::Answer(GATEWAY));
    }
    let error = bad.secrets.get("db").await.unwrap_err();
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Exhausted), "{error}");
    assert!(!error.to_string().contains("html"), "{error}");
}

/// It waited too long for the change, which it goes on with; while a limiter has not begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_zenml_is_too_busy_for_is_of_unknown_outcome() {
    let bad = Bad::day_at_zenml().await;
    bad.proxy.plan("PUT /api/v1/secrets/", Fate::Answer(TOO_BUSY));
    let error = bad.set("2").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    assert_eq!(bad.proxy.seen("PUT /api/v1/secrets/").len(), 1, "it knows no change again");

    bad.proxy.plan("PUT /api/v1/secrets/", Fate::Answer(TOO_MANY));
    bad.set("3").await.unwrap();
    assert_eq!(bad.proxy.seen("PUT /api/v1/secrets/").len(), 3);
    bad.proxy.plan("GET /api/v1/secrets/", Fate::Answer(TOO_BUSY));
    bad.secrets.get("db").await.unwrap();
}

/// It makes them one after the other, and keeps the first if it refuses the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_zenml_refuses_of_values_with_a_name_or_privacy_is_of_unknown_outcome() {
    let bad = Bad::day_at_zenml().await;
    let id = bad.secrets.get("db").await.unwrap().meta.id;
    let large = || ValuesChange::Merge(vec![("a".into(), Some(SecretString::from("x".repeat(100_000))))]);
    let renamed = || SecretUpdate::new().name(SecretName::new("db-prod").unwrap());
    for (update, kind) in [
        (SecretUpdate::new().values(large()), ErrorKind::InvalidInput),
        (renamed().values(large()), ErrorKind::OutcomeUnknown),
    ] {
        let error = bad.secrets.update(&id.into(), update).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
    let small = ValuesChange::Merge(vec![("a".into(), Some(SecretString::from("2")))]);
    bad.secrets.update(&id.into(), renamed().values(small)).await.unwrap();
    assert_eq!(bad.secrets.get("db-prod").await.unwrap().values.get("a").unwrap().expose_secret(), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_given_the_time_that_it_asks_for() {
    let bad = Bad::day().await;
    bad.proxy.plan("GET /api/v1/secrets/", Fate::Answer(BUSY));
    let began = Instant::now();
    bad.secrets.get("db").await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1), "it came back after {:?}", began.elapsed());

    // Nobody waits beyond the deadline.
    bad.proxy.plan("GET /api/v1/secrets/", Fate::Answer(BUSY));
    let hasty = bad.secrets.on_behalf_of(context().with_timeout(Duration::from_millis(500)));
    let error = hasty.get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.to_string().contains("busy, come again"), "the pause was not made: {error}");
    bad.proxy.plan("GET /api/v1/secrets/", Fate::Hang);
    let began = Instant::now();
    let error = hasty.get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_secs(15), "without a deadline of its own a call has 25 seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_is_renewed_once_by_all_together() {
    let bad = Bad::day().await;
    assert_eq!(bad.proxy.seen("/login").len(), 1);
    bad.site.end_tokens("program").await.unwrap();
    let filter = SecretFilter::new();
    let answers = futures::future::join_all((0..8).map(|_| bad.secrets.list(&filter))).await;
    for answer in answers {
        assert_eq!(answer.unwrap().total, 1);
    }
    assert_eq!(bad.proxy.seen("/login").len(), 2, "8 refused calls log in once");

    for _ in 0..2 {
        bad.proxy.plan("GET /api/v1/secrets", Fate::Answer(EXPIRED));
    }
    let error = bad.secrets.get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "never the caller's own: {error}");
    assert_eq!(bad.proxy.seen("/login").len(), 3, "a second refusal is no reason to log in again");
    // One for each of the 8, and on a busy machine one more for each that repeats before its first is free again. A connection
    // for each request would be 20 or more.
    assert!(bad.proxy.connections() <= 16, "connections are used again: {}", bad.proxy.connections());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_renewed_before_it_ends() {
    let site = Site::new().await.unwrap();
    let proxy = Proxy::before(site.address).await;
    let (_, key) = site.account("program", &Access::full()).await.unwrap();
    // The server takes the key itself as a token; that it was granted for one second is the proxy's word.
    let body = format!(
        "{{\"access_token\": \"{}\", \"token_type\": \"bearer\", \"expires_in\": 1}}",
        key.expose_secret()
    );
    let granted = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    proxy.plan("/login", Fate::Answer(granted.leak()));
    let secrets = secrets(config(proxy.address, key));
    secrets.list(&SecretFilter::new()).await.unwrap();
    assert_eq!(proxy.seen("/login").len(), 1);
    tokio::time::sleep(Duration::from_millis(950)).await;
    secrets.list(&SecretFilter::new()).await.unwrap();
    assert_eq!(proxy.seen("/login").len(), 2, "a tenth of its life before its end");
    secrets.list(&SecretFilter::new()).await.unwrap();
    assert_eq!(proxy.seen("/login").len(), 2, "and the new one is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_refused_once_and_not_shown() {
    let site = Site::new().await.unwrap();
    let proxy = Proxy::before(site.address).await;
    let wrong = secrets(config(proxy.address, "srk1_canary".to_owned().into()));
    let filter = SecretFilter::new();
    let answers = futures::future::join_all((0..6).map(|_| wrong.list(&filter))).await;
    for answer in answers {
        let error = answer.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
    assert_eq!(proxy.seen("/login").len(), 1, "who waited for a login that failed does not try again");

    let mut token = Config::new(format!("http://{}", site.address));
    token.token = Some("srt1_canary".to_owned().into());
    let error = secrets(token.clone()).list(&filter).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error}");
    assert!(!format!("{error:?} {token:?}").contains("canary"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_beyond_the_deadline_for_what_another_call_asks() {
    let site = Site::new().await.unwrap();
    let proxy = Proxy::before(site.address).await;
    let (_, key) = site.account("program", &Access::full()).await.unwrap();
    let secrets = secrets(config(proxy.address, key));
    proxy.plan("/info", Fate::Hang);
    let patient = secrets.clone();
    let first = tokio::spawn(async move { patient.list(&SecretFilter::new()).await });
    while proxy.seen("/info").is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let hasty = secrets.on_behalf_of(context().with_timeout(Duration::from_millis(500)));
    let began = Instant::now();
    let error = hasty.list(&SecretFilter::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "an attempt of the other one has 10 seconds");
    assert_eq!(proxy.seen("/info").len(), 1);
    first.abort();
}

/// No login helps where none was made, as before a proxy that wants one of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_for_a_login_before_saying_what_it_is_is_asked_once() {
    let site = Site::new().await.unwrap();
    let proxy = Proxy::before(site.address).await;
    let (_, key) = site.account("program", &Access::full()).await.unwrap();
    let secrets = secrets(config(proxy.address, key));
    proxy.plan("/info", Fate::Answer(EXPIRED));
    let error = secrets.list(&SecretFilter::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error}");
    assert_eq!((proxy.seen("/info").len(), proxy.seen("/login").len()), (1, 0));

    secrets.list(&SecretFilter::new()).await.unwrap();
    assert_eq!(proxy.seen("/info").len(), 2, "the next call asks anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_server_of_ours_is_told() {
    let bad = Bad::day().await;
    bad.proxy.plan("GET /api/v1/secrets/", Fate::Answer(ELSEWHERE));
    let error = bad.secrets.get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    assert!(!error.to_string().contains("stolen"), "{error}");
    bad.proxy.plan("GET /api/v1/secrets/", Fate::Answer(NONSENSE));
    let error = bad.secrets.get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{error}");
    assert!(error.to_string().contains("is the url right?"), "{error}");

    let (_, key) = bad.site.account("other", &Access::full()).await.unwrap();
    let mut nested = config(bad.site.address, key);
    nested.url.push_str("/nested");
    let error = secrets(nested).get("db").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn narrower_rights_are_not_promised() {
    let bad = Bad::day().await;
    let narrow =
        bad.secrets.on_behalf_of(Context::new(OwnerId(Uuid::nil()), Access::none(), Default::default()));
    for error in [
        narrow.get("db").await.unwrap_err(),
        narrow.list(&SecretFilter::new()).await.unwrap_err(),
        narrow.set("db", "a", "2").await.unwrap_err(),
        narrow.delete("db").await.unwrap_err(),
        narrow.versions("db").await.unwrap_err(),
        narrow.create("new", [("a", "1")]).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    }
    assert_eq!(bad.revision().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_few_requests_are_made_as_promised() {
    let bad = Bad::day().await;
    let id = bad.secrets.get("db").await.unwrap().meta.id;
    let store = bad.secrets.store();
    let count = || bad.proxy.seen("/api/v1/").len();
    assert_eq!((bad.proxy.seen("/info").len(), bad.proxy.seen("/login").len()), (1, 1));

    let before = count();
    let which = vec![id.into(); 100];
    let answers = store.get(&context(), &which, &GetOptions::new()).await;
    assert!(
        answers.iter().all(|answer| answer.as_ref().unwrap().values.get("a").unwrap().expose_secret() == "1")
    );
    assert_eq!(count() - before, 1, "100 gets");

    let before = count();
    store.update(&context(), &id.into(), SecretUpdate::new()).await.unwrap();
    store.versions(&context(), &id.into()).await.unwrap();
    assert_eq!(count() - before, 2, "by id");

    let before = count();
    let name = SecretName::new("db").unwrap();
    store.update(&context(), &name.clone().into(), SecretUpdate::new()).await.unwrap();
    store.delete(&context(), &name.into(), Some(Revision(3))).await.unwrap();
    assert_eq!(count() - before, 4, "by name");
    // One may not be back yet when the next call begins.
    assert!(bad.proxy.connections() <= 2, "connections are used again: {}", bad.proxy.connections());
}
