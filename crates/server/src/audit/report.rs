//! Checking and pruning the audit log.

use super::heads;
use std::{collections::HashSet, ops::RangeInclusive};
use strongroom_core::{Context, Error, ErrorKind, Result, SecretId, Timestamp};
use strongroom_engine::{ChainHead, Engine, Noted};
use strongroom_sql::{Anchor, Chain, SqlCatalog};
use uuid::Uuid;

/// How many entries are removed together. A database that gives a statement a minute has to do it in that, and others have
/// to write meanwhile.
const TOGETHER: u64 = 25_000;
/// How many bytes the MAC of an entry has.
pub(super) const MAC: usize = 32;

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

/// Verifies every chain; `given` were noted elsewhere, and must still be part of their chains. So must all heads that
/// chains name of each other.
///
/// # Errors
/// `Corrupt`, naming chain and entry, for the first that was changed, removed, moved, cut off or made up.
pub async fn verify(engine: &Engine, catalog: &SqlCatalog, given: &[NotedHead]) -> Result<Vec<ChainReport>> {
    // Before the chains: what is named in between is above what is read then.
    let mut heads = heads::named(catalog).await?;
    given.iter().cloned().for_each(|head| heads.add(head));
    let chains = catalog.audit_chains().await?;
    let there: HashSet<&str> = chains.iter().map(|chain| chain.name.as_str()).collect();
    if let Some(name) = heads.chains().find(|name| !there.contains(name)) {
        return Err(broken("a chain of the audit log is gone", name, 1));
    }
    let mut reports = Vec::new();
    for chain in chains {
        let noted = heads.take(&chain.name);
        let (chain, start, end) = walk(engine, catalog, chain, &noted).await?;
        if end.sequence < chain.sequence || (end.sequence == chain.sequence && end.mac != chain.mac) {
            return Err(broken("the end of an audit chain was cut off", &chain.name, end.sequence + 1));
        }
        if noted.last().is_some_and(|(sequence, _)| *sequence > end.sequence) {
            return Err(broken("the end of an audit chain was cut off", &chain.name, end.sequence + 1));
        }
        let pruned = given.iter().filter(|(name, at, _)| *name == chain.name && *at < start.sequence);
        let uncompared = pruned.map(|(_, at, _)| *at).collect();
        let (from, to) = (start.sequence + 1, end.sequence);
        reports.push(ChainReport { chain: chain.name, from, to, head: end.mac, uncompared });
    }
    none_beside(catalog).await?;
    Ok(reports)
}

/// Verifies the entries of a chain that are left, and that the heads which were noted are among them. Answers the chain as
/// it was then, from where it was read, and its end.
async fn walk(
    engine: &Engine,
    catalog: &SqlCatalog,
    mut chain: Chain,
    noted: &[(u64, [u8; MAC])],
) -> Result<(Chain, ChainHead, ChainHead)> {
    loop {
        let start = start_of(engine, &chain)?;
        let compare = |sequence: u64, mac: &[u8]| {
            let from = noted.partition_point(|(at, _)| *at < sequence);
            let mut of_it = noted.iter().skip(from).take_while(|(at, _)| *at == sequence);
            if of_it.all(|(_, noted)| noted == mac) {
                return Ok(());
            }
            Err(broken("an audit chain is not the one whose head was noted", &chain.name, sequence))
        };
        // What the chain goes on from, be it with nothing.
        let verified = match compare(start.sequence, &start.mac) {
            Ok(()) => engine.verify_audit_after(start.clone(), compare).await,
            Err(error) => Err(error),
        };
        match verified {
            Ok(end) => return Ok((chain, start, end)),
            Err(error) => {
                // It may have been pruned since its anchor was read.
                let now = catalog.audit_chains().await?.into_iter().find(|now| now.name == chain.name);
                match now {
                    Some(now) if anchored(&now) > anchored(&chain) => chain = now,
                    _ => return Err(error),
                }
            }
        }
    }
}

