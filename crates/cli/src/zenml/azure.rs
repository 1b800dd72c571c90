//! `azure`

use super::{AuthConfig, METHOD, Method, Translated, method, take, wrong};
use crate::failure::Outcome;
use secrecy::SecretString;
use std::collections::BTreeMap;

/// Settings of a service principal before there was `AUTH_CONFIG`.
const OLDER: &[(&str, &str)] = &[
    ("AZURE_CLIENT_ID", "client_id"),
    ("AZURE_CLIENT_SECRET", "client_secret"),
    ("AZURE_TENANT_ID", "tenant_id"),
];

/// What stands in `AUTH_CONFIG` for one.
const PRINCIPAL: &[(&str, &str)] =
    &[("client_id", "client_id"), ("client_secret", "client_secret"), ("tenant_id", "tenant_id")];

/// They say where things other than secrets are.
const WITHOUT_EFFECT: &[&str] = &["subscription_id", "resource_group", "storage_account"];

const METHODS: &[Method] = &[
    Method { name: "implicit", needs: &[] },
    Method { name: "service-principal", needs: &["client_id", "client_secret", "tenant_id"] },
    Method { name: "access-token", needs: &[] },
];

pub(super) fn translate(left: &mut BTreeMap<String, SecretString>, translated: &mut Translated) -> Outcome {
    translated.store.insert("type", "azure".into());
    if let Some(vault) = take(left, "KEY_VAULT_NAME") {
        translated.store.insert("vault", vault);
    }
    let older: Vec<_> =
        OLDER.iter().filter_map(|(theirs, ours)| Some((*ours, take(left, theirs)?))).collect();
    let method = method(left, METHODS)?;
    let principal = match method.map(|method| method.name) {
        Some("access-token") => {
            let text = "a token that cannot be renewed is of no use here: use implicit or service-principal";
            return Err(wrong(METHOD, text));
        }
        Some("implicit") => false,
        Some(_) => true,
        None => !older.is_empty(),
    };
    if principal {
        translated.store.extend(older);
    } else if !older.is_empty() {
        return Err(wrong(
            METHOD,
            "implicit, and AZURE_CLIENT_ID and the like beside it: remove one of them",
        ));
    }
    if let Some(mut config) = AuthConfig::take(left)? {
        if principal {
            config.rename(PRINCIPAL, translated)?;
        } else {
            // Whoever is found on the host belongs to a tenant already.
            config.ignore(&["tenant_id"], translated);
        }
        config.ignore(WITHOUT_EFFECT, translated);
        config.end()?;
    }
    let auth = if principal { "client-secret" } else { "chain" };
    translated.store.insert("auth", auth.into());
    match (principal, method) {
        (true, Some(method)) => method.check(translated),
        (true, None) => match OLDER.iter().find(|(_, ours)| !translated.store.contains_key(ours)) {
            None => Ok(()),
            Some((theirs, _)) => Err(wrong(theirs, "it is missing beside the others")),
        },
        (false, _) => Ok(()),
    }
}
