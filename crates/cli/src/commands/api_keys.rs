//! `api-key` and `grant`: on the database, or on a server.

use super::{
    Run,
    people::{nothing_given, people},
};
use crate::{
    args::{ApiKeyCommand, GrantCommand},
    failure::{Exit, Failure, Outcome},
    render::{Data, Table, View, print, short},
    secret_text::SecretText,
};
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::{AccountKind, Scope};
use strongroom_remote::{ApiKey, NewKey};

/// `api-key ...`
pub(crate) async fn api_key(run: &mut Run<'_>, command: &ApiKeyCommand) -> Outcome {
    if let ApiKeyCommand::Update { rename: None, active: None, .. } = command {
        return Err(nothing_given("api-key update", "--rename NAME or --active BOOL"));
    }
    let people = people(run).await?;
    match command {
        ApiKeyCommand::Create { account, name, description, expires_in_days } => {
            let account = people.find(AccountKind::Service, account).await?;
            let new = NewKey {
                name: name.clone(),
                description: description.clone(),
                expires_in_days: *expires_in_days,
            };
            let (key, text) =
                people.create_key(&account, new).await.map_err(|failure| match failure.exit {
                    Some(Exit::Conflict) => Failure {
                        text: format!(
                            "`{}` has a key `{name}` already: choose another --name, or rotate that one",
                            account.name
                        ),
                        ..failure
                    },
                    _ => failure,
                })?;
            run.note(&format!("created the key `{}` of `{}`; it is not shown again", key.name, account.name));
            text_of(run, &key, &text)
        }
        ApiKeyCommand::List { account, .. } => {
            let account = people.find(AccountKind::Service, account).await?;
            let keys = people.keys(&account).await?;
            run.print(&keys_view(&keys))
        }
        ApiKeyCommand::Rotate { account, key, retain } => {
            let account = people.find(AccountKind::Service, account).await?;
            let key = people.find_key(&account, key).await?;
            let (key, text) = people.rotate_key(&account, &key, *retain).await?;
            run.note(&format!("the key `{}` has another text; it is not shown again", key.name));
            text_of(run, &key, &text)
        }
        ApiKeyCommand::Update { account, key, rename, active } => {
            let account = people.find(AccountKind::Service, account).await?;
            let key = people.find_key(&account, key).await?;
            let key = people.update_key(&account, &key, rename.as_deref(), *active).await?;
            run.note(&format!("changed the key `{}`", key.name));
            Ok(())
        }
        ApiKeyCommand::Delete { account, key } => {
            let account = people.find(AccountKind::Service, account).await?;
            let key = people.find_key(&account, key).await?;
            people.delete_key(&account, &key).await?;
            run.note(&format!("deleted the key `{}`", key.name));
            Ok(())
        }
    }
}

/// Prints the only copy of a key: alone, unless a format was asked for.
fn text_of(run: &mut Run<'_>, key: &ApiKey, text: &SecretString) -> Outcome {
    let lost = "nobody read the key, which is not shown again: rotate it, or delete it";
    print_text(run, key, text).map_err(|failure| failure.or_lost(lost))
}

fn print_text(run: &mut Run<'_>, key: &ApiKey, text: &SecretString) -> Outcome {
    if run.format.is_some() {
        let data = Data::from([
            ("id", key.id.to_string().into()),
            ("name", key.name.as_str().into()),
            ("key", Data::Secret(text.clone())),
        ]);
        let mut table = Table::new(&["name", "key"]);
        table.row([key.name.as_str().into(), Data::Secret(text.clone())]);
        return run.print(&View { data, table, caption: None });
    }
    let mut line = SecretText::default();
    line.push_str(text.expose_secret());
    line.push('\n');
    print(run.console, &line)
}

fn keys_view(keys: &[ApiKey]) -> View {
    let mut table = Table::new(&["name", "active", "expires", "last used", "created", "id"]);
    let mut data = Vec::new();
    let moment = |at: Option<strongroom_core::Timestamp>| at.map_or(Data::Null, |at| at.to_string().into());
    let brief = |at: Option<strongroom_core::Timestamp>| at.map_or("never".to_owned(), short);
    for key in keys {
        table.row([
            key.name.as_str().into(),
            key.active.into(),
            brief(key.expires).into(),
            brief(key.last_used).into(),
            short(key.created).into(),
            key.id.to_string().into(),
        ]);
        data.push(Data::from([
            ("id", key.id.to_string().into()),
            ("name", key.name.as_str().into()),
            ("description", key.description.as_str().into()),
            ("active", key.active.into()),
            ("expires", moment(key.expires)),
            ("last_used", moment(key.last_used)),
            ("rotated", moment(key.rotated)),
            ("created", key.created.to_string().into()),
        ]));
    }
    View { data: Data::List(data), table, caption: None }
}

/// `grant ...`
pub(crate) async fn grant(run: &mut Run<'_>, command: &GrantCommand) -> Outcome {
    let people = people(run).await?;
    match command {
        GrantCommand::Add { account: which, glob } => {
            let account = people.find_any(which).await?;
            people.grant(&account, glob).await?;
            if account.scope == Some(Scope::All) {
                run.warn(&format!(
                    "`{}` has the scope all: the grant has no effect until that is granted",
                    account.name
                ));
            }
            run.note(&format!("granted `{glob}` to `{}`", account.name));
            Ok(())
        }
        GrantCommand::List { account: which, .. } => {
            let account = people.find_any(which).await?;
            let grants = people.grants(&account).await?;
            let mut table = Table::new(&["glob", "since"]);
            let mut data = Vec::new();
            for grant in &grants {
                table.row([grant.glob.as_str().into(), short(grant.created).into()]);
                data.push(Data::from([
                    ("glob", grant.glob.as_str().into()),
                    ("created", grant.created.to_string().into()),
                ]));
            }
            run.print(&View { data: Data::List(data), table, caption: None })
        }
        GrantCommand::Remove { account: which, glob } => {
            let account = people.find_any(which).await?;
            people.revoke(&account, glob).await?;
            run.note(&format!("took `{glob}` back from `{}`", account.name));
            Ok(())
        }
    }
}
