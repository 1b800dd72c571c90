//! Whom a broken engine takes its caller for.

use super::Mutant;
use crate::sim::scheduler::Sim;
use strongroom_core::{Context, SecretId};
use strongroom_engine::{Catalog, Lookup};

/// Whose rights a read of a secret's values has: the caller's, or the owner's where access is not checked.
pub(in crate::sim) async fn taken_for(
    mutant: Option<Mutant>,
    sim: &Sim,
    catalog: &dyn Catalog,
    cx: &Context,
    id: SecretId,
) -> Context {
    let mut taken = cx.clone();
    if !matches!(mutant, Some(Mutant::NoReadAccess | Mutant::AccessBefore)) {
        return taken;
    }
    let row = catalog.current(&[Lookup::Id(id)]).await.ok().and_then(|mut rows| rows.pop().flatten());
    let Some(row) = row else { return taken };
    if mutant == Some(Mutant::AccessBefore) {
        if !cx.may_list(&row.meta) {
            return taken;
        }
        // Whatever happens to the row now goes unnoticed.
        sim.pause().await;
    }
    taken.actor = row.meta.owner.id;
    taken
}
