//! What must be true when a deployment is quiet again.

use super::{
    catalog::at_once,
    check::{self, Expected, Run, States},
    clients::{self, Change, History, Intent, Operation, Wanted},
    model::Event,
    scheduler::{Tasks, flag},
    world::{Deployment, HISTORY},
};
use secrecy::ExposeSecret;
use std::{collections::BTreeSet, pin::pin, task};
use strongroom_core::{Backend, Context, GetOptions, ObjectId, Revision, SecretsStore, VersionRef};
use strongroom_engine::{Engine, LOCAL_CHAIN, Lookup, Place};

impl Deployment {
    /// Every answer was right, and what is left is what must be.
    pub(super) fn judge(&self, history: &History) -> Result<(), String> {
        let (events, operations) = (self.truth.events(), history.all());
        let mut broken = Vec::new();
        let states = States::replay(&events, &operations, HISTORY, &mut broken);
        if let Some(first) = broken.first() {
            return Err(first.clone());
        }
        let run = Run {
            states: &states,
            operations: &operations,
            troubles: self.truth.troubles(),
            moves: self.truth.moves(),
            lease: self.shape.lease(),
        };
        for (number, operation) in operations.iter().enumerate() {
            let own: Vec<_> = events.iter().filter(|event| event.operation == number).collect();
            check::check(operation, &own, &run)
                .map_err(|what| format!("{what}\n  operation {number}: {operation:?}"))?;
        }
        self.judge_rest(&states)?;
        self.judge_audit(&events, &operations)
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
        self.judge_backend(states, &engine)
    }

    /// The audit chain is whole, and has one entry for each change that was committed, in their order.
    fn judge_audit(&self, events: &[Event], operations: &[Operation]) -> Result<(), String> {
        let engine = self.replica().map_err(|error| format!("a replica does not start: {error}"))?;
        let head = self.block_on(engine.verify_audit(LOCAL_CHAIN));
        let head = head.map_err(|error| format!("the audit chain is broken: {error}"))?;
        let rows = at_once(self.truth.beneath().audit(LOCAL_CHAIN, 0, u32::MAX));
        let rows = rows.map_err(|error| error.to_string())?;
        if head.sequence != rows.len() as u64 {
            return Err(format!(
                "{} of {} entries of the audit chain were verified",
                head.sequence,
                rows.len()
            ));
        }
        let noted = rows.into_iter().map(|row| (row.secret, row.origin.request, row.actor, row.action));
        let happened = events.iter().filter_map(|event| {
            let operation = operations.get(event.operation)?;
            let action = match &operation.intent {
                Intent::Create { .. } => "secret.create",
                Intent::Update { change: Change { values: Wanted::Restore(_), .. }, .. } => "secret.rollback",
                Intent::Update { .. } => "secret.update",
                Intent::Delete { .. } => "secret.delete",
                Intent::Get { .. } | Intent::List => "nothing",
            };
            Some((event.secret, Some(event.operation.to_string()), operation.actor, action.to_owned()))
        });
        if noted.eq(happened) {
            return Ok(());
        }
        Err(format!("the audit log does not tell of the {} changes that were committed", events.len()))
    }

    /// The back-end holds exactly what version rows name, and its own newest version is the committed one.
    fn judge_backend(&self, states: &States, engine: &Engine) -> Result<(), String> {
        let catalog = self.truth.beneath();
        let (mut named, mut foreign) = (BTreeSet::new(), self.foreign.all());
        for (id, expected) in states.last() {
            let row = at_once(catalog.current(&[Lookup::Id(*id)]));
            let row = row.map_err(|error| error.to_string())?.pop().flatten().ok_or("a secret has no row")?;
            if let Place::External { object, at, .. } = &row.version.place {
                self.judge_object(*object, at, expected, engine)?;
            }
        }
        for (object, versions) in self.held.inventory(self.identity.namespace) {
            let uses = at_once(catalog.explained(&[object])).map_err(|error| error.to_string())?;
            named.extend(uses.into_iter().flat_map(|uses| uses.named).map(|at| (object, at)));
            if versions.is_empty() {
                return Err("an empty object is left in the back-end".to_owned());
            }
            for (at, _) in versions {
                let place = (object, at);
                if !named.remove(&place) && !foreign.remove(&place) {
                    let (object, at) = place;
                    return Err(format!(
                        "a version is left in the back-end that no row explains: {object} {at}"
                    ));
                }
            }
        }
        if !foreign.is_empty() {
            return Err("what somebody else put is not in the back-end any more".to_owned());
        }
        if named.is_empty() { Ok(()) } else { Err("a committed version is not in the back-end".to_owned()) }
    }

    /// An object tells of the secret in it as it is: by its labels, and by which version is the newest.
    fn judge_object(
        &self,
        object: ObjectId,
        at: &VersionRef,
        expected: &Expected,
        engine: &Engine,
    ) -> Result<(), String> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let page = self.block_on(self.backend.scan(Some(object), from.as_deref()));
            let page = page.map_err(|error| error.to_string())?;
            found.extend(page.found);
            match page.next {
                Some(next) => from = Some(next),
                None => break,
            }
        }
        let labels = found.first().and_then(|found| found.labels.clone()).ok_or("no labels")?;
        let record = self.block_on(engine.read_labels(&labels)).map_err(|error| error.to_string())?;
        let current = record.name == expected.name && record.private == expected.private;
        // Labels are written without a lock: a crash or a lost answer may leave them one change behind.
        if self.shape.calm && !current {
            return Err(format!("the labels tell of {record:?}, but the secret is {expected:?}"));
        }
        let newest = found.iter().find(|found| found.newest).and_then(|found| found.at.as_ref());
        if !self.shape.sealed && newest != Some(at) {
            return Err(format!("the service's newest version is {newest:?}, the committed one is {at}"));
        }
        Ok(())
    }

    /// Runs a future to its end with nothing else going on.
    fn block_on<T: Send + 'static>(&self, future: impl Future<Output = T> + Send) -> T {
        let mut future = pin!(future);
        let mut idle = Tasks::new(&self.sim);
        loop {
            let (waker, woken) = flag();
            let mut cx = task::Context::from_waker(&waker);
            if let task::Poll::Ready(answer) = future.as_mut().poll(&mut cx) {
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
