//! `serve`

use crate::{
    args::ServeArgs,
    console::{Console, Signals, end},
    failure::{Failure, Outcome},
    files, process,
    session::{Configured, Location, first_password_file},
};
use secrecy::{ExposeSecret, SecretString};
use signal_hook::consts::SIGHUP;
use std::{
    ffi::c_int,
    future,
    path::{Path, PathBuf},
    pin::pin,
    time::{Duration, Instant},
};
use strongroom::Registry;
use strongroom_core::{Error, ErrorKind};
use strongroom_server::{
    Kinds, Server, ServerConfig,
    identity::{FirstAdmin, Identities, check_password, made_up_password},
};
use tokio::sync::oneshot;

const PASSWORD: &str = "STRONGROOM_ADMIN_PASSWORD";
/// The file that it is in, in place of that.
const PASSWORD_FILE: &str = "STRONGROOM_ADMIN_PASSWORD_FILE";
/// How long after the first signal another one is a second one.
const AGAIN: Duration = Duration::from_secs(1);

/// Serves until a signal comes.
pub(crate) fn serve(
    registry: &Registry,
    location: &Location,
    args: &ServeArgs,
    console: &mut dyn Console,
) -> Outcome {
    process::log_serving();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("cannot start", &error))?;
    let served = runtime.block_on(run(registry, location, args, console));
    // Whatever hangs in a blocking thread must not keep the process from ending.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn run(
    registry: &Registry,
    location: &Location,
    args: &ServeArgs,
    console: &mut dyn Console,
) -> Outcome {
    let mut stop = pin!(stopped()?);
    let prepared = tokio::select! {
        biased;
        // What was begun has put itself in order by then.
        signal = &mut stop => end(signal),
        prepared = prepare(registry, location, args, console) => prepared?,
    };
    let Some(Prepared { open, identities, settings, kinds, sync, given, file }) = prepared else {
        return Ok(());
    };
    // From here on a signal waits: a password that may be set already has to be told.
    first_password(FirstAdmin::of(&identities).await?, given, &file, console).await?;
    let scheme = if settings.tls_cert.is_some() { "https" } else { "http" };
    let server = Server::bind(settings, open, identities, kinds, sync, Some(file)).await?;
    console.message(&format!("listening on {scheme}://{}\n", server.address()?));
    let stopped = async move {
        stop.await;
    };
    Ok(server.run(stopped).await?)
}

