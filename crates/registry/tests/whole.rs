//! A type that is a whole store needs neither a database nor a root key.
#![cfg(all(feature = "remote", feature = "sqlite"))]

use strongroom::{Config, ErrorKind, OpenOptions, Places, Registry, settings::Vars};

fn refused(text: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let error = open(text, home.path()).expect_err("it must be refused");
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
    error.to_string()
}

fn open(text: &str, home: &std::path::Path) -> strongroom::Result<strongroom::Open> {
    let opened = opened(text, home);
    assert!(std::fs::read_dir(home).unwrap().next().is_none(), "something was made");
    opened
}

fn opened(text: &str, home: &std::path::Path) -> strongroom::Result<strongroom::Open> {
    let config = Config::parse(text, Vars::empty())?;
    let places = Places { config: home.join("config"), data: home.join("data") };
    let options = OpenOptions::default().places(places);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(config.open(&Registry::builtin(), options))
}

#[test]
fn a_remote_store_is_opened_alone() {
    let home = tempfile::tempdir().unwrap();
    let text = "[store]\ntype = 'remote'\nurl = 'http://localhost:1'\napi_key = 'srk1_x'";
    let opened = open(text, home.path()).unwrap();
    assert!(opened.engine.is_none() && opened.database.is_none() && opened.notices.is_empty());
}

#[test]
fn what_would_have_no_effect_beside_it_is_refused() {
    let remote = "[store]\ntype = 'remote'\nurl = 'http://localhost:1'\napi_key = 'srk1_x'\n";
    for (more, told) in [
        ("seal = true", "store.seal: this type is a whole store"),
        ("call_attempts = 2", "store.call_attempts: this type is a whole store"),
        ("[stores.old]\ntype = 'sql'", "stores.old: the default store is a whole store"),
    ] {
        let text = refused(&format!("{remote}{more}"));
        assert!(text.starts_with(told), "{text}");
    }
    let named =
        refused(&remote.replace("[store]", "[stores.default]").replace("type =", "seal = true\ntype ="));
    assert!(named.starts_with("stores.default.seal: "), "{named}");
    assert!(refused("[store]\ntype = 'remot'").starts_with("store.type: no back-end is called `remot`"));
}

#[test]
fn errors_about_other_stores_name_their_section_in_the_same_form() {
    for (text, told) in [
        ("[store]\nseal = false", "store.seal: values in the database are always sealed"),
        (
            "[stores.old]\ntype = 'sql'\nseal = false",
            "stores.old.seal: values in the database are always sealed",
        ),
        (
            "[stores.old]\ntype = 'sql'\ncall_attempts = 2",
            "stores.old.call_attempts: values in the database need",
        ),
        ("[stores.old]\ntype = 'slq'", "stores.old.type: no back-end is called `slq`"),
        (
            "[stores.old]\ntype = 'remote'\nurl = 'http://localhost:1'\napi_key = 'srk1_x'",
            "stores.old.type: this is a whole store",
        ),
    ] {
        let home = tempfile::tempdir().unwrap();
        let error = opened(text, home.path()).expect_err("it must be refused");
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error}");
        assert!(error.to_string().starts_with(told), "{error}");
    }
}

#[test]
fn a_wrong_configuration_names_the_key() {
    for (keys, named) in [
        ("", "url: it is missing"),
        ("url = 'localhost'", "url: it is no URL"),
        ("url = 'ftp://localhost'", "url: it must begin with https"),
        ("url = 'http://strongroom.example'\napi_key = 'k'", "allow_http"),
        ("url = 'http://127.0.0.1.example'\napi_key = 'k'", "allow_http"),
        ("url = 'https://canary:canary@host'\napi_key = 'k'", "must not hold credentials"),
        ("url = 'https://host?canary'\napi_key = 'k'", "neither a query"),
        ("url = 'https://host'", "api_key: it is missing"),
        ("url = 'https://host'\nusername = 'canary'", "password: it is missing"),
        ("url = 'https://host'\npassword = 'canary'", "username: it is missing"),
        ("url = 'https://host'\napi_key = 'canary'\ntoken = 'canary'", "one of them alone"),
        ("url = 'https://host'\napi_key = 'canary canary'", "one word"),
        ("url = 'https://host'\napi_key = 'k'\ntimeout_ms = 1", "timeout_ms"),
        ("url = 'https://host'\napi_key = 'k'\nca_file = '/nowhere.pem'", "ca_file"),
        ("url = 'https://host'\napi_key = 'k'\nca_file = '/etc/hostname'", "ca_file"),
        ("url = 'https://host'\nkey = 'canary'", "unknown key `key`"),
    ] {
        let text = refused(&format!("[store]\ntype = 'remote'\n{keys}"));
        assert!(text.contains(named) && !text.contains("canary"), "{keys}: {text}");
    }
}
