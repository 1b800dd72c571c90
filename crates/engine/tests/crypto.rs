//! Sealing, digests and keys, through the public interface alone.

use proptest::{collection::btree_map, prelude::*};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use strongroom_core::{ErrorKind, NamespaceId, SecretId, SecretValues, VersionUid};
use strongroom_engine::crypto::{
    DataKey, Digest, KeyId, KeyKind, OVERHEAD, Purpose, RootId, RootKey, decode_padded, decode_values,
    digest_values, encode_values, equal, mac, open, open_values, pad, seal, seal_values, sealed_by,
    value_binding, verify_values,
};
use uuid::Uuid;
use zeroize::Zeroizing;

const KEY: [u8; 32] = [0x5a; 32];
const VALUE: &str = "canary-of-a-value";

fn key() -> DataKey {
    DataKey::from_bytes(&KEY)
}

fn id(n: u128) -> KeyId {
    KeyId(Uuid::from_u128(n))
}

fn namespace(n: u128) -> NamespaceId {
    NamespaceId(Uuid::from_u128(n))
}

fn binding(namespace_: u128, secret: u128, uid: u128) -> [u8; 48] {
    value_binding(namespace(namespace_), SecretId(Uuid::from_u128(secret)), VersionUid(Uuid::from_u128(uid)))
}

fn values<const N: usize>(pairs: [(&str, &str); N]) -> SecretValues {
    pairs.into_iter().collect()
}

fn plain(values: &SecretValues) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| (key.to_owned(), value.expose_secret().to_owned())).collect()
}

proptest! {
    #[test]
    fn values_come_back_as_they_were(pairs in btree_map(any::<String>(), any::<String>(), 0..8)) {
        let values: SecretValues = pairs.clone().into_iter().collect();
        let binding = binding(1, 2, 3);
        let sealed = seal_values(id(1), &key(), &binding, &values).unwrap();
        prop_assert_eq!(plain(&open_values(id(1), &key(), &binding, &sealed).unwrap()), pairs.clone());
        prop_assert_eq!((sealed.len() - OVERHEAD) % 64, 0);
        prop_assert_eq!(plain(&decode_values(&encode_values(&values).unwrap()).unwrap()), pairs);
    }

    #[test]
    fn whatever_decodes_is_canonical(
        pairs in btree_map("[ab]{0,2}", "[cd]{0,3}", 0..4),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encode_values(&pairs.into_iter().collect()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(values) = decode_values(&bytes) {
            let again = encode_values(&values).unwrap();
            prop_assert_eq!(again.as_slice(), bytes.as_slice());
        }
    }

    #[test]
    fn garbage_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(open_values(id(1), &key(), &binding(1, 2, 3), &bytes).is_err());
        prop_assert!(decode_padded(&bytes).is_err());
        prop_assert!(RootKey::parse(&String::from_utf8_lossy(&bytes)).is_err());
    }
}

#[test]
fn sixty_four_kibibytes_come_back() {
    let large = "ü".repeat(32 * 1024);
    let values = values([("large", large.as_str())]);
    let sealed = seal_values(id(1), &key(), &binding(1, 2, 3), &values).unwrap();
    let opened = open_values(id(1), &key(), &binding(1, 2, 3), &sealed).unwrap();
    assert_eq!(plain(&opened), plain(&values));
}

#[test]
fn every_flipped_bit_is_refused() {
    let binding = binding(1, 2, 3);
    let mut sealed = seal_values(id(1), &key(), &binding, &values([("a", VALUE)])).unwrap();
    for bit in 0..sealed.len() * 8 {
        sealed[bit / 8] ^= 1 << (bit % 8);
        let error = open_values(id(1), &key(), &binding, &sealed).unwrap_err();
        // Magic, suite and flags, an unknown purpose, and another key's id; one flip of the purpose makes a known one.
        let known = match bit / 8 {
            5 => sealed[5] == 3,
            byte => byte >= 24,
        };
        let expected = if known { ErrorKind::Corrupt } else { ErrorKind::Unsupported };
        assert_eq!(error.kind(), expected, "bit {bit}");
        assert!(!format!("{error} {error:?}").contains(VALUE));
        sealed[bit / 8] ^= 1 << (bit % 8);
    }
    open_values(id(1), &key(), &binding, &sealed).unwrap();
}

