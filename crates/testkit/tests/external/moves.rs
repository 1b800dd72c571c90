//! From one store to another, while people work.

use crate::site::{Site, assert_audited, named, one, quick, replace, text, uncached};
use futures::future::join_all;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use strongroom_core::{Backend as _, GetOptions, Revision, Secrets};
use strongroom_engine::{Engine, Misplaced, Store, StoreName, crypto::KeyKind};
use strongroom_testkit::{Held, faults::FailBefore};

const SECRETS: usize = 12;

/// Two services.
struct Scene {
    site: Site,
    one: Held,
    two: Held,
}

impl Scene {
    fn one(&self) -> Store {
        named("one", Arc::new(self.site.service(&self.one).endpoint("one")), false)
    }

    fn two(&self) -> Store {
        named("two", Arc::new(self.site.service(&self.two).endpoint("two")), true)
    }

    /// How many versions both hold.
    fn held(&self) -> (usize, usize) {
        let count = |held: &Held| {
            let inventory = held.inventory(self.site.identity.namespace);
            inventory.iter().map(|(_, versions)| versions.len()).sum()
        };
        (count(&self.one), count(&self.two))
    }

    /// Moves until nothing is anywhere else, while others write and read all the time.
    async fn move_live(&self, engine: &Engine, to: Option<&str>) {
        let to = to.map(|name| StoreName::new(name).unwrap());
        let done = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..4)
            .map(|worker| tokio::spawn(work(self.site.secrets(engine), worker, done.clone())))
            .collect();
        let mut moved = 0;
        loop {
            moved +=
                engine.move_all(to.as_ref()).await.expect("the move failed").whole().expect("one stayed");
            let wanted = Misplaced::NotIn(to.clone());
            if self.site.catalog.versions_to_move(None, 1, &wanted).await.unwrap().is_empty() {
                break;
            }
        }
        assert!(moved >= SECRETS as u64, "only {moved}");
        done.store(true, Ordering::SeqCst);
        for worker in workers {
            worker.await.expect("somebody was disturbed");
        }
        self.site.settle(engine).await;
    }

    /// Every version of every secret is what was written.
    async fn assert_whole(&self, engine: &Engine) {
        let secrets = self.site.secrets(engine);
        for i in 0..SECRETS {
            let name = format!("secret-{i}");
            let current = secrets.get(&name).await.unwrap();
            let kept = secrets.versions(&name).await.unwrap();
            assert_eq!(kept[0].revision, current.version);
            for version in kept {
                let options = GetOptions::new().as_of(version.revision);
                let read = secrets.get_ref(&current.meta.id.into(), &options).await.unwrap();
                assert_eq!(text(&read, "revision"), version.revision.to_string());
            }
        }
    }
}

