//! A deployment, and what happens to it until it is quiet again.

use super::{
    backend::SimBackend,
    catalog::{SimCatalog, at_once},
    clients::{self, History, Site},
    foreign::{self, Foreign},
    model::Truth,
    mutants::Mutant,
    operator::{Work, operate},
    scheduler::{Sim, TaskId, Tasks},
    troubles::Trouble,
    wrap::Changed,
};
use crate::{Held, MemoryBackend};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Backend, NamespaceId};
use strongroom_engine::{
    Catalog, Engine, EngineOptions, Identity, MemoryCatalog, Parts, RootKeys, Store, StoreName,
    crypto::RootKey, initialise,
};
use uuid::Uuid;

const REPLICAS: usize = 3;
const CLIENTS: usize = 6;
const OPERATIONS: usize = 6;
pub(super) const HISTORY: usize = 3;
/// The name of the store.
pub(super) const STORE: &str = "cloud";
const LATE: Duration = Duration::from_secs(4);
/// How often and how long a replica is suspended at most. It may be so right before it sends: what may act late counts
/// from there.
const SUSPENSIONS: u32 = 2;
const SUSPENSION: Duration = Duration::from_millis(2500);
/// The lease, and how late a request takes effect, where no time is to spare.
const PUNCTUAL: Duration = Duration::from_secs(1);
/// How long the old place of a version that moved stays.
pub(super) const GRACE: Duration = Duration::from_millis(300);
/// More steps than any run needs: a run that takes them makes no progress.
const STEPS: usize = 400_000;
/// The same, once clients have ended.
const SETTLING: usize = 80_000;

/// What is simulated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scenario {
    /// The rule that is removed, to see that its absence is noticed.
    pub mutant: Option<Mutant>,
}

/// What the seed decided about the deployment.
pub(super) struct Shape {
    external: bool,
    pub(super) sealed: bool,
    tells_uids: bool,
    twins: bool,
    /// The service sees whatever was put last as the newest.
    last_is_newest: bool,
    pub(super) serves_old: bool,
    bulk: bool,
    /// Nothing fails, crashes or stops: only the order of things differs.
    pub(super) calm: bool,
    /// Nobody is suspended, and what is late is as late as it can be, with no time to spare.
    punctual: bool,
    /// Somebody else has something in the service.
    shared: bool,
    /// The service is down for a while.
    outage: bool,
    work: Work,
}

impl Shape {
    /// How late a request that was sent takes effect at most.
    fn lands(&self) -> Duration {
        if self.punctual { PUNCTUAL } else { LATE }
    }

    /// How long an attempt has the lock: long enough for a calm run to end whatever it began, short enough for the
    /// others to be overtaken.
    pub(super) fn lease(&self) -> Duration {
        match (self.calm, self.punctual) {
            (true, _) => Duration::from_secs(30),
            (false, true) => PUNCTUAL,
            (false, false) => Duration::from_secs(2),
        }
    }

    /// How late anything may land after its attempt was given up.
    fn late(&self) -> Duration {
        if self.punctual && !self.calm {
            // A put is sent during the first half of the lease; its attempt may be fenced before.
            return self.lands() + self.lease() / 2 + Duration::from_millis(50);
        }
        // Replicas may be suspended right before they send.
        self.lands() + SUSPENSION * SUSPENSIONS + Duration::from_secs(1)
    }
}

