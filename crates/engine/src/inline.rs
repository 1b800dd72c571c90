//! Reading every version that the catalog itself holds, whatever of it is damaged.

use crate::{
    Lost, Misplaced, RepairReport, Row, VersionHead,
    compare::{is_damage, public_name},
    deadline::Deadline,
    engine::Core,
};
use std::sync::Arc;
use strongroom_core::{Result, SecretId};

/// How many rows are listed at once.
const PAGE: u32 = 256;

impl Core {
    /// Reads every version that the catalog itself holds.
    pub(crate) async fn read_inline(
        self: &Arc<Self>,
        deadline: &Deadline,
        report: &mut RepairReport,
    ) -> Result<()> {
        let (wanted, mut after) = (Misplaced::Inline, None);
        loop {
            let listed =
                self.patiently(deadline, || self.catalog.versions_to_move(after, PAGE, &wanted)).await;
            let rows = match listed {
                Ok(rows) => {
                    after = rows.last().map(|last| (last.meta.id, last.version.uid));
                    rows
                }
                // One that cannot be read hides those beside it.
                Err(error) if is_damage(&error) => {
                    let heads =
                        self.patiently(deadline, || self.catalog.heads_to_move(after, PAGE, &wanted)).await?;
                    after = heads.last().map(|(secret, head)| (*secret, head.uid));
                    self.one_by_one(&heads, deadline, report).await?
                }
                Err(error) => return Err(error),
            };
            if after.is_none() {
                return Ok(());
            }
            for row in &rows {
                match self.read_values(row, deadline).await {
                    Ok(_) => {}
                    Err(error) if is_damage(&error) => {
                        report.lost.extend(self.as_lost(row, &error, deadline).await?);
                    }
                    Err(error) if error.kind().may_pass() => return Err(error),
                    Err(error) => {
                        report.failed += 1;
                        tracing::warn!(target: "strongroom::engine", %error, "a version could not be looked at");
                    }
                }
            }
        }
    }

    /// The rows of these versions, each read by itself. Those that cannot be read are reported as lost.
    async fn one_by_one(
        &self,
        heads: &[(SecretId, VersionHead)],
        deadline: &Deadline,
        report: &mut RepairReport,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (secret, head) in heads {
            match self.patiently(deadline, || self.catalog.version(*secret, head.revision)).await {
                // An older one, if it was removed meanwhile.
                Ok(row) => rows.extend(row.filter(|row| row.version.uid == head.uid)),
                Err(error) if is_damage(&error) => {
                    // What it is called may be whole.
                    let history = self.patiently(deadline, || self.catalog.history(*secret)).await.ok();
                    report.lost.push(Lost {
                        at: None,
                        secret: *secret,
                        name: history.flatten().and_then(|(meta, _)| public_name(&meta)),
                        revision: head.revision,
                        current: head.current,
                        kind: error.kind(),
                        told: error.to_string(),
                    });
                }
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }
}
