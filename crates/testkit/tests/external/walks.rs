//! Walks over many secrets beside a few that are read again and again.

use crate::site::{Site, main_store, quick};
use strongroom_core::{GetOptions, SecretId, Secrets};
use strongroom_engine::{Engine, EngineOptions};
use strongroom_testkit::Held;

/// A cache with room for some fifty secrets.
fn small() -> EngineOptions {
    let mut options = quick();
    options.cache_bytes = 64 << 10;
    options
}

async fn made(secrets: &Secrets, prefix: &str, count: usize) -> Vec<SecretId> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(secrets.create(&format!("{prefix}-{n}"), [("k", "v")]).await.unwrap().meta.id);
    }
    ids
}

async fn read(secrets: &Secrets, ids: &[SecretId]) {
    for id in ids {
        secrets.get_ref(&(*id).into(), &GetOptions::new()).await.unwrap();
    }
}

fn misses(engine: &Engine) -> u64 {
    engine.stats().cache_misses
}

#[tokio::test]
async fn a_walk_over_the_catalog_leaves_what_is_read_again_and_again() {
    let site = Site::in_memory().await;
    let engine = site.engine(Vec::new(), small()).await;
    let secrets = site.secrets(&engine);
    let (hot, walked) = (made(&secrets, "hot", 10).await, made(&secrets, "walked", 500).await);
    // Known from their second time on.
    read(&secrets, &hot).await;
    read(&secrets, &hot).await;
    let before = misses(&engine);
    read(&secrets, &hot).await;
    assert_eq!(misses(&engine), before, "what was read twice is not remembered");
    read(&secrets, &walked).await;
    assert_eq!(misses(&engine), before + 500, "each of the walk is read for the first time");
    let before = misses(&engine);
    read(&secrets, &hot).await;
    // A few may have been mistaken for others.
    assert!(misses(&engine) - before <= 2, "{} of 10 were pushed out", misses(&engine) - before);
}

#[tokio::test]
async fn what_a_service_keeps_is_remembered_at_once() {
    let site = Site::in_memory().await;
    let held = Held::new();
    let store = || main_store(site.service(&held), false);
    let writer = site.engine(vec![store()], small()).await;
    let ids = made(&site.secrets(&writer), "s", 10).await;
    // Another process, which has written none of them.
    let engine = site.engine(vec![store()], small()).await;
    let secrets = site.secrets(&engine);
    read(&secrets, &ids).await;
    assert_eq!(misses(&engine), 10);
    read(&secrets, &ids).await;
    assert_eq!(misses(&engine), 10, "a call was made twice");
}
