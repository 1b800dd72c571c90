//! `strongroom secret ...`

use super::{Display, boolean, secret_text};
use clap::{Args, Subcommand};
use secrecy::SecretString;
use std::path::PathBuf;

/// What to do with secrets.
#[derive(Debug, Subcommand)]
pub(crate) enum SecretCommand {
    /// Create a secret
    Create(CreateArgs),
    /// Show a secret, or print one value
    Get(GetArgs),
    /// List secrets, never their values
    List(ListArgs),
    /// Change values or privacy of a secret
    Update(UpdateArgs),
    /// Give a secret another name
    Rename(RenameArgs),
    /// Delete a secret with its history
    Delete(DeleteArgs),
    /// Write the values of a secret as a YAML map
    Export(ExportArgs),
    /// Create a secret from a YAML or JSON map
    Import(ImportArgs),
    /// List the kept versions of a secret
    Versions(VersionsArgs),
    /// Make an older version current again, as a new one
    Rollback(RollbackArgs),
}

impl SecretCommand {
    /// Whether it is there to change something.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Create(_)
            | Self::Update(_)
            | Self::Rename(_)
            | Self::Delete(_)
            | Self::Import(_)
            | Self::Rollback(_) => true,
            Self::Get(_) | Self::List(_) | Self::Export(_) | Self::Versions(_) => false,
        }
    }

    /// How to print, where the command has an option for it.
    pub(super) fn display(&self) -> Option<&Display> {
        Some(match self {
            Self::Create(_) | Self::Update(_) => return None,
            Self::Get(args) => &args.target.display,
            Self::List(args) => &args.display,
            Self::Rename(args) => &args.target.display,
            Self::Delete(args) => &args.target.display,
            Self::Export(args) => &args.target.display,
            Self::Import(args) => &args.display,
            Self::Versions(args) => &args.target.display,
            Self::Rollback(args) => &args.target.display,
        })
    }
}

const PAIRS: &str = "\
Every --KEY=VALUE behind the command is a pair of the secret, but --private, --values and --remove-keys.
A VALUE of @FILE is read from the file, @- from standard input, and @@x is the text @x.
Keys that cannot be written like this: -v '{\"key=\": \"value\"}'.";

/// `create`
#[derive(Debug, Args)]
#[command(after_help = PAIRS, override_usage = "strongroom secret create NAME [--KEY=VALUE]... [OPTIONS]")]
pub(crate) struct CreateArgs {
    /// What to call it
    pub(crate) name: String,
    /// Only you may see it
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false",
          default_missing_value = "true", value_parser = boolean, hide_default_value = true)]
    pub(crate) private: bool,
    /// Ask for keys and values; values are not shown
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Pairs as a JSON or YAML map, or @FILE or @- with one
    #[arg(short, long, value_name = "MAP", value_parser = secret_text)]
    pub(crate) values: Option<SecretString>,
}

/// `update`
#[derive(Debug, Args)]
#[command(after_help = PAIRS, override_usage = "strongroom secret update NAME [--KEY=VALUE]... [OPTIONS]")]
pub(crate) struct UpdateArgs {
    /// Name, id or beginning of the id
    pub(crate) name: String,
    /// Make it private (true) or public (false)
    #[arg(short, long, value_name = "BOOL", value_parser = boolean)]
    pub(crate) private: Option<bool>,
    /// Ask for new values; values are not shown
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Pairs as a JSON or YAML map, or @FILE or @- with one
    #[arg(short, long, value_name = "MAP", value_parser = secret_text)]
    pub(crate) values: Option<SecretString>,
    /// A key to remove; may be repeated
    #[arg(short, long, value_name = "KEY")]
    pub(crate) remove_keys: Vec<String>,
}

/// Which secret is meant.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Name, id or beginning of the id
    pub(crate) name: String,
    /// Your private secret of that name (true), or the public one (false)
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = boolean)]
    pub(crate) private: Option<bool>,
    #[command(flatten)]
    pub(crate) display: Display,
}

/// `get`
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Print this key's value and nothing else
    pub(crate) key: Option<String>,
    /// The values as they were at that revision
    #[arg(long, value_name = "N")]
    pub(crate) revision: Option<u64>,
}

/// `list`
#[derive(Debug, Args)]
#[command(after_help = "\
A FILTER is [OPERATOR:]VALUE. Operators of texts: equals (the default), notequals, contains, notcontains, startswith,
endswith, oneof (a JSON list), notoneof. Operators of dates (YYYY-MM-DD HH:MM:SS, UTC): equals, notequals, gt, gte,
lt, lte, in (FROM,TO). Each option may be repeated.")]
pub(crate) struct ListArgs {
    /// Filter by name
    #[arg(long, value_name = "FILTER")]
    pub(crate) name: Vec<String>,
    /// Filter by id
    #[arg(long, value_name = "FILTER")]
    pub(crate) id: Vec<String>,
    /// Filter by the owner's id, name or full name
    #[arg(long, value_name = "FILTER")]
    pub(crate) user: Vec<String>,
    /// Filter by the moment at which it was made
    #[arg(long, value_name = "FILTER")]
    pub(crate) created: Vec<String>,
    /// Filter by the moment of the last change
    #[arg(long, value_name = "FILTER")]
    pub(crate) updated: Vec<String>,
    /// Private ones alone (true), or public ones (false)
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub(crate) private: Option<String>,
    /// How filters are joined: and, or
    #[arg(long, alias = "logical_operator", value_name = "WORD", default_value = "and")]
    pub(crate) logical_operator: String,
    /// [asc:|desc:] and id, name, private, created, updated or user
    #[arg(long, alias = "sort_by", alias = "sort", value_name = "COLUMN", default_value = "desc:created")]
    pub(crate) sort_by: String,
    /// Which page
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) page: u32,
    /// How many secrets a page has, 1 to 10000
    #[arg(long, value_name = "N", default_value_t = strongroom_core::SecretFilter::DEFAULT_SIZE)]
    pub(crate) size: u32,
    #[command(flatten)]
    pub(crate) display: Display,
}

/// `rename`
#[derive(Debug, Args)]
pub(crate) struct RenameArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The new name
    #[arg(value_name = "NEW_NAME", required_unless_present = "new_name", conflicts_with = "new_name")]
    pub(crate) to: Option<String>,
    /// The new name, as an option
    #[arg(short, long, alias = "new_name", value_name = "NEW_NAME")]
    pub(crate) new_name: Option<String>,
}

/// `delete`
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// `export`
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Write to this file, which others cannot read, instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) filename: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "filename")]
    pub(crate) force: bool,
}

/// `import`
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The file, or - for standard input
    pub(crate) file: PathBuf,
    /// What to call the secret [default: the file's name without its extension]
    #[arg(short, long)]
    pub(crate) name: Option<String>,
    /// Only you may see it [default: false, unless your private secret alone has that name: then that one is meant]
    #[arg(short, long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
          default_missing_value = "true", value_parser = boolean)]
    pub(crate) private: Option<bool>,
    /// Replace the values of a secret that is there, without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) display: Display,
}

/// `versions`
#[derive(Debug, Args)]
pub(crate) struct VersionsArgs {
    #[command(flatten)]
    pub(crate) target: Target,
}

/// `rollback`
#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The revision whose values are wanted, as `versions` shows them
    #[arg(value_name = "REVISION", required_unless_present = "revision", conflicts_with = "revision")]
    pub(crate) to: Option<u64>,
    /// The revision, as an option
    #[arg(long, value_name = "N")]
    pub(crate) revision: Option<u64>,
}
