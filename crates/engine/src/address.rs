//! A store at another address: the same service under a new name, or its contents elsewhere.

use crate::{Misplaced, Place, Row, StoreBinding, deadline::Deadline, engine::Core};
use std::{sync::Arc, time::Duration};
use strongroom_core::{Error, ErrorKind, Reason, Result};

/// How many versions are looked for at the new address.
const SAMPLE: usize = 8;
/// How long that may take.
const TIME: Duration = Duration::from_secs(60);

impl Core {
    /// Records the new address of a store if values of ours are there. Some may be gone, which a repair tells of; another
    /// place has none of them, since objects have random ids and their values are verified.
    /// A store that holds none takes any place: what was to be removed is looked for there.
    /// `refused`: why it is not the one that is recorded.
    pub(crate) async fn take_address(self: &Arc<Self>, binding: &StoreBinding, refused: Error) -> Result<()> {
        let deadline = Deadline::after(TIME, &self.env);
        let sample = self.sample_of(binding, &deadline).await?;
        let mut missing = false;
        for row in &sample {
            match self.read_values(row, &deadline).await {
                Ok(_) => return self.catalog.rebind_store(binding).await,
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Corrupt) => {
                    missing = true;
                }
                Err(error) => return Err(error),
            }
        }
        if missing {
            let text = "at this address there are none of the values that this store holds: it is another place, or they \
                        were not brought there";
            return Err(Error::new(ErrorKind::ConfigInvalid, text)
                .with("store", &binding.name)
                .with("configured", format!("{} {}", binding.kind, binding.endpoint))
                .with("values looked for", sample.len()));
        }
        if refused.reason() == Some(Reason::AnotherPlace) {
            return self.catalog.rebind_store(binding).await;
        }
        Err(refused)
    }

    /// Some versions that the catalog says are in that store.
    async fn sample_of(&self, binding: &StoreBinding, deadline: &Deadline) -> Result<Vec<Row>> {
        let is_there =
            |row: &Row| matches!(&row.version.place, Place::External { store, .. } if *store == binding.name);
        let (mut sample, mut walk) = (Vec::new(), self.walk(Misplaced::NotIn(None), Some(deadline)));
        while sample.len() < SAMPLE
            && let Some(rows) = walk.next().await?
        {
            sample.extend(rows.into_iter().filter(is_there).take(SAMPLE - sample.len()));
        }
        Ok(sample)
    }
}
