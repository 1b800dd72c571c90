//! What the cases have in common.

use super::StoreSubject;
use crate::Broken;
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, sync::Arc};
use strongroom_core::{
    Access, Context, Error, ErrorKind, GetOptions, Glob, Names, NewSecret, Result, Revision, Secret,
    SecretFilter, SecretId, SecretMeta, SecretName, SecretRef, SecretUpdate, SecretValues, SecretsStore,
    ValuesChange,
    filter::{Sort, SortField},
};
use uuid::Uuid;

/// A store and two accounts with full rights.
pub(super) struct Fixture {
    pub(super) store: Arc<dyn SecretsStore>,
    pub(super) ann: Context,
    pub(super) ben: Context,
}

impl Fixture {
    pub(super) async fn open(subject: &dyn StoreSubject) -> Result<Self> {
        let store = subject.open().await?;
        let ann = subject.context(0, Access::full()).await?;
        Ok(Self { store, ann, ben: subject.context(1, Access::full()).await? })
    }

    /// A public secret of Ann's.
    pub(super) async fn create(&self, name: &str, pairs: &[(&str, &str)]) -> Result<Secret> {
        self.create_as(&self.ann, name, false, pairs).await
    }

    pub(super) async fn create_as(
        &self,
        cx: &Context,
        name: &str,
        private: bool,
        pairs: &[(&str, &str)],
    ) -> Result<Secret> {
        let new = NewSecret::new(SecretName::new(name)?, values(pairs)).private(private);
        self.store.create(cx, new).await
    }

    pub(super) async fn get(&self, cx: &Context, which: impl Into<SecretRef>) -> Result<Secret> {
        self.get_with(cx, which, &GetOptions::new()).await
    }

    pub(super) async fn get_with(
        &self,
        cx: &Context,
        which: impl Into<SecretRef>,
        options: &GetOptions,
    ) -> Result<Secret> {
        let mut answers = self.store.get(cx, &[which.into()], options).await;
        let none = || Err(Error::new(ErrorKind::Unexpected, "no answer"));
        if answers.len() > 1 { none() } else { answers.pop().unwrap_or_else(none) }
    }

    pub(super) async fn update(
        &self,
        cx: &Context,
        id: SecretId,
        update: SecretUpdate,
    ) -> Result<SecretMeta> {
        self.store.update(cx, &id.into(), update).await
    }

    /// The names that are listed, sorted.
    pub(super) async fn names(&self, cx: &Context) -> Result<Vec<String>> {
        let filter = SecretFilter::new().sort(Sort::ascending(SortField::Name)).size(1000);
        let page = self.store.list(cx, &filter).await?;
        Ok(page.items.into_iter().map(|meta| meta.name.as_str().to_owned()).collect())
    }

    /// The values that Ann reads.
    pub(super) async fn read(&self, id: SecretId) -> Result<BTreeMap<String, String>> {
        Ok(plain(&self.get(&self.ann, id).await?.values))
    }
}

pub(super) fn values(pairs: &[(&str, &str)]) -> SecretValues {
    pairs.iter().map(|(key, value)| (*key, *value)).collect()
}

/// Values that can be compared.
pub(super) fn plain(values: &SecretValues) -> BTreeMap<String, String> {
    values.iter().map(|(key, value)| (key.to_owned(), value.expose_secret().to_owned())).collect()
}

/// Pairs that can be compared.
pub(super) fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    plain(&values(pairs))
}

/// An update that merges these: `None` removes a key.
pub(super) fn merge(pairs: &[(&str, Option<&str>)]) -> SecretUpdate {
    let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), value.map(SecretString::from)));
    SecretUpdate::new().values(ValuesChange::Merge(pairs.collect()))
}

/// An update that replaces all values.
pub(super) fn replace(pairs: &[(&str, &str)]) -> SecretUpdate {
    SecretUpdate::new().values(ValuesChange::Replace(values(pairs)))
}

pub(super) fn rename(name: &str) -> Result<SecretUpdate> {
    Ok(SecretUpdate::new().name(SecretName::new(name)?))
}

/// A secret by its name.
pub(super) fn named(name: &str, private: Option<bool>) -> Result<SecretRef> {
    Ok(SecretRef::Name { name: SecretName::new(name)?, private })
}

/// A secret that never was.
pub(super) fn missing() -> SecretId {
    SecretId(Uuid::new_v4())
}

pub(super) fn glob(text: &str) -> Result<Names> {
    Ok(Names::Matching([Glob::new(text)?].into()))
}

/// Requires that a change passed and made this revision.
pub(super) fn at(answer: Result<SecretMeta>, revision: u64) -> Result<SecretMeta, Broken> {
    let meta = answer?;
    ensure!(meta.revision == Revision(revision), "it is at {} instead of {revision}", meta.revision);
    Ok(meta)
}

/// The text of an error, in every way to show it.
pub(super) fn shown<T>(answer: &Result<T>) -> String {
    answer.as_ref().err().map(|error| format!("{error} {error:?}")).unwrap_or_default()
}
