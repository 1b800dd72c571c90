//! The formats against what another implementation made from their description.

use secrecy::ExposeSecret;
use serde_json::Value;
use std::collections::BTreeMap;
use strongroom_core::{ErrorKind, NamespaceId, SecretValues};
use strongroom_engine::crypto::{
    DataKey, KeyId, KeyKind, Purpose, RootKey, digest_values, encode_values, mac, mac_concat, open,
    open_values, sealed_by, unwrap,
};
use uuid::Uuid;

fn sealed_file() -> Value {
    serde_json::from_str(include_str!("vectors/sealed.json")).unwrap()
}

fn keys_file() -> Value {
    serde_json::from_str(include_str!("vectors/keys.json")).unwrap()
}

fn key(bytes: &Value) -> DataKey {
    DataKey::from_bytes(&hex(bytes).try_into().unwrap())
}

fn key_id(bytes: &Value) -> KeyId {
    KeyId(Uuid::from_slice(&hex(bytes)).unwrap())
}

fn plain(values: &SecretValues) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| (key.to_owned(), value.expose_secret().to_owned())).collect()
}

fn from_json(pairs: &Value) -> SecretValues {
    pairs.as_object().unwrap().iter().map(|(k, v)| (k.as_str(), v.as_str().unwrap())).collect()
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn opens_what_another_implementation_sealed() {
    let file = sealed_file();
    let mut opened_values = 0;
    for case in file["cases"].as_array().unwrap() {
        let key_id = key_id(&case["key_id"]);
        let key = key(&case["key"]);
        let purpose = match case["purpose"].as_u64().unwrap() {
            1 => Purpose::Value,
            2 => Purpose::KeyWrap,
            _ => Purpose::Metadata,
        };
        let (binding, sealed) = (hex(&case["binding"]), hex(&case["sealed"]));
        assert_eq!(sealed_by(&sealed).unwrap(), key_id, "{}", case["name"]);
        let text = open(key_id, &key, purpose, &binding, &sealed).unwrap();
        assert_eq!(text.as_slice(), hex(&case["plaintext"]), "{}", case["name"]);
        if case["values"].is_object() {
            let opened = open_values(key_id, &key, &binding, &sealed).unwrap();
            assert_eq!(plain(&opened), plain(&from_json(&case["values"])));
            opened_values += 1;
        }
    }
    assert!(opened_values > 0);
}

#[test]
fn unwraps_what_another_implementation_wrapped() {
    let (sealed, keys) = (sealed_file(), keys_file());
    let cases = sealed["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["purpose"] == 2).unwrap();
    let root = RootKey::parse(keys["root"]["text"].as_str().unwrap()).unwrap();
    let (bound, wrapped) = (hex(&case["binding"]), hex(&case["sealed"]));
    let namespace = NamespaceId(Uuid::from_slice(&bound[..16]).unwrap());
    let key_id = KeyId(Uuid::from_slice(&bound[20..36]).unwrap());
    let unwrapped = unwrap(&root, namespace, KeyKind::Seal, key_id, &wrapped).unwrap();
    let expected = key(&case["plaintext"]);
    assert_eq!(mac(&unwrapped, "same?", &[]), mac(&expected, "same?", &[]));
}

#[test]
fn encodings_digests_and_macs_are_the_recorded_ones() {
    let file = keys_file();
    let key = key(&file["digest_key"]);
    let key_id = key_id(&file["digest_key_id"]);
    for case in file["encodings"].as_array().unwrap() {
        let values = from_json(&case["values"]);
        assert_eq!(encode_values(&values).unwrap().as_slice(), hex(&case["bytes"]), "{}", case["name"]);
        let digest = digest_values(key_id, &key, &hex(&file["binding"]), &values).unwrap();
        assert_eq!(digest.as_bytes().as_slice(), hex(&case["digest"]), "{}", case["name"]);
    }
    for case in file["macs"].as_array().unwrap() {
        let parts: Vec<Vec<u8>> = case["parts"].as_array().unwrap().iter().map(hex).collect();
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let domain = case["domain"].as_str().unwrap();
        assert_eq!(mac(&key, domain, &parts).as_slice(), hex(&case["mac"]));
        let all = [&[domain.as_bytes()], parts.as_slice()].concat();
        assert_eq!(mac_concat(&key, &all).as_slice(), hex(&case["concat"]));
    }
}

#[test]
fn what_is_consistent_but_not_the_format_is_refused() {
    let file = sealed_file();
    let opened = |sealed: &Value| {
        open_values(key_id(&file["key_id"]), &key(&file["key"]), &hex(&file["binding"]), &hex(sealed))
    };
    // Shows that the others are refused for what is wrong with them, not for a slip in how they were made.
    assert_eq!(plain(&opened(&file["genuine"]).unwrap())["a"], "1");
    let cases = file["refused"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let expected = match case["error"].as_str().unwrap() {
            "Corrupt" => ErrorKind::Corrupt,
            _ => ErrorKind::Unsupported,
        };
        assert_eq!(opened(&case["sealed"]).unwrap_err().kind(), expected, "{}", case["why"]);
    }
}

#[test]
fn a_wrap_of_anything_but_a_key_is_refused() {
    let (file, keys) = (sealed_file(), keys_file());
    let root = RootKey::parse(keys["root"]["text"].as_str().unwrap()).unwrap();
    let namespace = NamespaceId(Uuid::from_slice(&hex(&file["binding"])[..16]).unwrap());
    let cases = file["refused_wraps"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let error = unwrap(&root, namespace, KeyKind::Seal, key_id(&file["key_id"]), &hex(&case["sealed"]))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{}", case["why"]);
        assert!(error.message().contains("wrong length"), "{}: {error}", case["why"]);
    }
}
