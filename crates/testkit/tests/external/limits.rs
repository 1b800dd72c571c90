//! Stores that keep fewer versions, or smaller ones, than the engine is configured for.

use crate::site::{Site, assert_audited, named, quick, text, uncached};
use std::sync::Arc;
use strongroom_core::{Backend, ErrorKind, GetOptions, Limits, Removal, SecretMeta, Secrets};
use strongroom_engine::{Engine, EngineOptions, Moved, Store, StoreName};
use strongroom_testkit::Held;

/// Of a store that takes small values, and any number of versions.
fn limits() -> Limits {
    Limits::new(256, Removal::Destroys)
}

fn store(site: &Site, held: &Held, name: &str, limits: Limits) -> Store {
    let backend: Arc<dyn Backend> = Arc::new(site.service(held).endpoint(name).limits(limits));
    named(name, backend, false)
}

fn keeping(history: u32) -> EngineOptions {
    let mut options = uncached();
    options.history = history;
    options
}

/// A secret whose value tells the revision.
async fn written(secrets: &Secrets, name: &str, versions: u64) -> SecretMeta {
    let mut meta = secrets.create(name, [("revision", "1")]).await.unwrap().meta;
    for revision in 2..=versions {
        meta = secrets.set(name, "revision", revision.to_string()).await.unwrap();
    }
    meta
}

/// So many versions are kept, up to the current one, and each is what was written.
async fn assert_kept(secrets: &Secrets, name: &str, versions: u64) {
    let kept = secrets.versions(name).await.unwrap();
    let current = kept[0].revision.0;
    let revisions: Vec<u64> = kept.iter().map(|version| version.revision.0).collect();
    assert_eq!(revisions, (current - versions + 1..=current).rev().collect::<Vec<_>>(), "{name}");
    let id = secrets.get(name).await.unwrap().meta.id;
    for version in kept {
        let then = GetOptions::new().as_of(version.revision);
        let read = secrets.get_ref(&id.into(), &then).await.unwrap();
        assert_eq!(text(&read, "revision"), version.revision.to_string(), "{name}");
    }
}

async fn moved(engine: &Engine, to: &str) -> Moved {
    engine.move_all(Some(&StoreName::new(to).unwrap())).await.unwrap()
}

#[tokio::test]
async fn the_history_is_cut_to_what_the_store_keeps() {
    // In each case the smaller one of both.
    for (configured, limit, kept) in [(40, Some(3), 3), (2, Some(3), 2), (6, None, 6), (40, Some(0), 1)] {
        let (site, held) = (Site::in_memory().await, Held::new());
        let limits = limit.map_or(limits(), |versions| limits().history(versions));
        let engine = site.engine(vec![store(&site, &held, "one", limits)], keeping(configured)).await;
        let secrets = site.secrets(&engine);
        written(&secrets, "db", 10).await;
        assert_kept(&secrets, "db", kept).await;
        site.settle(&engine).await;
        assert_kept(&secrets, "db", kept).await;
        let held_there: usize =
            held.inventory(site.identity.namespace).iter().map(|(_, versions)| versions.len()).sum();
        assert_eq!(held_there as u64, kept, "{configured} {limit:?}");
        site.assert_accounted(&held).await;
    }
}

#[tokio::test]
async fn what_has_more_versions_than_the_store_keeps_stays_until_an_update_cut_it() {
    let (site, one, two) = (Site::in_memory().await, Held::new(), Held::new());
    let from = || store(&site, &one, "one", limits());
    let to = || store(&site, &two, "two", limits().history(3));
    let first = site.engine(vec![from()], keeping(10)).await;
    let mut long = Vec::new();
    for (name, versions) in [("short", 2), ("long", 5), ("fitting", 3), ("longer", 7)] {
        let meta = written(&site.secrets(&first), name, versions).await;
        long.extend((versions > 3).then_some(meta.id));
    }
    long.sort_unstable();

    let second = site.engine(vec![to(), from()], keeping(10)).await;
    let secrets = site.secrets(&second);
    let report = moved(&second, "two").await;
    assert_eq!(report.versions, 5, "{report:?}");
    assert_eq!(report.stayed.iter().map(|one| one.secret).collect::<Vec<_>>(), long);
    for stayed in &report.stayed {
        assert_eq!(stayed.error.kind(), ErrorKind::InvalidInput, "{stayed:?}");
        let told = stayed.error.to_string();
        for word in [stayed.name.as_ref().unwrap().as_str(), "limit: 3", "two", "update it", "move again"] {
            assert!(told.contains(word), "{word}: {told}");
        }
    }
    assert!(report.whole().unwrap_err().to_string().contains("other secrets that stayed: 1"));
    // Nothing was taken away.
    for (name, versions) in [("short", 2), ("long", 5), ("fitting", 3), ("longer", 7)] {
        assert_kept(&secrets, name, versions).await;
    }

    for (name, revision) in [("long", "6"), ("longer", "8")] {
        secrets.set(name, "revision", revision).await.unwrap();
        assert_kept(&secrets, name, 3).await;
    }
    // The updates went there already.
    assert_eq!(moved(&second, "two").await.whole().unwrap(), 4);
    site.settle(&second).await;
    site.assert_accounted(&two).await;
    let third = site.engine(vec![to()], keeping(10)).await;
    for (name, versions) in [("short", 2), ("long", 3), ("fitting", 3), ("longer", 3)] {
        assert_kept(&site.secrets(&third), name, versions).await;
    }
    assert!(one.inventory(site.identity.namespace).is_empty(), "something is left in the other store");
    assert_audited(&third, 19).await;
}

#[tokio::test]
async fn what_is_too_large_for_the_store_is_named_and_the_others_move() {
    let (site, one, two) = (Site::in_memory().await, Held::new(), Held::new());
    let from = || store(&site, &one, "one", Limits::new(4096, Removal::Destroys));
    let to = || store(&site, &two, "two", limits());
    let secrets = site.secrets(&site.engine(vec![from()], quick()).await);
    for name in ["a", "b", "c"] {
        written(&secrets, name, 2).await;
    }
    let large = "x".repeat(500);
    let id = secrets.create("large", [("k", "small")]).await.unwrap().meta.id;
    secrets.set("large", "k", large.clone()).await.unwrap();
    secrets.set("large", "k", "small again").await.unwrap();

    let engine = site.engine(vec![to(), from()], uncached()).await;
    let secrets = site.secrets(&engine);
    let report = moved(&engine, "two").await;
    // All of the others, and what came before.
    assert_eq!(report.versions, 7, "{report:?}");
    let [stayed] = &report.stayed[..] else { panic!("{report:?}") };
    assert_eq!((stayed.secret, stayed.name.as_ref().unwrap().as_str()), (id, "large"));
    assert_eq!(stayed.error.kind(), ErrorKind::InvalidInput, "{stayed:?}");
    let told = stayed.error.to_string();
    for word in ["name: large", "revision: 2", "limit: 256", "split"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    assert!(!told.contains("xxx"), "{told}");
    assert_eq!(text(&secrets.get("large").await.unwrap(), "k"), "small again");
    let then = GetOptions::new().as_of(strongroom_core::Revision(2));
    assert_eq!(text(&secrets.get_ref(&id.into(), &then).await.unwrap(), "k"), large);
    site.settle(&engine).await;
    // Asked again, it says so again.
    let again = moved(&engine, "two").await;
    assert_eq!((again.versions, again.stayed.len()), (0, 1), "{again:?}");
    for name in ["a", "b", "c"] {
        assert_kept(&secrets, name, 2).await;
    }
}
