//! How secrets look, without their values.

use crate::render::{Data, Table, View, short};
use strongroom_core::{Revision, SecretMeta};

/// How many digits of an id a table shows: enough to find the secret by.
const ID_DIGITS: usize = 8;

/// The fields of a secret for programs.
pub(super) fn fields(meta: &SecretMeta, revision: Revision) -> Vec<(String, Data)> {
    let pairs: [(&str, Data); 7] = [
        ("id", meta.id.to_string().into()),
        ("name", meta.name.as_str().into()),
        ("private", meta.private.into()),
        ("owner", meta.owner.name.as_str().into()),
        ("created", meta.created.to_string().into()),
        ("updated", meta.updated.to_string().into()),
        ("revision", revision.0.into()),
    ];
    pairs.into_iter().map(|(name, data)| (name.to_owned(), data)).collect()
}

/// A line about a secret for people.
pub(super) fn caption(meta: &SecretMeta, revision: Revision) -> String {
    let privacy = if meta.private { "private" } else { "public" };
    format!(
        "{}: {privacy}, of {}, revision {revision}, changed {} UTC, id {}",
        meta.name,
        meta.owner.name,
        short(meta.updated),
        meta.id
    )
}

/// One secret.
pub(super) fn one(meta: &SecretMeta) -> View {
    View { data: Data::Map(fields(meta, meta.revision)), ..many(std::slice::from_ref(meta), true) }
}

/// Several secrets; `brief` for people, who need neither whole ids nor microseconds.
pub(super) fn many(secrets: &[SecretMeta], brief: bool) -> View {
    let mut table = Table::new(&["name", "id", "private", "owner", "revision", "created", "updated"]);
    for meta in secrets {
        let mut id = meta.id.to_string();
        if brief {
            id.truncate(ID_DIGITS);
        }
        let time = |at| Data::from(if brief { short(at) } else { at.to_string() });
        table.row([
            meta.name.as_str().into(),
            id.into(),
            meta.private.into(),
            meta.owner.name.as_str().into(),
            meta.revision.0.into(),
            time(meta.created),
            time(meta.updated),
        ]);
    }
    let data = secrets.iter().map(|meta| Data::Map(fields(meta, meta.revision))).collect();
    View { data: Data::List(data), table, caption: None }
}
