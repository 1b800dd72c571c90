//! Times, repeats and cache of one store, beside those of `[engine]`.
#![cfg(feature = "sqlite")]

use secrecy::ExposeSecret;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};
use strongroom::{
    Backend, Config, Configure, ErrorKind, Limits, Open, OpenContext, OpenOptions, Opened, Places, Plugin,
    Registry, Removal, Result, System,
    engine::{CallStats, StoreName},
    settings::Vars,
};
use strongroom_engine::RepairOptions;
use strongroom_testkit::{
    Held, MemoryBackend,
    faults::{Call, Delay, FailBefore, Method},
};

const PLUGIN: Plugin = Plugin::of::<Weak>();

/// A service whose reads are slow, or fail, or that lets nobody write.
#[derive(Deserialize)]
struct Weak {
    place: String,
    #[serde(default)]
    slow_ms: u64,
    #[serde(default)]
    fails: bool,
    #[serde(default)]
    closed: bool,
}

impl Configure for Weak {
    const KIND: &'static str = "weak";
    const ABOUT: &'static str = "reads are slow, or fail, or nobody may write";
    const LIMITS: Option<Limits> = Some(Limits::new(65_536, Removal::Destroys));

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        let memory = MemoryBackend::new(&Held::default(), cx.namespace).endpoint(self.place);
        let (slow, fails, closed) = (self.slow_ms > 0, self.fails, self.closed);
        let time = Duration::from_millis(self.slow_ms);
        let is_read = |call: Call| call.method == Method::Get;
        let late =
            Delay::new(Arc::new(memory), move |call| slow && is_read(call), Arc::new(System::new()), time);
        let is_write = |call: Call| matches!(call.method, Method::Put | Method::Delete);
        let backend: Arc<dyn Backend> = Arc::new(FailBefore::new(Arc::new(late), move |call| {
            fails && is_read(call) || closed && is_write(call)
        }));
        Ok(Opened::Backend(backend))
    }
}

/// A service that stays, by its name, whatever its address is.
#[derive(Deserialize)]
struct Staying {
    service: String,
    address: String,
}

static SERVICES: LazyLock<Mutex<BTreeMap<String, Held>>> = LazyLock::new(Mutex::default);

impl Configure for Staying {
    const KIND: &'static str = "staying";
    const ABOUT: &'static str = "keeps what it has";
    const LIMITS: Option<Limits> = Some(Limits::new(65_536, Removal::Destroys));

    async fn open(self, cx: OpenContext) -> Result<Opened> {
        let held = SERVICES.lock().unwrap().entry(self.service).or_default().clone();
        Ok(Opened::Backend(Arc::new(MemoryBackend::new(&held, cx.namespace).endpoint(self.address))))
    }
}

async fn try_open(text: &str, env: &[(&str, &str)], home: &Path) -> Result<Open> {
    try_open_at(text, env, home, None).await
}

async fn try_open_at(
    text: &str,
    env: &[(&str, &str)],
    home: &Path,
    new_address: Option<&str>,
) -> Result<Open> {
    let vars = Vars::new(env.iter().copied(), |_| Err(std::io::ErrorKind::NotFound.into()));
    let places = Places { config: home.join("config"), data: home.join("data") };
    let mut options = OpenOptions::default().places(places);
    options.new_address = new_address.map(str::to_owned);
    let registry = Registry::builtin().with(PLUGIN).with(Plugin::of::<Staying>());
    Config::parse(text, vars)?.open(&registry, options).await
}

async fn open(text: &str, env: &[(&str, &str)]) -> (tempfile::TempDir, Open) {
    let home = tempfile::tempdir().unwrap();
    let open = try_open(text, env, home.path()).await.unwrap();
    (home, open)
}

fn name(store: &str) -> StoreName {
    StoreName::new(store).unwrap()
}

/// What was counted of the reads of a store.
fn reads(open: &Open, store: &str) -> CallStats {
    let stats = open.engine.as_ref().unwrap().stats();
    stats.calls.get(&(name(store), "get")).cloned().unwrap_or_default()
}

/// Puts and reads something in each store, and answers which of them failed, and with what.
async fn probe(open: &Open) -> Vec<(String, Option<ErrorKind>)> {
    let probed = open.engine.as_ref().unwrap().probe().await;
    probed.into_iter().map(|(name, result)| (name.to_string(), result.err().map(|e| e.kind()))).collect()
}

