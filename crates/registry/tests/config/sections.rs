//! The typed sections, and where the configuration comes from.

use crate::{config, refused, vars};
use secrecy::ExposeSecret;
use std::{fs, path::Path};
use strongroom::{
    Config,
    config::{AuditReads, EngineSettings},
    environment,
};
#[cfg(feature = "_sql")]
use strongroom::{Places, Result};

#[test]
fn everything_has_a_default() {
    let config = config("", &[]).unwrap();
    config.check().unwrap();
    let (database, keys) = (config.database().unwrap(), config.keys().unwrap());
    assert!(database.url.is_none() && database.max_connections.is_none());
    assert!(keys.file.is_none() && keys.root_key.is_none());
    assert_eq!(config.audit().unwrap().reads, AuditReads::Batched);
    let engine = config.engine().unwrap();
    assert_eq!(engine, EngineSettings::default());
    assert_eq!((engine.cache_bytes, engine.cache_max_age_s, engine.history), (8_388_608, None, 10));
    assert_eq!((engine.size_limit, engine.call_timeout_ms, engine.call_attempts), (65_536, 10_000, 4));
    assert_eq!((engine.lease_ms, engine.young_ms), (60_000, 600_000));
    assert_eq!((engine.late_ms, engine.grace_ms), (3_600_000, 60_000));
}

#[test]
fn sections_are_read_from_file_and_environment() {
    let text = "[database]\nurl='sqlite:x'\nmax_connections=5\n[audit]\nreads='sync'\n[engine]\nhistory=3\n\
                cache_max_age_s=60\n[keys]\nfile='/k'";
    let env = [("STRONGROOM_DATABASE_URL_FILE", "/run/token"), ("STRONGROOM_ENGINE_HISTORY", "4")];
    let config = config(text, &env).unwrap();
    let database = config.database().unwrap();
    assert_eq!(database.url.unwrap().expose_secret(), "hunter2");
    assert_eq!(database.max_connections, Some(5));
    assert_eq!(config.audit().unwrap().reads, AuditReads::Sync);
    let engine = config.engine().unwrap();
    assert_eq!((engine.history, engine.cache_max_age_s, engine.lease_ms), (4, Some(60), 60_000));
    assert_eq!(config.keys().unwrap().file.as_deref(), Some(Path::new("/k")));
}

#[test]
fn numbers_have_ranges() {
    for (key, value, expected) in [
        ("history", "0", "from 1 to 100"),
        ("history", "101", "from 1 to 100"),
        ("size_limit", "0", "from 1 to 1048576"),
        ("call_timeout_ms", "0", "from 1 to 600000"),
        ("call_attempts", "0", "from 1 to 20"),
        ("lease_ms", "9", "from 10 to 86400000"),
        ("young_ms", "86400001", "from 0 to 86400000"),
        ("late_ms", "9", "from 10 to 86400000"),
        ("grace_ms", "86400001", "from 0 to 86400000"),
        ("beat_ms", "99", "from 100 to 86400000"),
        ("cache_max_age_s", "0", "from 1 to 31536000"),
        ("cache_bytes", "1099511627777", "from 0 to 1099511627776"),
    ] {
        let file = config(&format!("[engine]\n{key}={value}"), &[]).unwrap();
        assert_eq!(refused(file.engine()), format!("engine.{key}: expected a whole number {expected}"));
        let name = format!("STRONGROOM_ENGINE_{}", key.to_uppercase());
        let env = config("", &[(&name, value)]).unwrap();
        assert_eq!(refused(env.engine()), format!("{name}: expected a whole number {expected}"));
    }
    let text = refused(config("[database]\nmax_connections=0", &[]).unwrap().database());
    assert_eq!(text, "database.max_connections: expected a whole number from 1 to 1000");
    let text = refused(config("[engine]\nlate_ms=10\nlease_ms=20", &[]).unwrap().engine());
    assert!(text.starts_with("engine.late_ms: less than engine.lease_ms"), "{text}");
}

#[test]
fn check_reads_every_section() {
    for text in ["[database]\nx=1", "[keys]\nx=1", "[audit]\nreads='x'", "[engine]\nx=1", "[store]\nseal=1"] {
        assert!(!refused(config(text, &[]).unwrap().check()).is_empty());
    }
}

