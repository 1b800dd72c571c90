//! The variables of a ZenML server, renamed to ours before anything else looks at them.

mod aws;
mod azure;
mod gcp;

use crate::failure::{Failure, Outcome};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize as _};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use strongroom::Config;
use strongroom_core::{Error, ErrorKind};

const STORE: &str = "ZENML_SECRETS_STORE_";
const METHOD: &str = "AUTH_METHOD";
const CONFIG: &str = "AUTH_CONFIG";

/// Settings of a HashiCorp Vault: ZenML's name behind the prefix, and our key.
const HASHICORP: &[(&str, &str)] = &[
    ("VAULT_ADDR", "address"),
    ("VAULT_NAMESPACE", "vault_namespace"),
    ("MOUNT_POINT", "mount"),
    ("AUTH_MOUNT_POINT", "auth_mount"),
    ("VAULT_TOKEN", "token"),
    ("APP_ROLE_ID", "role_id"),
    ("APP_SECRET_ID", "secret_id"),
    ("AWS_ROLE", "role"),
    ("AWS_HEADER_VALUE", "aws_header_value"),
];

/// What they come to.
#[derive(Default)]
pub(crate) struct Translated {
    /// Keys of `[store]` and their values; `type` is among them if there are any.
    pub(crate) store: BTreeMap<&'static str, SecretString>,
    /// Names of variables, and of parts of them, without effect.
    pub(crate) ignored: Vec<String>,
}

/// Takes over what a ZenML server would read, and answers the names of what has no effect. Every command on the database
/// does: who works beside the server would write to another store than it otherwise.
///
/// # Errors
/// Naming the variable and the remedy, for a kind of store or a setting that would mean something else here.
pub(crate) fn take_over(config: &mut Config) -> strongroom_core::Result<Vec<String>> {
    let vars = std::env::vars_os();
    let vars = vars.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let translated = translate(vars).map_err(|wrong| Error::new(ErrorKind::InvalidInput, wrong.text))?;
    let Translated { store, mut ignored } = translated;
    // What is said in our own words wins.
    if config.has_store_settings()? {
        ignored.extend(store.into_keys().map(|key| format!("{STORE}* ({key})")));
    } else {
        for (key, value) in store {
            config.set("store", key, value)?;
        }
    }
    Ok(ignored)
}

/// Translates the variables that begin with `ZENML_`.
///
/// # Errors
/// Usage, naming the variable and the remedy, for a kind of store or a setting that would mean something else here.
fn translate(vars: impl IntoIterator<Item = (String, String)>) -> Outcome<Translated> {
    let mut left: BTreeMap<String, SecretString> = vars
        .into_iter()
        .filter(|(name, _)| name.starts_with("ZENML_"))
        .map(|(name, value)| (name, value.into()))
        .collect();
    let mut translated = Translated::default();
    let kind = left.get(&format!("{STORE}TYPE")).map(|kind| kind.expose_secret().to_owned());
    if let Some(kind) = kind {
        left.remove(&format!("{STORE}TYPE"));
        match kind.as_str() {
            "sql" => drop(translated.store.insert("type", "sql".into())),
            "hashicorp" => hashicorp(&mut left, &mut translated)?,
            "aws" => aws::translate(&mut left, &mut translated)?,
            "gcp" => gcp::translate(&mut left, &mut translated)?,
            "azure" => azure::translate(&mut left, &mut translated)?,
            "custom" => {
                return Err(wrong(
                    "TYPE",
                    "a store in Python cannot be used: write a back-end in Rust (docs/adding-a-backend.md), or choose \
                     another type",
                ));
            }
            "none" => {
                return Err(wrong("TYPE", "a server without a store is of no use here: choose another type"));
            }
            _ => {
                return Err(wrong(
                    "TYPE",
                    "only sql, aws, gcp, azure and hashicorp are understood; say in [store] of the configuration where values are \
                     to be kept, and unset it",
                ));
            }
        }
    }
    translated.ignored.extend(left.into_keys());
    Ok(translated)
}

