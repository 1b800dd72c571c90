//! Putting and getting.

use super::{
    BackendSubject,
    awkward::awkward,
    fixture::{Fixture, is_not_found, labels, object, open, payload, put, uid, unless_refused},
};
use strongroom_core::{Labels, NewVersion, ObjectId, Payload, VersionRef};

/// No payload that a case puts is larger, whatever the service takes: the largest that an engine can be told to keep,
/// 1 MiB of keys and values, is 1.4 MB when it is sealed.
const ENOUGH: usize = 1_500_000;

cases! {
    macro __backend_keeping in backend, keeping; subject BackendSubject;

    /// What is known without a call is true: it has a name, without credentials, takes payloads, and is the same at
    /// every opening.
    async fn info_is_truthful(s) {
        let fx = Fixture::open(s).await?;
        let info = fx.backend.info();
        ensure!(!info.kind.is_empty() && !info.endpoint.is_empty(), "type or endpoint is empty");
        let host = info.endpoint.split_once("://").map_or("", |(_, rest)| rest).split(['/', '?', '#']).next();
        ensure!(
            host.is_none_or(|host| !host.contains('@')),
            "the endpoint is a URL with a user in front of its host, maybe with a password: it is recorded and shown"
        );
        ensure!(
            info.limits.payload_bytes >= 1024,
            "payloads of {} bytes are of no use",
            info.limits.payload_bytes
        );
        ensure!(info.limits.bulk_read >= 1, "no version at all can be read in bulk");
        ensure!(info.limits.history.is_none_or(|versions| versions >= 2), "a history of one version is none");
        let again = open(s, fx.namespace).await?;
        ensure!(again.info() == info, "opened again, it is another one");
        Ok(())
    }

    /// A service that answers is found to answer, and looking changes nothing.
    async fn check_succeeds_and_changes_nothing(s) {
        let fx = Fixture::open(s).await?;
        fx.backend.check().await?;
        ensure!(fx.scan(None).await?.is_empty(), "the check left something");
        Ok(())
    }

    /// What was put is read back byte for byte: every kind of text.
    async fn every_kind_of_text_is_kept(s) {
        let fx = Fixture::open(s).await?;
        for text in awkward() {
            let (object, at) = fx.create(&text).await?;
            let read = fx.text(object, &at).await?;
            ensure!(read == text, "{text:?} came back as {read:?}");
        }
        Ok(())
    }

    /// What was put is read back byte for byte: the largest payload that its limits allow, as text and as
    /// object; of 1,500,000 bytes if they allow more.
    async fn the_largest_payload_is_kept(s) {
        let fx = Fixture::open(s).await?;
        let size = fx.backend.info().limits.payload_bytes.min(ENOUGH);
        let frame = r#"{"k":""}"#.len();
        for text in ["A".repeat(size), format!(r#"{{"k":"{}"}}"#, "v".repeat(size.saturating_sub(frame)))] {
            let (object, at) = fx.create(&text).await?;
            ensure!(fx.text(object, &at).await? == text, "{size} bytes came back changed");
        }
        Ok(())
    }

    /// A payload over the limit is refused or kept whole, never cut; the error does not show it.
    async fn a_payload_over_the_limit_is_never_cut(s) {
        let fx = Fixture::open(s).await?;
        let size = fx.backend.info().limits.payload_bytes;
        if size > ENOUGH {
            // No engine lets as much pass.
            return Ok(());
        }
        let text = "canary-".repeat(size / 7 + 2);
        let answer = fx.create(&text).await;
        if let Err(error) = &answer {
            ensure!(!format!("{error} {error:?}").contains("canary"), "the error shows the payload");
        }
        if let Some((object, at)) = unless_refused(answer)? {
            ensure!(fx.text(object, &at).await? == text, "it was cut");
        }
        Ok(())
    }

    /// A later put never changes an earlier version.
    async fn a_later_put_changes_no_earlier_version(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let two = fx.put(object, Some(&one), "two").await?;
        let three = fx.put(object, Some(&two), "three").await?;
        for (at, text) in [(&one, "one"), (&two, "two"), (&three, "three")] {
            ensure!(fx.text(object, at).await? == text, "version {text} has changed");
        }
        Ok(())
    }

    /// Two puts with different uids are two versions, also if their bytes are the same.
    async fn equal_payloads_are_two_versions(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("same").await?;
        let two = fx.put(object, Some(&one), "same").await?;
        ensure!(one != two, "both are called {one}");
        ensure!(fx.text(object, &one).await? == fx.text(object, &two).await?, "one of them has changed");
        Ok(())
    }

    /// A version's name is a text of 1 to 255 bytes.
    async fn a_versions_name_fits(s) {
        let fx = Fixture::open(s).await?;
        let (_, at) = fx.create("x").await?;
        ensure!((1..=VersionRef::MAX_BYTES).contains(&at.as_str().len()), "it has {} bytes", at.as_str().len());
        Ok(())
    }

    /// Repeated with the same uid and bytes, a put succeeds and never changes what is stored.
    async fn a_repeated_put_changes_nothing(s) {
        let fx = Fixture::open(s).await?;
        let (object, uid) = (object(), uid());
        let first = put(&*fx.backend, object, uid, None, "one").await?;
        let repeated = put(&*fx.backend, object, uid, None, "one").await?;
        let two = fx.put(object, Some(&repeated), "two").await?;
        ensure!(two != first && two != repeated, "another attempt got the same version");
        for at in [&first, &repeated] {
            ensure!(fx.text(object, at).await? == "one", "version {at} has changed");
        }
        ensure!(fx.text(object, &two).await? == "two", "the later version has changed");
        Ok(())
    }

    /// A repeat that comes after a later put changes neither version, nor which one is marked as the newest;
    /// only a twin may be the newest itself.
    async fn a_late_repeat_changes_nothing(s) {
        let fx = Fixture::open(s).await?;
        let (object, one) = fx.create("one").await?;
        let uid = uid();
        let two = put(&*fx.backend, object, uid, Some(&one), "two").await?;
        let three = fx.put(object, Some(&two), "three").await?;
        // It may be answered or refused.
        let late = put(&*fx.backend, object, uid, Some(&one), "two").await;
        for (at, text) in [(&one, "one"), (&two, "two"), (&three, "three")] {
            ensure!(fx.text(object, at).await? == text, "version {text} has changed");
        }
        let mut newest = vec![&three];
        let late = unless_refused(late)?;
        if let Some(late) = &late {
            ensure!(fx.text(object, late).await? == "two", "the repeat answered another version");
            newest.extend([late].into_iter().filter(|late| **late != two));
        }
        fx.newest_is(object, &newest).await
    }

    /// A version that is not there is `NotFound`, which is not to be tried again: of an object that is not there, and
    /// of one that is.
    async fn a_version_that_is_not_there_is_not_found(s) {
        let fx = Fixture::open(s).await?;
        let (long, one) = fx.create("one").await?;
        let two = fx.put(long, Some(&one), "two").await?;
        let (short, _) = fx.create("one").await?;
        fx.is_gone("a version of an object that never was", object(), &one).await?;
        fx.is_gone("a version that another object has", short, &two).await
    }

    /// Several versions are answered in their order, one answer for each, the missing ones alone with an
    /// error.
    async fn bulk_reads_answer_each_in_order(s) {
        let fx = Fixture::open(s).await?;
        let size = fx.backend.info().limits.bulk_read.min(20);
        if size < 2 {
            // Nobody calls it then.
            return Ok(());
        }
        let (gone, at) = fx.create("gone").await?;
        fx.backend.delete(gone).await?;
        let mut wanted: Vec<(ObjectId, VersionRef, Option<String>)> = vec![(gone, at, None)];
        for n in 1..size {
            let text = format!("text {n}");
            let (object, at) = fx.create(&text).await?;
            wanted.insert(n / 2, (object, at, Some(text)));
        }
        let refs: Vec<_> = wanted.iter().map(|(object, at, _)| (*object, at.clone())).collect();
        let answers = fx.backend.get_many(&refs).await;
        ensure!(answers.len() == refs.len(), "{} answers for {} versions", answers.len(), refs.len());
        for (answer, (_, _, text)) in answers.into_iter().zip(wanted) {
            match (answer, text) {
                (Ok(read), Some(text)) => {
                    ensure!(read.expose() == text.as_bytes(), "an answer is in the place of another");
                }
                (Err(error), None) => is_not_found("what is gone", &error)?,
                (Ok(_), None) => ensure!(false, "what is gone was answered"),
                (Err(error), Some(_)) => {
                    ensure!(false, "one that is missing kept another from being read: {error}")
                }
            }
        }
        Ok(())
    }

    /// A bulk read answers a version that is asked for twice, twice; and nothing for nothing.
    async fn bulk_reads_answer_what_is_asked_twice(s) {
        let fx = Fixture::open(s).await?;
        if fx.backend.info().limits.bulk_read < 2 {
            return Ok(());
        }
        let (object, at) = fx.create("text").await?;
        let answers = fx.backend.get_many(&[(object, at.clone()), (object, at)]).await;
        ensure!(answers.len() == 2, "{} answers", answers.len());
        for answer in answers {
            ensure!(answer?.expose() == b"text", "one answer is something else");
        }
        ensure!(fx.backend.get_many(&[]).await.is_empty(), "an answer to no question");
        Ok(())
    }

    /// Labels of every length that the engine makes are taken, none included.
    async fn labels_of_every_length_are_taken(s) {
        let fx = Fixture::open(s).await?;
        let (mut told, mut untold) = (Vec::new(), Vec::new());
        for length in [0, 1, 63, 64, 255, 256, 257, 1000, 1900, 2048] {
            let (object, text) = (object(), payload("text"));
            let labels: Labels = labels(object, &"Az09-_".repeat(400)[..length]);
            let at = fx.backend.put(&NewVersion::new(object, uid(), &text, &labels)).await?;
            let read: Payload = fx.backend.get(object, &at).await?;
            ensure!(read.expose() == b"text", "with a label of {length} bytes the payload changed");
            let shown = fx.labels_shown(object).await?;
            ensure!(shown.iter().all(|shown| *shown == labels), "a label of {length} bytes is shown changed");
            if length > 0 {
                if shown.is_empty() { untold.push(length) } else { told.push(length) }
            }
        }
        ensure!(
            told.is_empty() || untold.is_empty(),
            "labels of {told:?} bytes are shown, and of {untold:?} bytes are not: show all, or none at all"
        );
        Ok(())
    }
}