#[test]
fn the_root_key_comes_from_the_environment() {
    let key = |env: &[(&str, &str)]| config("[keys]\nfile='/k'", env).unwrap().keys();
    let key_of = |env| key(env).unwrap().root_key.unwrap().expose_secret().to_owned();
    assert_eq!(key_of(&[("STRONGROOM_ROOT_KEY", "k")]), "k");
    assert_eq!(key_of(&[("STRONGROOM_ROOT_KEY_FILE", "/run/token")]), "hunter2");
    let both = [("STRONGROOM_ROOT_KEY", "k"), ("STRONGROOM_ROOT_KEY_FILE", "/run/token")];
    assert!(refused(key(&both)).starts_with("both STRONGROOM_ROOT_KEY and STRONGROOM_ROOT_KEY_FILE are set"));
    assert_eq!(key(&[("STRONGROOM_KEYS_FILE", "/j")]).unwrap().file.as_deref(), Some(Path::new("/j")));
    let both = [("STRONGROOM_ROOT_KEY", "k"), ("STRONGROOM_KEYS_FILE", "/j")];
    assert!(refused(key(&both)).contains("STRONGROOM_KEYS_FILE are set; unset one of them"));
}

#[test]
fn the_servers_section_is_the_servers_to_read() {
    #[derive(serde::Deserialize)]
    struct Server {
        listen: Vec<String>,
    }
    let server = |env| config("[server]\nlisten=['a']", env).unwrap().server().parse::<Server>();
    assert_eq!(server(&[("STRONGROOM_SERVER", "https://x")]).unwrap().listen, ["a"]);
    assert_eq!(server(&[("STRONGROOM_SERVER_LISTEN", "b,c")]).unwrap().listen, ["b", "c"]);
    assert!(refused(server(&[("STRONGROOM_SERVER_LISTNE", "b")])).contains("STRONGROOM_SERVER_LISTEN?"));
}

#[test]
fn a_flag_wins_over_the_environment_and_the_file() {
    let env = [("STRONGROOM_DATABASE_URL_FILE", "/nowhere"), ("STRONGROOM_ENGINE_HISTORY", "x")];
    let mut config = config("[database]\nurl='file'\n[engine]\nhistory=1", &env).unwrap();
    config.set("database", "url", "flag").unwrap();
    config.set("engine", "history", "7").unwrap();
    config.set("stores.east", "type", "toy").unwrap();
    assert_eq!(config.database().unwrap().url.unwrap().expose_secret(), "flag");
    assert_eq!(config.engine().unwrap().history, 7);
    assert_eq!(config.stores().unwrap()["east"].kind, "toy");
    for section in ["databse", "stores", "stores.", "stores.A"] {
        assert!(!refused(config.set(section, "url", "x")).is_empty());
    }
    config.set("database", "ulr", "x").unwrap();
    assert!(refused(config.database()).starts_with("STRONGROOM_DATABASE_ULR is set, but"));
}

#[cfg(feature = "_sql")]
#[test]
fn the_file_is_the_given_one_or_the_one_that_the_command_line_reads() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, history: u32| {
        let file = dir.path().join(name);
        fs::write(&file, format!("[engine]\nhistory={history}")).unwrap();
        file
    };
    let places = Places { config: dir.path().join("config"), data: dir.path().join("data") };
    let (one, two) = (at("one.toml", 1), at("two.toml", 2));
    let history = |config: Result<Config>| config.unwrap().engine().unwrap().history;
    let named = || vars(&[("STRONGROOM_CONFIG", two.to_str().unwrap())]);
    let none = || vars(&[]);
    assert_eq!(history(Config::of_user(&places, none())), 10);
    assert_eq!(history(Config::of_user(&places, named())), 2);
    fs::create_dir(&places.config).unwrap();
    at("config/config.toml", 3);
    assert_eq!(history(Config::of_user(&places, none())), 3);
    assert_eq!(history(Config::of_user(&places, named())), 2);
    assert_eq!(history(Config::load(&one, named())), 1);

    // The text of a configuration is no path to one.
    let as_a_file = vars(&[("STRONGROOM_CONFIG_FILE", "/run/token")]);
    let error = refused(Config::of_user(&places, as_a_file));
    assert!(error.starts_with("STRONGROOM_CONFIG_FILE is set, but") && !error.contains("hunter2"), "{error}");

    // What is there and cannot be read is not none: that would be another database.
    fs::remove_file(places.config_file()).unwrap();
    std::os::unix::fs::symlink(dir.path().join("gone"), places.config_file()).unwrap();
    assert!(refused(Config::of_user(&places, none())).contains("config.toml"));
}

#[test]
fn a_file_that_cannot_be_read_or_is_wrong_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("strongroom.toml");
    let text = refused(Config::load(&file, vars(&[])));
    assert!(
        text.contains("cannot read the configuration file") && text.contains("strongroom.toml"),
        "{text}"
    );
    fs::write(&file, "[engine]\nhistory=").unwrap();
    let text = refused(Config::load(&file, vars(&[])));
    assert!(text.starts_with("line 2, column 9: not TOML") && text.contains("strongroom.toml"), "{text}");
}

#[test]
fn the_process_environment_is_read() {
    // Cargo sets it for every test.
    let dir = environment().unwrap().lookup("CARGO_MANIFEST_DIR").unwrap().expect("cargo runs this test");
    assert!(Path::new(dir.expose_secret()).join("Cargo.toml").exists());
}