fn take(left: &mut BTreeMap<String, SecretString>, name: &str) -> Option<SecretString> {
    left.remove(&format!("{STORE}{name}"))
}

fn hashicorp(left: &mut BTreeMap<String, SecretString>, translated: &mut Translated) -> Outcome {
    translated.store.insert("type", "hashicorp".into());
    if let Some(method) = take(left, METHOD) {
        let auth = match method.expose_secret() {
            "token" => "token",
            "app_role" => "approle",
            "aws" => "aws",
            _ => return Err(wrong(METHOD, "use token, app_role or aws; [store] has more")),
        };
        translated.store.insert("auth", auth.into());
    }
    for (theirs, ours) in HASHICORP {
        if let Some(value) = take(left, theirs) {
            translated.store.insert(ours, value);
        }
    }
    Ok(())
}

/// What stands in `AUTH_CONFIG`.
struct AuthConfig(Map<String, Value>);

impl AuthConfig {
    /// Takes it; `None` if it is not there.
    fn take(left: &mut BTreeMap<String, SecretString>) -> Outcome<Option<Self>> {
        let Some(text) = take(left, CONFIG) else { return Ok(None) };
        let config = serde_json::from_str(text.expose_secret());
        config.map(|config| Some(Self(config))).map_err(|_| wrong(CONFIG, "it must be a JSON object"))
    }

    /// A text; a null is as if it were not there.
    fn text(&mut self, key: &str) -> Outcome<Option<SecretString>> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(mut text)) => {
                let secret = SecretString::from(text.as_str());
                text.zeroize();
                Ok(Some(secret))
            }
            Some(_) => Err(wrong(CONFIG, &format!("`{key}` must be a text"))),
        }
    }

    /// Sets what is there of these: ZenML's name and ours.
    fn rename(&mut self, names: &[(&str, &'static str)], translated: &mut Translated) -> Outcome {
        for (theirs, ours) in names {
            if let Some(value) = self.text(theirs)? {
                translated.store.insert(ours, value);
            }
        }
        Ok(())
    }

    /// Names what is there of these: it has no effect, and nobody gets more rights by that.
    fn ignore(&mut self, names: &[&str], translated: &mut Translated) {
        for name in names {
            if self.0.remove(*name).is_some_and(|value| !value.is_null()) {
                translated.ignored.push(format!("{name} in {STORE}{CONFIG}"));
            }
        }
    }

    /// Refuses what was not taken: leaving out what restricts rights would widen them.
    fn end(self) -> Outcome {
        match self.0.keys().next() {
            None => Ok(()),
            Some(key) => {
                let key = key.escape_debug();
                let text = format!("`{key}` has no counterpart here; say in [store] what is meant");
                Err(wrong(CONFIG, &text))
            }
        }
    }
}

/// How it logs in, and what has to be there for that, in our words: anything else would be somebody else's rights.
struct Method {
    name: &'static str,
    needs: &'static [&'static str],
}

/// Takes `AUTH_METHOD`; `None` if it is not there.
fn method(
    left: &mut BTreeMap<String, SecretString>,
    known: &'static [Method],
) -> Outcome<Option<&'static Method>> {
    let Some(name) = take(left, METHOD) else { return Ok(None) };
    let found = known.iter().find(|method| method.name == name.expose_secret());
    found.map(Some).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|method| method.name).collect();
        wrong(METHOD, &format!("use one of {}", names.join(", ")))
    })
}

impl Method {
    /// Refuses it if something is missing.
    fn check(&self, translated: &Translated) -> Outcome {
        match self.needs.iter().find(|key| !translated.store.contains_key(**key)) {
            None => Ok(()),
            Some(key) => {
                let text =
                    format!("{} needs what is `{key}` in [store]; it is missing in {CONFIG}", self.name);
                Err(wrong(METHOD, &text))
            }
        }
    }
}

fn wrong(name: &str, text: &str) -> Failure {
    Failure::usage(format!("{STORE}{name}: {text}"))
}

#[cfg(test)]
mod tests;
