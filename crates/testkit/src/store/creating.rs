//! Creating.

use super::{
    StoreSubject,
    fixture::{Fixture, map, plain, shown, values},
};
use crate::{refused, together};
use strongroom_core::{
    DEFAULT_SIZE_LIMIT, ErrorKind, GetOptions, NewSecret, Revision, SecretName, SecretValues,
};

/// Texts that something on the way may want to change.
const AWKWARD: &[&str] = &[
    "",
    " ",
    "a",
    "A",
    "a ",
    " a",
    "é",
    "e\u{301}",
    "😀",
    "👩‍👧",
    "%",
    "_",
    "\\",
    "'",
    "\"",
    "\"\"",
    "`",
    "\n",
    "\r\n",
    "a\r\nb\n",
    "\t",
    "\u{1}",
    "\u{7f}",
    "\u{feff}",
    "\u{202e}x",
    "null",
    "true",
    "0",
    "1e9",
    "{}",
    "[]",
    "{\"a\":\"b\"}",
    "a=b",
    "a:b",
    "--flag",
    "@file",
    "@@x",
    "${x}",
    "$(x)",
    "{{x}}",
    "%20",
    "a+b",
    "a&b=c",
    "<b>&amp;",
    "a/b",
    "../..",
    "\u{2028}",
    "ß",
    "İ",
    "\u{212a}",
    "\u{10ffff}",
    "p:a",
    "line\\nline",
];

