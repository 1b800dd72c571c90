//! Who may do what.

use super::{
    StoreSubject,
    fixture::{Fixture, glob, map, merge, missing, named, plain, rename, replace, shown},
};
use crate::refused;
use strongroom_core::{
    Access, Context, ErrorKind, GetOptions, Names, NewSecret, Result, SecretId, SecretName, SecretRef,
    SecretUpdate,
};

/// Everything that can be done to a secret, as text, so that two answers can be compared.
async fn answers(fx: &Fixture, cx: &Context, which: &SecretRef) -> Result<Vec<String>> {
    let options = GetOptions::new();
    let mut answers = Vec::new();
    for options in [options.clone(), options.clone().keys_only(), options.as_of(strongroom_core::Revision(1))]
    {
        answers.push(fx.get_with(cx, which.clone(), &options).await.map(|_| ()));
    }
    answers.push(fx.store.versions(cx, which).await.map(|_| ()));
    for update in [SecretUpdate::new(), replace(&[]), rename("new")?, SecretUpdate::new().private(false)] {
        answers.push(fx.store.update(cx, which, update).await.map(|_| ()));
    }
    answers.push(fx.store.delete(cx, which, None).await);
    answers.push(fx.store.delete(cx, which, Some(strongroom_core::Revision(9))).await);
    Ok(answers.into_iter().map(|answer| format!("{answer:?}")).collect())
}

/// Requires that two secrets are answered alike, in everything but the reference itself.
async fn alike(fx: &Fixture, cx: &Context, hidden: SecretId, name: &str) -> crate::Outcome {
    let never = missing();
    let (a, b) = (answers(fx, cx, &hidden.into()).await?, answers(fx, cx, &never.into()).await?);
    let same_id = |text: &String| text.replace(&hidden.to_string(), "ID").replace(&never.to_string(), "ID");
    let (a, b): (Vec<_>, Vec<_>) = (a.iter().map(same_id).collect(), b.iter().map(same_id).collect());
    ensure!(a == b, "by id it is told apart from one that does not exist:\n{a:?}\n{b:?}");
    ensure!(a.iter().all(|text| text.contains("NotFound")), "{a:?}");
    let (a, b) =
        (answers(fx, cx, &named(name, None)?).await?, answers(fx, cx, &named("never", None)?).await?);
    let same_name = |text: &String| text.replace(name, "NAME").replace("never", "NAME");
    let (a, b): (Vec<_>, Vec<_>) = (a.iter().map(same_name).collect(), b.iter().map(same_name).collect());
    ensure!(a == b, "by name it is told apart from one that does not exist:\n{a:?}\n{b:?}");
    Ok(())
}

