//! Which database a URL names. A URL may hold a password: it is never part of an error.

use strongroom_core::{Error, ErrorKind, Result};

/// A database that this build can open.
pub(crate) enum Target {
    #[cfg(feature = "sqlite")]
    Sqlite(std::path::PathBuf),
    #[cfg(feature = "postgres")]
    Postgres(Box<sqlx::postgres::PgConnectOptions>),
    #[cfg(feature = "mysql")]
    MySql(Box<sqlx::mysql::MySqlConnectOptions>),
}

/// Reads a URL: `sqlite:PATH`, `sqlite:///absolute/path`, a plain path, `postgres://`, `postgresql://`, `mysql://`
/// or `mariadb://`.
pub(crate) fn parse(url: &str) -> Result<Target> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return sqlite(path, true);
    }
    match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("postgres" | "postgresql") => postgres(url),
        Some("mysql" | "mariadb") => mysql(url),
        Some(_) => Err(invalid("unknown scheme; use sqlite:PATH, postgres://... or mysql://...")),
        // Taken for a path, it would be shown, with its password.
        None if ["postgres:", "postgresql:", "mysql:", "mariadb:"]
            .iter()
            .any(|scheme| url.starts_with(scheme)) =>
        {
            Err(invalid("two slashes are missing behind the scheme; use postgres://... or mysql://..."))
        }
        None => sqlite(url, false),
    }
}

#[cfg(feature = "sqlite")]
fn sqlite(path: &str, url: bool) -> Result<Target> {
    let path = match path.strip_prefix("//") {
        Some(absolute) if url && !absolute.starts_with('/') => {
            return Err(invalid(
                "after sqlite: comes a path, or three slashes and the rest of an absolute path",
            ));
        }
        Some(absolute) if url => absolute,
        _ => path,
    };
    if url && path.contains('?') {
        return Err(invalid("a SQLite database takes no parameters; remove `?` and what follows"));
    }
    // SQLite takes these for something else than a file's name.
    if path.is_empty() || path == ":memory:" || path.starts_with("file:") || path.contains('\0') {
        return Err(invalid("name a file; a catalog in memory is opened without a database"));
    }
    Ok(Target::Sqlite(path.into()))
}

#[cfg(feature = "postgres")]
fn postgres(url: &str) -> Result<Target> {
    use sqlx::postgres::{PgConnectOptions, PgSslMode};
    const KNOWN: &[&str] = &[
        "sslmode",
        "ssl-mode",
        "sslrootcert",
        "ssl-root-cert",
        "ssl-ca",
        "sslcert",
        "ssl-cert",
        "sslkey",
        "ssl-key",
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "password",
        "application_name",
        "options",
        "statement-cache-capacity",
    ];
    check_parameters(url, KNOWN)?;
    let options: PgConnectOptions = url.parse().map_err(|_| unreadable())?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(invalid("name the database: postgres://USER@HOST/DATABASE"));
    }
    let local = options.get_socket().is_some() || is_local(options.get_host());
    if !local && !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull) {
        return Err(unverified("sslmode=verify-full", "sslrootcert"));
    }
    Ok(Target::Postgres(Box::new(options)))
}

#[cfg(feature = "mysql")]
fn mysql(url: &str) -> Result<Target> {
    use sqlx::mysql::{MySqlConnectOptions, MySqlSslMode};
    const KNOWN: &[&str] = &[
        "sslmode",
        "ssl-mode",
        "sslca",
        "ssl-ca",
        "sslcert",
        "ssl-cert",
        "sslkey",
        "ssl-key",
        "charset",
        "collation",
        "socket",
        "statement-cache-capacity",
    ];
    check_parameters(url, KNOWN)?;
    let options: MySqlConnectOptions = url.parse().map_err(|_| unreadable())?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(invalid("name the database: mysql://USER@HOST/DATABASE"));
    }
    let local = options.get_socket().is_some() || is_local(options.get_host());
    if !local && !matches!(options.get_ssl_mode(), MySqlSslMode::VerifyIdentity) {
        return Err(unverified("ssl-mode=VERIFY_IDENTITY", "ssl-ca"));
    }
    Ok(Target::MySql(Box::new(options)))
}

/// The driver ignores what it does not know, with a warning that shows the value.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn check_parameters(url: &str, known: &[&str]) -> Result<()> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let key = pair.split('=').next().unwrap_or_default();
        if !known.contains(&key) {
            return Err(invalid("unknown parameter; remove it").with("known", known.join(", ")));
        }
    }
    Ok(())
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn is_local(host: &str) -> bool {
    host.starts_with('/') || strongroom_core::settings::is_this_machine(host)
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn unreadable() -> Error {
    invalid(
        "the URL cannot be read; special characters in user and password are written as %XX, and parameters have \
         values of their own",
    )
}

#[cfg(any(feature = "postgres", feature = "mysql"))]
fn unverified(parameter: &'static str, authority: &'static str) -> Error {
    invalid(
        "a database on another host needs TLS with a verified certificate; add the parameter, and the authority's \
         certificate if it is a private one",
    )
    .with("parameter", parameter)
    .with("certificate", authority)
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &str, _: bool) -> Result<Target> {
    Err(missing("sqlite"))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str) -> Result<Target> {
    Err(missing("postgres"))
}

#[cfg(not(feature = "mysql"))]
fn mysql(_: &str) -> Result<Target> {
    Err(missing("mysql"))
}

#[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql")))]
fn missing(feature: &'static str) -> Error {
    Error::new(
        ErrorKind::ConfigInvalid,
        format!(
            "database.url: this program was built without that database: build it with the cargo feature `{feature}`, or \
             name another one"
        ),
    )
}

fn invalid(text: &'static str) -> Error {
    Error::new(ErrorKind::ConfigInvalid, format!("database.url: {text}"))
}