#[test]
fn every_shortening_and_any_addition_is_refused() {
    let binding = binding(1, 2, 3);
    let mut sealed = seal_values(id(1), &key(), &binding, &values([("a", VALUE)])).unwrap();
    for length in 0..sealed.len() {
        let error = open_values(id(1), &key(), &binding, &sealed[..length]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{length} bytes");
        let header_says = sealed_by(&sealed[..length]);
        assert_eq!(header_says.is_ok(), length >= OVERHEAD, "{length} bytes");
    }
    sealed.push(0);
    assert_eq!(open_values(id(1), &key(), &binding, &sealed).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn opens_under_its_own_binding_key_and_purpose_alone() {
    let text = seal(id(1), &key(), Purpose::Value, &binding(1, 2, 3), b"text").unwrap();
    let refused = |id, key: &DataKey, purpose, binding: &[u8]| {
        open(id, key, purpose, binding, &text).unwrap_err().kind()
    };
    for other in [binding(9, 2, 3), binding(1, 9, 3), binding(1, 2, 9), binding(2, 1, 3)] {
        assert_eq!(refused(id(1), &key(), Purpose::Value, &other), ErrorKind::Corrupt);
    }
    assert_eq!(refused(id(1), &key(), Purpose::Value, b""), ErrorKind::Corrupt);
    assert_eq!(refused(id(1), &key(), Purpose::Metadata, &binding(1, 2, 3)), ErrorKind::Corrupt);
    let other = DataKey::generate().unwrap();
    assert_eq!(refused(id(1), &other, Purpose::Value, &binding(1, 2, 3)), ErrorKind::Corrupt);

    let error = open(id(2), &key(), Purpose::Value, &binding(1, 2, 3), &text).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert!(text.contains(&id(1).to_string()) && text.contains(&id(2).to_string()), "{text}");
}

#[test]
fn padding_hides_the_length_within_64_bytes() {
    let sealed = |length: usize| {
        let value = "x".repeat(length);
        seal_values(id(1), &key(), &binding(1, 2, 3), &values([("k", &value)])).unwrap().len()
    };
    // A count, two lengths and the key are 13 bytes.
    assert!((0..=51).all(|length| sealed(length) == OVERHEAD + 64));
    assert!((52..=115).all(|length| sealed(length) == OVERHEAD + 128));
    let none = seal_values(id(1), &key(), &binding(1, 2, 3), &SecretValues::new()).unwrap();
    assert_eq!(none.len(), OVERHEAD + 64);
}

#[test]
fn padding_leaves_no_copy_behind() {
    for length in 0..200 {
        let value = "x".repeat(length);
        let mut bytes = encode_values(&values([("k", &value)])).unwrap();
        let before = bytes.as_ptr();
        pad(&mut bytes);
        assert_eq!(bytes.as_ptr(), before, "moved at {length} bytes");
    }
}

#[test]
fn sealing_twice_gives_different_bytes() {
    let one = || seal(id(1), &key(), Purpose::Value, b"", b"text").unwrap();
    let (first, second) = (one(), one());
    assert!(first[24..56] != second[24..56] && first[88..] != second[88..]);
}

#[test]
fn sealed_but_not_canonical_is_refused() {
    let reading = |text: &[u8]| {
        let sealed = seal(id(1), &key(), Purpose::Value, &binding(1, 2, 3), text).unwrap();
        open_values(id(1), &key(), &binding(1, 2, 3), &sealed)
    };
    let padded = |text: &[u8]| {
        let mut text = Zeroizing::new(text.to_vec());
        pad(&mut text);
        text
    };
    let pair = |key: &[u8], value: &[u8]| {
        [&(key.len() as u32).to_be_bytes(), key, &(value.len() as u32).to_be_bytes(), value].concat()
    };
    let (a, b) = (pair(b"a", b"1"), pair(b"b", b"2"));
    let good = [b"\0\0\0\x02".as_slice(), &a, &b].concat();
    assert_eq!(reading(&padded(&good)).unwrap().len(), 2);

    let (mut dirty, mut long) = (padded(&good), padded(&good));
    dirty[63] = 1;
    long.resize(128, 0);
    let bad = [
        ("no padding", good.clone()),
        ("padding that is not zeros", dirty.to_vec()),
        ("a block too many", long.to_vec()),
        ("nothing", Vec::new()),
        ("unsorted", padded(&[b"\0\0\0\x02".as_slice(), &b, &a].concat()).to_vec()),
        ("a key twice", padded(&[b"\0\0\0\x02".as_slice(), &a, &a].concat()).to_vec()),
        ("a pair left over", padded(&[b"\0\0\0\x01".as_slice(), &a, &b].concat()).to_vec()),
        ("more pairs than there are", padded(&[b"\0\0\0\x09".as_slice(), &a, &b].concat()).to_vec()),
        ("a length beyond the end", padded(b"\0\0\0\x01\xff\xff\xff\xff").to_vec()),
        ("not UTF-8", padded(&[b"\0\0\0\x01".as_slice(), &pair(b"a", b"\xff")].concat()).to_vec()),
    ];
    for (what, text) in bad {
        assert_eq!(reading(&text).unwrap_err().kind(), ErrorKind::Corrupt, "{what}");
    }
}

#[test]
fn withheld_values_are_never_written_as_none() {
    let hidden = SecretValues::hidden(["a".to_owned()]);
    let sealed = seal_values(id(1), &key(), &binding(1, 2, 3), &hidden);
    assert_eq!(sealed.unwrap_err().kind(), ErrorKind::InvalidInput);
    let digest = digest_values(id(1), &key(), &binding(1, 2, 3), &hidden);
    assert_eq!(digest.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn a_mac_tells_where_its_parts_end() {
    let one = mac(&key(), "d", &[b"ab", b"c"]);
    assert!(equal(&one, &mac(&key(), "d", &[b"ab", b"c"])));
    for other in
        [mac(&key(), "d", &[b"a", b"bc"]), mac(&key(), "d", &[b"abc"]), mac(&key(), "e", &[b"ab", b"c"])]
    {
        assert!(!equal(&one, &other));
    }
    assert!(!equal(&one, &one[..31]));
}

#[test]
fn a_digest_tells_other_values_versions_and_keys() {
    let values = values([("a", "1")]);
    let pinned = digest_values(id(1), &key(), &binding(1, 2, 3), &values).unwrap();
    assert_eq!(Digest::from_bytes(pinned.as_bytes()).unwrap(), pinned);
    assert_eq!(pinned.key_id(), id(1));
    verify_values(&pinned, id(1), &key(), &binding(1, 2, 3), &values).unwrap();

    let refused = |id, key: &DataKey, binding: &[u8], values: &SecretValues| {
        verify_values(&pinned, id, key, binding, values).unwrap_err().kind()
    };
    let other: SecretValues = [("a", "2")].into_iter().collect();
    assert_eq!(refused(id(1), &key(), &binding(1, 2, 3), &other), ErrorKind::Corrupt);
    assert_eq!(refused(id(1), &key(), &binding(1, 2, 4), &values), ErrorKind::Corrupt);
    assert_eq!(refused(id(1), &DataKey::generate().unwrap(), &binding(1, 2, 3), &values), ErrorKind::Corrupt);
    assert_eq!(refused(id(2), &key(), &binding(1, 2, 3), &values), ErrorKind::Unsupported);
    for length in [0, 47, 49] {
        assert_eq!(Digest::from_bytes(&vec![0; length]).unwrap_err().kind(), ErrorKind::Corrupt);
    }
}

#[test]
fn debug_shows_no_key_and_no_value() {
    let root = RootKey::generate().unwrap();
    let text = root.to_text();
    let encoded = text.expose_secret().split(':').nth(3).unwrap().to_owned();
    let shown = format!("{root:?} {text:?} {:?} {:?}", root.id(), RootKey::parse(text.expose_secret()));
    assert!(!shown.contains(&encoded) && shown.contains(&root.id().to_string()), "{shown}");
    assert_eq!(format!("{:?}", key()), "DataKey(..)");
    let digest = digest_values(id(1), &key(), b"", &values([("a", VALUE)])).unwrap();
    assert_eq!(format!("{digest:?}"), format!("Digest(by {})", id(1)));
}

#[test]
fn kinds_have_names_that_are_read_back() {
    for kind in KeyKind::ALL {
        assert_eq!(KeyKind::parse(kind.as_str()).unwrap(), kind);
    }
    let error = KeyKind::parse("Seal").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("seal, digest, audit, token, credential"), "{error}");
}

#[test]
fn a_root_id_is_read_back_in_one_form_alone() {
    let id = RootKey::generate().unwrap().id();
    let text = id.to_string();
    assert_eq!(RootId::parse(&text).unwrap(), id);
    assert_eq!(RootId::from_bytes(*id.as_bytes()), id);
    for wrong in [
        format!("{{{text}}}"),
        text[1..].to_owned(),
        format!("{}-{}", &text[..8], &text[8..]),
        "G".repeat(32),
    ] {
        assert_eq!(RootId::parse(&wrong).unwrap_err().kind(), ErrorKind::InvalidInput, "{wrong}");
    }
}
