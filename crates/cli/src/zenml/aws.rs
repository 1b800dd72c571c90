//! `aws`

use super::{AuthConfig, Method, Translated, method, take};
use crate::failure::Outcome;
use secrecy::SecretString;
use std::collections::BTreeMap;

/// Settings before there was `AUTH_CONFIG`.
const OLDER: &[(&str, &str)] = &[
    ("REGION_NAME", "region"),
    ("AWS_ACCESS_KEY_ID", "access_key_id"),
    ("AWS_SECRET_ACCESS_KEY", "secret_access_key"),
    ("AWS_SESSION_TOKEN", "session_token"),
];

/// What stands in `AUTH_CONFIG`.
const CONFIG: &[(&str, &str)] = &[
    ("region", "region"),
    ("profile_name", "profile"),
    ("role_arn", "role_arn"),
    ("endpoint_url", "endpoint"),
    ("aws_access_key_id", "access_key_id"),
    ("aws_secret_access_key", "secret_access_key"),
    ("aws_session_token", "session_token"),
];

const METHODS: &[Method] = &[
    Method { name: "implicit", needs: &["region"] },
    Method { name: "secret-key", needs: &["region", "access_key_id", "secret_access_key"] },
    Method { name: "sts-token", needs: &["region", "access_key_id", "secret_access_key", "session_token"] },
    Method { name: "iam-role", needs: &["region", "access_key_id", "secret_access_key", "role_arn"] },
    Method { name: "session-token", needs: &["region", "access_key_id", "secret_access_key"] },
    Method { name: "federation-token", needs: &["region", "access_key_id", "secret_access_key"] },
];

pub(super) fn translate(left: &mut BTreeMap<String, SecretString>, translated: &mut Translated) -> Outcome {
    translated.store.insert("type", "aws".into());
    for (theirs, ours) in OLDER {
        if let Some(value) = take(left, theirs) {
            translated.store.insert(ours, value);
        }
    }
    let method = method(left, METHODS)?;
    if let Some(mut config) = AuthConfig::take(left)? {
        config.rename(CONFIG, translated)?;
        config.end()?;
    }
    method.map_or(Ok(()), |method| method.check(translated))
}
