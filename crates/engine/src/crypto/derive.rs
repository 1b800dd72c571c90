//! Keys and ids that follow from the root key alone, for a deployment that has no database to keep others in.

use super::{
    key::{DataKey, KeyId},
    kind::KeyKind,
    prf::expand,
    root::RootKey,
};
use std::fmt;
use strongroom_core::{NamespaceId, OwnerId, Result};
use uuid::Uuid;

const NAMESPACE: &[u8] = b"strongroom derived namespace v1";
const OWNER: &[u8] = b"strongroom derived owner v1";
const KEY_ID: &[u8] = b"strongroom derived key id v1";
const KEY: &[u8] = b"strongroom derived key v1";

/// What a deployment without a database has in place of rows: a namespace, an owner and one data key of each kind, the
/// same at every start with the same root key.
pub struct Derived {
    namespace: NamespaceId,
    owner: OwnerId,
    keys: Vec<(KeyKind, KeyId, DataKey)>,
}

impl Derived {
    /// Derives them: HKDF-Expand of the root key over a text that says what it is for, the namespace and the kind.
    /// Without a namespace it is derived, too; two deployments with the same root key and one back-end need to name
    /// theirs.
    ///
    /// # Errors
    /// [`ErrorKind::Unexpected`](strongroom_core::ErrorKind::Unexpected) if the derivation fails.
    pub fn of(root: &RootKey, namespace: Option<NamespaceId>) -> Result<Self> {
        let namespace = match namespace {
            Some(namespace) => namespace,
            None => NamespaceId(id(root, &[NAMESPACE])?),
        };
        let within = namespace.0.as_bytes().as_slice();
        let mut keys = Vec::with_capacity(KeyKind::ALL.len());
        for kind in KeyKind::ALL {
            let name = kind.as_str().as_bytes();
            let key = DataKey::from_bytes(&**expand::<32>(root.key(), &[KEY, within, name])?);
            keys.push((kind, KeyId(id(root, &[KEY_ID, within, name])?), key));
        }
        Ok(Self { namespace, owner: OwnerId(id(root, &[OWNER, within])?), keys })
    }

    /// The namespace, which a back-end needs to be opened.
    #[must_use]
    pub const fn namespace(&self) -> NamespaceId {
        self.namespace
    }

    /// The account that acts locally.
    #[must_use]
    pub const fn owner(&self) -> OwnerId {
        self.owner
    }

    /// One key of each kind, with its id.
    pub(crate) fn keys(&self) -> &[(KeyKind, KeyId, DataKey)] {
        &self.keys
    }
}

impl fmt::Debug for Derived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Derived(namespace {}, ..)", self.namespace)
    }
}

/// A UUID of the kind that an application defines (version 8): it tells nothing about the key.
fn id(root: &RootKey, info: &[&[u8]]) -> Result<Uuid> {
    Ok(uuid::Builder::from_custom_bytes(**expand::<16>(root.key(), info)?).into_uuid())
}
