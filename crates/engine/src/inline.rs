//! Reading every version that the catalog itself holds, whatever of it is damaged.

use crate::{
    Lost, Misplaced, RepairReport, Row, VersionHead,
    compare::{is_damage, public_name},
    deadline::Deadline,
    engine::Core,
};
use std::sync::Arc;
use strongroom_core::{Result, SecretId};

impl Core {
    /// Reads every version that the catalog itself holds.
    pub(crate) async fn read_inline(
        self: &Arc<Self>,
        deadline: &Deadline,
        report: &mut RepairReport,
    ) -> Result<()> {
        let mut walk = self.walk(Misplaced::Inline, Some(deadline));
        loop {
            let rows = match walk.next().await {
                Ok(rows) => rows,
                // One that cannot be read hides those beside it.
                Err(error) if is_damage(&error) => match walk.next_heads().await? {
                    Some(heads) => Some(self.one_by_one(&heads, deadline, report).await?),
                    None => None,
                },
                Err(error) => return Err(error),
            };
            let Some(rows) = rows else { return Ok(()) };
            for row in &rows {
                match self.read_values(row, deadline).await {
                    Ok(_) => {}
                    Err(error) if is_damage(&error) => {
                        report.lost.extend(self.as_lost(row, &error, deadline).await?);
                    }
                    Err(error) if error.kind().may_pass() => return Err(error),
                    Err(error) => report.refuse(None, &error),
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
