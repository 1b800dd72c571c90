//! The store itself.

use crate::report::Report;
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use strongroom::{
    Config, Context, GetOptions, NewSecret, Open, OpenOptions, Places, Registry, Result, SecretFilter,
    SecretId, SecretName, SecretsStore, filter::Sort, settings::Vars,
};

/// How long reads are measured.
const READING: Duration = Duration::from_secs(5);

pub(crate) fn places(directory: &Path) -> Places {
    // As if it were a home directory, so that the program finds the same files.
    Places { config: directory.join("config/strongroom"), data: directory.join("data/strongroom") }
}

pub(crate) async fn open(directory: &Path) -> Result<Open> {
    let options = OpenOptions::default().places(places(directory));
    Config::parse("", Vars::empty())?.open(&Registry::builtin(), options).await
}

/// Makes all secrets, with 64 tasks, each of them durable when it is answered.
pub(crate) async fn create(open: &Open, secrets: usize, report: &mut Report) -> Result<Vec<SecretId>> {
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..64 {
        let (store, cx, next) = (open.store.clone(), open.context("bench"), next.clone());
        tasks.push(tokio::spawn(async move {
            let mut ids = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= secrets {
                    return Ok::<_, strongroom::Error>(ids);
                }
                let values = [("user", format!("app-{number}")), ("password", format!("hunter2-{number}"))];
                let name = SecretName::new(format!("team-{}/secret-{number}", number % 100))?;
                let new = NewSecret::new(name, values.into_iter().collect());
                ids.push(store.create(&cx, new).await?.meta.id);
            }
        }));
    }
    let mut ids = Vec::with_capacity(secrets);
    for task in tasks {
        ids.extend(task.await.expect("no task panics")?);
    }
    report.rate("durable creates, 64 tasks", secrets, started.elapsed(), "at least 3,000/s");
    Ok(ids)
}

/// Reads by id for some seconds.
pub(crate) async fn get(
    open: &Open,
    ids: &[SecretId],
    tasks: usize,
    what: &str,
    report: &mut Report,
) -> Result<()> {
    let target = if tasks == 8 { "at least 40,000/s" } else { "at least 150,000/s" };
    let ids: Arc<[SecretId]> = ids.into();
    let started = Instant::now();
    let mut running = Vec::new();
    for task in 0..tasks {
        let (store, cx, ids) = (open.store.clone(), open.context("bench"), ids.clone());
        running.push(tokio::spawn(async move { read(&*store, &cx, &ids, task, started).await }));
    }
    let mut done = 0;
    for task in running {
        done += task.await.expect("no task panics")?;
    }
    report.rate(what, done, started.elapsed(), target);
    Ok(())
}

async fn read(
    store: &dyn SecretsStore,
    cx: &Context,
    ids: &[SecretId],
    task: usize,
    started: Instant,
) -> Result<usize> {
    let (mut done, options) = (0, GetOptions::new());
    // A step that is coprime to the number of secrets visits all of them, each task in its own order.
    let mut at = task * 7_919;
    while started.elapsed() < READING {
        for _ in 0..64 {
            at += 10_007;
            for secret in store.get(cx, &[ids[at % ids.len()].into()], &options).await {
                std::hint::black_box(secret?);
                done += 1;
            }
        }
    }
    Ok(done)
}

/// A page of 20, filtered and sorted, with the total.
pub(crate) async fn list(open: &Open, report: &mut Report) -> Result<()> {
    let filter = SecretFilter::default()
        .on("name", "startswith:team-42/")?
        .on("private", "false")?
        .sort(Sort::parse("desc:updated")?);
    let cx = open.context("bench");
    let mut times = Vec::new();
    for _ in 0..50 {
        let started = Instant::now();
        std::hint::black_box(open.store.list(&cx, &filter).await?);
        times.push(started.elapsed());
    }
    times.sort();
    report.time("filtered, sorted page of 20 (median of 50)", times[25], "below 5 ms");
    Ok(())
}
