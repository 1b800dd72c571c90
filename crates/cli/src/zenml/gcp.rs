//! `gcp`

use super::{AuthConfig, CONFIG, Method, Translated, method, take, wrong};
use crate::failure::Outcome;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// What stands in `AUTH_CONFIG` as it is.
const TEXTS: &[(&str, &str)] =
    &[("project_id", "project"), ("token", "access_token"), ("target_principal", "impersonate")];

/// What holds credentials: one of them is there.
const CREDENTIALS: [&str; 3] = ["service_account_json", "user_account_json", "external_account_json"];

/// They say how ZenML hands credentials on to others.
const WITHOUT_EFFECT: &[&str] = &["generate_temporary_tokens"];

const METHODS: &[Method] = &[
    Method { name: "implicit", needs: &["project"] },
    Method { name: "user-account", needs: &["project", "credentials"] },
    Method { name: "service-account", needs: &["project", "credentials"] },
    Method { name: "external-account", needs: &["project", "credentials"] },
    Method { name: "oauth2-token", needs: &["project", "access_token"] },
    Method { name: "impersonation", needs: &["project", "credentials", "impersonate"] },
];

pub(super) fn translate(left: &mut BTreeMap<String, SecretString>, translated: &mut Translated) -> Outcome {
    translated.store.insert("type", "gcp".into());
    // The older setting. What GOOGLE_APPLICATION_CREDENTIALS names is found by Google's own library.
    if let Some(project) = take(left, "PROJECT_ID") {
        translated.store.insert("project", project);
    }
    let method = method(left, METHODS)?;
    if let Some(mut config) = AuthConfig::take(left)? {
        config.rename(TEXTS, translated)?;
        for name in CREDENTIALS {
            if let Some(json) = credentials(&mut config, name)? {
                translated.store.insert("credentials", json);
            }
        }
        config.ignore(WITHOUT_EFFECT, translated);
        config.end()?;
    }
    method.map_or(Ok(()), |method| method.check(translated))
}

/// The text of a credentials file: as it is, in base64, or as an object.
fn credentials(config: &mut AuthConfig, name: &str) -> Outcome<Option<SecretString>> {
    if let Some(Value::Object(_)) = config.0.get(name) {
        let object = config.0.remove(name).unwrap_or_default();
        return Ok(Some(object.to_string().into()));
    }
    let Some(text) = config.text(name)? else { return Ok(None) };
    if text.expose_secret().trim_start().starts_with('{') {
        return Ok(Some(text));
    }
    let bytes = STANDARD.decode(text.expose_secret().trim()).map(Zeroizing::new).ok();
    let json = bytes.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    match json.filter(|json| json.trim_start().starts_with('{')) {
        Some(json) => Ok(Some(SecretString::from(json))),
        None => Err(wrong(CONFIG, &format!("`{name}` must be JSON, as it is or in base64"))),
    }
}
