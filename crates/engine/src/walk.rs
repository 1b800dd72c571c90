//! Kept versions, page by page.

use crate::{Misplaced, Row, VersionHead, deadline::Deadline, engine::Core};
use strongroom_core::{Result, SecretId, VersionUid};

/// How many versions are listed at once.
const PAGE: u32 = 256;

/// A walk over versions, the current one of a secret behind its older ones.
pub(crate) struct Walk<'a> {
    core: &'a Core,
    wanted: Misplaced,
    /// How long a catalog that does not answer just now is asked again; not at all without it.
    deadline: Option<&'a Deadline>,
    /// The last one that was seen.
    after: Option<(SecretId, VersionUid)>,
}

impl Core {
    /// Begins one.
    pub(crate) fn walk<'a>(&'a self, wanted: Misplaced, deadline: Option<&'a Deadline>) -> Walk<'a> {
        Walk { core: self, wanted, deadline, after: None }
    }
}

impl Walk<'_> {
    /// The next ones; `None` behind the last. After an error they are the next ones still.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let (after, wanted) = (self.after, &self.wanted);
        let rows = self.read(|| self.core.catalog.versions_to_move(after, PAGE, wanted)).await?;
        Ok(self.passed(rows, |row| (row.meta.id, row.version.uid)))
    }

    /// The same versions, by what names them.
    pub(crate) async fn next_heads(&mut self) -> Result<Option<Vec<(SecretId, VersionHead)>>> {
        let (after, wanted) = (self.after, &self.wanted);
        let heads = self.read(|| self.core.catalog.heads_to_move(after, PAGE, wanted)).await?;
        Ok(self.passed(heads, |(secret, head)| (*secret, head.uid)))
    }

    async fn read<T, F: Future<Output = Result<T>>>(&self, mut read: impl FnMut() -> F) -> Result<T> {
        match self.deadline {
            Some(deadline) => self.core.patiently(deadline, read).await,
            None => read().await,
        }
    }

    fn passed<T>(&mut self, page: Vec<T>, place: impl Fn(&T) -> (SecretId, VersionUid)) -> Option<Vec<T>> {
        self.after = Some(place(page.last()?));
        Some(page)
    }
}
