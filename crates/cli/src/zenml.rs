//! The variables of a ZenML server, renamed to ours before anything else looks at them.

use crate::failure::{Failure, Outcome};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroize as _};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const STORE: &str = "ZENML_SECRETS_STORE_";

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

/// Settings of AWS before there was `AUTH_CONFIG`.
const AWS: &[(&str, &str)] = &[
    ("REGION_NAME", "region"),
    ("AWS_ACCESS_KEY_ID", "access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ("AWS_SESSION_TOKEN", "session_token"),
];

/// What stands in `AUTH_CONFIG` for AWS.
const AWS_CONFIG: &[(&str, &str)] = &[
    ("region", "region"),
    ("profile_name", "profile"),
    ("role_arn", "role_arn"),
    ("endpoint_url", "endpoint"),
    ("aws_access_key_id", "access_key_id"),
    ("aws_secret_access_key", "secret_access_key"),
    ("aws_session_token", "session_token"),
];

/// What they come to.
#[derive(Default)]
pub(crate) struct Translated {
    /// Keys of `[store]` and their values; `type` is among them if there are any.
    pub(crate) store: BTreeMap<&'static str, SecretString>,
    /// Names of variables without effect.
    pub(crate) ignored: Vec<String>,
}

/// Translates the variables that begin with `ZENML_`.
///
/// # Errors
/// Usage, naming the variable and the remedy, for a kind of store or a setting that would mean something else here.
pub(crate) fn translate(vars: impl IntoIterator<Item = (String, String)>) -> Outcome<Translated> {
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
            "aws" => aws(&mut left, &mut translated)?,
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
                    "only sql, aws and hashicorp are understood; say in [store] of the configuration where values are \
                     to be kept, and unset it",
                ));
            }
        }
    }
    translated.ignored = left.into_keys().collect();
    Ok(translated)
}

fn take(left: &mut BTreeMap<String, SecretString>, name: &str) -> Option<SecretString> {
    left.remove(&format!("{STORE}{name}"))
}

