//! Sealing and opening, version 1 of the format.
//!
//! A fresh key for every message is derived from the data key and a salt, so the nonce of AES-256-GCM can stay
//! zero: NIST SP 800-38D (section 8) asks that no key meets a nonce twice, and each key meets one. The limit of
//! 2^32 messages to a key that random nonces would set (section 8.3) does not arise.
//!
//! - *Salt.* A MAC over fresh random bytes and everything that is sealed. If a cloned machine repeats its random
//!   bytes, two salts are equal only where the messages are, and then so are the sealed bytes: the idea of
//!   misuse-resistant encryption (Rogaway and Shrimpton, 2006), at the cost of one pass.
//! - *Commitment.* GCM alone does not commit to its key: one ciphertext can be made to open under two keys, to
//!   different texts (Dodis, Grubbs, Ristenpart, Woodage, "Fast message franking", 2018; Len, Grubbs,
//!   Ristenpart, "Partitioning oracle attacks", 2021). The second half of the derivation stands in the header
//!   and is compared before anything is decrypted (Albertini et al., "How to abuse and fix authenticated
//!   encryption without key commitment", 2022).

use super::{
    header::{self, HEADER_LEN, OVERHEAD, Parts, Purpose, SALTED_LEN},
    key::{DataKey, KeyId, fill_random},
    prf::{equal, expand, mac_under},
};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use strongroom_core::{Error, ErrorKind, Result};
use zeroize::Zeroizing;

const HEDGE: &[u8] = b"strongroom hedge v1";
const MESSAGE: &[u8] = b"strongroom seal v1";

/// Seals a text under a data key: [`OVERHEAD`](super::OVERHEAD) bytes longer than the text, and never twice the
/// same.
///
/// The length of the text can be told from the sealed bytes; values are padded, see
/// [`seal_values`](super::seal_values).
///
/// # Errors
/// [`ErrorKind::Unexpected`] if the operating system gives no randomness.
pub fn seal(id: KeyId, key: &DataKey, purpose: Purpose, binding: &[u8], plaintext: &[u8]) -> Result<Vec<u8>> {
    let mut random = Zeroizing::new([0; 32]);
    fill_random(random.as_mut_slice())?;
    seal_with(id, key, purpose, binding, plaintext, &random)
}

/// Seals with these random bytes.
fn seal_with(
    id: KeyId,
    key: &DataKey,
    purpose: Purpose,
    binding: &[u8],
    plaintext: &[u8],
    random: &[u8; 32],
) -> Result<Vec<u8>> {
    let hedge = expand::<32>(key, &[HEDGE])?;
    let salt = mac_under(hedge.as_slice(), &[random, binding, plaintext]);
    let salted = header::salted(purpose, id, &salt);
    let derived = MessageKey::derive(key, &salted)?;

    // Encrypted in place, with room for the tag from the start: no copy of the text is left behind, not even
    // when something fails half way.
    let mut sealed = Zeroizing::new(Vec::with_capacity(OVERHEAD.saturating_add(plaintext.len())));
    sealed.extend_from_slice(&salted);
    sealed.extend_from_slice(derived.commitment());
    let aad = associated(&sealed, binding);
    sealed.extend_from_slice(plaintext);
    let tag = derived
        .cipher()?
        .seal_in_place_separate_tag(nonce(), Aad::from(&aad), &mut sealed[HEADER_LEN..])
        .map_err(|_| defect())?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(std::mem::take(&mut *sealed))
}

/// Which key something was sealed with. Looks at the header alone and proves nothing.
///
/// # Errors
/// [`ErrorKind::Corrupt`] if it is too short, [`ErrorKind::Unsupported`] if the magic, suite, purpose or flags
/// are not known.
pub fn sealed_by(sealed: &[u8]) -> Result<KeyId> {
    header::split(sealed).map(|parts| parts.key)
}

/// Opens what was sealed under this key, for this purpose and with this binding.
///
/// # Errors
/// [`ErrorKind::Unsupported`] if the format is not known, or if it was sealed with another key than `id`, naming
/// both; [`ErrorKind::Corrupt`] if anything at all is not as it was sealed.
pub fn open(
    id: KeyId,
    key: &DataKey,
    purpose: Purpose,
    binding: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>> {
    let parts = header::split(sealed)?;
    if parts.purpose != purpose {
        return Err(corrupt());
    }
    if parts.key != id {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "a value is sealed with another key than its row names; open it with that key",
        )
        .with("sealed_with", parts.key)
        .with("asked_for", id));
    }
    decrypt(key, binding, &parts)
}

