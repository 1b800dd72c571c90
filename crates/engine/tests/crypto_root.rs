//! The text of a root key, and what it wraps.

use secrecy::ExposeSecret;
use serde_json::Value;
use strongroom_core::{ErrorKind, NamespaceId};
use strongroom_engine::crypto::{DataKey, KeyId, KeyKind, RootKey, mac, unwrap, wrap};
use uuid::Uuid;

fn file() -> Value {
    serde_json::from_str(include_str!("vectors/keys.json")).unwrap()
}

fn line() -> String {
    file()["root"]["text"].as_str().unwrap().to_owned()
}

fn namespace(n: u128) -> NamespaceId {
    NamespaceId(Uuid::from_u128(n))
}

fn id(n: u128) -> KeyId {
    KeyId(Uuid::from_u128(n))
}

/// Keys cannot be compared; what they make can.
fn same(a: &DataKey, b: &DataKey) -> bool {
    mac(a, "same?", &[]) == mac(b, "same?", &[])
}

#[test]
fn the_recorded_line_is_read_and_written() {
    let root = RootKey::parse(&line()).unwrap();
    assert_eq!(root.id().to_string(), file()["root"]["id"].as_str().unwrap());
    assert_eq!(root.to_text().expose_secret(), line());
}

#[test]
fn a_new_key_comes_back_from_its_line() {
    let (root, other) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
    assert_ne!(root.id(), other.id());
    let read = RootKey::parse(root.to_text().expose_secret()).unwrap();
    let key = DataKey::generate().unwrap();
    let wrapped = wrap(&root, namespace(1), KeyKind::Seal, id(1), &key).unwrap();
    assert!(same(&unwrap(&read, namespace(1), KeyKind::Seal, id(1), &wrapped).unwrap(), &key));
}

#[test]
fn a_newline_at_the_end_of_the_file_is_ignored() {
    for around in [format!("{}\n", line()), format!("{}\r\n", line()), format!("  {}\n\n", line())] {
        RootKey::parse(&around).unwrap();
    }
    for inside in [format!("{0}\n{0}", line()), line().replace(":v1:", ":v1: "), format!("# key\n{}", line())]
    {
        assert_eq!(RootKey::parse(&inside).unwrap_err().kind(), ErrorKind::ConfigInvalid);
    }
}

#[test]
fn what_is_no_root_key_is_told_apart() {
    let file = file();
    for case in file["refused"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let error = RootKey::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{}", case["why"]);
        assert!(error.message().starts_with("root key: "), "{error}");
        assert!(error.to_string().contains(case["error"].as_str().unwrap()), "{}: {error}", case["why"]);
    }
}

#[test]
fn every_typo_is_refused() {
    let line = line();
    for at in 0..line.len() {
        for typo in ['0', 'a', 'Z', ':', ' ', 'é'] {
            let mut typed = line.clone();
            typed.replace_range(at..=at, &typo.to_string());
            if typed != line && typed.trim() != line {
                let error = RootKey::parse(&typed).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{at} {typo}");
            }
        }
    }
    let mistyped = line.replace("3t8=", "3t9=");
    assert_ne!(mistyped, line);
    assert!(RootKey::parse(&mistyped).unwrap_err().to_string().contains("checksum"));
}

#[test]
fn cut_off_swapped_or_doubled_characters_are_refused() {
    let line = line();
    for end in 0..line.len() {
        assert!(RootKey::parse(&line[..end]).is_err(), "{end} characters");
    }
    for at in 0..line.len() - 1 {
        let doubled = format!("{}{}", &line[..=at], &line[at..]);
        assert!(RootKey::parse(&doubled).is_err(), "doubled {at}");
        let swapped = [&line[..at], &line[at + 1..at + 2], &line[at..=at], &line[at + 2..]].concat();
        assert_eq!(RootKey::parse(&swapped).is_ok(), swapped == line, "swapped {at}");
    }
}

#[test]
fn errors_quote_nothing_of_the_key() {
    let line = line();
    let encoded = line.split(':').nth(3).unwrap();
    let cases = [
        line.replace(encoded, &encoded[..40]),
        line.replace("v1", "v7"),
        line[20..].to_owned(),
        format!("{line}:{encoded}"),
        format!("{}0", &line[..line.len() - 1]),
    ];
    for text in cases {
        let error = RootKey::parse(&text).unwrap_err();
        let shown = format!("{error} {error:?}");
        for at in 0..encoded.len() - 6 {
            assert!(!shown.contains(&encoded[at..at + 6]), "{shown}");
        }
    }
}

#[test]
fn a_wrap_opens_as_what_it_was_made_for_alone() {
    let (root, key) = (RootKey::generate().unwrap(), DataKey::generate().unwrap());
    let wrapped = wrap(&root, namespace(1), KeyKind::Token, id(1), &key).unwrap();
    assert!(same(&unwrap(&root, namespace(1), KeyKind::Token, id(1), &wrapped).unwrap(), &key));
    for (namespace, kind, id) in [
        (namespace(2), KeyKind::Token, id(1)),
        (namespace(1), KeyKind::Seal, id(1)),
        (namespace(1), KeyKind::Token, id(2)),
    ] {
        assert_eq!(unwrap(&root, namespace, kind, id, &wrapped).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn another_root_key_is_refused_with_both_ids() {
    let (root, other) = (RootKey::generate().unwrap(), RootKey::generate().unwrap());
    let wrapped = wrap(&root, namespace(1), KeyKind::Seal, id(1), &DataKey::generate().unwrap()).unwrap();
    let error = unwrap(&other, namespace(1), KeyKind::Seal, id(1), &wrapped).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert!(text.contains(&root.id().to_string()) && text.contains(&other.id().to_string()), "{text}");
}

#[test]
fn every_flipped_bit_of_a_wrap_is_refused() {
    let (root, key) = (RootKey::generate().unwrap(), DataKey::generate().unwrap());
    let mut wrapped = wrap(&root, namespace(1), KeyKind::Seal, id(1), &key).unwrap();
    for bit in 0..wrapped.len() * 8 {
        wrapped[bit / 8] ^= 1 << (bit % 8);
        assert!(unwrap(&root, namespace(1), KeyKind::Seal, id(1), &wrapped).is_err(), "bit {bit}");
        wrapped[bit / 8] ^= 1 << (bit % 8);
    }
}
