//! Whatever is not known is refused, and what Kubernetes injects is not.

use crate::{
    config, refused,
    toy::{read, toy},
    vars,
};
use serde::Deserialize;
use strongroom::{Config, ErrorKind};

const KNOWN: &str = "known: type, seal, cache_bytes, cache_max_age_s, call_timeout_ms, call_attempts, target, region, \
                     timeout_s, ratio, fast, tags, zones, numbers, auth, auth_mount, ca_file, port, address, peers";

#[test]
fn a_key_in_the_file() {
    assert_eq!(
        refused(toy("[store]\nregoin='x'", &[])),
        format!("store: unknown key `regoin` (did you mean `region`?); {KNOWN}")
    );
    assert_eq!(refused(toy("[store]\nzzz='x'", &[])), format!("store: unknown key `zzz`; {KNOWN}"));
    // The beginning of a key.
    assert_eq!(
        refused(toy("[store]\ntimeout='x'", &[])),
        format!("store: unknown key `timeout` (did you mean `timeout_s`?); {KNOWN}")
    );
    assert_eq!(
        refused(toy("[store]\ncache_max='x'", &[])),
        format!("store: unknown key `cache_max` (did you mean `cache_max_age_s`?); {KNOWN}")
    );
    assert_eq!(
        refused(toy("[store]\nregion='x'\n[store.auth.tokne]\ntoken='t'", &[])),
        "store.auth: unknown key `tokne` (did you mean `token`?); known: token, approle, ambient"
    );
}

#[test]
fn a_variable_of_a_section() {
    assert_eq!(
        refused(toy("[store]\nregion='x'", &[("STRONGROOM_STORE_REGOIN", "y")])),
        format!(
            "STRONGROOM_STORE_REGOIN is set, but [store] has no such key (did you mean STRONGROOM_STORE_REGION?); \
             {KNOWN}"
        )
    );
}

#[test]
fn a_variable_that_goes_on_behind_a_key() {
    let text = refused(toy("[store]\nregion='x'", &[("STRONGROOM_STORE_REGION_NAME", "y")]));
    assert_eq!(text, format!("STRONGROOM_STORE_REGION_NAME is set, but [store] has no such key; {KNOWN}"));
}

#[test]
fn a_section() {
    let known = "known: [server], [database], [keys], [audit], [engine], [store], [stores.NAME]";
    assert_eq!(
        refused(config("[databse]\nurl='x'", &[])),
        format!("unknown section `databse` (did you mean [database]?); {known}")
    );
    assert_eq!(refused(config("type='sql'", &[])), format!("unknown section `type`; {known}"));
    assert_eq!(
        refused(config("database='x'", &[])),
        "database: expected a table; write it as a section [database]"
    );
}

#[test]
fn a_variable_of_no_section() {
    let text = refused(config("", &[("STRONGROOM_DATBASE_URL", "x")]));
    assert!(text.starts_with("STRONGROOM_DATBASE_URL is set, but is none of ours"), "{text}");
    assert!(text.contains("sections: server, database, keys, audit, engine, store, stores"), "{text}");
    let text = refused(config("", &[("STRONGROOM_ROOTKEY", "x")]));
    assert!(text.contains("(did you mean STRONGROOM_ROOT_KEY?)"), "{text}");
    let text = refused(config("", &[("STRONGROOM_CONFIG_FILE", "/run/token")]));
    let told = "STRONGROOM_CONFIG_FILE is set, but is none of ours (did you mean STRONGROOM_CONFIG?)";
    assert!(text.starts_with(told), "{text}");
    for unknown in ["STRONGROOM_", "STRONGROOM_DATABASE", "STRONGROOM_CONFIG_FILE", "STRONGROOM_ROOT_KEYS"] {
        assert!(refused(config("", &[(unknown, "x")])).starts_with(unknown));
    }
}

