//! Unique names.

use super::{
    CatalogSubject,
    fixture::{Fixture, answered},
};
use crate::{Broken, together};
use strongroom_core::SecretName;
use strongroom_engine::{Committed, Lookup, NameKey};

/// Names that differ in their bytes, though some database or other takes them for the same.
pub(super) const DISTINCT: &[&str] = &[
    "",
    " ",
    "  ",
    "a",
    "A",
    "a ",
    " a",
    "á",
    "a\u{301}",
    "\u{e9}",
    "e\u{301}",
    "E",
    "ß",
    "ss",
    "SS",
    "ẞ",
    "I",
    "i",
    "İ",
    "ı",
    "K",
    "\u{212a}",
    "å",
    "\u{212b}",
    "😀",
    "😁",
    "👩‍👧",
    "%",
    "_",
    "a%",
    "a_",
    "\\",
    "\\\\",
    "'",
    "''",
    "\"",
    "`",
    "a\n",
    "a\r\n",
    "\t",
    "\u{feff}",
    "\u{200b}",
    "a\u{200b}",
    "\u{202e}a",
    "p:a",
    "u:a",
    "*",
    "[a]",
    "?",
    "null",
    "NULL",
    "0",
    "00",
    "1e3",
    "0x10",
    "true",
    "db/prod",
    "db//prod",
    "DB/prod",
    "db\\prod",
    "--",
    ";",
    "\u{1}",
    "\u{7f}",
    "\u{10ffff}",
    "\u{e000}",
    "ﬁ",
    "fi",
    "Å/%_*",
    "ａ",
];

