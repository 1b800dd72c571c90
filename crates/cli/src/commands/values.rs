//! Values as they are given to `create` and `update`.

use super::Run;
use crate::{
    failure::{Failure, Outcome},
    input::{Sources, ask_line, ask_value, join},
    pairs::Pair,
};
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::SecretValues;

/// The values of the pairs and of `--values`, with what they refer to.
pub(super) fn given(run: &mut Run<'_>, pairs: &[Pair], map: Option<&SecretString>) -> Outcome<SecretValues> {
    let mut sources = Sources::new(run.console);
    let mut values = SecretValues::new();
    for pair in pairs {
        values.set(pair.key.as_str(), sources.value(&pair.key, &pair.value)?);
    }
    if let Some(map) = map {
        join(&mut values, &sources.map(map.expose_secret())?)?;
    }
    let written_out = |text: &str| !text.starts_with('@') || text.starts_with("@@");
    if pairs.iter().any(|pair| written_out(pair.value.expose_secret()))
        || map.is_some_and(|map| written_out(map.expose_secret()))
    {
        run.note("hint: --KEY=@FILE, --KEY=@- and -i keep values out of the shell's history");
    }
    Ok(values)
}

/// Asks for further keys and their values until no key is given.
pub(super) fn ask_for_more(run: &mut Run<'_>, values: &mut SecretValues, known: &[&str]) -> Outcome {
    while let Some(key) = ask_line(run.console, "Key (empty when done):")?.filter(|key| !key.is_empty()) {
        if values.contains_key(&key) || known.contains(&key.as_str()) {
            run.note(&format!("the key `{key}` is there already; choose another one"));
            continue;
        }
        let value =
            ask_value(run.console, &format!("Value of `{key}` (not shown):"))?.ok_or_else(no_answer)?;
        values.set(key, value);
    }
    Ok(())
}

/// Whoever ends the input in place of a value wants to leave, and not half of the answers.
pub(super) fn no_answer() -> Failure {
    Failure::usage("no answer; nothing was changed")
}

/// Refuses to do nothing.
pub(super) fn nothing_given(command: &str, also: &str) -> Failure {
    Failure::usage(format!(
        "{command}: no value is given; write --KEY=VALUE, --KEY=@FILE, -v MAP or -i{also}"
    ))
}
