//! Lists.

use super::{
    CatalogSubject,
    fixture::{Fixture, account},
    random,
};
use crate::{Broken, Random, refused};
use std::sync::Arc;
use strongroom_core::{
    ErrorKind, Glob, Names, Owner, OwnerId, Result, SecretFilter, SecretMeta, SecretName,
    filter::{Sort, SortField},
};
use strongroom_engine::{Catalog, Commit, Committed, Subject, Viewer};

/// How many random filters are compared.
const FILTERS: usize = 400;

/// Requires that a list has these names, in this order.
async fn lists(fx: &Fixture, viewer: &Viewer, filter: &SecretFilter, names: &[&str]) -> crate::Outcome {
    let page = fx.catalog.list(viewer, filter).await?;
    let found: Vec<_> = page.items.iter().map(|meta| meta.name.as_str().to_owned()).collect();
    ensure!(found == names, "{filter:?} finds {found:?} instead of {names:?}");
    Ok(())
}

fn all(actor: OwnerId) -> Viewer {
    Viewer { actor, names: Names::All }
}

fn by_name() -> SecretFilter {
    SecretFilter::new().sort(Sort::ascending(SortField::Name)).size(1000)
}

/// Whether the viewer may list it.
fn may_list(viewer: &Viewer, meta: &SecretMeta) -> bool {
    (!meta.private || meta.owner.id == viewer.actor) && viewer.names.contains(meta.name.as_str())
}

/// Secrets with hostile names, of several owners with hostile names, at several revisions.
async fn populate(s: &dyn CatalogSubject, random: &mut Random) -> Result<(Fixture, Vec<SecretMeta>), Broken> {
    let accounts: Vec<Owner> =
        [("Ann", "Ann%_"), ("ann-2", "É K\u{212a}"), ("o\\'r", "a'b\\\"c"), ("😀", "")]
            .into_iter()
            .map(|(name, full_name)| account(name, full_name))
            .collect();
    let fx = Fixture::open(&Populated(s, &accounts)).await?;
    let mut rows = Vec::new();
    while rows.len() < 60 {
        let owner = random.pick(&accounts).id;
        let commit = fx.creation(&random::name(random), random.one_in(2), owner)?;
        if let Committed::Done(row) = fx.catalog.commit(&commit).await? {
            rows.push(*row);
        }
    }
    for row in &mut rows {
        for _ in 0..random.below(3) {
            *row = fx.done(&fx.edit(row)).await?;
        }
    }
    // Not as a list answers them: this is what lists are compared with.
    let mut secrets = Vec::new();
    for row in rows {
        let read = fx.row(row.meta.id).await?;
        secrets.push(read.ok_or_else(|| Broken("a secret is gone".into()))?.meta);
    }
    Ok((fx, secrets))
}

/// A subject with more accounts.
struct Populated<'a>(&'a dyn CatalogSubject, &'a [Owner]);

#[strongroom_core::async_trait]
impl CatalogSubject for Populated<'_> {
    async fn open(&self, accounts: &[Owner]) -> Result<Arc<dyn Catalog>> {
        self.0.open(&[accounts, self.1].concat()).await
    }
}

