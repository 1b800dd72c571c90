//! A deployment, what happens to it, and what must be true when it is quiet again.

use super::{
    backend::SimBackend,
    catalog::{SimCatalog, at_once},
    check::{self, States},
    clients::{self, History},
    model::Truth,
    mutants::Mutant,
    scheduler::{Sim, Tasks},
    wrap::Changed,
};
use crate::{Held, MemoryBackend};
use secrecy::ExposeSecret;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Backend, Context, GetOptions, NamespaceId, Revision, SecretsStore};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Env, Identity, MemoryCatalog, Parts, RootKeys, Store, StoreName,
    crypto::{KeyKind, RootKey},
    initialise,
};
use uuid::Uuid;

const REPLICAS: usize = 3;
const CLIENTS: usize = 6;
const OPERATIONS: usize = 6;
const HISTORY: usize = 3;
const LATE: Duration = Duration::from_secs(4);
/// How often and how long a replica is suspended at most. It may be so right before it sends: what may act late counts
/// from there.
const SUSPENSIONS: u32 = 2;
const SUSPENSION: Duration = Duration::from_millis(2500);
/// More steps than any run needs: a run that takes them makes no progress.
const STEPS: usize = 400_000;

/// What is simulated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scenario {
    /// The rule that is removed, to see that its absence is noticed.
    pub mutant: Option<Mutant>,
}

/// What the seed decided about the deployment.
struct Shape {
    external: bool,
    sealed: bool,
    tells_uids: bool,
    twins: bool,
    serves_old: bool,
    bulk: bool,
    /// Nothing fails, crashes or stops: only the order of things differs.
    calm: bool,
}

struct Deployment {
    sim: Sim,
    shape: Shape,
    scenario: Scenario,
    truth: Truth,
    faults: Arc<AtomicBool>,
    identity: Identity,
    root: Arc<RootKey>,
    held: Held,
    store: StoreName,
    backend: Arc<dyn Backend>,
}

/// Runs one seed. `Ok` tells a number that identifies the run; `Err` what went wrong.
///
/// # Errors
/// The first promise that was broken.
pub fn run(seed: u64, scenario: Scenario) -> Result<u64, String> {
    let deployment = Deployment::new(seed, scenario).map_err(|error| format!("set-up: {error}"))?;
    deployment.run()
}

impl Deployment {
    fn new(seed: u64, scenario: Scenario) -> strongroom_core::Result<Self> {
        let sim = Sim::new(seed);
        let shape = Shape {
            external: sim.permille(700),
            sealed: sim.permille(300),
            tells_uids: sim.permille(600),
            twins: sim.permille(500),
            serves_old: sim.permille(150),
            bulk: sim.permille(300),
            calm: sim.permille(200),
        };
        let memory = Arc::new(MemoryCatalog::new(Arc::new(sim.clone())));
        let root = Arc::new(RootKey::generate()?);
        let namespace = NamespaceId(Uuid::from_u128(1));
        let identity = at_once(initialise(&*memory, &*root, &sim, "a", Some(namespace)))?;
        let beneath = Mutant::beneath(scenario.mutant, memory);
        let truth = Truth::new(beneath);
        let faults = Arc::new(AtomicBool::new(!shape.calm));
        let held = Held::new();
        let inner = MemoryBackend::new(&held, namespace).tells_uids(shape.tells_uids).twins(shape.twins);
        let mut limits = inner.info().limits;
        limits.bulk_read = if shape.bulk { 3 } else { 1 };
        let store = StoreName::new("cloud")?;
        let backend = Arc::new(SimBackend {
            sim: sim.clone(),
            inner: Arc::new(inner.limits(limits)),
            name: store.clone(),
            truth: truth.clone(),
            faults: faults.clone(),
            late: LATE,
            lag: Duration::from_secs(1),
            serves_old: shape.serves_old,
            puts: Arc::new(AtomicU64::new(0)),
            known: Arc::default(),
        });
        Ok(Self { sim, shape, scenario, truth, faults, identity, root, held, store, backend })
    }

    /// A replica with caches of its own.
    fn replica(&self) -> strongroom_core::Result<Engine> {
        let sim_catalog = SimCatalog::new(&self.sim, &self.truth, &self.faults);
        let catalog: Arc<dyn Catalog> = Arc::new(Changed { inner: self.truth.beneath(), wrap: sim_catalog });
        let (catalog, backend) = Mutant::above(self.scenario.mutant, catalog, self.backend.clone());
        let mut options = EngineOptions::default();
        options.history = HISTORY as u32;
        // Long enough for a calm run to end whatever it began; short enough for the others to be overtaken.
        options.lease = Duration::from_secs(if self.shape.calm { 30 } else { 2 });
        options.young = Duration::from_secs(2);
        options.late = LATE + SUSPENSION * SUSPENSIONS + Duration::from_secs(1);
        options.grace = Duration::from_millis(300);
        options.call_timeout = Duration::from_millis(950);
        options.call_attempts = 3;
        options.backoff = Duration::from_millis(10);
        options.sweep_every = Duration::from_millis(400);
        options.cache_bytes = if self.sim.permille(200) { 0 } else { 1 << 20 };
        let parts = Parts {
            catalog,
            identity: self.identity.clone(),
            roots: self.root.clone() as Arc<dyn RootKeys>,
            env: Arc::new(self.sim.clone()),
            stores: vec![Store::new(self.store.clone(), backend, self.shape.sealed)],
            target: self.shape.external.then(|| self.store.clone()),
            options,
        };
        at_once(Engine::open(parts))
    }

