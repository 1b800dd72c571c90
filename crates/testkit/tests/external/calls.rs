//! What each operation costs at the service.

use crate::site::{Counter, Site, assert_audited, counted, main_store, one, quick, replace, text};
use futures::future::join_all;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{
    ErrorKind, GetOptions, Limits, Prices, Removal, Revision, SecretFilter, SecretName, SecretRef,
    SecretUpdate, Secrets, SecretsStore as _, ValuesChange,
};
use strongroom_engine::Engine;
use strongroom_testkit::{
    Held, MemoryBackend,
    faults::{Call, Delay, FailBefore, Method},
};

struct Scene {
    site: Site,
    held: Held,
}

/// One process: its engine, and what it asks of the service.
struct Process {
    engine: Engine,
    secrets: Secrets,
    counter: Counter,
}

impl Scene {
    async fn new() -> Self {
        Self { site: Site::in_memory().await, held: Held::new() }
    }

    fn service(&self) -> MemoryBackend {
        let limits = Limits::new(100_000, Removal::Destroys).bulk_read(20);
        self.site.service(&self.held).limits(limits)
    }

    /// A process with an empty cache, whose calls take a moment.
    async fn process(&self) -> Process {
        let moment = Duration::from_millis(5);
        let slow = Delay::new(Arc::new(self.service()), |_: Call| true, self.site.clock.clone(), moment);
        let (service, counter) = counted(slow);
        let engine = self.site.engine(vec![main_store(service, false)], quick()).await;
        Process { secrets: self.site.secrets(&engine), engine, counter }
    }
}

impl Process {
    /// What some work costs: as the service counts it, which is what the engine must say too.
    async fn cost<T>(&self, work: impl Future<Output = T>) -> (Vec<(Method, u64)>, T) {
        self.counter.take();
        let before = self.sent();
        let answer = work.await;
        let counted = self.counter.take();
        let after = self.sent();
        for (method, name) in NAMES {
            let by_engine = after.get(name).unwrap_or(&0) - before.get(name).unwrap_or(&0);
            let by_service = counted.iter().find(|(of, _)| of == method).map_or(0, |(_, count)| *count);
            assert_eq!(by_engine, by_service, "{name}: left what the engine says, right what arrived");
        }
        (counted, answer)
    }

    fn sent(&self) -> BTreeMap<&'static str, u64> {
        self.engine.stats().calls.into_iter().map(|((_, name), calls)| (name, calls.sent)).collect()
    }

    /// Such work succeeds and costs this.
    async fn assert_cost<T, E: std::fmt::Debug>(
        &self,
        what: &str,
        expected: &[(Method, u64)],
        work: impl Future<Output = Result<T, E>>,
    ) {
        let (cost, answer) = self.cost(work).await;
        assert!(answer.is_ok(), "{what}: {:?}", answer.err());
        assert_eq!(cost, expected, "{what}");
    }
}

const NAMES: &[(Method, &str)] = &[
    (Method::Put, "put"),
    (Method::Get, "get"),
    (Method::GetMany, "get_many"),
    (Method::Relabel, "relabel"),
    (Method::Remove, "remove"),
    (Method::Delete, "delete"),
    (Method::Scan, "scan"),
    (Method::Check, "check"),
];

