//! The engine as a [`SecretsStore`].

use crate::{deadline::Deadline, engine::Engine};
use strongroom_core::{
    Context, GetOptions, NewSecret, Page, Result, Revision, Secret, SecretFilter, SecretMeta, SecretRef,
    SecretUpdate, SecretsStore, Version, async_trait,
};

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl SecretsStore for Engine {
    async fn create(&self, cx: &Context, new: NewSecret) -> Result<Secret> {
        self.core.create(cx, new).await
    }

    async fn get(&self, cx: &Context, which: &[SecretRef], options: &GetOptions) -> Vec<Result<Secret>> {
        self.core.get(cx, which, options).await
    }

    async fn list(&self, cx: &Context, filter: &SecretFilter) -> Result<Page<SecretMeta>> {
        let deadline = Deadline::of(cx, &self.core.env);
        let viewer = crate::Viewer { actor: cx.actor, names: cx.access.list.clone() };
        self.core.patiently(&deadline, || self.core.catalog.list(&viewer, filter)).await
    }

    async fn update(&self, cx: &Context, which: &SecretRef, update: SecretUpdate) -> Result<SecretMeta> {
        self.core.update(cx, which, update).await
    }

    async fn delete(&self, cx: &Context, which: &SecretRef, expected: Option<Revision>) -> Result<()> {
        self.core.delete(cx, which, expected).await
    }

    async fn versions(&self, cx: &Context, which: &SecretRef) -> Result<Vec<Version>> {
        self.core.versions(cx, which).await
    }

    async fn check(&self) -> Result<()> {
        self.core.catalog.check().await?;
        let deadline = Deadline::after(Context::TIMEOUT, &self.core.env);
        let checks = self.core.stores.values().map(|store| store.check(&deadline));
        let mut failed: Vec<_> =
            futures::future::join_all(checks).await.into_iter().filter_map(Result::err).collect();
        // What passes by itself is told last.
        failed.sort_by_key(|error| error.kind().may_pass());
        failed.into_iter().next().map_or(Ok(()), Err)
    }
}
