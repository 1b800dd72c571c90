//! `user`, `service-account`, `api-key` and `grant`

use super::Run;
use crate::{
    args::{ApiKeyCommand, GrantCommand, Rights, ServiceAccountCommand, UserCommand},
    failure::{Exit, Failure, Outcome},
    input::{ask_value, confirm},
    render::{Data, Table, View, print, rfc3339, short},
    secret_text::SecretText,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use strongroom_core::{Context, OwnerId};
use strongroom_server::identity::{Identities, NewUser, Patch};
use strongroom_sql::identities::{Account, AccountKind, AccountRef, ApiKey, ApiKeyPatch, Role, Scope};
use uuid::Uuid;

/// The longest password that is read.
const PASSWORD: usize = 4096;

async fn opened(run: &mut Run<'_>) -> Outcome<(Identities, Context)> {
    let session = run.session().await?;
    Ok((session.identities()?, session.context()?))
}

/// An account by its name or id.
pub(super) async fn account(identities: &Identities, which: &str) -> Outcome<Account> {
    let catalog = identities.catalog();
    let by_name = catalog.account(AccountRef::Name(which)).await?;
    let found = match (by_name, Uuid::parse_str(which)) {
        (None, Ok(id)) => catalog.account(AccountRef::Id(OwnerId(id))).await?,
        (found, _) => found,
    };
    found.ok_or_else(|| Failure::new(Exit::NotFound, format!("there is no account `{which}`")))
}

async fn of_kind(identities: &Identities, which: &str, kind: AccountKind) -> Outcome<Account> {
    let found = account(identities, which).await?;
    if found.kind == kind {
        return Ok(found);
    }
    Err(Failure::new(Exit::NotFound, format!("the account `{which}` is of another kind: {}", found.kind)))
}

fn role(rights: &Rights) -> Outcome<Option<Role>> {
    Ok(rights.role.as_deref().map(Role::parse).transpose()?)
}

fn scope(rights: &Rights) -> Outcome<Option<Scope>> {
    Ok(rights.scope.as_deref().map(Scope::parse).transpose()?)
}

fn required(rights: &Rights) -> Outcome<Role> {
    role(rights)?.ok_or_else(|| Failure::usage("--role is missing: admin, writer, reader or auditor"))
}

/// A new password: from standard input, or asked for twice.
fn password(run: &mut Run<'_>, stdin: bool) -> Outcome<SecretString> {
    if stdin {
        let bytes = run.console.read_all(PASSWORD).map_err(|error| Failure::io("the password", &error))?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::usage("the password is not UTF-8"))?;
        return Ok(SecretString::from(text.strip_suffix('\n').unwrap_or(text)));
    }
    if !run.console.can_ask() {
        return Err(Failure::usage("there is no terminal to ask for the password on: use --password-stdin"));
    }
    let once = ask_value(run.console, "Password:")?.unwrap_or_default();
    let twice = ask_value(run.console, "The same again:")?.unwrap_or_default();
    if once.expose_secret() != twice.expose_secret() {
        return Err(Failure::usage("the two passwords differ; nothing was changed"));
    }
    Ok(once)
}

/// `user ...`
pub(crate) async fn user(run: &mut Run<'_>, command: &UserCommand) -> Outcome {
    match command {
        UserCommand::Create { name, rights, full_name, password_stdin } => {
            let role = required(rights)?;
            let password = password(run, *password_stdin)?;
            let new = NewUser {
                name: name.clone(),
                full_name: full_name.clone(),
                kind: AccountKind::User,
                role,
                scope: scope(rights)?.unwrap_or(Scope::All),
                description: String::new(),
                email: None,
                password: Some(password),
                active: true,
            };
            create(run, new).await
        }
        UserCommand::List(_) => list(run, AccountKind::User).await,
        UserCommand::Update { name, rights, rename, full_name, active } => {
            let patch = Patch {
                name: rename.clone(),
                full_name: full_name.clone(),
                active: *active,
                role: role(rights)?,
                scope: scope(rights)?,
                ..Patch::default()
            };
            update(run, name, AccountKind::User, patch).await
        }
        UserCommand::Password { name, password_stdin } => {
            let password = password(run, *password_stdin)?;
            let patch = Patch { password: Some(password), ..Patch::default() };
            update(run, name, AccountKind::User, patch).await
        }
        UserCommand::Delete { name, yes } => delete(run, name, AccountKind::User, *yes).await,
    }
}

