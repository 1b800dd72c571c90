//! `strongroom serve|user|service-account|api-key|grant|audit ...`

use super::Display;
use clap::{Args, Subcommand};
use secrecy::SecretString;
use std::{net::SocketAddr, path::PathBuf};
use strongroom_core::{
    Role, Scope, Timestamp,
    filter::{Condition, DateOp},
};
use strongroom_server::ServerConfig;

/// `serve`
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen [default: 127.0.0.1:8237, or server.listen of the configuration]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// The database [default: as for every command]
    #[arg(long, value_name = "URL", value_parser = super::secret_text)]
    pub(crate) database: Option<SecretString>,
    /// The configuration [default: as for every command]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Check the configuration, connect to everything, say what is wrong, and end
    #[arg(long)]
    pub(crate) check: bool,
}

fn address(text: &str) -> Result<SocketAddr, String> {
    ServerConfig::address(text).ok_or_else(|| format!("expected {}", ServerConfig::ADDRESS))
}

fn roles() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.as_str()).collect()
}

fn scopes() -> Vec<&'static str> {
    Scope::ALL.iter().map(|scope| scope.as_str()).collect()
}

/// What an account may do.
#[derive(Debug, Args)]
pub(crate) struct Rights {
    /// What it may do: admin, writer, reader or auditor
    #[arg(long, value_name = "ROLE", value_parser = super::OneOf(roles), hide_possible_values = true)]
    pub(crate) role: Option<String>,
    /// With which secrets: all, or granted (see `strongroom grant`)
    #[arg(long, value_name = "SCOPE", value_parser = super::OneOf(scopes), hide_possible_values = true)]
    pub(crate) scope: Option<String>,
}

/// People's accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account for a person; the password is asked for twice
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// The person's full name
        #[arg(long, value_name = "TEXT", default_value = "")]
        full_name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List people's accounts
    List(Display),
    /// Change an account
    Update {
        /// Its name or id
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// Another name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// The person's full name
        #[arg(long, value_name = "TEXT")]
        full_name: Option<String>,
        /// Whether it can be used
        #[arg(long, value_name = "BOOL", value_parser = super::boolean, action = clap::ArgAction::Set)]
        active: Option<bool>,
    },
    /// Give an account another password; everything that was logged in with the old one ends
    Password {
        /// Its name or id
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Remove an account that owns no secrets
    Delete {
        /// Its name or id
        name: String,
        /// Remove its private secrets with it, for good: only their number is shown to anybody
        #[arg(long)]
        with_private_secrets: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// Programs' accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceAccountCommand {
    /// Make an account for a program
    Create {
        /// Its name
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// A remark
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
    },
    /// List programs' accounts
    List(Display),
    /// Change an account
    Update {
        /// Its name or id
        name: String,
        #[command(flatten)]
        rights: Rights,
        /// Another name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// A remark
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Whether it can be used
        #[arg(long, value_name = "BOOL", value_parser = super::boolean, action = clap::ArgAction::Set)]
        active: Option<bool>,
    },
    /// Remove an account that owns no secrets, with its keys
    Delete {
        /// Its name or id
        name: String,
        /// Remove its private secrets with it, for good: only their number is shown to anybody
        #[arg(long)]
        with_private_secrets: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// API keys of programs' accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key; it is printed this one time, alone when piped
    Create {
        /// The account's name or id
        account: String,
        /// What to call the key
        #[arg(long, value_name = "NAME", default_value = "default")]
        name: String,
        /// A remark
        #[arg(long, value_name = "TEXT", default_value = "")]
        description: String,
        /// How many days it is good for [default: until it is removed]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        expires_in_days: Option<u32>,
    },
    /// List an account's keys, never their texts
    List {
        /// The account's name or id
        account: String,
        #[command(flatten)]
        display: Display,
    },
    /// Give a key another text; it is printed this one time, alone when piped
    Rotate {
        /// The account's name or id
        account: String,
        /// The key's name or id
        key: String,
        /// For how many minutes the old text is good
        #[arg(long, value_name = "MINUTES", default_value_t = 0)]
        retain: u32,
    },
    /// Change a key
    Update {
        /// The account's name or id
        account: String,
        /// The key's name or id
        key: String,
        /// Another name
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
        /// Whether it can be used
        #[arg(long, value_name = "BOOL", value_parser = super::boolean, action = clap::ArgAction::Set)]
        active: Option<bool>,
    },
    /// Remove a key
    Delete {
        /// The account's name or id
        account: String,
        /// The key's name or id
        key: String,
    },
}

/// Names that accounts with the scope `granted` may see.
#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// Let an account's role be about the names that match, like `prod/*`
    Add {
        /// The account's name or id
        account: String,
        /// Which names: `*` is any run of characters
        glob: String,
    },
    /// List an account's grants
    List {
        /// The account's name or id
        account: String,
        #[command(flatten)]
        display: Display,
    },
    /// Take a grant back
    Remove {
        /// The account's name or id
        account: String,
        /// The glob as it was written
        glob: String,
    },
}

/// A moment in the form that filters take.
fn moment(text: &str) -> Result<Timestamp, String> {
    match Condition::parse("created", &format!("lt:{text}")) {
        Ok(Condition::Created(DateOp::Lt(at))) => Ok(at),
        _ => Err("expected YYYY-MM-DD HH:MM:SS in UTC, such as \"2026-01-01 00:00:00\"".to_owned()),
    }
}

/// The audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List entries, the newest first
    List {
        /// How many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        #[command(flatten)]
        which: AuditFilter,
        #[command(flatten)]
        display: Display,
    },
    /// Look whether any entry was changed, removed, moved or cut off
    Verify {
        /// A head that was noted earlier, as this command prints it: CHAIN:SEQUENCE:HEX
        #[arg(long, value_name = "HEAD")]
        head: Vec<String>,
        #[command(flatten)]
        display: Display,
    },
    /// Print all entries as JSON, one in a line, the newest first
    Export {
        #[command(flatten)]
        which: AuditFilter,
    },
    /// Remove old entries; an anchor stays in their place, so that the rest can still be verified
    Prune {
        /// Entries from before this moment: YYYY-MM-DD HH:MM:SS, UTC
        #[arg(long, value_name = "TIME", value_parser = moment)]
        before: Timestamp,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        #[command(flatten)]
        display: Display,
    },
}

/// Which entries.
#[derive(Debug, Args)]
pub(crate) struct AuditFilter {
    /// Of this account, by name or id
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) actor: Option<String>,
    /// About the secret with this id
    #[arg(long, value_name = "ID")]
    pub(crate) secret: Option<String>,
    /// With this action, like secret.read, or all that begin with a word, like secret
    #[arg(long, value_name = "ACTION")]
    pub(crate) action: Option<String>,
}