/// As whoever works on a server needs it, where the configuration is not read.
#[test]
fn the_names_of_variables_are_checked_without_their_values() {
    for (unknown, near) in [
        ("STRONGROOM_SEVER", "STRONGROOM_SERVER"),
        ("STRONGROOM_DATABASE_ULR", "STRONGROOM_DATABASE_URL"),
        ("STRONGROOM_KEYS_FIEL", "STRONGROOM_KEYS_FILE"),
    ] {
        let text = refused(Config::check_variables(&vars(&[(unknown, "hunter2")])));
        assert!(text.starts_with(&format!("{unknown} is set, but")), "{text}");
        assert!(text.contains(&format!("(did you mean {near}?)")) && !text.contains("hunter2"), "{text}");
    }
    // The same keys as in the section itself.
    let unknown = [("STRONGROOM_DATABASE_X", "")];
    let text = refused(Config::check_variables(&vars(&unknown)));
    assert_eq!(text, refused(config("", &unknown).unwrap().database()));
    let env = [
        ("STRONGROOM_DATABASE_URL_FILE", "/nowhere"),
        ("STRONGROOM_DATABASE_MAX_CONNECTIONS", "many"),
        ("STRONGROOM_DATABASE_NAMESPACE", "none"),
        ("STRONGROOM_KEYS_FILE", "/nowhere"),
        ("STRONGROOM_STORE_TYPE", "nothing"),
    ];
    Config::check_variables(&vars(&env)).unwrap();
}

#[test]
fn the_listed_exceptions_and_other_programs_variables_are_not_refused() {
    let env = [
        ("STRONGROOM_ROOT_KEY", "x"),
        ("STRONGROOM_ADMIN_PASSWORD_FILE", "x"),
        ("STRONGROOM_CONFIG", "x"),
        ("STRONGROOM_SERVER", "x"),
        ("STRONGROOM_API_KEY", "x"),
        ("PATH", "x"),
        ("STRONGROOMS", "x"),
    ];
    config("", &env).unwrap().check().unwrap();
}

/// What the kubelet sets for a service called `name`.
fn injected(name: &str) -> Vec<(String, String)> {
    ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP", "PORT_80_TCP_ADDR"]
        .map(|rest| (format!("{name}_{rest}"), "tcp://10.0.0.1:80".to_owned()))
        .to_vec()
}

#[test]
fn what_kubernetes_injects_is_ignored() {
    for name in
        ["STRONGROOM", "STRONGROOM_DATABASE", "STRONGROOM_STORE", "STRONGROOM_STORES_EAST", "STRONGROOM_KEYS"]
    {
        let env = injected(name);
        let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let config = config("[store]\ntype='sql'", &env).unwrap();
        config.check().unwrap();
        assert_eq!(config.stores().unwrap().len(), 1, "a service makes no store");
        let settings = config.stores().unwrap().remove("default").unwrap().settings;
        #[derive(Deserialize)]
        struct Empty {}
        let Empty {} = settings.parse().unwrap();
    }
}

#[test]
fn what_kubernetes_injects_is_nothing_that_is_said_about_the_store() {
    let env = injected("STRONGROOM_STORE");
    let mut env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(!config("", &env).unwrap().has_store_settings().unwrap());
    assert!(config("[store]\ntype='sql'", &env).unwrap().has_store_settings().unwrap());
    env.push(("STRONGROOM_STORE_TYPE", "sql"));
    assert!(config("", &env).unwrap().has_store_settings().unwrap());
}

#[test]
fn what_only_resembles_it_is_not_ignored() {
    for name in ["PORT_X", "PORTS", "SERVICE_HOSTS", "SERVICE", "PORT_80"] {
        let name = format!("STRONGROOM_DATABASE_{name}");
        let config = config("", &[(&name, "x")]).unwrap();
        assert!(refused(config.database()).starts_with(&name), "{name}");
    }
}

