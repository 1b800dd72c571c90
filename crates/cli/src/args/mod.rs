//! What the command line looks like.

mod admin;
mod login;
mod people;
mod secret;

pub(crate) use admin::{DatabaseCommand, KeysCommand, MoveArgs, RepairArgs, RewrapArgs, StatusArgs};
pub(crate) use login::LoginArgs;
pub(crate) use people::{
    ApiKeyCommand, AuditCommand, AuditFilter, GrantCommand, Rights, ServeArgs, ServiceAccountCommand,
    UserCommand,
};
pub(crate) use secret::{
    CreateArgs, DeleteArgs, ExportArgs, GetArgs, ImportArgs, ListArgs, RenameArgs, RollbackArgs,
    SecretCommand, UpdateArgs, VersionsArgs,
};

use clap::{
    Arg, Args, Parser, Subcommand, ValueEnum,
    builder::{PossibleValue, StringValueParser, TypedValueParser},
};
use clap_complete::Shell;
use secrecy::SecretString;
use std::{ffi::OsStr, path::PathBuf};
use strongroom_core::filter::yes_or_no;

const EXIT_CODES: &str = "\
Exit codes: 0 done, 1 other failure, 2 usage, 3 not found, 4 exists or conflict, 5 refused, 6 unavailable.
Options of the whole program (--database, --server, --config, --output) stand before the command.";

/// Keeps secrets: named sets of keys and values, sealed, with their history.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of the whole program.
#[derive(Clone, Debug, Args)]
pub(crate) struct Global {
    /// The database: sqlite:FILE, postgres://... or mysql://... [default: a file in your data directory; also as
    /// STRONGROOM_DATABASE_URL, which keeps a password out of the process list]
    #[arg(long, value_name = "URL", value_parser = secret_text)]
    pub(crate) database: Option<SecretString>,

    /// The server to work on, after `strongroom login` there or with an API key in STRONGROOM_API_KEY [also as
    /// STRONGROOM_SERVER]
    #[arg(long, value_name = "URL", conflicts_with = "database")]
    pub(crate) server: Option<String>,

    /// The configuration [default: strongroom/config.toml in your configuration directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) display: Display,
}

/// How to print. Not a global argument of clap: `keys generate` has another `--output`, and behind `create` and
/// `update` it would look like a pair.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Display {
    /// How to print [default: tables on a terminal, tab-separated values elsewhere]
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    pub(crate) output: Option<Format>,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// Columns for people.
    Table,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create, read, list, change and delete secrets
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Work on a server from now on
    Login(LoginArgs),
    /// Work on the local database again, and forget the credentials
    Logout,
    /// Where everything is kept, and whether all is well
    Status(StatusArgs),
    /// The kinds of store that this program can keep values in
    Backends(Display),
    /// Root keys and data keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Move the values of all secrets to the store where new ones go, while people work
    Move(MoveArgs),
    /// Finish or undo what crashed processes left behind
    Repair(RepairArgs),
    /// The database itself
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// Answer the HTTP API
    Serve(ServeArgs),
    /// People's accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Programs' accounts
    #[command(subcommand)]
    ServiceAccount(ServiceAccountCommand),
    /// Keys that programs log in with
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// Which names an account may see
    #[command(subcommand)]
    Grant(GrantCommand),
    /// Who did what
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print a script that completes commands in your shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: Shell,
    },
}

impl Command {
    /// Whether it makes a database that is not there: somebody may begin with it, as with `serve`, which does not come this
    /// way. Whoever comes with another one has a database, and the path is wrong or the disk is not mounted.
    pub(crate) fn begins(&self) -> bool {
        matches!(
            self,
            Self::Secret(SecretCommand::Create(_) | SecretCommand::Import(_) | SecretCommand::List(_))
                | Self::User(UserCommand::Create { .. } | UserCommand::List(_))
                | Self::ServiceAccount(ServiceAccountCommand::Create { .. } | ServiceAccountCommand::List(_))
                | Self::Status(StatusArgs { deep: false, .. })
        )
    }
}

impl Cli {
    /// How to print: what stands behind the command wins.
    pub(crate) fn format(&self) -> Option<Format> {
        let behind = match &self.command {
            Command::Secret(command) => command.display().and_then(|display| display.output),
            Command::Status(args) => args.display.output,
            Command::Backends(display) => display.output,
            Command::Move(args) => args.display.output,
            Command::Repair(args) => args.display.output,
            Command::Keys(KeysCommand::Rotate { display, .. }) => display.output,
            Command::User(UserCommand::List(display))
            | Command::ServiceAccount(ServiceAccountCommand::List(display))
            | Command::ApiKey(ApiKeyCommand::List { display, .. })
            | Command::Grant(GrantCommand::List { display, .. })
            | Command::Audit(
                AuditCommand::List { display, .. }
                | AuditCommand::Verify { display, .. }
                | AuditCommand::Prune { display, .. },
            ) => display.output,
            Command::Keys(_)
            | Command::Database(_)
            | Command::Completions { .. }
            | Command::Login(_)
            | Command::Logout
            | Command::Serve(_)
            | Command::User(_)
            | Command::ServiceAccount(_)
            | Command::ApiKey(_)
            | Command::Grant(_)
            | Command::Audit(_) => None,
        };
        behind.or(self.global.display.output)
    }
}

/// Words for yes and no, as `--private` takes them.
pub(crate) fn boolean(text: &str) -> Result<bool, String> {
    yes_or_no(text).ok_or_else(|| "expected true or false".to_owned())
}

/// Words that completions offer. What is none of them is refused later, in words of ours: the parser's would repeat it.
#[derive(Clone)]
struct OneOf(fn() -> Vec<&'static str>);

impl TypedValueParser for OneOf {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}

/// What may hold a password or a value, so that `Debug` must not show it.
fn secret_text(text: &str) -> Result<SecretString, String> {
    Ok(SecretString::from(text))
}
