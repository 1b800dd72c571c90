//! `strongroom login`

use clap::Args;
use std::path::PathBuf;

const HOW: &str = "\
Without options it asks for an API key, as `strongroom api-key create` prints one on the server's side. What was given is
kept in strongroom/credentials.toml in your configuration directory, which nobody else can read.";

/// `login`
#[derive(Debug, Args)]
#[command(after_help = HOW)]
pub(crate) struct LoginArgs {
    /// The server's URL, like https://strongroom.example
    pub(crate) url: String,
    /// Read an API key from standard input
    #[arg(long, conflicts_with = "username")]
    pub(crate) api_key_stdin: bool,
    /// Log in as this user; the password is asked for
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// Read the user's password from standard input
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
    /// A PEM file with the authorities that may vouch for the server, in place of the system's
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Let credentials and values cross the network in plain text
    #[arg(long)]
    pub(crate) allow_http: bool,
}