fn decrypt(key: &DataKey, binding: &[u8], parts: &Parts<'_>) -> Result<Zeroizing<Vec<u8>>> {
    let derived = MessageKey::derive(key, parts.salted)?;
    if !equal(derived.commitment(), parts.commitment) {
        return Err(corrupt());
    }
    let aad = associated(parts.header, binding);
    let mut plaintext = Zeroizing::new(vec![0; parts.ciphertext.len()]);
    derived
        .cipher()?
        .open_separate_gather(nonce(), Aad::from(&aad), parts.ciphertext, parts.tag, &mut plaintext)
        .map_err(|_| corrupt())?;
    Ok(plaintext)
}

/// The key of one message and, in the second half, the commitment to it.
struct MessageKey(Box<Zeroizing<[u8; 64]>>);

impl MessageKey {
    fn derive(key: &DataKey, salted: &[u8]) -> Result<Self> {
        debug_assert_eq!(salted.len(), SALTED_LEN);
        expand(key, &[MESSAGE, salted]).map(Self)
    }

    fn commitment(&self) -> &[u8] {
        &self.0[32..]
    }

    fn cipher(&self) -> Result<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, &self.0[..32]).map(LessSafeKey::new).map_err(|_| defect())
    }
}

/// What is authenticated beside the text. The header has a fixed length, so the border cannot be moved.
fn associated(header: &[u8], binding: &[u8]) -> Vec<u8> {
    [header, binding].concat()
}

/// Zero, because each message has a key of its own.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

/// One text for every cause, so that it is no oracle.
fn corrupt() -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "a sealed value is not what was written: it was changed, swapped or damaged",
    )
}

fn defect() -> Error {
    Error::new(ErrorKind::Unexpected, "the cipher failed; report this as a defect")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use uuid::Uuid;

    /// The one thing that cannot be seen from outside: which bytes come out for given random ones. The file was
    /// made by another implementation, from the description of the format.
    #[test]
    fn seals_to_the_recorded_bytes() {
        let file: Value = serde_json::from_str(include_str!("../../tests/vectors/sealed.json")).unwrap();
        let cases = file["cases"].as_array().unwrap();
        assert!(!cases.is_empty());
        for case in cases {
            let purpose = match case["purpose"].as_u64().unwrap() {
                1 => Purpose::Value,
                2 => Purpose::KeyWrap,
                3 => Purpose::Metadata,
                other => panic!("no purpose {other}"),
            };
            let id = KeyId(Uuid::from_slice(&hex(&case["key_id"])).unwrap());
            let key = DataKey::from_bytes(&hex(&case["key"]).try_into().unwrap());
            let random = hex(&case["random"]).try_into().unwrap();
            let sealed =
                seal_with(id, &key, purpose, &hex(&case["binding"]), &hex(&case["plaintext"]), &random)
                    .unwrap();
            assert_eq!(sealed, hex(&case["sealed"]), "{}", case["name"]);
        }
    }

    /// A cloned machine that repeats its random bytes still gets another message key for another text, binding
    /// or purpose.
    #[test]
    fn repeated_random_bytes_do_not_repeat_a_salt() {
        let (id, key, random) = (KeyId(Uuid::from_u128(1)), DataKey::from_bytes(&[7; 32]), [9; 32]);
        let salted = |purpose, binding: &[u8], text: &[u8]| {
            seal_with(id, &key, purpose, binding, text, &random).unwrap()[..SALTED_LEN].to_vec()
        };
        let first = salted(Purpose::Value, b"binding", b"text");
        assert_eq!(first, salted(Purpose::Value, b"binding", b"text"));
        assert_ne!(first, salted(Purpose::Value, b"binding", b"tex2"));
        assert_ne!(first, salted(Purpose::Value, b"bindin2", b"text"));
        assert_ne!(first, salted(Purpose::Metadata, b"binding", b"text"));
    }

    fn hex(text: &Value) -> Vec<u8> {
        let text = text.as_str().unwrap();
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
    }
}
