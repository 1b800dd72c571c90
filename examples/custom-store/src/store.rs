//! `SecretsStore` in terms of the file.
//!
//! Everything that an engine would do is done here: names, rights, revisions, merging, history. A file on a local disk is
//! there at once, so no call waits for anything but its turn.

use crate::{
    book::{Book, Entry},
    file::BookFile,
};
use std::{path::PathBuf, time::SystemTime};
use strongroom_core::{
    Context, DEFAULT_SIZE_LIMIT, Error, ErrorKind, GetOptions, NewSecret, Page, Reason, Result, Revision,
    Secret, SecretFilter, SecretMeta, SecretRef, SecretUpdate, SecretsStore, ValuesChange, Version,
    async_trait,
};

/// Secrets in one file, which any number of processes may use at the same time.
#[derive(Debug)]
pub struct NotebookStore {
    file: BookFile,
}

impl NotebookStore {
    /// The secrets in this file; it is made with the first of them.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { file: BookFile::new(path) }
    }
}

#[async_trait]
impl SecretsStore for NotebookStore {
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret> {
        may_take(cx, new.name.as_str())?;
        new.values.check_writable()?;
        new.values.check_size(DEFAULT_SIZE_LIMIT)?;
        self.file.change(|book| {
            book.is_free(&new.name, new.private, cx.actor, None)?;
            let entry = Entry::new(cx.actor, &new.name, new.private, &new.values, SystemTime::now().into());
            let secret = Secret::new(entry.meta()?, new.values.clone(), Revision(entry.revision));
            book.secrets.push(entry);
            Ok(secret)
        })
    }

    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        let book = self.file.read();
        let one = |which: &SecretRef| {
            let book = book.as_ref().map_err(Clone::clone)?;
            book.secrets[book.find(cx, which)?].read(cx, options)
        };
        which.iter().map(one).collect()
    }

    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        let metas: Result<Vec<SecretMeta>> = self.file.read()?.secrets.iter().map(Entry::meta).collect();
        filter.page_of(metas?.into_iter().filter(|meta| cx.may_list(meta)).collect())
    }

    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        self.file.change(|book| {
            let at = book.find(cx, which)?;
            check(cx, book, at, &update)?;
            let entry = &mut book.secrets[at];
            let values = match update.values {
                ValuesChange::Keep => None,
                ValuesChange::Replace(values) => Some(values),
                ValuesChange::Restore(revision) => Some(entry.values(cx, Some(revision))?.0),
                ValuesChange::Merge(pairs) => {
                    let (mut values, _) = entry.values(cx, None)?;
                    for (key, value) in pairs {
                        match value {
                            Some(value) => values.set(key, value),
                            None => values.remove(&key),
                        }
                    }
                    Some(values)
                }
            };
            entry.touch(SystemTime::now().into());
            if let Some(name) = &update.name {
                entry.name = name.as_str().to_owned();
            }
            if let Some(private) = update.private {
                entry.set_private(private);
            }
            if let Some(values) = values {
                values.check_writable()?;
                values.check_size(DEFAULT_SIZE_LIMIT)?;
                entry.write(&values);
            }
            entry.meta()
        })
    }

    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        self.file.change(|book| {
            let at = book.find(cx, which)?;
            check(
                cx,
                book,
                at,
                &expected.iter().fold(SecretUpdate::new(), |update, at| update.expecting(*at)),
            )?;
            book.secrets.remove(at);
            Ok(())
        })
    }

    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        let book = self.file.read()?;
        Ok(book.secrets[book.find(cx, which)?].history(cx))
    }

    async fn check(&self) -> Result<()> {
        self.file.read().map(|_| ())
    }
}

/// Whether the caller may do this to the secret at that place, which is as it is now.
fn check(cx: &Context, book: &Book, at: usize, update: &SecretUpdate) -> Result<()> {
    let meta = book.secrets[at].meta()?;
    if !cx.may_change(&meta) {
        return Err(Error::new(ErrorKind::PermissionDenied, "this secret may not be changed"));
    }
    if update.private.is_some() && meta.owner.id != cx.actor {
        let error = Error::new(ErrorKind::PermissionDenied, "only its owner hides or publishes a secret");
        return Err(error.because(Reason::OnlyItsOwner));
    }
    if let Some(expected) = update.expected.filter(|expected| *expected != meta.revision) {
        let error = Error::new(ErrorKind::Conflict, "the secret was changed by somebody else: read it again");
        let error = error.with("expected revision", expected).with("actual revision", meta.revision);
        return Err(error.because(Reason::Stale(meta.revision)));
    }
    let (name, private) =
        (update.name.as_ref().unwrap_or(&meta.name), update.private.unwrap_or(meta.private));
    may_take(cx, name.as_str())?;
    book.is_free(name, private, meta.owner.id, Some(meta.id))
}

fn may_take(cx: &Context, name: &str) -> Result<()> {
    if cx.access.change.contains(name) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::PermissionDenied, "this name may not be given to a secret"))
}
