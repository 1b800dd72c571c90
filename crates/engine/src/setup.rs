//! Making an empty catalog one's own.

use crate::{
    Catalog, Env, Identity, KeyRow, NewIdentity, RootKeys, WrapRow,
    crypto::{DataKey, KeyId, KeyKind},
    env::fresh,
};
use strongroom_core::{NamespaceId, Owner, OwnerId, Result, Timestamp};

/// Claims an empty catalog: a namespace, the owner account and one data key of each kind, wrapped by the root key.
/// If another process was faster, its identity is answered and nothing of this one is kept.
///
/// # Errors
/// Of the catalog and of the root keys.
pub async fn initialise(
    catalog: &dyn Catalog,
    roots: &dyn RootKeys,
    env: &dyn Env,
    owner: &str,
    namespace: Option<NamespaceId>,
) -> Result<Identity> {
    let namespace = namespace.unwrap_or_else(|| NamespaceId(fresh(env)));
    let mut new = NewIdentity {
        namespace,
        owner: Owner { id: OwnerId(fresh(env)), name: owner.to_owned(), full_name: String::new() },
        root: roots.id(),
        keys: Vec::new(),
        wraps: Vec::new(),
    };
    for kind in KeyKind::ALL {
        let (key, wrap) = new_key(roots, env, namespace, kind).await?;
        new.keys.push(key);
        new.wraps.push(wrap);
    }
    catalog.initialise(&new).await
}

/// A fresh data key and its wrap.
pub(crate) async fn new_key(
    roots: &dyn RootKeys,
    env: &dyn Env,
    namespace: NamespaceId,
    kind: KeyKind,
) -> Result<(KeyRow, WrapRow)> {
    let (id, key) = (KeyId(fresh(env)), DataKey::generate()?);
    let bytes = roots.wrap(namespace, kind, id, &key).await?;
    let row = KeyRow { id, kind, active: true, created: Timestamp(0) };
    Ok((row, WrapRow { key: id, root: roots.id(), bytes }))
}
