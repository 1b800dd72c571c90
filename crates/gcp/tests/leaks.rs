//! Nothing that is secret is logged, by us or by the SDK, however much is asked for.

mod site;

use site::{Account, CANARY, credentials, variable};
use std::{
    io::{self, Write},
    process::Command,
    sync::{Arc, Mutex},
};
use strongroom_core::{Labels, NamespaceId, NewVersion, ObjectId, Payload, SecretId, VersionUid};
use strongroom_testkit::wire::{Fault, Order, Wire};
use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};
use uuid::Uuid;

/// With it, the SDK writes each call to the log, with what was sent and what came back.
const SDK_LOGGING: &str = "GOOGLE_CLOUD_RUST_LOGGING";

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

mod gcp {
    use super::*;

    #[tokio::test]
    #[ignore = "run by the other one"]
    async fn process() {
        if std::env::var(SDK_LOGGING).as_deref() != Ok("true") {
            return;
        }
        let log = Log::default();
        let everything = tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(log.clone());
        everything.init();
        let wire = Wire::to(&variable("ENDPOINT")).await;
        let namespace = NamespaceId(Uuid::new_v4());
        let backend = Account::new().at(&wire.url()).open(namespace).await.unwrap();
        let (object, labels) = (ObjectId(Uuid::new_v4()), Labels::new(SecretId(Uuid::new_v4()), "bmFtZQ"));
        let payload = Payload::new(format!("{{\"a\":\"{CANARY}\"}}").into());
        let put = async |uid| backend.put(&NewVersion::new(object, VersionUid(uid), &payload, &labels)).await;
        let at = put(Uuid::new_v4()).await.unwrap();
        let error = |code: u16, status| {
            format!("{{\"error\":{{\"code\":{code},\"message\":\"{CANARY}\",\"status\":\"{status}\"}}}}")
        };
        // The right version, damaged on the way.
        let damaged = format!(
            "{{\"name\":\"projects/1/secrets/{CANARY}/versions/1\",\"payload\":{{\"data\":\"e30=\",\"dataCrc32c\":\"1\"}}}}"
        );
        let faults: [Fault; 9] = [
            Fault::Reset,
            Fault::HalfBody,
            Fault::status(200).body(damaged).into(),
            Fault::status(200).body(format!("{CANARY}, which is no JSON")).into(),
            Fault::status(400).body(error(400, "INVALID_ARGUMENT")).into(),
            Fault::status(403).body(error(403, "PERMISSION_DENIED")).into(),
            Fault::status(404).body(error(404, "NOT_FOUND")).into(),
            Fault::status(500).body(error(500, "INTERNAL")).into(),
            Fault::status(502).body(CANARY).into(),
        ];
        let (mut errors, mut times) = (String::new(), 0);
        for fault in faults {
            wire.order(Order::new("*", "*:a*", fault).always());
            for error in [put(Uuid::new_v4()).await.err(), backend.get(object, &at).await.err()] {
                // Whatever is wrong with the answer, it is no success.
                let error = error.expect("it succeeded");
                errors.push_str(&format!("{error} {error:?}\n"));
                times += 1;
            }
            wire.heal();
        }
        assert_eq!((times, backend.get(object, &at).await.unwrap().expose()), (18, payload.expose()));
        let path = credentials("impersonated_service_account");
        let other = Account::without_credentials().text("credentials_path", path.to_str().unwrap());
        other.open(namespace).await.unwrap().check().await.unwrap();
        backend.delete(object).await.unwrap();

        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        // Something must have been logged for this to say anything.
        assert!(log.lines().count() > 5, "{log}");
        let key = std::fs::read_to_string(path).unwrap();
        let key = key.split("PRIVATE KEY-----\\n").nth(1).unwrap()[..40].to_owned();
        for secret in [CANARY, &variable("ACCESS_TOKEN"), &key, "ya29."] {
            assert!(!errors.contains(secret), "{errors}");
            let told: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
            assert!(told.is_empty(), "{told:#?}");
        }
    }

    #[test]
    fn no_value_and_no_credential_is_in_any_log_or_error() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "gcp::process", "--ignored", "--nocapture", "--test-threads=1"]);
        let output = command.env(SDK_LOGGING, "true").output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{said}{errors}");
    }
}
