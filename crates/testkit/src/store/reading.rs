//! Reading.

use super::{
    StoreSubject,
    fixture::{Fixture, map, merge, missing, named, plain, replace},
};
use crate::{refused, together};
use strongroom_core::{ErrorKind, GetOptions, SecretName, SecretRef};

cases! {
    macro __store_reading in store, reading; subject StoreSubject;

    /// One answer for each reference, in their order; one that is missing does not keep the others from being
    /// answered.
    async fn each_reference_is_answered_in_order(s) {
        let fx = Fixture::open(s).await?;
        let (a, b) =
            (fx.create("a", &[("k", "a")]).await?.meta.id, fx.create("b", &[("k", "b")]).await?.meta.id);
        let which: Vec<SecretRef> = vec![
            b.into(),
            missing().into(),
            SecretName::new("a")?.into(),
            SecretName::new("c")?.into(),
            a.into(),
            b.into(),
        ];
        let answers = fx.store.get(&fx.ann, &which, &GetOptions::new()).await;
        ensure!(answers.len() == which.len(), "{} answers to {} questions", answers.len(), which.len());
        for (answer, wanted) in
            answers.into_iter().zip([Some("b"), None, Some("a"), None, Some("a"), Some("b")])
        {
            match wanted {
                Some(value) => {
                    ensure!(plain(&answer?.values) == map(&[("k", value)]), "an answer is another one's")
                }
                None => refused(answer, ErrorKind::NotFound, "a missing one")?,
            }
        }
        ensure!(fx.store.get(&fx.ann, &[], &GetOptions::new()).await.is_empty(), "an answer to no question");
        Ok(())
    }

    /// Many secrets are read in one call.
    async fn many_are_read_in_one_call(s) {
        let fx = Fixture::open(s).await?;
        let mut which = Vec::new();
        for n in 0..50 {
            which.push(SecretRef::from(
                fx.create(&format!("secret {n}"), &[("n", &n.to_string())]).await?.meta.id,
            ));
        }
        let answers = fx.store.get(&fx.ann, &which, &GetOptions::new()).await;
        ensure!(answers.len() == 50, "{} answers", answers.len());
        for (n, answer) in answers.into_iter().enumerate() {
            ensure!(plain(&answer?.values) == map(&[("n", &n.to_string())]), "answer {n} is another one's");
        }
        Ok(())
    }

    /// By name, the public secret wins over the caller's private one unless asked otherwise.
    async fn by_name_the_public_one_wins(s) {
        let fx = Fixture::open(s).await?;
        fx.create_as(&fx.ann, "db", true, &[("k", "private")]).await?;
        let read = fx.get(&fx.ann, named("db", None)?).await?;
        ensure!(plain(&read.values) == map(&[("k", "private")]), "the private one alone is not found");
        fx.create_as(&fx.ben, "db", false, &[("k", "public")]).await?;
        for (private, value) in [(None, "public"), (Some(false), "public"), (Some(true), "private")] {
            let read = fx.get(&fx.ann, named("db", private)?).await?;
            ensure!(
                plain(&read.values) == map(&[("k", value)]),
                "with private: {private:?} it is the other one"
            );
        }
        refused(fx.get(&fx.ben, named("db", Some(true))?).await, ErrorKind::NotFound, "another's private one")
    }

    /// A name is found as it is, byte for byte.
    async fn a_name_is_found_as_it_is(s) {
        let fx = Fixture::open(s).await?;
        fx.create("Db", &[]).await?;
        for name in ["db", "DB", "Db ", " Db", "D%", "D_", "D", ""] {
            refused(fx.get(&fx.ann, SecretName::new(name)?).await, ErrorKind::NotFound, name)?;
        }
        Ok(())
    }

    /// With `keys_only` the keys are answered and the values are hidden.
    async fn keys_only_hides_values(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("db", &[("b", "2"), ("a", "1")]).await?.meta.id;
        let read = fx.get_with(&fx.ann, id, &GetOptions::new().keys_only()).await?;
        ensure!(read.values.is_hidden() && read.values.get("a").is_none(), "the values are there");
        ensure!(read.values.keys().eq(["a", "b"]), "the keys are {:?}", read.values);
        Ok(())
    }

    /// An acknowledged change is seen by every read that starts later, through any process, however often it
    /// was read before.
    async fn reads_are_never_stale(s) {
        let fx = Fixture::open(s).await?;
        let other = Fixture { store: s.another().await?, ann: fx.ann.clone(), ben: fx.ben.clone() };
        let id = fx.create("db", &[("n", "0")]).await?.meta.id;
        for n in 1..=10 {
            let (writer, reader) = if n % 2 == 0 { (&fx, &other) } else { (&other, &fx) };
            reader.read(id).await?;
            let value = n.to_string();
            writer
                .update(
                    &writer.ann,
                    id,
                    if n % 3 == 0 { replace(&[("n", &value)]) } else { merge(&[("n", Some(&value))]) },
                )
                .await?;
            let answers = together((0..4).map(|_| {
                let (store, cx) = (reader.store.clone(), reader.ann.clone());
                async move { store.get(&cx, &[id.into()], &GetOptions::new()).await.pop() }
            }))
            .await?;
            for answer in answers.into_iter().flatten() {
                let answer = answer?;
                ensure!(plain(&answer.values) == map(&[("n", &value)]), "after {n} it is {:?}", answer.meta);
            }
        }
        Ok(())
    }

    /// Meta data and values of one answer belong together, while others write.
    async fn an_answer_is_of_one_moment(s) {
        let fx = Fixture::open(s).await?;
        let id = fx.create("db", &[("a", "0"), ("b", "0")]).await?.meta.id;
        let (store, cx) = (fx.store.clone(), fx.ben.clone());
        let writing = tokio::spawn(async move {
            for n in 1..=10 {
                let n = n.to_string();
                store.update(&cx, &id.into(), replace(&[("a", &n), ("b", &n)])).await?;
            }
            Ok::<_, strongroom_core::Error>(())
        });
        while !writing.is_finished() {
            let read = fx.get(&fx.ann, id).await?;
            let n = (read.version.0 - 1).to_string();
            ensure!(
                plain(&read.values) == map(&[("a", &n), ("b", &n)]),
                "the values are not those of {}",
                read.version
            );
            tokio::task::yield_now().await;
        }
        writing.await.map_err(|_| crate::Broken("writing panicked".into()))??;
        Ok(())
    }
}
