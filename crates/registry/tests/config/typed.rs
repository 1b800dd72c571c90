//! Typed keys from file and environment.

use crate::{
    refused,
    toy::{Auth, toy},
};
use secrecy::ExposeSecret;

#[test]
fn environment_beats_file_and_is_typed() {
    let text = "[store]\nregion='x'\ntimeout_s=1\nratio=1\n[store.tags]\nteam='a'";
    let toy = toy(
        text,
        &[
            ("STRONGROOM_STORE_TIMEOUT_S", "30"),
            ("STRONGROOM_STORE_ZONES", "a, b"),
            ("STRONGROOM_STORE_NUMBERS", "1,2"),
            ("STRONGROOM_STORE_FAST", "true"),
        ],
    )
    .unwrap();
    assert_eq!(
        (toy.region.as_str(), toy.timeout_s, toy.ratio, toy.fast),
        ("x", Some(30), Some(1.0), Some(true))
    );
    assert_eq!((toy.zones, toy.numbers), (vec!["a".to_owned(), "b".to_owned()], Some(vec![1, 2])));
    assert_eq!(toy.tags["team"], "a");
}

#[test]
fn everything_can_stand_in_the_file() {
    let text = "[store]\nregion='x'\nnumbers=[1,2]\nfast=false\nport=80\naddress='::1'\npeers=[{name='a'},{name='b'}]";
    let toy = toy(text, &[]).unwrap();
    assert_eq!((toy.numbers, toy.fast, toy.port), (Some(vec![1, 2]), Some(false), Some(80)));
    assert!(toy.address.unwrap().is_loopback());
    assert_eq!(toy.peers.unwrap().iter().map(|peer| peer.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_variable_may_name_a_file() {
    let toy = toy(
        "[store]\nregion='x'",
        &[("STRONGROOM_STORE_REGION_FILE", "/run/token"), ("STRONGROOM_STORE_TIMEOUT_S_FILE", "/run/number")],
    )
    .unwrap();
    assert_eq!((toy.region.as_str(), toy.timeout_s), ("hunter2", Some(30)));
}

#[test]
fn both_forms_of_a_variable_are_refused() {
    let env = [("STRONGROOM_STORE_REGION", "a"), ("STRONGROOM_STORE_REGION_FILE", "/run/token")];
    assert_eq!(
        refused(toy("", &env)),
        "both STRONGROOM_STORE_REGION and STRONGROOM_STORE_REGION_FILE are set; unset one of them"
    );
}

#[test]
fn a_file_that_cannot_be_read_names_the_variable() {
    let text = refused(toy("", &[("STRONGROOM_STORE_REGION_FILE", "/nowhere")]));
    assert!(text.starts_with("STRONGROOM_STORE_REGION_FILE: cannot read the file that it names"), "{text}");
}

#[test]
fn a_missing_key_says_how_to_set_it() {
    assert_eq!(
        refused(toy("[store]", &[])),
        "store: missing key `region`; set it in the file or as STRONGROOM_STORE_REGION"
    );
    let env = [("STRONGROOM_STORE_REGION", "x"), ("STRONGROOM_STORE_AUTH_APPROLE_ROLE_ID", "r")];
    assert_eq!(
        refused(toy("", &env)),
        "store.auth.approle: missing key `secret_id`; set it in the file or as \
         STRONGROOM_STORE_AUTH_APPROLE_SECRET_ID"
    );
}

#[test]
fn a_mistyped_key_is_named() {
    for (key, expected) in [
        ("timeout_s='x'", "store.timeout_s: expected a whole number from 0 to 4294967295"),
        ("timeout_s=-1", "store.timeout_s: expected a whole number from 0 to 4294967295"),
        ("port=65536", "store.port: expected a whole number from 0 to 65535"),
        ("fast='yes'", "store.fast: expected true or false"),
        ("zones='a'", "store.zones: expected a list"),
        ("numbers=[1,'x']", "store.numbers[1]: expected a whole number from 0 to 65535"),
        ("tags='x'", "store.tags: expected a table"),
        ("tags={team=1}", "store.tags.team: expected text, in quotes"),
        ("auth_mount=1", "store.auth_mount: expected text, in quotes"),
        ("auth=1", "store.auth: expected a table"),
        ("auth='tokne'", "store.auth: expected one of: token, approle, ambient"),
        (
            "auth={ambient={},token={token='t'}}",
            "store.auth: both `token` and `ambient` are set; keep one of them",
        ),
        ("peers=[{nam='x'}]", "store.peers[0]: unknown key `nam` (did you mean `name`?); known: name"),
        ("peers=[{}]", "store.peers[0]: missing key `name`; set it in the file"),
    ] {
        assert_eq!(refused(toy(&format!("[store]\nregion='x'\n{key}"), &[])), expected);
    }
}

#[test]
fn a_mistyped_variable_is_named() {
    for (name, value, expected) in [
        ("TIMEOUT_S", "x", "STRONGROOM_STORE_TIMEOUT_S: expected a whole number from 0 to 4294967295"),
        (
            "TIMEOUT_S_FILE",
            "/run/token",
            "STRONGROOM_STORE_TIMEOUT_S_FILE: expected a whole number from 0 to 4294967295",
        ),
        ("FAST", "yes", "STRONGROOM_STORE_FAST: expected true or false"),
        ("NUMBERS", "1,x", "STRONGROOM_STORE_NUMBERS: expected a whole number from 0 to 65535"),
        ("AUTH", "tokne", "STRONGROOM_STORE_AUTH: expected one of: token, approle, ambient"),
        ("PORT", "tcp://10.0.0.1:80", "STRONGROOM_STORE_PORT: expected a whole number from 0 to 65535"),
        (
            "TAGS_TEAM",
            "a",
            "STRONGROOM_STORE_TAGS_TEAM is set, but the entries of store.tags can be set in the file only",
        ),
    ] {
        let name = format!("STRONGROOM_STORE_{name}");
        assert_eq!(refused(toy("[store]\nregion='x'", &[(&name, value)])), expected);
    }
}

#[test]
fn nested_keys_from_the_environment_alone() {
    let env = [
        ("STRONGROOM_STORE_AUTH_APPROLE_ROLE_ID", "r"),
        ("STRONGROOM_STORE_AUTH_APPROLE_SECRET_ID_FILE", "/run/token"),
    ];
    let Some(Auth::Approle { role_id, secret_id }) = toy("[store]\nregion='x'", &env).unwrap().auth else {
        panic!("another variant")
    };
    assert_eq!((role_id.as_str(), secret_id.expose_secret()), ("r", "hunter2"));
}

#[test]
fn an_enum_in_each_of_its_forms() {
    let auth = |text: &str, env: &[(&str, &str)]| {
        toy(&format!("[store]\nregion='x'\n{text}"), env).map(|toy| toy.auth.expect("it is set"))
    };
    assert!(matches!(auth("auth='ambient'", &[]), Ok(Auth::Ambient)));
    assert!(matches!(auth("[store.auth.ambient]", &[]), Ok(Auth::Ambient)));
    assert!(matches!(auth("[store.auth.token]\ntoken='t'", &[]), Ok(Auth::Token { .. })));
    let ambient = [("STRONGROOM_STORE_AUTH", "ambient")];
    assert!(matches!(auth("[store.auth.token]\ntoken='t'", &ambient), Ok(Auth::Ambient)));
    let token = [("STRONGROOM_STORE_AUTH", "token"), ("STRONGROOM_STORE_AUTH_TOKEN_TOKEN", "t")];
    assert!(matches!(auth("", &token), Ok(Auth::Token { .. })));
    let Ok(Auth::Token { token }) = auth("[store.auth.token]\ntoken='t'", &token[1..]) else {
        panic!("another")
    };
    assert_eq!(token.expose_secret(), "t", "the variable wins over the file inside a variant too");
    let other = [("STRONGROOM_STORE_AUTH_TOKEN_TOKEN", "t")];
    assert_eq!(
        refused(auth("auth='ambient'", &other)),
        "store.auth: both `token` and `ambient` are set; keep one of them"
    );
    assert_eq!(
        refused(auth("[store.auth.ambient]\nx=1", &[])),
        "store.auth.ambient: unknown key `x`; it has no keys"
    );
}

#[test]
fn a_longer_key_is_not_a_nested_one() {
    let env = [("STRONGROOM_STORE_AUTH_MOUNT", "m"), ("STRONGROOM_STORE_CA_FILE", "/ca.pem")];
    let toy = toy("[store]\nregion='x'", &env).unwrap();
    assert!(toy.auth.is_none());
    assert_eq!((toy.auth_mount.as_deref(), toy.ca_file.as_deref()), (Some("m"), Some("/ca.pem")));
}