#[tokio::test]
async fn each_operation_costs_what_it_should() {
    let scene = Scene::new().await;
    let warm = scene.process().await;
    let secrets = &warm.secrets;
    let put = [(Method::Put, 1)];

    warm.assert_cost("create", &put, secrets.create("db", [("user", "alice"), ("port", "1")])).await;
    let id = secrets.get("db").await.unwrap().meta.id;
    warm.assert_cost("get, cached", &[], secrets.get("db")).await;
    let cold = scene.process().await;
    cold.assert_cost("get, cold", &[(Method::Get, 1)], cold.secrets.get("db")).await;
    cold.assert_cost("get, then cached", &[], cold.secrets.get("db")).await;

    let replaced = async { Ok::<_, ()>(replace(secrets, id, one("user", "bob")).await) };
    warm.assert_cost("replace", &put, replaced).await;
    warm.assert_cost("patch, cached", &put, secrets.set("db", "port", "2")).await;
    let cold = scene.process().await;
    let patch = cold.secrets.set("db", "port", "3");
    cold.assert_cost("patch, cold", &[(Method::Put, 1), (Method::Get, 1)], patch).await;
    let cold = scene.process().await;
    let replaced = async { Ok::<_, ()>(replace(&cold.secrets, id, one("user", "eve")).await) };
    cold.assert_cost("replace, cold", &put, replaced).await;

    let to = |name: &str| SecretUpdate::new().name(SecretName::new(name).unwrap());
    warm.assert_cost("rename", &[], secrets.update(&id.into(), to("other"))).await;
    warm.assert_cost("make private", &[], secrets.update(&id.into(), SecretUpdate::new().private(true)))
        .await;
    warm.assert_cost("publish", &[], secrets.update(&id.into(), SecretUpdate::new().private(false))).await;
    warm.assert_cost("empty update", &[], secrets.update(&id.into(), SecretUpdate::new())).await;
    warm.assert_cost("list", &[], secrets.list(&SecretFilter::new())).await;
    let search = SecretFilter::new().on("name", "contains:the").unwrap();
    warm.assert_cost("search", &[], secrets.list(&search)).await;
    warm.assert_cost("versions", &[], secrets.versions("other")).await;

    warm.assert_cost("delete", &[(Method::Delete, 1)], secrets.delete("other")).await;
    warm.assert_cost("check", &[(Method::Check, 1)], warm.engine.check()).await;
    assert_audited(&warm.engine, 10).await;
}

/// Whatever was sent is charged for, repeats and failures included.
#[tokio::test]
async fn what_was_sent_is_what_it_costs() {
    let scene = Scene::new().await;
    let prices = Prices::each(5_000).get(3_000).relabel(10_000).remove(20_000).delete(7);
    let fails = Arc::new(AtomicBool::new(false));
    let (switch, service) = (fails.clone(), scene.service().prices(prices));
    let service = FailBefore::new(Arc::new(service), move |_: Call| switch.load(Ordering::SeqCst));
    let mut options = quick();
    options.history = 1;
    let engine = scene.site.engine(vec![main_store(service, false)], options).await;
    let secrets = scene.site.secrets(&engine);
    let id = secrets.create("db", [("user", "alice")]).await.unwrap().meta.id;
    replace(&secrets, id, one("user", "bob")).await;
    let renamed = SecretUpdate::new().name(SecretName::new("other").unwrap());
    secrets.update(&id.into(), renamed).await.unwrap();
    scene.site.settle(&engine).await;
    engine.check().await.unwrap();
    let cold = scene.site.engine(vec![main_store(scene.service().prices(prices), false)], quick()).await;
    scene.site.secrets(&cold).get("other").await.unwrap();
    assert_eq!(cold.stats().calls.values().map(|calls| calls.cost).collect::<Vec<_>>(), [Some(3_000)]);
    secrets.delete("other").await.unwrap();
    fails.store(true, Ordering::SeqCst);
    secrets.create("db", [("user", "alice")]).await.unwrap_err();
    for ((_, name), calls) in engine.stats().calls {
        let each = match name {
            "get" => 3_000,
            "relabel" => 10_000,
            "remove" => 20_000,
            "delete" => 7,
            _ => 5_000,
        };
        assert_eq!(calls.cost, Some(calls.sent * each), "{name}");
        assert!(name != "put" || calls.repeated == 3, "{calls:?}");
    }
    for name in ["put", "relabel", "remove", "delete", "check"] {
        assert!(engine.stats().calls.keys().any(|(_, known)| *known == name), "{name} was not called");
    }

    // A service of which no prices are known costs nobody knows what.
    let unknown = scene.process().await;
    unknown.secrets.create("unknown", [("user", "alice")]).await.unwrap();
    assert!(unknown.engine.stats().calls.values().all(|calls| calls.cost.is_none()));
}

#[tokio::test]
async fn a_rename_keeps_what_is_cached() {
    let scene = Scene::new().await;
    let process = scene.process().await;
    let id = process.secrets.create("db", [("user", "alice")]).await.unwrap().meta.id;
    let update = SecretUpdate::new().name(SecretName::new("other").unwrap());
    process.secrets.update(&id.into(), update).await.unwrap();
    process.assert_cost("get", &[], process.secrets.get("other")).await;
}