#[test]
fn a_key_that_looks_like_an_injected_variable_is_a_key() {
    let env = [("STRONGROOM_STORE_PORT", "81"), ("STRONGROOM_STORE_PORT_80_TCP_ADDR", "10.0.0.1")];
    assert_eq!(toy("[store]\nregion='x'\nport=80", &env).unwrap().port, Some(81));
    assert_eq!(toy("[store]\nregion='x'\nport=80", &env[1..]).unwrap().port, Some(80));
    assert_eq!(toy("[store]\nregion='x'", &env[1..]).unwrap().port, None);

    #[derive(Deserialize)]
    struct Odd {
        at_port_80_tcp: Option<u16>,
        service_host: Option<String>,
    }
    let env = [("STRONGROOM_STORE_AT_PORT_80_TCP", "1"), ("STRONGROOM_STORE_SERVICE_HOST", "h")];
    let odd: Odd = read("", &env).unwrap();
    assert_eq!((odd.at_port_80_tcp, odd.service_host.as_deref()), (Some(1), Some("h")));
}

/// Behind such types a typo could not be told from a key.
#[test]
fn types_that_would_swallow_typos_are_refused() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "method", rename_all = "snake_case")]
    enum Tagged {
        #[allow(dead_code)]
        Approle { role_id: Option<String> },
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Inner {
        region: Option<String>,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Flat {
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    #[serde(untagged)]
    enum Untagged {
        One(Inner),
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Outer {
        tagged: Option<Tagged>,
        flat: Option<Flat>,
        untagged: Option<Untagged>,
        list: Option<Vec<Tagged>>,
    }
    #[track_caller]
    fn defect<T: serde::de::DeserializeOwned>(text: &str, env: &[(&str, &str)], at: &str) {
        let e = read::<T>(text, env).err().expect("it must be refused");
        assert_eq!(e.kind(), ErrorKind::Unexpected);
        assert!(e.to_string().starts_with(&format!("{at}: the configuration type uses flatten")), "{e}");
    }
    defect::<Tagged>("[store]\nmethod='approle'\nroel_id='r'", &[], "store");
    defect::<Flat>("[store]\nregoin='r'", &[], "store");
    defect::<Untagged>("[store]\nregoin='r'", &[], "store");
    defect::<Outer>("[store]\ntagged={method='approle',roel_id='r'}", &[], "store.tagged");
    defect::<Outer>("[store]\nlist=[{method='approle',roel_id='r'}]", &[], "store.list[0]");
    defect::<Outer>("[store]\nflat={regoin='r'}", &[], "store.flat");
    defect::<Outer>("[store]\nuntagged={regoin='r'}", &[], "store.untagged");
    defect::<Outer>("", &[("STRONGROOM_STORE_TAGGED_METHOD", "approle")], "store.tagged");
    defect::<Outer>("", &[("STRONGROOM_STORE_FLAT_REGION", "r")], "store.flat");
}

#[test]
fn plain_values_may_be_untagged() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Size {
        Bytes(u64),
        Text(String),
    }
    #[derive(Deserialize)]
    struct Sized {
        size: Size,
    }
    assert_eq!(read::<Sized>("[store]\nsize=1", &[]).unwrap().size, Size::Bytes(1));
    let env = [("STRONGROOM_STORE_SIZE", "1k")];
    assert_eq!(read::<Sized>("", &env).unwrap().size, Size::Text("1k".to_owned()));
}

#[test]
fn a_service_that_is_called_like_a_key_sets_nothing() {
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "kebab-case")]
    enum Word {
        OnlyThis,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Table {
        port: u16,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Keys {
        word: Option<Word>,
        text: Option<String>,
        table: Option<Table>,
    }
    let env: Vec<_> = ["WORD", "TEXT", "TABLE"]
        .iter()
        .flat_map(|key| injected(&format!("STRONGROOM_STORE_{key}")))
        .collect();
    let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(read::<Keys>("", &env).unwrap(), Keys { word: None, text: None, table: None });
    // For a service there would be more than that.
    let lone = read::<Keys>("", &[("STRONGROOM_STORE_TABLE_PORT", "81")]).unwrap();
    assert_eq!(lone.table, Some(Table { port: 81 }));
}
