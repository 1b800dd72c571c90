//! Engines with one rule removed: each must be caught, or the simulation has no teeth.
//!
//! The engine itself is the real one. What is changed is what it talks to, in a way that has the same effect as leaving
//! the rule out.

mod above;
mod beneath;
mod beside;
mod caller;
mod env;
mod memory;
mod pins;
mod service;

use super::{scheduler::Sim, wrap::Changed};
use std::sync::Arc;
use strongroom_core::{Backend, NamespaceId};
use strongroom_engine::{Catalog, Env, crypto::RootKey};

pub(super) use caller::taken_for;

/// The rule that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// None: everything that the others are made of is in its place, and changes nothing. Not one of [`ALL`](Self::ALL).
    Nothing,
    // ---- rows ----
    /// Two secrets may have one name.
    NoUniqueNames,
    /// The uid of a version is the time, without random bits.
    TimeForUid,
    /// A secret that comes back to a store writes to the object that it had there.
    OneObject,
    /// What was written while a secret was private is shown to others once it is public.
    ShowPrivatePast,
    // ---- writing ----
    /// The pending row is written after the put instead of before.
    LatePending,
    /// An attempt begins whatever became of its base and of the object.
    NoBaseAtBegin,
    /// Several attempts on one secret are open at a time.
    ManyAttempts,
    /// A put that got no answer is sent again when its time is long over.
    SendLate,
    /// An attempt commits although it was fenced.
    NoFencing,
    /// The base is not compared again on the locked row.
    NoBase,
    /// The expected revision is not compared again on the locked row.
    NoExpected,
    /// Access is not checked again on the locked row.
    NoAccess,
    /// What falls out of the history is left to chance.
    ForgetTrimmed,
    /// A put that was repeated leaves nothing behind.
    IgnoreTwins,
    /// An attempt is given up for the version that was answered, also if it was sent more than once.
    AbandonOne,
    /// A new name is not written to the labels again.
    NoRetag,
    /// After a lost COMMIT the row is just read.
    ReadAfterDoubt,
    /// A transaction that is run again is taken for a new one.
    ForgetDoubt,
    /// A change commits without its entry in the audit log.
    ForgetEntry,
    // ---- deleting ----
    /// A deletion leaves the removal to chance.
    ForgetObjects,
    /// A deletion leaves attempts that are open their lock.
    NoFenceAtDelete,
    // ---- reading ----
    /// A row that was read once is read again from memory when its value is gone.
    NoRevalidation,
    /// Cached rows are believed without asking.
    NoValidation,
    /// A read joins the statement that is under way.
    JoinReads,
    /// Access is not checked when values are read.
    NoReadAccess,
    /// Access is checked on a row that was read before the one that answers.
    AccessBefore,
    /// Access is not part of a list's condition.
    NoListAccess,
    /// Values are not compared with what is pinned of them.
    NoDigest,
    /// What a service sees as the newest version is read, whichever the row names.
    ReadNewest,
    /// A version that a service does not show yet is lost.
    NoYouth,
    // ---- moving ----
    /// The row is not compared again when a version moves.
    NoMoveGuard,
    /// The old place of a version that moved is removed at once.
    NoGrace,
    /// A version is moved under its own uid.
    MoveUnderOwnUid,
    /// A put of a move that was repeated, or that came behind the current version, leaves nothing behind.
    ForgetMoves,
    /// What a store gives is moved without being compared with what is pinned of it.
    MoveUnverified,
    // ---- sweeping ----
    /// Attempts whose lease is over keep their lock.
    NoLease,
    /// The sweeper reads the catalog before it scans.
    ReadBeforeScan,
    /// The sweeper scans before it claims.
    ScanBeforeClaim,
    /// The sweeper does not wait for attempts that are open.
    IgnoreOpen,
    /// What version rows name is not spared.
    SweepNamed,
    /// Whatever is found in an object and named by no row is taken for the attempt's.
    NoMatching,
    /// What no row explains is removed.
    RemoveUnknown,
    /// The last version of an object is removed, and the object stays.
    LeaveShells,
    /// What may still land is not looked for again.
    NoQuarantine,
    /// A row is dropped by a pass that ends in time, whenever it began.
    DropAtEnd,
    /// A claim ends whatever happened meanwhile.
    SettleBlindly,
    /// The newest version that a service shows stays one that was never committed.
    LeaveNewest,
    // ---- keys ----
    /// A key is destroyed while something is sealed with it.
    DropUsedKeys,
    /// Keys that another process made are not read.
    NoReload,
}