/// What a server is made of.
struct Prepared {
    open: strongroom::Open,
    identities: Identities,
    settings: ServerConfig,
    kinds: Kinds,
    /// Whether a read waits until it is in the audit trail.
    sync: bool,
    /// The first admin's password, and the variable that it comes from.
    given: Option<(&'static str, SecretString)>,
    /// Where that password goes if it is made up.
    file: PathBuf,
}

/// Opens and checks everything; `None` if that was all that was asked for.
async fn prepare(
    registry: &Registry,
    location: &Location,
    args: &ServeArgs,
    console: &mut dyn Console,
) -> Outcome<Option<Prepared>> {
    let location = Location {
        database: args.database.clone().or_else(|| location.database.clone()),
        config: args.config.clone().or_else(|| location.config.clone()),
        ..Location::default()
    };
    let (mut config, ignored, places) = Configured::config(&location)?;
    if let Some(listen) = args.listen {
        config.set("server", "listen", listen.to_string())?;
    }
    if !ignored.is_empty() {
        console.message(&format!("note: these variables have no effect here: {}\n", ignored.join(", ")));
    }
    let settings = ServerConfig::read(config.server())?;
    for warning in settings.warnings() {
        console.message(&format!("warning: {warning}\n"));
    }
    // Before a database is made.
    settings.check_certificate()?;
    let kinds = Kinds { secrets_store: store_kind(&config)?, database: database_kind(&config)? };
    let sync = config.audit()?.reads == strongroom::config::AuditReads::Sync;
    let open = Configured::open_to_serve(&config, registry, places.clone()).await?;
    for notice in &open.notices {
        console.message(&format!("note: {notice}\n"));
    }
    let (Some(engine), Some(catalog)) = (open.engine.clone(), open.database.clone()) else {
        let text = "store.type: the server needs a store with a database of ours: choose another type";
        return Err(Error::new(ErrorKind::ConfigInvalid, text).into());
    };
    if let Err(error) = open.store.check().await {
        // A store that is down takes no server out: this one starts and says that it is degraded.
        if args.check || !error.kind().may_pass() || engine.stats().down.is_empty() {
            return Err(error.into());
        }
        console.message(&format!("warning: {error}; the server starts without it, and asks it again\n"));
    }
    let identities = Identities::new(catalog, engine, Duration::from_secs(settings.token_lifetime_s));
    // An empty variable is one that nobody filled in.
    let given = config.vars().lookup(PASSWORD)?.filter(|given| !given.expose_secret().is_empty());
    // Both of them were refused.
    let named =
        if config.vars().names(PASSWORD).any(|name| name == PASSWORD) { PASSWORD } else { PASSWORD_FILE };
    if let Some(given) = &given
        && FirstAdmin::of(&identities).await?.is_some()
    {
        check_password(given).map_err(|error| Failure::usage(format!("{named}: {}", error.message())))?;
    }
    if args.check {
        check(open, &identities, console).await?;
        return Ok(None);
    }
    let given = given.map(|given| (named, given));
    let file = first_password_file(&config, &places, identities.engine())?;
    Ok(Some(Prepared { open, identities, settings, kinds, sync, given, file }))
}

/// Tries every store as a secret would be, which `check` alone does not.
async fn check(open: strongroom::Open, identities: &Identities, console: &mut dyn Console) -> Outcome {
    for (_, answer) in identities.engine().probe().await {
        answer?;
    }
    if let Some((_, error)) = identities.engine().status().await?.out_of_reach().next() {
        return Err(error.into());
    }
    console.message("everything is as it should be\n");
    Ok(open.close().await?)
}

/// Sees to it that an admin can log in, with a password that is given and the variable that it comes from.
async fn first_password(
    first: Option<FirstAdmin<'_>>,
    given: Option<(&str, SecretString)>,
    file: &Path,
    console: &mut dyn Console,
) -> Outcome {
    if let Some((named, given)) = given {
        let taken = match first {
            Some(first) => first.set_password(given).await?,
            None => false,
        };
        if !taken {
            console.message(&format!(
                "note: {named} is set, but an admin has a password already, which stays as it is\n"
            ));
        }
        return Ok(());
    }
    let Some(first) = first else { return Ok(()) };
    let password = made_up_password()?;
    if console.shows_messages() {
        let set = first.set_password(password.clone()).await;
        let is = match &set {
            Ok(true) => "is `admin`, with",
            Err(error) if error.kind() == ErrorKind::OutcomeUnknown => "is `admin`, perhaps with",
            _ => return set.map(drop).map_err(Failure::from),
        };
        console.message(&format!(
            "the first admin {is} the password {}\nChange it; it is not shown again.\n",
            password.expose_secret()
        ));
        return set.map(drop).map_err(Failure::from);
    }
    // It is on the disk before it is one, or nobody would know it if that failed; under another name until then, since the
    // file may be that of another process that was faster.
    if let Some(directory) = file.parent() {
        // Nothing else has to be in it: the root key and the configuration may be elsewhere.
        files::make_directory(directory)?;
    }
    let draft = files::draft(file, password.expose_secret().as_bytes())?;
    match first.set_password(password).await {
        Ok(true) => {
            files::publish(draft, file)?;
            console.message(&format!(
                "note: the first admin's password was made up; it is in {} until it is changed\n",
                file.display()
            ));
        }
        Ok(false) => {}
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
            if let Ok(kept) = draft.keep() {
                console.message(&format!(
                    "note: the first admin's password may be that in {}\n",
                    kept.display()
                ));
            }
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Ready at the first signal, which it tells; a second one ends the process at once, whatever that is doing. A terminal that
/// is closed sends one, too, but nobody insists by that: the shell and the system both send it. Nor by one that comes with
/// the first: a wrapper hands on what its terminal has sent to all.
fn stopped() -> Outcome<impl Future<Output = c_int>> {
    let mut signals =
        Signals::of_server().map_err(|error| Failure::io("cannot listen for signals", &error))?;
    let (first, came) = oneshot::channel();
    tokio::spawn(async move {
        let _ = first.send(signals.next().await);
        let since = Instant::now();
        loop {
            if signals.next().await != SIGHUP && since.elapsed() >= AGAIN {
                break;
            }
        }
        std::process::exit(1);
    });
    Ok(async move {
        match came.await {
            Ok(signal) => signal,
            // The runtime ends.
            Err(_) => future::pending().await,
        }
    })
}

fn store_kind(config: &strongroom::Config) -> Outcome<&'static str> {
    let stores = config.stores()?;
    let kind = stores.get(strongroom::Config::target(&stores)).map_or("sql", |store| store.kind.as_str());
    let known = ["sql", "aws", "gcp", "azure", "hashicorp"];
    Ok(known.into_iter().find(|known| *known == kind).unwrap_or("custom"))
}

fn database_kind(config: &strongroom::Config) -> Outcome<&'static str> {
    let url: Option<SecretString> = config.database()?.url;
    let scheme =
        url.as_ref().map_or("sqlite", |url| url.expose_secret().split(':').next().unwrap_or_default());
    Ok(match scheme {
        "sqlite" => "sqlite",
        "mysql" | "mariadb" => "mysql",
        _ => "other",
    })
}
