//! Which secret a person means: by name, by id or by the beginning of an id.

use crate::failure::{Exit, Failure, Outcome};
use strongroom_core::{
    Secret, SecretFilter, SecretId, SecretMeta, SecretName, SecretRef, Secrets,
    filter::{Condition, Sort, SortField, TextOp},
    settings::nearest,
};
use uuid::Uuid;

/// The shortest beginning of an id that is taken for one. Names such as `db` or `bad` are hexadecimal too, and a
/// typo in a name must not reach another secret by accident.
const SHORTEST_PREFIX: usize = 4;
/// How many secrets with the same beginning are named.
const CANDIDATES: u32 = 5;

/// The secret, without its values: what cannot be read can still be renamed, rolled back and deleted. An exact name wins
/// over an id, a public secret over a private one; a name that is nearly right is suggested.
pub(crate) async fn find(secrets: &Secrets, text: &str, private: Option<bool>) -> Outcome<SecretMeta> {
    SecretName::new(text)?;
    if let Some(meta) = by_exact_name(secrets, text, private).await? {
        return Ok(meta);
    }
    if let Some(id) = by_id(secrets, text, private).await?
        && let Some(meta) = all(secrets, Condition::Id(TextOp::Equals(id.to_string())), private).await?.pop()
    {
        return Ok(meta);
    }
    Err(missing(secrets, text, private).await?)
}

/// The reference by the exact name.
pub(crate) fn by_name(text: &str, private: Option<bool>) -> Outcome<SecretRef> {
    Ok(SecretRef::Name { name: SecretName::new(text)?, private })
}

/// The secret that is called exactly like this, a public one before a private one.
pub(crate) async fn by_exact_name(
    secrets: &Secrets,
    text: &str,
    private: Option<bool>,
) -> Outcome<Option<SecretMeta>> {
    let equal = all(secrets, Condition::Name(TextOp::Equals(text.to_owned())), private).await?;
    // Some databases of ZenML compare names without case: what is changed must not be another secret.
    Ok(equal.into_iter().find(|meta| meta.name.as_str() == text))
}

/// The secrets that this is true of, public ones first.
async fn all(secrets: &Secrets, what: Condition, private: Option<bool>) -> Outcome<Vec<SecretMeta>> {
    let mut filter = SecretFilter::new().condition(what).sort(Sort::ascending(SortField::Private));
    if let Some(private) = private {
        filter = filter.condition(Condition::Private(private));
    }
    Ok(secrets.list(&filter).await?.items)
}

async fn by_id(secrets: &Secrets, text: &str, private: Option<bool>) -> Outcome<Option<SecretId>> {
    let digits = text.replace('-', "");
    if !(SHORTEST_PREFIX..=32).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(None);
    }
    if let (32, Ok(id)) = (digits.len(), Uuid::try_parse(&digits)) {
        return Ok(Some(id.into()));
    }
    let mut filter = SecretFilter::new()
        .condition(Condition::Id(TextOp::StartsWith(digits)))
        .sort(Sort::ascending(SortField::Name))
        .size(CANDIDATES);
    if let Some(private) = private {
        filter = filter.condition(Condition::Private(private));
    }
    let page = secrets.list(&filter).await?;
    match &page.items[..] {
        [] => Ok(None),
        [one] => Ok(Some(one.id)),
        several => Err(ambiguous(text, several, page.total)),
    }
}

fn ambiguous(text: &str, several: &[SecretMeta], total: u64) -> Failure {
    let mut named: Vec<_> = several.iter().map(|meta| format!("`{}` ({})", meta.name, meta.id)).collect();
    if total > several.len() as u64 {
        named.push("...".to_owned());
    }
    let named = named.join(", ");
    Failure::usage(format!("`{text}` is the beginning of {total} ids: {named}; write more of the id"))
}

async fn missing(secrets: &Secrets, text: &str, private: Option<bool>) -> Outcome<Failure> {
    let mut filter =
        SecretFilter::new().sort(Sort::descending(SortField::Updated)).size(SecretFilter::MAX_SIZE);
    if let Some(private) = private {
        filter = filter.condition(Condition::Private(private));
    }
    let page = secrets.list(&filter).await?;
    let near = nearest(text, page.items.iter().map(|meta| meta.name.as_str()));
    let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    let kind = match private {
        None => "secret",
        Some(true) => "private secret of yours",
        Some(false) => "public secret",
    };
    let text = format!("no {kind} is called `{text}`{near}; `strongroom secret list` shows the names");
    Ok(Failure::new(Exit::NotFound, text))
}

/// A key that a secret does not have.
pub(crate) fn no_key(secret: &Secret, key: &str) -> Failure {
    let near = nearest(key, secret.values.keys());
    let near = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
    let name = &secret.meta.name;
    let text =
        format!("`{name}` has no key `{key}`{near}; `strongroom secret get` with the name alone shows all");
    Failure::new(Exit::NotFound, text)
}

/// A revision that was not there yet, in words that tell what there is.
pub(crate) fn refuse_future(meta: &SecretMeta, revision: u64) -> Outcome {
    // Nothing of ours is at 0: that is a server without revisions, which says so itself.
    if revision <= meta.revision.0 || meta.revision.0 == 0 {
        return Ok(());
    }
    let text = format!(
        "`{}` has no revision {revision}, it is at {}; `strongroom secret versions` lists those that are kept",
        meta.name, meta.revision
    );
    Err(Failure::new(Exit::NotFound, text))
}