    fn run(self) -> Result<u64, String> {
        let mut history = History::default();
        history.renaming = self.sim.permille(200);
        let mut tasks = Tasks::new(&self.sim);
        let mut working = Vec::new();
        for replica in 0..REPLICAS {
            let engine = self.start(&mut tasks, replica)?;
            for client in (replica..CLIENTS).step_by(REPLICAS) {
                working.push((replica, self.client(&mut tasks, replica, &engine, &history, client)));
            }
        }
        let mut clients = CLIENTS;
        let mut suspended = [0; REPLICAS];
        let mut steps = 0;
        while working.iter().any(|(_, task)| tasks.is_running(*task)) {
            steps += 1;
            if steps > STEPS || !tasks.step() {
                return Err("no progress: clients never end".to_owned());
            }
            match if self.shape.calm { 3 } else { self.sim.below(4000) } {
                0 => {
                    let replica = self.sim.below(REPLICAS);
                    tasks.crash(replica);
                    let engine = self.start(&mut tasks, replica)?;
                    if clients < CLIENTS + 4 {
                        working.push((replica, self.client(&mut tasks, replica, &engine, &history, clients)));
                        clients += 1;
                    }
                }
                1 | 2 => {
                    let replica = self.sim.below(REPLICAS);
                    if suspended[replica] < SUSPENSIONS {
                        suspended[replica] += 1;
                        let longest = SUSPENSION.as_millis() as usize;
                        tasks.suspend(
                            replica,
                            Duration::from_millis(200 + self.sim.below(longest - 200) as u64),
                        );
                    }
                }
                _ => {}
            }
            self.fail_if_broken()?;
        }
        self.settle(&mut tasks)?;
        self.judge(&history)?;
        Ok(self.sim.trace())
    }

    /// Starts a replica with its background work.
    fn start(&self, tasks: &mut Tasks, replica: usize) -> Result<Engine, String> {
        let engine = self.replica().map_err(|error| format!("a replica does not start: {error}"))?;
        let (sweeper, sim) = (engine.clone(), self.sim.clone());
        tasks.spawn(replica, async move { sweeper.maintain().await });
        let (operator, external, store) = (engine.clone(), self.shape.external, self.store.clone());
        let seals = self.shape.sealed;
        tasks.spawn(replica, async move {
            sim.sleep(Duration::from_millis(sim.below(6000) as u64)).await;
            // Errors of an operator's work are the operator's to see; what it leaves is what is checked.
            let _seen = match sim.below(4) {
                0 => operator.rotate(KeyKind::Seal).await.map(drop),
                1 if external => operator.move_all(None).await.map(drop),
                2 | 3 if !seals || external => operator.move_all(Some(&store)).await.map(drop),
                _ => operator.rotate(KeyKind::Digest).await.map(drop),
            };
        });
        Ok(engine)
    }

    fn client(
        &self,
        tasks: &mut Tasks,
        replica: usize,
        engine: &Engine,
        history: &History,
        number: usize,
    ) -> super::scheduler::TaskId {
        let (sim, engine, truth) = (self.sim.clone(), engine.clone(), self.truth.clone());
        let history = history.clone();
        tasks.spawn(replica, async move {
            clients::client(sim, engine, truth, history, number, OPERATIONS).await;
        })
    }

    fn fail_if_broken(&self) -> Result<(), String> {
        match self.truth.broken().first() {
            Some(first) => Err(first.clone()),
            None => Ok(()),
        }
    }

    /// No more faults; everything that is under way ends, and the sweepers clean up.
    fn settle(&self, tasks: &mut Tasks) -> Result<(), String> {
        self.faults.store(false, Ordering::Relaxed);
        let mut quiet_since = self.sim.micros();
        for _ in 0..STEPS {
            if !tasks.step() {
                return Err("no progress: the sweepers ended".to_owned());
            }
            self.fail_if_broken()?;
            // Whoever still works on something must come to its end too.
            if !self.is_quiet()? {
                quiet_since = self.sim.micros();
            } else if self.sim.micros() - quiet_since > 3_000_000 {
                return Ok(());
            }
        }
        let left = at_once(self.truth.beneath().pending(10)).map_err(|error| error.to_string())?;
        Err(format!("no progress: pending rows stay: {left:?}"))
    }

