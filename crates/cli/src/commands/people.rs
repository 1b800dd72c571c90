//! `user` and `service-account`: on the database, or on a server.

use super::Run;
use crate::{
    args::{Rights, ServiceAccountCommand, UserCommand},
    failure::{Failure, Outcome},
    input::{ask_value, confirm, read_credential, read_two_credentials},
    render::{Data, Table, View, short},
    session::People,
};
use secrecy::{ExposeSecret, SecretString};
use strongroom_core::{AccountKind, Role, Scope};
use strongroom_remote::{Account, AccountChange, NewAccount};

const STDIN: &str = "--password-stdin";

pub(super) async fn people(run: &mut Run<'_>) -> Outcome<People> {
    run.session().await?.people()
}

/// Refuses to do nothing.
pub(super) fn nothing_given(command: &str, options: &str) -> Failure {
    Failure::usage(format!("{command}: nothing is to be changed; give one of {options}"))
}

/// Refuses a change that changes nothing, before anything is opened or sent.
fn something(change: &AccountChange, command: &str, text: &str) -> Outcome {
    let AccountChange { name, full_name, description, role, scope, active } = change;
    let texts = [name, full_name, description];
    if active.is_some() || role.is_some() || scope.is_some() || texts.into_iter().any(Option::is_some) {
        return Ok(());
    }
    Err(nothing_given(
        command,
        &format!("--role ROLE, --scope SCOPE, --rename NAME, {text} TEXT or --active BOOL"),
    ))
}

/// The words are checked before anything is asked or sent.
fn role(rights: &Rights) -> Outcome<Option<Role>> {
    Ok(rights.role.as_deref().map(Role::parse).transpose()?)
}

fn scope(rights: &Rights) -> Outcome<Option<Scope>> {
    Ok(rights.scope.as_deref().map(Scope::parse).transpose()?)
}

fn new_account(name: &str, rights: &Rights) -> Outcome<NewAccount> {
    let role =
        role(rights)?.ok_or_else(|| Failure::usage("--role is missing: admin, writer, reader or auditor"))?;
    Ok(NewAccount {
        name: name.to_owned(),
        full_name: String::new(),
        description: String::new(),
        role,
        scope: scope(rights)?.unwrap_or(Scope::All),
        password: None,
    })
}

/// A new password: from standard input, or asked for twice.
fn password(run: &mut Run<'_>, stdin: bool) -> Outcome<SecretString> {
    if stdin {
        return read_credential(run.console, STDIN);
    }
    needs_terminal(run)?;
    let once = ask_value(run.console, "Password:")?.unwrap_or_default();
    let twice = ask_value(run.console, "The same again:")?.unwrap_or_default();
    if once.expose_secret() != twice.expose_secret() {
        return Err(Failure::usage("the two passwords differ; nothing was changed"));
    }
    Ok(once)
}

fn needs_terminal(run: &Run<'_>) -> Outcome {
    if run.console.can_ask() {
        return Ok(());
    }
    Err(Failure::usage("there is no terminal to ask for the password on: use --password-stdin"))
}

/// The old password and the new one: from standard input in a line each, or asked for.
fn both_passwords(run: &mut Run<'_>, stdin: bool) -> Outcome<(SecretString, SecretString)> {
    if stdin {
        return read_two_credentials(run.console, STDIN)?.ok_or_else(|| {
            Failure::usage("on a server, --password-stdin takes two lines: the old password and the new one")
        });
    }
    needs_terminal(run)?;
    let old = ask_value(run.console, "The password until now:")?.unwrap_or_default();
    Ok((old, password(run, false)?))
}

/// `user ...`
pub(crate) async fn user(run: &mut Run<'_>, command: &UserCommand) -> Outcome {
    match command {
        UserCommand::Create { name, rights, full_name, password_stdin } => {
            let mut new = new_account(name, rights)?;
            new.full_name.clone_from(full_name);
            new.password = Some(password(run, *password_stdin)?);
            create(run, AccountKind::User, new).await
        }
        UserCommand::List(_) => list(run, AccountKind::User).await,
        UserCommand::Update { name, rights, rename, full_name, active } => {
            let change = AccountChange {
                name: rename.clone(),
                full_name: full_name.clone(),
                active: *active,
                role: role(rights)?,
                scope: scope(rights)?,
                ..AccountChange::default()
            };
            something(&change, "user update", "--full-name")?;
            update(run, name, AccountKind::User, change).await
        }
        UserCommand::Password { name, password_stdin } => change_password(run, name, *password_stdin).await,
        UserCommand::Delete { name, with_private_secrets, yes } => {
            delete(run, name, AccountKind::User, *with_private_secrets, *yes).await
        }
    }
}