/// Refuses entries that are in no chain: they would be listed like any other, and no walk comes by them.
async fn none_beside(catalog: &SqlCatalog) -> Result<()> {
    // Entries and anchors go together, so that what was read in between two equal looks at the anchors belongs to them.
    let mut before = catalog.audit_chains().await?;
    let (firsts, chains) = loop {
        let firsts = catalog.audit_firsts().await?;
        let chains = catalog.audit_chains().await?;
        let moved =
            |now: &Chain| before.iter().any(|then| then.name == now.name && anchored(then) != anchored(now));
        if !chains.iter().any(moved) {
            break (firsts, chains);
        }
        before = chains;
    };
    for (name, first) in firsts {
        let text = match chains.iter().find(|chain| chain.name == name) {
            None => "an entry of the audit log is in no chain",
            Some(chain) if u64::try_from(first).is_ok_and(|first| first > anchored(chain).unwrap_or(0)) => {
                continue;
            }
            Some(_) => "an entry of the audit log is before the beginning of its chain",
        };
        return Err(broken(text, &name, first.unsigned_abs()));
    }
    Ok(())
}

/// The last entry that was pruned.
fn anchored(chain: &Chain) -> Option<u64> {
    chain.anchor.as_ref().map(|anchor| anchor.sequence)
}

/// Where the entries of a chain that are left begin.
fn start_of(engine: &Engine, chain: &Chain) -> Result<ChainHead> {
    let Some(Anchor { sequence, previous, key, mac }) = &chain.anchor else {
        return Ok(ChainHead { chain: chain.name.clone(), sequence: 0, mac: Vec::new() });
    };
    engine.check_anchor(&chain.name, *sequence, previous, *key, mac)?;
    Ok(ChainHead { chain: chain.name.clone(), sequence: *sequence, mac: previous.clone() })
}

/// Entries that were removed from a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// The chain.
    pub chain: String,
    /// The sequence number of the first.
    pub from: u64,
    /// That of the last.
    pub to: u64,
}

/// Removes entries from before a moment, after each chain was verified; a keyed anchor stays in their place, and a long
/// chain is pruned in several steps, of which each is noted. Answers which they were, of each chain that lost some.
///
/// # Errors
/// As [`verify`]; of the database.
pub async fn prune(
    engine: &Engine,
    catalog: &SqlCatalog,
    cx: &Context,
    before: Timestamp,
) -> Result<Vec<Pruned>> {
    let mut pruned = Vec::new();
    for ChainReport { chain, from, to, .. } in verify(engine, catalog, &[]).await? {
        let mut next = from;
        // No further than it was verified: what is removed is noted, perhaps in this very chain.
        while let Some(last) = prune_some(engine, catalog, cx, &chain, next..=to, before).await? {
            next = last + 1;
        }
        if next > from {
            pruned.push(Pruned { chain, from, to: next - 1 });
        }
    }
    Ok(pruned)
}

/// Removes as many of these entries of a chain as one transaction takes; answers the last of them. `None` if there is none
/// from before that moment, or if somebody else removed more meanwhile.
async fn prune_some(
    engine: &Engine,
    catalog: &SqlCatalog,
    cx: &Context,
    chain: &str,
    which: RangeInclusive<u64>,
    before: Timestamp,
) -> Result<Option<u64>> {
    let (from, to) = which.into_inner();
    let last = catalog.audit_last_before(chain, before, to.min(from.saturating_add(TOGETHER - 1))).await?;
    let Some((sequence, previous)) = last.filter(|(sequence, _)| *sequence >= from) else { return Ok(None) };
    let detail = format!("chain {chain}, entries {from} to {sequence}");
    let entry = engine.audit_entry(cx, "audit.prune", SecretId(Uuid::nil()), detail);
    let prune = |auditor| {
        let (previous, entry) = (previous.clone(), entry.clone());
        // Under the same key as the entry.
        let mac = engine.anchor_mac(chain, sequence, &previous);
        async move {
            let (key, mac) = mac?;
            let anchor = Anchor { sequence, previous, key, mac: mac.to_vec() };
            catalog.prune_audit(chain, anchor, Noted { entry, auditor }).await
        }
    };
    Ok(engine.audited(prune).await?.then_some(sequence))
}

fn broken(text: &'static str, chain: &str, entry: u64) -> Error {
    Error::new(ErrorKind::Corrupt, text).with("chain", chain.escape_debug()).with("entry", entry)
}