    fn is_quiet(&self) -> Result<bool, String> {
        let pending = at_once(self.truth.beneath().pending(1)).map_err(|error| error.to_string())?;
        Ok(pending.is_empty())
    }

    /// Every answer was right, and what is left is what must be.
    fn judge(&self, history: &History) -> Result<(), String> {
        let (events, operations) = (self.truth.events(), history.all());
        let mut broken = Vec::new();
        let states = States::replay(&events, &operations, HISTORY, &mut broken);
        if let Some(first) = broken.first() {
            return Err(first.clone());
        }
        for (number, operation) in operations.iter().enumerate() {
            let own: Vec<_> = events.iter().filter(|event| event.operation == number).collect();
            check::check(operation, &own, &states, self.shape.serves_old)
                .map_err(|what| format!("{what}\n  operation {number}: {operation:?}"))?;
        }
        self.judge_rest(&states)
    }

    fn judge_rest(&self, states: &States) -> Result<(), String> {
        let engine = self.replica().map_err(|error| format!("a replica does not start: {error}"))?;
        for (id, expected) in states.last() {
            let cx = Context::full(expected.owner, "check");
            for (revision, values, _) in &expected.versions {
                let options = GetOptions::new().as_of(Revision(*revision));
                let got = self.block_on(engine.get(&cx, &[(*id).into()], &options)).pop();
                let got = got
                    .ok_or("no answer")?
                    .map_err(|error| format!("a kept version is unreadable: {error}"))?;
                let read = got.values.iter().map(|(k, v)| (k.to_owned(), v.expose_secret().to_owned()));
                if read.collect::<clients::Values>() != *values {
                    return Err(format!(
                        "revision {revision} of a secret has other values than were written"
                    ));
                }
            }
        }
        self.judge_backend(states, &engine)?;
        let chain = self.block_on(engine.verify_audit(strongroom_engine::LOCAL_CHAIN));
        chain.map_err(|error| format!("the audit chain is broken: {error}"))?;
        Ok(())
    }

    /// The back-end holds exactly what version rows name, and its own newest version is the committed one.
    fn judge_backend(&self, states: &States, engine: &Engine) -> Result<(), String> {
        let catalog = self.truth.beneath();
        let mut named = std::collections::BTreeSet::new();
        for (id, expected) in states.last() {
            let row = at_once(catalog.current(&[strongroom_engine::Lookup::Id(*id)]));
            let row = row.map_err(|error| error.to_string())?.pop().flatten().ok_or("a secret has no row")?;
            if let strongroom_engine::Place::External { object, at, .. } = &row.version.place {
                let found =
                    self.block_on(self.backend.scan(Some(*object), None)).map_err(|e| e.to_string())?;
                let labels = found.found.first().and_then(|found| found.labels.clone()).ok_or("no labels")?;
                let record = self.block_on(engine.read_labels(&labels)).map_err(|e| e.to_string())?;
                let current = record.name == expected.name && record.private == expected.private;
                // Labels are written without a lock: a crash or a lost answer may leave them one change behind.
                if self.shape.calm && !current {
                    return Err(format!("the labels tell of {record:?}, but the secret is {expected:?}"));
                }
                if self.shape.sealed {
                    continue;
                }
                let newest = found.found.iter().find(|found| found.newest).and_then(|found| found.at.clone());
                // A page of the scan is small: only what it shows can be held against it.
                if found.next.is_none() && newest.as_ref() != Some(at) {
                    return Err(format!(
                        "the service's newest version is {newest:?}, the committed one is {at}"
                    ));
                }
            }
        }
        for (object, versions) in self.held.inventory(self.identity.namespace) {
            let uses =
                at_once(catalog.explained(&self.store, &[object])).map_err(|error| error.to_string())?;
            named.extend(uses.into_iter().flat_map(|uses| uses.named).map(|at| (object, at)));
            if versions.is_empty() {
                return Err("an empty object is left in the back-end".to_owned());
            }
            for (at, _) in versions {
                if !named.remove(&(object, at.clone())) {
                    return Err(format!(
                        "a version is left in the back-end that no row explains: {object} {at}"
                    ));
                }
            }
        }
        if named.is_empty() { Ok(()) } else { Err("a committed version is not in the back-end".to_owned()) }
    }

    /// Runs a future to its end with nothing else going on.
    fn block_on<T: Send + 'static>(&self, future: impl Future<Output = T> + Send) -> T {
        let mut future = std::pin::pin!(future);
        let mut idle = Tasks::new(&self.sim);
        loop {
            let (waker, woken) = super::scheduler::flag();
            let mut cx = std::task::Context::from_waker(&waker);
            if let std::task::Poll::Ready(answer) = future.as_mut().poll(&mut cx) {
                return answer;
            }
            if woken() {
                continue;
            }
            // Nothing runs, so the clock may move on.
            idle.pass_time();
        }
    }
}