/// `service-account ...`
pub(crate) async fn service_account(run: &mut Run<'_>, command: &ServiceAccountCommand) -> Outcome {
    match command {
        ServiceAccountCommand::Create { name, rights, description } => {
            let mut new = new_account(name, rights)?;
            new.description.clone_from(description);
            create(run, AccountKind::Service, new).await
        }
        ServiceAccountCommand::List(_) => list(run, AccountKind::Service).await,
        ServiceAccountCommand::Update { name, rights, rename, description, active } => {
            let change = AccountChange {
                name: rename.clone(),
                description: description.clone(),
                active: *active,
                role: role(rights)?,
                scope: scope(rights)?,
                ..AccountChange::default()
            };
            something(&change, "service-account update", "--description")?;
            update(run, name, AccountKind::Service, change).await
        }
        ServiceAccountCommand::Delete { name, with_private_secrets, yes } => {
            delete(run, name, AccountKind::Service, *with_private_secrets, *yes).await
        }
    }
}

async fn create(run: &mut Run<'_>, kind: AccountKind, new: NewAccount) -> Outcome {
    let account = people(run).await?.create(kind, new).await?;
    run.note(&format!("created the account `{}` ({})", account.name, account.id));
    shown(run, &[account])
}

async fn list(run: &mut Run<'_>, kind: AccountKind) -> Outcome {
    let accounts = people(run).await?.list(kind).await?;
    run.print(&view(&accounts))
}

async fn update(run: &mut Run<'_>, which: &str, kind: AccountKind, change: AccountChange) -> Outcome {
    let people = people(run).await?;
    let account = people.find(kind, which).await?;
    let account = people.update(&account, change).await?;
    run.note(&format!("changed the account `{}` ({})", account.name, account.id));
    shown(run, &[account])
}

async fn change_password(run: &mut Run<'_>, which: &str, stdin: bool) -> Outcome {
    let people = people(run).await?;
    let (old, new) = if people.wants_old_password() {
        both_passwords(run, stdin)?
    } else {
        (SecretString::default(), password(run, stdin)?)
    };
    let account = people.find(AccountKind::User, which).await?;
    people.change_password(&account, &old, new).await?;
    run.session().await?.forget_first_password(account.id);
    run.note(&format!("changed the account `{}` ({})", account.name, account.id));
    if people.logged_in_with_password() == Some(account.name.as_str()) {
        run.warn("the old password is still kept for logging in: run `strongroom login` again");
    }
    shown(run, &[account])
}

async fn delete(run: &mut Run<'_>, which: &str, kind: AccountKind, secrets_too: bool, yes: bool) -> Outcome {
    let people = people(run).await?;
    let account = people.find(kind, which).await?;
    if !yes {
        let with = if secrets_too { "keys, grants and private secrets" } else { "keys and grants" };
        let question = format!("Delete the account `{}` ({}) with its {with}?", account.name, account.id);
        confirm(run.console, &question, "pass -y to delete without asking")?;
    }
    people.delete(&account, secrets_too).await?;
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
            account.role.map_or("", Role::as_str).into(),
            account.scope.map_or("", Scope::as_str).into(),
            account.active.into(),
            short(account.created).into(),
            account.id.to_string().into(),
        ]);
        data.push(Data::from([
            ("id", account.id.to_string().into()),
            ("name", account.name.as_str().into()),
            ("full_name", account.full_name.as_str().into()),
            ("kind", account.kind.as_str().into()),
            ("role", account.role.map_or(Data::Null, |role| role.as_str().into())),
            ("scope", account.scope.map_or(Data::Null, |scope| scope.as_str().into())),
            ("active", account.active.into()),
            ("created", account.created.to_string().into()),
            ("updated", account.updated.to_string().into()),
        ]));
    }
    View { data: Data::List(data), table, caption: None }
}
