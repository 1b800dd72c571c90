//! `secret get`

use super::{Run, show};
use crate::{
    args::{Format, GetArgs},
    failure::{Failure, Outcome},
    render::{Data, Table, View, document, print},
    resolve::{by_name, find, no_key, refuse_future},
    secret_text::SecretText,
};
use secrecy::ExposeSecret;
use strongroom_core::{ErrorKind, GetOptions, Revision, Secret, Secrets};

/// Shows a secret with its values, or prints one value.
pub(super) async fn get(run: &mut Run<'_>, args: &GetArgs) -> Outcome {
    let secrets = run.secrets().await?;
    let mut options = GetOptions::new();
    if let Some(revision) = args.revision {
        options = options.as_of(Revision(revision));
    }
    let secret = read(&secrets, &args.target.name, args.target.private, &options).await?;
    match &args.key {
        Some(key) => value(run, &secret, key),
        None => whole(run, &secret, args.revision.is_some()),
    }
}

/// Reads a secret that is named in any of the allowed ways.
pub(super) async fn read(
    secrets: &Secrets,
    name: &str,
    private: Option<bool>,
    options: &GetOptions,
) -> Outcome<Secret> {
    // Most are named exactly: one call.
    match secrets.get_ref(&by_name(name, private)?, options).await {
        Ok(secret) => Ok(secret),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let found = find(secrets, name, private).await?;
            if let Some(revision) = options.as_of {
                refuse_future(&found, revision.0)?;
            }
            Ok(secrets.get_ref(&found.id.into(), options).await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn whole(run: &mut Run<'_>, secret: &Secret, older: bool) -> Outcome {
    // An older version is shown with the revision that wrote it; renaming moves the other one alone.
    let revision = if older { secret.version } else { secret.meta.revision };
    let mut data = show::fields(&secret.meta, revision);
    data.push(("values".to_owned(), (&secret.values).into()));
    let mut table = Table::new(&["key", "value"]);
    for key in secret.values.keys() {
        table.row([key.into(), secret.values.get(key).map_or(Data::Null, Data::from)]);
    }
    let caption = Some(show::caption(&secret.meta, revision));
    run.print(&View { data: Data::Map(data), table, caption })
}

fn value(run: &mut Run<'_>, secret: &Secret, key: &str) -> Outcome {
    let Some(value) = secret.values.get(key) else {
        if secret.values.contains_key(key) {
            return Err(Failure::new(
                crate::failure::Exit::Refused,
                format!("you may not see the value of `{key}`"),
            ));
        }
        return Err(no_key(secret, key));
    };
    if let Some(format @ (Format::Json | Format::Yaml)) = run.format {
        return print(run.console, &document(&Data::from(value), format));
    }
    let mut text = SecretText::default();
    text.push_str(value.expose_secret());
    if run.console.shows_results() {
        text.push('\n');
    }
    print(run.console, &text)
}
