//! `login` and `logout`

use super::Run;
use crate::{
    args::LoginArgs,
    failure::{Failure, Outcome},
    input::{ask_value, read_credential},
    session::{Credentials, despite_login},
};
use secrecy::{ExposeSecret, SecretString};
use strongroom::{Places, environment};
use strongroom_remote::{Config, DeviceLogin, RemoteStore};

/// Checks the credentials by logging in, then keeps them for the commands to come.
pub(crate) async fn login(run: &mut Run<'_>, args: &LoginArgs) -> Outcome {
    let mut config = Config::new(args.url.as_str());
    config.allow_http = args.allow_http;
    // What is wrong with the URL is said before anybody types a password.
    config.url = config.normal_url()?;
    config.ca_file = args
        .ca_file
        .as_ref()
        .map(std::path::absolute)
        .transpose()
        .map_err(|error| Failure::io("--ca-file", &error))?;
    if let Some(name) = &args.username {
        config.password = Some(given(run, args.password_stdin, "Password:", "--password-stdin")?);
        config.username = Some(name.clone());
    } else if args.api_key || args.api_key_stdin {
        let question = "API key (not shown):";
        config.api_key = Some(given(run, args.api_key_stdin, question, "--api-key-stdin")?);
    } else if args.device || run.console.can_ask() {
        config.token = Some(with_browser(run, &config).await?);
    } else {
        let text = "there is no terminal; use --api-key-stdin, --username with --password-stdin, or --device";
        return Err(Failure::usage(text));
    }
    let store = RemoteStore::open(config.clone())?;
    let server = store.server().await?;
    store.log_in().await?;
    let account = store.accounts().own().await?;
    Credentials::at(&Places::of_user()?).write(&config)?;
    let role = account.role.map(|role| format!(" ({role})")).unwrap_or_default();
    let despite = despite_login(&environment()?);
    let now = if despite.is_none() { "; commands work on that server now" } else { "" };
    run.note(&format!("logged in to {} as `{}`{role}{now}", config.url, account.name));
    if let Some(text) = despite {
        run.warn(&text);
    }
    if server.strongroom.is_none() {
        run.note(&format!(
            "it is a ZenML {} server: it keeps no versions, and `zenml` manages its accounts",
            server.version
        ));
    }
    Ok(())
}

/// Shows where to approve the login, and waits for that.
async fn with_browser(run: &mut Run<'_>, config: &Config) -> Outcome<SecretString> {
    let login = DeviceLogin::start(config, &agent()).await?;
    run.warn(&format!("open {} in a browser, on this or another machine", login.page_with_code()));
    run.warn(&format!(
        "and approve the login there if it shows the code {}; waiting for {} s",
        login.user_code(),
        login.lifetime().as_secs()
    ));
    Ok(login.token().await?)
}

/// What the page says about this program, so that its person knows it again.
fn agent() -> String {
    let mut text = concat!("strongroom/", env!("CARGO_PKG_VERSION")).to_owned();
    #[cfg(unix)]
    {
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy();
        let harmless = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
        text.push_str(" on ");
        text.extend(harmless.take(64));
    }
    text
}

/// Forgets the credentials.
pub(crate) fn logout(run: &mut Run<'_>) -> Outcome {
    let credentials = Credentials::at(&Places::of_user()?);
    let despite = despite_login(&environment()?);
    if !credentials.remove()? {
        run.note(&format!("nobody is logged in: there is no {}", credentials.file().display()));
    } else if despite.is_none() {
        run.note("logged out; commands work on the local database now");
    } else {
        run.note("logged out");
    }
    if let Some(text) = despite {
        run.warn(&text);
    }
    Ok(())
}

fn given(run: &mut Run<'_>, stdin: bool, question: &str, option: &str) -> Outcome<SecretString> {
    let text = if stdin {
        read_credential(run.console, option)?
    } else if run.console.can_ask() {
        ask_value(run.console, question)?.unwrap_or_default()
    } else {
        return Err(Failure::usage(format!("there is no terminal to ask on; use {option}")));
    };
    if text.expose_secret().is_empty() {
        return Err(Failure::usage("nothing was given; nothing was changed"));
    }
    Ok(text)
}