#[tokio::test]
async fn new_values_go_where_the_target_says_and_an_empty_store_may_become_another() {
    let home = tempfile::tempdir().unwrap();
    let old = "[store]\ntype = 'weak'\nplace = 'a'\n";
    let open = try_open(old, &[], home.path()).await.unwrap();
    drop(open);
    // Nothing was put there.
    let text =
        "[store]\ntype = 'weak'\nplace = 'b'\ntarget = 'west'\n[stores.west]\ntype = 'weak'\nplace = 'c'";
    let open = try_open(text, &[], home.path()).await.unwrap();
    open.secrets().create("db", [("a", "1")]).await.unwrap();
    let puts = |store| {
        let stats = open.engine.as_ref().unwrap().stats();
        stats.calls.get(&(name(store), "put")).map_or(0, |puts| puts.sent)
    };
    assert_eq!((puts("default"), puts("west")), (0, 1));
    drop(open);
    for (text, told) in [
        ("[store]\ntype = 'weak'\nplace = 'c'", "under another store's name"),
        ("[stores.west]\ntype = 'weak'\nplace = 'd'", "stands for another place"),
        (
            "[store]\ntarget = 'east'\n[stores.west]\ntype = 'weak'\nplace = 'c'",
            "target: there is no such store",
        ),
        ("[stores.database]\ntype = 'weak'\nplace = 'e'", "stands for the database itself"),
    ] {
        let error = try_open(text, &[], home.path()).await.err().unwrap();
        assert!(
            error.kind() == ErrorKind::ConfigInvalid && error.to_string().contains(told),
            "{text}: {error}"
        );
    }
    try_open("[store]\ntarget = 'west'\n[stores.west]\ntype = 'weak'\nplace = 'c'", &[], home.path())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_service_gets_another_address_once_our_values_are_found_there() {
    let home = tempfile::tempdir().unwrap();
    let at = |service: &str, address: &str| {
        format!("[store]\ntype = 'staying'\nservice = '{service}'\naddress = '{address}'")
    };
    let open = try_open(&at("one", "a"), &[], home.path()).await.unwrap();
    open.secrets().create("db", [("a", "1")]).await.unwrap();
    drop(open);
    let error = try_open(&at("one", "b"), &[], home.path()).await.err().unwrap();
    assert!(
        error.kind() == ErrorKind::ConfigInvalid && error.to_string().contains("--new-address"),
        "{error}"
    );
    for (service, name, told) in [("two", "default", "another place"), ("one", "east", "no such store")] {
        let error = try_open_at(&at(service, "b"), &[], home.path(), Some(name)).await.err().unwrap();
        assert!(error.kind() == ErrorKind::ConfigInvalid && error.to_string().contains(told), "{error}");
    }
    for (text, told) in
        [("", "no store besides the database"), ("[database]\nurl = 'memory:'", "without a database")]
    {
        let other = tempfile::tempdir().unwrap();
        let error = try_open_at(text, &[], other.path(), Some("default")).await.err().unwrap();
        assert!(error.kind() == ErrorKind::InvalidInput && error.to_string().contains(told), "{error}");
    }
    drop(try_open(&at("one", "a"), &[], home.path()).await.unwrap());
    drop(try_open_at(&at("one", "b"), &[], home.path(), Some("default")).await.unwrap());
    assert!(try_open(&at("one", "a"), &[], home.path()).await.is_err(), "the old address");
    let open = try_open(&at("one", "b"), &[], home.path()).await.unwrap();
    let secret = open.secrets().get("db").await.unwrap();
    assert_eq!(secret.values.get("a").map(ExposeSecret::expose_secret), Some("1"));
}

#[tokio::test]
async fn a_place_that_was_wrong_from_the_beginning_can_be_left() {
    let home = tempfile::tempdir().unwrap();
    let at = |place: &str| format!("[store]\ntype = 'weak'\nplace = '{place}'");
    let text = format!("[engine]\ncall_attempts = 1\n{}\nclosed = true", at("typo"));
    let open = try_open(&text, &[], home.path()).await.unwrap();
    assert!(probe(&open).await[0].1.is_some());
    drop(open);
    let error = try_open(&at("right"), &[], home.path()).await.err().unwrap();
    let (kind, told) = (error.kind(), error.to_string());
    assert!(kind == ErrorKind::ConfigInvalid && told.contains("to be removed"), "{told}");
    drop(try_open_at(&at("right"), &[], home.path(), Some("default")).await.unwrap());
    let open = try_open(&at("right"), &[], home.path()).await.unwrap();
    open.secrets().create("db", [("a", "1")]).await.unwrap();
}

#[tokio::test]
async fn a_store_with_values_that_is_not_configured_any_more_is_named() {
    let home = tempfile::tempdir().unwrap();
    let text = "[store]\ntarget = 'west'\n[stores.west]\ntype = 'weak'\nplace = 'c'";
    let open = try_open(text, &[], home.path()).await.unwrap();
    open.secrets().create("db", [("a", "1")]).await.unwrap();
    let out_of_reach = async |open: &Open| {
        let status = open.engine.as_ref().unwrap().status().await.unwrap();
        status.out_of_reach().map(|(name, error)| (name.to_string(), error.to_string())).collect::<Vec<_>>()
    };
    assert_eq!(out_of_reach(&open).await, []);
    drop(open);
    let open = try_open("", &[], home.path()).await.unwrap();
    let told = "the store is not configured, and values are there that nobody can read: add its section again (store: west, \
                versions: 1)";
    assert_eq!(out_of_reach(&open).await, [("west".to_owned(), told.to_owned())]);
    let report = open.engine.as_ref().unwrap().repair(RepairOptions::new()).await.unwrap();
    let unseen = report.unseen.iter().map(|one| (one.kind, one.told.as_str()));
    assert_eq!(unseen.collect::<Vec<_>>(), [(ErrorKind::ConfigInvalid, told)]);
}

#[tokio::test]
async fn each_store_has_its_own_deadline() {
    let text = "[engine]\ncall_timeout_ms = 5000\ncall_attempts = 1
                [store]\ntype = 'weak'\nplace = 'a'\nslow_ms = 400\ncall_timeout_ms = 40
                [stores.patient]\ntype = 'weak'\nplace = 'b'\nslow_ms = 400
                [stores.west]\ntype = 'weak'\nplace = 'c'\nslow_ms = 400\ncall_timeout_ms = 5000";
    let (_home, open) = open(text, &[("STRONGROOM_STORES_WEST_CALL_TIMEOUT_MS", "80")]).await;
    assert_eq!(
        probe(&open).await,
        [
            ("default".to_owned(), Some(ErrorKind::Timeout)),
            ("patient".to_owned(), None),
            ("west".to_owned(), Some(ErrorKind::Timeout)),
        ]
    );
    for (store, least, most) in [("default", 40, 80), ("patient", 400, 5000), ("west", 80, 400)] {
        let reads = reads(&open, store);
        assert_eq!(reads.sent, 1, "{store}");
        assert!((least * 1000..most * 1000).contains(&reads.micros), "{store}: {} us", reads.micros);
    }
}

#[tokio::test]
async fn each_store_is_asked_as_often_as_it_says() {
    let text = "[engine]\ncall_attempts = 5
                [store]\ntype = 'weak'\nplace = 'a'\nfails = true
                [stores.east]\ntype = 'weak'\nplace = 'b'\nfails = true\ncall_attempts = 2
                [stores.hasty]\ntype = 'weak'\nplace = 'c'\nslow_ms = 2000\ncall_timeout_ms = 20
                [stores.west]\ntype = 'weak'\nplace = 'd'\nfails = true";
    let env = [("STRONGROOM_STORES_WEST_CALL_ATTEMPTS", "1"), ("STRONGROOM_STORES_HASTY_CALL_ATTEMPTS", "3")];
    let (_home, open) = open(text, &env).await;
    assert!(probe(&open).await.iter().all(|(_, failed)| failed.is_some()));
    for (store, times) in [("default", 5), ("east", 2), ("hasty", 3), ("west", 1)] {
        let reads = reads(&open, store);
        let failed: u64 = reads.failed.values().sum();
        assert_eq!((reads.sent, reads.repeated, failed), (times, times - 1, times), "{store}");
    }
}

/// What lies in two stores, read twice each; answers how often each store was asked.
async fn read_twice(open: &Open) -> (u64, u64) {
    let secrets = open.secrets();
    let before = (reads(open, "default").sent, reads(open, "east").sent);
    for secret in ["there", "here", "there", "here"] {
        let read = secrets.get(secret).await.unwrap();
        assert_eq!(read.values.len(), 1);
    }
    (reads(open, "default").sent - before.0, reads(open, "east").sent - before.1)
}

/// One secret in `east`, another one in the default store.
async fn fill(open: &Open) {
    let secrets = open.secrets();
    secrets.create("there", [("user", "app")]).await.unwrap();
    let moved = open.engine.as_ref().unwrap().move_all(Some(&name("east"))).await.unwrap();
    assert_eq!(moved.whole().unwrap(), 1);
    secrets.create("here", [("user", "app")]).await.unwrap();
}

#[tokio::test]
async fn a_store_may_have_a_cache_of_its_own_or_none() {
    let stores = |default: &str, east: &str| {
        format!(
            "[store]\ntype = 'weak'\nplace = 'a'\n{default}\n[stores.east]\ntype = 'weak'\nplace = 'b'\n{east}"
        )
    };
    for (engine, default, east, asked) in [
        // `there` was moved, and is cached as soon as it is read.
        ("", "", "", (0, 0)),
        ("", "cache_bytes = 0", "", (2, 1)),
        ("", "", "cache_bytes = 0", (0, 2)),
        ("[engine]\ncache_bytes = 0\n", "", "cache_bytes = 100000", (2, 1)),
        // Too small for anything.
        ("", "", "cache_bytes = 10", (0, 2)),
    ] {
        let (_home, open) = open(&format!("{engine}{}", stores(default, east)), &[]).await;
        fill(&open).await;
        assert_eq!(read_twice(&open).await, asked, "{engine} {default} {east}");
        let held = open.engine.as_ref().unwrap().stats().cache_bytes;
        assert!(held > 0, "{engine} {default} {east}: what a store's own cache holds is not counted");
    }
}

#[tokio::test]
async fn a_value_of_a_store_is_believed_as_long_as_it_says() {
    let text = "[engine]\ncache_max_age_s = 3600
                [store]\ntype = 'weak'\nplace = 'a'
                [stores.east]\ntype = 'weak'\nplace = 'b'";
    let (_home, open) = open(text, &[("STRONGROOM_STORES_EAST_CACHE_MAX_AGE_S", "1")]).await;
    fill(&open).await;
    read_twice(&open).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(read_twice(&open).await, (0, 1));
}

#[tokio::test]
async fn a_wrong_one_names_the_key() {
    let home = tempfile::tempdir().unwrap();
    let weak = "[store]\ntype = 'weak'\nplace = 'a'\n";
    for (text, env, expected) in [
        ("call_attempts = 0", None, "store.call_attempts: expected a whole number from 1 to 20"),
        ("call_attempts = 21", None, "store.call_attempts: expected a whole number from 1 to 20"),
        ("call_timeout_ms = 0", None, "store.call_timeout_ms: expected a whole number from 1 to 600000"),
        ("call_timeout_ms = 'x'", None, "store.call_timeout_ms: expected a whole number, not negative"),
        ("cache_max_age_s = 0", None, "store.cache_max_age_s: expected a whole number from 1 to 31536000"),
        (
            "cache_bytes = 1099511627777",
            None,
            "store.cache_bytes: expected a whole number from 0 to 1099511627776",
        ),
        (
            "",
            Some(("STRONGROOM_STORE_CALL_ATTEMPTS", "0")),
            "STRONGROOM_STORE_CALL_ATTEMPTS: expected a whole number from 1 to 20",
        ),
        ("cal_attempts = 1", None, "store: unknown key `cal_attempts` (did you mean `call_attempts`?)"),
        ("lease_ms = 1", None, "store: unknown key `lease_ms`"),
    ] {
        let error =
            try_open(&format!("{weak}{text}"), env.as_slice(), home.path()).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// Rather refused than without effect.
#[tokio::test]
async fn a_store_that_calls_no_service_has_none() {
    for key in ["cache_bytes = 1", "cache_max_age_s = 1", "call_timeout_ms = 1", "call_attempts = 1"] {
        let home = tempfile::tempdir().unwrap();
        let error = try_open(&format!("[store]\n{key}"), &[], home.path()).await.expect_err("refused");
        let expected = format!("store.{}: values in the database", key.split(' ').next().unwrap());
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}
