//! What clients do, and what they are answered.

use super::{
    model::Truth,
    mutants::{Mutant, taken_for},
    scheduler::Sim,
};
use secrecy::ExposeSecret;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use strongroom_core::{
    Access, Context, ErrorKind, GetOptions, NewSecret, Origin, OwnerId, Revision, SecretFilter, SecretId,
    SecretMeta, SecretName, SecretRef, SecretUpdate, SecretValues, SecretsStore, ValuesChange,
};
use strongroom_engine::Engine;
use uuid::Uuid;

/// How long an operation may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(8);

pub(crate) type Values = BTreeMap<String, String>;

/// An operation as the client meant it.
#[derive(Clone, Debug)]
pub(crate) enum Intent {
    Create { name: String, private: bool, values: Values },
    Get { which: Which, as_of: Option<u64> },
    List,
    Update { which: Which, change: Change, expected: Option<u64> },
    Delete { which: Which, expected: Option<u64> },
}

#[derive(Clone, Debug)]
pub(crate) enum Which {
    Id(SecretId),
    Name(String, Option<bool>),
}

/// What an update asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) private: Option<bool>,
    pub(crate) values: Wanted,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum Wanted {
    #[default]
    Keep,
    Patch(String, Option<String>),
    Replace(Values),
    Restore(u64),
}

/// What the client was told.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Created(SecretMeta),
    Got(SecretMeta, Values, u64),
    Listed(Vec<SecretMeta>),
    Updated(SecretMeta),
    Deleted,
    Failed(ErrorKind, String),
}

/// An operation with its time and answer; `None` if the client crashed first.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) actor: OwnerId,
    pub(crate) intent: Intent,
    /// In the order of everything that clients see.
    pub(crate) began: u64,
    pub(crate) ended: Option<(u64, Answer)>,
    /// From when until when, in microseconds.
    pub(crate) time: (u64, u64),
}

impl Operation {
    pub(crate) fn changes(&self) -> bool {
        !matches!(self.intent, Intent::Get { .. } | Intent::List)
    }
}

/// One replica, as its clients see it.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) sim: Sim,
    pub(crate) engine: Engine,
    pub(crate) truth: Truth,
    pub(crate) mutant: Option<Mutant>,
}

/// All operations of a run, by number.
#[derive(Clone, Default)]
pub(crate) struct History {
    all: Arc<Mutex<Vec<Operation>>>,
    /// Whether most changes of this run are of names.
    pub(crate) renaming: bool,
}

impl History {
    pub(crate) fn all(&self) -> Vec<Operation> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn begin(&self, actor: OwnerId, intent: Intent, site: &Site) -> usize {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let (began, now) = (site.truth.tick(), site.sim.micros());
        all.push(Operation { actor, intent, began, ended: None, time: (now, u64::MAX) });
        all.len() - 1
    }

    fn end(&self, operation: usize, answer: Answer, site: &Site) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(operation) = all.get_mut(operation) {
            operation.ended = Some((site.truth.tick(), answer));
            operation.time.1 = site.sim.micros();
        }
    }

    /// Ids that clients have seen.
    fn ids(&self) -> Vec<(SecretId, u64)> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = all.iter().filter_map(|operation| match &operation.ended {
            Some((_, Answer::Created(meta) | Answer::Updated(meta) | Answer::Got(meta, ..))) => {
                Some((meta.id, meta.revision.0))
            }
            _ => None,
        });
        seen.collect()
    }
}

/// On whose behalf clients ask.
pub(crate) const ACTORS: [OwnerId; 2] =
    [OwnerId(Uuid::from_u128(0xac70_0000)), OwnerId(Uuid::from_u128(0xac70_0001))];

/// One client: some operations, one after the other.
pub(crate) async fn client(site: Site, history: History, number: usize, operations: usize) {
    let actor = ACTORS[number % ACTORS.len()];
    for _ in 0..operations {
        site.sim.pause().await;
        let intent = choose(&site.sim, &history);
        perform(&site, &history, actor, intent).await;
    }
}

