//! `strongroom login`

use clap::Args;
use std::path::PathBuf;

const HOW: &str = "\
Without options it prints an address, where you approve the login in a browser, with name and password; that lasts as long
as the server says, an hour unless its operator chose otherwise. Programs use API keys, as `strongroom api-key create`
prints them on the server's side: they last. What logs you in is kept in strongroom/credentials.toml in your configuration
directory, which nobody else can read.";

/// `login`
#[derive(Debug, Args)]
#[command(after_help = HOW)]
pub(crate) struct LoginArgs {
    /// The server's URL, like https://strongroom.example
    pub(crate) url: String,
    /// Log in with a browser, here or on another machine: what happens on a terminal without other options
    #[arg(long, conflicts_with_all = ["api_key", "api_key_stdin", "username"])]
    pub(crate) device: bool,
    /// Ask for an API key
    #[arg(long, conflicts_with = "username")]
    pub(crate) api_key: bool,
    /// Read an API key from standard input
    #[arg(long, conflicts_with_all = ["api_key", "username"])]
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
