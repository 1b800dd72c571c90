//! What a sealed value is bound to.

use strongroom_core::{NamespaceId, SecretId, VersionUid};

/// The length of a value's binding, in bytes.
pub const VALUE_BINDING_LEN: usize = 48;

/// What the values of one version are bound to: namespace, secret and version, 16 bytes each.
///
/// A sealed value opens, and a digest matches, under its own binding alone. So somebody who can write the
/// store cannot pass off one version, secret or deployment as another. Every part has a fixed length: two
/// different triples never give the same bytes.
#[must_use]
pub fn value_binding(namespace: NamespaceId, secret: SecretId, uid: VersionUid) -> [u8; VALUE_BINDING_LEN] {
    let mut binding = [0; VALUE_BINDING_LEN];
    binding[..16].copy_from_slice(namespace.0.as_bytes());
    binding[16..32].copy_from_slice(secret.0.as_bytes());
    binding[32..].copy_from_slice(uid.0.as_bytes());
    binding
}