/// Writes and reads secrets of its own. The values tell the revision.
async fn work(secrets: Secrets, worker: usize, done: Arc<AtomicBool>) {
    let mut rounds = 0;
    while !done.load(Ordering::SeqCst) || rounds < 3 {
        rounds += 1;
        for i in (0..SECRETS).filter(|i| i % 4 == worker) {
            let name = format!("secret-{i}");
            let before = secrets.get(&name).await.expect("it cannot be read");
            assert_eq!(text(&before, "revision"), before.version.to_string());
            let next = before.meta.revision.next();
            // Few, so that the move gets on.
            if rounds <= 3 {
                let meta =
                    secrets.set(&name, "revision", next.to_string()).await.expect("it cannot be written");
                assert_eq!(meta.revision, next);
            }
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_moves_and_moves_back_while_people_work() {
    let scene = Scene { site: Site::in_memory().await, one: Held::new(), two: Held::new() };
    let site = &scene.site;
    let first = site.engine(vec![scene.one()], quick()).await;
    let secrets = site.secrets(&first);
    let names: Vec<String> = (0..SECRETS).map(|i| format!("secret-{i}")).collect();
    join_all(names.iter().map(|name| secrets.create(name, [("revision", "1")]))).await;
    for name in &names {
        secrets.set(name, "revision", Revision(2).to_string()).await.unwrap();
    }
    assert_eq!(scene.held(), (2 * SECRETS, 0));

    // Without a cache all that is read is read where it is at that moment.
    let second = site.engine(vec![scene.two(), scene.one()], uncached()).await;
    scene.move_live(&second, Some("two")).await;
    scene.assert_whole(&second).await;
    assert_eq!(scene.held().0, 0);
    site.assert_accounted(&scene.two).await;
    // The other store is not needed any more.
    scene.assert_whole(&site.engine(vec![scene.two()], quick()).await).await;

    let third = site.engine(vec![scene.one(), scene.two()], uncached()).await;
    scene.move_live(&third, Some("one")).await;
    scene.assert_whole(&third).await;
    assert_eq!(scene.held().1, 0);
    site.assert_accounted(&scene.one).await;

    let inline = site.inline_engine(vec![scene.one()], quick()).await;
    scene.move_live(&inline, None).await;
    scene.assert_whole(&site.engine(Vec::new(), quick()).await).await;
    assert_eq!(scene.held(), (0, 0));
    assert_audited(&inline, 2 * SECRETS as u64).await;
}

#[tokio::test]
async fn an_object_whose_versions_moved_away_goes_with_one_call() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let engine = site.engine(vec![named("one", Arc::new(site.service(&held)), false)], quick()).await;
    let secrets = site.secrets(&engine);
    secrets.create("db", [("revision", "1")]).await.unwrap();
    for revision in 2..=6 {
        secrets.set("db", "revision", revision.to_string()).await.unwrap();
    }
    assert_eq!(engine.move_all(None).await.unwrap().whole().unwrap(), 6);
    site.settle(&engine).await;
    site.assert_accounted(&held).await;
    let stats = engine.stats();
    let sent = |which| -> u64 {
        stats.calls.iter().filter(|((_, name), _)| *name == which).map(|(_, of)| of.sent).sum()
    };
    assert_eq!((sent("delete"), sent("remove")), (1, 0));
}

#[tokio::test]
async fn what_others_change_just_then_is_moved_too() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let engine = site.engine(vec![named("one", Arc::new(site.service(&held)), false)], quick()).await;
    site.secrets(&engine).create("db", [("revision", "1")]).await.unwrap();
    // So that the first version that is moved is sealed with a key that was replaced.
    let other = site.inline_engine(Vec::new(), quick()).await;
    other.rotate(KeyKind::Seal, false).await.unwrap();
    assert_eq!(engine.move_all(None).await.unwrap().whole().unwrap(), 1);
    let left = site.catalog.versions_to_move(None, 10, &Misplaced::NotIn(None)).await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_name_does_not_stand_for_another_place() {
    let scene = Scene { site: Site::in_memory().await, one: Held::new(), two: Held::new() };
    let engine = scene.site.engine(vec![scene.one()], quick()).await;
    scene.site.secrets(&engine).create("db", [("a", "1")]).await.unwrap();
    let other = Store { name: StoreName::new("one").unwrap(), ..scene.two() };
    let error = scene.site.open(scene.site.root.clone(), vec![other], quick()).await.expect_err("it opened");
    assert_eq!(error.kind(), strongroom_core::ErrorKind::ConfigInvalid, "{error:?}");
    assert!(error.to_string().contains('1'), "it does not say how many versions are there: {error}");
}

#[tokio::test]
async fn who_has_a_secret_cached_writes_where_another_process_moved_it() {
    let scene = Scene { site: Site::in_memory().await, one: Held::new(), two: Held::new() };
    let site = &scene.site;
    let stays = site.engine(vec![scene.one(), scene.two()], quick()).await;
    let secrets = site.secrets(&stays);
    let id = secrets.create("db", [("revision", "1")]).await.unwrap().meta.id;
    let mover = site.engine(vec![scene.two(), scene.one()], quick()).await;
    for to in ["two", "one", "two"] {
        // A row that was found by its id is believed as long as its stamp is the same.
        secrets.get_ref(&id.into(), &GetOptions::new()).await.unwrap();
        mover.move_all(Some(&StoreName::new(to).unwrap())).await.unwrap().whole().unwrap();
        site.settle(&mover).await;
        let next = site.row(id).await.meta.revision.next();
        let meta = replace(&secrets, id, one("revision", &next.to_string())).await;
        assert_eq!(meta.revision, next);
        assert_eq!(text(&secrets.get("db").await.unwrap(), "revision"), next.to_string());
    }
}

#[tokio::test]
async fn who_has_a_row_cached_reads_what_was_moved_when_its_old_place_is_gone() {
    let scene = Scene { site: Site::in_memory().await, one: Held::new(), two: Held::new() };
    let site = &scene.site;
    let gone = Arc::new(AtomicBool::new(false));
    let (off, service) = (gone.clone(), Arc::new(site.service(&scene.one).endpoint("one")));
    let closes = FailBefore::new(service, move |_| off.load(Ordering::SeqCst));
    // Rows stay cached for longer than the values of this store.
    let mut one = named("one", Arc::new(closes), false);
    one.options.cache_max_age = Some(Duration::ZERO);
    let stays = site.engine(vec![one, scene.two()], quick()).await;
    let secrets = site.secrets(&stays);
    let id = secrets.create("db", [("revision", "1")]).await.unwrap().meta.id;
    secrets.get_ref(&id.into(), &GetOptions::new()).await.unwrap();
    let mover = site.engine(vec![scene.two(), scene.one()], quick()).await;
    mover.move_all(Some(&StoreName::new("two").unwrap())).await.unwrap().whole().unwrap();
    site.settle(&mover).await;
    site.clock.skip(Duration::from_secs(1));
    gone.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let read = secrets.get_ref(&id.into(), &GetOptions::new()).await.unwrap();
        assert_eq!(text(&read, "revision"), "1");
    }
}

/// Where a service takes whatever was put last for the newest, as most do, the current version is put last.
#[tokio::test]
async fn what_moved_is_shown_by_its_current_version() {
    let (site, held) = (Site::in_memory().await, Held::new());
    let service = || Arc::new(site.service(&held).last_is_newest(true).page(100));
    let inline = site.inline_engine(Vec::new(), quick()).await;
    let secrets = site.secrets(&inline);
    let create = async |name: &str| {
        let id = secrets.create(name, [("revision", "1")]).await.unwrap().meta.id;
        for revision in ["2", "3"] {
            secrets.set(name, "revision", revision).await.unwrap();
        }
        id
    };
    let (whole, begun) = (create("whole").await, create("begun").await);
    let engine = site.engine(vec![named("one", service(), false)], quick()).await;
    let puts = || {
        engine
            .stats()
            .calls
            .iter()
            .filter(|((_, name), _)| *name == "put")
            .map(|(_, of)| of.sent)
            .sum::<u64>()
    };
    // The current version of this one is there before its past comes.
    site.secrets(&engine).set("begun", "revision", "4").await.unwrap();
    let moved = engine.move_all(Some(&StoreName::new("one").unwrap())).await.unwrap();
    assert_eq!(moved.whole().unwrap(), 6);
    assert_eq!(puts(), 7, "each version once");
    let newest = async |id| {
        let (object, current) = site.place(id).await;
        let found = service().scan(Some(object), None).await.unwrap().found;
        let shown = found.into_iter().find(|found| found.newest).and_then(|found| found.at);
        (shown, Some(current))
    };
    let (shown, current) = newest(whole).await;
    assert_eq!(shown, current, "the oldest first, the current one last");
    site.settle(&engine).await;
    for id in [whole, begun] {
        let (shown, current) = newest(id).await;
        assert_eq!(shown, current);
    }
    assert_eq!(puts(), 8, "the one that its past came behind, once more");
    site.assert_accounted(&held).await;
}