#[tokio::test]
async fn what_is_refused_costs_nothing() {
    let scene = Scene::new().await;
    let process = scene.process().await;
    let secrets = &process.secrets;
    let id = secrets.create("db", [("user", "alice")]).await.unwrap().meta.id;
    secrets.create("mail", [("user", "alice")]).await.unwrap();

    let (cost, answer) = process.cost(secrets.create("db", [("user", "mallory")])).await;
    assert_eq!((cost, answer.unwrap_err().kind()), (vec![], ErrorKind::AlreadyExists));
    let stale =
        SecretUpdate::new().expecting(Revision(7)).values(ValuesChange::Replace(one("user", "mallory")));
    let (cost, answer) = process.cost(secrets.update(&id.into(), stale)).await;
    assert_eq!((cost, answer.unwrap_err().kind()), (vec![], ErrorKind::Conflict));
    let (cost, answer) = process.cost(secrets.set("db", "key", "x".repeat(70_000))).await;
    assert_eq!((cost, answer.unwrap_err().kind()), (vec![], ErrorKind::InvalidInput));
    let (cost, answer) = process.cost(secrets.get("none")).await;
    assert_eq!((cost, answer.unwrap_err().kind()), (vec![], ErrorKind::NotFound));
}

#[tokio::test]
async fn a_hundred_different_cold_reads_are_five_calls() {
    let scene = Scene::new().await;
    let warm = scene.process().await;
    let names: Vec<String> = (0..100).map(|i| format!("secret-{i}")).collect();
    join_all(names.iter().map(|name| warm.secrets.create(name, [("name", name.as_str())]))).await;
    let cold = scene.process().await;
    let which: Vec<SecretRef> = names.iter().map(|name| SecretName::new(name).unwrap().into()).collect();
    let (cost, answers) = cold.cost(cold.engine.get(&scene.site.context(), &which, &GetOptions::new())).await;
    assert_eq!(cost, [(Method::GetMany, 5)]);
    for (answer, name) in answers.iter().zip(&names) {
        assert_eq!(text(answer.as_ref().unwrap(), "name"), *name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_cold_reads_of_one_secret_are_one_call() {
    let scene = Scene::new().await;
    scene.process().await.secrets.create("db", [("user", "alice")]).await.unwrap();
    let cold = scene.process().await;
    let read = async {
        let readers = (0..1000).map(|_| {
            let secrets = cold.secrets.clone();
            tokio::spawn(async move { text(&secrets.get("db").await.unwrap(), "user") })
        });
        join_all(readers).await
    };
    let (cost, answers) = cold.cost(read).await;
    assert_eq!(cost, [(Method::Get, 1)]);
    assert!(answers.into_iter().all(|answer| answer.unwrap() == "alice"));
}

/// 32 tasks, spread over processes, set a key each.
async fn race(scene: &Scene, processes: &[Process]) {
    processes[0].secrets.create("db", [("first", "0")]).await.unwrap();
    for process in processes {
        process.counter.take();
    }
    let patches = (0..32).map(|i| {
        let secrets = processes[i % processes.len()].secrets.clone();
        tokio::spawn(async move { secrets.set("db", &format!("key-{i}"), i.to_string()).await.unwrap() })
    });
    let mut revisions: Vec<_> =
        join_all(patches).await.into_iter().map(|meta| meta.unwrap().revision.0).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=33).collect::<Vec<_>>(), "each has a revision of its own");
    let read = processes[0].secrets.get("db").await.unwrap();
    assert_eq!(read.meta.revision, Revision(33));
    assert_eq!(read.values.len(), 33);
    for i in 0..32 {
        assert_eq!(text(&read, &format!("key-{i}")), i.to_string());
    }
    let puts: u64 = processes.iter().map(|process| process.counter.of(Method::Put)).sum();
    assert_eq!(puts, 32);
    scene.site.settle(&processes[0].engine).await;
    scene.site.assert_accounted(&scene.held).await;
    assert_audited(&processes[0].engine, 33).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_patches_at_once_all_count() {
    let scene = Scene::new().await;
    race(&scene, &[scene.process().await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_patches_at_once_by_several_processes_all_count() {
    let scene = Scene::new().await;
    race(&scene, &[scene.process().await, scene.process().await, scene.process().await]).await;
}
