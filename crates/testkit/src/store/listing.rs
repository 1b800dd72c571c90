//! Listing.

use super::{
    StoreSubject,
    fixture::{Fixture, replace},
};
use crate::{Broken, refused};
use strongroom_core::{
    ErrorKind, SecretFilter, SecretUpdate,
    filter::{Logic, Sort, SortField},
};

cases! {
    macro __store_listing in store, listing; subject StoreSubject;

    /// A list tells of each secret what reading it tells, but for the values.
    async fn a_list_tells_what_reading_tells(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create_as(&fx.ben, "a", false, &[("k", "v")]).await?.meta.id;
        fx.update(&fx.ann, id, replace(&[("k", "w")])).await?;
        let page = fx.store.list(&fx.ann, &SecretFilter::new()).await?;
        ensure!(page.items == [fx.get(&fx.ann, id).await?.meta], "{:?}", page.items);
        ensure!(
            page.total == 1 && page.total_pages == 1 && page.index == 1 && page.max_size == 20,
            "{page:?}"
        );
        Ok(())
    }

    /// What the caller may not list counts neither in items nor in totals.
    async fn what_may_not_be_listed_does_not_count(s) {
        let fx = Fixture::open(s).await?;
        for name in ["a", "b", "c"] {
            fx.create_as(&fx.ann, name, true, &[]).await?;
        }
        fx.create("d", &[]).await?;
        let page = fx.store.list(&fx.ben, &SecretFilter::new().size(1)).await?;
        ensure!(page.total == 1 && page.total_pages == 1 && page.items.len() == 1, "{page:?}");
        let by_name = fx.store.list(&fx.ben, &SecretFilter::new().on("name", "a")?).await?;
        ensure!(by_name.total == 0 && by_name.items.is_empty(), "a filter tells of it");
        ensure!(fx.names(&fx.ann).await? == ["a", "b", "c", "d"], "the owner does not see them");
        Ok(())
    }

    /// Items come in the asked order, ties by id in the same direction.
    async fn items_come_in_the_asked_order(s) {
        let fx = Fixture::open(s).await?;
        for name in ["b", "a", "C", "á", "c"] {
            let cx = if name == "a" { &fx.ben } else { &fx.ann };
            fx.create_as(cx, name, name == "b", &[]).await?;
        }
        let all = fx.store.list(&fx.ann, &SecretFilter::new()).await?.items;
        for by in [
            SortField::Id,
            SortField::Name,
            SortField::Private,
            SortField::Created,
            SortField::Updated,
            SortField::User,
        ] {
            for sort in [Sort::ascending(by), Sort::descending(by)] {
                let listed = fx.store.list(&fx.ann, &SecretFilter::new().sort(sort)).await?.items;
                let mut wanted = all.clone();
                wanted.sort_by(|a, b| sort.compare(a, b));
                ensure!(listed == wanted, "by {sort:?} they come in another order");
            }
        }
        Ok(())
    }

    /// The filter decides what is listed.
    async fn the_filter_decides(s) {
        let fx = Fixture::open(s).await?;
        let mut ids = Vec::new();
        for (name, private) in [("db/a", false), ("db/B", true), ("web%", false), ("db_x", false)] {
            ids.push(fx.create_as(&fx.ann, name, private, &[]).await?.meta.id);
        }
        let all = fx.store.list(&fx.ann, &SecretFilter::new()).await?.items;
        let id = format!("startswith:{}", &ids[0].0.simple().to_string()[..8]);
        let owner = fx.ann.actor.to_string();
        for (logic, conditions) in [
            (Logic::All, vec![("name", "contains:DB")]),
            (Logic::All, vec![("name", "startswith:db_")]),
            (Logic::All, vec![("name", "endswith:%")]),
            (Logic::All, vec![("name", "notcontains:/"), ("private", "false")]),
            (Logic::Any, vec![("name", "db/a"), ("private", "true")]),
            (Logic::All, vec![("id", id.as_str())]),
            (Logic::All, vec![("user", owner.as_str())]),
            (Logic::All, vec![("name", "oneof:[\"web%\",\"DB/A\"]")]),
            (Logic::All, vec![("created", "lt:2000-01-01 00:00:00")]),
            (Logic::All, vec![("updated", "gt:2000-01-01 00:00:00")]),
        ] {
            let mut filter = SecretFilter::new().logic(logic);
            for (field, text) in &conditions {
                filter = filter.on(field, text)?;
            }
            let (listed, wanted) = (fx.store.list(&fx.ann, &filter).await?, filter.page_of(all.clone())?);
            ensure!(listed == wanted, "{conditions:?} list {:?} instead of {:?}", listed.items, wanted.items);
        }
        Ok(())
    }

    /// Pages cover everything once; a page beyond the last one is `InvalidInput`.
    async fn pages_cover_everything_once(s) {
        let fx = Fixture::open(s).await?;
        for n in 0..7 {
            fx.create(&format!("secret {n}"), &[]).await?;
        }
        let (mut seen, filter) = (Vec::new(), SecretFilter::new().size(3));
        for number in 1..=3 {
            let page = fx.store.list(&fx.ann, &filter.clone().page(number)).await?;
            ensure!(page.index == number && page.total == 7 && page.total_pages == 3, "{page:?}");
            seen.extend(page.items.into_iter().map(|meta| meta.id));
        }
        seen.sort_unstable();
        seen.dedup();
        ensure!(seen.len() == 7, "{} of 7 are on three pages", seen.len());
        refused(fx.store.list(&fx.ann, &filter.page(4)).await, ErrorKind::InvalidInput, "page 4 of 3")?;
        let empty = fx.store.list(&fx.ann, &SecretFilter::new().on("name", "nothing")?).await?;
        ensure!(empty.total == 0 && empty.total_pages == 1 && empty.items.is_empty(), "{empty:?}");
        Ok(())
    }

    /// An acknowledged change is listed at once, through any process.
    async fn changes_are_listed_at_once(s) {
        let fx = Fixture::open(s).await?;
        let other = Fixture { store: s.another().await?, ann: fx.ann.clone(), ben: fx.ben.clone() };
        let id = fx.create("a", &[]).await?.meta.id;
        ensure!(other.names(&fx.ben).await? == ["a"], "after a create: {:?}", other.names(&fx.ben).await?);
        let renamed = SecretUpdate::new().name(strongroom_core::SecretName::new("b").map_err(Broken::from)?);
        fx.update(&fx.ann, id, renamed).await?;
        ensure!(other.names(&fx.ben).await? == ["b"], "after a rename: {:?}", other.names(&fx.ben).await?);
        fx.update(&fx.ann, id, SecretUpdate::new().private(true)).await?;
        ensure!(other.names(&fx.ben).await?.is_empty(), "after it was hidden it is listed");
        fx.store.delete(&fx.ann, &id.into(), None).await?;
        ensure!(other.names(&fx.ann).await?.is_empty(), "after it was deleted it is listed");
        Ok(())
    }
}