/// `service-account ...`
pub(crate) async fn service_account(run: &mut Run<'_>, command: &ServiceAccountCommand) -> Outcome {
    match command {
        ServiceAccountCommand::Create { name, rights, description } => {
            let new = NewUser {
                name: name.clone(),
                full_name: String::new(),
                kind: AccountKind::Service,
                role: required(rights)?,
                scope: scope(rights)?.unwrap_or(Scope::All),
                description: description.clone(),
                email: None,
                password: None,
                active: true,
            };
            create(run, new).await
        }
        ServiceAccountCommand::List(_) => list(run, AccountKind::Service).await,
        ServiceAccountCommand::Update { name, rights, rename, description, active } => {
            let patch = Patch {
                name: rename.clone(),
                description: description.clone(),
                active: *active,
                role: role(rights)?,
                scope: scope(rights)?,
                ..Patch::default()
            };
            update(run, name, AccountKind::Service, patch).await
        }
        ServiceAccountCommand::Delete { name, yes } => delete(run, name, AccountKind::Service, *yes).await,
    }
}

async fn create(run: &mut Run<'_>, new: NewUser) -> Outcome {
    let (identities, cx) = opened(run).await?;
    let (account, _) = identities.create_account(&cx, new).await?;
    run.note(&format!("created the account `{}` ({})", account.name, account.id));
    shown(run, &[account])
}

async fn list(run: &mut Run<'_>, kind: AccountKind) -> Outcome {
    let (identities, _) = opened(run).await?;
    let mut accounts = identities.catalog().accounts().await?;
    accounts.retain(|account| account.kind == kind);
    run.print(&view(&accounts))
}

async fn update(run: &mut Run<'_>, which: &str, kind: AccountKind, patch: Patch) -> Outcome {
    let (identities, cx) = opened(run).await?;
    let account = of_kind(&identities, which, kind).await?;
    let account = identities.update_account(&cx, &account, patch).await?;
    run.note(&format!("changed the account `{}` ({})", account.name, account.id));
    shown(run, &[account])
}

async fn delete(run: &mut Run<'_>, which: &str, kind: AccountKind, yes: bool) -> Outcome {
    let (identities, cx) = opened(run).await?;
    let account = of_kind(&identities, which, kind).await?;
    if !yes {
        let question =
            format!("Delete the account `{}` ({}) with its keys and grants?", account.name, account.id);
        confirm(run.console, &question, "pass -y to delete without asking")?;
    }
    identities.delete_account(&cx, &account).await?;
    run.note(&format!("deleted the account `{}` ({})", account.name, account.id));
    shown(run, &[account])
}

/// Programs that asked for a format get what was changed.
fn shown(run: &mut Run<'_>, accounts: &[Account]) -> Outcome {
    if run.format.is_some() { run.print(&view(accounts)) } else { Ok(()) }
}

fn view(accounts: &[Account]) -> View {
    let mut table = Table::new(&["name", "role", "scope", "active", "created", "id"]);
    let mut data = Vec::new();
    for account in accounts {
        table.row([
            account.name.as_str().into(),
            account.role.as_str().into(),
            account.scope.as_str().into(),
            account.active.into(),
            short(account.created).into(),
            account.id.to_string().into(),
        ]);
        data.push(Data::from([
            ("id", account.id.to_string().into()),
            ("name", account.name.as_str().into()),
            ("full_name", account.full_name.as_str().into()),
            ("kind", account.kind.as_str().into()),
            ("role", account.role.as_str().into()),
            ("scope", account.scope.as_str().into()),
            ("active", account.active.into()),
            ("created", rfc3339(account.created).into()),
            ("updated", rfc3339(account.updated).into()),
        ]));
    }
    View { data: Data::List(data), table, caption: None }
}

