//! Values go and come with a checksum of their bytes: what does not fit its own is never taken for a value.

mod site;

use serde_json::{Value, json};
use site::{CANARY, Service, Site, account, text, uncached, variable};
use strongroom_core::{ErrorKind, NamespaceId, Retry};
use strongroom_testkit::{
    cloud::Kept,
    wire::{Fault, Order, Wire},
};
use uuid::Uuid;

/// CRC32C, bit by bit: another one than that of the back-end.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0x82F6_3B78 & (sum & 1).wrapping_neg()))
    })
}

/// What `AccessSecretVersion` answers for the version 1 of some secret.
fn answer(name: &str, payload: &Value) -> Fault {
    let body = json!({"name": format!("projects/1/secrets/x/versions/{name}"), "payload": payload});
    Fault::status(200).body(body.to_string()).into()
}

mod gcp {
    use super::*;

    #[tokio::test]
    async fn what_is_sent_has_the_checksum_of_its_bytes() {
        // The check value of the algorithm.
        assert_eq!(crc32c(b"123456789"), 0xE306_9283);
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let site = Site::of(&Service).await;
        let backend = account().at(&wire.url()).open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend, uncached()).await;
        let secrets = site.secrets(&engine);
        secrets.create("db", [("a", CANARY)]).await.unwrap();
        secrets.set("db", "a", "\u{00e9}\u{1F600}").await.unwrap();
        let sent: Vec<_> =
            wire.requests().into_iter().filter(|request| request.path.ends_with(":addVersion")).collect();
        let values =
            [json!({ "a": CANARY }), json!({"a": "\u{00e9}\u{1F600}"})].map(|value| value.to_string());
        assert_eq!(sent.len(), values.len());
        for (request, value) in sent.iter().zip(values) {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let sum = &body["payload"]["dataCrc32c"];
            let sum = sum.as_str().map_or_else(|| sum.to_string(), str::to_owned);
            assert_eq!(sum, crc32c(value.as_bytes()).to_string(), "of {value}: {body}");
        }
    }

    #[tokio::test]
    async fn what_does_not_fit_its_checksum_is_refused_and_named() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let backend = account().at(&wire.url()).open(NamespaceId(Uuid::new_v4())).await.unwrap();
        let kept = Kept::put(&*backend).await;
        // `{"a":"b"}` and its checksum, then the same with another letter, as damage on the way has it.
        let (whole, other) = ("eyJhIjoiYiJ9", "eyJhIjoiYyJ9");
        let sum = crc32c(br#"{"a":"b"}"#).to_string();
        for (name, payload, expected) in [
            ("1", json!({"data": other, "dataCrc32c": sum}), "does not fit its checksum"),
            ("1", json!({"data": whole, "dataCrc32c": "1"}), "does not fit its checksum"),
            ("1", json!({"data": "", "dataCrc32c": sum}), "does not fit its checksum"),
            ("1", json!({"data": whole}), "has no checksum"),
            ("1", json!({}), "has no checksum"),
            ("2", json!({"data": whole, "dataCrc32c": sum}), "another version"),
        ] {
            wire.order(Order::new("GET", "*:access", answer(name, &payload)));
            let error = backend.get(kept.object, &kept.at).await.unwrap_err();
            assert_eq!((error.kind(), error.retry()), (ErrorKind::Unavailable, Retry::Backoff), "{payload}");
            assert!(error.to_string().contains(expected), "{payload}: {error}");
        }
        // That it is the checksum that they were refused for: with the right one it is taken.
        let payload = json!({"data": whole, "dataCrc32c": sum});
        wire.order(Order::new("GET", "*:access", answer("1", &payload)));
        assert_eq!(backend.get(kept.object, &kept.at).await.unwrap().expose(), br#"{"a":"b"}"#);
        assert_eq!(wire.broken(), 7);
    }

    /// Damage that passes is got over; damage that stays is an error, and never a value.
    #[tokio::test]
    async fn damage_is_never_served() {
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let site = Site::of(&Service).await;
        let backend = account().at(&wire.url()).open(site.identity.namespace).await.unwrap();
        let engine = site.engine(backend, uncached()).await;
        let secrets = site.secrets(&engine);
        secrets.create("db", [("a", "b")]).await.unwrap();
        let damaged = answer("1", &json!({"data": "eyJhIjoiYyJ9", "dataCrc32c": "1"}));
        wire.order(Order::new("GET", "*:access", damaged.clone()));
        assert_eq!(text(&secrets.get("db").await.unwrap(), "a"), "b");
        wire.order(Order::new("GET", "*:access", damaged).always());
        let error = secrets.get("db").await.unwrap_err();
        assert!(error.to_string().contains("checksum"), "{error}");
    }
}
