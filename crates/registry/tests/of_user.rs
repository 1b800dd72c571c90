//! What the command line works on is what a program works on that asks for the user's configuration.
#![cfg(feature = "sqlite")]

use strongroom::{Config, OpenOptions, Places, Registry, settings::Vars};

#[tokio::test]
async fn the_database_that_the_users_file_names_is_opened_and_no_other_is_made() {
    let home = tempfile::tempdir().unwrap();
    let places = Places { config: home.path().join("config"), data: home.path().join("data") };
    let named = home.path().join("named.db");
    std::fs::create_dir(&places.config).unwrap();
    std::fs::write(places.config_file(), format!("[database]\nurl = 'sqlite:{}'", named.display())).unwrap();

    let config = Config::of_user(&places, Vars::empty()).unwrap();
    let options = OpenOptions::default().places(places.clone());
    let open = config.open(&Registry::builtin(), options).await.unwrap();
    open.close().await.unwrap();
    assert!(named.exists() && !places.data.exists());
}
