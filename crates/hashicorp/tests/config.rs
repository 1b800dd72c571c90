//! What is configured wrongly is refused when the store is opened, without a call and without showing a value.

mod common;

use common::open;
use futures::executor::block_on;
use strongroom_core::{ErrorKind, NamespaceId, Result};
use uuid::Uuid;

/// What no error may show.
const CANARY: &str = "canary-81c3";

fn opened(keys: &[(&'static str, &str)]) -> Result<String> {
    let section: Vec<_> = keys.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    block_on(open(&section, NamespaceId(Uuid::nil()))).map(|backend| backend.info().endpoint.clone())
}

/// The text of the error.
fn refused(keys: &[(&'static str, &str)]) -> String {
    let error = opened(keys).expect_err("it was not refused");
    assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
    let text = format!("{error:?}");
    assert!(!text.contains(CANARY), "{text}");
    error.to_string()
}

#[test]
fn the_place_is_named_without_credentials() {
    let endpoint = opened(&[("address", "https://vault.example.com:8200/"), ("token", CANARY)]).unwrap();
    assert_eq!(endpoint, "https://vault.example.com:8200/secret/strongroom");
    let endpoint = opened(&[
        ("address", "https://vault.example.com/proxied"),
        ("token", CANARY),
        ("mount", "/team/kv/"),
        ("prefix", "a/b"),
        ("vault_namespace", "org/team"),
    ]);
    assert_eq!(endpoint.unwrap(), "https://vault.example.com/proxied/org/team/team/kv/a/b");
}

#[test]
fn addresses() {
    for address in ["http://127.0.0.1:8200", "http://localhost", "http://[::1]:8200", "https://10.0.0.1"] {
        assert!(opened(&[("address", address), ("token", CANARY)]).is_ok(), "{address}");
    }
    assert!(opened(&[("address", "http://10.0.0.1"), ("allow_http", "true"), ("token", CANARY)]).is_ok());
    for (address, word) in [
        ("http://vault.example.com", "allow_http"),
        ("http://127.0.0.1.example.com", "allow_http"),
        ("vault.example.com:8200", "https"),
        ("ftp://vault.example.com", "https"),
        ("https://ann:canary-81c3@vault.example.com", "credentials"),
        ("https://vault.example.com/?a=b", "address"),
        ("https://vault.example.com:8200/v1", "/v1"),
        ("https://vault.example.com/proxied/v1/", "/v1"),
        ("", "address"),
    ] {
        let text = refused(&[("address", address), ("token", CANARY)]);
        assert!(text.starts_with("store.address:") && text.contains(word), "{address}: {text}");
    }
}

#[test]
fn paths_cannot_leave_their_place() {
    for bad in ["..", "a/../b", "a//b", "a b", "a?b", "a%2f", "", "ä"] {
        for key in ["mount", "prefix", "vault_namespace"] {
            let text = refused(&[("address", "https://v"), ("token", CANARY), (key, bad)]);
            assert!(text.starts_with(&format!("store.{key}:")), "{text}");
        }
    }
}

#[test]
fn each_login_needs_its_keys_and_takes_no_others() {
    for (keys, needs) in [
        (&[][..], "token: auth = token needs it"),
        (&[("auth", "approle"), ("secret_id", CANARY)], "role_id: auth = approle needs it"),
        (&[("auth", "kubernetes")], "role: auth = kubernetes needs it"),
        (&[("auth", "jwt"), ("role", "x")], "jwt: auth = jwt needs it"),
        (&[("auth", "userpass"), ("username", "ann")], "password: auth = userpass needs it"),
        (&[("auth", "cert")], "cert_path: auth = \"cert\" needs it"),
        (&[("auth", "aws"), ("aws_access_key_id", "x")], "aws_secret_access_key: auth = aws needs it"),
        (&[("token", CANARY), ("role_id", "x")], "role_id: it is for auth = approle, and auth is token"),
        (&[("auth", "approle"), ("token", CANARY)], "token: it is for auth = token, and auth is approle"),
        (&[("token", CANARY), ("aws_header_value", "v")], "aws_header_value: it is for auth = aws, and auth"),
        (&[("token", CANARY), ("aws_region", "eu-west-1")], "aws_region: it is for auth = aws, and auth"),
        (&[("token", CANARY), ("token_path", "/x")], "token: give it or a path to it, not both"),
        (&[("token_path", "x")], "store.token_path: give an absolute path"),
        (
            &[("auth", "approle"), ("role_id", "x"), ("secret_id_path", "x")],
            "store.secret_id_path: give an absolute path",
        ),
        (
            &[("auth", "kubernetes"), ("role", "x"), ("jwt_path", "x")],
            "store.jwt_path: give an absolute path",
        ),
        (&[("token", "canary-81c3 ")], "store.token: it is empty, or has spaces"),
        (&[("token", "")], "store.token: it is empty"),
        (
            &[("auth", "approle"), ("role_id", "x"), ("secret_id", "canary-81c3\n2")],
            "store.secret_id: it is empty, or has spaces",
        ),
        (&[("auth", "jwt"), ("jwt", "canary 81c3")], "store.jwt: it is empty, or has spaces"),
        (&[("token", CANARY), ("cert_path", "/x")], "key_path:"),
        (&[("token", CANARY), ("ca_path", "/nowhere/ca.pem")], "ca_path: the file cannot be read"),
        (&[("auth", "userpass"), ("username", "a/../b"), ("password", CANARY)], "username:"),
        (&[("auth", "ldap")], "auth"),
        (&[("tokn", CANARY)], "unknown key `tokn`"),
    ] {
        let keys: Vec<_> = [("address", "https://v")].into_iter().chain(keys.iter().copied()).collect();
        let text = refused(&keys);
        assert!(text.contains(needs), "{keys:?}: {text}");
    }
}

#[test]
fn nothing_is_said_of_what_a_file_holds() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    std::fs::write(&path, CANARY).unwrap();
    let text = refused(&[("address", "https://v"), ("token", CANARY), ("ca_path", path.to_str().unwrap())]);
    assert!(text.starts_with("store.ca_path:"), "{text}");
}
