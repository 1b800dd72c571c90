//! Checking and pruning the audit log.

use super::heads;
use strongroom_core::{Context, Error, ErrorKind, Result, SecretId, Timestamp};
use strongroom_engine::{ChainHead, Engine, Noted};
use strongroom_sql::{Anchor, Chain, SqlCatalog};
use uuid::Uuid;

/// How many bytes the MAC of an entry has.
const MAC: usize = 32;

/// A chain that was verified from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainReport {
    /// Its name.
    pub chain: String,
    /// The sequence number of its first entry that is kept.
    pub from: u64,
    /// That of its last.
    pub to: u64,
    /// The MAC of its last entry: noted elsewhere, it shows later whether the end was cut off.
    pub head: Vec<u8>,
    /// Entries whose noted heads could not be compared, since they were pruned.
    pub uncompared: Vec<u64>,
}

/// A head as [`ChainReport::head_text`] wrote it: chain, sequence, MAC.
pub type NotedHead = (String, u64, Vec<u8>);

impl ChainReport {
    /// The head as text, to be noted elsewhere: `CHAIN:SEQUENCE:HEX`.
    #[must_use]
    pub fn head_text(&self) -> String {
        head_text(&self.chain, self.to, &self.head)
    }
}

pub(super) fn head_text(chain: &str, sequence: u64, mac: &[u8]) -> String {
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{chain}:{sequence}:{hex}")
}

/// Reads a head that was noted; `None` if it is none.
#[must_use]
pub fn parse_head(text: &str) -> Option<NotedHead> {
    let (rest, hex) = text.rsplit_once(':')?;
    let (chain, sequence) = rest.rsplit_once(':')?;
    let byte = |at: usize| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes = (0..hex.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?;
    let sequence = sequence.parse().ok()?;
    // A chain without entries has none.
    let length = if sequence == 0 { 0 } else { MAC };
    (bytes.len() == length).then(|| (chain.to_owned(), sequence, bytes))
}

/// Verifies every chain; `given` were noted elsewhere, and must still be part of their chains. So must the heads that
/// chains name of each other.
///
/// # Errors
/// `Corrupt`, naming chain and entry, for the first that was changed, removed, moved or cut off.
pub async fn verify(engine: &Engine, catalog: &SqlCatalog, given: &[NotedHead]) -> Result<Vec<ChainReport>> {
    let mut reports = Vec::new();
    // Before the chains: what is named in between is above what is read then.
    let named = heads::named(catalog).await?;
    let heads: Vec<&NotedHead> = given.iter().chain(&named).collect();
    let chains = catalog.audit_chains().await?;
    if let Some((name, ..)) = heads.iter().find(|(name, ..)| chains.iter().all(|chain| chain.name != *name)) {
        return Err(broken("a chain of the audit log is gone", name, 1));
    }
    for mut chain in chains {
        let (start, end) = loop {
            let start = start_of(engine, &chain)?;
            match engine.verify_audit_after(start.clone()).await {
                Ok(end) => break (start, end),
                Err(error) => {
                    // It may have been pruned since its anchor was read.
                    let now = catalog.audit_chains().await?.into_iter().find(|now| now.name == chain.name);
                    let anchor = |chain: &Chain| chain.anchor.as_ref().map(|anchor| anchor.sequence);
                    match now {
                        Some(now) if anchor(&now) > anchor(&chain) => chain = now,
                        _ => return Err(error),
                    }
                }
            }
        };
        if end.sequence < chain.sequence || (end.sequence == chain.sequence && end.mac != chain.mac) {
            return Err(broken("the end of an audit chain was cut off", &chain.name, end.sequence + 1));
        }
        for (_, sequence, mac) in heads.iter().filter(|(name, ..)| *name == chain.name) {
            if *sequence > end.sequence {
                return Err(broken("the end of an audit chain was cut off", &chain.name, end.sequence + 1));
            }
            if *sequence < start.sequence {
                continue;
            }
            use strongroom_engine::Catalog as _;
            let same = if *sequence == start.sequence {
                // What the chain goes on from, be it with nothing.
                start.mac == *mac
            } else {
                let rows = catalog.audit(&chain.name, sequence - 1, 1).await?;
                rows.first().is_some_and(|row| row.sequence == *sequence && row.mac == *mac)
            };
            if !same {
                return Err(broken(
                    "an audit chain is not the one whose head was noted",
                    &chain.name,
                    *sequence,
                ));
            }
        }
        let pruned = given.iter().filter(|(name, at, _)| *name == chain.name && *at < start.sequence);
        let uncompared = pruned.map(|(_, at, _)| *at).collect();
        let (from, to) = (start.sequence + 1, end.sequence);
        reports.push(ChainReport { chain: chain.name, from, to, head: end.mac, uncompared });
    }
    Ok(reports)
}

/// Where the entries of a chain that are left begin.
fn start_of(engine: &Engine, chain: &Chain) -> Result<ChainHead> {
    let Some(Anchor { sequence, previous, key, mac }) = &chain.anchor else {
        return Ok(ChainHead { chain: chain.name.clone(), sequence: 0, mac: Vec::new() });
    };
    engine.check_anchor(&chain.name, *sequence, previous, *key, mac)?;
    Ok(ChainHead { chain: chain.name.clone(), sequence: *sequence, mac: previous.clone() })
}

/// Removes entries from before a moment, after each chain was verified; a keyed anchor stays in their place. Answers
/// how many chains lost entries.
///
/// # Errors
/// As [`verify`]; of the database.
pub async fn prune(engine: &Engine, catalog: &SqlCatalog, cx: &Context, before: Timestamp) -> Result<usize> {
    let mut pruned = 0;
    for report in verify(engine, catalog, &[]).await? {
        let Some((sequence, previous)) = catalog.audit_last_before(&report.chain, before).await? else {
            continue;
        };
        if sequence < report.from {
            continue;
        }
        let detail = format!("chain {}, entries {} to {sequence}", report.chain, report.from);
        let entry = engine.audit_entry(cx, "audit.prune", SecretId(Uuid::nil()), detail);
        let prune = |auditor| {
            let (chain, previous, entry) = (&report.chain, previous.clone(), entry.clone());
            // Under the same key as the entry.
            let mac = engine.anchor_mac(chain, sequence, &previous);
            async move {
                let (key, mac) = mac?;
                let anchor = Anchor { sequence, previous, key, mac: mac.to_vec() };
                catalog.prune_audit(chain, anchor, Noted { entry, auditor }).await
            }
        };
        pruned += usize::from(engine.audited(prune).await?);
    }
    Ok(pruned)
}

fn broken(text: &'static str, chain: &str, entry: u64) -> Error {
    Error::new(ErrorKind::Corrupt, text).with("chain", chain.escape_debug()).with("entry", entry)
}