pub(super) struct Deployment {
    pub(super) sim: Sim,
    pub(super) shape: Shape,
    scenario: Scenario,
    pub(super) truth: Truth,
    pub(super) foreign: Foreign,
    faults: Arc<AtomicBool>,
    pub(super) identity: Identity,
    root: Arc<RootKey>,
    pub(super) held: Held,
    pub(super) store: StoreName,
    pub(super) backend: Arc<SimBackend>,
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
            last_is_newest: sim.permille(500),
            serves_old: sim.permille(150),
            bulk: sim.permille(300),
            calm: sim.permille(200),
            punctual: sim.permille(250),
            shared: sim.permille(300),
            outage: sim.permille(200),
            work: match sim.below(10) {
                0 => Work::Moving,
                1 => Work::Rotating,
                _ => Work::Once,
            },
        };
        let memory = Arc::new(MemoryCatalog::new(Arc::new(sim.clone())));
        let root = Arc::new(RootKey::generate()?);
        let namespace = NamespaceId(Uuid::from_u128(1));
        let identity = at_once(initialise(&*memory, &*root, &sim, "a", Some(namespace)))?;
        let beneath = Mutant::beneath(scenario.mutant, memory);
        let truth = Truth::new(beneath, shape.late());
        let faults = Arc::new(AtomicBool::new(!shape.calm));
        let (held, foreign) = (Held::new(), Foreign::default());
        let inner = MemoryBackend::new(&held, namespace)
            .tells_uids(shape.tells_uids)
            .twins(shape.twins)
            .last_is_newest(shape.last_is_newest);
        let mut limits = inner.info().limits;
        limits.bulk_read = if shape.bulk { 3 } else { 1 };
        let store = StoreName::new(STORE)?;
        let backend = Arc::new(SimBackend {
            sim: sim.clone(),
            inner: Arc::new(inner.limits(limits)),
            truth: truth.clone(),
            faults: faults.clone(),
            foreign: foreign.clone(),
            late: shape.lands(),
            punctual: shape.punctual,
            lag: Duration::from_secs(1),
            serves_old: shape.serves_old,
            puts: Arc::new(AtomicU64::new(0)),
            known: Arc::default(),
            down_until: Arc::default(),
        });
        Ok(Self { sim, shape, scenario, truth, foreign, faults, identity, root, held, store, backend })
    }

    /// A replica with caches of its own.
    pub(super) fn replica(&self) -> strongroom_core::Result<Engine> {
        let sim_catalog = SimCatalog::new(&self.sim, &self.truth, &self.faults);
        let catalog: Arc<dyn Catalog> = Arc::new(Changed { inner: self.truth.beneath(), wrap: sim_catalog });
        let (catalog, backend) = Mutant::above(
            self.scenario.mutant,
            &self.sim,
            catalog,
            self.backend.clone(),
            (self.identity.namespace, &self.root),
        );
        let mut options = EngineOptions::default();
        options.history = HISTORY as u32;
        options.lease = self.shape.lease();
        options.young = Duration::from_secs(2);
        options.late = self.shape.late();
        options.grace = GRACE;
        options.call_timeout = Duration::from_millis(950);
        options.call_attempts = 3;
        options.backoff = Duration::from_millis(10);
        options.sweep_every = Duration::from_millis(400);
        options.cache_bytes = if self.sim.permille(200) { 0 } else { 1 << 20 };
        let parts = Parts {
            catalog,
            identity: self.identity.clone(),
            roots: self.root.clone() as Arc<dyn RootKeys>,
            env: Mutant::env(self.scenario.mutant, &self.sim),
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
        if self.shape.shared {
            let (held, namespace) = (self.held.clone(), self.identity.namespace);
            self.sim.later(foreign::somebody(self.sim.clone(), held, namespace, self.foreign.clone()));
        }
        if self.shape.outage && !self.shape.calm {
            self.sim.later(self.backend.clone().outage());
        }
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
                    if suspended[replica] < SUSPENSIONS && !self.shape.punctual {
                        suspended[replica] += 1;
                        let longest = SUSPENSION.as_millis() as usize;
                        let time = Duration::from_millis(200 + self.sim.below(longest - 200) as u64);
                        let now = self.sim.micros();
                        self.truth.trouble(Trouble::Stopped, now, now + time.as_micros() as u64);
                        tasks.suspend(replica, time);
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
        let (work, moves) = (self.shape.work, !self.shape.sealed || external);
        tasks.spawn(replica, async move { operate(sim, operator, store, work, external, moves).await });
        Ok(engine)
    }

    fn client(
        &self,
        tasks: &mut Tasks,
        replica: usize,
        engine: &Engine,
        history: &History,
        number: usize,
    ) -> TaskId {
        let site = Site {
            sim: self.sim.clone(),
            engine: engine.clone(),
            truth: self.truth.clone(),
            mutant: self.scenario.mutant,
        };
        let history = history.clone();
        tasks.spawn(replica, async move { clients::client(site, history, number, OPERATIONS).await })
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
        for _ in 0..SETTLING {
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
}