/// `api-key ...`
pub(crate) async fn api_key(run: &mut Run<'_>, command: &ApiKeyCommand) -> Outcome {
    let (identities, cx) = opened(run).await?;
    match command {
        ApiKeyCommand::Create { account, name, description, expires_in_days } => {
            let account = of_kind(&identities, account, AccountKind::Service).await?;
            let days = expires_in_days.map(|days| Duration::from_secs(u64::from(days) * 86_400));
            let expires = days.map(|days| identities.engine().now().plus(days));
            let (key, text) = identities.create_key(&cx, &account, name, description, expires).await?;
            run.note(&format!("created the key `{}` of `{}`; it is not shown again", key.name, account.name));
            text_of(run, &key, &text)
        }
        ApiKeyCommand::List { account, .. } => {
            let account = of_kind(&identities, account, AccountKind::Service).await?;
            let keys = identities.catalog().api_keys(account.id).await?;
            run.print(&keys_view(&keys))
        }
        ApiKeyCommand::Rotate { account, key, retain } => {
            let key = find_key(&identities, account, key).await?;
            let (key, text) = identities.rotate_key(&cx, &key, *retain).await?;
            run.note(&format!("the key `{}` has another text; it is not shown again", key.name));
            text_of(run, &key, &text)
        }
        ApiKeyCommand::Update { account, key, rename, active } => {
            let key = find_key(&identities, account, key).await?;
            let patch = ApiKeyPatch { name: rename.clone(), active: *active, ..ApiKeyPatch::default() };
            let key = identities.update_key(&cx, &key, patch).await?;
            run.note(&format!("changed the key `{}`", key.name));
            Ok(())
        }
        ApiKeyCommand::Delete { account, key } => {
            let key = find_key(&identities, account, key).await?;
            identities.delete_key(&cx, &key).await?;
            run.note(&format!("deleted the key `{}`", key.name));
            Ok(())
        }
    }
}

async fn find_key(identities: &Identities, account: &str, which: &str) -> Outcome<ApiKey> {
    let account = of_kind(identities, account, AccountKind::Service).await?;
    let keys = identities.catalog().api_keys(account.id).await?;
    let wanted = |key: &ApiKey| key.name == which || key.id.to_string() == which;
    keys.into_iter()
        .find(wanted)
        .ok_or_else(|| Failure::new(Exit::NotFound, format!("`{}` has no key `{which}`", account.name)))
}

/// Prints a key: alone, unless a format was asked for.
fn text_of(run: &mut Run<'_>, key: &ApiKey, text: &SecretString) -> Outcome {
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
    let moment = |at: Option<strongroom_core::Timestamp>| at.map_or(Data::Null, |at| rfc3339(at).into());
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
            ("created", rfc3339(key.created).into()),
        ]));
    }
    View { data: Data::List(data), table, caption: None }
}

/// `grant ...`
pub(crate) async fn grant(run: &mut Run<'_>, command: &GrantCommand) -> Outcome {
    let (identities, cx) = opened(run).await?;
    match command {
        GrantCommand::Add { account: which, glob } => {
            let account = account(&identities, which).await?;
            identities.grant(&cx, &account, glob).await?;
            if account.scope == Scope::All {
                run.warn(&format!(
                    "`{}` has the scope all: the grant has no effect until that is granted",
                    account.name
                ));
            }
            run.note(&format!("granted `{glob}` to `{}`", account.name));
            Ok(())
        }
        GrantCommand::List { account: which, .. } => {
            let account = account(&identities, which).await?;
            let grants = identities.catalog().grants(account.id).await?;
            let mut table = Table::new(&["glob", "since"]);
            let mut data = Vec::new();
            for grant in &grants {
                table.row([grant.glob.as_str().into(), short(grant.created).into()]);
                data.push(Data::from([
                    ("glob", grant.glob.as_str().into()),
                    ("created", rfc3339(grant.created).into()),
                ]));
            }
            run.print(&View { data: Data::List(data), table, caption: None })
        }
        GrantCommand::Remove { account: which, glob } => {
            let account = account(&identities, which).await?;
            identities.revoke(&cx, &account, glob).await?;
            run.note(&format!("took `{glob}` back from `{}`", account.name));
            Ok(())
        }
    }
}