cases! {
    macro __catalog_lists in catalog, lists; subject CatalogSubject;

    /// An empty list has one empty page.
    async fn an_empty_list_has_one_page(s) {
        let fx = Fixture::open(s).await?;
        let page = fx.catalog.list(&all(fx.owner), &SecretFilter::new()).await?;
        ensure!(
            page.items.is_empty() && page.total == 0 && page.total_pages == 1 && page.index == 1,
            "{page:?}"
        );
        Ok(())
    }

    /// Everything about a secret is in a list as it is in its row.
    async fn a_list_tells_what_the_row_tells(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.done(&fx.creation("a", true, fx.other)?).await?;
        let row = fx.done(&fx.renaming(&fx.done(&fx.writing(&row)).await?, "b")?).await?;
        let page = fx.catalog.list(&all(fx.other), &SecretFilter::new()).await?;
        ensure!(page.items == [row.meta], "{:?}", page.items);
        Ok(())
    }

    /// Others' private secrets and names out of reach count neither in items nor in totals.
    async fn what_may_not_be_listed_does_not_count(s) {
        let fx = Fixture::open(s).await?;
        for (name, private, owner) in [
            ("db/a", false, fx.owner),
            ("db/b", true, fx.owner),
            ("db/c", true, fx.other),
            ("web", false, fx.other),
        ] {
            fx.done(&fx.creation(name, private, owner)?).await?;
        }
        lists(&fx, &all(fx.owner), &by_name(), &["db/a", "db/b", "web"]).await?;
        lists(&fx, &all(fx.other), &by_name(), &["db/a", "db/c", "web"]).await?;
        lists(&fx, &all(fx.third), &by_name(), &["db/a", "web"]).await?;
        let some = |glob: &str| Ok::<_, Broken>(Names::Matching([Glob::new(glob)?].into()));
        let viewer = Viewer { actor: fx.owner, names: some("db/*")? };
        lists(&fx, &viewer, &by_name(), &["db/a", "db/b"]).await?;
        let page = fx.catalog.list(&viewer, &by_name().size(1)).await?;
        ensure!(page.total == 2 && page.total_pages == 2, "{page:?}");
        lists(&fx, &Viewer { actor: fx.owner, names: Names::none() }, &by_name(), &[]).await?;
        // No filter tells of what may not be seen.
        lists(&fx, &viewer, &by_name().on("name", "contains:web")?, &[]).await?;
        lists(&fx, &all(fx.owner), &by_name().on("name", "db/c")?, &[]).await
    }

    /// Names are sorted by their bytes.
    async fn names_are_sorted_by_bytes(s) {
        let fx = Fixture::open(s).await?;
        let mut names =
            ["b", "a", "B", "á", "a ", "", "Z", "_", "z", "😀", "\u{e000}", "\u{ffff}", "a/b", "a-b", "ab"];
        for name in names {
            fx.create(name).await?;
        }
        names.sort_unstable();
        lists(&fx, &all(fx.owner), &by_name(), &names).await?;
        names.reverse();
        lists(&fx, &all(fx.owner), &by_name().sort(Sort::descending(SortField::Name)), &names).await
    }

    /// Pages hold as many as asked for, and the totals are those of all pages.
    async fn pages_cover_everything_once(s) {
        let fx = Fixture::open(s).await?;
        for n in 0..7 {
            fx.create(&format!("secret {n}")).await?;
        }
        let mut names = Vec::new();
        for number in 1..=3 {
            let page = fx.catalog.list(&all(fx.owner), &by_name().size(3).page(number)).await?;
            ensure!(page.index == number && page.max_size == 3, "{page:?}");
            ensure!(page.total == 7 && page.total_pages == 3, "{page:?}");
            names.extend(page.items.into_iter().map(|meta| meta.name));
        }
        ensure!(names.len() == 7 && names.is_sorted(), "{names:?}");
        Ok(())
    }

    /// A page beyond the last one, page 0 and sizes out of range are `InvalidInput`.
    async fn pages_out_of_range_are_refused(s) {
        let fx = Fixture::open(s).await?;
        fx.create("a").await?;
        for (page, size) in [(2, 20), (0, 20), (1, 0), (1, 10_001), (u32::MAX, 10_000)] {
            let filter = SecretFilter::new().page(page).size(size);
            refused(fx.catalog.list(&all(fx.owner), &filter).await, ErrorKind::InvalidInput, "it")?;
        }
        let nothing = by_name().on("name", "nothing")?.page(2);
        refused(fx.catalog.list(&all(fx.owner), &nothing).await, ErrorKind::InvalidInput, "page 2 of nothing")
    }

    /// No character of a condition is a wildcard.
    async fn no_character_is_a_wildcard(s) {
        let fx = Fixture::open(s).await?;
        for name in ["a%b", "a_b", "a\\b", "a*b", "axb", "A%B", "é", "É"] {
            fx.create(name).await?;
        }
        for (condition, names) in [
            ("contains:%", &["A%B", "a%b"][..]),
            ("contains:_", &["a_b"]),
            ("contains:\\", &["a\\b"]),
            ("contains:*", &["a*b"]),
            ("startswith:a%", &["A%B", "a%b"]),
            ("endswith:%B", &["A%B", "a%b"]),
            ("contains:a_b", &["a_b"]),
            ("equals:a%b", &["a%b"]),
            ("contains:é", &["é"]),
            ("oneof:[\"A%B\",\"a_b\"]", &["A%B", "a_b"]),
            ("oneof:[]", &[]),
        ] {
            lists(&fx, &all(fx.owner), &by_name().on("name", condition)?, names).await?;
        }
        Ok(())
    }

    /// A secret that was renamed, hidden or deleted is listed as it is from then on.
    async fn changes_are_listed_at_once(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let row = fx.done(&fx.renaming(&row, "B")?).await?;
        lists(&fx, &all(fx.other), &by_name().on("name", "startswith:b")?, &["B"]).await?;
        lists(&fx, &all(fx.other), &by_name().on("name", "contains:a")?, &[]).await?;
        let row = fx.done(&fx.publishing(&row, true)).await?;
        lists(&fx, &all(fx.other), &by_name(), &[]).await?;
        lists(&fx, &all(fx.owner), &by_name().on("private", "true")?, &["B"]).await?;
        fx.catalog.delete(&fx.deletion(&row)).await?;
        lists(&fx, &all(fx.owner), &by_name(), &[]).await
    }

    /// A list is what its filter says over everything that the viewer may list: random filters over random
    /// secrets.
    async fn lists_agree_with_the_filter(s) {
        for seed in [1, 2] {
            let mut random = Random::new(seed);
            let (fx, secrets) = populate(s, &mut random).await?;
            for n in 0..FILTERS / 2 {
                let viewer = random::viewer(&mut random, &secrets)?;
                let filter = random::filter(&mut random, &secrets);
                let visible = secrets.iter().filter(|meta| may_list(&viewer, meta)).cloned().collect();
                let (listed, wanted) = (fx.catalog.list(&viewer, &filter).await, filter.page_of(visible));
                let agree = match (&listed, &wanted) {
                    (Ok(listed), Ok(wanted)) => listed == wanted,
                    (Err(listed), Err(wanted)) => listed.kind() == wanted.kind(),
                    _ => false,
                };
                let what = format!("seed {seed}, filter {n}: {viewer:?} {filter:?}");
                ensure!(agree, "{what}\n  gives {listed:?}\n  instead of {wanted:?}");
            }
        }
        Ok(())
    }

    /// Secrets are found by what their owner is called, and by any way to write the owner's id.
    async fn owners_are_found_by_id_name_and_full_name(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.done(&fx.creation("a", false, fx.other)?).await?;
        fx.create("b").await?;
        let owner = row.meta.owner;
        let simple = owner.id.0.simple().to_string();
        for text in [owner.id.to_string(), simple.to_uppercase(), owner.name.clone()] {
            let filter = by_name().on("user", &format!("equals:{text}"))?;
            lists(&fx, &all(fx.owner), &filter, &["a"]).await?;
            let filter = by_name().on("user", &format!("notequals:{text}"))?;
            lists(&fx, &all(fx.owner), &filter, &["b"]).await?;
        }
        lists(&fx, &all(fx.owner), &by_name().on("user", &format!("startswith:{}", &simple[..7]))?, &["a"])
            .await
    }

    /// Who changes a secret does not become its owner.
    async fn the_owner_of_a_secret_stays(s) {
        let fx = Fixture::open(s).await?;
        let row = fx.create("a").await?;
        let mut commit: Commit = fx.edit(&row);
        if let Subject::Existing { guard, name, .. } = &mut commit.subject {
            guard.context.actor = fx.other;
            *name = Some(SecretName::new("b")?);
        }
        commit.entry.actor = fx.other;
        fx.done(&commit).await?;
        lists(&fx, &all(fx.other), &by_name().on("user", &fx.owner.to_string())?, &["b"]).await
    }
}