cases! {
    macro __catalog_names in catalog, names; subject CatalogSubject;

    /// A public name is unique, whoever owns it.
    async fn a_public_name_is_unique(s) {
        let fx = Fixture::open(s).await?;
        fx.create("db").await?;
        for owner in [fx.owner, fx.other] {
            let commit = fx.creation("db", false, owner)?;
            answered!(fx.catalog.commit(&commit).await?, Committed::NameTaken, "a second one");
            ensure!(fx.row(commit.secret).await?.is_none(), "it is there nevertheless");
        }
        ensure!(fx.log().await?.len() == 1, "it is in the log");
        Ok(())
    }

    /// A private name is unique among its owner's; a public and any number of private secrets share one.
    async fn a_private_name_is_unique_among_its_owners(s) {
        let fx = Fixture::open(s).await?;
        fx.create("db").await?;
        for owner in [fx.owner, fx.other, fx.third] {
            fx.done(&fx.creation("db", true, owner)?).await?;
            let again = fx.creation("db", true, owner)?;
            answered!(
                fx.catalog.commit(&again).await?,
                Committed::NameTaken,
                "a second private one of one owner"
            );
        }
        Ok(())
    }

    /// Names are compared as bytes, public and private ones.
    async fn names_are_compared_as_bytes(s) {
        let fx = Fixture::open(s).await?;
        for private in [false, true] {
            for name in DISTINCT {
                let answer = fx.catalog.commit(&fx.creation(name, private, fx.owner)?).await?;
                answered!(&answer, Committed::Done(_), format!("{name:?}"));
            }
            for name in DISTINCT {
                let key = NameKey::new(&SecretName::new(*name)?, private, fx.owner);
                let found = fx.catalog.current(&[Lookup::Name(key)]).await?.pop().flatten();
                let found = found.ok_or_else(|| Broken(format!("{name:?} is not found")))?;
                ensure!(found.meta.name.as_str() == *name, "{name:?} finds {:?}", found.meta.name);
                ensure!(found.meta.private == private, "{name:?} finds the one with the other privacy");
            }
        }
        Ok(())
    }

    /// Names of every length are kept, up to 255 characters of 4 bytes, and the last of them counts.
    async fn long_names_are_kept_whole(s) {
        let fx = Fixture::open(s).await?;
        for (a, b) in [("x", "y"), ("😀", "😁")] {
            let (one, two) = (a.repeat(255), format!("{}{b}", a.repeat(254)));
            for (name, private) in [(&one, false), (&two, false), (&one, true), (&two, true)] {
                let row = fx.done(&fx.creation(name, private, fx.owner)?).await?;
                let read = fx.row(row.meta.id).await?.map(|row| row.meta.name);
                ensure!(
                    read.as_ref().map(SecretName::as_str) == Some(name.as_str()),
                    "it came back as {read:?}"
                );
            }
        }
        Ok(())
    }

    /// Of 32 that create one name at the same time one succeeds.
    async fn of_racing_creators_one_wins(s) {
        let fx = Fixture::open(s).await?;
        for private in [false, true] {
            let mut commits = Vec::new();
            for _ in 0..32 {
                commits.push(fx.creation("db", private, fx.owner)?);
            }
            let answers = together(commits.into_iter().map(|commit| {
                let catalog = fx.catalog.clone();
                async move { catalog.commit(&commit).await }
            }))
            .await?;
            let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
            let done = answers.iter().filter(|answer| matches!(answer, Committed::Done(_))).count();
            let taken = answers.iter().filter(|answer| matches!(answer, Committed::NameTaken)).count();
            ensure!(done == 1 && taken == 31, "{done} succeeded and {taken} were told that it is taken");
        }
        let numbers = fx.catalog.summary().await?;
        ensure!(numbers.secrets == 2 && fx.log().await?.len() == 2, "{numbers:?}");
        Ok(())
    }

    /// A rename to a taken name is refused; to a free one it frees the old one; to its own it passes.
    async fn renames_take_and_free_names(s) {
        let fx = Fixture::open(s).await?;
        let (a, b) = (fx.create("a").await?, fx.create("b").await?);
        answered!(
            fx.catalog.commit(&fx.renaming(&a, "b")?).await?,
            Committed::NameTaken,
            "a rename to a taken name"
        );
        let a = fx.done(&fx.renaming(&a, "a")?).await?;
        let a = fx.done(&fx.renaming(&a, "A")?).await?;
        let b = fx.done(&fx.renaming(&b, "a")?).await?;
        fx.done(&fx.renaming(&a, "b")?).await?;
        ensure!(b.meta.name.as_str() == "a", "{:?}", b.meta);
        Ok(())
    }

    /// Publishing and hiding need the name in the other space, and free it in their own.
    async fn privacy_moves_a_name_to_the_other_space(s) {
        let fx = Fixture::open(s).await?;
        let public = fx.create("db").await?;
        let private = fx.done(&fx.creation("db", true, fx.owner)?).await?;
        let publish = fx.publishing(&private, false);
        answered!(fx.catalog.commit(&publish).await?, Committed::NameTaken, "publishing under a taken name");
        let hide = fx.publishing(&public, true);
        answered!(fx.catalog.commit(&hide).await?, Committed::NameTaken, "hiding under a taken name");
        fx.catalog.delete(&fx.deletion(&public)).await?;
        fx.done(&publish).await?;
        fx.done(&fx.creation("db", true, fx.owner)?).await?;
        Ok(())
    }

    /// Of racing renames to one name one succeeds.
    async fn of_racing_renames_one_wins(s) {
        let fx = Fixture::open(s).await?;
        let mut renames = Vec::new();
        for n in 0..16 {
            renames.push(fx.renaming(&fx.create(&format!("secret {n}")).await?, "target")?);
        }
        let answers = together(renames.into_iter().map(|commit| {
            let catalog = fx.catalog.clone();
            async move { catalog.commit(&commit).await }
        }))
        .await?;
        let answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        let done = answers.iter().filter(|answer| matches!(answer, Committed::Done(_))).count();
        let taken = answers.iter().filter(|answer| matches!(answer, Committed::NameTaken)).count();
        ensure!(done == 1 && taken == 15, "{done} succeeded and {taken} were told that it is taken");
        Ok(())
    }
}