impl Mutant {
    /// All that are to be caught.
    pub const ALL: [Self; 49] = [
        Self::NoUniqueNames,
        Self::TimeForUid,
        Self::OneObject,
        Self::ShowPrivatePast,
        Self::LatePending,
        Self::NoBaseAtBegin,
        Self::ManyAttempts,
        Self::SendLate,
        Self::NoFencing,
        Self::NoBase,
        Self::NoExpected,
        Self::NoAccess,
        Self::ForgetTrimmed,
        Self::IgnoreTwins,
        Self::AbandonOne,
        Self::NoRetag,
        Self::ReadAfterDoubt,
        Self::ForgetDoubt,
        Self::ForgetEntry,
        Self::ForgetObjects,
        Self::NoFenceAtDelete,
        Self::NoRevalidation,
        Self::NoValidation,
        Self::JoinReads,
        Self::NoReadAccess,
        Self::AccessBefore,
        Self::NoListAccess,
        Self::NoDigest,
        Self::ReadNewest,
        Self::NoYouth,
        Self::NoMoveGuard,
        Self::NoGrace,
        Self::MoveUnderOwnUid,
        Self::ForgetMoves,
        Self::MoveUnverified,
        Self::NoLease,
        Self::ReadBeforeScan,
        Self::ScanBeforeClaim,
        Self::IgnoreOpen,
        Self::SweepNamed,
        Self::NoMatching,
        Self::RemoveUnknown,
        Self::LeaveShells,
        Self::NoQuarantine,
        Self::DropAtEnd,
        Self::SettleBlindly,
        Self::LeaveNewest,
        Self::DropUsedKeys,
        Self::NoReload,
    ];

    /// Changes the catalog itself, below everything that fails.
    pub(crate) fn beneath(mutant: Option<Self>, catalog: Arc<dyn Catalog>) -> Arc<dyn Catalog> {
        match mutant {
            Some(mutant) => Arc::new(Changed { inner: catalog, wrap: beneath::Beneath::new(mutant) }),
            None => catalog,
        }
    }

    /// Changes what one replica's engine talks to.
    pub(crate) fn above(
        mutant: Option<Self>,
        sim: &Sim,
        catalog: Arc<dyn Catalog>,
        backend: Arc<dyn Backend>,
        (namespace, root): (NamespaceId, &Arc<RootKey>),
    ) -> (Arc<dyn Catalog>, Arc<dyn Backend>) {
        let Some(mutant) = mutant else { return (catalog, backend) };
        let memory = Arc::new(memory::Memory::default());
        let wrap = above::Above {
            mutant,
            sim: sim.clone(),
            pins: pins::Pins {
                namespace,
                root: root.clone(),
                backend: backend.clone(),
                memory: memory.clone(),
            },
            catalog: catalog.clone(),
            backend: backend.clone(),
            memory: memory.clone(),
        };
        let above = Arc::new(Changed { inner: catalog.clone(), wrap });
        (above, Arc::new(service::Service { mutant, sim: sim.clone(), inner: backend, catalog, memory }))
    }

    /// Changes clocks and ids of one replica's engine.
    pub(crate) fn env(mutant: Option<Self>, sim: &Sim) -> Arc<dyn Env> {
        match mutant {
            Some(Self::TimeForUid) => Arc::new(env::TimeAlone::new(sim)),
            _ => Arc::new(sim.clone()),
        }
    }
}
