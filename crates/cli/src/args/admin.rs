//! `strongroom status|keys|repair|database ...`

use super::Display;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use strongroom_engine::crypto::KeyKind;

/// `status`
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Also put, read and delete a probe in every store, list what is in them that this database cannot explain, and look
    /// whether a SQLite file is whole
    #[arg(long)]
    pub(crate) deep: bool,
    #[command(flatten)]
    pub(crate) display: Display,
}

fn kinds() -> Vec<&'static str> {
    KeyKind::ALL.iter().map(|kind| kind.as_str()).collect()
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Make a new root key; no database is touched
    Generate {
        /// Write it to this file, which others cannot read, instead of standard output
        #[arg(short = 'O', long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it is there
        #[arg(long, requires = "output")]
        force: bool,
    },
    /// Make a new data key and seal everything with it
    Rotate {
        /// Which one: seal, digest, audit, token or credential
        #[arg(long, value_name = "KIND", default_value = "seal", value_parser = super::OneOf(kinds), hide_possible_values = true)]
        kind: String,
        /// Although servers run that were opened with another root key, which does not open the new one
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        display: Display,
    },
    /// Let one more root key open this database, or one less
    Rewrap {
        #[command(flatten)]
        which: RewrapArgs,
        /// Drop it although servers run that were opened with it
        #[arg(long, conflicts_with = "add")]
        force: bool,
    },
}

/// `keys rewrap`
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct RewrapArgs {
    /// The file with the root key that is to open it too
    #[arg(long, value_name = "FILE")]
    pub(crate) add: Option<PathBuf>,
    /// The id of the root key that is to open it no longer
    #[arg(long, value_name = "ID")]
    pub(crate) drop: Option<String>,
}

/// `move`
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// To this store instead: `default`, a NAME of [stores.NAME], or `database` for the database itself
    #[arg(long, value_name = "STORE")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) display: Display,
}

/// `repair`
#[derive(Debug, Args)]
pub(crate) struct RepairArgs {
    /// The database was restored or cloned: report what it thinks is unfinished instead of cleaning up
    #[arg(long)]
    pub(crate) restored: bool,
    /// Remove from the stores what this database knows nothing of
    #[arg(long)]
    pub(crate) remove_foreign: bool,
    /// This store has another address now, which is recorded if it shows values of ours: `default`, or a NAME of [stores.NAME]
    #[arg(long, value_name = "STORE", conflicts_with_all = ["remove_foreign", "restored"])]
    pub(crate) new_address: Option<String>,
    /// Read every version, which services charge for, instead of those alone that their lists do not show
    #[arg(long)]
    pub(crate) read: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) display: Display,
}

/// What to do with the database.
#[derive(Debug, Subcommand)]
pub(crate) enum DatabaseCommand {
    /// Write a consistent copy; copying the live file would not be one
    Backup {
        /// Where to
        file: PathBuf,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
    /// Bring the tables up to this program's version
    Migrate {
        /// Also remove from them what only older versions need, which cannot open the database any more then
        #[arg(long)]
        finish: bool,
    },
}