cases! {
    macro __store_rights in store, rights; subject StoreSubject;

    /// Another's private secret is answered exactly like one that does not exist.
    async fn anothers_private_secret_does_not_exist(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create_as(&fx.ann, "hidden", true, &[("k", "v")]).await?.meta.id;
        alike(&fx, &fx.ben, id, "hidden").await?;
        ensure!(fx.read(id).await? == map(&[("k", "v")]), "it was changed");
        Ok(())
    }

    /// A secret that the caller may not list is answered exactly like one that does not exist.
    async fn a_name_out_of_reach_does_not_exist(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("db/hidden", &[("k", "v")]).await?.meta.id;
        let some = Access::new(glob("web/*")?, glob("web/*")?, glob("web/*")?);
        let cx = s.context(2, some).await?;
        alike(&fx, &cx, id, "db/hidden").await?;
        ensure!(fx.names(&cx).await?.is_empty(), "it is listed");
        ensure!(fx.read(id).await? == map(&[("k", "v")]), "it was changed");
        Ok(())
    }

    /// An account without any rights sees nothing and creates nothing.
    async fn without_rights_there_is_nothing(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[]).await?.meta.id;
        let cx = s.context(2, Access::none()).await?;
        alike(&fx, &cx, id, "a").await?;
        for name in ["a", "b"] {
            let answer = fx.create_as(&cx, name, false, &[]).await;
            refused(answer, ErrorKind::PermissionDenied, "a create without rights")?;
        }
        ensure!(fx.names(&cx).await?.is_empty(), "it is listed");
        Ok(())
    }

    /// What the caller may list but not read is `PermissionDenied`; its keys are not values.
    async fn what_may_be_listed_alone_is_not_read(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        let cx = s.context(2, Access::new(Names::All, Names::none(), Names::none())).await?;
        ensure!(fx.names(&cx).await? == ["a"], "it is not listed");
        let answer = fx.get(&cx, id).await;
        ensure!(!shown(&answer).contains("\"v\""), "the error shows the value");
        refused(answer, ErrorKind::PermissionDenied, "reading it")?;
        let past = fx.get_with(&cx, id, &GetOptions::new().as_of(strongroom_core::Revision(1))).await;
        refused(past, ErrorKind::PermissionDenied, "reading its past")?;
        let keys = fx.get_with(&cx, id, &GetOptions::new().keys_only()).await?;
        ensure!(keys.values.is_hidden() && keys.values.keys().eq(["k"]), "{keys:?}");
        ensure!(fx.store.versions(&cx, &id.into()).await?.len() == 1, "its versions are not told");
        Ok(())
    }

    /// What the caller may read but not change is `PermissionDenied`, and nothing is changed.
    async fn what_may_be_read_alone_is_not_changed(s) {
        let fx = Fixture::open(s).await?;
        let before = fx.create("a", &[("k", "v")]).await?.meta;
        let cx = s.context(2, Access::new(Names::All, Names::All, Names::none())).await?;
        ensure!(plain(&fx.get(&cx, before.id).await?.values) == map(&[("k", "v")]), "it cannot be read");
        for update in [SecretUpdate::new(), rename("b")?, replace(&[]), merge(&[("k", None)])] {
            refused(fx.update(&cx, before.id, update).await, ErrorKind::PermissionDenied, "changing it")?;
        }
        let deleted = fx.store.delete(&cx, &before.id.into(), None).await;
        refused(deleted, ErrorKind::PermissionDenied, "deleting it")?;
        refused(fx.create_as(&cx, "c", false, &[]).await, ErrorKind::PermissionDenied, "creating one")?;
        ensure!(fx.get(&fx.ann, before.id).await?.meta == before, "it was changed nevertheless");
        Ok(())
    }

    /// The right to change is needed on the name of a new secret, and is looked at before the name's
    /// uniqueness.
    async fn a_new_secret_needs_the_right_on_its_name(s) {
        let fx = Fixture::open(s).await?;
        fx.create("db/taken", &[]).await?;
        let cx = s.context(2, Access::new(glob("web/*")?, glob("web/*")?, glob("web/*")?)).await?;
        for name in ["db/taken", "db/free", "web", "WEB/a"] {
            for private in [false, true] {
                let answer = fx.create_as(&cx, name, private, &[]).await;
                refused(answer, ErrorKind::PermissionDenied, name)?;
            }
        }
        fx.create_as(&cx, "web/a", false, &[]).await?;
        Ok(())
    }

    /// The right to change is needed on a new name too, and is looked at before the name's uniqueness.
    async fn a_rename_needs_the_right_on_the_new_name(s) {
        let fx = Fixture::open(s).await?;
        fx.create("db/taken", &[]).await?;
        let id = fx.create("web/a", &[]).await?.meta.id;
        let cx = s.context(2, Access::new(glob("web/*")?, glob("web/*")?, glob("web/*")?)).await?;
        for name in ["db/taken", "db/free"] {
            refused(fx.update(&cx, id, rename(name)?).await, ErrorKind::PermissionDenied, name)?;
        }
        fx.update(&cx, id, rename("web/b")?).await?;
        Ok(())
    }

    /// Whoever has the right on its name changes and deletes another's public secret; the owner stays.
    async fn another_may_change_what_is_public(s) {
        let fx = Fixture::open(s).await?;
        let before = fx.create("a", &[("k", "v")]).await?.meta;
        let after = fx.update(&fx.ben, before.id, merge(&[("k", Some("w"))])).await?;
        ensure!(after.owner == before.owner, "the owner is another one now");
        fx.store.delete(&fx.ben, &before.id.into(), None).await?;
        Ok(())
    }

    /// A secret that was hidden is out of others' reach at once, with everything that they read before.
    async fn what_is_hidden_is_out_of_reach_at_once(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("a", &[("k", "v")]).await?.meta.id;
        fx.get(&fx.ben, id).await?;
        fx.update(&fx.ann, id, SecretUpdate::new().private(true)).await?;
        alike(&fx, &fx.ben, id, "a").await?;
        // Its name is free among the public ones.
        let new = NewSecret::new(SecretName::new("a")?, Default::default());
        fx.store.create(&fx.ben, new).await?;
        Ok(())
    }
}
