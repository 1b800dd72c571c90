//! Whether a command works on a server or on a database, and with what it logs in.

use super::Location;
use secrecy::{ExposeSecret, SecretString};
use strongroom::{Places, config::CONFIG_VARIABLE, settings::Vars};
use strongroom_core::{Error, ErrorKind, Result};
use strongroom_remote::Config;

pub(crate) use super::credentials::Credentials;

/// Names the server.
const SERVER: &str = "STRONGROOM_SERVER";
/// The API key for it.
pub(crate) const API_KEY: &str = "STRONGROOM_API_KEY";
const DATABASE: &str = "STRONGROOM_DATABASE_URL";

/// The server that the command line, the environment or a login names, in this order; `None` for the database. Who names
/// a database or a configuration at least as plainly means that.
pub(super) fn server(location: &Location, vars: &Vars, places: &Places) -> Result<Option<Config>> {
    let url = match &location.server {
        Some(url) => url.clone(),
        None if location.database.is_some() || location.config.is_some() => return Ok(None),
        None => match vars.lookup(SERVER)? {
            Some(url) => url.expose_secret().to_owned(),
            None if is_set(vars, DATABASE) || is_set(vars, CONFIG_VARIABLE) => return Ok(None),
            None => {
                let kept = Credentials::at(places).read()?;
                let Some(key) = vars.lookup(API_KEY)? else { return Ok(kept) };
                return kept.map(|kept| Some(with_key(kept, key))).ok_or_else(|| {
                    let text = "STRONGROOM_API_KEY is set, but no server: set STRONGROOM_SERVER to its URL, or unset the \
                                key to work on the local database";
                    Error::new(ErrorKind::ConfigInvalid, text)
                });
            }
        },
    };
    let wanted = Config::new(url.as_str());
    let mut usual = wanted.clone();
    // Whether that is allowed was said at the login.
    usual.allow_http = true;
    let usual = usual.normal_url()?;
    let same = |kept: &Config| kept.normal_url().is_ok_and(|kept| kept == usual);
    let kept = Credentials::at(places).read()?.filter(same);
    let Some(key) = vars.lookup(API_KEY)? else {
        return kept.map(Some).ok_or_else(|| {
            let text = "there are no credentials for this server: run `strongroom login URL`, or set STRONGROOM_API_KEY";
            Error::new(ErrorKind::Unauthenticated, text).with("server", url.escape_debug())
        });
    };
    // How the server is reached was said at the login.
    Ok(Some(with_key(kept.unwrap_or(wanted), key)))
}

/// Whether a variable says something. No file has the name of the configuration file in it.
fn is_set(vars: &Vars, name: &str) -> bool {
    if name == CONFIG_VARIABLE { vars.names(name).any(|set| set == name) } else { vars.is_set(name) }
}

/// The same server with that key in place of what was kept for it.
fn with_key(mut config: Config, key: SecretString) -> Config {
    (config.api_key, config.username, config.password, config.token) = (Some(key), None, None, None);
    config
}

/// What to tell whoever logs in or out while a variable says where commands work, or with which key, whoever is logged in.
pub(crate) fn despite_login(vars: &Vars) -> Option<String> {
    let places = [
        (SERVER, "the server that it names"),
        (DATABASE, "the database that it names"),
        (CONFIG_VARIABLE, "the database of that configuration"),
    ];
    if let Some((name, place)) = places.into_iter().find(|(name, _)| is_set(vars, name)) {
        return Some(format!("{name} is set: commands work on {place} as long as it is"));
    }
    vars.is_set(API_KEY).then(|| format!("{API_KEY} is set: commands log in with that key as long as it is"))
}

/// Why a command that works on a database cannot go on.
pub(super) fn needs_a_database(server: &str) -> String {
    format!(
        "you work on the server {server}, and this command works on a database itself: run it where the server runs, or \
         name the database with --database URL"
    )
}