fn hashicorp(left: &mut BTreeMap<String, SecretString>, translated: &mut Translated) -> Outcome {
    translated.store.insert("type", "hashicorp".into());
    if let Some(method) = take(left, "AUTH_METHOD") {
        let auth = match method.expose_secret() {
            "token" => "token",
            "app_role" => "approle",
            "aws" => "aws",
            _ => return Err(wrong("AUTH_METHOD", "use token, app_role or aws; [store] has more")),
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

fn aws(left: &mut BTreeMap<String, SecretString>, translated: &mut Translated) -> Outcome {
    translated.store.insert("type", "aws".into());
    for (theirs, ours) in AWS {
        if let Some(value) = take(left, theirs) {
            translated.store.insert(ours, value);
        }
    }
    if let Some(method) = take(left, "AUTH_METHOD") {
        let known = ["implicit", "secret-key", "sts-token", "iam-role", "session-token", "federation-token"];
        if !known.contains(&method.expose_secret()) {
            return Err(wrong("AUTH_METHOD", &format!("use one of {}", known.join(", "))));
        }
    }
    let Some(config) = take(left, "AUTH_CONFIG") else { return Ok(()) };
    let mut config: Map<String, Value> = serde_json::from_str(config.expose_secret())
        .map_err(|_| wrong("AUTH_CONFIG", "it must be a JSON object"))?;
    for (theirs, ours) in AWS_CONFIG {
        match config.remove(*theirs) {
            None | Some(Value::Null) => {}
            Some(Value::String(mut text)) => {
                translated.store.insert(ours, SecretString::from(text.as_str()));
                text.zeroize();
            }
            Some(_) => return Err(wrong("AUTH_CONFIG", &format!("`{theirs}` must be a text"))),
        }
    }
    // Leaving out what restricts rights would widen them.
    match config.keys().next() {
        None => Ok(()),
        Some(key) => Err(wrong(
            "AUTH_CONFIG",
            &format!("`{}` has no counterpart here; say in [store] what is meant", key.escape_debug()),
        )),
    }
}

fn wrong(name: &str, text: &str) -> Failure {
    Failure::usage(format!("{STORE}{name}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)]) -> Outcome<Translated> {
        translate(vars.iter().map(|(name, value)| (format!("ZENML_{name}"), (*value).to_owned())))
    }

    fn store(translated: &Translated) -> Vec<(&'static str, &str)> {
        translated.store.iter().map(|(key, value)| (*key, value.expose_secret())).collect()
    }

    #[test]
    fn a_vault_is_configured_as_zenml_would() {
        let translated = of(&[
            ("SECRETS_STORE_TYPE", "hashicorp"),
            ("SECRETS_STORE_VAULT_ADDR", "https://vault.example:8200"),
            ("SECRETS_STORE_AUTH_METHOD", "app_role"),
            ("SECRETS_STORE_APP_ROLE_ID", "r"),
            ("SECRETS_STORE_APP_SECRET_ID", "s"),
            ("SECRETS_STORE_MAX_VERSIONS", "1"),
            ("SERVER_AUTH_SCHEME", "OAUTH2_PASSWORD_BEARER"),
        ])
        .unwrap();
        let expected = [
            ("address", "https://vault.example:8200"),
            ("auth", "approle"),
            ("role_id", "r"),
            ("secret_id", "s"),
            ("type", "hashicorp"),
        ];
        assert_eq!(store(&translated), expected);
        assert_eq!(translated.ignored, ["ZENML_SECRETS_STORE_MAX_VERSIONS", "ZENML_SERVER_AUTH_SCHEME"]);
    }

    #[test]
    fn aws_is_configured_by_json_or_by_the_older_names() {
        let config = r#"{"region": "eu-west-1", "role_arn": "arn:x", "profile_name": null}"#;
        let translated = of(&[
            ("SECRETS_STORE_TYPE", "aws"),
            ("SECRETS_STORE_AUTH_METHOD", "iam-role"),
            ("SECRETS_STORE_AUTH_CONFIG", config),
        ])
        .unwrap();
        assert_eq!(store(&translated), [("region", "eu-west-1"), ("role_arn", "arn:x"), ("type", "aws")]);
        let translated =
            of(&[("SECRETS_STORE_TYPE", "aws"), ("SECRETS_STORE_REGION_NAME", "eu-west-1")]).unwrap();
        assert_eq!(store(&translated), [("region", "eu-west-1"), ("type", "aws")]);
    }

    #[test]
    fn what_would_mean_something_else_is_refused_without_showing_values() {
        for (name, value) in [
            ("SECRETS_STORE_AUTH_CONFIG", r#"{"region": "r", "policy_arns": "canary"}"#),
            ("SECRETS_STORE_AUTH_CONFIG", "canary"),
            ("SECRETS_STORE_AUTH_CONFIG", r#"{"region": ["canary"]}"#),
            ("SECRETS_STORE_AUTH_METHOD", "canary"),
        ] {
            let failure = of(&[("SECRETS_STORE_TYPE", "aws"), (name, value)]).err().unwrap().line();
            assert!(failure.contains(name) && !failure.contains("canary"), "{failure}");
        }
        for kind in ["custom", "none", "canary"] {
            let failure = of(&[("SECRETS_STORE_TYPE", kind)]).err().unwrap().line();
            assert!(failure.contains("TYPE") && !failure.contains("canary"), "{failure}");
        }
    }

    #[test]
    fn without_a_type_nothing_has_an_effect() {
        let translated =
            of(&[("SECRETS_STORE_VAULT_TOKEN", "canary"), ("STORE_URL", "mysql://canary")]).unwrap();
        assert!(translated.store.is_empty());
        assert_eq!(translated.ignored, ["ZENML_SECRETS_STORE_VAULT_TOKEN", "ZENML_STORE_URL"]);
    }
}
