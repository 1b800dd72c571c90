//! What store names stand for, and numbers.

use super::{
    CatalogSubject,
    fixture::{Fixture, LONG, binding, named, store},
};
use crate::{Broken, refused};
use strongroom_core::{ErrorKind, NamespaceId, ObjectId, SecretId};
use strongroom_engine::{Replica, Settled, StoreBinding};
use uuid::Uuid;

cases! {
    macro __catalog_stores in catalog, stores; subject CatalogSubject;

    /// What a store name stands for is recorded, and the same is recognised.
    async fn a_binding_is_recognised(s) {
        let fx = Fixture::open(s).await?;
        for name in [store(), store(), named("second"), store()] {
            fx.catalog.bind_store(&binding(name)).await?;
        }
        Ok(())
    }

    /// A place that holds versions under one name gets no other one, and the answer says which it has.
    async fn a_place_in_use_gets_no_second_name(s) {
        let fx = Fixture::open(s).await?;
        fx.catalog.bind_store(&StoreBinding { name: named("unused"), ..binding(store()) }).await?;
        fx.catalog.bind_store(&binding(store())).await?;
        fx.create_external("a").await?;
        let second = StoreBinding { name: named("second"), ..binding(store()) };
        let answer = fx.catalog.bind_store(&second).await;
        let told = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
        refused(answer, ErrorKind::ConfigInvalid, "a second name")?;
        fx.catalog.bind_store(&binding(named("third"))).await?;
        let third = StoreBinding { name: named("third"), ..binding(store()) };
        refused(fx.catalog.bind_store(&third).await, ErrorKind::ConfigInvalid, "a name that is known")?;
        ensure!(told.contains(store().as_str()), "it does not tell the first name: {told}");
        fx.catalog.bind_store(&StoreBinding { kind: "gcp".into(), ..second }).await?;
        Ok(())
    }

    /// A name whose place holds nothing of ours may stand for another one; what it stood for is free.
    async fn a_name_without_versions_may_move(s) {
        let fx = Fixture::open(s).await?;
        fx.catalog.bind_store(&StoreBinding { endpoint: "mistyped".into(), ..binding(store()) }).await?;
        fx.catalog.bind_store(&binding(store())).await?;
        let row = fx.create_external("a").await?;
        let other = StoreBinding { endpoint: "elsewhere".into(), ..binding(store()) };
        refused(fx.catalog.bind_store(&other).await, ErrorKind::ConfigInvalid, "one that is in use")?;
        fx.catalog.delete(&fx.deletion(&row)).await?;
        refused(fx.catalog.bind_store(&other).await, ErrorKind::ConfigInvalid, "with something to be removed")?;
        while let Some(pending) = fx.catalog.claim(1, LONG, true).await?.pop() {
            fx.catalog.settle(&pending, Settled::Drop).await?;
        }
        fx.catalog.bind_store(&other).await?;
        fx.catalog.bind_store(&StoreBinding { name: named("second"), ..binding(store()) }).await?;
        Ok(())
    }

    /// While a process runs, no name comes to stand for another place, since that one may write to the old one; a new name
    /// disturbs nobody.
    async fn no_name_moves_while_a_process_runs(s) {
        let fx = Fixture::open(s).await?;
        fx.catalog.bind_store(&binding(store())).await?;
        let replica = Replica { id: Uuid::new_v4(), name: "server".into(), root: fx.root };
        fx.catalog.announce(&replica, LONG).await?;
        let moved = StoreBinding { endpoint: "elsewhere".into(), ..binding(store()) };
        for answer in [fx.catalog.bind_store(&moved).await, fx.catalog.rebind_store(&moved).await] {
            let told = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
            refused(answer, ErrorKind::Conflict, "while a process runs")?;
            ensure!(told.contains("server"), "it does not tell which: {told}");
        }
        fx.catalog.bind_store(&binding(store())).await?;
        fx.catalog.bind_store(&binding(named("second"))).await?;
        fx.catalog.withdraw(replica.id).await?;
        fx.catalog.bind_store(&moved).await?;
        Ok(())
    }

    /// A name that is told to stand for another place does, also with versions in it; one that is not known stays so.
    async fn a_name_is_made_to_stand_for_another_place(s) {
        let fx = Fixture::open(s).await?;
        fx.catalog.bind_store(&binding(store())).await?;
        fx.create_external("a").await?;
        let moved = StoreBinding { endpoint: "elsewhere".into(), ..binding(store()) };
        fx.catalog.rebind_store(&moved).await?;
        fx.catalog.bind_store(&moved).await?;
        refused(fx.catalog.bind_store(&binding(store())).await, ErrorKind::ConfigInvalid, "the old one")?;
        fx.catalog.rebind_store(&StoreBinding { name: named("second"), ..moved.clone() }).await?;
        fx.catalog.bind_store(&binding(named("second"))).await?;
        Ok(())
    }

    /// Another kind, endpoint or namespace under a known name is refused, with the number of versions in it.
    async fn another_place_is_refused(s) {
        let fx = Fixture::open(s).await?;
        fx.catalog.bind_store(&binding(store())).await?;
        for n in 0..7 {
            fx.create_external(&format!("secret {n}")).await?;
        }
        for other in [
            StoreBinding { kind: "gcp".into(), ..binding(store()) },
            StoreBinding { endpoint: "account 123, eu-west-2".into(), ..binding(store()) },
            StoreBinding { namespace: NamespaceId(Uuid::from_u128(2)), ..binding(store()) },
        ] {
            let answer = fx.catalog.bind_store(&other).await;
            let told = answer.as_ref().err().map(ToString::to_string).unwrap_or_default();
            refused(answer, ErrorKind::ConfigInvalid, "another place")?;
            ensure!(told.contains('7'), "it does not tell how many versions are there: {told}");
        }
        fx.catalog.bind_store(&binding(store())).await?;
        Ok(())
    }

    /// The numbers count secrets, versions by store and by key, open attempts, garbage and the log.
    async fn the_numbers_are_right(s) {
        let fx = Fixture::open(s).await?;
        let empty = fx.catalog.summary().await?;
        ensure!(empty == strongroom_engine::Summary::default(), "of an empty catalog: {empty:?}");
        let inline = fx.done(&fx.writing(&fx.create("a").await?)).await?;
        let external = fx.create_external("b").await?;
        let gone = fx.create_external("c").await?;
        fx.catalog.delete(&fx.deletion(&gone)).await?;
        fx.begun(&fx.attempt(SecretId(Uuid::new_v4()), None, ObjectId(Uuid::new_v4()))).await?;
        let numbers = fx.catalog.summary().await?;
        ensure!(numbers.secrets == 2 && numbers.audit_entries == 5, "{numbers:?}");
        ensure!(numbers.open_attempts == 1 && numbers.garbage == 1, "{numbers:?}");
        let count =
            |which| numbers.versions.iter().find(|(store, _)| *store == which).map(|(_, number)| *number);
        ensure!(count(None) == Some(2) && count(Some(store())) == Some(1), "{numbers:?}");
        let Some(key) = inline.version.key else { return Err(Broken("not sealed".into())) };
        ensure!(numbers.sealed_with == [(key, 3)] && external.version.key == Some(key), "{numbers:?}");
        Ok(())
    }
}
