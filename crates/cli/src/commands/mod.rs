//! The commands, one file each.

mod api_keys;
mod audit;
mod backends;
mod completions;
mod create;
mod database;
mod delete;
mod export;
mod get;
mod import;
mod keys;
mod list;
mod login;
mod moving;
mod people;
mod rename;
mod repair;
mod rollback;
mod run;
mod serve;
mod show;
mod status;
mod update;
mod values;
mod versions;

pub(crate) use api_keys::{api_key, grant};
pub(crate) use audit::audit;
pub(crate) use backends::backends;
pub(crate) use completions::completions;
pub(crate) use database::database;
pub(crate) use keys::{generate, rewrap, rotate};
pub(crate) use login::{login, logout};
pub(crate) use moving::move_values;
pub(crate) use people::{service_account, user};
pub(crate) use repair::repair;
pub(crate) use run::Run;
pub(crate) use serve::serve;
pub(crate) use status::status;

use crate::{args::SecretCommand, failure::Outcome, pairs::Pair};

/// `secret ...`
pub(crate) async fn secret(run: &mut Run<'_>, command: SecretCommand, pairs: Vec<Pair>) -> Outcome {
    match command {
        SecretCommand::Create(args) => create::create(run, &args, &pairs).await,
        SecretCommand::Get(args) => get::get(run, &args).await,
        SecretCommand::List(args) => list::list(run, &args).await,
        SecretCommand::Update(args) => update::update(run, &args, &pairs).await,
        SecretCommand::Rename(args) => rename::rename(run, &args).await,
        SecretCommand::Delete(args) => delete::delete(run, &args).await,
        SecretCommand::Export(args) => export::export(run, &args).await,
        SecretCommand::Import(args) => import::import(run, &args).await,
        SecretCommand::Versions(args) => versions::versions(run, &args).await,
        SecretCommand::Rollback(args) => rollback::rollback(run, &args).await,
    }
}
