//! Any operations, any failures, killed at any time: what was acknowledged is there.

use super::{Deployment, Switch, secrets};
use secrecy::ExposeSecret as _;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use strongroom_core::{
    Backend, ErrorKind, NewSecret, SecretFilter, SecretId, SecretName, SecretUpdate, ValuesChange,
};
use strongroom_engine::{Engine, Finding, Loaded};
use strongroom_testkit::{
    Held, MemoryBackend, Random,
    faults::{Call, FailBefore, LoseAnswer, Method},
};

/// What can be seen of a secret; `None` if it is not there.
type State = Option<(String, bool, String)>;

/// What each secret was when somebody was last told, and what it may have become since.
type Possible = BTreeMap<SecretId, Vec<State>>;

async fn now(engine: &Engine) -> BTreeMap<SecretId, State> {
    let secrets = secrets(engine);
    let mut now = BTreeMap::new();
    for meta in secrets.list(&SecretFilter::new().size(1000)).await.unwrap().items {
        let secret = secrets.get_ref(&meta.id.into(), &strongroom_core::GetOptions::new()).await.unwrap();
        let value = secret.values.get("a").unwrap().expose_secret().to_owned();
        now.insert(meta.id, Some((meta.name.to_string(), meta.private, value)));
    }
    now
}

/// Records what became of an operation.
fn record(possible: &mut Possible, id: SecretId, done: &Result<(), strongroom_core::Error>, state: State) {
    let states = possible.entry(id).or_insert_with(|| vec![None]);
    match done {
        Ok(()) => *states = vec![state],
        Err(_) => states.push(state),
    }
}

async fn step(engine: &Engine, switch: &Switch, random: &mut Random, possible: &mut Possible, n: u64) {
    let secrets = secrets(engine);
    let name = SecretName::new(format!("n{}", random.below(4))).unwrap();
    let private = random.one_in(3);
    let existing: Vec<_> =
        now(engine).await.into_iter().filter_map(|(id, state)| Some((id, state?))).collect();
    if existing.is_empty() || random.one_in(4) {
        let values = [("a", n.to_string())].into_iter().collect();
        let new = NewSecret::new(name.clone(), values).private(private);
        switch.set(true);
        let created = secrets.store().create(secrets.context(), new).await;
        switch.set(false);
        let state = Some((name.to_string(), private, n.to_string()));
        match created {
            Ok(secret) => record(possible, secret.meta.id, &Ok(()), state),
            // In doubt, it is known by what is there now and was not before.
            Err(error) => {
                for (id, state) in now(engine).await {
                    if existing.iter().all(|(known, _)| *known != id) {
                        record(possible, id, &Err(error.clone()), state);
                    }
                }
            }
        }
        return;
    }
    let (id, (old_name, old_private, old)) = random.pick(&existing).clone();
    let which = id.into();
    switch.set(true);
    match random.below(5) {
        0 => {
            let deleted = secrets.store().delete(secrets.context(), &which, None).await;
            record(possible, id, &deleted, None);
        }
        1 => {
            let update = SecretUpdate::new().name(name.clone()).private(private);
            let renamed = secrets.update(&which, update).await.map(drop);
            if !renamed.as_ref().is_err_and(|error| error.kind() == ErrorKind::AlreadyExists) {
                record(possible, id, &renamed, Some((name.to_string(), private, old)));
            }
        }
        _ => {
            let value = n.to_string();
            let change = ValuesChange::Merge(vec![("a".to_owned(), Some(value.clone().into()))]);
            let set = secrets.update(&which, SecretUpdate::new().values(change)).await.map(drop);
            record(possible, id, &set, Some((old_name, old_private, value)));
        }
    }
    switch.set(false);
}

async fn run(seed: u64) {
    let random = Arc::new(Mutex::new(Random::new(seed)));
    let mut deployment = Deployment::new(seed.is_multiple_of(2));
    deployment.options.backoff = Duration::from_micros(1);
    deployment.options.history = 1 + u32::try_from(seed % 3).unwrap();
    deployment.options.grace = Duration::ZERO;
    let held = Held::new();
    let frugal = !seed.is_multiple_of(3);
    let service = || {
        let memory = MemoryBackend::new(&held, deployment.namespace()).twins(frugal).tells_uids(!frugal);
        Arc::new(memory) as Arc<dyn Backend>
    };
    let mut possible = Possible::new();
    let mut n = 0;
    for _ in 0..6 {
        // Opened over what works: that a scan fails is no news.
        let switch = Switch::default();
        let chance = || {
            let (random, switch) = (random.clone(), switch.of(Method::FOR_SECRETS));
            move |call: Call| switch(call) && random.lock().unwrap().one_in(7)
        };
        let broken = FailBefore::new(Arc::new(LoseAnswer::new(service(), chance())), chance());
        let (engine, loaded) = deployment.try_open(Arc::new(broken)).await.unwrap();
        let wrong = |why: &Finding| matches!(why, Finding::NotOurs | Finding::Missing | Finding::Twice);
        assert!(loaded.left.iter().all(|left| !wrong(&left.why)), "seed {seed}: {:?}", loaded.left);
        compare(&loaded, &now(&engine).await, &mut possible, seed);
        for _ in 0..12 {
            n += 1;
            let mut own = Random::new(random.lock().unwrap().bits());
            step(&engine, &switch, &mut own, &mut possible, n).await;
            if own.one_in(4) {
                switch.set(true);
                let _ = engine.sweep().await;
                switch.set(false);
            }
        }
    }
}

/// Requires that everything is as it may be; from now on it is as it is.
fn compare(loaded: &Loaded, there: &BTreeMap<SecretId, State>, possible: &mut Possible, seed: u64) {
    let renamed = |id: SecretId| {
        loaded.left.iter().any(|left| left.secret == Some(id) && matches!(left.why, Finding::Renamed(_)))
    };
    let but_for_the_name = |state: &State| state.clone().map(|(_, private, value)| (private, value));
    let ids: Vec<SecretId> = possible.keys().chain(there.keys()).copied().collect();
    for id in ids {
        let state = there.get(&id).cloned().flatten();
        let states = possible.entry(id).or_insert_with(|| vec![None]);
        let mut fits = states.contains(&state);
        if renamed(id) {
            fits |= states.iter().any(|one| but_for_the_name(one) == but_for_the_name(&state));
        }
        assert!(fits, "seed {seed}: {id} is {state:?}, and may be {states:?}");
        // Its labels still say the name that another secret has.
        states.retain(|one| renamed(id) && but_for_the_name(one) == but_for_the_name(&state));
        states.push(state);
    }
}

#[tokio::test]
async fn whatever_was_acknowledged_is_there_again() {
    for seed in 0..150 {
        run(seed).await;
    }
}