fn choose(sim: &Sim, history: &History) -> Intent {
    let names = ["a", "b", "A", "c", "d", "e", "f", "g"];
    // With more names, more renames succeed.
    let name = || names[sim.below(if history.renaming { names.len() } else { 3 })].to_owned();
    let value = || sim.below(1_000_000).to_string();
    let seen = history.ids();
    let which = || {
        if seen.is_empty() || sim.permille(350) {
            let private = [None, None, Some(false), Some(true)][sim.below(4)];
            return (Which::Name(name(), private), None);
        }
        let (id, revision) = seen[sim.below(seen.len())];
        (Which::Id(id), Some(revision))
    };
    let key = || format!("k{}", sim.below(4));
    let expect = |revision: Option<u64>| revision.filter(|_| sim.permille(150));
    match sim.below(100) {
        0..=14 => {
            Intent::Create { name: name(), private: sim.permille(300), values: [(key(), value())].into() }
        }
        15..=39 => {
            let (which, revision) = which();
            let as_of = revision.filter(|_| sim.permille(200)).map(|at| 1 + sim.below(at as usize) as u64);
            Intent::Get { which, as_of }
        }
        40..=44 => Intent::List,
        45..=91 => {
            let (which, revision) = which();
            let mut change = Change::default();
            let kind = if history.renaming && sim.permille(700) { 7 } else { sim.below(10) };
            match kind {
                0..=4 => change.values = Wanted::Patch(key(), sim.permille(850).then(value)),
                5 => change.values = Wanted::Replace([(key(), value()), ("r".to_owned(), value())].into()),
                6 => {
                    change.values =
                        Wanted::Restore(revision.map_or(1, |at| 1 + sim.below(at as usize) as u64))
                }
                7 => change.name = Some(name()),
                8 => change.private = Some(sim.permille(500)),
                _ => {
                    change.name = Some(name());
                    change.private = sim.permille(500).then(|| sim.permille(500));
                    change.values = Wanted::Patch(key(), Some(value()));
                }
            }
            Intent::Update { which, change, expected: expect(revision) }
        }
        _ => {
            let (which, revision) = which();
            Intent::Delete { which, expected: expect(revision) }
        }
    }
}

async fn perform(site: &Site, history: &History, actor: OwnerId, intent: Intent) {
    let operation = history.begin(actor, intent.clone(), site);
    let mut origin = Origin::new("simulation");
    origin.request = Some(operation.to_string());
    let cx = Context::new(actor, Access::full(), origin).with_timeout(DEADLINE);
    let answer = ask(site, &cx, intent).await;
    history.end(operation, answer, site);
}

async fn ask(site: &Site, cx: &Context, intent: Intent) -> Answer {
    let engine = &site.engine;
    let asked = async {
        Ok(match intent {
            Intent::Create { name, private, values } => {
                let new = NewSecret::new(SecretName::new(name)?, secret(&values)).private(private);
                Answer::Created(engine.create(cx, new).await?.meta)
            }
            Intent::Get { which, as_of } => {
                let mut options = GetOptions::new();
                options.as_of = as_of.map(Revision);
                let cx = &match &which {
                    Which::Id(id) => taken_for(site.mutant, &site.sim, &*site.truth.beneath(), cx, *id).await,
                    Which::Name(..) => cx.clone(),
                };
                let mut answers = engine.get(cx, &[reference(&which)?], &options).await;
                match answers.pop() {
                    Some(answer) => {
                        let got = answer?;
                        let values = got.values.iter();
                        let values =
                            values.map(|(key, value)| (key.to_owned(), value.expose_secret().to_owned()));
                        Answer::Got(got.meta, values.collect(), got.version.0)
                    }
                    None => Answer::Failed(ErrorKind::Unexpected, "no answer".to_owned()),
                }
            }
            Intent::List => Answer::Listed(engine.list(cx, &SecretFilter::default().size(1000)).await?.items),
            Intent::Update { which, change, expected } => {
                let mut update = SecretUpdate::new();
                update.name = change.name.map(SecretName::new).transpose()?;
                update.private = change.private;
                update.expected = expected.map(Revision);
                update.values = match change.values {
                    Wanted::Keep => ValuesChange::Keep,
                    Wanted::Patch(key, value) => ValuesChange::Merge(vec![(key, value.map(Into::into))]),
                    Wanted::Replace(values) => ValuesChange::Replace(secret(&values)),
                    Wanted::Restore(revision) => ValuesChange::Restore(Revision(revision)),
                };
                Answer::Updated(engine.update(cx, &reference(&which)?, update).await?)
            }
            Intent::Delete { which, expected } => {
                engine.delete(cx, &reference(&which)?, expected.map(Revision)).await?;
                Answer::Deleted
            }
        })
    };
    match asked.await {
        Ok(answer) => answer,
        Err(error) => {
            let error: strongroom_core::Error = error;
            Answer::Failed(error.kind(), error.to_string())
        }
    }
}

fn reference(which: &Which) -> strongroom_core::Result<SecretRef> {
    Ok(match which {
        Which::Id(id) => SecretRef::Id(*id),
        Which::Name(name, private) => {
            SecretRef::Name { name: SecretName::new(name.clone())?, private: *private }
        }
    })
}

fn secret(values: &Values) -> SecretValues {
    values.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}
