//! Nothing that is secret is logged, by us or by what we use, however much is asked for.

mod site;

use site::{CANARY, Vault, variable};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use strongroom_core::{Labels, NamespaceId, NewVersion, ObjectId, Payload, SecretId, VersionRef, VersionUid};
use strongroom_testkit::wire::{Fault, Order, Wire};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};
use uuid::Uuid;

/// What the emulator's tokens begin with.
const TOKEN: &str = "eyStrongroom";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

mod azure {
    use super::*;

    #[tokio::test]
    async fn no_value_and_no_credential_is_in_any_log_or_error() {
        let log = Log::default();
        let everything = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(log.clone());
        // One test in this program, so that it sees all of it.
        everything.init();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        // Tokens go by here, too.
        let namespace = NamespaceId(Uuid::new_v4());
        let vault = Vault::new().at(&wire.url()).text("authority_host", &wire.url());
        let backend = vault.open(namespace).await.unwrap();
        let (object, labels) = (ObjectId(Uuid::new_v4()), Labels::new(SecretId(Uuid::new_v4()), "bmFtZQ"));
        let payload = Payload::new(format!("{{\"a\":\"{CANARY}\"}}").into());
        let mut errors = String::new();
        let put = async |uid| backend.put(&NewVersion::new(object, VersionUid(uid), &payload, &labels)).await;
        let at: VersionRef = put(Uuid::new_v4()).await.unwrap();
        let body = format!(
            "{{\"error\":{{\"code\":\"{CANARY} x\",\"message\":\"{CANARY}\"}},\"value\":\"{CANARY}\",\"id\":\"{CANARY}\"}}"
        );
        for fault in [
            Fault::Reset,
            Fault::HalfBody,
            Fault::status(200).body(body.clone()).into(),
            Fault::status(400).body(body.clone()).into(),
            Fault::status(403).body(body.clone()).into(),
            Fault::status(404).body(body.clone()).into(),
            Fault::status(500).body(body.clone()).into(),
            Fault::status(200).body(format!("{CANARY}, which is no JSON")).into(),
        ] {
            wire.order(Order::new("*", "/secrets/*", fault).always());
            let written = put(Uuid::new_v4()).await.err();
            let read = backend.get(object, &at).await.err();
            for error in [written, read].into_iter().flatten() {
                errors.push_str(&format!("{error} {error:?}\n"));
            }
            wire.heal();
        }
        // Whoever gives tokens quotes what it was sent.
        let unknown = vault.text("client_id", &variable("TENANT_ID")).open(namespace).await.unwrap();
        let quoted = format!("{{\"error_codes\":[1],\"error_description\":\"{CANARY}\"}}");
        for fault in [None, Some(Fault::status(401).body(quoted)), Some(Fault::status(500).body(CANARY))] {
            if let Some(fault) = fault {
                wire.order(Order::new("POST", "*", fault));
            }
            let error = unknown.check().await.unwrap_err();
            errors.push_str(&format!("{error} {error:?}\n"));
        }
        assert_eq!(backend.get(object, &at).await.unwrap().expose(), payload.expose());
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(errors.lines().count() >= 18, "{errors}");
        // Something must have been logged for this to say anything.
        assert!(log.lines().count() > 50, "{log}");
        for secret in [CANARY, TOKEN, &variable("CLIENT_SECRET")] {
            assert!(!errors.contains(secret), "{errors}");
            let told: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(told.is_empty(), "{told:#?}");
        }
    }
}
