//! No error and no `Debug` shows a value.

use crate::{
    config, refused,
    toy::{read, toy},
    vars,
};
use serde::{Deserialize, Deserializer, de};

#[test]
fn broken_toml_names_the_place_and_shows_nothing_of_the_text() {
    for (text, place) in [
        ("[store]\nregion='x'\ntoken = 'hunter2\n", "line 3, column "),
        ("[store]\ntoken = hunter2\n", "line 2, column 9"),
        ("[store]\nhunter2\n", "line 2, column "),
        ("hunter2=1\nhunter2=2", "line 2, column 1"),
        ("[store]\nhunter2=1\nhunter2.x=2", "line 3, column "),
        ("[hunter2]\n[hunter2]", "line 2, column "),
        ("ä='''\nhunter2", "line "),
        ("a={hunter2", "line 1, column "),
        ("a=\"\\hunter2\"", "line 1, column "),
        ("a=1979-hunter2", "line 1, column "),
    ] {
        let shown = refused(config(text, &[]));
        assert!(shown.starts_with(place) && shown.contains(": not TOML: "), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let native = "token = 'hunter2\n".parse::<toml::Table>().unwrap_err().to_string();
    assert!(native.contains("hunter2"), "the parser's own error shows the line, else this proves nothing");
}

#[test]
fn a_wrong_value_is_not_shown() {
    for key in ["timeout_s", "ratio", "fast", "zones", "numbers", "tags", "auth", "port", "address", "peers"]
    {
        let file = refused(toy(&format!("[store]\nregion='x'\n{key}='hunter2'"), &[]));
        assert!(file.starts_with(&format!("store.{key}: ")) && !file.contains("hunter2"), "{file}");
        if !matches!(key, "zones" | "tags" | "peers") {
            let name = format!("STRONGROOM_STORE_{}", key.to_uppercase());
            let env = refused(toy("[store]\nregion='x'", &[(&name, "hunter2")]));
            assert!(env.starts_with(&format!("{name}: ")) && !env.contains("hunter2"), "{env}");
        }
    }
    let kind = refused(config("[audit]\nreads='hunter2'", &[]).unwrap().audit());
    assert_eq!(kind, "audit.reads: expected one of: batched, sync");
}

#[test]
fn an_error_by_a_stranger_is_shown_unless_it_quotes_a_value() {
    #[derive(Debug)]
    struct Chatty;
    impl<'de> Deserialize<'de> for Chatty {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            Err(de::Error::custom(match text.as_str() {
                "quiet" => "only odd days".to_owned(),
                "debug\n" => format!("{text:?} is wrong"),
                long if long.len() > 20 => format!("stopped at {}", &long[5..18]),
                _ => format!("{text} is wrong"),
            }))
        }
    }
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "Open")]
    struct Whole {}
    #[derive(Deserialize)]
    struct Open {
        name: String,
    }
    impl TryFrom<Open> for Whole {
        type Error = String;
        fn try_from(open: Open) -> Result<Self, String> {
            Err(format!("the name {} is taken", open.name))
        }
    }
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Section {
        chatty: Option<Chatty>,
        whole: Option<Whole>,
    }
    let shown = |value: &str| {
        let env = refused(read::<Section>("", &[("STRONGROOM_STORE_CHATTY", value)]));
        let file = refused(read::<Section>(&format!("[store]\nchatty={value:?}"), &[]));
        assert_eq!(env.strip_prefix("STRONGROOM_STORE_CHATTY: "), file.strip_prefix("store.chatty: "));
        file
    };
    assert_eq!(shown("quiet"), "store.chatty: only odd days");
    for value in ["hunter2", "debug\n", "a-very-long-password-of-mine"] {
        assert_eq!(shown(value), "store.chatty: not a valid value (why is not shown: it quotes the value)");
    }
    assert_eq!(
        refused(read::<Section>("[store]\nwhole={name='hunter2'}", &[])),
        "store.whole: not a valid value (why is not shown: it quotes the value)"
    );
}

#[test]
fn debug_shows_names_only() {
    let env = [("STRONGROOM_DATABASE_URL", "hunter2"), ("STRONGROOM_STORE_REGION", "hunter2")];
    let text = "[store]\ntype='toy'\nca_file='hunter2'\n[database]\nmax_connections=1";
    let config = config(text, &env).unwrap();
    let stores = config.stores().unwrap();
    let database = config.database().unwrap();
    let shown = format!("{config:?} {stores:?} {database:?} {:?}", vars(&env));
    assert!(shown.contains("ca_file") && shown.contains("STRONGROOM_DATABASE_URL"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
