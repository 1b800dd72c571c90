//! `secret update`

use super::{Run, values};
use crate::{
    args::UpdateArgs,
    failure::{Failure, Outcome},
    input::ask_value,
    pairs::Pair,
    resolve::{find, no_key},
};
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::{GetOptions, Secret, SecretUpdate, SecretValues, ValuesChange};

/// Sets and removes keys, and makes a secret private or public: all or nothing.
pub(super) async fn update(run: &mut Run<'_>, args: &UpdateArgs, pairs: &[Pair]) -> Outcome {
    let nothing =
        pairs.is_empty() && args.values.is_none() && args.private.is_none() && args.remove_keys.is_empty();
    if nothing && !args.interactive {
        return Err(values::nothing_given("update", ", -r KEY or --private BOOL"));
    }
    let mut given = values::given(run, pairs, args.values.as_ref())?;
    let secrets = run.secrets().await?;
    let id = find(&secrets, &args.name, None).await?.id;
    // Only who names keys to remove, or is asked for values, needs to know the keys.
    let secret = if args.interactive || !args.remove_keys.is_empty() {
        Some(secrets.get_ref(&id.into(), &GetOptions::new().keys_only()).await?)
    } else {
        None
    };
    for key in &args.remove_keys {
        if given.contains_key(key) {
            return Err(Failure::usage(format!("the key `{key}` is both set and removed; do one of them")));
        }
        if let Some(secret) = &secret
            && !secret.values.contains_key(key)
        {
            return Err(no_key(secret, key));
        }
    }
    if let (true, Some(secret)) = (args.interactive, &secret) {
        ask(run, secret, &mut given, &args.remove_keys)?;
        if nothing && given.is_empty() {
            run.note("nothing was changed");
            return Ok(());
        }
    }
    let mut update = SecretUpdate::new();
    if !given.is_empty() || !args.remove_keys.is_empty() {
        update = update.values(merge(&given, &args.remove_keys));
    }
    if let Some(private) = args.private {
        update = update.private(private);
    }
    let meta = secrets.update(&id.into(), update).await?;
    run.changed("updated", &meta)
}

/// Asks for new values of the keys that are there, then for further keys.
fn ask(run: &mut Run<'_>, secret: &Secret, given: &mut SecretValues, removed: &[String]) -> Outcome {
    for key in secret.values.keys() {
        if given.contains_key(key) || removed.iter().any(|other| other == key) {
            continue;
        }
        let question = format!("New value of `{key}` (not shown; empty keeps it):");
        let value = ask_value(run.console, &question)?.ok_or_else(values::no_answer)?;
        if !value.expose_secret().is_empty() {
            given.set(key, value);
        }
    }
    let known: Vec<_> = secret.values.keys().collect();
    values::ask_for_more(run, given, &known)
}

fn merge(given: &SecretValues, removed: &[String]) -> ValuesChange {
    let set = given.iter().map(|(key, value)| (key.to_owned(), Some(SecretString::clone(value))));
    ValuesChange::Merge(set.chain(removed.iter().map(|key| (key.clone(), None))).collect())
}
