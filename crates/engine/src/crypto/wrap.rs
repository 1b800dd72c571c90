//! Data keys under a root key.

use super::{
    header::Purpose,
    key::{DataKey, KEY_LEN, KeyId},
    kind::KeyKind,
    root::{RootId, RootKey},
    seal::{open, seal, sealed_by},
};
use strongroom_core::{Error, ErrorKind, NamespaceId, Result};

/// Wraps a data key: the sealed format, under the root key itself, whose id stands in the header.
///
/// It is bound to namespace, kind, key id and root id, so that no wrap passes for another: not that of another
/// deployment, and not a token key for one that seals.
///
/// # Errors
/// [`ErrorKind::Unexpected`] if the operating system gives no randomness.
pub fn wrap(
    root: &RootKey,
    namespace: NamespaceId,
    kind: KeyKind,
    id: KeyId,
    key: &DataKey,
) -> Result<Vec<u8>> {
    let binding = binding(namespace, kind, id, root.id());
    seal(root.id().as_key_id(), root.key(), Purpose::KeyWrap, &binding, key.bytes())
}

/// Unwraps what [`wrap`] made of this key.
///
/// # Errors
/// [`ErrorKind::Unsupported`] if the format is not known or another root key wrapped it, naming both;
/// [`ErrorKind::Corrupt`] if anything is not as it was wrapped, or if it was wrapped as something else.
pub fn unwrap(
    root: &RootKey,
    namespace: NamespaceId,
    kind: KeyKind,
    id: KeyId,
    wrapped: &[u8],
) -> Result<DataKey> {
    let by = RootId::from(sealed_by(wrapped)?);
    if by != root.id() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "a data key is wrapped by another root key than the one given; give that one, or add this one with \
             `strongroom keys rewrap --add`",
        )
        .with("wrapped_by", by)
        .with("given", root.id()));
    }
    let binding = binding(namespace, kind, id, root.id());
    let key = open(root.id().as_key_id(), root.key(), Purpose::KeyWrap, &binding, wrapped).map_err(|error| {
        match error.kind() {
            ErrorKind::Corrupt => Error::new(
                ErrorKind::Corrupt,
                "a wrapped data key is not what was written: it was changed, swapped or damaged; restore the database \
                 from a backup",
            ),
            _ => error,
        }
    })?;
    let key: &[u8; KEY_LEN] = key.as_slice().try_into().map_err(|_| {
        Error::new(ErrorKind::Corrupt, "a wrapped data key has the wrong length; restore it from a backup")
            .with("bytes", key.len())
            .with("expected", KEY_LEN)
    })?;
    Ok(DataKey::from_bytes(key))
}

/// Only the kind varies in length, so the parts need no border between them.
fn binding(namespace: NamespaceId, kind: KeyKind, id: KeyId, root: RootId) -> Vec<u8> {
    [namespace.0.as_bytes(), kind.as_str().as_bytes(), id.0.as_bytes(), root.as_bytes().as_slice()].concat()
}
