//! Heads of chains, named in other chains: a chain whose end is cut off, or that is gone, contradicts those that named
//! it.

use super::report::{MAC, NotedHead};
use crate::audit::parse_head;
use std::{collections::HashMap, sync::Mutex};
use strongroom_core::{Access, Context, Origin, OwnerId, Result};
use strongroom_engine::Engine;
use strongroom_sql::{SqlCatalog, TrailFilter};
use uuid::Uuid;

/// The action of entries that name heads.
pub(super) const NAMED: &str = "audit.heads";
/// The action of a chain's last entry.
const CLOSED: &str = "audit.close";
/// The most heads of one entry.
const MOST: usize = 50;
/// How many entries are read at once.
const PAGE: u32 = 500;

/// What this process named last, by chain.
#[derive(Default)]
pub(super) struct Heads(Mutex<HashMap<String, u64>>);

impl Heads {
    /// Names the heads of other chains that moved since they were last named.
    pub(super) async fn name(&self, engine: &Engine, catalog: &SqlCatalog) -> Result<()> {
        let auditor = engine.auditor()?;
        let mut moved = Vec::new();
        for chain in catalog.audit_chains().await? {
            let known = self.lock().get(&chain.name).copied();
            if chain.sequence > 0 && chain.name != auditor.chain() && known != Some(chain.sequence) {
                moved.push((super::report::head_text(&chain.name, chain.sequence, &chain.mac), chain));
            }
        }
        for some in moved.chunks(MOST) {
            let detail = some.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(" ");
            append(engine, catalog, NAMED, detail).await?;
            let mut known = self.lock();
            known.extend(some.iter().map(|(_, chain)| (chain.name.clone(), chain.sequence)));
        }
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, u64>> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Ends this process's chain, so that whoever reads it knows that nothing is missing.
pub(super) async fn close(engine: &Engine, catalog: &SqlCatalog) -> Result<()> {
    append(engine, catalog, CLOSED, String::new()).await
}

async fn append(engine: &Engine, catalog: &SqlCatalog, action: &'static str, detail: String) -> Result<()> {
    let nobody = Context::new(OwnerId(Uuid::nil()), Access::none(), Origin::new("server"));
    super::note(engine, catalog, &nobody, action, detail).await
}

/// Heads by their chains. There is one a minute of each chain that moves, so they are kept small.
#[derive(Default)]
pub(super) struct Named(HashMap<String, Vec<(u64, [u8; MAC])>>);

impl Named {
    /// Adds one; the beginning of a chain is none.
    pub(super) fn add(&mut self, (chain, sequence, mac): NotedHead) {
        // One of a chain without entries tells that the chain is there.
        let of_chain = self.0.entry(chain).or_default();
        if let Ok(mac) = <[u8; MAC]>::try_from(mac) {
            of_chain.push((sequence, mac));
        }
    }

    /// The chains that there have to be.
    pub(super) fn chains(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Those of a chain, in order, each once.
    pub(super) fn take(&mut self, chain: &str) -> Vec<(u64, [u8; MAC])> {
        let mut heads = self.0.remove(chain).unwrap_or_default();
        heads.sort_unstable();
        heads.dedup();
        heads
    }
}

/// Every head that entries of any chain name: also the older ones, since a chain may have been cut off and have grown again.
pub(super) async fn named(catalog: &SqlCatalog) -> Result<Named> {
    let filter = TrailFilter { action: Some(NAMED.to_owned()), ..TrailFilter::default() };
    let mut named = Named::default();
    let mut skip = 0;
    loop {
        let rows = catalog.audit_trail(&filter, skip, PAGE).await?;
        rows.iter()
            .flat_map(|row| row.detail.split(' '))
            .filter_map(parse_head)
            .for_each(|head| named.add(head));
        if rows.len() < PAGE as usize {
            return Ok(named);
        }
        skip += u64::from(PAGE);
    }
}
