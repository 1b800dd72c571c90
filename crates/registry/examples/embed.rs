//! Secrets in a program of yours: open, create, read.
//!
//! Everything lies in a fresh temporary directory here; with `Places::of_user` it lies where the command line keeps it.

use strongroom::{Config, ExposeSecret, OpenOptions, Places, Registry, Result, environment};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let directory = std::env::temp_dir().join(format!("strongroom-embed-{}", std::process::id()));
    let places = Places { config: directory.join("config"), data: directory.join("data") };
    let config = Config::of_user(&places, environment()?)?;

    let open = config.open(&Registry::builtin(), OpenOptions::default().places(places)).await?;
    let secrets = open.secrets();
    secrets.create("db", [("user", "app"), ("password", "hunter2")]).await?;
    let db = secrets.get("db").await?;
    assert_eq!(db.values.get("password").map(ExposeSecret::expose_secret), Some("hunter2"));
    drop(secrets);
    open.close().await?;

    // A directory that stays behind in the temporary ones does no harm.
    drop(std::fs::remove_dir_all(directory));
    Ok(())
}