cases! {
    macro __store_creating in store, creating; subject StoreSubject;

    /// What was created is read back byte for byte, whatever characters its keys and values have.
    async fn keys_and_values_are_kept(s) {
        let fx = Fixture::open(s).await?;
        let mut pairs: Vec<(&str, &str)> = AWKWARD.iter().map(|text| (*text, *text)).collect();
        pairs.push(("password", "\u{0}nul"));
        let created = fx.create("awkward", &pairs).await?;
        ensure!(plain(&created.values) == map(&pairs), "the answer has other values");
        ensure!(fx.read(created.meta.id).await? == map(&pairs), "other values were read");
        Ok(())
    }

    /// What was created is read back byte for byte, whatever characters its name has, by that name alone.
    async fn names_are_kept(s) {
        let fx = Fixture::open(s).await?;
        for name in AWKWARD {
            let created = fx.create(name, &[("name", name)]).await?;
            ensure!(created.meta.name.as_str() == *name, "{name:?} was created as {:?}", created.meta.name);
        }
        for name in AWKWARD {
            let read = fx.get(&fx.ann, SecretName::new(*name)?).await?;
            ensure!(read.meta.name.as_str() == *name, "{name:?} finds {:?}", read.meta.name);
            ensure!(plain(&read.values) == map(&[("name", name)]), "{name:?} has the values of another");
        }
        Ok(())
    }

    /// A secret without values is kept as it is, which is not the same as one with an empty value.
    async fn empty_values_are_kept(s) {
        let fx = Fixture::open(s).await?;
        let none = fx.create("none", &[]).await?.meta.id;
        let empty = fx.create("empty", &[("", "")]).await?.meta.id;
        ensure!(fx.read(none).await?.is_empty(), "a value came up");
        ensure!(fx.read(empty).await? == map(&[("", "")]), "the empty value went away");
        Ok(())
    }

    /// A secret starts at revision 1, owned by the caller, and is read as it was answered.
    async fn a_secret_starts_at_revision_1(s) {
        let fx = Fixture::open(s).await?;
        for (cx, private) in [(&fx.ann, true), (&fx.ben, false)] {
            let created = fx.create_as(cx, "new", private, &[("k", "v")]).await?;
            let meta = &created.meta;
            ensure!(meta.revision == Revision(1) && created.version == Revision(1), "{created:?}");
            ensure!(meta.owner.id == cx.actor && meta.private == private, "{meta:?}");
            ensure!(meta.created == meta.updated, "{meta:?}");
            let read = fx.get(cx, meta.id).await?;
            ensure!(
                read.meta == *meta && read.version == created.version,
                "{read:?} was answered as {created:?}"
            );
        }
        Ok(())
    }

    /// A public name is unique, whoever owns it.
    async fn a_public_name_is_unique(s) {
        let fx = Fixture::open(s).await?;
        let first = fx.create("db", &[("k", "1")]).await?;
        for cx in [&fx.ann, &fx.ben] {
            let again = fx.create_as(cx, "db", false, &[("k", "2")]).await;
            refused(again, ErrorKind::AlreadyExists, "a second one")?;
        }
        ensure!(fx.read(first.meta.id).await? == map(&[("k", "1")]), "the first one changed");
        ensure!(fx.names(&fx.ann).await? == ["db"], "there are several");
        Ok(())
    }

    /// A private name is unique among its owner's; a public and a private secret may share one.
    async fn a_private_name_is_unique_among_its_owners(s) {
        let fx = Fixture::open(s).await?;
        fx.create("db", &[]).await?;
        for cx in [&fx.ann, &fx.ben] {
            fx.create_as(cx, "db", true, &[]).await?;
            let again = fx.create_as(cx, "db", true, &[]).await;
            refused(again, ErrorKind::AlreadyExists, "a second private one")?;
        }
        Ok(())
    }

    /// Of any number of racing creators one wins; the others are told that the name is taken.
    async fn of_racing_creators_one_wins(s) {
        let fx = Fixture::open(s).await?;
        let answers = together((0..16).map(|n| {
            let (store, cx) = (fx.store.clone(), if n % 2 == 0 { fx.ann.clone() } else { fx.ben.clone() });
            async move {
                let new = NewSecret::new(SecretName::new("db")?, values(&[("n", &n.to_string())]));
                store.create(&cx, new).await
            }
        }))
        .await?;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        ensure!(won.len() == 1, "{} won, and others were told {:?}", won.len(), lost.first().map(shown));
        for answer in lost {
            refused(answer, ErrorKind::AlreadyExists, "a loser")?;
        }
        for winner in won {
            let winner = winner?;
            ensure!(fx.read(winner.meta.id).await? == plain(&winner.values), "it has the values of a loser");
        }
        Ok(())
    }

    /// Up to 65,536 bytes of keys and values are kept where the back-end takes as much; more are
    /// `InvalidInput` before anything is written.
    async fn too_much_is_refused(s) {
        let fx = Fixture::open(s).await?;
        // Sealed, it still fits into what the smallest service takes.
        for (n, size) in [1_000, 18_000].into_iter().enumerate() {
            let value = "x".repeat(size);
            let id = fx.create(&format!("fits {n}"), &[("key", &value)]).await?.meta.id;
            ensure!(fx.read(id).await? == map(&[("key", &value)]), "{size} bytes came back changed");
        }
        let canary = "canary".repeat(DEFAULT_SIZE_LIMIT / 6);
        let many: SecretValues = (0..7000).map(|n| (format!("key {n:05}"), "y")).collect();
        for values in [values(&[("12345", &canary)]), values(&[("a", &canary), ("b", "1234")]), many] {
            let answer = fx.store.create(&fx.ann, NewSecret::new(SecretName::new("too much")?, values)).await;
            ensure!(!shown(&answer).contains("canary"), "the error shows the value");
            refused(answer, ErrorKind::InvalidInput, "too much")?;
        }
        ensure!(fx.names(&fx.ann).await? == ["fits 0", "fits 1"], "{:?}", fx.names(&fx.ann).await?);
        Ok(())
    }

    /// Withheld values, as `keys_only` answers them, are `InvalidInput`, and nothing is created.
    async fn withheld_values_are_refused(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        let withheld = fx.get_with(&fx.ann, id, &GetOptions::new().keys_only()).await?.values;
        let copy = NewSecret::new(SecretName::new("b")?, withheld);
        refused(fx.store.create(&fx.ann, copy).await, ErrorKind::InvalidInput, "a copy of keys alone")?;
        ensure!(fx.names(&fx.ann).await? == ["a"], "it was created nevertheless");
        Ok(())
    }

    /// What is acknowledged is seen at once through any process.
    async fn a_created_secret_is_seen_by_any_process(s) {
        let fx = Fixture::open(s).await?;
        let other = Fixture { store: s.another().await?, ann: fx.ann.clone(), ben: fx.ben.clone() };
        let created = fx.create("db", &[("k", "v")]).await?;
        ensure!(other.read(created.meta.id).await? == map(&[("k", "v")]), "it has other values there");
        ensure!(other.names(&other.ben).await? == ["db"], "it is not listed there");
        refused(other.create("db", &[]).await, ErrorKind::AlreadyExists, "the same name there")
    }

    /// A store that can be used says so.
    async fn check_succeeds(s) {
        Fixture::open(s).await?.store.check().await?;
        Ok(())
    }
}
