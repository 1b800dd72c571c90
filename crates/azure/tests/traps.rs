//! What the SDK does wrong by itself, and the vault at its worst.

mod site;

use site::{CANARY, Service, Site, purging, quick, slow, text, uncached, variable, vault, warm};
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};
use strongroom_core::{
    ErrorKind, Labels, NamespaceId, NewVersion, ObjectId, Payload, SecretId, VersionRef, VersionUid,
    settings::Setting,
};
use strongroom_testkit::wire::{Answer, Fault, Order, Wire};
use uuid::Uuid;

fn namespace() -> NamespaceId {
    NamespaceId(Uuid::new_v4())
}

fn refusal(status: u16, code: &str, inner: &str) -> Answer {
    // With escapes in the text, as the service's have, and with what no error may show.
    let message = format!(r#"Caller is not authorized.\r\nVault: \"x\";{CANARY}\r\n"#);
    Fault::status(status).body(format!(
        r#"{{"error":{{"code":"{code}","message":"{message}","innererror":{{"code":"{inner}"}}}}}}"#
    ))
}

fn somewhere() -> (ObjectId, VersionRef) {
    (ObjectId(Uuid::new_v4()), VersionRef::new("0123456789abcdef0123456789abcdef"))
}

mod azure {
    use super::*;

    /// The SDK sends the first request without its body, to learn who gives tokens, and its own repeats stay without.
    #[tokio::test]
    async fn a_first_put_that_is_repeated_keeps_its_body() {
        let faults = [Fault::status(429).into(), Fault::status(503).into(), Fault::Reset, Fault::LoseAnswer];
        for fault in faults {
            let wire = Wire::to(&variable("ENDPOINT")).await;
            let site = Site::of(&Service::new()).await;
            // Nothing was asked before: there is neither challenge nor token.
            let backend = vault().at(&wire.url()).open(site.identity.namespace).await.unwrap();
            let engine = site.engine(backend, uncached()).await;
            wire.order(Order::new("PUT", "*", fault.clone()));
            let secrets = site.secrets(&engine);
            secrets.create("db", [("a", "1")]).await.unwrap();
            assert_eq!(wire.broken(), 1);
            assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1", "{fault:?}");
        }
    }

    /// The SDK follows the links of a list to whatever host they name, with the token.
    #[tokio::test]
    async fn no_link_leads_to_another_host() {
        let foreign = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        foreign.set_nonblocking(true).unwrap();
        let link = format!("https://{}/secrets?api-version=1", foreign.local_addr().unwrap());
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        let page = Fault::status(200).body(format!(r#"{{"value":[],"nextLink":"{link}"}}"#));
        wire.order(Order::new("GET", "/secrets", page.clone()));
        wire.order(Order::new("GET", "/secrets/*/versions", page));

        let next = backend.scan(None, None).await.unwrap().next;
        assert_eq!(next.as_deref(), Some(&*link));
        for answer in
            [backend.scan(None, next.as_deref()).await, backend.scan(Some(somewhere().0), None).await]
        {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unexpected, "{error:?}");
            assert!(error.to_string().contains("another host"), "{error}");
        }
        assert_eq!(foreign.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }

    /// Nor a redirection.
    #[tokio::test]
    async fn no_redirection_is_followed() {
        let foreign = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        foreign.set_nonblocking(true).unwrap();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        for status in [301, 302, 307, 308] {
            let to = format!("http://{}/", foreign.local_addr().unwrap());
            wire.order(Order::new("GET", "*", Fault::status(status).header("location", &to)));
            // Whoever listens there never answers.
            let answer = tokio::time::timeout(Duration::from_secs(5), backend.check()).await;
            assert_eq!(answer.expect("it was followed").unwrap_err().kind(), ErrorKind::Unexpected);
        }
        assert_eq!(foreign.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }

    /// Without TLS the SDK's own check of the challenge is off: it may ask for a vault's token and no other.
    #[tokio::test]
    async fn a_challenge_for_something_else_gets_no_token() {
        for resource in ["https://management.azure.com", "https://graph.microsoft.com", "https://vaultx.net"]
        {
            let wire = Wire::to(&variable("ENDPOINT")).await;
            let backend = vault().at(&wire.url()).open(namespace()).await.unwrap();
            let challenge =
                format!(r#"Bearer authorization="{}", resource="{resource}""#, variable("ENDPOINT"));
            let answer = Fault::status(401).header("www-authenticate", &challenge);
            wire.order(Order::new("GET", "*", answer));
            let error = backend.check().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConfigInvalid, "{error:?}");
            assert_eq!(wire.requests().len(), 1, "it was asked again, with a token");
        }
    }

    /// The SDK writes a version into the path as it is: one that leads out of it never comes that far.
    #[tokio::test]
    async fn what_is_no_version_is_not_asked_for() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&purging(vault()), &wire, namespace()).await;
        let (object, at) = somewhere();
        for wrong in ["", "x", "..", "../../deletedsecrets/x", "7?a=b", &format!("{at}/"), &format!(" {at}")]
        {
            let wrong = VersionRef::new(wrong.to_owned());
            assert_eq!(backend.get(object, &wrong).await.unwrap_err().kind(), ErrorKind::NotFound, "{wrong}");
            backend.remove(object, &wrong).await.unwrap();
        }
        assert_eq!(wire.requests(), []);
    }

    /// A challenge names who gives tokens. The client's secret goes to the one of the configuration all the same.
    #[tokio::test]
    async fn who_gives_tokens_is_configured_and_not_told() {
        let foreign = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        foreign.set_nonblocking(true).unwrap();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = vault().at(&wire.url()).open(namespace()).await.unwrap();
        let challenge = format!(
            r#"Bearer authorization="http://{}/{}", resource="https://vault.azure.net""#,
            foreign.local_addr().unwrap(),
            variable("TENANT_ID")
        );
        wire.order(Order::new("GET", "*", Fault::status(401).header("www-authenticate", &challenge)));
        backend.check().await.unwrap();
        assert_eq!(wire.requests().len(), 2, "it is asked again, with a token");
        assert_eq!(foreign.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }

    /// An answer without an end is given up, and not kept in memory.
    #[tokio::test]
    async fn no_answer_is_read_without_end() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        let (object, at) = somewhere();
        // 4 MiB are read, and this is valid JSON.
        let body =
            format!(r#"{{"id":"https://x/secrets/y/{}","value":"{}"}}"#, at.as_str(), "v".repeat(4 << 20));
        wire.order(Order::new("GET", "*", Fault::status(200).body(body)));
        let error = backend.get(object, &at).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
        assert!(error.to_string().contains("could not be read"), "{error}");
        let body = format!(r#"{{"id":"https://x/secrets/y/{}","value":"v"}}"#, at.as_str());
        wire.order(Order::new("GET", "*", Fault::status(200).body(body)));
        backend.get(object, &at).await.unwrap();
    }

    /// The SDK reads codes wrongly where the text beside them has escapes, and texts may tell anything.
    #[tokio::test]
    async fn codes_are_read_and_texts_are_not_shown() {
        use ErrorKind::{Lost, NotFound, StoreRefused, Unavailable};
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        let (object, at) = somewhere();
        for (status, code, inner, expected) in [
            (403, "Forbidden", "SecretDisabled", NotFound),
            (403, "Forbidden", "ForbiddenByRbac", StoreRefused),
            (403, "Forbidden", "ForbiddenByFirewall", StoreRefused),
            (409, "Conflict", "ObjectIsDeletedButRecoverable", Lost),
            (409, "Conflict", "ObjectIsBeingDeleted", Unavailable),
        ] {
            wire.order(Order::new("GET", "*", refusal(status, code, inner)));
            let error = backend.get(object, &at).await.unwrap_err();
            assert_eq!(error.kind(), expected, "{inner}: {error:?}");
            assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
        }
        // What is no JSON at all.
        for (status, body) in [(200, CANARY), (200, "{}"), (403, CANARY), (500, CANARY), (404, CANARY)] {
            wire.order(Order::new("GET", "*", Fault::status(status).body(body)));
            let error = backend.get(object, &at).await.unwrap_err();
            assert_ne!(error.kind(), NotFound, "{error:?}");
            assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
        }
    }

    /// The SDK tries eight times by itself.
    #[tokio::test]
    async fn the_sdk_repeats_nothing_by_itself() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        for fault in [Fault::status(429).retry_after(30).into(), Fault::status(503).into(), Fault::Reset] {
            wire.order(Order::new("*", "*", fault).always());
            backend.check().await.unwrap_err();
            assert_eq!(wire.requests().len(), 1);
            wire.heal();
            wire.forget();
        }
        wire.refuse();
        let start = Instant::now();
        assert_eq!(backend.check().await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn a_throttled_vault_is_waited_for_within_the_deadline_and_not_beyond() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let site = Site::of(&Service::new()).await;
        let backend = warm(&vault(), &wire, site.identity.namespace).await;
        let secrets = site.secrets(&site.engine(backend, uncached()).await);
        secrets.create("db", [("a", "1")]).await.unwrap();

        wire.order(Order::new("GET", "*", Fault::status(429).retry_after(1)));
        let start = Instant::now();
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "1");
        assert!(start.elapsed() >= Duration::from_secs(1), "it was asked again after {:?}", start.elapsed());

        wire.order(Order::new("GET", "*", Fault::status(429).retry_after(40)).always());
        let cx = strongroom_core::Context::full(site.identity.owner.id, "test");
        let hurried = secrets.on_behalf_of(cx.with_timeout(Duration::from_secs(2)));
        let start = Instant::now();
        let error = hurried.get("db").await.unwrap_err();
        assert!([ErrorKind::RateLimited, ErrorKind::Timeout].contains(&error.kind()), "{error:?}");
        assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    }

    /// The service deletes at its leisure, and the name of the secret is nothing to it.
    #[tokio::test]
    async fn deleting_and_creating_again_works_at_once() {
        for purge in [false, true] {
            let site = Site::of(&Service::new()).await;
            let vault = if purge { purging(slow()) } else { slow() };
            let backend = vault.open(site.identity.namespace).await.unwrap();
            let engine = site.engine(backend.clone(), quick()).await;
            let secrets = site.secrets(&engine);
            let start = Instant::now();
            for n in 0..3 {
                secrets.create("db", [("a", n.to_string())]).await.unwrap();
                assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), n.to_string());
                secrets.delete("db").await.unwrap();
            }
            // The service asks for five seconds before it purges: nobody waits for that, three times over.
            assert!(start.elapsed() < Duration::from_secs(14), "purge = {purge}: {:?}", start.elapsed());
            tokio::time::sleep(Duration::from_millis(800)).await;
            site.clock.skip(Duration::from_secs(2 * 3600));
            engine.sweep().await.unwrap();
            tokio::time::sleep(Duration::from_millis(800)).await;
            site.settle(&engine).await;
            site.assert_accounted(&*backend).await;
            let slow = variable("ENDPOINT").replace("127.0.0.1", "localhost");
            let namespace = site.identity.namespace.to_string();
            let left = site::deleted(&slow).await.iter().filter(|name| name.contains(&namespace)).count();
            assert_eq!(left, if purge { 0 } else { 3 }, "purge = {purge}");
        }
    }

    /// The service shows a name as whoever made it wrote it.
    #[tokio::test]
    async fn what_was_made_under_a_prefix_in_other_letters_is_found() {
        let namespace = namespace();
        let open = |prefix: &'static str| async move { vault().text("prefix", prefix).open(namespace).await };
        let (upper, lower) = (open("Strongroom-Case").await.unwrap(), open("strongroom-case").await.unwrap());
        let (object, labels) = (somewhere().0, Labels::new(SecretId(Uuid::new_v4()), ""));
        let payload = Payload::new(b"{}".to_vec());
        let version = NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
        let at = upper.put(&version).await.unwrap();
        for backend in [upper, lower] {
            let mut found = Vec::new();
            let mut from = None;
            loop {
                let page = backend.scan(None, from.as_deref()).await.unwrap();
                found.extend(page.found);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
            let found: Vec<_> = found.iter().map(|one| (one.object, one.at.clone())).collect();
            assert_eq!(found, [(object, Some(at.clone()))]);
        }
    }

    /// The newest carries the labels, unless it is disabled: then the last that is not.
    #[tokio::test]
    async fn labels_go_to_the_last_version_that_is_enabled() {
        let backend = vault().open(namespace()).await.unwrap();
        let (object, labels) = (somewhere().0, Labels::new(SecretId(Uuid::new_v4()), "b2xk"));
        let payload = Payload::new(b"{}".to_vec());
        let version = || NewVersion::new(object, VersionUid(Uuid::new_v4()), &payload, &labels);
        let one = backend.put(&version()).await.unwrap();
        let two = backend.put(&version().after(&one)).await.unwrap();
        let shown = async |new: &Labels| {
            backend.relabel(object, new).await.unwrap();
            let found = backend.scan(Some(object), None).await.unwrap().found;
            assert!(found.iter().all(|one| one.labels.as_ref() == Some(new)));
            found.into_iter().filter_map(|one| one.at).collect::<Vec<_>>()
        };
        assert_eq!(shown(&Labels::new(labels.secret, "bmV3")).await.len(), 2);
        backend.remove(object, &two).await.unwrap();
        assert_eq!(shown(&Labels::new(labels.secret, "bmV3ZXI")).await, [one]);
    }

    /// What the service is busy to recover is not deleted.
    #[tokio::test]
    async fn only_what_is_being_deleted_counts_as_deleted() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&vault(), &wire, namespace()).await;
        for (inner, expected) in [
            ("ObjectIsBeingDeleted", Ok(())),
            ("ObjectIsDeletedButRecoverable", Ok(())),
            ("ObjectIsBeingRecovered", Err(ErrorKind::Unavailable)),
            ("", Err(ErrorKind::Unavailable)),
        ] {
            wire.order(Order::new("DELETE", "*", refusal(409, "Conflict", inner)));
            let answer = backend.delete(somewhere().0).await;
            assert_eq!(answer.map_err(|error| error.kind()), expected, "{inner}");
        }
    }

    /// That we may not purge is told, whether by a role or by an access policy; what the vault keeps from everybody, its own
    /// time ends (`quota.rs`).
    #[tokio::test]
    async fn whoever_may_not_purge_is_told() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = warm(&purging(vault()), &wire, namespace()).await;
        wire.order(Order::new("DELETE", "/deletedsecrets/*", refusal(403, "Forbidden", "ForbiddenByPolicy")));
        let error = backend.delete(somewhere().0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        assert_eq!(wire.broken(), 1);

        let other = vault().with("purge", Setting::Bool(true));
        let error = other.open(namespace()).await.unwrap().delete(somewhere().0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StoreRefused, "{error:?}");
        assert!(error.to_string().contains("purge"), "{error}");
    }
}
