//! A credentials file of every type.

use crate::{
    PROJECT,
    accounts::Account,
    tokens::{CLIENT_ID, CLIENT_SECRET, Tokens, audience},
};
use serde_json::{Value, json};
use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

/// Writes them, for our eyes only.
pub(crate) fn write(folder: &Path, url: &str, tokens: &mut Tokens) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let subject = folder.join("subject_token");
    let user = |refresh: &str| {
        json!({
            "type": "authorized_user",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": refresh,
            "token_uri": format!("{url}/token"),
        })
    };
    let external = json!({
        "type": "external_account",
        "audience": audience(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": format!("{url}/v1/token"),
        "credential_source": {"file": subject},
    });
    let external_user = json!({
        "type": "external_account_authorized_user",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/pool/providers/provider",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "refresh_token": tokens.refresh,
        "token_url": format!("{url}/v1/oauthtoken"),
    });
    let target = Account::Writer.email();
    let impersonated = json!({
        "type": "impersonated_service_account",
        "service_account_impersonation_url":
            format!("{url}/v1/projects/-/serviceAccounts/{target}:generateAccessToken"),
        "source_credentials": service_account(Account::Impersonator, url, tokens)?,
    });
    let files = [
        ("service_account.json", service_account(Account::Writer, url, tokens)?),
        ("nobody.json", service_account(Account::Nobody, url, tokens)?),
        ("external_account.json", external),
        ("authorized_user.json", user(&tokens.refresh)),
        ("external_account_authorized_user.json", external_user),
        ("refused.json", user("revoked")),
        ("impersonated_service_account.json", impersonated),
    ];
    for (name, json) in files {
        file(&folder.join(name), &json.to_string())?;
    }
    file(&subject, &tokens.subject)
}

fn service_account(account: Account, url: &str, tokens: &mut Tokens) -> io::Result<Value> {
    let (id, key) = tokens.keys.add(account)?;
    Ok(json!({
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": id,
        "private_key": key,
        "client_email": account.email(),
        "client_id": "1",
        "token_uri": format!("{url}/token"),
    }))
}

fn file(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
